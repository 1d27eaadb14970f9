"""The order in which a token stream is read: a pure function of (seed, epoch, index), so a place is one integer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.errors import OgiveError

_MASK = (1 << 64) - 1
_BLOCK = 4096
_ROUNDS = 4
_PIECE = 1 << 20
IGNORED = -100


def _mix(value: int) -> int:
    """SplitMix64's finaliser (Steele et al. 2014): 64 well-stirred bits of any integer."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def _keys(seed: int, epoch: int, count: int) -> list[int]:
    state = _mix(_mix(seed & _MASK) ^ _mix(epoch ^ 0x6F676976))
    return [_mix(state + number) for number in range(count)]


def permute(index: np.ndarray, size: int, seed: int, epoch: int) -> np.ndarray:
    """Where a shuffled deck of `size` cards has the cards `index` (int64, each below `size`).

    Each round multiplies by an odd number, adds, and folds the high bits down, all within the smallest power of two
    that holds the deck: each of these is undone by another, so the whole is a permutation (the mixing steps of PCG,
    O'Neill 2014). A result outside the deck is sent round again (cycle walking, Black and Rogaway 2002).
    """
    bits = max(2, (size - 1).bit_length())
    mask, half = np.uint64((1 << bits) - 1), np.uint64((bits + 1) // 2)
    keys = _keys(seed, epoch, 2 * _ROUNDS)
    steps = [(np.uint64(keys[i] | 1), np.uint64(keys[i + 1])) for i in range(0, 2 * _ROUNDS, 2)]
    out = index.astype(np.uint64)
    todo = np.arange(len(out))
    while len(todo):
        value = out[todo]
        for odd, shift in steps:
            value = (value * odd + shift) & mask
            value ^= value >> half
        out[todo] = value
        todo = todo[value >= size]
    return out.astype(np.int64)


class BatchOrder:
    """Training windows of a token stream, each once per epoch, in an order and with an offset that change by epoch.

    `position` counts windows since the start of training; batch after batch, a run's place is this one integer.
    `tokens` is a one-dimensional array (a memmap too); a window is `context` inputs and the label after each.
    """

    def __init__(self, tokens: np.ndarray, context: int, seed: int) -> None:
        labels = len(tokens) - 1
        if labels < context:
            raise OgiveError(
                f"The training text has only {len(tokens)} tokens, too few for one sequence of {context}.",
                "Add text, or shorten training.context.",
            )
        self.context = context
        self.seed = seed
        # One window is given up so that the offset can move over a whole window: boundaries differ by epoch.
        self.windows = max(1, labels // context - 1)
        self._room = labels - self.windows * context
        plain = np.frombuffer(tokens, dtype=tokens.dtype) if isinstance(tokens, np.memmap) else tokens
        self._rows = np.lib.stride_tricks.sliding_window_view(plain, context + 1)
        self._block: tuple[int, int] = (-1, -1)
        self._starts = np.zeros(0, np.int64)

    def epoch(self, position: int) -> float:
        """How many times the text has been read when `position` windows have been."""
        return position / self.windows

    def starts(self, position: int, count: int) -> np.ndarray:
        """Where the windows `position` to `position + count` begin in the stream (int64)."""
        parts = []
        while count > 0:
            epoch, index = divmod(position, self.windows)
            block, inside = divmod(index, _BLOCK)
            if self._block != (epoch, block):
                self._starts = self._make(epoch, block)
                self._block = (epoch, block)
            part = self._starts[inside : inside + count]
            parts.append(part)
            position += len(part)
            count -= len(part)
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def scattered(self, positions: np.ndarray) -> np.ndarray:
        """As `starts`, for positions in any order (int64)."""
        epochs, index = np.divmod(positions, self.windows)
        found = np.empty(len(positions), np.int64)
        for epoch in np.unique(epochs).tolist():
            chosen = epochs == epoch
            found[chosen] = self._places(index[chosen], epoch)
        return found

    def rows(self, starts: np.ndarray) -> np.ndarray:
        """The windows that begin at `starts`, (len(starts), context + 1), in the stream's own type."""
        return self._rows[starts]

    def batch(self, position: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and labels, both (count, context) int64, contiguous, for `torch.from_numpy`."""
        rows = self._rows[self.starts(position, count)]
        return rows[:, :-1].astype(np.int64), rows[:, 1:].astype(np.int64)

    def _make(self, epoch: int, block: int) -> np.ndarray:
        return self._places(np.arange(block * _BLOCK, min((block + 1) * _BLOCK, self.windows)), epoch)

    def _places(self, index: np.ndarray, epoch: int) -> np.ndarray:
        offset = _keys(self.seed, epoch, 2 * _ROUNDS + 1)[-1] % (self._room + 1)
        return permute(index, self.windows, self.seed, epoch) * self.context + offset


class HeldOutOrder:
    """Held-out windows: fixed, side by side, every token a label exactly once.

    The stream is read as if an end-of-text token stood before it, so its first token is predicted too. With `limit`
    only about that many tokens are taken, as whole windows spread evenly over the text, always the same ones.
    `token_bytes` gives the number of text bytes of each token id, so that bits per byte are exact.
    """

    def __init__(
        self, tokens: np.ndarray, context: int, eos_id: int, token_bytes: np.ndarray, limit: int | None = None
    ) -> None:
        if not len(tokens):
            raise OgiveError("There is no held-out text.", "Raise data.held_out, or add text.")
        self.context = context
        self._tokens, self._eos = tokens, eos_id
        total = -(-len(tokens) // context)
        wanted = total if limit is None else min(total, max(1, limit // context))
        self._chosen = np.arange(total) if wanted == total else (np.arange(wanted) * total) // wanted
        self.windows = wanted
        if wanted == total:
            counted = [tokens[start : start + _PIECE] for start in range(0, len(tokens), _PIECE)]
        else:
            counted = [self._labels(int(number)) for number in self._chosen]
        self.tokens = sum(len(labels) for labels in counted)
        self.bytes = sum(int(token_bytes[labels].sum()) for labels in counted)

    def _labels(self, number: int) -> np.ndarray:
        return self._tokens[number * self.context : (number + 1) * self.context]

    def batches(self, rows: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Inputs and labels, (at most `rows`, context) int64; beyond the text's end labels are -100."""
        for first in range(0, self.windows, rows):
            chosen = self._chosen[first : first + rows]
            inputs = np.full((len(chosen), self.context), self._eos, np.int64)
            labels = np.full((len(chosen), self.context), IGNORED, np.int64)
            for row, number in enumerate(chosen):
                known = self._labels(int(number))
                start = int(number) * self.context
                labels[row, : len(known)] = known
                inputs[row, 0] = self._tokens[start - 1] if start else self._eos
                inputs[row, 1 : len(known)] = known[:-1]
            yield inputs, labels
