"""Arbitrary text made fit for a terminal: control codes out, lines broken to a width, cheaply while it grows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from rich.cells import cell_len

TAB = "    "
_REMOVED = "".join(
    chr(code)
    for code in (
        *(code for code in range(0x20) if code not in (0x09, 0x0A)),
        *range(0x7F, 0xA0),
        0x061C,
        0x200B,
        0x200D,  # joins emoji: terminals disagree on how wide the joined ones are, not on the parts
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),  # variants of a character, some of them wider
        0xFEFF,
        *range(0xFFF9, 0xFFFC),
        *range(0x1F3FB, 0x1F400),  # colours of skin: one terminal draws them apart, another not at all
    )
)
_TABLE: dict[int, str] = {
    **{ord(char): "" for char in _REMOVED},
    0x09: TAB,
    0x0B: "\n",
    0x0C: "\n",
    0x85: "\n",
    0x2028: "\n",
    0x2029: "\n\n",
    **dict.fromkeys(range(55296, 57344), "�"),
    # Pairs of these are flags, of one width or another: they show as the letters they are.
    **{0x1F1E6 + place: letter for place, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")},
}
_PARTS = re.compile(r" +|[^ ]+")


def printable(text: str) -> str:
    """`text` as a terminal may be given it: no control codes, escapes, direction marks or lone surrogates; tabs are
    spaces; the only break is a newline. What is left shows literally, each character as wide as it is alone: joined
    emoji fall into their parts."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_TABLE)


def break_line(text: str, width: int) -> list[str]:
    """One line (without newlines) cut into lines of at most `width` cells: at spaces, and inside words that are wider.

    The spaces at a break are dropped from view; an empty line gives one empty line.
    """
    return [text[start:end].rstrip(" ") for start, end in _breaks(text, width)] or [""]


def _breaks(text: str, width: int) -> list[tuple[int, int]]:
    """Start and end of each line in `text`; the ends include the spaces that are not shown.

    What comes before a break never depends on what comes after it, so a text that grows changes its last line only.
    """
    if len(text) <= width and text.isascii():
        return [(0, len(text))]
    found: list[tuple[int, int]] = []
    start = used = 0
    for match in _PARTS.finditer(text):
        part, begin = match.group(), match.start()
        cells = _cells(part)
        if part[0] == " " or used + cells <= width:  # spaces may hang over the edge, unseen
            used += cells
            continue
        if begin > start:
            found.append((start, begin))
            start, used = begin, 0
        if cells > width:
            for end in _pieces(part, width)[:-1]:
                found.append((start, begin + end))
                start = begin + end
            cells = _cells(text[start : match.end()])
        used = cells
    return [*found, (start, len(text))]


def _pieces(word: str, width: int) -> list[int]:
    """Ends of the pieces of a word that are at most `width` cells wide."""
    if word.isascii():
        return [min(end, len(word)) for end in range(width, len(word) + width, width)]
    ends, used = [], 0
    for index, char in enumerate(word):
        size = _size(char)
        if used + size > width and used:
            ends.append(index)
            used = 0
        used += size
    return [*ends, len(word)]


def _cells(text: str) -> int:
    """Cells of a text, never too few: those of its characters, added up."""
    return len(text) if text.isascii() else sum(map(_size, text))


@lru_cache(4096)
def _size(char: str) -> int:
    return 1 if char == "\ufe0f" else cell_len(char)


@dataclass
class Wrapped:
    """Text broken to a width, which may grow at its end: `append` breaks only the last line anew."""

    width: int
    text: str = ""
    lines: list[str] = field(default_factory=lambda: [""])
    _start: int = 0
    """Where the last line begins in `text`."""

    def append(self, more: str) -> int:
        """Add printable text; the number of lines at the end that are new or changed."""
        kept = len(self.lines) - 1
        self.text += more
        tail = self.text[self._start :]
        del self.lines[kept:]
        place = self._start
        for line in tail.split("\n"):
            breaks = _breaks(line, self.width)
            self.lines += [line[start:end].rstrip(" ") for start, end in breaks]
            self._start = place + breaks[-1][0]
            place += len(line) + 1
        return len(self.lines) - kept

    def drop(self, count: int) -> None:
        """Forget the first `count` lines, and the text they show."""
        rest = Wrapped(self.width)
        place = 0
        for line in self.text.split("\n"):
            for start, _ in _breaks(line, self.width):
                if count == 0:
                    rest.append(self.text[place + start :])
                    self.text, self.lines, self._start = rest.text, rest.lines, rest._start
                    return
                count -= 1
            place += len(line) + 1

    def rewrap(self, width: int) -> None:
        """Break all of it to another width."""
        text, self.width = self.text, width
        self.text, self.lines, self._start = "", [""], 0
        self.append(text)
