"""The tree as a strip of a few lines: the path, the node at hand, and the branches next to it."""

from __future__ import annotations

from tui.widgets.branches import Branches
from tui.widgets.canvas import Canvas

LABEL = 8


class TreeStrip(Canvas):
    """` tree   ○─○─●  main`, and under it what branches off."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.branches = Branches((), "")

    def show(self, branches: Branches) -> None:
        self.branches = branches
        self._paint()

    def _paint(self) -> None:
        width, height = self.size
        lines = self.branches.strip(width - LABEL - 1, height)
        heads = [" tree".ljust(LABEL), *[" " * LABEL] * max(0, len(lines) - 1)]
        self.paint([((head, "ash"), *line) for head, line in zip(heads, lines)])

    def on_resize(self) -> None:
        self._paint()
