"""Layers whose weights are set aside but not drawn: `Decoder.reset` draws them once, and loading never does.

PyTorch's own constructors draw at once. That costs time twice, and on the meta device it imports a second of modules.
"""

from __future__ import annotations

import torch
from torch import nn


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
