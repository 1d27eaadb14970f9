"""Muon (Jordan et al. 2024): momentum of hidden matrices made orthogonal before each step; AdamW for the rest.

Matrices of one shape are kept and orthogonalised as one batch, so a step costs a handful of batched products instead
of a loop over layers. Queries, keys and values, and a gate, are matrices of their own though they share a weight:
orthogonalised together they would compete (0.02 nats of a small model's loss).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from core.optim.adamw import AdamW
from core.optim.base import gradients, take
from core.optim.parameters import SortedParameters

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def newton_schulz(matrices: torch.Tensor, steps: int) -> torch.Tensor:
    """Push all singular values of each matrix (batch, rows, columns) towards 1; exact only in direction.

    The quintic iteration of Jordan et al., in the dtype given: after 5 steps the values lie in about 0.7 to 1.2.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


@dataclass(frozen=True)
class _Matrix:
    """A hidden matrix: a weight, or the rows of a weight that holds several (queries, keys, values)."""

    name: str
    parameter: nn.Parameter
    first: int
    rows: int

    def of(self, weight: torch.Tensor) -> torch.Tensor:
        """The matrix's rows of the weight or of its gradient, without a copy."""
        return weight if self.rows == weight.shape[0] else weight.narrow(0, self.first, self.rows)


def _matrices(parameters: SortedParameters) -> Iterator[_Matrix]:
    for name, parameter in parameters.hidden.items():
        first = 0
        parts = parameters.parts.get(name) or (parameter.shape[0],)
        for rows in parts:
            yield _Matrix(name if len(parts) == 1 else f"{name}.{first}", parameter, first, rows)
            first += rows


class _Stack:
    """Hidden matrices of one shape and their momentum as one tensor (matrices, rows, columns)."""

    def __init__(self, matrices: list[_Matrix]) -> None:
        self.names = [matrix.name for matrix in matrices]
        self._matrices = matrices
        rows, columns = matrices[0].rows, matrices[0].parameter.shape[1]
        self.momentum = matrices[0].parameter.new_zeros(len(matrices), rows, columns)
        self.ratio = math.sqrt(max(1.0, rows / columns))

    @property
    def weights(self) -> list[torch.Tensor]:
        return [matrix.of(matrix.parameter) for matrix in self._matrices]

    def gradients(self) -> torch.Tensor:
        """All gradients as one new tensor, like `momentum`."""
        whole = gradients([matrix.parameter for matrix in self._matrices])
        return torch.stack([matrix.of(grad) for matrix, grad in zip(self._matrices, whole, strict=True)])


class Muon:
    """`lr` is for hidden matrices, as in torch.optim.Muon with its original rate adjustment sqrt(max(1, rows/columns));
    `adamw_lr` (default: a tenth of it) is for embeddings, head, norms and biases, which are not decayed. `dtype` is
    that of the orthogonalisation: bfloat16 on CUDA, else fp32, which most CPUs multiply faster."""

    def __init__(
        self,
        parameters: SortedParameters,
        *,
        lr: float,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
        newton_schulz_steps: int = 5,
        adamw_lr: float | None = None,
        beta1: float = 0.9,
        beta2: float = 0.95,
        eps: float = 1e-8,
        dtype: torch.dtype | None = None,
    ) -> None:
        shapes: dict[tuple[int, int], list[_Matrix]] = {}
        for matrix in _matrices(parameters):
            shapes.setdefault((matrix.rows, matrix.parameter.shape[1]), []).append(matrix)
        self._stacks = [_Stack(group) for group in shapes.values()]
        self._lr = lr
        self._weight_decay = weight_decay
        self._momentum = momentum
        self._steps = newton_schulz_steps
        cuda = any(stack.momentum.is_cuda for stack in self._stacks)
        self._dtype = dtype or (torch.bfloat16 if cuda else torch.float32)
        rest = SortedParameters({}, parameters.rest)
        self._adamw = (
            AdamW(rest, lr=lr / 10 if adamw_lr is None else adamw_lr, beta1=beta1, beta2=beta2, eps=eps)
            if parameters.rest
            else None
        )

    @torch.no_grad()
    def step(self, share: float, scale: torch.Tensor | None = None, skip: torch.Tensor | None = None) -> None:
        lr = self._lr * share
        keep: float | torch.Tensor = 1.0 - lr * self._weight_decay
        if skip is not None:
            keep = torch.where(skip > 0, 1.0, keep)
        for stack in self._stacks:
            update = self._direction(stack, scale, skip)
            update = update * (-lr * stack.ratio)
            if skip is not None:
                # Adding -0.0 changes no bit of any number; adding +0.0 would turn -0.0 into +0.0.
                update = torch.where(skip > 0, -0.0, update)
            weights = stack.weights
            if self._weight_decay:
                torch._foreach_mul_(weights, keep)
            torch._foreach_add_(weights, list(update.unbind(0)))
        if self._adamw is not None:
            self._adamw.step(share, scale, skip)

    def _direction(self, stack: _Stack, scale: torch.Tensor | None, skip: torch.Tensor | None) -> torch.Tensor:
        """Nesterov momentum of the stacked gradients, made orthogonal: (matrices, rows, columns) in fp32."""
        gradient = stack.gradients()
        if scale is not None:
            gradient.div_(scale)
        if skip is not None:
            # Moving the momentum towards itself leaves it as it is, even when the gradient is not finite.
            gradient = torch.where(skip > 0, stack.momentum, gradient)
        stack.momentum.lerp_(gradient, 1.0 - self._momentum)
        ahead = gradient.lerp(stack.momentum, self._momentum)
        return newton_schulz(ahead.to(self._dtype), self._steps).to(ahead.dtype)

    def state_tensors(self) -> dict[str, torch.Tensor]:
        tensors = {} if self._adamw is None else self._adamw.state_tensors()
        for stack in self._stacks:
            for name, momentum in zip(stack.names, stack.momentum.unbind(0), strict=True):
                tensors[f"muon.momentum.{name}"] = momentum
        return tensors

    @torch.no_grad()
    def load_state_tensors(self, tensors: Mapping[str, torch.Tensor]) -> None:
        for name, mine in self.state_tensors().items():
            mine.copy_(take(tensors, name, mine))
