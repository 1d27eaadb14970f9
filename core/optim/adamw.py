"""AdamW (Loshchilov & Hutter 2019) through torch's fused kernel, which exists for CPU and CUDA."""

from __future__ import annotations

import torch
from torch import nn

from core.optim.base import Optimizer, gradients
from core.optim.parameters import SortedParameters
from core.optim.shards import local


class _Group:
    """Parameters with one rate and one decay, and their state, as the flat lists the fused kernel takes."""

    def __init__(self, parameters: dict[str, nn.Parameter], lr: float, weight_decay: float) -> None:
        self.names = list(parameters)
        self.parameters = list(parameters.values())
        self.lr = lr
        self.weight_decay = weight_decay
        self.means = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.local_means = [local(mean) for mean in self.means]
        self.local_squares = [local(square) for square in self.squares]


class AdamW(Optimizer):
    """Decay reaches hidden matrices only; norms, biases, embeddings and the head are spared.

    The state of all parameters is allocated at once, so that too little memory shows at the start. All parameters
    have taken the same number of steps, so one counter on the device serves them all.
    """

    def __init__(
        self,
        parameters: SortedParameters,
        *,
        lr: float,
        weight_decay: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.95,
        eps: float = 1e-8,
    ) -> None:
        parts = [(parameters.hidden, weight_decay), (parameters.rest, 0.0)]
        self._groups = [_Group(part, lr, decay) for part, decay in parts if part]
        self._betas = (beta1, beta2)
        self._eps = eps
        device = self._groups[0].parameters[0].device
        self._count = torch.zeros((), device=device)
        self._one = torch.ones((), device=device)

    @torch.no_grad()
    def step(self, share: float, scale: torch.Tensor | None = None, skip: torch.Tensor | None = None) -> None:
        self._count.add_(self._one if skip is None else self._one - skip)
        for group in self._groups:
            torch._fused_adamw_(
                [local(parameter) for parameter in group.parameters],
                gradients(group.parameters),
                group.local_means,
                group.local_squares,
                [],
                [self._count] * len(group.parameters),
                lr=group.lr * share,
                beta1=self._betas[0],
                beta2=self._betas[1],
                weight_decay=group.weight_decay,
                eps=self._eps,
                amsgrad=False,
                maximize=False,
                grad_scale=scale,
                found_inf=skip,
            )

    def state_tensors(self) -> dict[str, torch.Tensor]:
        tensors = {"adamw.count": self._count}
        for group in self._groups:
            for name, mean, square in zip(group.names, group.means, group.squares, strict=True):
                tensors[f"adamw.mean.{name}"] = mean
                tensors[f"adamw.square.{name}"] = square
        return tensors
