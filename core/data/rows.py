"""Which conversations a step learns from, and how they are laid out: several in one row, or apart by like length.

Rows are filled once by best fit; the order of rows is a pure function of (seed, epoch, index), so a place is one
integer. Both layouts of a step hold the same conversations, so which one is used is a matter of speed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.conversations import TalkStream
from core.data.order import IGNORED, permute

LEAST_ROW = 256
"""A packed row is at least this long where the context allows: products of fewer rows run slower."""
_LIKE = 0.7
"""Conversations laid out apart share a rectangle while they are at least so long, relative to its longest."""


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


class TalkRows:
    """Rows of up to `length` tokens, each filled with whole conversations; every conversation once per epoch.

    `chosen` are the conversations to take (all by default). The longest of them decides `length`, up to `context`.
    """

    def __init__(
        self, stream: TalkStream, context: int, seed: int, filler: int, chosen: np.ndarray | None = None
    ) -> None:
        self._stream, self._seed, self._filler = stream, seed, filler
        numbers = np.arange(len(stream)) if chosen is None else chosen
        sizes = stream.lengths[numbers] - 1  # The last token is only ever a label.
        self.length = min(context, -(-max(int(sizes.max()), LEAST_ROW) // 64) * 64)
        # Shuffled first, so that which conversations of one length share a row is the seed's.
        shuffled = permute(np.arange(len(numbers)), len(numbers), seed, 0)
        bins = best_fit(sizes[shuffled], self.length)
        self.members = [numbers[shuffled[members]] for members in bins]
        self.rows = len(self.members)
        self.filled = float(sizes.sum()) / (self.rows * self.length)

    def order(self, position: int, count: int) -> list[int]:
        """Numbers of the `count` rows from `position` on, a count of rows since training began."""
        found = []
        for place in range(position, position + count):
            epoch, index = divmod(place, self.rows)
            found.append(int(permute(np.array([index]), self.rows, self._seed, epoch + 1)[0]))
        return found

    def packed(self, rows: Sequence[int]) -> Row:
        """These rows, several conversations in each."""
        return _lay([self.members[number] for number in rows], self._stream, self.length, self._filler)

    def apart(self, rows: Sequence[int]) -> list[Row]:
        """The conversations of these rows, one in each row of rectangles of like length, the longest first."""
        numbers = np.concatenate([self.members[number] for number in rows])
        lengths = self._stream.lengths[numbers] - 1
        order = np.argsort(-lengths, kind="stable")
        groups: list[list[int]] = []
        width = 0
        for place in order.tolist():
            if not groups or lengths[place] < _LIKE * width:
                groups.append([])
                width = int(lengths[place])
            groups[-1].append(int(numbers[place]))
        return [self.single(group) for group in groups]

    def single(self, numbers: Sequence[int]) -> Row:
        """These conversations, one per row, in a rectangle as wide as the longest needs."""
        width = int(self._stream.lengths[list(numbers)].max()) - 1
        return _lay([[number] for number in numbers], self._stream, -(-width // 8) * 8, self._filler)


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
