"""A tree of states as data, and how it is laid out: as rows with lanes before them, and as a strip of a few lines.

Nothing here knows what a state is. The first child of a node goes on in its parent's lane; the others begin lanes of
their own, which stand directly under the fork, so that the picture stays where it was when the tree grows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui.glyphs import MARK, RUNNING, WAITING
from tui.widgets.canvas import Line, Span, fitted

LINK, FORK, JOIN, DOWN = "─", "╰", "├", "│"
CUT = "…"


@dataclass(frozen=True)
class TreeNode:
    """One state, as a tree shows it."""

    id: str
    parent: str | None
    number: int
    """How many states lie between it and the root."""
    what: str = ""
    """The decision that made it, in a word or two."""
    prompt: str = ""
    branch: str = ""
    """The branch that ends here."""
    bookmark: str = ""
    drift: float | None = None
    kl: float | None = None
    margin: float | None = None
    kept: bool = True
    """Whether its weights are still on the disk."""
    last: str | None = None
    """The child that was visited last."""
    facts: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """What a pane tells of it: (label, value)."""


class Branches:
    """Nodes with their relations; siblings in the order given. `here` is the node at hand, `path` leads from the root
    to it."""

    def __init__(self, nodes: Sequence[TreeNode], here: str) -> None:
        self.nodes: Mapping[str, TreeNode] = {node.id: node for node in nodes}
        self.here = here
        self.children: dict[str | None, list[str]] = {}
        for node in nodes:
            parent = node.parent if node.parent in self.nodes else None
            self.children.setdefault(parent, []).append(node.id)
        self.path = self._path()

    def _path(self) -> tuple[str, ...]:
        found: list[str] = []
        at: str | None = self.here
        while at is not None and at in self.nodes and at not in found:
            found.append(at)
            at = self.nodes[at].parent
        return tuple(reversed(found))

    # Relations, for walking

    def parent(self, node: str) -> str | None:
        above = self.nodes[node].parent
        return above if above in self.nodes else None

    def child(self, node: str) -> str | None:
        """The child that was visited last, else the first."""
        last, below = self.nodes[node].last, self.children.get(node, [])
        return last if last in below else below[0] if below else None

    def sibling(self, node: str, step: int) -> str | None:
        """The sibling `step` places on; None past either end."""
        around = self.children.get(self.parent(node), [])
        place = around.index(node) + step
        return around[place] if 0 <= place < len(around) else None

    # Rows with lanes

    def rows(self) -> list[tuple[str, str]]:
        """(node, the lanes that stand before it) for every node, parents before children."""
        found: list[tuple[str, str]] = []
        waiting = [(root, "", "") for root in reversed(self.children.get(None, []))]
        while waiting:
            node, lane, joint = waiting.pop()
            found.append((node, joint or lane))
            first, *others = self.children.get(node, []) or [None]
            if first is not None:
                waiting.append((first, lane, ""))
            # Last in is first out: the side branches come before the chain goes on.
            waiting += [(side, f"{lane}{DOWN} ", f"{lane}{JOIN}{LINK}") for side in reversed(others) if side]
        return found

    # A strip

    def strip(self, width: int, height: int) -> list[Line]:
        """The path and the branches next to it in at most `height` lines of `width` cells, the newest part in view."""
        if not self.path or height < 1 or width < 12:
            return []
        spine = self._spine()
        names = self._tip_name(spine)
        room = max(2, (width - len(names) - 4) // 2)
        # The node at hand is always in view, with what comes after it where there is room.
        place = spine.index(self.here)
        start = max(0, min(len(spine) - room, place - room + 2))
        start = max(0, min(start, place))
        shown = spine[start : start + room]
        lead: Span = (CUT, "ash") if start else ("", "ash")
        lines = [fitted((lead, *self._chain(shown), (f"  {names}", "bone" if names else "ash")), width)]
        forks = [
            (index, side)
            for index, node in enumerate(shown)
            for side in self.children.get(node, [])
            if side not in spine
        ]
        forks.sort(key=lambda fork: (abs(fork[0] - (place - start)), -fork[0]))
        kept = sorted(forks[: height - 1], key=lambda fork: -fork[0])
        for number, (index, side) in enumerate(kept):
            lines.append(self._side_line(index, side, [at for at, _ in kept[number + 1 :]], bool(start), width))
        return lines

    def _spine(self) -> list[str]:
        """The path, and on from the node at hand along the children visited last."""
        found = list(self.path)
        at = self.child(self.here)
        while at is not None:
            found.append(at)
            at = self.child(at)
        return found

    def _tip_name(self, chain: Sequence[str]) -> str:
        """The names of the branch and bookmark that a chain ends in."""
        last = self.nodes[chain[-1]]
        return last.branch or last.bookmark

    def _chain(self, chain: Sequence[str]) -> list[Span]:
        spans: list[Span] = []
        for index, node in enumerate(chain):
            if index:
                spans.append((LINK, "verdigris" if node in self.path else "hairline"))
            spans.append(self.glyph(node))
        return spans

    def glyph(self, node: str) -> Span:
        """The sign of a node and its colour: at hand, bookmarked, on the path, or elsewhere."""
        if node == self.here:
            return RUNNING, "bold verdigris"
        role = "verdigris" if node in self.path else "ash"
        return (MARK if self.nodes[node].bookmark else WAITING), role

    def _side_line(self, index: int, side: str, lower: Sequence[int], cut: bool, width: int) -> Line:
        """`   ╰─○─○  warmer`; the forks to the left of it that come in lower lines go through as `│`."""
        chain = [side]
        while (after := self.child(chain[-1])) is not None:
            chain.append(after)
        name = self._tip_name(chain)
        left = "".join(DOWN if at in lower else " " for place in range(index) for at in (place, None))
        room = max(1, (width - len(left) - len(name) - 5) // 2)
        more: list[Span] = [(f"{LINK}{CUT}", "ash")] if len(chain) > room else []
        spans: list[Span] = [
            ((" " if cut else "") + left, "hairline"),
            (f"{JOIN if index in lower else FORK}{LINK}", "hairline"),
            *self._chain(chain[:room]),
            *more,
            (f"  {name}", "ash"),
        ]
        return fitted(tuple(spans), width)
