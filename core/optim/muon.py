"""Muon (Jordan et al. 2024): momentum of hidden matrices made orthogonal before each step; AdamW for the rest.

Weights of one shape are kept and orthogonalised as one batch, so a step costs a handful of batched products instead
of a loop over layers. Queries, keys and values, and a gate, are matrices of their own though they share a weight:
orthogonalised together they would compete (0.02 nats of a small model's loss).
"""

from __future__ import annotations

import math

import torch
from torch import nn

from core.optim.adamw import AdamW
from core.optim.base import Optimizer
from core.optim.parameters import SortedParameters
from core.optim.stacks import Stack, unless

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


class _Matrices(Stack):
    """Hidden weights of one shape that hold the same matrices: `parts` rows each, one below the other."""

    def __init__(self, parameters: dict[str, nn.Parameter], parts: tuple[int, ...], weight_decay: float) -> None:
        super().__init__(parameters, weight_decay)
        self.momentum = self.zeros()
        self._begins: dict[int, list[int]] = {}
        begin = 0
        for rows in parts:
            self._begins.setdefault(rows, []).append(begin)
            begin += rows

    def orthogonal(self, ahead: torch.Tensor, steps: int, dtype: torch.dtype, factor: float) -> torch.Tensor:
        """Every matrix of `ahead` made orthogonal, times `factor`, larger where it is tall; both like the momentum.

        Where weights are sharded, all processes gather the whole of `ahead` and do the same, then keep their rows.
        """
        full = self.layout.gathered(ahead)
        pieces: dict[int, torch.Tensor] = {}
        for rows, begins in self._begins.items():
            alike = [full.narrow(1, begin, rows) for begin in begins]
            batch = alike[0] if len(alike) == 1 else torch.cat(alike)
            made = newton_schulz(batch.to(dtype), steps).to(full.dtype)
            made.mul_(factor * math.sqrt(max(1.0, rows / full.shape[2])))
            pieces |= dict(zip(begins, made.chunk(len(begins)), strict=True))
        if len(pieces) == 1:
            return self.layout.mine(pieces[0], 1)
        return self.layout.mine(torch.cat([pieces[begin] for begin in sorted(pieces)], dim=1), 1)


class Muon(Optimizer):
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
        alike: dict[tuple, dict[str, nn.Parameter]] = {}
        for name, parameter in parameters.hidden.items():
            parts = parameters.parts.get(name) or (parameter.shape[0],)
            alike.setdefault((tuple(parameter.shape), parts), {})[name] = parameter
        self._stacks = [_Matrices(each, parts, weight_decay) for (_, parts), each in alike.items()]
        self._lr = lr
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
        for stack in self._stacks:
            # Moving the momentum towards itself leaves it as it is, even when the gradient is not finite.
            gradient = unless(skip, stack.gradients(scale), stack.momentum)
            stack.momentum.lerp_(gradient, 1.0 - self._momentum)
            ahead = gradient.lerp(stack.momentum, self._momentum)  # Nesterov's
            stack.change(stack.orthogonal(ahead, self._steps, self._dtype, -lr), lr, skip)
        if self._adamw is not None:
            self._adamw.step(share, scale, skip)

    def state_tensors(self) -> dict[str, torch.Tensor]:
        tensors = {} if self._adamw is None else self._adamw.state_tensors()
        for stack in self._stacks:
            tensors |= stack.named("muon.momentum", stack.momentum)
        return tensors
