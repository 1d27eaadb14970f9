"""Kept tokenizers: versions with parents, nothing written over, damage told."""

import pytest

from core.data.corpus import Corpus
from core.data.tokenizers import changed, find_tokenizer, list_named, train_kept
from core.errors import OgiveError
from core.settings.data import DataSettings
from core.settings.tokenizer import TokenizerSettings
from core.tokenization import library
from core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def corpus():
    return Corpus(DataSettings.model_validate({"sources": [{"name": "demo", "documents": 30}]}))


def settings(**options):
    return TokenizerSettings.model_validate({"name": "bpe", "vocab_size": 300, **options})


def test_versions_have_parents_and_the_same_is_not_kept_twice(workspace, corpus):
    first = train_kept(workspace, settings(), corpus, "tales", trained_on="demo")
    again = train_kept(workspace, settings(), corpus, "tales")
    second = train_kept(workspace, settings(split_digits=True), corpus, "tales")
    other = train_kept(workspace, settings(vocab_size=280), corpus, "small", parent=first.reference)
    assert (first.reference, first.parent, again.reference) == ("tales@1", None, "tales@1")
    assert (second.reference, second.parent, other.parent) == ("tales@2", "tales@1", "tales@1")
    assert [kept.reference for kept in library.list_kept(workspace)] == ["small@1", "tales@1", "tales@2"]
    assert library.find_kept(workspace, "tales") == second
    assert library.find_kept(workspace, "tales@1") == first
    assert first.settings["vocab_size"] == 300
    assert first.data["sources"][0]["documents"] == 30
    assert find_tokenizer(workspace, "tales").fingerprint == second.sha256 != first.sha256
    assert find_tokenizer(workspace, str(first.folder)).fingerprint == first.sha256


def test_a_deleted_version_is_gone_and_no_other(workspace, corpus):
    first = train_kept(workspace, settings(), corpus, "tales")
    second = train_kept(workspace, settings(vocab_size=310), corpus, "tales")
    library.delete_kept(workspace, first.reference)
    assert library.list_kept(workspace) == [second]
    with pytest.raises(OgiveError, match=r"'tales@1'.*'tales@2'"):
        library.delete_kept(workspace, "tales@1")
    third = train_kept(workspace, settings(vocab_size=320), corpus, "tales")
    assert third.reference == "tales@3"


def test_damage_is_told_and_does_not_hide_the_others(workspace, corpus):
    first = train_kept(workspace, settings(), corpus, "tales")
    second = train_kept(workspace, settings(vocab_size=310), corpus, "tales")
    (first.folder / library.ABOUT).write_text('{"kind": ')
    found = library.list_kept(workspace)
    assert "not whole JSON" in found[0].problem
    assert found[1] == second
    (second.folder / "tokenizer.json").write_text("{")
    with pytest.raises(OgiveError, match="damaged"):
        find_tokenizer(workspace, "tales")


def test_what_a_name_may_mean_is_listed(workspace, corpus):
    train_kept(workspace, settings(), corpus, "mine", trained_on="demo")
    found = {one.name: one for one in list_named(workspace)}
    assert next(iter(found)) == "mine@1"
    assert found["mine@1"].note == "bpe, 300 tokens, from demo"
    assert (found["tales"].kind, found["bytes"].kind) == ("settings", "brick")
    with pytest.raises(OgiveError, match="Did you mean 'mine@1'"):
        find_tokenizer(workspace, "mime@1")


@pytest.mark.parametrize("name", ["bpe", "", "../up", "a/b", "0123456789abcdef", ".x"])
def test_names_that_cannot_be(workspace, corpus, name):
    with pytest.raises(OgiveError, match="cannot be"):
        train_kept(workspace, settings(), corpus, name)


def test_what_needs_no_training_is_not_kept(workspace, corpus):
    with pytest.raises(OgiveError, match="needs no training"):
        train_kept(workspace, TokenizerSettings.model_validate("bytes"), corpus, "raw")


def test_options_change_settings():
    found = changed(settings(), ["split_digits=true", "special_tokens=[<|a|>]", "vocab_size=500"])
    assert (found["split_digits"], found["special_tokens"], found["vocab_size"]) == (True, ["<|a|>"], 500)
    with pytest.raises(OgiveError, match="split_digits"):
        changed(settings(), ["split_digit=true"])
