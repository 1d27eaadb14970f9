"""One optimizer step: gradients summed over micro-batches, clipped, gated on the device, applied.

The host never waits for the device here. When memory runs out, the micro-batch is halved and the same step is made
again from the same random state, so only the rounding of the sum differs.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn

from core.errors import OgiveError
from core.generation.runners import decoder_of
from core.optim.base import Optimizer
from core.optim.shards import local
from core.training import rng
from core.training.objectives.base import Batch, Objective
from core.training.parallel import Team

LossFunction = Callable[..., tuple[torch.Tensor, torch.Tensor]]


def out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that the device or the host had no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("can't allocate memory" in text or "out of memory" in text)


def check_fit(optimizer: Optimizer, objective: Objective) -> None:
    """OgiveError when the optimizer wants what the objective does not have."""
    if optimizer.curvature_every and not hasattr(objective, "drawn_loss"):
        raise OgiveError(
            f"Optimizer {type(optimizer).__name__.lower()} learns from labels that the model draws itself, which "
            f"objective {type(objective).__name__.lower()} does not have.",
            "Set training.optimizer=adamw.",
        )


class Stepper:
    """Makes optimizer steps on one model.

    `precision` is "fp32" or "bf16" (autocast), `clip` the largest gradient norm (0: none), `micro` the rows in memory
    at once; `halved(rows)` is called when memory ran out and `rows` are tried instead. In a `team` every process makes
    the same steps, each from its own rows of the batch.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        optimizer: Optimizer,
        *,
        device: torch.device,
        precision: str,
        clip: float,
        micro: int,
        loss: LossFunction | None = None,
        halved: Callable[[int], None] = lambda rows: None,
        team: Team | None = None,
    ) -> None:
        self.model = model
        self.objective = objective
        self.optimizer = optimizer
        self.device = device
        self.micro = micro
        self.team = team or Team()
        self.precision = precision
        self._clip = clip
        self._halved = halved
        self._loss = loss or self.plain_loss
        self._parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._weights: dict[int, torch.Tensor] = {}
        self._dropout = decoder_of(model) is None or any(  # A foreign model keeps it where it likes.
            getattr(module, "dropout", 0) or getattr(module, "p", 0) for module in model.modules()
        )

    def plain_loss(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The objective's loss without compilation."""
        return self.objective.loss(self.model, *tensors)

    def use(self, loss: LossFunction, precision: str) -> None:
        """Go on with another form of the same loss (compiled, or in another arithmetic)."""
        self._loss, self.precision = loss, precision

    def autocast(self) -> Any:
        """The context of the forward pass."""
        if self.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def step(self, batch: Batch, share: float, measure: bool = False, bend: bool = False) -> torch.Tensor:
        """Learn from `batch` at `share` of the peak rates; with `bend`, show the optimizer the curvature first.

        Returns [mean loss per counted token, gradient norm before clipping, 1 if the step was skipped else 0] on the
        device, and with `measure`, which takes a second copy of the weights, also the norm of their change. A skipped
        step, one whose loss or gradient is not finite, changes neither weights nor optimizer.
        """
        before = [local(parameter).detach().clone() for parameter in self._parameters] if measure else None
        if bend:
            self._bend(batch)
        loss, norm, skip = self._judge(self.gradients(batch))
        scale = (norm / self._clip).clamp_(min=1.0) if self._clip > 0 else None
        self.optimizer.step(share, scale, skip)
        self.clear()
        if before is None:
            return torch.stack((loss, norm, skip))
        torch._foreach_sub_(before, [local(parameter).detach() for parameter in self._parameters])
        return torch.stack((loss, norm, skip, self.team.norm(before)))

    def _bend(self, batch: Batch) -> None:
        """Let the optimizer see the gradient at labels that the model draws itself."""
        loss = self.gradients(batch, lambda *tensors: self.objective.drawn_loss(self.model, *tensors))
        self.optimizer.curvature(batch.count, self._judge(loss)[2])
        self.clear()

    def _judge(self, loss: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The loss of the whole step, its gradient's norm, and 1 if one of them is not finite, else 0."""
        loss, norm = self.team.agree(loss, [p.grad for p in self._parameters if p.grad is not None])
        return loss, norm, 1.0 - (torch.isfinite(norm) & torch.isfinite(loss)).float()

    def gradients(self, batch: Batch, loss: LossFunction | None = None) -> torch.Tensor:
        """Fill `.grad` with the gradient of the mean loss over all counted tokens of `batch`; returns that loss.

        `loss` is another one than the objective's. In a team the gradient is everybody's, the loss returned that of
        the rows here, so that the team's mean is the batch's loss.
        """
        state = rng.device_state() if self._dropout else None
        while True:
            try:
                return self._accumulate(batch, loss or self._loss)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                if self.team.size > 1:
                    raise OgiveError(
                        f"Memory ran out in process {self.team.here.rank} with {self.micro} sequences at once.",
                        "Set training.micro_batch_size to fewer: several processes cannot change it on the way.",
                    ) from error
            # Outside the handler, so that the traceback no longer holds the activations.
            self._halve(min(self.micro, batch.rows))
            if state is not None:
                rng.restore_device_state(state)

    def clear(self) -> None:
        """Drop all gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def _accumulate(self, batch: Batch, function: LossFunction) -> torch.Tensor:
        weight = self._weight(batch.count)
        total: torch.Tensor | None = None
        parts = list(batch.split(self.micro))  # Views: nothing is copied.
        for number, tensors in enumerate(parts, 1):
            with self.team.sharing(last=number == len(parts)):
                with self.autocast():
                    loss, _ = self.team.call(function, *tensors)
                # Not `loss.backward(weight)`, which imports the compiler's shape engine.
                (loss * weight).backward()
            total = loss.detach() if total is None else total + loss.detach()
        assert total is not None
        return total * weight

    def _weight(self, count: int) -> torch.Tensor:
        """1 / count on the device; batches of one size share it. A team takes the mean of its gradients, so each
        counts for all."""
        if count not in self._weights:
            self._weights[count] = torch.tensor(self.team.size / max(1, count), device=self.device)
        return self._weights[count]

    def _halve(self, rows: int) -> None:
        self.clear()
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if rows <= 1:
            raise OgiveError(
                "There is too little memory for a single sequence.",
                "Use a shorter training.context, a smaller model, or close other programs.",
            )
        self.micro = (rows + 1) // 2
        self._halved(self.micro)
