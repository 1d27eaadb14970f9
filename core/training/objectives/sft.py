"""Supervised fine-tuning: next-token cross-entropy on the assistant's words in conversations, and on nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from core.cancel import Cancel
from core.data.conversations import TalkData, gather, open_talks, talks_folder
from core.data.corpus import Progress
from core.data.rows import TalkRows
from core.data.turns import Rules
from core.errors import OgiveError
from core.generation.runners import decoder_of
from core.settings.run import RunSettings
from core.settings.training import TrainingSettings
from core.tokenization.tokenizer import Tokenizer
from core.training import rng
from core.training.objectives.base import Batch, Groups, drawn_token_loss, split_model, token_loss
from core.training.step import out_of_memory
from core.workspace import Workspace

AGREE, AGREE_NARROW = 1e-3, 0.03
"""How far logits of packed and of single conversations may lie apart, by their standard deviation, for packing to be
trusted: in fp32, and in narrower numbers."""

ENOUGH_STEPS = 40
"""Shorter runs are not worth a trial of both layouts."""
TRIALS = 3


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
    """Each step takes the conversations of some full rows, packed together or laid apart, whichever the model can and
    this machine does faster; the loss is the mean over all learned tokens of the step either way."""

    prepare = staticmethod(prepare)
    reopen = staticmethod(reopen)

    def __init__(self, data: TalkData, training: TrainingSettings, context: int) -> None:
        self._data, self._training = data, training
        self._filler = filler(data.tokenizer)
        self._packed = training.objective["packing"] != "off"
        self._parts: tuple[nn.Module, nn.Module] | None = None
        self._rows = TalkRows(data.train, context, training.seed, self._filler)
        chosen = measured(data, training.eval_tokens)
        self._held_out = TalkRows(data.held_out, context, training.seed, self._filler, chosen)
        self.rows = self._rows.rows

    def place(self, position: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Rows are found by their number alone."""
        return {}, {}

    def restore(self, place: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        """Nothing is kept."""

    def suit(self, model: nn.Module, earlier: dict[str, Any]) -> dict[str, Any]:
        """Conversations packed into rows or laid apart, for this model on this machine, and how its logits are made."""
        shortest = int(self._held_out.members[0][0])
        device = next(model.parameters()).device
        self._parts = split_model(model, torch.from_numpy(self._held_out.single([shortest]).ids).to(device))
        choice = self._chosen(model, earlier)
        self._packed = choice["chosen"] == "on"
        choices = {"packing": {**choice, "row": self._rows.length, "filled": round(self._rows.filled, 4)}}
        if not self._packed and self._training.compile == "auto":
            why = "rows of many lengths would each be compiled anew"
            choices["compile"] = {"chosen": "off", "why": why}
        return choices

    def _chosen(self, model: nn.Module, earlier: dict[str, Any]) -> dict[str, Any]:
        asked = self._training.objective["packing"]
        if asked != "auto":
            return {"chosen": asked, "why": "asked for in the settings"}
        if "packing" in earlier:
            return earlier["packing"]
        refused = "" if decoder_of(model) is not None else self._mixes(model)
        if refused:
            return {"chosen": "off", "why": refused}
        if self._training.steps < ENOUGH_STEPS or self._training.compile == "on":
            return {"chosen": "on", "why": "the model keeps the conversations of a row apart"}
        times = self._times(model)
        on, off = (1e3 * times[packed] for packed in (True, False))
        if math.isinf(min(on, off)):
            return {"chosen": "on", "why": "there was too little memory for a trial of both layouts"}
        chosen = "on" if on <= off else "off"
        return {"chosen": chosen, "why": f"measured: {on:.1f} ms a step packed into rows, {off:.1f} ms laid apart"}

    def _times(self, model: nn.Module) -> dict[bool, float]:
        """Seconds of a forward and a backward pass over the first batch in each layout: the fastest of a few."""
        device, rows = next(model.parameters()).device, self._training.batch_size
        micro = self._training.micro_batch_size or rows
        best = {True: math.inf, False: math.inf}
        with rng.kept():
            for _ in range(TRIALS):
                for packed in best:
                    batch = self._batch(self._rows, self._rows.order(0, rows), packed).to(device)
                    begun = time.perf_counter()
                    try:
                        for tensors in batch.split(micro):
                            (self.loss(model, *tensors)[0] / max(1, batch.count)).backward()
                    except (RuntimeError, MemoryError) as error:
                        if not out_of_memory(error):
                            raise
                        continue  # The step itself halves its micro-batch; a trial does without.
                    if device.type == "cuda":
                        torch.cuda.synchronize(device)
                    best[packed] = min(best[packed], time.perf_counter() - begun)
        for parameter in model.parameters():
            parameter.grad = None
        return best

    @torch.no_grad()
    def _mixes(self, model: Any) -> str:
        """Why packed conversations cannot be told apart by this model: "" when the second of two in a row gets the
        logits it gets alone."""
        stream, device = self._data.held_out, next(model.parameters()).device
        two = np.argsort(stream.lengths, kind="stable")[:2]
        if len(two) < 2:
            return "there are too few conversations to prove packing on"
        packed = TalkRows(stream, int(stream.lengths[two].sum()), 0, self._filler, two).packed([0])
        later = torch.from_numpy(packed.talks[0] == 1)
        ids, places = (torch.from_numpy(array).to(device) for array in (packed.ids, packed.places))
        training = model.training
        model.eval()
        try:
            together = model(input_ids=ids, position_ids=places, use_cache=False).logits[0, later].float()
            alone = model(input_ids=ids[:, later], use_cache=False).logits[0].float()
        except TypeError:
            return "this model takes no positions, so packed conversations would run together"
        finally:
            model.train(training)
        gap = float((together - alone).abs().max() / alone.std().clamp(min=1e-12))
        narrow = next(model.parameters()).dtype not in (torch.float32, torch.float64)
        if gap < (AGREE_NARROW if narrow else AGREE):
            return ""
        return f"this model mixes packed conversations: logits differ by {gap:.1e} of their spread"

    def batch(self, position: int, rows: int) -> Batch:
        return self._batch(self._rows, self._rows.order(position, rows), self._packed)

    def _batch(self, rows: TalkRows, numbers: Sequence[int], packed: bool) -> Batch:
        """Packed rows come with places and conversation numbers; single ones stand at the start of their row and need
        none: what fills them up comes after all that is learned."""
        if packed:
            row = rows.packed(numbers)
            tensors = tuple(torch.from_numpy(array) for array in (row.ids, row.labels, row.places, row.talks))
            return Batch(tensors, row.count, row.tokens)
        groups = rows.apart(numbers)
        return Groups(
            (),
            sum(row.count for row in groups),
            sum(row.tokens for row in groups),
            tuple((torch.from_numpy(row.ids), torch.from_numpy(row.labels)) for row in groups),
            len(numbers),
            rows.length,
        )

    def loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        ids, labels, *layout = tensors
        return token_loss(model, ids, labels, *layout, parts=self._parts)

    def drawn_loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return drawn_token_loss(model, *tensors)

    def held_out(self, rows: int) -> Iterator[Batch]:
        for first in range(0, self._held_out.rows, rows):
            wanted = range(first, min(first + rows, self._held_out.rows))
            yield self._batch(self._held_out, wanted, self._packed)

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
