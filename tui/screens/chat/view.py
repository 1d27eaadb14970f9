"""What the chat shows around the text: title, the words of an empty chat, and the conversation itself."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from core.generation.conversation import ASSISTANT, Conversation, Summary
from core.settings.sampling import SamplingSettings
from tui import words
from tui.engine import JobHandle
from tui.glyphs import CARET, DOT, FAILED
from tui.screens.base import OgiveScreen
from tui.widgets.lines import Hairline, KeyLine, TitleLine
from tui.widgets.prompt import Completions, Prompt
from tui.widgets.rows import Column, Rows
from tui.widgets.rule import TrailRule
from tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui.screens.chat.work import Budget, Progress, Talker

ENDS = {
    "length": "cut at the longest reply (/max)",
    "context": "the context is full",
    "cancelled": "stopped by you",
    "failed": "broken off",
}


class ChatView(OgiveScreen):
    """The chat's state and its drawing."""

    def __init__(self) -> None:
        super().__init__()
        self.sampling = SamplingSettings()
        self.conversation = Conversation.new()
        self.talker: Talker | None = None
        self.kept: list[Summary] = []
        self._loading: JobHandle[Talker] | None = None
        self._wanted = ""
        self._talking: JobHandle[Progress | None] | None = None
        self._measuring: JobHandle[Budget | None] | None = None
        self._streaming: Timer | None = None
        self._shown = 0
        self._asked = False
        """A turn of the person waits for the model to be loaded."""
        self._draws = 0
        """How often the reply at hand was drawn anew: with a fixed seed each draw takes the next one."""
        self._used: int | None = None
        self._dropped = 0
        self._saving = threading.Lock()
        self._saves = 0
        self._saved: dict[str, int] = {}

    # Structure

    def compose(self) -> ComposeResult:
        yield TitleLine("CHAT")
        yield Hairline()
        with Horizontal(id="body"):
            with Container(id="talk"):
                yield Static(id="empty")
                yield Transcript(arch="SSH_CONNECTION" not in os.environ, id="transcript")
                yield Completions(id="completions")
            with Vertical(id="shelf"):
                yield Static(Content.styled(" Kept conversations", "$ash"))
                yield Rows([Column(0)], empty="None yet.", id="kept")
        yield TrailRule()
        with Horizontal(id="line"):
            yield Static(id="sign")
            yield Prompt(id="prompt")
        yield KeyLine()

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    @property
    def prompt(self) -> Prompt:
        return self.query_one(Prompt)

    @property
    def kept_rows(self) -> Rows:
        return self.query_one("#kept", Rows)

    @property
    def talking(self) -> bool:
        return self._talking is not None

    # What is drawn around the text

    def _draw(self) -> None:
        """Title line, key line, the sign before the prompt, and the words of an empty chat."""
        empty = not self.transcript.blocks
        self.query_one("#empty").display = empty
        self.transcript.display = not empty
        if empty:
            self.query_one("#empty", Static).update(self._welcome())
        typing = self.focused is self.prompt
        self.query_one("#sign", Static).update(Content.styled(f" {CARET} " if typing else "   ", "$brass"))
        self.prompt.placeholder = "Say something, or / for commands" if typing else "i or tab to type"
        self._draw_title()
        self.refresh_bindings()

    def _draw_title(self) -> None:
        name = self._wanted if self.talker is None else self.talker.name
        state = self._state()
        right = self._fill()
        parts = Content.assemble((name or "no model", "bold $bone"), "   ", (state, "$brass"))
        room = self.size.width - 8 - parts.cell_length - right.cell_length - 3
        gap = "  " if state else ""
        settings = settings_line(self.sampling, room - len(gap))
        if settings:
            parts = Content.assemble(parts, (gap + settings, "$ash"))
        self.headline(parts, right)

    def _state(self) -> str:
        if self._loading is not None:
            return "loading" if self.talker is None else f"loading {self._wanted}"
        if self._talking is not None:
            return "waiting" if self._talking.state == "waiting" else "talking"
        return ""

    def _fill(self) -> Content:
        if self.talker is None:
            return Content("")
        if not self.conversation.messages and not self.talking:
            return Content(f"context 0/{self.talker.context}")
        used = DOT if self._used is None else str(self._used)
        out = f" {DOT} {self._dropped} oldest out" if self._dropped else ""
        return Content(f"context {used}/{self.talker.context}{out}")

    def _welcome(self) -> Content:
        if self._loading is not None:
            return Content.assemble(("\n\n  loading ", "$ash"), (self._wanted or "a model", "$bone"), (" …", "$ash"))
        if self.talker is None:
            return Content.assemble(
                "\n\n  No model is loaded.\n\n  ",
                ("/models", "$brass"),
                (" lists those of this workspace; ", "$ash"),
                ("/model owner/name", "$brass"),
                (" takes one from Hugging Face.", "$ash"),
            )
        facts = f"{words.count(self.talker.parameters)} parameters {DOT} sees {self.talker.context} tokens"
        return Content.assemble(
            "\n\n  ",
            (self.talker.title, "bold $amethyst"),
            (f"   {facts}\n\n", "$ash"),
            ("  Nothing has been said yet.", "$bone"),
        )

    def show_conversation(self) -> None:
        """Draw the conversation at hand from the beginning."""
        self.transcript.clear()
        label = self.talker.label if self.talker is not None else "model"
        for message in self.conversation.messages:
            mine = message.role == ASSISTANT
            self.transcript.add("model" if mine else "you", label if mine else "you", message.content)
        self.transcript.jump_to_end()
        self._draw()

    def say_bad(self, cause: str, hint: str = "") -> None:
        """A failure, where the reply would stand; it is no part of the conversation."""
        self.transcript.add("bad", FAILED, f"{cause}\n{hint}".strip())
        self.transcript.jump_to_end()
        self.trail("")
        self._draw()

    def note(self, text: str) -> None:
        """Something to read that is no part of the conversation."""
        self.transcript.add("note", "", text)
        self.transcript.jump_to_end()
        self._draw()


def settings_line(sampling: SamplingSettings, room: int) -> str:
    """`temp 0.8 · top-p 0.95 · max 200`: the settings that do something, as many as fit."""
    parts = [f"temp {sampling.temperature:g}"]
    if sampling.top_k:
        parts.append(f"top-k {sampling.top_k}")
    if sampling.top_p < 1:
        parts.append(f"top-p {sampling.top_p:g}")
    if sampling.min_p:
        parts.append(f"min-p {sampling.min_p:g}")
    if sampling.repetition_penalty != 1:
        parts.append(f"rep {sampling.repetition_penalty:g}")
    parts.append(f"max {sampling.max_new_tokens}")
    if sampling.seed is not None:
        parts.append(f"seed {sampling.seed}")
    while parts and len(f" {DOT} ".join(parts)) > room:
        parts.pop()
    return f" {DOT} ".join(parts)


def told(progress: Progress) -> str:
    """A finished reply in one line."""
    speed = f" {DOT} {progress.tokens / progress.seconds:.0f} tokens/s" if progress.seconds > 0.05 else ""
    why = f" {DOT} {ENDS[progress.ended]}" if progress.ended in ENDS else ""
    return f"{progress.tokens} tokens{speed}{why} {DOT} seed {progress.seed}"


def kept_row(one: Summary, current: bool) -> Content:
    """A kept conversation in a line: its first words, and how many turns."""
    turns = f"{one.turns} turn{'' if one.turns == 1 else 's'}"
    return Content.assemble((one.title, "bold $bone" if current else "$bone"), (f"  {turns}", "$ash"))
