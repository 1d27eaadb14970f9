"""Frames: sentences with `[this|that]` choices and `{slots}`, read from plain text and spoken quickly.

A frame book is text: a line `@beat` opens a beat and each line after it is one frame. Choices do not nest; all ways to
say a frame are laid out once, so that speaking one costs a draw and one `str.format_map`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import product

_CHOICE = re.compile(r"\[([^\]]*)\]")

Draw = Callable[[], float]
Book = dict[str, tuple[tuple[str, ...], ...]]


def variants(frame: str) -> tuple[str, ...]:
    """Every way to say `frame`: the product of its choices, in order."""
    parts = _CHOICE.split(frame)
    fields = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    return tuple("".join(chosen) for chosen in product(*fields))


def read_book(text: str) -> Book:
    """Beats by name, each a tuple of frames, each a tuple of its variants."""
    book: dict[str, list[tuple[str, ...]]] = {}
    frames: list[tuple[str, ...]] = []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("@"):
            frames = book.setdefault(line[1:], [])
        elif line:
            frames.append(variants(line))
    return {beat: tuple(frames) for beat, frames in book.items()}


def speak(book: Book, beat: str, slots: Mapping[str, str], draw: Draw) -> str:
    """One frame of `beat`, filled in; `draw` gives numbers in [0, 1)."""
    frames = book[beat]
    frame = frames[int(draw() * len(frames))]
    return frame[int(draw() * len(frame))].format_map(slots)
