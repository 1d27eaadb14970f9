"""Conversations of a corpus in files and in rows: every one once, nothing mixed, the same for the same seed."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from core.data.conversations import gather
from core.data.order import IGNORED
from core.data.rows import TalkRows, best_fit
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


@pytest.mark.parametrize("layout", ["packed", "apart"])
def test_every_conversation_once_per_epoch_in_an_order_that_is_the_seeds(data, layout):
    stream = data.train

    def take(rows, position, count):
        numbers = rows.order(position, count)
        return [rows.packed(numbers)] if layout == "packed" else rows.apart(numbers)

    rows = TalkRows(stream, 300, 1, 0)
    expected = sorted(
        (tuple(ids[:-1]), tuple(np.where(learned[1:], ids[1:].astype(np.int64), IGNORED)))
        for ids, learned in (stream.talk(number) for number in range(len(stream)))
    )
    epochs = [
        [talk for row in take(rows, first, rows.rows) for talk in spoken(row)]
        for first in (0, rows.rows, 2 * rows.rows)
    ]
    assert all(sorted(epoch) == expected for epoch in epochs)
    assert rows.order(0, rows.rows) != rows.order(rows.rows, rows.rows)
    assert rows.order(3, 5) == TalkRows(stream, 300, 1, 0).order(3, 5)
    assert rows.filled > 0.85
    whole, again = take(rows, 3, 5), take(TalkRows(stream, 300, 1, 0), 3, 5)
    assert all(np.array_equal(one.ids, other.ids) for one, other in zip(whole, again, strict=True))
    other = take(TalkRows(stream, 300, 2, 0), 3, 5)
    assert sorted(talk for row in other for talk in spoken(row)) != sorted(
        talk for row in whole for talk in spoken(row)
    )


def test_both_layouts_hold_the_same_conversations(data):
    rows = TalkRows(data.train, 300, 1, 0)
    packed, apart = rows.packed(rows.order(2, 6)), rows.apart(rows.order(2, 6))
    assert sorted(spoken(packed)) == sorted(talk for row in apart for talk in spoken(row))
    assert packed.count == sum(row.count for row in apart)
    assert packed.tokens == sum(row.tokens for row in apart)
    assert packed.ids.shape == (6, rows.length)
    assert sum(row.tokens for row in apart) / sum(row.ids.size for row in apart) > 0.8
    assert all((np.diff(row.talks, axis=1) <= 0).all() for row in apart)  # Filling stands at the end.


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
