"""The variants of a group side by side, two by two or stacked, as the width allows; one may fill the whole place."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from tui.widgets.variant import VariantPane

MOST = 8
"""The largest group there is."""
TWO, FOUR = 96, 170
"""Widths from which variants stand in two columns, and in four."""
WHOLE = 1 << 16
"""More lines than a variant ever gets: the need of one that is still being written."""


def columns_for(width: int, count: int) -> int:
    """In how many columns `count` variants stand on a place `width` cells wide."""
    wanted = 1 if width < TWO else 2 if width < FOUR else 4
    return max(1, min(wanted, count))


def heights_for(height: int, needs: Sequence[int], wanted: int | None = None) -> list[int]:
    """The lines that each of some stacked variants gets, of `height` in all; `needs` are the lines of their texts.

    All get the same, until a person wants to read one (`wanted`, from 0): that one gets what it needs, first from those
    that need less than their share, then from all of them, down to a line or two each.
    """
    count = len(needs)
    share = max(1, height // count)
    if wanted is None:
        return [share + (1 if index < height - share * count else 0) for index in range(count)]
    least = 1 if height < 4 * count else 2
    found = [min(need, share) for need in needs]
    short = min(needs[wanted], height) - (height - sum(found) + found[wanted])
    for index in sorted(range(count), key=lambda index: -found[index]):
        if short > 0 and index != wanted:
            given = max(0, min(short, found[index] - least))
            found[index] -= given
            short -= given
    found[wanted] = 0
    found[wanted] = max(1, min(needs[wanted], height - sum(found)))
    # What is left over goes to those that are cut, then to the last: no line between two variants stays empty.
    left = height - sum(found)
    for index in range(count):
        more = max(0, min(left, needs[index] - found[index]))
        found[index] += more
        left -= more
    found[-1] += max(0, left)
    return found


class Variants(Container):
    """Holds the panes. Slots are counted from 1, as the keys are."""

    DEFAULT_CSS = "Variants { layout: grid; width: 1fr; height: 1fr; overflow: hidden hidden; }"

    class Moved(Message):
        """Another pane is marked."""

        def __init__(self, slot: int) -> None:
            super().__init__()
            self.slot = slot

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.count = 0
        self.marked = 1
        self.zoomed = False
        self._chosen = False
        """Whether a person has moved the mark in this group: only then do heights follow it."""
        self.panes = [VariantPane(slot) for slot in range(1, MOST + 1)]

    def compose(self) -> ComposeResult:
        for pane in self.panes:
            pane.display = False
            yield pane

    def pane(self, slot: int) -> VariantPane:
        return self.panes[slot - 1]

    @property
    def shown(self) -> list[VariantPane]:
        """The panes of the group at hand."""
        return self.panes[: self.count]

    # What is shown

    def begin(self, count: int) -> None:
        """`count` empty panes for a group that is about to be drawn."""
        self._chosen = False
        self.set_count(count)
        for pane in self.shown:
            pane.begin()
        self._arrange()

    def set_count(self, count: int) -> None:
        if count != self.count:
            self.count = max(0, min(MOST, count))
            self.marked = max(1, min(self.marked, self.count))
            self._arrange()

    def show(self, texts: Sequence[str], tokens: Sequence[int], ended: Sequence[str]) -> None:
        """The texts so far, in slot order."""
        for pane, text, number, end in zip(self.shown, texts, tokens, ended):
            pane.show(text, number, end)

    def clear(self) -> None:
        """No group at all."""
        self.set_count(0)

    def paint_pick(self, slot: int | None) -> None:
        """Show which one was picked; 0: none of them; None: nothing has been decided."""
        for pane in self.shown:
            pane.paint("" if slot is None else "picked" if pane.slot == slot else "passed")

    # The mark

    def mark(self, slot: int) -> None:
        """Give a pane the mark, and the focus."""
        if 1 <= slot <= self.count:
            self._marked(slot)
            self.pane(slot).focus()

    def step(self, by: int) -> None:
        """To the next pane (1) or the one before (-1), round and round."""
        if self.count:
            self._chosen = True
            self.mark((self.marked - 1 + by) % self.count + 1)

    @on(VariantPane.Marked)
    def _was_marked(self, event: VariantPane.Marked) -> None:
        event.stop()
        self._marked(event.pane.slot)

    def _marked(self, slot: int) -> None:
        if slot != self.marked and slot <= self.count:
            self.marked = slot
            self._arrange()
            self.post_message(self.Moved(slot))

    # Where they stand

    def zoom(self, zoomed: bool) -> None:
        """The marked pane alone, or all of them."""
        if zoomed != self.zoomed:
            self.zoomed = zoomed
            self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.size
        if not width:
            return
        alone = self.zoomed and self.count > 0
        for pane in self.panes:
            pane.display = pane.slot == self.marked if alone else pane.slot <= self.count
        if not self.count:
            return
        columns = 1 if alone else columns_for(width, self.count)
        rows = 1 if alone else -(-self.count // columns)
        self.styles.grid_size_columns, self.styles.grid_size_rows = columns, rows
        if columns == 1 and not alone:
            needs = [pane.height_needed if pane.ended else WHOLE for pane in self.shown]
            heights = heights_for(height, needs, self.marked - 1 if self._chosen else None)
            self.styles.grid_rows = " ".join(map(str, heights))
        else:
            self.styles.grid_rows = "1fr"
        for pane in self.shown:
            pane.set_headed(alone or columns > 1)
            pane.set_class(not alone and columns > 1 and (pane.slot - 1) % columns > 0, "-divided")
