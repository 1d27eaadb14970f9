"""Conversations laid out in rows: several packed into one row, or one per row with rows of like length together.

Both are pure functions of (lengths, seed, epoch, index), so a place in them is one integer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.conversations import TalkStream
from core.data.order import IGNORED, permute

LEAST_ROW = 256
"""A packed row is at least this long where the context allows: products of fewer rows run slower."""
_WINDOW = 64
"""Batches whose conversations are sorted by length together."""


@dataclass(frozen=True)
class Row:
    """Tensors of some rows, each `(rows, time)` int64: token ids, the label of each (-100: not learned), its place in
    its conversation, and the number of its conversation in the row (-1 for filling)."""

    ids: np.ndarray
    labels: np.ndarray
    places: np.ndarray
    talks: np.ndarray

    @property
    def count(self) -> int:
        """Tokens the loss counts."""
        return int((self.labels != IGNORED).sum())

    @property
    def tokens(self) -> int:
        """Tokens that are read, filling not counted."""
        return int((self.talks >= 0).sum())


def best_fit(sizes: np.ndarray, room: int) -> list[list[int]]:
    """Bins of at most `room` in all, by best-fit decreasing: each goes where it leaves the least room.

    Sizes above `room` are an error of the caller. Equal sizes keep their order, so the result is deterministic.
    """
    bins: list[list[int]] = []
    by_room: list[list[int]] = [[] for _ in range(room + 1)]
    open_rooms = 0  # bit r: some bin has r left
    for number in np.argsort(-sizes, kind="stable").tolist():
        size = int(sizes[number])
        fitting = open_rooms >> size
        if fitting:
            left = size + (fitting & -fitting).bit_length() - 1
            chosen = by_room[left].pop()
            if not by_room[left]:
                open_rooms &= ~(1 << left)
        else:
            left, chosen = room, len(bins)
            bins.append([])
        bins[chosen].append(number)
        left -= size
        by_room[left].append(chosen)
        open_rooms |= 1 << left
    return bins


class PackedRows:
    """Rows of one length, each filled with whole conversations; every conversation once per epoch."""

    def __init__(self, stream: TalkStream, context: int, seed: int, filler: int, chosen: np.ndarray | None = None):
        self._stream, self._seed, self._filler = stream, seed, filler
        numbers = np.arange(len(stream)) if chosen is None else chosen
        sizes = stream.lengths[numbers] - 1  # The last token is only ever a label.
        longest = int(sizes.max())
        self.length = min(context, -(-max(longest, LEAST_ROW) // 64) * 64)
        # Shuffled first, so that which conversations of one length share a row is the seed's.
        shuffled = permute(np.arange(len(numbers)), len(numbers), seed, 0)
        bins = best_fit(sizes[shuffled], self.length)
        self._members = [numbers[shuffled[members]] for members in bins]
        self.rows = len(self._members)
        self.filled = float(sizes.sum()) / (self.rows * self.length)

    def batch(self, position: int, count: int) -> Row:
        """`count` rows from `position` on, a count of rows since training began."""
        chosen = []
        for place in range(position, position + count):
            epoch, index = divmod(place, self.rows)
            chosen.append(int(permute(np.array([index]), self.rows, self._seed, epoch + 1)[0]))
        return self.at(chosen)

    def at(self, rows: Sequence[int]) -> Row:
        """The rows with these numbers."""
        return _lay([self._members[number] for number in rows], self._stream, self.length, self._filler)


class SingleRows:
    """One conversation per row. Batches are as long as their longest row; conversations of like length stand together,
    in batches whose order is shuffled."""

    def __init__(self, stream: TalkStream, batch: int, seed: int, filler: int, chosen: np.ndarray | None = None):
        self._stream, self._seed, self._filler = stream, seed, filler
        self._numbers = np.arange(len(stream)) if chosen is None else chosen
        self._batch = batch
        self.rows = len(self._numbers)
        self._epoch: tuple[int, np.ndarray] = (-1, np.zeros(0, np.int64))

    def _order(self, epoch: int) -> np.ndarray:
        """The conversations of an epoch in their order."""
        if self._epoch[0] != epoch:
            shuffled = self._numbers[permute(np.arange(self.rows), self.rows, self._seed, 2 * epoch)]
            sizes = self._stream.lengths[shuffled]
            window = _WINDOW * self._batch
            parts = []
            for first in range(0, self.rows, window):
                part = shuffled[first : first + window]
                part = part[np.argsort(-sizes[first : first + window], kind="stable")]
                parts += [part[start : start + self._batch] for start in range(0, len(part), self._batch)]
            mixed = permute(np.arange(len(parts)), len(parts), self._seed, 2 * epoch + 1)
            self._epoch = (epoch, np.concatenate([parts[number] for number in mixed]))
        return self._epoch[1]

    def batch(self, position: int, count: int) -> Row:
        """`count` rows from `position` on, a count of rows since training began."""
        chosen: list[int] = []
        while len(chosen) < count:
            epoch, index = divmod(position + len(chosen), self.rows)
            chosen += self._order(epoch)[index : index + count - len(chosen)].tolist()
        return self.lay(chosen)

    def at(self, rows: Sequence[int]) -> Row:
        """The rows with these numbers, in the order the data has them."""
        return self.lay([int(self._numbers[number]) for number in rows])

    def lay(self, numbers: Sequence[int]) -> Row:
        """These conversations, one per row."""
        length = int(self._stream.lengths[list(numbers)].max()) - 1
        return _lay([[number] for number in numbers], self._stream, -(-length // 8) * 8, self._filler)


def _lay(rows: Sequence[Sequence[int]], stream: TalkStream, length: int, filler: int) -> Row:
    shape = (len(rows), length)
    ids = np.full(shape, filler, np.int64)
    labels = np.full(shape, IGNORED, np.int64)
    places = np.zeros(shape, np.int64)
    talks = np.full(shape, -1, np.int64)
    for row, members in enumerate(rows):
        place = 0
        for order, number in enumerate(members):
            known, learned = stream.talk(number)
            end = place + len(known) - 1
            ids[row, place:end] = known[:-1]
            labels[row, place:end] = np.where(learned[1:], known[1:].astype(np.int64), IGNORED)
            places[row, place:end] = np.arange(end - place)
            talks[row, place:end] = order
            place = end
        places[row, place:] = np.arange(length - place)
    return Row(ids, labels, places, talks)
