"""What was said, drawn line by line: any text shows literally, only the visible lines cost, the tail is followed."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.glyphs import SMALL_ARCH
from tui.keys import bindings
from tui.widgets.wrapping import Wrapped, printable

LABEL = 7
INDENT = LABEL + 2
WIDEST = 96
MAX_LINES = 6000
"""Lines kept in view; what is older is pruned from here (not from the conversation)."""
CURSOR = "▏"

TONES: dict[str, tuple[str, str]] = {
    "you": ("ash", "bone"),
    "model": ("amethyst", "bone"),
    "note": ("ash", "ash"),
    "bad": ("blood", "bone"),
}
"""Of each kind of block: the colour of its label and of its text."""


@dataclass
class Block:
    """One thing said: who by, and its text broken to the width."""

    kind: str
    label: str
    wrapped: Wrapped = field(default_factory=lambda: Wrapped(80))

    @property
    def height(self) -> int:
        return len(self.wrapped.lines)


class Transcript(ScrollView, can_focus=True):
    """A column of blocks, each followed by an empty line. `streaming` draws a cursor after the last one."""

    BINDINGS = bindings("transcript")
    DEFAULT_CSS = """
    Transcript { height: 1fr; width: 1fr; color: $bone; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    class Followed(Message):
        """The tail is followed again, or no longer; `below` tells whether there is text that was not seen."""

        def __init__(self, following: bool, below: bool) -> None:
            super().__init__()
            self.following = following
            self.below = below

    def __init__(self, *, arch: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self.blocks: list[Block] = []
        self.following = True
        self.streaming = False
        self._arch = arch
        self._below = False
        self._starts: list[int] = []
        """First line of each block."""
        self._height = 0
        self._pruned = False

    # What is shown

    def clear(self) -> None:
        self.blocks, self._starts = [], []
        self._pruned = False
        self._measure()
        self.jump_to_end()

    def add(self, kind: str, label: str, text: str = "") -> None:
        """Add a block at the end."""
        block = Block(kind, printable(label).replace("\n", " "), Wrapped(self._text_width))
        block.wrapped.append(printable(text))
        self.blocks.append(block)
        self._grown(0)

    def extend(self, text: str) -> None:
        """Add text to the last block."""
        if self.blocks and text:
            self._grown(self.blocks[-1].wrapped.append(printable(text)))

    def remove_last(self, count: int = 1) -> None:
        """Take the last blocks away."""
        del self.blocks[len(self.blocks) - count :]
        self._measure()
        self.jump_to_end()

    def set_streaming(self, streaming: bool) -> None:
        if streaming != self.streaming:
            self.streaming = streaming
            self.refresh()

    def _grown(self, changed: int) -> None:
        """The last block has `changed` new or changed lines at its end (0: it is new)."""
        self._prune()
        before = self._height
        self._measure()
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        elif not self._below:
            self._below = True
            self.post_message(self.Followed(False, True))
        dirty = max(0, min(before, self._height - changed) - 1 - self.scroll_offset.y)
        self.refresh(Region(0, dirty, self.size.width, self.size.height).intersection(self.size.region))

    def _prune(self) -> None:
        """Drop the oldest lines once there are a quarter too many."""
        total = sum(block.height + 1 for block in self.blocks)
        if total <= MAX_LINES * 5 // 4:
            return
        gone = 0
        while len(self.blocks) > 1 and total - gone - self.blocks[0].height - 1 >= MAX_LINES:
            gone += self.blocks.pop(0).height + 1
        first = self.blocks[0]
        over = total - gone - MAX_LINES
        if over > 0 and first.height > over:
            gone += over
            first.wrapped.drop(over)
        self._pruned = True
        if not self.following:
            self.scroll_to(y=max(0, self.scroll_offset.y - gone), animate=False, force=True, immediate=True)

    # Where the view is

    def jump_to_end(self) -> None:
        """To the newest text, and follow it."""
        self._follow(True)
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)
        self.refresh()

    def _follow(self, following: bool) -> None:
        below = self._below and not following
        if (following, below) != (self.following, self._below):
            self.following, self._below = following, below
            self.post_message(self.Followed(following, below))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(new_value) >= self.max_scroll_y:
            self._follow(True)
        elif new_value < old_value:
            self._follow(False)

    def action_line_up(self) -> None:
        self.scroll_relative(y=-1, animate=False, immediate=True)

    def action_line_down(self) -> None:
        self.scroll_relative(y=1, animate=False, immediate=True)

    def action_page_up(self) -> None:
        self.scroll_relative(y=-max(1, self.size.height - 2), animate=False, immediate=True)

    def action_page_down(self) -> None:
        self.scroll_relative(y=max(1, self.size.height - 2), animate=False, immediate=True)

    def action_top(self) -> None:
        self.scroll_to(y=0, animate=False, immediate=True)

    def action_end(self) -> None:
        self.jump_to_end()

    # Measuring

    @property
    def _text_width(self) -> int:
        return max(8, min(WIDEST, (self.size.width or self.app.size.width) - INDENT - 2))

    @property
    def _head(self) -> int:
        """Lines above the first block: the arch, or a word on what was pruned, and nothing when all is empty."""
        return 1 if self.blocks and (self._arch or self._pruned) else 0

    def on_resize(self, event: events.Resize) -> None:
        width = self._text_width
        if any(block.wrapped.width != width for block in self.blocks):
            for block in self.blocks:
                block.wrapped.rewrap(width)
        self._measure()
        if self.following:
            self.call_after_refresh(self.jump_to_end)

    def _measure(self) -> None:
        line, self._starts = self._head, []
        for block in self.blocks:
            self._starts.append(line)
            line += block.height + 1
        self._height = max(0, line - 1)
        self.virtual_size = Size(self.scrollable_content_region.width, self._height)

    # Drawing

    def _at(self, line: int) -> tuple[Block, int] | None:
        """The block on a line and the line within it; None between blocks."""
        low, high = 0, len(self._starts)
        while low < high:
            middle = (low + high) // 2
            if self._starts[middle] <= line:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            return None
        block = self.blocks[low - 1]
        within = line - self._starts[low - 1]
        return (block, within) if within < block.height else None

    def render_line(self, y: int) -> Strip:
        line, width = y + self.scroll_offset.y, self.size.width
        base = self.rich_style
        found = self._at(line)
        if found is None:
            return self._head_line(width, base) if line == 0 and self._head else Strip.blank(width, base)
        block, within = found
        colours = self.app.theme_variables
        label_tone, text_tone = TONES[block.kind]
        label = block.label if within == 0 else ""
        text = block.wrapped.lines[within]
        segments = [
            Segment(" ", base),
            *_cell(label, LABEL, base + Style.parse(f"bold {rich_colour(colours[label_tone])}")),
            Segment(" ", base),
        ]
        style = base + Style.parse(rich_colour(colours[text_tone]))
        segments += Strip(self._selected(text, line, style)).apply_offsets(0, line)
        if self.streaming and block is self.blocks[-1] and within == block.height - 1:
            segments.append(Segment(CURSOR, base + Style.parse(rich_colour(colours["brass"]))))
        return Strip(segments).adjust_cell_length(width, base)

    def _head_line(self, width: int, base: Style) -> Strip:
        text = "what is older stands in the saved conversation" if self._pruned else SMALL_ARCH
        ash = base + Style.parse(rich_colour(self.app.theme_variables["ash"]))
        room = min(width, WIDEST + INDENT)
        return Strip([Segment(text.center(room).rstrip(), ash)]).adjust_cell_length(width, base)

    def _selected(self, text: str, line: int, style: Style) -> list[Segment]:
        """The text, with what is selected in it marked."""
        span = self.text_selection.get_span(line) if self.text_selection is not None else None
        if span is None:
            return [Segment(text, style)]
        start, end = max(0, span[0]), len(text) if span[1] == -1 else max(0, span[1])
        marked = style + self.screen.get_component_rich_style("screen--selection")
        parts = ((text[:start], style), (text[start:end], marked), (text[end:], style))
        return [Segment(part, look) for part, look in parts if part]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        lines = []
        for line in range(self._height):
            found = self._at(line)
            lines.append("" if found is None else found[0].wrapped.lines[found[1]])
        return selection.extract("\n".join(lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()


def rich_colour(colour: str) -> str:
    """A colour of the theme as rich writes it: the terminal's own are named without `ansi_`."""
    return colour.removeprefix("ansi_")


def _cell(text: str, width: int, style: Style) -> list[Segment]:
    """`text` in exactly `width` cells, cut with an ellipsis."""
    strip = Strip([Segment(text, style)])
    if strip.cell_length > width:
        strip = Strip([*strip.crop(0, width - 1), Segment("…", style)])
    return list(strip.adjust_cell_length(width, style))
