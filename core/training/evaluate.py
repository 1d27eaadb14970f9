"""Measurement on held-out text: the same batches every time, whatever was trained in between."""

from __future__ import annotations

from typing import Any

import torch

from core.cancel import Cancel
from core.training.objectives.base import Batch
from core.training.step import Stepper


def evaluate(stepper: Stepper, cancel: Cancel) -> dict[str, Any] | None:
    """The objective's held-out metrics (`eval_loss`, ...); None when a stop was asked for meanwhile.

    Sums are taken in fp64 on the device, batches are no larger than the micro-batch, and the model is left in the mode
    it was in. Between batches other short jobs may have the device. A team shares the rows.
    """
    model, team = stepper.model, stepper.team
    training = model.training
    total = torch.zeros((), dtype=torch.float64, device="cpu" if stepper.device.type == "mps" else stepper.device)
    count = 0
    model.eval()
    try:
        for batch in stepper.objective.held_out(stepper.micro * team.size):
            cancel.yield_point()
            if cancel.requested:
                return None
            mine = team.share(batch)
            idle = mine.rows == 0  # The last batch may have too few rows; all must compute together all the same.
            given = Batch(tuple(t[:1] for t in batch.tensors), 0, 0) if idle else mine
            for tensors in given.to(stepper.device).split(stepper.micro):
                with torch.no_grad(), stepper.autocast():
                    loss, _ = stepper.plain_loss(*tensors)
                if not idle:
                    total += loss.to(total.device, torch.float64)
            count += batch.count
    finally:
        model.train(training)
    return stepper.objective.summary(team.total(total).item(), count)
