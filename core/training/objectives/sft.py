"""Supervised fine-tuning: next-token cross-entropy on the assistant's words in conversations, and on nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from core.cancel import Cancel
from core.data.conversations import TalkData, gather, open_talks, talks_folder
from core.data.corpus import Progress
from core.data.rows import PackedRows, Row, SingleRows
from core.data.turns import Rules
from core.errors import OgiveError
from core.generation.runners import decoder_of
from core.settings.run import RunSettings
from core.settings.training import TrainingSettings
from core.tokenization.tokenizer import Tokenizer
from core.training.objectives.base import Batch, drawn_token_loss, token_loss
from core.workspace import Workspace

AGREE, AGREE_NARROW = 1e-3, 0.03
"""How far logits of packed and of single conversations may lie apart, by their standard deviation, for packing to be
trusted: in fp32, and in narrower numbers."""


def prepare(
    settings: RunSettings,
    tokenizer: Tokenizer | None,
    workspace: Workspace,
    context: int,
    cancel: Cancel | None = None,
    progress: Progress | None = None,
) -> TalkData:
    """The run's conversations as tokens of the base model's tokenizer."""
    if tokenizer is None:
        raise OgiveError("Fine-tuning needs a base model with a tokenizer.", "Set `base.model`.")
    return gather(settings.data, tokenizer, _rules(settings, context), workspace, cancel, progress)


def _rules(settings: RunSettings, context: int) -> Rules:
    options = settings.training.objective.options
    return Rules(context + 1, options["learn"], options["truncate"])


def reopen(
    settings: RunSettings, tokenizer: Tokenizer, workspace: Workspace, context: int, key: str
) -> TalkData | None:
    """The conversations that were gathered under `key`, when they are still whole."""
    return open_talks(talks_folder(workspace, key), tokenizer, _rules(settings, context))


class Conversations:
    """Rows of whole conversations packed together, or one conversation per row where a model cannot keep packed ones
    apart. The loss is the mean over learned tokens of the whole step."""

    prepare = staticmethod(prepare)
    reopen = staticmethod(reopen)

    def __init__(self, data: TalkData, training: TrainingSettings, context: int) -> None:
        self._data, self._training, self._context = data, training, context
        self._filler = filler(data.tokenizer)
        self._packed = training.objective["packing"] != "off"
        self._lay_out()

    def place(self, position: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Rows are found by their number alone."""
        return {}, {}

    def restore(self, place: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        """Nothing is kept."""

    def _lay_out(self) -> None:
        data, training = self._data, self._training
        if self._packed:
            self._rows: PackedRows | SingleRows = PackedRows(data.train, self._context, training.seed, self._filler)
        else:
            self._rows = SingleRows(data.train, training.batch_size, training.seed, self._filler)
        self.rows = self._rows.rows
        chosen = measured(data, training.eval_tokens)
        if self._packed:
            self._held_out: PackedRows | SingleRows = PackedRows(
                data.held_out, self._context, training.seed, self._filler, chosen
            )
        else:
            longest_first = chosen[np.argsort(-data.held_out.lengths[chosen], kind="stable")]
            self._held_out = SingleRows(data.held_out, training.batch_size, training.seed, self._filler, longest_first)

    def suit(self, model: nn.Module, earlier: dict[str, Any]) -> dict[str, Any]:
        """Packed or single rows for this model: ours keeps packed conversations apart; of another it is measured."""
        asked = self._training.objective["packing"]
        if asked != "auto":
            choice = {"chosen": asked, "why": "asked for in the settings"}
        elif "packing" in earlier:
            choice = earlier["packing"]
        elif decoder_of(model) is not None:
            choice = {"chosen": "on", "why": "the decoder keeps the conversations of a row apart"}
        else:
            choice = self._measure(model)
        if self._packed != (choice["chosen"] == "on"):
            self._packed = choice["chosen"] == "on"
            self._lay_out()
        if isinstance(self._rows, PackedRows):
            choice = {**choice, "row": self._rows.length, "filled": round(self._rows.filled, 4)}
        return {"packing": choice}

    @torch.no_grad()
    def _measure(self, model: Any) -> dict[str, Any]:
        """Whether the second of two conversations in a row gets the logits it gets alone."""
        stream, device = self._data.held_out, next(model.parameters()).device
        two = np.argsort(stream.lengths, kind="stable")[:2]
        if len(two) < 2:
            return {"chosen": "off", "why": "there are too few conversations to prove packing on"}
        packed = PackedRows(stream, int(stream.lengths[two].sum()), 0, self._filler, two).at([0])
        later = torch.from_numpy(packed.talks[0] == 1)
        ids, places = (torch.from_numpy(array).to(device) for array in (packed.ids, packed.places))
        training = model.training
        model.eval()
        try:
            together = model(input_ids=ids, position_ids=places, use_cache=False).logits[0, later].float()
            alone = model(input_ids=ids[:, later], use_cache=False).logits[0].float()
        except TypeError:
            return {"chosen": "off", "why": "this model takes no positions, so packed conversations would run together"}
        finally:
            model.train(training)
        gap = float((together - alone).abs().max() / alone.std().clamp(min=1e-12))
        narrow = next(model.parameters()).dtype not in (torch.float32, torch.float64)
        if gap < (AGREE_NARROW if narrow else AGREE):
            return {"chosen": "on", "why": f"measured: packed and alone, logits differ by {gap:.1e} of their spread"}
        return {"chosen": "off", "why": f"this model mixes packed conversations: logits differ by {gap:.1e}"}

    def batch(self, position: int, rows: int) -> Batch:
        return _batch(self._rows.batch(position, rows), self._packed)

    def loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return token_loss(model, *tensors)

    def drawn_loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return drawn_token_loss(model, *tensors)

    def held_out(self, rows: int) -> Iterator[Batch]:
        for first in range(0, self._held_out.rows, rows):
            wanted = range(first, min(first + rows, self._held_out.rows))
            yield _batch(self._held_out.at(wanted), self._packed)

    def summary(self, total: float, count: int) -> dict[str, Any]:
        """Loss in nats per learned token, perplexity, and bits per byte of the assistant's words."""
        loss = total / max(1, count)
        size = self._held_out_bytes()
        return {
            "eval_loss": loss,
            "eval_ppl": math.exp(min(loss, 700.0)) if math.isfinite(loss) else None,
            "eval_bpb": total / math.log(2) / size if size and math.isfinite(total) else None,
            "eval_tokens": count,
        }

    def _held_out_bytes(self) -> int:
        size = 0
        for number in measured(self._data, self._training.eval_tokens):
            ids, learned = self._data.held_out.talk(int(number))
            size += int(self._data.token_bytes[ids[1:][learned[1:].astype(bool)]].sum())
        return size


def measured(data: TalkData, limit: int | None) -> np.ndarray:
    """The held-out conversations that evaluations measure: spread evenly, of about `limit` tokens in all."""
    lengths = data.held_out.lengths
    total = int(lengths.sum())
    if limit is None or total <= limit:
        return np.arange(len(lengths))
    wanted = max(1, len(lengths) * limit // total)
    return (np.arange(wanted) * len(lengths)) // wanted


def filler(tokenizer: Tokenizer) -> int:
    """What stands in the places of a batch that nobody looks at: never a token that ends anything."""
    if tokenizer.pad_id not in tokenizer.stop_ids:
        return tokenizer.pad_id
    return next(number for number in range(len(tokenizer.stop_ids) + 1) if number not in tokenizer.stop_ids)


def _batch(row: Row, packed: bool) -> Batch:
    """Packed rows come with places and conversation numbers; single ones stand at the start of their row and need
    none: what fills them up comes after all that is learned."""
    arrays = (row.ids, row.labels, row.places, row.talks) if packed else (row.ids, row.labels)
    return Batch(tuple(torch.from_numpy(array) for array in arrays), row.count, row.tokens)
