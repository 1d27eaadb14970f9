"""Which directions of its layers' inputs an adapter reads: those in which the model's own words vary most.

Only B is learned, so A decides what a pick can tell apart. A drawn at random reads mostly what hardly ever happens.
Here its rows are the leading right singular vectors of the inputs that a layer sees while the model reads its own
words, each divided by the spread of the inputs along it, so that B's columns weigh alike. (EVA, Paischer et al. 2024,
starts A from the same vectors, undivided, and learns it too.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from core import adapters
from core.steering.lesson import Lesson
from core.steering.scoring import Scorer

EXTRA, PASSES = 8, 4
"""Of the randomised singular value decomposition (Halko et al. 2011): vectors beyond the rank, power iterations."""
LEAST = 1e-3
"""Directions whose spread is a smaller share of the widest one's are taken to be that wide: below lies noise."""


@torch.no_grad()
def aim(model: nn.Module, texts: Sequence[Lesson]) -> None:
    """Set the A matrices of a fresh adapter (its B are 0) by the inputs that its layers see on `texts`, in place.

    What an A reads of those inputs keeps the energy it had, so steps keep their meaning. A layer that sees nothing,
    or not numbers, keeps its A. The decomposition draws from torch's generators.
    """
    hooks = [module.register_forward_pre_hook(_aim_layer) for module in model.modules() if hasattr(module, "lora_A")]
    try:
        Scorer(model)(texts)
    finally:
        for hook in hooks:
            hook.remove()


def _aim_layer(layer: Any, arguments: tuple[Any, ...]) -> None:
    matrix: Tensor = layer.lora_A[adapters.NAME].weight
    inputs = arguments[0].detach().reshape(-1, matrix.shape[1]).float()
    if not len(inputs) or not bool(inputs.isfinite().all()):
        return
    rank = min(matrix.shape[0], *inputs.shape)
    most = min(rank + EXTRA, *inputs.shape)
    _, spread, directions = torch.svd_lowrank(inputs, q=most, niter=PASSES)
    spread = spread[:rank] / len(inputs) ** 0.5
    if not float(spread[0]) > 0.0:
        return
    energy = (inputs @ matrix.float().t()).square().sum(-1).mean()
    rows = directions[:, :rank].t() / spread.clamp_min(LEAST * float(spread[0]))[:, None]
    matrix[:rank] = (rows * (energy / matrix.shape[0]).sqrt()).to(matrix.dtype)
