"""Arbitrary text: nothing a terminal obeys is left, no line is too wide, and growing equals being whole."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.wrapping import Wrapped, break_line, printable

ANY = st.text(st.characters(), max_size=200)
WORDS = st.lists(
    st.sampled_from(
        [" ", "  ", "\n", "a", "word", "longer-than-the-width-is", "漢字", "e\u0301", "👩‍👩‍👧", "مرحبا", "🏳️‍🌈"]
    ),
    max_size=60,
).map("".join)


@given(text=ANY)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = printable(text)
    for char in shown:
        assert char == "\n" or unicodedata.category(char) != "Cc"
        assert unicodedata.bidirectional(char) not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("a\x00b\x07c\x7f\x9b1m", "abc1m"),
        ("a\r\nb\tc", "a\nb    c"),
        ("\u202eevil", "evil"),
        ("[/foo] x [@click=app.quit]y[/]", "[/foo] x [@click=app.quit]y[/]"),
        ("\ud800", "\ufffd"),
        ("joined 👩‍👧 fall apart", "joined 👩👧 fall apart"),
        ("❤\ufe0f 👍🏽 🇫🇷", "❤ 👍 FR"),
    ],
)
def test_text_shows_literally(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(text=WORDS, width=st.integers(2, 30))
def test_no_line_is_wider_than_the_width_and_no_letter_is_lost(text: str, width: int) -> None:
    wrapped = Wrapped(width)
    wrapped.append(text)
    assert all(cell_len(line) <= width for line in wrapped.lines)
    assert "".join("".join(wrapped.lines).split()) == "".join(text.split())
    assert [line for part in text.split("\n") for line in break_line(part, width)] == wrapped.lines


@given(parts=st.lists(WORDS, max_size=12), width=st.integers(2, 30), other=st.integers(2, 30))
def test_text_that_grows_is_broken_as_when_it_is_whole(parts: list[str], width: int, other: int) -> None:
    growing, whole = Wrapped(width), Wrapped(width)
    before: list[str] = [""]
    for part in parts:
        changed = growing.append(part)
        assert growing.lines[: len(growing.lines) - changed] == before[: len(growing.lines) - changed]
        before = list(growing.lines)
    whole.append("".join(parts))
    assert growing.lines == whole.lines
    growing.rewrap(other)
    again = Wrapped(other)
    again.append("".join(parts))
    assert growing.lines == again.lines


def test_words_stay_whole_where_they_fit() -> None:
    assert break_line("the mill is kept by Anwen", 11) == ["the mill is", "kept by", "Anwen"]
    assert break_line("", 5) == [""]
    assert break_line("ab " + "c" * 12 + " d", 8) == ["ab", "cccccccc", "cccc d"]
    assert break_line("  indented line", 10) == ["  indented", "line"]


def test_a_line_of_100_kb_is_broken_at_once() -> None:
    assert len(break_line("x" * 100_000, 70)) == 1429
    assert len(break_line("漢" * 50_000, 70)) == 1429
