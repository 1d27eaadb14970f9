"""The control prompt's answers as a strip: what the model said at the root, and what it says now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from tui.widgets.canvas import Canvas, Line, Span
from tui.widgets.lines import clean
from tui.widgets.wrapping import break_line, printable


@dataclass(frozen=True)
class Version:
    """One answer: the state that gave it ('root', '12', 'now') and what it was."""

    label: str
    text: str


LABEL = 7


def version_lines(prompt: str, versions: Sequence[Version], width: int, height: int) -> list[Line]:
    """`Control · Who are you?` and below it the versions, the last one with the most room.

    With two lines there is no heading: only the first version and the last.
    """
    if not versions or height < 1:
        return []
    room = max(8, width - LABEL - 2)
    lines: list[Line] = []
    shown = [versions[0], versions[-1]] if len(versions) > 1 else [versions[0]]
    if height > 2:
        lines.append(((f" Control · {clean(prompt)}"[:width], "ash"),))
        # What lies between root and now fills what is left over, newest first.
        spare = height - 1 - 2 * len(shown)
        shown = [versions[0], *(versions[1:-1][-spare:] if spare > 0 else []), *versions[1:][-1:]]
    for index, version in enumerate(shown):
        last = index == len(shown) - 1
        left = height - len(lines) - (len(shown) - 1 - index)
        most = left if last else max(1, min(2, left - 1)) if height > 5 and index == 0 else 1
        lines += _version(version, room, most, last)
    return lines[:height]


def _version(version: Version, room: int, most: int, last: bool) -> list[Line]:
    text = " ".join(printable(version.text).split())
    broken = break_line(text, room)
    shown = broken[:most]
    if len(broken) > most:
        shown[-1] = _cut(shown[-1], room)
    role = "bone" if last else "ash"
    label: Span = (f" {version.label:<{LABEL}.{LABEL}}", "brass" if last else "ash")
    blank: Span = (" " * (LABEL + 1), "ash")
    return [(label if index == 0 else blank, (line, role)) for index, line in enumerate(shown)]


def _cut(line: str, room: int) -> str:
    content = Content(line)
    return f"{line}…" if content.cell_length < room else f"{content.truncate(room - 1).plain}…"


class Versions(Canvas):
    """The strip as a widget."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._given: tuple[str, tuple[Version, ...]] = ("", ())

    def show(self, prompt: str, versions: Sequence[Version]) -> None:
        self._given = (prompt, tuple(versions))
        self._paint()

    def _paint(self) -> None:
        prompt, versions = self._given
        self.paint(version_lines(prompt, versions, *self.size) if self.size else [])

    def on_resize(self) -> None:
        self._paint()
