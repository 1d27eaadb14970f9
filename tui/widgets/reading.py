"""A long text over the screen, to scroll through and to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import bindings
from tui.widgets.lines import key_content
from tui.widgets.wrapping import printable

if TYPE_CHECKING:
    from tui.app import OgiveApp


class Reading(ModalScreen[None]):
    """A heading and a text; arrows scroll, `y` copies, enter or esc closes. Text from a model shows literally."""

    BINDINGS = bindings("dialog")
    DEFAULT_CSS = """
    Reading .dialog { width: 94%; max-width: 104; }
    Reading VerticalScroll { height: auto; max-height: 62vh; margin: 1 0; scrollbar-size-vertical: 1; }
    """

    def __init__(self, heading: str, text: str | Content) -> None:
        super().__init__()
        self._heading = heading
        self._content = Content(printable(text)) if isinstance(text, str) else text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog reading"):
            yield Static(Content.styled(self._heading, "bold $brass"))
            with VerticalScroll():
                yield Static(self._content)
            yield Static(key_content([("↑↓", "scroll"), ("y", "copy"), ("esc", "close")], 60))

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "q"):
            self.dismiss()
        elif event.key == "y":
            cast("OgiveApp", self.app).copy(self._content.plain)
            self.dismiss()
        else:
            return
        event.stop()
        event.prevent_default()

    def action_cancel(self) -> None:
        self.dismiss()
