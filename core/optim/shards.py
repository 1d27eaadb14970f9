"""Tensors of which each process may hold a part (DTensor, as FSDP makes them): the part here, the whole, and back.

A plain tensor is its own part and its own whole, so whoever uses these need not know how many processes there are.
"""

from __future__ import annotations

import math
from typing import Any

import torch


def sharded(tensor: torch.Tensor) -> bool:
    """Whether other processes hold parts of `tensor`."""
    return hasattr(tensor, "to_local")


def local(tensor: Any) -> torch.Tensor:
    """The part held here, sharing its memory."""
    return tensor.to_local() if sharded(tensor) else tensor


def whole(tensor: Any) -> torch.Tensor:
    """All of it, here. Every process must ask at the same time."""
    return tensor.full_tensor() if sharded(tensor) else tensor


@torch.no_grad()
def put(mine: Any, given: torch.Tensor) -> None:
    """Copy the whole tensor `given` into `mine`: of a sharded one, the part that lives here. Nothing is sent."""
    if sharded(mine):
        from torch.distributed.tensor import distribute_tensor

        given = distribute_tensor(
            given.to(mine.device), mine.device_mesh, mine.placements, src_data_rank=None
        ).to_local()
    local(mine).copy_(given)


class Layout:
    """How tensors like `parameter` are spread: whole, or by rows over the processes of its mesh."""

    def __init__(self, parameter: Any) -> None:
        self.shape = tuple(parameter.shape)
        self.local_shape = tuple(local(parameter).shape)
        self._mesh = parameter.device_mesh if sharded(parameter) else None

    def tensor(self, part: torch.Tensor, shape: tuple[int, ...] | None = None, dim: int = 0) -> torch.Tensor:
        """`part`, which lives here, as a tensor of `shape` (default: the parameter's) spread along `dim`; the same
        memory."""
        if self._mesh is None:
            return part
        from torch.distributed.tensor import DTensor, Shard

        shape = shape or self.shape
        stride = tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))
        return DTensor.from_local(
            part, self._mesh, [Shard(dim)], run_check=False, shape=torch.Size(shape), stride=stride
        )

    def gathered(self, parts: torch.Tensor) -> torch.Tensor:
        """The whole of `(parameters, *shape)`, of which every process holds a part."""
        return whole(self.tensor(parts, (parts.shape[0], *self.shape), dim=1))

    def mine(self, full: torch.Tensor, dim: int) -> torch.Tensor:
        """The part of `full` along `dim` that lives here."""
        if self._mesh is None:
            return full
        rows, size = full.shape[dim], self._mesh.size()
        each = -(-rows // size)
        begin = min(rows, self._mesh.get_local_rank() * each)
        return full.narrow(dim, begin, min(each, rows - begin))

    def total(self, part: torch.Tensor) -> torch.Tensor:
        """The sum of `part` over all processes, in its place."""
        if self._mesh is not None:
            torch.distributed.all_reduce(part, group=self._mesh.get_group())
        return part
