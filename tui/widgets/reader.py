"""A long text to read: lines made for the width there is, scrolled by the arrow keys."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

Lines = Callable[[int], list[Content]]


class Reader(VerticalScroll, can_focus=True):
    """Shows what `lines(width)` gives, and asks again when the width changes."""

    DEFAULT_CSS = """
    Reader { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; }
    Reader > Static { width: 1fr; height: auto; text-wrap: nowrap; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Lines = lambda width: []
        self._width = 0
        self.text = ""
        """What is shown, as plain text."""

    def compose(self) -> ComposeResult:
        yield Static()

    def show(self, lines: Lines, *, top: bool = True) -> None:
        """Show other lines; from their beginning unless told otherwise."""
        self._lines = lines
        self._draw()
        if top:
            self.scroll_home(animate=False)

    def on_resize(self) -> None:
        if self.size.width != self._width:
            self._draw()

    def _draw(self) -> None:
        self._width = self.scrollable_content_region.width
        width = max(20, self._width)
        content = Content("\n").join([line.truncate(width, ellipsis=True) for line in self._lines(width)])
        self.text = content.plain
        self.query_one(Static).update(content)
