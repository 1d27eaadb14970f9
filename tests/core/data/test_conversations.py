"""Conversations of a corpus in files and in rows: every one once, nothing mixed, the same for the same seed."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from core.data.conversations import gather
from core.data.order import IGNORED
from core.data.rows import PackedRows, SingleRows, best_fit
from core.data.turns import Rules
from core.errors import OgiveError
from core.settings.data import DataSettings
from core.tokenization import byte
from core.workspace import Workspace

DEMO = DataSettings.model_validate({"sources": [{"name": "demo", "documents": 80}], "held_out": 0.2})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return gather(DEMO, byte.build(), Rules(301), Workspace(tmp_path_factory.mktemp("talks")))


def test_gathered_once_and_told(data, tmp_path):
    facts = data.facts()
    assert facts["documents"] == len(data.train) > 20
    assert facts["tokens"] == len(data.train.ids)
    assert 0 < facts["learned_tokens"] < facts["tokens"]
    assert facts["not_talk"] > 10  # The corpus has tales too; they are left out and counted.
    assert (data.train.lengths <= 301).all()
    again = gather(DEMO, byte.build(), Rules(301), Workspace(data.folder.parents[2]))
    assert again.key == data.key
    assert np.array_equal(again.train.ids, data.train.ids)
    other = gather(DEMO, byte.build(), Rules(301, learn="last"), Workspace(data.folder.parents[2]))
    assert other.key != data.key
    beside = Workspace(tmp_path)  # Not in the same place: those files are mapped into memory.
    copy = shutil.copytree(data.folder, beside.data / "talks" / data.key)
    (copy / "train.bin").write_bytes(b"damaged")
    mended = gather(DEMO, byte.build(), Rules(301), beside)
    assert np.array_equal(mended.train.ids, data.train.ids)


def test_best_fit_fills_rows():
    sizes = np.array([7, 3, 5, 5, 2, 8, 10, 1, 1])
    bins = best_fit(sizes, 10)
    assert sorted(number for members in bins for number in members) == list(range(9))
    assert all(sizes[members].sum() <= 10 for members in bins)
    assert len(bins) == 5
    draw = np.random.default_rng(0).integers(1, 200, 2000)
    packed = best_fit(draw, 256)
    assert draw.sum() / (len(packed) * 256) > 0.98


def spoken(row):
    """The conversations in rows, by their ids and labels."""
    found = []
    for ids, labels, places, talks in zip(row.ids, row.labels, row.places, row.talks, strict=True):
        for number in range(talks.max() + 1):
            mine = talks == number
            assert np.array_equal(places[mine], np.arange(mine.sum()))
            found.append((tuple(ids[mine]), tuple(labels[mine])))
        assert (labels[talks < 0] == IGNORED).all()
    return found


@pytest.mark.parametrize("kind", ["packed", "single"])
def test_every_conversation_once_per_epoch_in_an_order_that_is_the_seeds(data, kind):
    stream = data.train

    def make(seed):
        return PackedRows(stream, 300, seed, 0) if kind == "packed" else SingleRows(stream, 4, seed, 0)

    rows = make(1)
    expected = sorted(
        (tuple(ids[:-1]), tuple(np.where(learned[1:], ids[1:].astype(np.int64), IGNORED)))
        for ids, learned in (stream.talk(number) for number in range(len(stream)))
    )
    first = spoken(rows.batch(0, rows.rows)) if kind == "packed" else each(rows, 0, rows.rows)
    second = spoken(rows.batch(rows.rows, rows.rows)) if kind == "packed" else each(rows, rows.rows, rows.rows)
    assert sorted(first) == sorted(second) == expected
    assert first != second
    whole = rows.batch(3, 5)
    fresh = make(1).batch(3, 5)
    assert np.array_equal(whole.ids, fresh.ids)
    assert whole.count == fresh.count == (whole.labels != IGNORED).sum()
    assert not np.array_equal(make(2).batch(3, 5).ids[:, :8], whole.ids[:, :8])
    if kind == "packed":
        assert rows.filled > 0.85
        epoch = rows.batch(0, rows.rows)
        assert epoch.tokens / epoch.ids.size == pytest.approx(rows.filled)


def each(rows, first, count):
    """Single rows batch by batch, as training takes them."""
    found = []
    for position in range(first, first + count, 4):
        found += spoken(rows.batch(position, min(4, first + count - position)))
    return found


def test_rows_of_like_length_stand_together(data):
    rows = SingleRows(data.train, 4, 1, 0)
    batches = [rows.batch(position, 4) for position in range(0, rows.rows - 4, 4)]
    assert sum(b.tokens for b in batches) / sum(b.ids.size for b in batches) > 0.85


def write(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return DataSettings.model_validate({"sources": [{"name": "files", "path": str(path)}], "held_out": 0.3})


def test_what_cannot_be_learned_from_is_told(tmp_path):
    workspace, by = Workspace(tmp_path), byte.build()
    texts = write(tmp_path / "texts.jsonl", [{"text": f"tale {n}"} for n in range(30)])
    with pytest.raises(OgiveError, match="holds plain text and no conversations"):
        gather(texts, by, Rules(100), workspace)
    silent = write(tmp_path / "silent.jsonl", [{"messages": [{"role": "user", "content": f"{n}?"}]} for n in range(30)])
    with pytest.raises(OgiveError, match="have no reply"):
        gather(silent, by, Rules(100), workspace)
    talk = [
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": f"{n} " * 40}]}
        for n in range(30)
    ]
    long = write(tmp_path / "long.jsonl", talk)
    with pytest.raises(OgiveError, match="never learn to stop"):
        gather(long, by, Rules(20, truncate="cut"), workspace)
    with pytest.raises(OgiveError, match="none that fits into 19 tokens"):
        gather(long, by, Rules(20), workspace)
    assert not list((tmp_path / "data" / "talks").glob(".*"))
