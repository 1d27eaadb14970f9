"""A list in columns, drawn line by line: thousands of rows cost what the visible ones cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style as RichStyle
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from tui.glyphs import CARET
from tui.keys import bindings


@dataclass(frozen=True)
class Column:
    """`width` cells, or what is left over when 0; `needs` is the list's width below which the column is left out."""

    width: int
    right: bool = False
    needs: int = 0


@dataclass(frozen=True)
class Row:
    """One row: a key to know it by, and a cell for each column."""

    key: str
    cells: tuple[Content, ...]


class RowsHead(Widget):
    """The line over a list: its title over the first column, names over the others."""

    DEFAULT_CSS = "RowsHead { height: 1; width: 1fr; color: $ash; }"

    def __init__(self, over: Rows, names: Sequence[str] = ()) -> None:
        super().__init__()
        self._over = over
        self._names = tuple(names)
        self._text = ""

    def show(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.refresh()

    def render(self) -> Content:
        line = self._over.line(Row("", tuple(map(Content, self._names))), self.size.width).plain
        return Content(f" {self._text}{line[len(self._text) + 1 :]}").truncate(self.size.width)


class Rows(ScrollView, can_focus=True):
    """Arrow keys (or j, k) move the mark, enter chooses. At an edge it posts `Edge`, so two lists can join."""

    BINDINGS = bindings("list")
    DEFAULT_CSS = """
    Rows { height: auto; width: 1fr; color: $bone; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    class Chosen(Message):
        def __init__(self, rows: Rows, row: Row) -> None:
            super().__init__()
            self.rows = rows
            self.row = row

        @property
        def control(self) -> Rows:
            return self.rows

    class Moved(Message):
        def __init__(self, rows: Rows, row: Row | None) -> None:
            super().__init__()
            self.rows = rows
            self.row = row

        @property
        def control(self) -> Rows:
            return self.rows

    class Edge(Message):
        """The mark was pushed past the first (-1) or last (1) row."""

        def __init__(self, rows: Rows, direction: int) -> None:
            super().__init__()
            self.rows = rows
            self.direction = direction

        @property
        def control(self) -> Rows:
            return self.rows

    def __init__(self, columns: Sequence[Column], *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._empty = empty
        self.rows: list[Row] = []
        self.cursor = 0
        self.always_marked = False
        """Draw the mark also without focus (for a list steered from elsewhere)."""

    @property
    def marked(self) -> Row | None:
        return self.rows[self.cursor] if self.rows else None

    def show(self, rows: Sequence[Row]) -> None:
        """Replace the rows; the mark stays on the row it was on, or near it."""
        before = self.marked
        if list(rows) == self.rows:
            return
        self.rows = list(rows)
        if before is not None:
            self.mark(before.key, scroll=False)
        self.cursor = max(0, min(self.cursor, len(self.rows) - 1))
        self._measure()
        self.refresh(layout=True)
        if (before and before.key) != (self.marked and self.marked.key):
            self.post_message(self.Moved(self, self.marked))

    def set_columns(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self.refresh()

    def mark(self, key: str, *, scroll: bool = True) -> bool:
        """Put the mark on the row with `key`; False when there is none."""
        for index, row in enumerate(self.rows):
            if row.key == key:
                self._go(index, scroll=scroll)
                return True
        return False

    def move(self, step: int) -> None:
        self._go(max(0, min(len(self.rows) - 1, self.cursor + step)))

    def _go(self, index: int, *, scroll: bool = True) -> None:
        if not self.rows or index == self.cursor:
            return
        self.cursor = index
        if scroll:
            self.scroll_to_region(Region(0, index, 1, 1), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved(self, self.marked))

    def action_cursor_up(self) -> None:
        if self.cursor == 0:
            self.post_message(self.Edge(self, -1))
        self.move(-1)

    def action_cursor_down(self) -> None:
        if self.cursor >= len(self.rows) - 1:
            self.post_message(self.Edge(self, 1))
        self.move(1)

    def action_page_up(self) -> None:
        self.move(-max(1, self.size.height - 1))

    def action_page_down(self) -> None:
        self.move(max(1, self.size.height - 1))

    def action_first(self) -> None:
        self.move(-len(self.rows))

    def action_last(self) -> None:
        self.move(len(self.rows))

    def action_choose(self) -> None:
        if self.marked is not None:
            self.post_message(self.Chosen(self, self.marked))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self.rows):
            again = index == self.cursor and event.chain > 1
            self._go(index)
            if again:
                self.action_choose()

    def on_focus(self) -> None:
        self.refresh()
        self.post_message(self.Moved(self, self.marked))

    def on_blur(self) -> None:
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.rows))

    def on_resize(self) -> None:
        self._measure()

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, max(1, len(self.rows)))

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + self.scroll_offset.y
        if not self.rows:
            text = Content.styled(f"  {self._empty}" if index == 0 else "", "$ash")
            return self._strip(text.truncate(width, ellipsis=True), width, marked=False)
        if index >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        marked = index == self.cursor and (self.has_focus or self.always_marked)
        return self._strip(self._line(self.rows[index], width, marked), width, marked=marked)

    def line(self, row: Row, width: int) -> Content:
        """`row` laid out in the columns of a list `width` cells wide, without a mark."""
        return self._line(row, width, False)

    def _line(self, row: Row, width: int, marked: bool) -> Content:
        kept = [(c, cell) for c, cell in zip(self._columns, row.cells) if width >= c.needs]
        fixed = sum(column.width for column, _ in kept) + 2 * (len(kept) - 1)
        flexible = sum(1 for column, _ in kept if not column.width)
        spare = max(4, width - 3 - fixed) // max(1, flexible)
        parts: list[Content] = []
        for column, cell in kept:
            room = column.width or spare
            cell = cell.truncate(room, ellipsis=True)
            gap = " " * (room - cell.cell_length)
            parts.append(Content.assemble(gap, cell) if column.right else Content.assemble(cell, gap))
        line = Content("  ").join(parts)
        return Content.assemble((f"{CARET} " if marked else "  ", "$brass"), line).truncate(width)

    def _strip(self, content: Content, width: int, *, marked: bool) -> Strip:
        base = self.visual_style
        if marked:
            variables = self.app.theme_variables
            base += Style.parse(f"bold on {variables['raised']}")
        segments = content.render_segments(base)
        strip = Strip(segments).adjust_cell_length(width, base.rich_style)
        return strip.apply_style(RichStyle())
