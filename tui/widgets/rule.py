"""Hairlines that carry words, so that no line is spent on them: the chat's trail, and marks."""

from __future__ import annotations

from textual.content import Content

from tui.widgets.lines import Hairline, TrailLine


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


class MarkRule(Hairline):
    """A hairline with some words near its right end: `─────────── writing 2 of 4 ─`."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = ""
        self._tone = "$brass"

    def mark(self, text: str, tone: str = "$brass") -> None:
        """The words, or none."""
        if (text, tone) != (self.text, self._tone):
            self.text, self._tone = text, tone
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        if not self.text:
            return super().render()
        words = Content.styled(self.text, self._tone).truncate(max(0, width - 4), ellipsis=True)
        return Content.assemble("─" * max(0, width - words.cell_length - 3), " ", words, " ", "─")
