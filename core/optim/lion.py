"""Lion (Chen et al. 2023): the sign of an interpolated momentum; one state per weight."""

from __future__ import annotations

import torch

from core.optim.base import Optimizer
from core.optim.parameters import SortedParameters
from core.optim.stacks import stacks, unless


class Lion(Optimizer):
    """Every weight moves by `lr`, up or down, so its rate is 3 to 10 times below AdamW's and its decay as much above.

    u = sign(beta1 m + (1 - beta1) g);  m = beta2 m + (1 - beta2) g;  w = w - lr (u + decay w)
    """

    def __init__(
        self,
        parameters: SortedParameters,
        *,
        lr: float,
        weight_decay: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.99,
    ) -> None:
        self._lr = lr
        self._betas = (beta1, beta2)
        self._stacks = [(stack, stack.zeros()) for stack in stacks(parameters, weight_decay)]

    @torch.no_grad()
    def step(self, share: float, scale: torch.Tensor | None = None, skip: torch.Tensor | None = None) -> None:
        lr = self._lr * share
        for stack, momentum in self._stacks:
            # Moving the momentum towards itself leaves it as it is, even when the gradient is not finite.
            gradient = unless(skip, stack.gradients(scale), momentum)
            update = momentum.lerp(gradient, 1.0 - self._betas[0]).sign_().mul_(-lr)
            momentum.lerp_(gradient, 1.0 - self._betas[1])
            stack.change(update, lr, skip)

    def state_tensors(self) -> dict[str, torch.Tensor]:
        return {
            name: tensor
            for stack, momentum in self._stacks
            for name, tensor in stack.named("lion.momentum", momentum).items()
        }
