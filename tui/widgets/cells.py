"""Text laid out in cells: columns of a fixed width, tables, tokens told apart, and bars of a histogram."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui import words
from tui.widgets.wrapping import break_line, printable

BLOCKS = " ▁▂▃▄▅▆▇█"
TOKENS = ("$bone", "$verdigris underline", "$brass", "$amethyst underline")
"""Neighbouring tokens differ in colour, and by an underline where there is no colour."""


def cell(text: str | Content, width: int, *, right: bool = False) -> Content:
    """`text` in exactly `width` cells, cut with an ellipsis where it is longer."""
    content = Content(printable(text)) if isinstance(text, str) else text
    content = content.truncate(width, ellipsis=True)
    gap = " " * max(0, width - content.cell_length)
    return Content.assemble(gap, content) if right else Content.assemble(content, gap)


def facts(rows: Sequence[tuple[str, str]], width: int, label: int = 12, most: int = 2) -> list[Content]:
    """A faint label and what it says, over at most `most` lines of `width`; a row that says nothing is left out."""
    lines: list[Content] = []
    for name, said in rows:
        if not said:
            continue
        room = max(8, width - label - 2)
        parts = break_line(printable(said).replace("\n", " "), room)
        if len(parts) > most:
            parts = [*parts[: most - 1], f"{parts[most - 1][: room - 1]}…"]
        for at, part in enumerate(parts):
            lines.append(Content.assemble((f" {name if at == 0 else '':<{label}}", "$ash"), part))
    return lines


def tokens(names: Sequence[str], width: int, most: int = 12) -> list[Content]:
    """A text cut into tokens, flowing over at most `most` lines of `width` cells, neighbours told apart."""
    lines: list[Content] = []
    line, used = Content(""), 0
    for at, name in enumerate(names):
        shown = Content.styled(printable(name) or "�", TOKENS[at % len(TOKENS)])
        size = shown.cell_length
        if used and used + size > width:
            lines.append(line)
            line, used = Content(""), 0
        line, used = Content.assemble(line, shown.truncate(width, ellipsis=True)), used + size
        if name.endswith("⏎"):
            lines.append(line)
            line, used = Content(""), 0
        if len(lines) >= most:
            return [*lines[: most - 1], Content.styled("…", "$ash")]
    return [*lines, line] if used else lines


def histogram(buckets: Sequence[Sequence[float]], width: int, height: int, unit: str) -> list[Content]:
    """Bars over an axis: `buckets` are [upper bound, count] from low to high. Gives `height` lines and one or two more.

    Each bar is as wide as all others, whatever its bucket; a count that is not nothing shows at least a sliver.
    """
    if not buckets:
        return []
    highest = max(count for _, count in buckets)
    gutter = max(len(words.count(highest)), 1) + 1
    bar = max(1, min(6, (width - gutter - 2) // len(buckets)))
    kept = list(buckets)[: max(1, (width - gutter - 2) // bar)]
    levels = [0 if not count else max(1, round(count / highest * height * (len(BLOCKS) - 1))) for _, count in kept]
    lines = []
    for row in range(height - 1, -1, -1):
        label = words.count(highest) if row == height - 1 else "0" if row == 0 else ""
        cells = "".join(BLOCKS[max(0, min(8, level - row * 8))] * bar for level in levels)
        lines.append(Content.assemble((f" {label:>{gutter - 1}}▏", "$ash"), (cells.rstrip(), "$brass")))
    return [*lines, _axis(kept, bar, gutter + 1, width, unit)]


def _axis(buckets: Sequence[Sequence[float]], bar: int, start: int, width: int, unit: str) -> Content:
    """Upper bounds under the ends of their bars, as many as fit, the last one surely, then the unit if it fits."""
    ends = [(start + (at + 1) * bar, _short(upper)) for at, (upper, _) in enumerate(buckets)]
    line, last = " " * start, ends[-1][0] - len(ends[-1][1])
    for end, text in ends:
        begin = end - len(text)
        if begin >= last or (begin > len(line.rstrip()) and end < last):
            line = f"{line:<{max(start, begin)}}{text}"
    full = f"{line}  {unit}"
    return Content.styled(full if len(full) <= width else line, "$ash").truncate(width)


def _short(number: float) -> str:
    """`512`, `8k`, `2M`: a bound that is only read off."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.0f}{letter}"
    return f"{number:.0f}"
