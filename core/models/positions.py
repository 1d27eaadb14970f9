"""How place is told to attention. A scheme adds to the stream, turns queries and keys, or biases the scores.

A *place* says where tokens stand: a `slice` while all rows stand at the same places (no gather needed), else an int64
tensor `(batch, time)`. Each scheme is built as `Positions(size, head_size, heads, context, **options)` and overrides
what it needs: `add` once per forward, `prepare` once per forward, `rotate` in every layer, `bias` once per forward.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from core.models import blank

Place = slice | Tensor


class Positions(nn.Module):
    """The base scheme tells nothing, which is a scheme by itself: causality alone shows order (Kazemnejad et al. 2023).

    Others override the methods they need.
    """

    def __init__(self, size: int, head_size: int, heads: int, context: int) -> None:
        super().__init__()

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
        super().__init__(size, head_size, heads, context)
        self.table = blank.embedding(context, size)

    def add(self, x: Tensor, place: Place) -> Tensor:
        return x + (self.table.weight[place] if isinstance(place, slice) else self.table(place))

    def reset(self) -> None:
        nn.init.normal_(self.table.weight, std=0.02)


class SinusoidalPositions(Positions):
    """Fixed waves added to the embedded tokens: sin and cos of place / 10000^(2i / size), times `scale` (Vaswani et
    al. 2017, where tokens were scaled up instead)."""

    def __init__(self, size: int, head_size: int, heads: int, context: int, scale: float) -> None:
        super().__init__(size, head_size, heads, context)
        with torch.device("cpu"):
            exponents = torch.arange(0, size, 2, dtype=torch.float32) / size
            angles = torch.outer(torch.arange(context, dtype=torch.float32), 10000.0**-exponents)
            self.waves = scale * torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)

    def add(self, x: Tensor, place: Place) -> Tensor:
        if self.waves.device != x.device:
            self.waves = self.waves.to(x.device)
        return x + self.waves[place].to(x.dtype)


class AlibiPositions(Positions):
    """Head h loses slope_h of its score per token of distance (ALiBi, Press et al. 2022).

    The slopes are 2^(-8h / heads) for h = 1..heads where that is a power of two; else those of the power of two below,
    then every second one of the power above.
    """

    def __init__(self, size: int, head_size: int, heads: int, context: int) -> None:
        super().__init__(size, head_size, heads, context)
        self.slopes = alibi_slopes(heads)

    def bias(self, queries: Place, keys: Place, like: Tensor) -> Tensor | None:
        return _by_distance(self.slopes, queries, keys, like)


def alibi_slopes(heads: int) -> list[float]:
    """What a token of distance costs in each head (Press et al. 2022, and their code for other numbers of heads)."""
    whole = 1 << (heads.bit_length() - 1)
    slopes = [2.0 ** (-8.0 * (head + 1) / whole) for head in range(whole)]
    return slopes + [2.0 ** (-4.0 * (2 * head + 1) / whole) for head in range(heads - whole)]


class RotaryPositions(Positions):
    """Turns pairs (i, i + head_size / 2) of queries and keys by place * theta^(-2i / head_size) (Su et al. 2021).

    With `recency`, head h also loses recency / 2^h of its score per token of distance (ALiBi, Press et al. 2022), so
    that attention looks near from the first step on: small models learn faster.
    """

    scale = 1.0
    """What turned queries and keys are multiplied by."""

    def __init__(self, size: int, head_size: int, heads: int, context: int, theta: float, recency: float = 0.0) -> None:
        super().__init__(size, head_size, heads, context)
        self.slopes = [recency / 2**head for head in range(heads)] if recency else None
        self.head_size = head_size
        self.context = context
        self.theta = theta
        self._fill(torch.device("cpu"))

    def frequencies(self) -> Tensor:
        """Radians per place of each pair, `(head_size / 2,)`, from fast to slow."""
        exponents = torch.arange(0, self.head_size, 2, dtype=torch.float32) / self.head_size
        return 1.0 / self.theta**exponents

    def _fill(self, device: torch.device) -> None:
        # Plain attributes, not buffers: always fp32, whatever dtype the weights take, and never in a checkpoint.
        with torch.device("cpu"):
            angles = torch.outer(torch.arange(self.context, dtype=torch.float32), self.frequencies())
            self.cosine = (self.scale * torch.cat((angles, angles), dim=-1).cos()).to(device)
            self.sine = (self.scale * torch.cat((-angles, angles), dim=-1).sin()).to(device)

    def prepare(self, place: Place, like: Tensor) -> tuple[Tensor, Tensor]:
        if self.cosine.device != like.device:
            self._fill(like.device)
        return self.cosine[place].unsqueeze(-2), self.sine[place].unsqueeze(-2)

    def rotate(self, x: Tensor, prepared: tuple[Tensor, Tensor]) -> Tensor:
        cosine, sine = prepared
        swapped = x.roll(x.shape[-1] // 2, dims=-1)
        return torch.addcmul(x * cosine.to(x.dtype), swapped, sine.to(x.dtype))

    def bias(self, queries: Place, keys: Place, like: Tensor) -> Tensor | None:
        return None if self.slopes is None else _by_distance(self.slopes, queries, keys, like)


class YarnPositions(RotaryPositions):
    """RoPE stretched `factor` times beyond the `original` context (YaRN, Peng et al. 2023).

    NTK by parts (their section 3.2): pairs that turn more than `beta_fast` times within the original context stay as
    they are, those that turn less than `beta_slow` times are slowed down by the factor, a straight ramp lies between.
    Queries and keys are multiplied by `temperature`, 0.1 ln(factor) + 1 unless given (section 3.3, eq. 22).
    """

    def __init__(
        self,
        size: int,
        head_size: int,
        heads: int,
        context: int,
        theta: float,
        factor: float,
        original: int | None,
        temperature: float | None,
        beta_fast: float,
        beta_slow: float,
    ) -> None:
        self.factor = factor
        self.original = original or yarn_original(context, factor)
        self.turns = beta_fast, beta_slow
        self.scale = yarn_temperature(factor) if temperature is None else temperature
        super().__init__(size, head_size, heads, context, theta)

    def frequencies(self) -> Tensor:
        plain = super().frequencies()
        first, last = (self._pair(turns) for turns in self.turns)
        first, last = max(math.floor(first), 0), min(math.ceil(last), self.head_size - 1)
        ramp = (torch.arange(self.head_size // 2) - first) / ((last - first) or 0.001)
        slowed = ramp.clamp(0, 1)
        return plain * (1 - slowed) + plain / self.factor * slowed

    def _pair(self, turns: float) -> float:
        """The (fractional) pair that turns so many times within the original context."""
        return self.head_size * math.log(self.original / (turns * 2 * math.pi)) / (2 * math.log(self.theta))


def yarn_original(context: int, factor: float) -> int:
    """The context before stretching when none is given."""
    return max(2, round(context / factor))


def yarn_temperature(factor: float) -> float:
    """What YaRN multiplies queries and keys by when nothing else is asked for."""
    return 0.1 * math.log(factor) + 1.0 if factor > 1 else 1.0


def _by_distance(slopes: list[float], queries: Place, keys: Place, like: Tensor) -> Tensor:
    """-slope * distance, `(batch or 1, heads, queries, keys)`.

    Only differences between keys count, so places counted from elsewhere (left padding) give the same; what lies ahead
    is masked, whatever stands here.
    """
    distance = _places(keys, like)[..., None, :] - _places(queries, like)[..., :, None]
    return distance.unsqueeze(-3) * torch.tensor(slopes, device=like.device)[:, None, None]


def _places(place: Place, like: Tensor) -> Tensor:
    """Places as fp32 numbers, `(1 or batch, time)`."""
    if isinstance(place, Tensor):
        return place.float()
    return torch.arange(place.start, place.stop, dtype=torch.float32, device=like.device)[None]
