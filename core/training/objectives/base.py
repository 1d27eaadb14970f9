"""What an objective offers the loop: batches by position, a loss as a sum and a count, and fixed held-out batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn


@dataclass(frozen=True)
class Batch:
    """Rows to learn from or to measure on; row i of every tensor belongs together.

    `count` is the number of tokens that the loss counts (labels that are not ignored), known on the host so that the
    gradient is normalised by all tokens of the step however it is split; `tokens` is how many tokens are read. Where
    several processes share a step, both are those of the whole and the rows those of one process.
    """

    tensors: tuple[torch.Tensor, ...]
    count: int
    tokens: int

    @property
    def rows(self) -> int:
        return self.tensors[0].shape[0]

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`; to CUDA without waiting, through pinned memory."""
        if device.type == "cpu":
            return self
        pinned = device.type == "cuda"
        moved = tuple((t.pin_memory() if pinned else t).to(device, non_blocking=pinned) for t in self.tensors)
        return Batch(moved, self.count, self.tokens)

    def split(self, rows: int) -> Iterator[tuple[torch.Tensor, ...]]:
        """Micro-batches of at most `rows` rows."""
        if rows >= self.rows:
            return iter((self.tensors,))
        return zip(*(tensor.split(rows) for tensor in self.tensors), strict=True)


class Objective(Protocol):
    """A brick of the OBJECTIVES table is called as `make(packed, training, context)` and gives one of these."""

    rows: int
    """Rows in one epoch."""

    def batch(self, position: int, rows: int) -> Batch:
        """`rows` rows from `position`, a count of rows since the run began: a pure function of it and the seed."""
        ...

    def loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss summed over counted tokens, and their number, both scalars on the model's device.

        Traced by torch.compile: no host reads of tensor values.
        """
        ...

    def drawn_loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """As `loss`, against labels that the model draws from its own distribution.

        Optimizers that estimate the curvature ask for it; an objective without such labels leaves it out, and they
        are refused.
        """
        ...

    def held_out(self, rows: int) -> Iterator[Batch]:
        """The fixed batches that every evaluation measures."""
        ...

    def summary(self, total: float, count: int) -> dict[str, Any]:
        """Metrics of an evaluation (`eval_loss` is the one to minimise) from the loss summed over `count` tokens."""
        ...
