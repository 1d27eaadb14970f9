"""A text over the screen that can be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import bindings
from tui.widgets.lines import key_content

if TYPE_CHECKING:
    from tui.app import OgiveApp


class Note(ModalScreen[None]):
    """A heading and a text; `y` copies the text, enter or esc closes."""

    BINDINGS = bindings("dialog")

    def __init__(self, heading: str, text: str) -> None:
        super().__init__()
        self._heading = heading
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog note"):
            yield Static(Content.styled(self._heading, "bold"))
            yield Static("", classes="gap")
            yield Static(Content(self._text))
            yield Static("", classes="gap")
            yield Static(key_content([("y", "copy"), ("enter", "close")], 60))

    def on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "q"):
            self.dismiss()
        elif event.key == "y":
            cast("OgiveApp", self.app).copy(self._text)
            self.dismiss()
        else:
            return
        event.stop()
        event.prevent_default()

    def action_cancel(self) -> None:
        self.dismiss()
