"""Sophia-G (Liu et al. 2024): momentum divided by a running estimate of the curvature, and clipped.

The curvature is that of Gauss, Newton and Bartlett: the squared gradient at labels that the model draws from its own
distribution, times their number. The loop makes that gradient every `every` steps; see `Optimizer.curvature`.
"""

from __future__ import annotations

import torch

from core.optim.base import Optimizer
from core.optim.parameters import SortedParameters
from core.optim.stacks import stacks, unless


class Sophia(Optimizer):
    """m = beta1 m + (1 - beta1) g;  h = beta2 h + (1 - beta2) count g_drawn^2 (every `every` steps);
    w = w - lr (clip(m / max(rho h, eps), -1, 1) + decay w)

    Where the curvature is small or the estimate poor, the clip makes it a sign step. `rho` sets how many weights are
    clipped: the larger, the fewer.
    """

    def __init__(
        self,
        parameters: SortedParameters,
        *,
        lr: float,
        weight_decay: float = 0.0,
        beta1: float = 0.965,
        beta2: float = 0.99,
        rho: float = 0.04,
        every: int = 10,
        eps: float = 1e-15,
    ) -> None:
        self.curvature_every = every
        self._lr = lr
        self._betas = (beta1, beta2)
        self._rho = rho
        self._eps = eps
        self._stacks = [(stack, stack.zeros(), stack.zeros()) for stack in stacks(parameters, weight_decay)]

    @torch.no_grad()
    def curvature(self, count: int, skip: torch.Tensor | None = None) -> None:
        for stack, _, bend in self._stacks:
            squares = stack.gradients(None).square_().mul_(float(count))
            bend.lerp_(unless(skip, squares, bend), 1.0 - self._betas[1])

    @torch.no_grad()
    def step(self, share: float, scale: torch.Tensor | None = None, skip: torch.Tensor | None = None) -> None:
        lr = self._lr * share
        for stack, momentum, bend in self._stacks:
            momentum.lerp_(unless(skip, stack.gradients(scale), momentum), 1.0 - self._betas[0])
            update = momentum / (self._rho * bend).clamp_(min=self._eps)
            stack.change(update.clamp_(-1.0, 1.0).mul_(-lr), lr, skip)

    def state_tensors(self) -> dict[str, torch.Tensor]:
        tensors: dict[str, torch.Tensor] = {}
        for stack, momentum, bend in self._stacks:
            tensors |= stack.named("sophia.momentum", momentum) | stack.named("sophia.curvature", bend)
        return tensors
