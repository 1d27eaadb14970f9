"""Every window once per epoch, the same from any place; every held-out token once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.order import IGNORED, BatchOrder, HeldOutOrder, permute
from core.errors import OgiveError


@given(size=st.integers(1, 3000), seed=st.integers(0, 2**70), epoch=st.integers(0, 2**40))
def test_a_permutation_of_any_size(size, seed, epoch):
    places = permute(np.arange(size), size, seed, epoch)
    assert np.array_equal(np.sort(places), np.arange(size))


@given(size=st.integers(2, 2**40), seed=st.integers(0, 99), data=st.data())
def test_a_place_does_not_depend_on_its_neighbours(size, seed, data):
    index = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=9)))
    together = permute(index, size, seed, 3)
    alone = [int(permute(index[i : i + 1], size, seed, 3)[0]) for i in range(len(index))]
    assert together.tolist() == alone
    assert together.max() < size


def test_the_order_is_fixed_for_all_time():
    """A run that resumes under a later version must go on in the same order."""
    assert permute(np.arange(8), 1000, 1337, 0).tolist() == [160, 599, 596, 400, 814, 466, 987, 587]
    assert BatchOrder(np.arange(4000, dtype=np.uint16), 16, 7).starts(243, 6).tolist() == [
        1035,
        731,
        3931,
        3531,
        459,
        3118,
    ]


def test_it_shuffles():
    places = permute(np.arange(20_000), 20_000, 1, 0)
    assert abs(np.corrcoef(places[:-1], places[1:])[0, 1]) < 0.03
    assert abs(np.corrcoef(places, np.arange(20_000))[0, 1]) < 0.03
    other = permute(np.arange(20_000), 20_000, 1, 1)
    assert (places == other).mean() < 0.001
    thirds = np.histogram(places[:5000], bins=10)[0]
    assert thirds.min() > 400


@given(
    tokens=st.integers(20, 600), context=st.integers(2, 19), seed=st.integers(0, 5), sizes=st.lists(st.integers(1, 9))
)
def test_each_window_once_per_epoch_however_it_is_cut(tokens, context, seed, sizes):
    stream = np.arange(tokens, dtype=np.uint16)
    order = BatchOrder(stream, context, seed)
    for epoch in range(3):
        starts = order.starts(epoch * order.windows, order.windows)
        assert len(set(starts.tolist())) == order.windows
        assert len(set((starts % context).tolist())) == 1
        assert starts.min() >= 0
        assert starts.max() + context + 1 <= tokens
    position = 0
    whole = BatchOrder(stream, context, seed).starts(0, sum(sizes))
    for size in sizes:
        inputs, labels = order.batch(position, size)
        assert inputs[:, 0].tolist() == whole[position : position + size].tolist()
        assert np.array_equal(inputs + 1, labels)
        position += size


def test_every_token_is_reached_over_the_epochs():
    order = BatchOrder(np.arange(100, dtype=np.uint16), 16, 0)
    seen = set()
    for step in range(order.windows * 40):
        seen.update(order.batch(step, 1)[1].ravel().tolist())
    assert seen == set(range(1, 100))


def test_batches_from_a_file_are_ready_for_torch(tmp_path):
    import torch

    stream = (np.arange(5000) * 7 % 65_000).astype(np.uint16)
    stream.tofile(tmp_path / "x.bin")
    order = BatchOrder(np.memmap(tmp_path / "x.bin", dtype="<u2", mode="r"), 64, 1)
    inputs, labels = order.batch(100, 12)
    assert torch.from_numpy(inputs).shape == torch.from_numpy(labels).shape == (12, 64)
    assert inputs.dtype == labels.dtype == np.int64
    assert inputs.flags.c_contiguous
    assert labels.flags.c_contiguous
    assert np.array_equal(inputs[:, 1:], labels[:, :-1])


def test_too_little_text_is_an_error():
    with pytest.raises(OgiveError, match="only 16 tokens"):
        BatchOrder(np.zeros(16, np.uint16), 16, 1)
    assert BatchOrder(np.zeros(17, np.uint16), 16, 1).windows == 1


@given(tokens=st.integers(1, 200), context=st.integers(1, 40), rows=st.integers(1, 7))
def test_every_held_out_token_is_a_label_once(tokens, context, rows):
    stream = np.arange(1, tokens + 1, dtype=np.uint16)
    order = HeldOutOrder(stream, context, 0, np.full(tokens + 1, 3))
    labels = np.concatenate([labels.ravel() for _, labels in order.batches(rows)])
    inputs = np.concatenate([inputs.ravel() for inputs, _ in order.batches(rows)])
    assert labels[labels != IGNORED].tolist() == stream.tolist()
    assert (inputs[labels != IGNORED] == stream - 1).all()
    assert (order.tokens, order.bytes) == (tokens, 3 * tokens)
    assert all(len(inputs) <= rows for inputs, _ in order.batches(rows))


@given(tokens=st.integers(1, 500), limit=st.integers(1, 600))
def test_a_limit_takes_fixed_windows_spread_over_the_text(tokens, limit):
    stream = np.arange(1, tokens + 1, dtype=np.uint16)
    lengths = np.arange(tokens + 1)
    order = HeldOutOrder(stream, 16, 0, lengths, limit)
    labels = np.concatenate([labels.ravel() for _, labels in order.batches(3)])
    labels = labels[labels != IGNORED]
    assert len(labels) == order.tokens <= max(16, limit)
    assert order.bytes == labels.sum()
    assert len(set(labels.tolist())) == len(labels)


def test_no_held_out_text_is_an_error():
    with pytest.raises(OgiveError, match="no held-out"):
        HeldOutOrder(np.zeros(0, np.uint16), 16, 0, np.zeros(1))
