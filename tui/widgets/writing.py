"""A text of several lines, asked for over the screen: the reply one wanted, or another prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import bindings
from tui.widgets.lines import key_content
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from tui.app import OgiveApp


class Writing(ModalScreen[str | None]):
    """Dismisses with the text, or None. Enter accepts; ctrl+j, or a backslash before Enter, makes another line."""

    BINDINGS = bindings("dialog")
    DEFAULT_CSS = "Writing .dialog { width: 94%; max-width: 104; } Writing Prompt { max-height: 12; min-height: 3; }"

    def __init__(self, question: str, detail: str = "", text: str = "", hint: str = "") -> None:
        super().__init__()
        self._question, self._detail, self._text, self._hint = question, detail, text, hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog writing"):
            yield Static(Content.styled(self._question, "bold"))
            if self._detail:
                yield Static(Content.styled(self._detail, "$ash").truncate(400, ellipsis=True))
            yield Static("", classes="gap")
            yield Prompt(id="text")
            yield Static("", classes="gap")
            yield Static(key_content([("enter", "accept"), ("ctrl+j", "another line"), ("esc", "cancel")], 60))

    def on_mount(self) -> None:
        prompt = self.query_one(Prompt)
        prompt.placeholder = self._hint
        prompt.put(self._text)
        prompt.focus()

    @on(Prompt.Sent)
    def _sent(self, event: Prompt.Sent) -> None:
        if event.text.strip():
            self.dismiss(event.text)

    def on_key(self, event: events.Key) -> None:
        if event.key == "ctrl+c":
            cast("OgiveApp", self.app).action_interrupt()
            event.stop()

    def action_cancel(self) -> None:
        self.dismiss(None)
