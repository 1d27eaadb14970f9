"""Adafactor (Shazeer & Stern 2018): second moments of a matrix kept as one row and one column; almost no state.

The rule is torch.optim.Adafactor's. That one reads the step count and two norms on the host for every parameter, so
it can neither run ahead of the device nor be gated there; this one stays on the device.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from core.optim.base import Optimizer
from core.optim.parameters import SortedParameters
from core.optim.stacks import Stack, stacks, unless


@dataclass(frozen=True)
class _State:
    """A stack and its second moments: `rows` (parameters, ..., rows, 1) and `columns` (parameters, ..., 1, columns) of
    matrices, or `whole` like the parameters where they are vectors."""

    stack: Stack
    rows: torch.Tensor | None
    columns: torch.Tensor | None
    whole: torch.Tensor | None

    @classmethod
    def of(cls, stack: Stack) -> _State:
        shape = stack.layout.local_shape
        if len(shape) < 2:
            return cls(stack, None, None, stack.zeros())
        return cls(stack, stack.zeros(*shape[:-1], 1), stack.zeros(*shape[:-2], 1, shape[-1]), None)


class Adafactor(Optimizer):
    """The step is relative to the weights' own size: `lr` is its largest share, 1 / sqrt(step) its bound in time.

    `threshold` bounds the root mean square of an update, `smallest` the size that a parameter is taken to have at
    least, `beta2_decay` is the power of the step count at which new squares lose weight.
    """

    def __init__(
        self,
        parameters: SortedParameters,
        *,
        lr: float,
        weight_decay: float = 0.0,
        beta2_decay: float = -0.8,
        threshold: float = 1.0,
        smallest: float = 1e-3,
    ) -> None:
        self._lr = lr
        self._beta2_decay = beta2_decay
        self._threshold = threshold
        self._smallest = smallest
        self._states = [_State.of(stack) for stack in stacks(parameters, weight_decay)]
        like = self._states[0].stack.weights[0]
        self._count = torch.zeros((), dtype=like.dtype, device=like.device)

    @torch.no_grad()
    def step(self, share: float, scale: torch.Tensor | None = None, skip: torch.Tensor | None = None) -> None:
        lr = self._lr * share
        self._count.add_(1.0 if skip is None else 1.0 - skip)
        new = unless(skip, self._count.pow(self._beta2_decay), 0.0)
        rate = self._count.rsqrt().clamp_(max=lr)
        for state in self._states:
            stack = state.stack
            gradient = unless(skip, stack.gradients(scale), 0.0)
            update = gradient * self._root(state, gradient, new)
            size = _mean_square(stack, torch.stack(stack.weights)).sqrt_().clamp_(min=self._smallest)
            over = (_mean_square(stack, update).sqrt_() / self._threshold).clamp_(min=1.0)
            stack.change(update.mul_(-rate * size / over), lr, skip)

    def _root(self, state: _State, gradient: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        """Take the gradient's squares into the moments with weight `new`; one over the root of what they say now."""
        eps = torch.finfo(gradient.dtype).eps
        if state.whole is not None:
            state.whole.lerp_(gradient.square(), new)
            return state.whole.clamp(min=eps * eps).rsqrt_()
        assert state.rows is not None
        assert state.columns is not None
        layout, squares = state.stack.layout, gradient.square()
        by_row = len(layout.shape) == 2  # Only then do other processes hold rows of the same matrix.
        columns = squares.sum(dim=-2, keepdim=True) / layout.shape[-2] if by_row else squares.mean(-2, keepdim=True)
        state.rows.lerp_(squares.mean(dim=-1, keepdim=True), new)
        state.columns.lerp_(layout.total(columns) if by_row else columns, new)
        if by_row:
            mean = layout.total(state.rows.sum(dim=-2, keepdim=True)) / layout.shape[-2]
        else:
            mean = state.rows.mean(dim=-2, keepdim=True)
        return (state.rows @ state.columns).div_(mean.clamp_(min=eps)).clamp_(min=eps * eps).rsqrt_()

    def state_tensors(self) -> dict[str, torch.Tensor]:
        tensors = {"adafactor.count": self._count}
        for state in self._states:
            stack, layout = state.stack, state.stack.layout
            for place, name in enumerate(stack.names):
                if state.whole is not None:
                    tensors[f"adafactor.square.{name}"] = layout.tensor(state.whole[place])
                    continue
                assert state.rows is not None
                assert state.columns is not None
                across = (*layout.shape[:-2], 1, layout.shape[-1])
                columns = state.columns[place]
                tensors[f"adafactor.rows.{name}"] = layout.tensor(state.rows[place], (*layout.shape[:-1], 1))
                tensors[f"adafactor.columns.{name}"] = (
                    columns if len(layout.shape) == 2 else layout.tensor(columns, across)
                )
        return tensors


def _mean_square(stack: Stack, tensor: torch.Tensor) -> torch.Tensor:
    """The mean square of each parameter's numbers, shaped to be multiplied with the stack."""
    dims = tuple(range(1, tensor.ndim))
    count = max(1, torch.Size(stack.layout.shape).numel())
    return stack.layout.total(tensor.square().sum(dim=dims, keepdim=True)).div_(count)
