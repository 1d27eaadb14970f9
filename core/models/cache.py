"""The keys and values of tokens already read, in memory set aside once."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from core.errors import OgiveError
from core.models.positions import Place


class Cache(Protocol):
    """What a decoder asks of a cache; `KVCache` is ours, `huggingface.py` adapts the ones of transformers."""

    def begin(self, time: int) -> tuple[Place, int, Tensor | None]:
        """Before `time` new tokens: their place in the cache, how many keys `update` will return, and which of those
        each query sees, `(batch or 1, time, keys)`; None when each sees all up to its own place."""
        ...

    def update(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store `(batch, kv_heads, time, head_size)`; all keys and values of the layer so far."""
        ...

    def advance(self, time: int) -> None:
        """After the last layer: the new tokens count as read."""
        ...


class KVCache:
    """Keys and values `(layers, batch, kv_heads, room, head_size)`, written in place, never concatenated.

    While all rows are equally long (`lengths` is None) a step writes and reads plain slices. Rows of unequal length,
    or `static=True`, keep the length of each row in the tensor `lengths` on the device: writes go by index and what
    lies past a row's end is masked, so shapes never change and a step can be captured as a CUDA graph. A replayed
    graph moves `lengths` by itself; `length`, the host's bound on the longest row, is then moved by `note`.
    """

    def __init__(
        self,
        layers: int,
        batch: int,
        kv_heads: int,
        room: int,
        head_size: int,
        *,
        dtype: torch.dtype,
        device: torch.device | str,
        static: bool = False,
    ) -> None:
        # Zeros, not empty memory: masked places still meet a weight of 0, and 0 * NaN is NaN.
        self.keys = torch.zeros(layers, batch, kv_heads, room, head_size, dtype=dtype, device=device)
        self.values = torch.zeros_like(self.keys)
        self.static = static
        self.length = 0
        self.lengths: Tensor | None = torch.zeros(batch, dtype=torch.int64, device=device) if static else None
        self._place: Place = slice(0, 0)
        self._end = 0

    @property
    def batch(self) -> int:
        return self.keys.shape[1]

    @property
    def room(self) -> int:
        return self.keys.shape[3]

    def begin(self, time: int) -> tuple[Place, int, Tensor | None]:
        if self.length + time > self.room:
            raise OgiveError(
                f"The cache has room for {self.room} tokens; {self.length} are in it and {time} more were given.",
                "Make a longer cache, or crop this one.",
            )
        self._end = self.room if self.static else self.length + time
        if self.lengths is None:
            self._place = slice(self.length, self._end)
            return self._place, self._end, None
        self._place = self.lengths[:, None] + torch.arange(time, device=self.lengths.device)
        visible = torch.arange(self._end, device=self.lengths.device) <= self._place[..., None]
        return self._place, self._end, visible

    def update(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        kept_keys, kept_values = self.keys[layer], self.values[layer]
        if isinstance(self._place, slice):
            kept_keys[:, :, self._place] = keys
            kept_values[:, :, self._place] = values
        else:
            index = self._place[:, None, :, None].expand_as(keys)
            kept_keys.scatter_(2, index, keys.to(kept_keys.dtype))
            kept_values.scatter_(2, index, values.to(kept_values.dtype))
        return kept_keys[:, :, : self._end], kept_values[:, :, : self._end]

    def advance(self, time: int) -> None:
        self.length += time
        if self.lengths is not None:
            self.lengths += time

    def note(self, time: int) -> None:
        """Tell the host that a replayed graph read `time` more tokens."""
        self.length += time

    def set_lengths(self, lengths: Tensor) -> None:
        """Real lengths `(batch,)` of the rows after a right-padded prefill; the padding is forgotten."""
        self.lengths = lengths.to(device=self.keys.device, dtype=torch.int64).clone()
        self.length = int(lengths.max())

    def crop(self, length: int) -> None:
        """Forget everything past the first `length` tokens of each row."""
        self.length = min(self.length, length)
        if self.lengths is not None:
            self.lengths.clamp_(max=length)

    def select(self, rows: Tensor) -> KVCache:
        """A new cache of the given rows `(n,)`, repeated or left out as asked."""
        other = object.__new__(KVCache)
        other.keys = self.keys.index_select(1, rows)
        other.values = self.values.index_select(1, rows)
        other.static = self.static
        other.length = self.length
        other.lengths = None if self.lengths is None else self.lengths[rows]
        other._place, other._end = slice(0, 0), 0
        return other

    def expand(self, variants: int) -> KVCache:
        """A new cache in which each row stands `variants` times in a row: one prompt read once, many continuations."""
        rows = torch.arange(self.batch, device=self.keys.device).repeat_interleave(variants)
        return self.select(rows)
