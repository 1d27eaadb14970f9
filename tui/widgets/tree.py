"""A tree of states, one row each, with lanes for the branches: walk it by relation or row by row, search it."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from tui.glyphs import CARET, DOT, MARK
from tui.keys import bindings
from tui.widgets.branches import Branches, TreeNode
from tui.widgets.lines import clean

WHAT = 9
FIGURES_FROM = 56
"""The width from which drift is shown in the rows."""
SEARCHED = ("took", "next card")
"""The facts of a node that a search looks into; figures and times are not what one searches for."""
MOST_LANES = 24
"""Cells of lanes that are drawn; what lies deeper is cut on the left."""


class TreeView(ScrollView, can_focus=True):
    """Shows `Branches`; the mark is on one node, which need not be the one at hand."""

    BINDINGS = bindings("walk")
    DEFAULT_CSS = "TreeView { height: 1fr; width: 1fr; color: $bone; overflow-x: hidden; scrollbar-size-vertical: 1; }"

    class Moved(Message):
        """The mark is on another node."""

    class Chosen(Message):
        """Enter was pressed on a node."""

        def __init__(self, node: str) -> None:
            super().__init__()
            self.node = node

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.branches = Branches((), "")
        self.cursor = 0
        self.words: tuple[str, ...] = ()
        """What is searched for."""
        self.also = ""
        """A second node that is marked, to compare with."""
        self._rows: list[tuple[str, str]] = []

    # What is shown

    def show(self, branches: Branches) -> None:
        """Replace the tree; the mark stays on its node, or goes to the one at hand."""
        before = self.marked
        self.branches = branches
        self._rows = branches.rows()
        self._measure()
        if before is None or not self.mark(before.id):
            self.mark(branches.here)
        self.refresh()

    @property
    def marked(self) -> TreeNode | None:
        if 0 <= self.cursor < len(self._rows):
            return self.branches.nodes[self._rows[self.cursor][0]]
        return None

    def mark(self, node: str | None) -> bool:
        """Put the mark on a node; False when it is not in the tree."""
        for index, (name, _) in enumerate(self._rows):
            if name == node:
                self._go(index)
                return True
        return False

    def set_also(self, node: str) -> None:
        self.also = node
        self.refresh()

    def _go(self, index: int) -> None:
        index = max(0, min(index, len(self._rows) - 1))
        moved, self.cursor = index != self.cursor, index
        self.scroll_to_region(Region(0, index, 1, 1), animate=False, force=True, immediate=True)
        self.refresh()
        if moved:
            self.post_message(self.Moved())

    # Searching

    def search(self, text: str) -> int:
        """Mark what holds all the words; the number of nodes that do. The mark goes to the nearest, from here on."""
        self.words = tuple(text.lower().split())
        found = [index for index in range(len(self._rows)) if self._fits(index)]
        if self.words and found and not self._fits(self.cursor):
            self._go(next((index for index in found if index > self.cursor), found[0]))
        self.refresh()
        return len(found) if self.words else 0

    def step_found(self, by: int) -> bool:
        """To the next (1) or last (-1) node that was found, round and round; False when none was."""
        found = [index for index in range(len(self._rows)) if self._fits(index)] if self.words else []
        if not found:
            return False
        after = [index for index in found if (index > self.cursor if by > 0 else index < self.cursor)]
        self._go((after or found)[0 if by > 0 else -1])
        return True

    def _fits(self, index: int) -> bool:
        node = self.branches.nodes[self._rows[index][0]]
        told = (value for label, value in node.facts if label in SEARCHED)
        said = " ".join((str(node.number), node.what, node.prompt, node.branch, node.bookmark, *told)).lower()
        return all(word in said for word in self.words)

    # Walking

    def _walk(self, node: str | None) -> None:
        if node is not None:
            self.mark(node)

    def action_parent(self) -> None:
        if self.marked is not None:
            self._walk(self.branches.parent(self.marked.id))

    def action_child(self) -> None:
        if self.marked is not None:
            self._walk(self.branches.child(self.marked.id))

    def action_sibling_before(self) -> None:
        self._sibling(-1)

    def action_sibling_after(self) -> None:
        self._sibling(1)

    def _sibling(self, step: int) -> None:
        """The sibling, or that of the nearest ancestor that has one: so every branch is reached."""
        at = self.marked.id if self.marked is not None else None
        while at is not None:
            found = self.branches.sibling(at, step)
            if found is not None:
                self._walk(found)
                return
            at = self.branches.parent(at)

    def action_cursor_up(self) -> None:
        self._go(self.cursor - 1)

    def action_cursor_down(self) -> None:
        self._go(self.cursor + 1)

    def action_page_up(self) -> None:
        self._go(self.cursor - max(1, self.size.height - 1))

    def action_page_down(self) -> None:
        self._go(self.cursor + max(1, self.size.height - 1))

    def action_first(self) -> None:
        self._go(0)

    def action_last(self) -> None:
        self._go(len(self._rows) - 1)

    def action_here(self) -> None:
        self.mark(self.branches.here)

    def action_choose(self) -> None:
        if self.marked is not None:
            self.post_message(self.Chosen(self.marked.id))

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if 0 <= index < len(self._rows):
            self._go(index)

    def on_resize(self) -> None:
        self._measure()

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, max(1, len(self._rows)))

    # Drawing

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index, base = y + self.scroll_offset.y, self.visual_style
        if not 0 <= index < len(self._rows):
            return Strip.blank(width, base.rich_style)
        marked = index == self.cursor
        if marked:
            base += Style.parse(f"on {self.app.theme_variables['raised']}")
        content = self._row(index, width, marked)
        return Strip(content.render_segments(base)).adjust_cell_length(width, base.rich_style)

    def _row(self, index: int, width: int, marked: bool) -> Content:
        name, lanes = self._rows[index]
        node = self.branches.nodes[name]
        faint = bool(self.words) and not self._fits(index)
        sign, role = self.branches.glyph(name)
        on_path = name in self.branches.path
        text_role = "$ash" if faint else "bold $bone" if name == self.branches.here else "$bone" if on_path else "$ash"
        lead = CARET if marked else "=" if name == self.also else " "
        figures = self._figures(node) if width >= FIGURES_FROM else ""
        names = self._names(node)
        left = Content.assemble(
            (f"{lead} ", "$brass"),
            (lanes[-MOST_LANES:], "$hairline"),
            (sign, f"{' '.join(role.split()[:-1])} ${role.split()[-1]}".strip()),
            (f" {node.number:>2} ", text_role),
            (f"{node.what:<{WHAT}.{WHAT}} ", text_role),
        )
        room = width - left.cell_length - len(figures) - names.cell_length - 1
        prompt = Content.styled(clean(node.prompt), text_role).truncate(max(0, room), ellipsis=True)
        gap = " " * max(0, room - prompt.cell_length)
        return Content.assemble(left, prompt, gap, names, (figures, "$ash")).truncate(width, ellipsis=True)

    def _figures(self, node: TreeNode) -> str:
        drift = "" if node.drift is None else f"{node.drift:.2f}"
        return f"{drift:>7}{' ' if node.kept else DOT} "

    def _names(self, node: TreeNode) -> Content:
        parts = [(f"{MARK} {clean(node.bookmark)} ", "$brass")] if node.bookmark else []
        parts += [(f"{clean(node.branch)} ", "$verdigris")] if node.branch else []
        return Content.assemble("  " if parts else "", *parts)
