"""Weighted sources: shares as asked, each rule for a source that is read out, the same order from any place."""

import numpy as np
import pytest

from core.data.mixing import Mix, MixedOrder, stretches
from core.data.packed import pack
from core.errors import OgiveError
from core.settings.data import DataSettings
from core.settings.run import RunSettings
from core.settings.training import TrainingSettings
from core.tokenization import byte
from core.training.objectives.language import Language

CONTEXT = 8


def streams(*sizes):
    """Streams whose tokens tell the stream (thousands) and the place in it."""
    return [np.arange(size, dtype=np.uint32) + 100_000 * number for number, size in enumerate(sizes)]


def order(sizes, weights, rule, seed=3):
    return MixedOrder(streams(*sizes), Mix(weights, rule), CONTEXT, seed)


@pytest.mark.parametrize("rule", ["repeat", "drop", "stop"])
def test_shares_are_the_weights_until_a_source_is_read_out(rule):
    mixed = order((8001, 4001, 801), (2.0, 1.0, 1.0), rule)
    counts = [sum(column) for column in zip(*stretches([999, 499, 99], Mix((2.0, 1.0, 1.0), rule)))]
    found = np.bincount(mixed.sources(0, mixed.windows), minlength=3)
    assert found.tolist() == counts
    first = np.bincount(mixed.sources(0, 396), minlength=3) / 396
    assert first == pytest.approx([0.5, 0.25, 0.25], abs=0.08)
    if rule == "repeat":
        assert found.tolist() == [998, 499, 499] or found.tolist() == [999, 500, 500]
    if rule == "stop":
        assert found.tolist() == [198, 99, 99]
    if rule == "drop":
        assert found.tolist() == [999, 499, 99]
        # When the smallest is read out, the others go on two to one.
        after = np.bincount(mixed.sources(396, 300), minlength=3)
        assert after[2] == 0
        assert after[0] / after[1] == pytest.approx(2, abs=0.7)


def starts(mixed, position, count):
    return mixed.batch(position, count)[0][:, 0]


def test_drop_reads_every_window_once_per_epoch():
    mixed = order((801, 401), (1.0, 3.0), "drop")
    for epoch in range(2):
        found = starts(mixed, epoch * mixed.windows, mixed.windows)
        assert len(set(found.tolist())) == mixed.windows == 99 + 49
    assert starts(mixed, 0, 20).tolist() != starts(mixed, mixed.windows, 20).tolist()


def test_repeat_reads_a_small_source_evenly():
    mixed = order((8001, 82), (1.0, 1.0), "repeat")
    found = starts(mixed, 0, mixed.windows)
    small = found[found >= 100_000] - 100_000
    assert len(small) == 999
    # Nine windows, 111 times each, at an offset of 0 to 8 that changes from time to time.
    _, times = np.unique((small + CONTEXT // 2) // CONTEXT, return_counts=True)
    assert times[1:-1].max() - times[1:-1].min() < 30
    assert len(set(found[found < 100_000].tolist())) == 999


def test_stop_shows_other_parts_of_a_large_source_in_the_next_epoch():
    mixed = order((8001, 81), (1.0, 1.0), "stop")
    assert mixed.windows == 18
    first, second = (starts(mixed, epoch * 18, 18) for epoch in range(2))
    assert set(first[first < 100_000].tolist()) != set(second[second < 100_000].tolist())


@pytest.mark.parametrize("rule", ["repeat", "drop", "stop"])
def test_any_place_gives_the_same_windows(rule):
    whole = order((8001, 4001, 801), (2.0, 1.0, 1.0), rule)
    inputs, labels = whole.batch(0, 5000)
    assert (labels == inputs + 1).all()
    for position, count in ((0, 7), (395, 3), (whole.windows - 2, 5), (4090, 900)):
        again = order((8001, 4001, 801), (2.0, 1.0, 1.0), rule)
        part = again.batch(position, count)
        assert (part[0] == inputs[position : position + count]).all()
        assert (part[1] == labels[position : position + count]).all()
    other = order((8001, 4001, 801), (2.0, 1.0, 1.0), rule, seed=4)
    assert (other.batch(0, 100)[0] != inputs[:100]).any()


@pytest.fixture
def two(tmp_path):
    """Two text files, one of letters a, one of letters b and a line that both have."""
    for name, count in (("a", 400), ("b", 60)):
        lines = [f"{name}{number} " + name * 30 for number in range(count)]
        (tmp_path / f"{name}.txt").write_text("\n".join([*lines, *(f"shared {n}" for n in range(40))]))
    return [{"name": "files", "path": str(tmp_path / f"{name}.txt"), "documents": "line"} for name in "ab"]


def test_weighted_files_are_packed_by_source_and_learned_from_in_their_shares(two, workspace):
    two[0]["weight"], two[1]["weight"] = 1.0, 3.0
    data = pack(DataSettings.model_validate({"sources": two}), byte.build(), workspace)
    assert len(data.parts) == 2
    objective = Language(data, TrainingSettings(eval_tokens=None), 32)
    ids = objective.batch(0, 400).tensors[0].numpy()
    letters = np.bincount(ids.ravel(), minlength=256)
    assert letters[ord("b")] / (letters[ord("a")] + letters[ord("b")]) == pytest.approx(0.75, abs=0.05)
    again = pack(DataSettings.model_validate({"sources": [two[0], {**two[1], "weight": 9.0}]}), byte.build(), workspace)
    assert again.folder == data.folder  # weights change the order, not the tokens
    assert data.train_tokens == sum(len(part.tokens) for part in data.parts)
    with pytest.raises(AssertionError, match="several streams"):
        _ = data.train


def test_weights_are_refused_where_every_row_is_read_once(two):
    two[0]["weight"] = 2.0
    with pytest.raises(ValueError, match="stage sft reads every row once"):
        RunSettings.model_validate({"stage": "sft", "data": {"sources": two}})
    with pytest.raises(ValueError, match="weight must be at least 1e-06"):
        DataSettings.model_validate({"sources": [two[0] | {"weight": 0.0}]})


def test_equal_documents_are_on_one_side_in_all_sources(two, workspace):
    for weight in (None, 1.0):
        two[0]["weight"] = weight
        data = pack(DataSettings.model_validate({"sources": two, "held_out": 0.3}), byte.build(), workspace)
        sides = [
            {line for part in side for line in bytes_of(part).split(b"\n")} for side in (data.parts, [data.held_out])
        ]
        assert any(line.startswith(b"shared") for line in sides[0])
        assert any(line.startswith(b"shared") for line in sides[1])
        assert not sides[0] & sides[1]


def bytes_of(stream):
    found = stream.tokens.astype(np.int64)
    return bytes(np.where(found < 256, found, ord("\n")).astype(np.uint8)).rstrip(b"\n")


def test_a_source_without_training_text_is_named(two, workspace, tmp_path):
    two[1] |= {"weight": 1.0}
    said = set()
    for letter in "abcdefgh":  # about half of them are held out
        (tmp_path / "b.txt").write_text(letter)
        try:
            settings = DataSettings.model_validate({"sources": two, "split_by": "document", "held_out": 0.5})
            pack(settings, byte.build(), workspace)
        except OgiveError as error:
            said.add(error.message)
    assert said == {"No training text of source 2 (files) is left after the split."}
