"""Counts, histograms, tokens and mixtures of data of every kind, and data by what a person calls it."""

import json

import pytest

from core.data.adding import add
from core.data.corpus import Corpus
from core.data.files import FilesSource
from core.data.reading import data_settings, open_source
from core.data.snapshot_source import SnapshotSource
from core.data.survey import count_tokens, mixture, survey
from core.errors import OgiveError
from core.settings.data import DataSettings
from core.tokenization import bpe, byte


@pytest.fixture
def pairs(tmp_path):
    """Forty preferences, one of them twice."""
    path = tmp_path / "pairs.jsonl"
    rows = [{"prompt": f"Who rings {n}?", "chosen": "The wind.", "rejected": "Nobody."} for n in range(39)]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[5]]))
    return path


def test_preferences_are_counted_and_split_like_texts(pairs, files_settings):
    corpus = Corpus(files_settings(pairs, held_out=0.2))
    sides = {part: [row for side, row in corpus.tagged_rows() if side == part] for part in ("train", "held-out")}
    asked = {part: {row.prompt[0]["content"] for row in rows} for part, rows in sides.items()}
    assert len(sides["train"]) + len(sides["held-out"]) == 40
    assert len(sides["held-out"]) == pytest.approx(8, abs=2)
    assert not asked["train"] & asked["held-out"]
    found = survey(corpus, byte.build())
    assert found.kinds == {"preference": 40}
    assert (found.train.documents, found.held_out.documents) == tuple(map(len, sides.values()))
    assert [turn["role"] for turn in found.samples[0].messages] == ["user", "chosen", "rejected"]
    # Bytes as tokens: each reply with its prompt, role tokens, ends of turns and of the text.
    first = next(corpus.rows())
    words = len(first.prompt[0]["content"])
    assert found.token_lengths["shortest"] == 2 * words + len("The wind.Nobody.") + 2 * 5
    with pytest.raises(OgiveError, match=r"pairs\.jsonl:\d+ is a preference"):
        list(corpus.tagged())


def test_a_histogram_by_doublings(tmp_path, files_settings):
    path = tmp_path / "a.txt"
    path.write_text("\n".join("x" * size for size in [1, 2, 3, 4, 5, 16, 17] * 3))
    found = survey(Corpus(files_settings(path, unit="line")), byte.build())
    assert found.histogram == [[1, 3], [2, 3], [4, 6], [8, 3], [16, 3], [32, 3]]
    assert found.token_histogram == [[2, 3], [4, 6], [8, 6], [16, 0], [32, 6]]
    assert found.lengths == {"shortest": 1, "median": 4, "p95": 17, "longest": 17}
    assert json.loads(json.dumps(found.to_dict()))["token_lengths"]["longest"] == 18


def test_tokens_by_tokenizer(lines, files_settings, monkeypatch):
    corpus = Corpus(files_settings(lines, unit="line"))
    tokenizers = {"bytes": byte.build(), "bpe": bpe.train([lines.read_text()], 300)}
    found = count_tokens(corpus, tokenizers)
    size = len(lines.read_text().replace("\n", ""))
    assert found["bytes"] == {"tokens": size + 300, "bytes_per_token": size / (size + 300), "whole": True}
    assert found["bpe"]["tokens"] < found["bytes"]["tokens"]
    monkeypatch.setattr("core.data.survey._BATCH", 16)
    part = count_tokens(corpus, tokenizers, limit=1000)
    assert not part["bpe"]["whole"]
    assert 1000 < part["bytes"]["tokens"] < 2000


def test_a_mixture_is_told_by_weight_or_by_size(lines, pairs, tmp_path):
    sources = [{"name": "files", "path": str(lines), "documents": "line"}, {"name": "files", "path": str(pairs)}]
    found = mixture(Corpus(DataSettings.model_validate({"sources": sources})))
    assert [one["weight"] for one in found] == [None, None]
    assert sum(one["share"] for one in found) == pytest.approx(1)
    assert found[0]["share"] > 0.8
    assert found[1]["mapping"]["format"] == "preference"
    sources[1]["weight"] = 3.0
    found = mixture(Corpus(DataSettings.model_validate({"sources": sources})))
    assert [(one["weight"], one["share"], one["documents"]) for one in found] == [(1.0, 0.25, 300), (3.0, 0.75, 40)]


def test_data_is_found_by_name_path_and_id(lines, workspace):
    add(workspace, "song", [FilesSource(str(lines), documents="line")])
    assert data_settings("demo", workspace).sources[0].name == "demo"
    assert data_settings("song", workspace).sources[0]["snapshot"] == "song"
    assert isinstance(open_source("song@1", workspace), SnapshotSource)
    chosen = data_settings(str(lines), workspace, ["held_out=0.2"], documents="line")
    assert (chosen.held_out, chosen.sources[0]["documents"]) == (0.2, "line")
    assert data_settings("some/songs", workspace, split="train").sources[0]["id"] == "some/songs"
    assert data_settings("songs/missing.txt", workspace).sources[0].name == "files"
    assert open_source({"name": "files", "path": str(lines)}, workspace).files == [lines]
    with pytest.raises(OgiveError, match=r"There is no data named 'sonng', and no such path\. Did you mean 'song'\?"):
        data_settings("sonng", workspace)
    with pytest.raises(OgiveError, match=r"song is read as it is: --column cannot change it"):
        data_settings("song", workspace, column="text")
    with pytest.raises(OgiveError, match=r"--set held\.out=1: of a path only whole settings"):
        data_settings(str(lines), workspace, ["held.out=1"])
