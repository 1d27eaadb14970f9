"""A picture of a model over the screen, with what it takes of memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import bindings
from tui.widgets.lines import key_content

if TYPE_CHECKING:
    from tui.app import OgiveApp

SCROLLS = {"down": "scroll_down", "j": "scroll_down", "up": "scroll_up", "k": "scroll_up"}
SCROLLS |= {"pagedown": "scroll_page_down", "space": "scroll_page_down", "pageup": "scroll_page_up"}


class Picture(ModalScreen[None]):
    """Lines that are too many for a note: they scroll; `y` copies them, enter, `v`, `q` or esc closes."""

    BINDINGS = bindings("dialog")

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self.text = "\n".join(lines)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog picture"):
            with VerticalScroll():
                yield Static(Content(self.text))
            yield Static(key_content([("y", "copy"), ("↑↓", "scroll"), ("enter", "close")], 60))

    def on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "q", "v"):
            self.dismiss()
        elif event.key == "y":
            cast("OgiveApp", self.app).copy(self.text)
            self.dismiss()
        elif event.key in SCROLLS:
            getattr(self.query_one(VerticalScroll), SCROLLS[event.key])(animate=False)
        else:
            return
        event.stop()
        event.prevent_default()

    def action_cancel(self) -> None:
        self.dismiss()
