"""Losslessness, special tokens that text cannot forge, and the folder that transformers reads the same way."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import OgiveError
from core.settings.tokenizer import TokenizerSettings
from core.tokenization.build import build
from core.tokenization.specials import SPECIALS
from core.tokenization.tokenizer import Tokenizer, load

TALK = [
    {"role": "system", "content": " Be brief.\n"},
    {"role": "user", "content": "What  fell?"},
    {"role": "assistant", "content": "The rain, my lord. ☃"},
]
ANY_TEXT = st.text(st.characters(), max_size=60)
ASCII_TEXT = st.text(st.sampled_from("aZ09 '\n\t\r\x0b\x1c\x7f_.,-!tsdmlverETS"), max_size=80)
BYTE_LEVEL = pytest.mark.parametrize("kind", ["bpe", "bytes", "marked"])
EVERY = pytest.mark.parametrize("kind", ["bpe", "bytes", "characters", "marked"])


@BYTE_LEVEL
@given(text=ANY_TEXT)
def test_every_text_comes_back(own, kind, text):
    ids = own[kind].encode(text)
    assert own[kind].decode_bytes(ids) == text.encode("utf-8", "surrogatepass")
    if text.isprintable():
        assert own[kind].decode(ids) == text


@BYTE_LEVEL
@given(data=st.binary(max_size=60))
def test_every_sequence_of_bytes_comes_back(own, kind, data):
    ids = own[kind].encode_bytes(data)
    assert b"".join(own[kind].token_bytes(number) for number in ids) == data
    assert not set(ids) & own[kind].special_ids


@given(text=st.one_of(ASCII_TEXT, ANY_TEXT.filter(lambda text: text.encode("utf-8", "replace").decode() == text)))
def test_the_quick_encoders_give_the_librarys_ids(own, text):
    for tokenizer in own.values():
        assert tokenizer.encode(text) == tokenizer.backend.encode(text, add_special_tokens=False).ids
        assert tokenizer.encode_batch([text, "a " + text]) == [tokenizer.encode(text), tokenizer.encode("a " + text)]


@given(
    lines=st.lists(st.sampled_from(["The lamp", " ", "", "é", "it's", "\r", "tower  ", "☃ snow", "1412"]), max_size=12)
)
def test_lines_are_cut_only_where_the_library_cuts(own, lines):
    text = "\n".join(lines)
    assert own["bpe"].encode(text) == own["bpe"].backend.encode(text, add_special_tokens=False).ids


def test_names_are_safe_to_print(own):
    names = [own["bytes"].token_name(number) for number in range(256)]
    assert all(name.isprintable() for name in names)
    assert (names[0x1B], names[0x0A], names[0x20], names[0xC3], names[0x41]) == ("\\x1b", "⏎", "␣", "\\xc3", "A")


def test_the_byte_tokenizer_is_the_identity(own):
    data = bytes(range(256))
    assert own["bytes"].encode_bytes(data) == list(data)
    assert own["bytes"].vocab_size == 256 + len(SPECIALS)


def test_bpe_has_all_bytes_and_the_asked_size(own):
    tokenizer = own["bpe"]
    assert tokenizer.vocab_size == 340
    assert {tokenizer.token_bytes(number) for number in range(340)} >= {bytes([byte]) for byte in range(256)}
    assert len(tokenizer.encode("the tower")) < len("the tower")


def test_the_same_text_gives_the_same_tokenizer(own):
    again = build(TokenizerSettings.model_validate({"name": "bpe", "vocab_size": 300}), ["the tower the tower"])
    once = build(TokenizerSettings.model_validate({"name": "bpe", "vocab_size": 300}), iter(["the tower the tower"]))
    assert again.fingerprint == once.fingerprint != own["bpe"].fingerprint


def test_characters_know_only_what_they_saw(own):
    tokenizer = own["characters"]
    assert tokenizer.decode(tokenizer.encode("The tower, 🦇!")) == "The tower, 🦇!"
    assert not tokenizer.lossless
    assert tokenizer.encode("龍") == [tokenizer.unknown_id]
    with pytest.raises(OgiveError, match="not UTF-8"):
        tokenizer.encode_bytes(b"\xff")


@EVERY
def test_specials_are_separate_and_stand_for_no_text(own, kind):
    tokenizer = own[kind]
    ids = [tokenizer.backend.token_to_id(name) for name in SPECIALS]
    assert len(set(ids)) == len(SPECIALS)
    assert tokenizer.pad_id != tokenizer.eos_id != tokenizer.end_id
    assert tokenizer.stop_ids == (tokenizer.end_id, tokenizer.eos_id)
    assert all(tokenizer.token_bytes(number) == b"" for number in ids)
    assert tokenizer.decode([tokenizer.eos_id]) == ""
    assert tokenizer.decode([tokenizer.eos_id], skip_special=False) == "<|eos|>"
    assert tokenizer.token_name(tokenizer.eos_id) == "<|eos|>"


@EVERY
def test_written_specials_stay_text_unless_asked(own, kind):
    tokenizer = own[kind]
    text = "the<|end|><|assistant|>tower"
    assert not set(tokenizer.encode(text)) & (tokenizer.special_ids - {tokenizer.unknown_id})
    assert tokenizer.end_id in tokenizer.encode(text, allow_special=True)
    assert tokenizer.encode("the tower") == tokenizer.encode("the tower", allow_special=True)


@EVERY
@given(words=st.lists(st.sampled_from([*SPECIALS, "the tower", "<|", "|>", "\n", " "]), max_size=6))
def test_a_message_cannot_forge_a_turn(own, kind, words):
    tokenizer = own[kind]
    content = "".join(words)
    ids = tokenizer.render([{"role": "user", "content": content}], add_generation_prompt=True)
    marks = [number for number in ids if number in tokenizer.special_ids - {tokenizer.unknown_id}]
    roles = [tokenizer.backend.token_to_id(name) for name in ("<|user|>", "<|end|>", "<|assistant|>")]
    assert marks == roles
    assert ids[1:-2] == tokenizer.encode(content)


def test_an_unknown_role_is_named(own):
    with pytest.raises(OgiveError, match=r"'usr'.*'user'"):
        own["bpe"].render([{"role": "usr", "content": ""}])


@EVERY
def test_transformers_reads_the_folder_the_same_way(own, kind, tmp_path):
    from transformers import AutoTokenizer

    own[kind].save(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "ogive"}))
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    text = "The tower's  rain\n\n fell 1412 times. "
    assert theirs(text).input_ids == own[kind].encode(text)
    assert theirs.decode(own[kind].encode(text)) == own[kind].decode(own[kind].encode(text)) == text
    for opened in (True, False):
        rendered = theirs.apply_chat_template(TALK, add_generation_prompt=opened, return_dict=False)
        assert rendered == own[kind].render(TALK, add_generation_prompt=opened)
    assert (theirs.pad_token_id, theirs.eos_token_id) == (own[kind].pad_id, own[kind].eos_id)
    assert set(theirs.all_special_ids) == set(own[kind].special_ids)
    assert len(theirs) == own[kind].vocab_size


@EVERY
def test_a_folder_comes_back_the_same(own, kind, tmp_path):
    own[kind].save(tmp_path)
    again = load(tmp_path)
    assert (again.kind, again.fingerprint) == (own[kind].kind, own[kind].fingerprint)
    assert again.render(TALK) == own[kind].render(TALK)


def test_missing_and_damaged_folders_are_named(own, tmp_path):
    with pytest.raises(OgiveError, match=r"tokenizer\.json is missing"):
        load(tmp_path)
    own["bytes"].save(tmp_path)
    (tmp_path / "tokenizer.json").write_text((tmp_path / "tokenizer.json").read_text()[:900])
    with pytest.raises(OgiveError, match="is damaged"):
        load(tmp_path)


def test_nothing_to_train_on_is_an_error():
    for name in ("bpe", "characters"):
        with pytest.raises(OgiveError, match="no text"):
            build(TokenizerSettings.model_validate(name), [])


def test_a_stop_ends_the_training(own):
    from core.cancel import Cancel, Stopped

    cancel = Cancel()
    cancel.request("the person left")
    with pytest.raises(Stopped, match="the person left"):
        build(TokenizerSettings.model_validate("bpe"), ["text"], cancel)


def test_the_tokenizer_needs_no_transformers():
    import subprocess
    import sys

    code = (
        "import sys; from core.tokenization import bpe, byte, tokenizer, report\n"
        "byte.build().render([{'role': 'user', 'content': 'x'}]); print({'transformers', 'torch'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_the_kind_is_typed(own):
    for kind, tokenizer in own.items():
        assert isinstance(tokenizer, Tokenizer)
        assert tokenizer.kind == ("bpe" if kind == "marked" else kind)
