"""Streams: the same windows from any place, shares by weight, every rule for a source that is read out."""

import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.data import stream as streams
from core.data.corpus import Corpus
from core.data.prepare import prepare
from core.data.streamed import open_streamed, row_stream
from core.errors import OgiveError
from core.settings.data import DataSettings
from core.settings.tokenizer import TokenizerSettings
from core.tokenization import byte


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 256)
    monkeypatch.setattr(streams, "_BATCH_CHARACTERS", 200)


@pytest.fixture
def sources(tmp_path):
    """A folder of three text files, a JSONL file of talk, a CSV file."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(3):
        lines = [f"a{number}-{line} the raven sat upon the tower" for line in range(40)]
        (folder / f"{number}.txt").write_text("\n".join(lines))
    talk = [
        {"messages": [{"role": "user", "content": f"b{n} who?"}, {"role": "assistant", "content": "I."}]}
        for n in range(50)
    ]
    (tmp_path / "talk.jsonl").write_text("".join(json.dumps(one) + "\n" for one in talk))
    (tmp_path / "c.csv").write_text("id,text\n" + "".join(f'{n},"c{n}, iron roses"\n' for n in range(60)))
    return [
        {"name": "files", "path": str(folder), "documents": "line"},
        {"name": "files", "path": str(tmp_path / "talk.jsonl")},
        {"name": "files", "path": str(tmp_path / "c.csv")},
    ]


def settings(sources, weights=None, **fields):
    weighted = [{**one, "weight": weight} for one, weight in zip(sources, weights or [None] * len(sources))]
    return DataSettings.model_validate({"sources": weighted, "streaming": True, "held_out": 0.1, **fields})


def order(wanted, workspace, seed=5):
    return open_streamed(Corpus(wanted), byte.build(), workspace).order(16, seed)


@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 1.0]])
@pytest.mark.parametrize("rule", ["repeat", "drop", "stop"])
def test_windows_are_the_same_from_any_place(sources, workspace, weights, rule):
    wanted = settings(sources, weights, exhausted=rule)
    straight = order(wanted, workspace)
    inputs, labels = straight.batch(0, 900)
    assert (inputs[:, 1:] == labels[:, :-1]).all()
    assert straight.block == 16
    for position in (0, 15, 16, 555):
        before = order(wanted, workspace)
        before.batch(max(0, position - 9), 9)
        before.batch(position, 8)  # as the loop does: the next batch is fetched before this place is saved
        place, tensors = json.loads(json.dumps(before.state(position)[0])), before.state(position)[1]
        after = order(wanted, workspace)
        after.restore(place, tensors)
        found = after.batch(position, 300)
        assert (found[0] == inputs[position : position + 300]).all()
        assert (found[1] == labels[position : position + 300]).all()
    assert (order(wanted, workspace).batch(700, 5)[0] == inputs[700:705]).all()
    assert (order(wanted, workspace, seed=6).batch(0, 100)[0] != inputs[:100]).any()


def taken(wanted, rows):
    """The texts of the first rows of a stream."""
    from core.data.typed import plain

    stream = row_stream(Corpus(wanted), 5)
    return [plain(stream.next()) for _ in range(rows)]


def test_without_weights_every_row_is_read_once_before_any_is_read_again(sources):
    wanted = settings(sources)
    held_out = 120 + 50 + 60 - len(set(taken(wanted, 2000)))
    assert 5 < held_out < 60
    count = 230 - held_out
    found = taken(wanted, 2 * count)
    assert len(set(found[:count])) == len(set(found[count:])) == count
    assert found[:count] != found[count:]  # the files come in another order


def test_weights_are_shares_of_characters(sources):
    found = taken(settings(sources, [1.0, 2.0, 1.0]), 3000)
    sizes = {kind: sum(len(text) for text in found if text.startswith(kind)) for kind in "abc"}
    total = sum(sizes.values())
    assert sizes["b"] / total == pytest.approx(0.5, abs=0.01)
    assert sizes["a"] / total == pytest.approx(0.25, abs=0.01)


def test_drop_and_stop_end_an_epoch_as_they_say(sources):
    wanted = settings(sources, [1.0, 1.0, 1.0], exhausted="drop")
    count = len(set(taken(wanted, 1000)))
    found = taken(wanted, count)
    assert len(set(found)) == count
    last = {kind: max(place for place, text in enumerate(found) if text.startswith(kind)) for kind in "abc"}
    assert last["b"] < last["c"] < last["a"]
    stopped = taken(settings(sources, [1.0, 1.0, 1.0], exhausted="stop"), 300)
    talk = len({text for text in stopped if text.startswith("b")})
    first = [text for text in stopped if text.startswith("a")]
    # The talk is read out first; then the others begin again before they were read out.
    assert stopped.count(next(text for text in stopped if text.startswith("b"))) >= 2
    assert len(set(first)) < 100
    assert talk > 30


def test_held_out_rows_are_never_in_the_stream(sources, workspace):
    wanted = settings(sources, [1.0, 1.0, 1.0])
    data = open_streamed(Corpus(wanted), byte.build(), workspace)
    ids = data.held_out.tokens.astype(np.int64)
    text = bytes(np.where(ids < 256, ids, ord("\n")).astype(np.uint8)).decode()
    measured = {line for line in text.split("\n") if line[:1] in ("a", "c")}
    assert measured
    assert not measured & set(taken(wanted, 1000))
    assert data.held_out.documents == len(data.held_out.ends)
    assert data.facts()["tokens"] is None
    again = open_streamed(Corpus(wanted), byte.build(), workspace)
    assert again.folder == data.folder


def test_a_source_with_nothing_to_learn_from_is_an_error_not_a_hang(sources, tmp_path):
    (tmp_path / "c.csv").write_text("id,text\n")
    with pytest.raises(OgiveError, match="Source 3 of the data has no training text"):
        taken(settings(sources, [1.0, 1.0, 1.0]), 100)


def test_exchanged_files_are_noticed_without_reading_them_whole(sources, workspace, tmp_path):
    before = Corpus(settings(sources)).fingerprint
    assert Corpus(settings(sources)).fingerprint == before
    path = tmp_path / "c.csv"
    path.write_text(path.read_text().replace("c7, iron", "c7, IRON"))
    assert Corpus(settings(sources)).fingerprint != before


def test_a_streamed_data_set_goes_on_from_any_place_too(sources, workspace, tmp_path, monkeypatch):
    from datasets import config

    monkeypatch.setattr(config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "set"
    folder.mkdir()
    for part in range(2):
        verses = [f"d{part}-{number} the bell in the tower" for number in range(70)]
        parquet.write_table(pa.table({"verse": verses}), folder / f"train-{part}.parquet", row_group_size=30)
    streamed = {"name": "huggingface", "id": str(folder), "split": "train", "streaming": True}
    wanted = settings([sources[2], streamed], [1.0, 2.0])
    inputs = order(wanted, workspace).batch(0, 700)[0]
    before = order(wanted, workspace)
    for position in (33, 250):
        before.batch(position, 20)
        place, tensors = before.state(position)
        assert place["cursors"][1]["mark"]
        after = order(wanted, workspace)
        after.restore(json.loads(json.dumps(place)), tensors)
        assert (after.batch(position, 400)[0] == inputs[position : position + 400]).all()


def test_a_tokenizer_is_trained_on_the_stream_and_kept(sources, workspace, monkeypatch):
    monkeypatch.setattr("core.data.streamed.TOKENIZER_CHARACTERS", 3000)
    wanted = settings(sources, [1.0, 1.0, 1.0])
    data = prepare(wanted, TokenizerSettings.model_validate({"name": "bpe", "vocab_size": 300}), workspace)
    assert data.tokenizer.vocab_size == 300
    again = prepare(wanted, data.tokenizer, workspace)
    assert (again.key, again.folder) == (data.key, data.folder)
    ids = data.order(16, 1).batch(0, 50)[0]
    assert "the raven" in data.tokenizer.decode(ids.ravel().tolist())
