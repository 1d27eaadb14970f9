"""The report counts what is there."""

import pytest

from core.errors import OgiveError
from core.tokenization.report import compare, report, segments


def test_counts_are_exact(own):
    found = report(own["bytes"], ["aab", "é"])
    assert (found.tokens, found.bytes, found.characters, found.documents) == (5, 5, 4, 2)
    assert (found.bytes_per_token, found.characters_per_token) == (1.0, 0.8)
    assert found.used == 4
    assert found.unused == 252
    assert found.coverage == 4 / 256
    assert (found.top[0].name, found.top[0].count, found.top[0].share) == ("a", 2, 0.4)


def test_unknown_rate_and_longest(own):
    assert report(own["characters"], ["the 龍龍"]).unknown_rate == 2 / 6
    assert report(own["bpe"], ["the 龍龍"]).unknown_rate == 0
    longest = report(own["bpe"], ["and the tower stood"]).longest
    assert len(longest[0].name) >= len(longest[-1].name) >= 1
    assert longest[0].name == "␣tower"


def test_comparison_is_on_the_same_text(own):
    found = compare(own, ["", "the tower stood"])
    assert found.names == list(own)
    assert "".join(found.segments[1]) == "the␣tower␣stood"
    assert found.reports[0].bytes_per_token > found.reports[1].bytes_per_token == 1.0
    assert found.to_dict()["reports"][0]["top"][0]["count"] >= 1


def test_segments_name_stray_bytes(own):
    assert [name for _, name in segments(own["bytes"], "é\n")] == ["\\xc3", "\\xa9", "⏎"]


def test_no_text_is_an_error(own):
    with pytest.raises(OgiveError, match="no text"):
        report(own["bpe"], [""])
