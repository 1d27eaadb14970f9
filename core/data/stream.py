"""Text turned into training windows while it is read, for data too large to pack: the same windows from any place.

Rows are taken from the sources by their weights (in characters), made into one stream of tokens, and cut into windows;
windows are shuffled within blocks. All of it is a pure function of the data, the seed and the position; the state that
a checkpoint keeps (files and rows reached, tokens left over) only saves reading again from the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.data.cursor import Cursor, beginning
from core.data.encoding import encode
from core.data.mixing import Mix
from core.data.order import permute
from core.data.typed import Row, Text, as_document, plain
from core.errors import OgiveError
from core.tokenization.tokenizer import Tokenizer

BLOCK = 1 << 19  # tokens that are shuffled together
_BATCH_ROWS, _BATCH_CHARACTERS = 512, 1 << 18
CARRY = "data.carry"
"""The name of the left-over tokens among a checkpoint's tensors."""


class RowStream:
    """Training rows of all sources without end. Without a mix one source is read after the other; with one, the next
    row is of the source that has given least for its weight, and one that is read out follows the mix's rule."""

    def __init__(self, cursors: Sequence[Cursor], mix: Mix | None) -> None:
        self._cursors, self._mix = cursors, mix
        self._now = 0
        self._taken = [0] * len(cursors)
        self._out = [False] * len(cursors)
        self._going_on = False

    @property
    def state(self) -> dict[str, Any]:
        """Where every source is, and what each has given, as JSON."""
        return {
            "cursors": [cursor.state for cursor in self._cursors],
            "now": self._now,
            "going_on": self._going_on,
            "taken": list(self._taken),
            "out": list(self._out),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a place that `state` gave."""
        for cursor, kept in zip(self._cursors, state["cursors"], strict=True):
            cursor.restore(kept)
        self._now, self._going_on = state["now"], state["going_on"]
        self._taken, self._out = list(state["taken"]), list(state["out"])

    def next(self) -> Row:
        """The next row. OgiveError when a source has no training text at all."""
        while True:
            if not self._going_on:
                self._choose()
            row = self._cursors[self._now].next()
            if row is None:
                self._read_out()
                continue
            # The pieces of a long text stay together.
            self._going_on = isinstance(row, Text) and row.continues
            self._taken[self._now] += len(plain(row))
            return row

    def _choose(self) -> None:
        if self._mix is not None:
            weights = self._mix.weights
            there = [number for number, out in enumerate(self._out) if not out]
            self._now = min(there, key=lambda number: (self._taken[number] / weights[number], number))

    def _read_out(self) -> None:
        """The source at hand has come to its end; its cursor is at the beginning again."""
        if self._cursors[self._now].empty:
            raise OgiveError(
                f"Source {self._now + 1} of the data has no training text.", "Look at it with `ogive data preview`."
            )
        self._going_on = False
        if self._mix is None:
            self._now = (self._now + 1) % len(self._cursors)
        elif self._mix.exhausted == "drop":
            self._out[self._now] = True
            if all(self._out):
                self._begin()
        elif self._mix.exhausted == "stop":
            for cursor in self._cursors:
                at = cursor.state
                if at["shard"] or at["row"]:
                    cursor.restore(beginning(at["epoch"] + 1))
            self._begin()

    def _begin(self) -> None:
        self._out = [False] * len(self._cursors)
        self._taken = [0] * len(self._cursors)


class StreamOrder:
    """Training windows of a stream of rows; the same calls as a `BatchOrder` of packed tokens."""

    windows: int | None = None
    """How many there are in an epoch is not known before everything was read."""

    def __init__(self, stream: RowStream, tokenizer: Tokenizer, context: int, seed: int) -> None:
        self.context, self.seed = context, seed
        self._stream, self._tokenizer = stream, tokenizer
        self._dtype = np.uint16 if tokenizer.vocab_size <= 1 << 16 else np.uint32
        self.block = max(1, BLOCK // context)
        """Windows that are shuffled together."""
        self._starts: dict[int, tuple[dict[str, Any], np.ndarray]] = {0: (stream.state, np.zeros(0, self._dtype))}
        self._made = -1
        self._rows = np.zeros((0, context + 1), self._dtype)

    def batch(self, position: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and labels of the windows from `position` on, both (count, context) int64."""
        parts = []
        while count > 0:
            block, inside = divmod(position, self.block)
            self._make(block)
            index = np.arange(inside, min(inside + count, self.block))
            parts.append(self._rows[permute(index, self.block, self.seed, block)])
            position += len(index)
            count -= len(index)
        rows = np.concatenate(parts).astype(np.int64)
        return np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, 1:])

    def state(self, position: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What a checkpoint keeps for the window `position`: JSON, and tensors by name."""
        block = position // self.block
        if block not in self._starts:
            self._make(block - 1)
        state, carry = self._starts[block]
        return {"block": block, "context": self.context, **state}, {CARRY: carry.astype(np.int32)}

    def restore(self, state: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        """Begin with the block of a state that `state` gave."""
        if state["context"] != self.context:
            raise OgiveError("The saved place in the data is of another training.context.", "Fork without going on.")
        kept = {key: value for key, value in state.items() if key not in ("block", "context")}
        self._starts[state["block"]] = (kept, tensors[CARRY].astype(self._dtype))

    def _make(self, block: int) -> None:
        """Fill `_rows` with the windows of `block`, from the nearest place before it that is known."""
        if block == self._made:
            return
        known = max(number for number in self._starts if number <= block)
        state, carry = self._starts[known]
        self._stream.restore(state)
        for number in range(known, block + 1):
            tokens = self._fill(carry)
            carry = tokens[self.block * self.context :].copy()
            self._starts[number + 1] = (self._stream.state, carry)
            rows = np.lib.stride_tricks.sliding_window_view(tokens, self.context + 1)
            self._rows = rows[: self.block * self.context : self.context]
        self._made = block
        for number in [number for number in self._starts if 0 < number < block - 1]:
            del self._starts[number]

    def _fill(self, carry: np.ndarray) -> np.ndarray:
        """`carry` and as many more tokens as a block and the label of its last token need."""
        parts, have = [carry], len(carry)
        while have <= self.block * self.context:
            documents = [as_document(row) for row in self._batch()]
            for ids in encode(documents, self._tokenizer):
                parts.append(np.array(ids, self._dtype))
                have += len(ids)
        return np.concatenate(parts)

    def _batch(self) -> Iterator[Row]:
        size = 0
        for _ in range(_BATCH_ROWS):
            row = self._stream.next()
            yield row
            size += len(plain(row))
            if size >= _BATCH_CHARACTERS:
                return
