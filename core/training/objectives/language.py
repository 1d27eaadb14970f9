"""Next-token cross-entropy on packed text: what pretraining minimises."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from core.data.packed import PackedData
from core.models.loss import cross_entropy, draw
from core.settings.training import TrainingSettings
from core.training.objectives.base import Batch

IGNORE = -100


class Language:
    """Windows of `context` tokens, each token the label of the one before; every label counts."""

    def __init__(self, packed: PackedData, training: TrainingSettings, context: int) -> None:
        self._order = packed.order(context, training.seed)
        self._held_out = packed.held_out_order(context, training.eval_tokens)
        self.rows = self._order.windows

    def batch(self, position: int, rows: int) -> Batch:
        inputs, labels = self._order.batch(position, rows)
        return Batch((torch.from_numpy(inputs), torch.from_numpy(labels)), labels.size, inputs.size)

    def loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        ids, labels = tensors
        own = getattr(model, "loss", None)
        if own is not None:
            return own(ids, labels)
        return cross_entropy(model(ids).logits, labels, IGNORE), (labels != IGNORE).sum()

    def drawn_loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        ids, labels = tensors
        own = getattr(model, "drawn_loss", None)
        if own is not None:
            return own(ids, labels)
        logits = model(ids).logits
        return cross_entropy(logits, draw(logits, labels, IGNORE), IGNORE), (labels != IGNORE).sum()

    def held_out(self, rows: int) -> Iterator[Batch]:
        for inputs, labels in self._held_out.batches(rows):
            count = int((labels != IGNORE).sum())
            yield Batch((torch.from_numpy(inputs), torch.from_numpy(labels)), count, count)

    def summary(self, total: float, count: int) -> dict[str, Any]:
        """Loss in nats per token, perplexity, and bits per byte of text (the ends of documents are paid for too)."""
        loss = total / max(1, count)
        size = self._held_out.bytes
        return {
            "eval_loss": loss,
            "eval_ppl": math.exp(min(loss, 700.0)) if math.isfinite(loss) else None,
            "eval_bpb": total / math.log(2) / size if size and math.isfinite(total) else None,
            "eval_tokens": count,
        }
