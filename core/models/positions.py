"""How place is told to attention. A scheme adds to the stream, turns queries and keys, or biases the scores.

A *place* says where tokens stand: a `slice` while all rows stand at the same places (no gather needed), else an int64
tensor `(batch, time)`. Each scheme is built as `Positions(size, head_size, heads, context, **options)` and overrides
what it needs: `add` once per forward, `prepare` once per forward, `rotate` in every layer, `bias` once per forward.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from core.models import blank

Place = slice | Tensor


class Positions(nn.Module):
    """The base scheme tells nothing; subclasses override the methods they need."""

    def add(self, x: Tensor, place: Place) -> Tensor:
        """The embedded tokens `(batch, time, size)` with their places added."""
        return x

    def prepare(self, place: Place, like: Tensor) -> Any:
        """What `rotate` needs at these places, made once for all layers, on the device of `like`."""
        return None

    def rotate(self, x: Tensor, prepared: Any) -> Tensor:
        """Queries or keys `(batch, time, heads, head_size)`, turned by their places."""
        return x

    def bias(self, queries: Place, keys: Place, like: Tensor) -> Tensor | None:
        """What is added to the scores: broadcasts to `(batch, heads, queries, keys)`; None for nothing."""
        return None

    def reset(self) -> None:
        """Set the scheme's own weights to their start."""


class LearnedPositions(Positions):
    """One trained vector per place, added to the embedded tokens (GPT-2)."""

    def __init__(self, size: int, head_size: int, heads: int, context: int) -> None:
        super().__init__()
        self.table = blank.embedding(context, size)

    def add(self, x: Tensor, place: Place) -> Tensor:
        return x + (self.table.weight[place] if isinstance(place, slice) else self.table(place))

    def reset(self) -> None:
        nn.init.normal_(self.table.weight, std=0.02)


class RotaryPositions(Positions):
    """Turns pairs (i, i + head_size / 2) of queries and keys by place * theta^(-2i / head_size) (Su et al. 2021).

    With `recency`, head h also loses recency / 2^h of its score per token of distance (ALiBi, Press et al. 2022), so
    that attention looks near from the first step on: small models learn faster.
    """

    def __init__(self, size: int, head_size: int, heads: int, context: int, theta: float, recency: float = 0.0) -> None:
        super().__init__()
        self.slopes = [recency / 2**head for head in range(heads)] if recency else None
        self.head_size = head_size
        self.context = context
        self.theta = theta
        self._fill(torch.device("cpu"))

    def _fill(self, device: torch.device) -> None:
        # Plain attributes, not buffers: always fp32, whatever dtype the weights take, and never in a checkpoint.
        with torch.device("cpu"):
            exponents = torch.arange(0, self.head_size, 2, dtype=torch.float32) / self.head_size
            angles = torch.outer(torch.arange(self.context, dtype=torch.float32), 1.0 / self.theta**exponents)
        self.cosine = torch.cat((angles, angles), dim=-1).cos().to(device)
        self.sine = torch.cat((-angles, angles), dim=-1).sin().to(device)

    def prepare(self, place: Place, like: Tensor) -> tuple[Tensor, Tensor]:
        if self.cosine.device != like.device:
            self._fill(like.device)
        return self.cosine[place].unsqueeze(-2), self.sine[place].unsqueeze(-2)

    def rotate(self, x: Tensor, prepared: tuple[Tensor, Tensor]) -> Tensor:
        cosine, sine = prepared
        swapped = x.roll(x.shape[-1] // 2, dims=-1)
        return torch.addcmul(x * cosine.to(x.dtype), swapped, sine.to(x.dtype))

    def bias(self, queries: Place, keys: Place, like: Tensor) -> Tensor | None:
        if self.slopes is None:
            return None
        # Only differences between keys count, so places counted from elsewhere (left padding) give the same; what
        # lies ahead is masked, whatever stands here.
        distance = _places(keys, like)[..., None, :] - _places(queries, like)[..., :, None]
        slopes = torch.tensor(self.slopes, device=like.device)
        return distance.unsqueeze(-3) * slopes[:, None, None]


def _places(place: Place, like: Tensor) -> Tensor:
    """Places as fp32 numbers, `(1 or batch, time)`."""
    if isinstance(place, Tensor):
        return place.float()
    return torch.arange(place.start, place.stop, dtype=torch.float32, device=like.device)[None]
