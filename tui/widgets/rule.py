"""The chat's trail: a hairline that carries what just happened, so that no line is spent on it."""

from __future__ import annotations

from textual.content import Content

from tui.widgets.lines import TrailLine


class TrailRule(TrailLine):
    """`─ text ───────── mark ─`; a plain hairline while there is nothing to say."""

    DEFAULT_CSS = "TrailRule { height: 1; width: 1fr; color: $hairline; }"

    def __init__(self) -> None:
        super().__init__()
        self._mark = ""

    def mark(self, text: str) -> None:
        """Words at the right end, or none."""
        if text != self._mark:
            self._mark = text
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        mark = Content.assemble(" ", (self._mark, "$brass"), " ") if self._mark else Content("")
        said = Content("")
        if self.text:
            room = max(0, width - 3 - mark.cell_length)
            said = Content.assemble(self._content.truncate(room, ellipsis=True), " ")
        rest = width - said.cell_length - mark.cell_length - 2
        return Content.assemble("─", said, "─" * max(0, rest), mark, "─")
