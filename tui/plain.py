"""ASCII mode: the last stage of painting turns drawings and glyphs into ASCII, so no widget needs to know the mode."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui.glyphs import plain


class AsciiFilter(LineFilter):
    """Character for character, so nothing moves."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(plain(text), style, control) for text, style, control in segments]
