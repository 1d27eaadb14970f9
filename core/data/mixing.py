"""Weighted sources read together: which window comes from which source, as a pure function of (seed, epoch, index).

Weights are shares of windows, and so of tokens. What happens when a source is read out is one of three rules:

- repeat: it begins again, in a new order; the weights hold for the whole run. An epoch ends when every source has been
  read at least once.
- drop: it is left out, and the others go on in their own proportions until all are read; every window once per epoch.
- stop: the epoch ends for all; the next one begins with each source anew, in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.order import BatchOrder, permute
from core.settings.data import DataSettings

_BLOCK = 4096
RULES = ("repeat", "drop", "stop")


@dataclass(frozen=True)
class Mix:
    """The sources' weights, in their order, and the rule for one that is read out."""

    weights: tuple[float, ...]
    exhausted: str

    @property
    def shares(self) -> list[float]:
        """The weights as shares that add up to 1."""
        return [weight / sum(self.weights) for weight in self.weights]


def mix_of(settings: DataSettings) -> Mix | None:
    """How the sources are read together; None when no weights are given and every document is read once."""
    weights = settings.weights
    return None if weights is None else Mix(tuple(weights), settings.exhausted)


def stretches(windows: Sequence[int], mix: Mix) -> list[list[int]]:
    """An epoch as stretches in which the proportions stay the same: windows of each source in each stretch."""
    shares = mix.shares
    if mix.exhausted != "drop":
        choose = max if mix.exhausted == "repeat" else min
        last = choose(range(len(windows)), key=lambda number: windows[number] / shares[number])
        return [_proportional(windows, shares, last, list(range(len(windows))), bounded=mix.exhausted == "stop")]
    left = list(windows)
    found = []
    while any(left):
        there = [number for number, count in enumerate(left) if count]
        first = min(there, key=lambda number: left[number] / shares[number])
        part = _proportional(left, shares, first, there, bounded=True)
        found.append(part)
        left = [count - taken for count, taken in zip(left, part, strict=True)]
    return found


def _proportional(
    windows: Sequence[int], shares: list[float], leader: int, there: list[int], bounded: bool
) -> list[int]:
    """As many windows of each source in `there` as fit to all of the leader's; at least one of each."""
    found = [0] * len(windows)
    for number in there:
        wanted = max(1, round(windows[leader] * shares[number] / shares[leader]))
        found[number] = min(wanted, windows[number]) if bounded else wanted
    return found


class MixedOrder:
    """Training windows of several token streams; the same calls as a `BatchOrder` of one."""

    def __init__(self, streams: Sequence[np.ndarray], mix: Mix, context: int, seed: int) -> None:
        self.context, self.seed = context, seed
        # Streams have seeds of their own, so that equal ones are not read in step.
        self._orders = [BatchOrder(tokens, context, seed + 7919 * number) for number, tokens in enumerate(streams)]
        counts = [order.windows for order in self._orders]
        self._stretches = stretches(counts, mix)
        taken = np.sum(self._stretches, axis=0)
        # Sources that begin again go on where the last epoch left them; the others begin each epoch with its own order.
        self._stride = taken if mix.exhausted == "repeat" else np.array(counts)
        self._ends = np.cumsum([sum(part) for part in self._stretches])
        self.windows = int(self._ends[-1])
        self._block: tuple[int, int] = (-1, -1)
        self._sources = self._starts = np.zeros(0, np.int64)

    def epoch(self, position: int) -> float:
        """How many epochs have been read when `position` windows have been."""
        return position / self.windows

    def sources(self, position: int, count: int) -> np.ndarray:
        """The number of the source of each window from `position` on (int64)."""
        return self._range(position, count)[0]

    def batch(self, position: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and labels, both (count, context) int64."""
        sources, starts = self._range(position, count)
        rows = np.empty((count, self.context + 1), np.int64)
        for number, order in enumerate(self._orders):
            chosen = sources == number
            if chosen.any():
                rows[chosen] = order.rows(starts[chosen])
        return np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, 1:])

    def _range(self, position: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        sources, starts = [], []
        while count > 0:
            epoch, index = divmod(position, self.windows)
            block, inside = divmod(index, _BLOCK)
            if self._block != (epoch, block):
                self._make(epoch, block)
                self._block = (epoch, block)
            part = slice(inside, inside + count)
            sources.append(self._sources[part])
            starts.append(self._starts[part])
            position += len(sources[-1])
            count -= len(sources[-1])
        return np.concatenate(sources), np.concatenate(starts)

    def _make(self, epoch: int, block: int) -> None:
        """Source and start of the windows of one block: each stretch is a shuffled deck with cards of every source."""
        index = np.arange(block * _BLOCK, min((block + 1) * _BLOCK, self.windows))
        sources, local = np.empty_like(index), np.empty_like(index)
        for number in range(len(self._stretches)):
            start = int(self._ends[number - 1]) if number else 0
            chosen = (index >= start) & (index < self._ends[number])
            if not chosen.any():
                continue
            counts = np.array(self._stretches[number])
            before = np.sum(self._stretches[:number], axis=0, initial=0) if number else np.zeros_like(counts)
            ends = np.cumsum(counts)
            cards = permute(index[chosen] - start, int(ends[-1]), self.seed ^ (number + 1) << 32, epoch)
            owners = np.searchsorted(ends, cards, side="right")
            sources[chosen] = owners
            local[chosen] = cards - (ends - counts)[owners] + before[owners]
        starts = np.empty_like(index)
        for number, order in enumerate(self._orders):
            chosen = sources == number
            starts[chosen] = order.scattered(local[chosen] + epoch * int(self._stride[number]))
        self._sources, self._starts = sources, starts
