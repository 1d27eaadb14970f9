"""Tokens found by text, bytes and number; counts are those of the text."""

import pytest

from core.errors import OgiveError
from core.tokenization.search import frequencies, search


def found(tokenizer, wanted, **more):
    return [token.name for token in search(tokenizer, wanted, **more).tokens]


def test_exact_first_then_by_count_then_shorter(own):
    counts = frequencies(own["bpe"], ["the tower, the tower, the rain, they"])
    names = found(own["bpe"], " the", counts=counts)
    assert names[0] == "␣the"
    assert all("the" in name.lower() for name in names)
    assert found(own["bpe"], "␣THE") == found(own["bpe"], " the")
    tokens = search(own["bpe"], " the", counts).tokens
    assert [t.count for t in tokens[1:]] == sorted((t.count for t in tokens[1:]), reverse=True)


def test_counts_are_of_the_text_or_none(own):
    counts = frequencies(own["bytes"], ["abba", "é"])
    assert (counts[97], counts[98], counts.total()) == (2, 2, 6)
    token = search(own["bytes"], "a", counts).tokens[0]
    assert (token.id, token.bytes, token.hex, token.count, token.special) == (97, b"a", "61", 2, False)
    assert search(own["bytes"], "a").tokens[0].count is None


def test_bytes_and_numbers(own):
    assert [token.id for token in search(own["bytes"], "0xc3").tokens] == [0xC3]
    assert set(found(own["bpe"], "0x20 74")) == {name for name in found(own["bpe"], " t") if "␣t" in name}
    assert [token.id for token in search(own["bytes"], "#10").tokens] == [10]
    assert search(own["bytes"], "#10000").total == 0
    with pytest.raises(OgiveError, match="not a row of bytes"):
        search(own["bytes"], "0x2")


def test_special_tokens_are_found_by_name_and_all_by_nothing(own):
    assert found(own["bpe"], "<|end|>") == ["<|end|>"]
    every = search(own["bpe"], "", limit=7)
    assert (len(every.tokens), every.total) == (7, own["bpe"].vocab_size)
