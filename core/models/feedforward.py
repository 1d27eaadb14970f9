"""The part of a block between attentions, and the functions it may have inside.

A brick of the FEEDFORWARDS table is built as `Activation(**options)`: it turns what the first matrix gives into what
the last one reads, and is `gated` where the first matrix gives twice as much, [gate | up].
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from core.models import blank, eager


class Activation(nn.Module):
    """The base: `forward` takes `(..., inner)`, or `(..., 2 * inner)` when gated, and gives `(..., inner)`."""

    gated = False


class SwiGLU(Activation):
    """silu(gate) * up (Shazeer 2020)."""

    gated = True

    def forward(self, x: Tensor) -> Tensor:
        gate, up = x.chunk(2, dim=-1)
        return F.silu(gate) * up


class GeGLU(Activation):
    """gelu(gate) * up (Shazeer 2020); `approximate` is torch's: none, or tanh."""

    gated = True

    def __init__(self, approximate: str) -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        gate, up = x.chunk(2, dim=-1)
        return F.gelu(gate, approximate=self.approximate) * up


class ReGLU(Activation):
    """relu(gate) * up (Shazeer 2020)."""

    gated = True

    def forward(self, x: Tensor) -> Tensor:
        gate, up = x.chunk(2, dim=-1)
        return F.relu(gate) * up


class GELU(Activation):
    """x * Phi(x) (Hendrycks and Gimpel 2016); `approximate` is torch's: none, or tanh as in GPT-2."""

    def __init__(self, approximate: str) -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x, approximate=self.approximate)


class ReLUSquared(Activation):
    """max(x, 0)^2 (So et al. 2021, Primer)."""

    def forward(self, x: Tensor) -> Tensor:
        return eager.relu_squared(x) if eager.pays(x) else F.relu(x).square()


class ReLU(Activation):
    """max(x, 0)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class LeakyReLU(Activation):
    """x where positive, else `slope` * x (Maas et al. 2013)."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, self.slope)


class SiLU(Activation):
    """x * sigmoid(x) (Elfwing et al. 2018)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(x)


class FeedForward(nn.Module):
    """down(activation(up(x))); gate and up are one matrix, rows [gate | up]."""

    def __init__(self, size: int, inner: int, bias: bool, activation: Activation) -> None:
        super().__init__()
        first, parts = (2 * inner, (inner, inner)) if activation.gated else (inner, ())
        self.up = blank.linear(size, first, bias=bias, parts=parts)
        self.activation = activation
        self.down = blank.linear(inner, size, bias=bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """`(batch, time, size)` in and out, and what its use costs the loss: nothing."""
        return self.down(self.activation(self.up(x))), None
