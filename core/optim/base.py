"""What every optimizer offers the loop, and how one is built from settings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from core.errors import OgiveError
from core.optim.parameters import sort_parameters
from core.optim.shards import local, put
from core.settings.training import TrainingSettings


class Optimizer(ABC):
    """Turns gradients into one change of the weights."""

    curvature_every = 0
    """Steps between two calls of `curvature`; 0: it is never wanted."""

    @abstractmethod
    def step(self, share: float, scale: torch.Tensor | None = None, skip: torch.Tensor | None = None) -> None:
        """Change the weights once, at `share` of the peak rates.

        `scale`: scalar on the device by which gradients are divided first (clipping; default 1). `skip`: scalar on
        the device; where it is 1, weights and state stay as they are, bit for bit, without the host ever looking.
        """

    def curvature(self, count: int, skip: torch.Tensor | None = None) -> None:
        """Learn how the loss bends: the gradients are now those of the mean loss over `count` labels that the model
        drew itself. Called just before `step` when it is due; `skip` as there."""
        raise TypeError(f"{type(self).__name__} wants no curvature")

    @abstractmethod
    def state_tensors(self) -> dict[str, torch.Tensor]:
        """The whole state by name, as tensors: enough to go on exactly. They share the state's memory; where
        parameters are sharded, so are they."""

    @torch.no_grad()
    def load_state_tensors(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Take over a state that `state_tensors` gave, made whole; OgiveError when it belongs to another model or
        optimizer."""
        for name, mine in self.state_tensors().items():
            put(mine, take(tensors, name, mine))

    @torch.no_grad()
    def reset(self) -> None:
        """Forget everything, as when it was made."""
        for mine in self.state_tensors().values():
            local(mine).zero_()


def build_optimizer(model: nn.Module, training: TrainingSettings) -> Optimizer:
    """The optimizer that the settings name, over the model's trainable parameters."""
    choice = training.optimizer
    make = choice.brick.load()
    return make(
        sort_parameters(model), lr=training.lr_resolved, weight_decay=training.weight_decay_resolved, **choice.options
    )


def take(tensors: Mapping[str, torch.Tensor], name: str, like: torch.Tensor) -> torch.Tensor:
    """The state tensor called `name`, which must have the shape of `like`."""
    found = tensors.get(name)
    if found is None or found.shape != like.shape:
        what = "is missing" if found is None else f"has shape {tuple(found.shape)}, not {tuple(like.shape)}"
        raise OgiveError(
            f"The saved optimizer state does not fit: {name} {what}.",
            "The model or the optimizer was changed; fork without the optimizer state instead.",
        )
    return found


def gradients(parameters: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The gradient of each parameter, or its part that lives here; all take part in every step."""
    found = [local(parameter.grad) for parameter in parameters if parameter.grad is not None]
    assert len(found) == len(parameters), "a parameter had no part in the loss"
    return found
