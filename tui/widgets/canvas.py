"""Rows of coloured text that repaint only where they changed: what a picture that moves four times a second needs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

Span = tuple[str, str]
"""Text without control codes, and the role it is drawn in (`bone`, `ash`, `bold brass`, ...)."""
Line = tuple[Span, ...]


def text_of(line: Line) -> str:
    """The characters of a line."""
    return "".join(text for text, _ in line)


def width_of(line: Line) -> int:
    """The cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def line_of(*parts: Span | str) -> Line:
    """A line from spans and plain strings (drawn in bone)."""
    return tuple(part if isinstance(part, tuple) else (part, "bone") for part in parts if part)


def fitted(line: Line, width: int) -> Line:
    """`line` cut or padded to `width` cells."""
    found: list[Span] = []
    room = width
    for text, role in line:
        if room <= 0:
            break
        size = cell_len(text)
        found.append((text if size <= room else set_cell_size(text, room), role))
        room -= min(size, room)
    if room > 0:
        found.append((" " * room, "bone"))
    return tuple(found)


def joined(left: Line, right: Line, width: int) -> Line:
    """`left` at the left end and `right` at the right one; the right gives way when both do not fit."""
    used, wanted = width_of(left), width_of(right)
    if used + wanted + 1 > width:
        return fitted(left, width)
    return (*left, (" " * (width - used - wanted), "bone"), *right)


def changed(before: Line, after: Line) -> tuple[int, int] | None:
    """The cells (first, past the last) in which two lines of one width differ; None when they do not."""
    if before == after:
        return None
    old, new = _cells(before), _cells(after)
    length = max(len(old), len(new))
    old += [("", "")] * (length - len(old))
    new += [("", "")] * (length - len(new))
    different = [place for place in range(length) if old[place] != new[place]]
    return (different[0], different[-1] + 1) if different else None


def _cells(line: Line) -> list[Span]:
    """One entry per cell; the second cell of a wide character holds the same as the first."""
    found: list[Span] = []
    for text, role in line:
        for char in text:
            size = get_character_cell_size(char)
            if size == 0 and found:
                found[-1] = (found[-1][0] + char, role)
            found += [(char, role)] * size
    return found


class Canvas(Widget):
    """Shows lines; `paint` replaces them and asks for a repaint of the cells that differ, no more."""

    DEFAULT_CSS = "Canvas { width: 1fr; height: auto; color: $bone; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: list[Line] = []

    def paint(self, lines: Sequence[Line]) -> None:
        """Show `lines` from the top; what is below them is empty."""
        width, height = self.size
        before, self.lines = self.lines, list(lines)
        for y in range(min(height, max(len(before), len(self.lines)))):
            old = before[y] if y < len(before) else ()
            new = self.lines[y] if y < len(self.lines) else ()
            if old is new:
                continue
            span = changed(fitted(old, width), fitted(new, width))
            if span is not None:
                self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def render_line(self, y: int) -> Strip:
        return line_strip(self.lines[y] if y < len(self.lines) else (), self.size.width, self.visual_style)


def line_strip(line: Line, width: int, base: Style) -> Strip:
    """A line as what a widget's `render_line` gives."""
    content = Content.assemble(*((text, _style(role)) for text, role in fitted(line, width)))
    return Strip(content.render_segments(base)).adjust_cell_length(width, base.rich_style)


def _style(role: str) -> str:
    """`bold brass` as a style that Textual reads, `bold $brass`."""
    *attributes, name = role.split(" ")
    return " ".join([*attributes, f"${name}"])
