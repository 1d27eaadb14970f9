"""Palette contrast, the choice of a theme, ASCII mode, and numbers in words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.color import Color

from tui import glyphs, theme, words
from tui.plain import AsciiFilter

TEXT = ("bone", "ash", "brass", "blood", "verdigris", "amethyst")


@pytest.mark.parametrize("palette", [theme.DARK, theme.LIGHT])
@pytest.mark.parametrize("ground", ["ground", "raised"])
def test_contrast(palette: dict[str, str], ground: str) -> None:
    for role in TEXT:
        assert theme.contrast(palette[role], palette[ground]) >= 4.5, (role, ground)
    assert theme.contrast(palette["hairline"], palette["ground"]) >= 3.0


def test_contrast_formula() -> None:
    assert theme.contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#777777") == pytest.approx(1.0)


@pytest.mark.parametrize("palette", [theme.DARK, theme.LIGHT])
def test_colours_are_on_the_256_cube(palette: dict[str, str]) -> None:
    steps = {0, 95, 135, 175, 215, 255}
    greys = {8 + 10 * i for i in range(24)}
    for colour in palette.values():
        parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        grey = len(set(parts)) == 1 and parts[0] in greys
        assert grey or all(part in steps for part in parts), colour


@pytest.mark.parametrize(
    ("environ", "wanted", "saved", "name"),
    [
        ({"TERM": "xterm-256color"}, None, None, "ogive-dark"),
        ({"TERM": "xterm-256color"}, "ogive-light", "ogive-dark", "ogive-light"),
        ({"TERM": "xterm-256color"}, None, "ogive-light", "ogive-light"),
        ({"TERM": "xterm-256color", "OGIVE_THEME": "ogive-light"}, None, "ogive-dark", "ogive-light"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "ogive-dark", None, "ogive-ansi"),
        ({"TERM": "dumb"}, None, None, "ogive-ansi"),
        ({"TERM": "linux"}, None, None, "ogive-ansi"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, None, None, "ogive-dark"),
        ({"TERM": "xterm-256color"}, None, "gone", "ogive-dark"),
    ],
)
def test_choice_of_theme(environ: dict[str, str], wanted: str | None, saved: str | None, name: str) -> None:
    assert theme.choose(environ, wanted, saved) == name


def test_drawings_become_ascii_of_the_same_width() -> None:
    drawings = "".join(map(chr, range(0x2500, 0x25A0))) + "".join(map(chr, range(0x2800, 0x2900)))
    named = "▸●○✓✗†◆‖·…→─│▁▂▃▄▅▆▇█╱╲"
    for text in (drawings, named, *glyphs.ARCH):
        assert glyphs.plain(text).isascii()
        assert len(glyphs.plain(text)) == len(text)
    for glyph, _ in words.STATES.values():
        assert glyphs.plain(glyph) != " "


def test_the_filter_leaves_other_text_alone() -> None:
    made = AsciiFilter().apply([Segment("─ Größe │ 漢 ✓")], Color(0, 0, 0))
    assert made[0].text == "- Größe | 漢 v"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, ""),
        (0, "0"),
        (950, "950"),
        (1000, "1 k"),
        (8192, "8.19 k"),
        (2_100_000, "2.1 M"),
        (124_000_000, "124 M"),
        (7e9, "7 B"),
    ],
)
def test_counts(number: float | None, text: str) -> None:
    assert words.count(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "n/a"),
        (math.inf, "n/a"),
        (0.4, "0s"),
        (59.6, "1m00s"),
        (72, "1m12s"),
        (4020, "1h07m"),
        (200_000, "2d07h"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "n/a"),
        (math.nan, "NaN"),
        (-math.inf, "-inf"),
        (1.4234, "1.42"),
        (0.88, "0.880"),
        (3e-4, "3.0e-04"),
        (0, "0.00"),
    ],
)
def test_figures(number: float | None, text: str) -> None:
    assert words.figure(number) == text


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_figures_are_short_and_never_fail(number: float) -> None:
    assert 0 < len(words.figure(number)) <= 10
    assert len(words.memory(abs(number)) if math.isfinite(number) and abs(number) < 2**60 else "") <= 10
