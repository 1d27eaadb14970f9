"""Text as it comes out of tokens: whole characters, all of them, and nothing past a stop."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.stream import TextStream
from core.tokenization import byte

STOPS = ("\nUser:", "\nAssistant:")


class Pieces:
    """A tokenizer whose token n stands for the n-th of some pieces of bytes."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    def token_bytes(self, number: int) -> bytes:
        return self.pieces[number]


def run(pieces: list[bytes], stop: tuple[str, ...] = ()) -> list[str]:
    stream = TextStream(Pieces(*pieces), stop)
    return [*(stream.push(number) for number in range(len(pieces))), stream.finish()]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(text=st.text(max_size=80), places=st.lists(st.integers(0, 400), max_size=40))
def test_text_cut_anywhere_comes_out_whole(text: str, places: list[int]) -> None:
    parts = run(cut(text.encode("utf-8", "replace"), places))
    assert "".join(parts) == text.encode("utf-8", "replace").decode()
    assert "\ufffd" not in "".join(parts) or "\ufffd" in text


@given(data=st.binary(max_size=80), places=st.lists(st.integers(0, 400), max_size=40))
def test_any_bytes_come_out_as_utf8_with_replacements(data: bytes, places: list[int]) -> None:
    parts = run(cut(data, places))
    assert "".join(parts) == data.decode("utf-8", "replace")
    "".join(parts).encode("utf-8")


def test_a_character_waits_for_its_last_byte() -> None:
    dragon = "🐉".encode()
    assert run([dragon[:1], dragon[1:3], dragon[3:] + b"!"]) == ["", "", "🐉!", ""]
    assert run([dragon[:3]]) == ["", "\ufffd"]


def test_our_own_tokens_stream_and_specials_are_silent() -> None:
    tokenizer = byte.build()
    stream = TextStream(tokenizer)
    ids = [*tokenizer.encode("ogive: ⟡"), tokenizer.end_id]
    assert "".join(map(stream.push, ids)) + stream.finish() == "ogive: ⟡"


@given(
    text=st.lists(st.sampled_from(["\n", "User", ":", "\nUser:", "\nAss", "istant:", "a", " b"]), max_size=12),
    places=st.lists(st.integers(0, 400), max_size=40),
)
def test_a_stop_ends_the_text_before_it_however_it_is_cut(text: list[str], places: list[int]) -> None:
    whole = "".join(text)
    found = [whole.find(stop) for stop in STOPS if stop in whole]
    assert "".join(run(cut(whole.encode(), places), STOPS)) == (whole[: min(found)] if found else whole)


@pytest.mark.parametrize(
    ("pieces", "shown"), [(["a\n", "User", ": no"], ["a", "", "", ""]), (["a\n", "Us", "ed"], ["a", "", "\nUsed", ""])]
)
def test_what_may_begin_a_stop_is_held_back(pieces: list[str], shown: list[str]) -> None:
    assert run([piece.encode() for piece in pieces], STOPS) == shown
