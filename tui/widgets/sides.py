"""Two texts side by side under a heading, many such pairs below one another: both columns scroll as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.keys import bindings
from tui.widgets.canvas import Line, fitted, line_strip
from tui.widgets.lines import clean
from tui.widgets.wrapping import break_line, printable

GAP = 3


@dataclass(frozen=True)
class Sides:
    """What is compared once: a heading, both texts, and a note under each."""

    heading: str
    left: str
    right: str
    left_note: str = ""
    right_note: str = ""


class SideBySide(ScrollView, can_focus=True):
    """Any text shows literally; only the visible lines cost."""

    BINDINGS = bindings("transcript")
    DEFAULT_CSS = (
        "SideBySide { height: 1fr; width: 1fr; color: $bone; overflow-x: hidden; scrollbar-size-vertical: 1; }"
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.pairs: tuple[Sides, ...] = ()
        self._lines: list[Line] = []

    def show(self, pairs: Sequence[Sides]) -> None:
        """Replace all of it, from the beginning."""
        self.pairs = tuple(pairs)
        self._lay()
        self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._lay()
        self.refresh()

    def _lay(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        column = max(8, (width - GAP - 2) // 2)
        lines: list[Line] = []
        for pair in self.pairs:
            lines.append(((f" {clean(pair.heading)}", "bold bone"),))
            left = _column(pair.left, pair.left_note, column)
            right = _column(pair.right, pair.right_note, column)
            for index in range(max(len(left), len(right))):
                one = left[index] if index < len(left) else ()
                other = right[index] if index < len(right) else ()
                lines.append(((" ", "bone"), *fitted(one, column), (" │ ", "hairline"), *fitted(other, column)))
            lines.append(())
        self._lines = lines[:-1]
        self.virtual_size = Size(width, max(1, len(self._lines)))

    # Moving

    def _step(self, by: int) -> None:
        self.scroll_relative(y=by, animate=False, immediate=True)

    def action_line_up(self) -> None:
        self._step(-1)

    def action_line_down(self) -> None:
        self._step(1)

    def action_page_up(self) -> None:
        self._step(-max(1, self.size.height - 2))

    def action_page_down(self) -> None:
        self._step(max(1, self.size.height - 2))

    def action_top(self) -> None:
        self.scroll_to(y=0, animate=False, immediate=True)

    def action_end(self) -> None:
        self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)

    # Drawing

    def render_line(self, y: int) -> Strip:
        width, base = self.scrollable_content_region.width, self.visual_style
        index = y + self.scroll_offset.y
        if index >= len(self._lines):
            return Strip.blank(width, base.rich_style)
        return line_strip(self._lines[index], width, base)


def _column(text: str, note: str, width: int) -> list[Line]:
    lines: list[Line] = []
    for part in printable(text).split("\n"):
        lines += [((line, "bone"),) for line in break_line(part, width)]
    if note:
        lines += [((line, "ash"),) for line in break_line(clean(note), width)]
    return lines
