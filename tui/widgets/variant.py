"""One variant of a group while it is drawn and after: its number, its state and its text, which scrolls by itself."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.glyphs import CARET, DONE, DOT, FAILED, MARK
from tui.keys import bindings
from tui.widgets.transcript import CURSOR, rich_colour
from tui.widgets.wrapping import Wrapped, printable

GUTTER = 4
"""Cells before the text where the pane has no head: mark, number, state, space."""
STATES: dict[str, tuple[str, str, str]] = {
    "": (CURSOR, "brass", "writing"),
    "stop": (DONE, "verdigris", "ended"),
    "turn": (DONE, "verdigris", "ended"),
    "length": ("…", "ash", "cut at the longest"),
    "context": ("…", "ash", "cut, the context is full"),
    "cancelled": (DOT, "ash", "stopped by you"),
    "failed": (FAILED, "blood", "broken off"),
    "written": (MARK, "verdigris", "written by you"),
}
"""Of each way to end: glyph, colour and words; a way that is not known shows as its own word."""


def state_of(ended: str) -> tuple[str, str, str]:
    """Glyph, colour and words for how a variant ended; the empty string is one that is being written."""
    return STATES.get(ended, (DOT, "ash", printable(ended)))


class VariantPane(ScrollView, can_focus=True):
    """Text that grows at its end. With `headed`, the first line tells number and state; else they stand in a gutter.

    The view starts at the beginning and stays there: a person reads from the top while the rest is written. Scrolled
    to its end, it follows what is written.
    """

    BINDINGS = bindings("pane")
    DEFAULT_CSS = """
    VariantPane { height: 1fr; width: 1fr; color: $bone; overflow-x: hidden; scrollbar-size-vertical: 0; }
    VariantPane.-divided { border-left: solid $hairline; }
    """

    class Marked(Message):
        """The pane has the focus now."""

        def __init__(self, pane: VariantPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, slot: int) -> None:
        super().__init__(id=f"variant-{slot}")
        self.slot = slot
        self.text = ""
        """What was written, as it came; the pane shows it made fit for a terminal."""
        self.ended = ""
        self.tokens = 0
        self.tone = ""
        """`picked`, `passed` (another was picked), or none."""
        self.headed = False
        self.following = False
        self.started = False
        """Whether anything is being drawn here at all."""
        self._wrapped = Wrapped(40)

    # What is shown

    def begin(self) -> None:
        """Empty, and being written."""
        self.text, self.ended, self.tokens, self.tone = "", "", 0, ""
        self.following, self.started = False, True
        self._wrapped = Wrapped(self._text_width)
        self._measure()
        self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self.refresh()

    def show(self, text: str, tokens: int, ended: str) -> None:
        """The whole text so far; only what is new is broken into lines and painted."""
        self.started = True
        if text[: len(self.text)] != self.text:
            self._wrapped = Wrapped(self._text_width)
            self.text = ""
            self.refresh()
        if len(text) > len(self.text):
            more, self.text = text[len(self.text) :], text
            self._grown(self._wrapped.append(printable(more)))
        if ended != self.ended or (tokens != self.tokens and self.headed):
            self.ended, self.tokens = ended, tokens
            self.refresh(Region(0, 0, self.size.width, 1))
            self._refresh_line(len(self._wrapped.lines) - 1)
        self.tokens = tokens

    def paint(self, tone: str) -> None:
        """Show that this one was picked, or that another was; no tone at all before the choice."""
        if tone != self.tone:
            self.tone = tone
            self.refresh()

    def set_headed(self, headed: bool) -> None:
        if headed != self.headed:
            self.headed = headed
            self._rewrap()
            self.refresh()

    def _grown(self, changed: int) -> None:
        """`changed` lines at the end are new or other than before."""
        self._measure()
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        first = self._row_of(max(0, len(self._wrapped.lines) - changed - 1))
        self.refresh(Region(0, max(0, first), self.size.width, self.size.height).intersection(self.size.region))
        self._refresh_line(self._last_visible)

    def _refresh_line(self, line: int) -> None:
        row = self._row_of(line)
        if 0 <= row < self.size.height:
            self.refresh(Region(0, row, self.size.width, 1))

    # Where the view is

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.following = bool(new_value) and round(new_value) >= self.max_scroll_y

    def _step(self, lines: int) -> None:
        self.scroll_relative(y=lines, animate=False, immediate=True)

    def action_line_up(self) -> None:
        self._step(-1)

    def action_line_down(self) -> None:
        self._step(1)

    def action_page_up(self) -> None:
        self._step(-max(1, self._rows - 1))

    def action_page_down(self) -> None:
        self._step(max(1, self._rows - 1))

    def action_top(self) -> None:
        self.scroll_to(y=0, animate=False, immediate=True)

    def action_end(self) -> None:
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        self.following = True

    def on_focus(self) -> None:
        self.refresh()
        self.post_message(self.Marked(self))

    def on_blur(self) -> None:
        self.refresh()

    # Measuring

    @property
    def allow_vertical_scroll(self) -> bool:
        """Also without a scroll bar."""
        return self.max_scroll_y > 0

    @property
    def _head(self) -> int:
        return 1 if self.headed else 0

    @property
    def _rows(self) -> int:
        """Lines of text that show at once."""
        return max(1, self.size.height - self._head)

    @property
    def _indent(self) -> int:
        return 1 if self.headed else GUTTER

    @property
    def _text_width(self) -> int:
        return max(8, (self.size.width or 40) - self._indent - 2)

    def _row_of(self, line: int) -> int:
        """The row of the pane where a line of the text stands, perhaps out of view."""
        return line + self._head - self.scroll_offset.y

    @property
    def _last_visible(self) -> int:
        return min(len(self._wrapped.lines), self.scroll_offset.y + self._rows) - 1

    @property
    def below(self) -> int:
        """Lines below the view."""
        return max(0, len(self._wrapped.lines) - 1 - self._last_visible)

    @property
    def height_needed(self) -> int:
        """Lines that show all of it."""
        return len(self._wrapped.lines) + self._head

    def on_resize(self, event: events.Resize) -> None:
        self._rewrap()

    def _rewrap(self) -> None:
        if self._wrapped.width != self._text_width:
            self._wrapped.rewrap(self._text_width)
        self._measure()

    def _measure(self) -> None:
        height = len(self._wrapped.lines) + self._head
        # There is no scroll bar, so nothing around moves when the text grows: no line needs the screen laid out anew.
        self.set_reactive(VariantPane.virtual_size, Size(self.scrollable_content_region.width, height))

    # Drawing

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if self.headed and y == 0:
            return Strip(self._head_segments(width, base)).adjust_cell_length(width, base)
        line = y - self._head + self.scroll_offset.y
        segments = [Segment(" ", base)] if self.headed else self._gutter(y, base)
        text_style = self._look("ash" if self.tone == "passed" else "bone", base)
        if 0 <= line < len(self._wrapped.lines):
            text = self._wrapped.lines[line]
            segments += Strip(self._selected(text, line, text_style)).apply_offsets(0, line)
            if line == len(self._wrapped.lines) - 1 and self.started and self.text:
                glyph, colour, _ = state_of(self.ended)
                gap = "" if not self.ended else " "
                segments.append(Segment(f"{gap}{glyph}", self._look(colour, base)))
        strip = Strip(segments).adjust_cell_length(width, base)
        mark = self._edge_mark(y, line)
        if mark:
            strip = Strip([*strip.crop(0, width - 1), Segment(mark, self._look("brass", base))])
        return strip

    def _edge_mark(self, y: int, line: int) -> str:
        """`▾` on the last row while there is text below, `▴` on the first while there is text above."""
        if line == self._last_visible and self.below and y == self.size.height - 1:
            return "▾"
        return "▴" if y == self._head and self.scroll_offset.y else ""

    def _number(self, base: Style) -> list[Segment]:
        focused, picked = self.has_focus, self.tone == "picked"
        colour = "verdigris" if picked else "brass" if focused else "bone" if self.tone != "passed" else "ash"
        mark = DONE if picked else CARET if focused else " "
        style = self._look(colour, base) + Style(bold=True)
        return [Segment(mark, style), Segment(str(self.slot), style)]

    def _gutter(self, y: int, base: Style) -> list[Segment]:
        if y:
            return [Segment(" " * GUTTER, base)]
        glyph, colour, _ = state_of(self.ended)
        state = Segment(glyph if self.started else " ", self._look(colour, base))
        return [*self._number(base), state, Segment(" ", base)]

    def _head_segments(self, width: int, base: Style) -> list[Segment]:
        """`▸1 ───────── ✓ ended · 43 tokens`."""
        left = [*self._number(base), Segment(" ", base)]
        right: list[Segment] = []
        if self.started:
            glyph, colour, said = state_of(self.ended)
            said = "picked" if self.tone == "picked" else said
            facts = f" {said} {DOT} {self.tokens} tokens"
            right = [Segment(f" {glyph}", self._look(colour, base)), Segment(facts, self._look("ash", base))]
        room = width - 3 - sum(segment.cell_length for segment in right) - 1
        if room < 2:
            right, room = [], width - 4
        return [*left, Segment("─" * max(0, room), self._look("hairline", base)), *right]

    def _look(self, role: str, base: Style) -> Style:
        return base + Style.parse(rich_colour(self.app.theme_variables[role]))

    def _selected(self, text: str, line: int, style: Style) -> list[Segment]:
        span = self.text_selection.get_span(line) if self.text_selection is not None else None
        if span is None:
            return [Segment(text, style)]
        start, end = max(0, span[0]), len(text) if span[1] == -1 else max(0, span[1])
        marked = style + self.screen.get_component_rich_style("screen--selection")
        parts = ((text[:start], style), (text[start:end], marked), (text[end:], style))
        return [Segment(part, look) for part, look in parts if part]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract("\n".join(self._wrapped.lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()
