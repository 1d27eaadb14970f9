"""Conversations are kept: saved off the UI thread after every turn, and read for the list."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from textual import on, work
from textual.message import Message as ScreenMessage

from core.errors import OgiveError
from core.files import read_json, write_json
from core.generation import conversation as conversations
from core.generation.conversation import Conversation, Summary
from tui.screens.chat.view import ChatView, kept_row
from tui.widgets.rows import Row


class Kept(ScreenMessage):
    """The kept conversations were read, or one could not be kept."""

    def __init__(self, found: list[Summary], problems: list[str]) -> None:
        super().__init__()
        self.found = found
        self.problems = problems


class Keeping(ChatView):
    """A chat that loses nothing that was said."""

    def keep(self) -> None:
        """Save the conversation, off the UI thread, when anything has been said in it."""
        self.conversation.sampling = self.sampling.model_dump()
        messages = [replace(message) for message in self.conversation.messages]
        self._saves += 1
        self._keep(replace(self.conversation, messages=messages), self._saves)

    @work(thread=True, group="keep", exit_on_error=False)
    def _keep(self, conversation: Conversation, number: int) -> None:
        problems: list[str] = []
        with self._saving:
            if self._saved.get(conversation.id, 0) < number:
                self._saved[conversation.id] = number
                try:
                    conversation.save(self.ogive.workspace)
                except OgiveError as error:
                    problems.append(str(error))
        self.post_message(Kept(conversations.kept(self.ogive.workspace)[0], problems))

    @work(thread=True, group="kept", exclusive=True, exit_on_error=False)
    def _read_kept(self) -> None:
        self.post_message(Kept(*conversations.kept(self.ogive.workspace)))

    @on(Kept)
    def _kept_read(self, event: Kept) -> None:
        self.kept = event.found
        rows = [Row(one.id, (kept_row(one, one.id == self.conversation.id),)) for one in event.found]
        self.kept_rows.show(rows)
        if event.problems:
            self.trail(event.problems[0], "bad")

    def save_to(self, path: Path | None) -> None:
        """Save now, perhaps also to a file of the person's; the trail says where."""
        self._save_to(replace(self.conversation, messages=list(self.conversation.messages)), path)

    @work(thread=True, group="keep", exit_on_error=False)
    def _save_to(self, conversation: Conversation, path: Path | None) -> None:
        tone = "good"
        try:
            with self._saving:
                saved = conversation.save(self.ogive.workspace)
            if path is not None:
                target = path / saved.name if path.is_dir() else path
                write_json(target, read_json(saved))
                saved = target
            said = f"saved {saved}"
        except OgiveError as error:
            said, tone = str(error), "bad"
        with contextlib.suppress(RuntimeError):
            self.app.call_from_thread(self.trail, said, tone)

    @work(thread=True, group="keep", exit_on_error=False)
    def discard(self, number: str) -> None:
        """Remove a kept conversation for good."""
        problems: list[str] = []
        with self._saving:
            try:
                conversations.delete(self.ogive.workspace, number)
            except OgiveError as error:
                problems.append(str(error))
        self.post_message(Kept(conversations.kept(self.ogive.workspace)[0], problems))

    # Keys
