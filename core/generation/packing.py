"""Weights laid out once for products with a few rows: on the CPU that is most of what a decode step costs.

For 3 to 16 rows the plain product reads a weight matrix at about half the speed of the memory; the library's packed
layout reaches it. Packing costs about as much as two steps, so it is done anew for each reply: a copy kept longer
could fall behind weights that were trained in between.
"""

from __future__ import annotations

import copy
from typing import TypeGuard, TypeVar, cast

import psutil
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.models.decoder import Decoder

M = TypeVar("M", bound=nn.Module)

MIN_ROWS, MAX_ROWS = 3, 16
MIN_STEPS = 16
MIN_WEIGHTS = 1 << 20
_SHARE_OF_FREE_MEMORY = 0.5


class PackedLinear(nn.Module):
    """`nn.Linear` for exactly `rows` rows; any other number goes the plain way."""

    def __init__(self, weight: Tensor, bias: Tensor | None, rows: int) -> None:
        super().__init__()
        self.in_features, self.out_features = weight.shape[1], weight.shape[0]
        self.weight = cast(nn.Parameter, weight)
        self.bias = cast(nn.Parameter, bias)
        self._rows = rows
        self._packed = torch.ops.mkl._mkl_reorder_linear_weight(weight.detach(), rows)

    def forward(self, x: Tensor) -> Tensor:
        if x.numel() != self._rows * self.in_features:
            return F.linear(x, self.weight, self.bias)
        return torch.ops.mkl._mkl_linear(x, self._packed, self.weight, self.bias, self._rows)


def packed(model: M, rows: int, steps: int) -> M:
    """A twin of `model` that shares its tensors but multiplies with packed weights; `model` itself where that would
    not pay (other devices and dtypes, one or two rows, few steps, a small model, little free memory)."""
    if not (MIN_ROWS <= rows <= MAX_ROWS and steps >= MIN_STEPS and torch.backends.mkl.is_available()):
        return model
    weights = [module.weight for module in model.modules() if _packable(module)]
    count = sum(weight.numel() for weight in weights)
    if count < MIN_WEIGHTS or count * 4 > psutil.virtual_memory().available * _SHARE_OF_FREE_MEMORY:
        return model
    shared: dict[int, object] = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    twin = copy.deepcopy(model, shared)
    for parent in list(twin.modules()):
        for name, child in list(parent.named_children()):
            if _packable(child):
                setattr(parent, name, PackedLinear(child.weight, child.bias, rows))
    if isinstance(twin, Decoder) and twin.head is None and twin.embedding.weight.dtype == torch.float32:
        twin.head = cast(nn.Linear, PackedLinear(twin.embedding.weight, None, rows))
    return twin


def _packable(module: nn.Module) -> TypeGuard[nn.Linear]:
    return type(module) is nn.Linear and module.weight.device.type == "cpu" and module.weight.dtype == torch.float32
