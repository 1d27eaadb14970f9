"""What a BPE tokenizer can be asked for: digits, prefix space, normalisers, special tokens listed and discovered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cancel import Cancel
from core.errors import OgiveError
from core.settings.load import validate
from core.settings.tokenizer import TokenizerSettings
from core.tokenization import bpe
from core.tokenization.build import build
from core.tokenization.tokenizer import load

TEXTS = [
    "<|speaker=Anwen|>It is 1984, and 1984 sheep are in the fold.<|scene|>\n",
    "<|speaker=Odo|>No, 1985. <|end|> Ÿ 1985 1985 sheep, the sheep, the fold.\n",
] * 4
SPEAKERS = r"<\|speaker=[^|]+\|>"


def names(tokenizer, text):
    return [tokenizer.token_name(number) for number in tokenizer.encode(text)]


def test_digits_stay_apart():
    assert names(bpe.train(TEXTS, 340), "1985") != list("1985")
    apart = bpe.train(TEXTS, 340, split_digits=True)
    assert names(apart, "1985") == list("1985")
    assert not any(len(apart.token_bytes(n)) > 1 and apart.token_bytes(n).strip().isdigit() for n in range(340))
    assert apart.lossless


def test_pairs_that_are_rare_are_not_merged():
    assert bpe.train(TEXTS, 1000, min_frequency=5).vocab_size < bpe.train(TEXTS, 1000).vocab_size < 1000


@pytest.mark.parametrize(
    ("normalizer", "given", "comes_back"),
    [
        ("nfc", "e\u0301", "é"),
        ("nfkc", "ﬁ ①", "fi 1"),
        ("lowercase", "THE Fold", "the fold"),
        ("nfkc-lowercase", "ﬁ THE", "fi the"),
        ("strip-accents", "café", "cafe"),
    ],
)
def test_a_normaliser_says_what_it_loses(normalizer, given, comes_back, tmp_path):
    made = bpe.train(TEXTS, 300, normalizer=normalizer)
    assert made.decode(made.encode(given)) == comes_back
    assert not made.lossless
    assert "normalised" in made.losses[0]
    made.save(tmp_path)
    assert load(tmp_path).losses == made.losses


def test_a_prefix_space_is_put_once_and_said(tmp_path):
    made = bpe.train(TEXTS, 340, prefix_space=True, split_digits=True)
    assert made.encode("the fold 12") == made.encode(" the fold 12")
    assert made.decode(made.encode("the fold 12")) == " the fold 12"
    assert made.losses == ("a space is put before a text",)


def test_listed_and_discovered_texts_are_one_token_and_come_back(tmp_path):
    made = bpe.train(TEXTS, 290, special_tokens=["<|scene|>"], special_pattern=SPEAKERS)
    marks = ["<|scene|>", "<|speaker=Anwen|>", "<|speaker=Odo|>"]
    for mark in marks:
        assert names(made, f"the{mark}fold").count(mark) == 1
        assert made.decode(made.encode(mark)) == mark
    assert made.vocab_size == 290
    assert [made.backend.token_to_id(mark) for mark in marks] == [287, 288, 289]
    assert not {made.backend.token_to_id(mark) for mark in marks} & made.special_ids
    assert not any("speak" in made.token_name(number) for number in range(287)), "no merge is spent on them"
    made.save(tmp_path)
    again = load(tmp_path)
    assert again.encode(TEXTS[0]) == made.encode(TEXTS[0])
    assert again.fingerprint == made.fingerprint


def test_the_same_marks_are_read_by_transformers(tmp_path):
    import json

    from transformers import AutoTokenizer

    made = bpe.train(TEXTS, 340, split_digits=True, normalizer="nfkc", special_pattern=SPEAKERS)
    made.save(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "ogive"}))
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    text = "".join(TEXTS).replace("<|end|>", "")
    assert theirs(text).input_ids == made.encode(text)
    assert theirs.decode(made.encode(text)) == made.decode(made.encode(text))


def test_discovery_leaves_the_names_of_conversations_alone():
    made = bpe.train(TEXTS, 290, special_pattern=r"<\|[a-z]+\|>")
    assert made.backend.token_to_id("<|scene|>") == 289
    assert made.end_id not in made.encode("<|end|>")


def test_texts_that_can_be_read_once_only_are_enough():
    once = bpe.train(iter(TEXTS), 340, special_pattern=SPEAKERS)
    assert once.fingerprint == bpe.train(TEXTS, 340, special_pattern=SPEAKERS).fingerprint
    settings = TokenizerSettings.model_validate({"name": "bpe", "vocab_size": 340, "special_pattern": SPEAKERS})
    assert build(settings, TEXTS, Cancel()).fingerprint == once.fingerprint
    assert build(settings, iter(TEXTS), Cancel()).fingerprint == once.fingerprint


@given(text=st.text(st.sampled_from("a1 9<|>éŸ\n") | st.characters(), max_size=40), marks=st.integers(0, 3))
def test_marks_do_not_harm_any_text(own, text, marks):
    text = ("<|scene|>" * marks).join([text, text[::-1]])
    ids = own["marked"].encode(text)
    assert own["marked"].decode_bytes(ids) == text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"special_tokens": ["<|end|>"]}, "conversations use it"),
        ({"special_tokens": [" "]}, "empty"),
        ({"special_tokens": ["<|ë|>"]}, "outside ASCII"),
        ({"special_tokens": [f"<{n}>" for n in range(50)]}, "no room"),
        ({"special_pattern": "Ÿ"}, "outside ASCII"),
        ({"special_pattern": "("}, "not a regular expression"),
    ],
)
def test_what_cannot_be_a_special_token_is_said(options, said):
    with pytest.raises(OgiveError, match=said):
        bpe.train(TEXTS, 300, **options)


def test_a_pattern_that_finds_everything_is_refused():
    with pytest.raises(OgiveError, match="more than 1000 different"):
        bpe.train([f"word{number}" for number in range(1100)], 300, special_pattern=r"word\d+")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"special_pattern": "("}, "not a regular expression"),
        ({"special_tokens": ["a", 3]}, "must be a list of texts; 3 is not one"),
        ({"special_tokens": [""]}, "empty text"),
        ({"normalizer": "nfd"}, "one of none, nfc"),
    ],
)
def test_settings_complain_at_once(given, said):
    with pytest.raises(OgiveError, match=said):
        validate(TokenizerSettings, {"name": "bpe", **given})


def test_lists_of_options_are_not_shared():
    one, other = TokenizerSettings.model_validate("bpe"), TokenizerSettings.model_validate("bpe")
    one.options["special_tokens"].append("x")
    assert other["special_tokens"] == []
