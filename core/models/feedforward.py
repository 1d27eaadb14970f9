"""The part of a block between attentions: each is built as `FeedForward(size, inner, bias, **options)`.

`up` is the first matrix (gate and up in one when gated: rows [gate | up]) and `down` writes back to the residual.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from core.models import blank, eager


class SwiGLU(nn.Module):
    """down(silu(gate(x)) * up(x)), gate and up as one matrix (Shazeer 2020)."""

    def __init__(self, size: int, inner: int, bias: bool) -> None:
        super().__init__()
        self.up = blank.linear(size, 2 * inner, bias=bias, parts=(inner, inner))
        self.down = blank.linear(inner, size, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)


class GELU(nn.Module):
    """down(gelu(up(x))); `approximate` is torch's: none, or tanh as in GPT-2."""

    def __init__(self, size: int, inner: int, bias: bool, approximate: str) -> None:
        super().__init__()
        self.approximate = approximate
        self.up = blank.linear(size, inner, bias=bias)
        self.down = blank.linear(inner, size, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.gelu(self.up(x), approximate=self.approximate))


class ReLUSquared(nn.Module):
    """down(relu(up(x))^2) (So et al. 2021, Primer)."""

    def __init__(self, size: int, inner: int, bias: bool) -> None:
        super().__init__()
        self.up = blank.linear(size, inner, bias=bias)
        self.down = blank.linear(inner, size, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.up(x)
        return self.down(eager.relu_squared(inner) if eager.pays(inner) else F.relu(inner).square())
