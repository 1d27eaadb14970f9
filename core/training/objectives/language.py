"""Next-token cross-entropy on packed text: what pretraining minimises."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from core.cancel import Cancel
from core.data.corpus import Progress
from core.data.mixing import mix_of
from core.data.packed import PackedData, open_packed, packed_folder
from core.data.prepare import prepare as prepare_text
from core.data.stream import StreamOrder
from core.data.streamed import StreamedData
from core.models.decoder import IGNORE
from core.settings.run import RunSettings
from core.settings.training import TrainingSettings
from core.tokenization.tokenizer import Tokenizer
from core.training.objectives.base import Batch, drawn_token_loss, token_loss
from core.workspace import Workspace


def prepare(
    settings: RunSettings,
    tokenizer: Tokenizer | None,
    workspace: Workspace,
    context: int,
    cancel: Cancel | None = None,
    progress: Progress | None = None,
) -> PackedData | StreamedData:
    """The run's text as tokens, of the given tokenizer or of one that is made from the settings."""
    return prepare_text(settings.data, tokenizer or settings.tokenizer, workspace, cancel, progress)


def reopen(
    settings: RunSettings, tokenizer: Tokenizer, workspace: Workspace, context: int, key: str
) -> PackedData | None:
    """The tokens that were packed under `key`, when they are still whole."""
    if settings.data.streaming:
        return None
    return open_packed(packed_folder(workspace, key), tokenizer, mix_of(settings.data))


class Language:
    """Windows of `context` tokens, each token the label of the one before; every label counts."""

    prepare = staticmethod(prepare)
    reopen = staticmethod(reopen)

    def __init__(self, packed: PackedData | StreamedData, training: TrainingSettings, context: int) -> None:
        self._order = packed.order(context, training.seed)
        self._held_out = packed.held_out_order(context, training.eval_tokens)
        self.rows = self._order.windows

    def batch(self, position: int, rows: int) -> Batch:
        inputs, labels = self._order.batch(position, rows)
        return Batch((torch.from_numpy(inputs), torch.from_numpy(labels)), labels.size, inputs.size)

    def place(self, position: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Packed windows are found by their number alone; of a stream, where its sources are."""
        return self._order.state(position) if isinstance(self._order, StreamOrder) else ({}, {})

    def restore(self, place: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        if isinstance(self._order, StreamOrder) and place:
            self._order.restore(place, tensors)

    def suit(self, model: nn.Module, earlier: dict[str, Any]) -> dict[str, Any]:
        """Windows are all alike: nothing is to be chosen."""
        return {}

    def loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        ids, labels = tensors
        return token_loss(model, ids, labels)

    def drawn_loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return drawn_token_loss(model, *tensors)

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
