"""Parameters of one shape as one tensor, so that a step costs a handful of operations instead of a loop over layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from core.optim.base import gradients
from core.optim.parameters import SortedParameters
from core.optim.shards import Layout, local


class Stack:
    """Parameters of one shape; their gradients and states are tensors `(parameters, *shape)`. Where parameters are
    sharded, `shape` is that of the part that lives here."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], weight_decay: float) -> None:
        self.names = list(parameters)
        self.parameters = list(parameters.values())
        self.weight_decay = weight_decay
        self.layout = Layout(self.parameters[0])

    @property
    def weights(self) -> list[torch.Tensor]:
        return [local(parameter) for parameter in self.parameters]

    def zeros(self, *shape: int) -> torch.Tensor:
        """A state, `(parameters, *shape)`; without a shape, that of the parameters."""
        like = local(self.parameters[0])
        return like.new_zeros(len(self.parameters), *(shape or like.shape))

    def gradients(self, scale: torch.Tensor | None) -> torch.Tensor:
        """All gradients, divided by `scale`, as one new tensor."""
        stacked = torch.stack(gradients(self.parameters))
        return stacked if scale is None else stacked.div_(scale)

    def change(self, update: torch.Tensor, lr: float, skip: torch.Tensor | None) -> None:
        """Let the weights decay at `lr` and add `update`; where `skip` is 1, change no bit of them."""
        # Adding -0.0 changes no bit of any number; adding +0.0 would turn -0.0 into +0.0.
        update = unless(skip, update, -0.0)
        weights = self.weights
        if self.weight_decay:
            keep: Any = 1.0 - lr * self.weight_decay
            torch._foreach_mul_(weights, keep if skip is None else torch.where(skip > 0, 1.0, keep))
        torch._foreach_add_(weights, list(update.unbind(0)))

    def named(self, kind: str, state: torch.Tensor) -> dict[str, torch.Tensor]:
        """A state by `kind.parameter`, each as its parameter is spread; the same memory."""
        return {
            f"{kind}.{name}": self.layout.tensor(each) for name, each in zip(self.names, state.unbind(0), strict=True)
        }


def stacks(parameters: SortedParameters, weight_decay: float) -> list[Stack]:
    """All parameters by shape; only hidden matrices decay."""
    found: list[Stack] = []
    for group, decay in ((parameters.hidden, weight_decay), (parameters.rest, 0.0)):
        shapes: dict[tuple, dict[str, nn.Parameter]] = {}
        for name, parameter in group.items():
            shapes.setdefault((tuple(parameter.shape), parameter.dtype), {})[name] = parameter
        found += [Stack(each, decay) for each in shapes.values()]
    return found


def unless(skip: torch.Tensor | None, new: torch.Tensor, old: torch.Tensor | float) -> torch.Tensor:
    """`new`, or `old` where `skip` is 1, whatever `new` holds there."""
    return new if skip is None else torch.where(skip > 0, old, new)
