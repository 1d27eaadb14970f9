"""Layers whose weights are set aside but not drawn: `Decoder.reset` draws them once, and loading never does.

PyTorch's own constructors draw at once. That costs time twice, and on the meta device it imports a second of modules.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.models.grouped import grouped


class _Undrawn(nn.Linear):
    parts: tuple[int, ...]

    def reset_parameters(self) -> None:
        """Leave the memory as it is."""


def linear(inputs: int, outputs: int, bias: bool, parts: tuple[int, ...] = ()) -> nn.Linear:
    """A plain `nn.Linear` (adapters and quantisers ask for exactly that class) with unset weights.

    `parts` are the rows of the matrices that stand in it one above the other, when they are several: optimizers that
    treat a matrix as a whole take each by itself.
    """
    layer = _Undrawn(inputs, outputs, bias=bias)
    layer.__class__ = nn.Linear
    layer.parts = parts
    return layer


def embedding(rows: int, width: int) -> nn.Embedding:
    """A plain `nn.Embedding` with unset weights."""
    return nn.Embedding(rows, width, _weight=torch.empty(rows, width))


def stack(count: int, inputs: int, outputs: int, bias: bool, parts: tuple[int, ...]) -> Stack:
    """`count` linear layers as one `Stack` with unset weights."""
    return Stack(count, inputs, outputs, bias, parts)


class Stack(nn.Module):
    """`count` linear layers of one shape, applied to rows that are sorted by layer. The matrices stand one above the
    other in `weight` `(count * outputs, inputs)`; `parts` are the rows of each, as for `linear`."""

    def __init__(self, count: int, inputs: int, outputs: int, bias: bool, parts: tuple[int, ...]) -> None:
        super().__init__()
        self.count, self.in_features, self.out_features = count, inputs, outputs
        self.parts = parts * count
        self.weight = nn.Parameter(torch.empty(count * outputs, inputs))
        self.bias = nn.Parameter(torch.empty(count * outputs)) if bias else None

    def forward(self, x: Tensor, owner: Tensor, ends: Tensor) -> Tensor:
        """Rows `(n, inputs)` of which row i belongs to layer `owner[i]`, ascending; layer k's end before `ends[k]`."""
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else self.weight.dtype
        weight = self.weight.view(self.count, self.out_features, self.in_features).to(dtype)
        y = grouped(x.to(dtype), weight, ends)
        return y if self.bias is None else y + self.bias.to(dtype).view(self.count, -1)[owner]
