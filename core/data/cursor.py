"""One source read row after row, epoch after epoch, from a place that is a few numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from core.data.documents import Source
from core.data.order import permute
from core.data.sources import RowSource, rows
from core.data.splitting import row_key
from core.data.typed import Row


class Cursor:
    """The training rows of a source: those whose hash is not among the lowest `share`, which are held out. (A source
    with a split of its own holds out by itself.)

    The order of its files changes by epoch and `seed`; the rows of one file keep theirs. `state` is JSON.
    """

    def __init__(self, source: Source, share: float, seed: int, split_seed: int) -> None:
        self._source = source
        self._seed, self._split_seed = seed, split_seed
        self._limit = 0 if source.own_split else held_out_limit(share)
        self._shards = source.shards if isinstance(source, RowSource) else 1
        self._at: dict[str, Any] = beginning(0)
        self.empty = False
        """Whether an epoch has ended in which there was nothing to learn from."""
        self._rows: Iterator[Row] | None = None

    @property
    def state(self) -> dict[str, Any]:
        """Epoch, place in the order of files, rows of that file that were read, and rows given in this epoch."""
        mark = getattr(self._source, "mark", None)
        found = dict(self._at)
        if mark is not None and self._rows is not None and (held := mark()) is not None:
            found["mark"] = held
        return found

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a place that `state` gave."""
        self._at, self._rows = dict(state), None

    def next(self) -> Row | None:
        """The next training row; None at the end of an epoch, after which the next one begins."""
        while True:
            if self._rows is None:
                self._rows = self._open()
            row = next(self._rows, None)
            if row is not None:
                self._at["row"] += 1
                if not self._limit or row_key(row, self._split_seed) > self._limit:
                    self._at["given"] += 1
                    return row
                continue
            self._rows = None
            self._at |= {"shard": self._at["shard"] + 1, "row": 0}
            if self._at["shard"] >= self._shards:
                self.empty = not self._at["given"]
                self._at = beginning(self._at["epoch"] + 1)
                return None

    def _open(self) -> Iterator[Row]:
        epoch, place, skip = self._at["epoch"], self._at["shard"], self._at["row"]
        if not isinstance(self._source, RowSource):
            return islice(rows(self._source), skip, None)
        shard = place
        if self._shards > 1:
            shard = int(permute(np.array([place]), self._shards, self._seed, epoch)[0])
        mark = self._at.pop("mark", None)
        if mark is not None:
            return self._source.shard(shard, skip, mark=mark)  # ty: ignore[unknown-argument] - it gave the mark
        return self._source.shard(shard, skip)


def beginning(epoch: int) -> dict[str, Any]:
    """The state of a cursor at the start of an epoch."""
    return {"epoch": epoch, "shard": 0, "row": 0, "given": 0}


def held_out_limit(share: float) -> int:
    """The largest hash of a row that is held out, so that about `share` of all rows are."""
    return int(share * (1 << 64))
