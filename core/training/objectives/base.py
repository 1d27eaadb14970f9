"""What an objective offers the loop: batches by position, a loss as a sum and a count, and fixed held-out batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from core.adapters import is_adapted
from core.generation.runners import decoder_of
from core.models import loss as losses
from core.models.decoder import IGNORE

if TYPE_CHECKING:
    from core.data.documents import Input
    from core.tokenization.tokenizer import Tokenizer


@dataclass(frozen=True)
class Batch:
    """Rows to learn from or to measure on; row i of every tensor belongs together.

    `count` is the number of tokens that the loss counts (labels that are not ignored), known on the host so that the
    gradient is normalised by all tokens of the step however it is split; `tokens` is how many tokens are read. Where
    several processes share a step, both are those of the whole and the rows those of one process.
    """

    tensors: tuple[torch.Tensor, ...]
    count: int
    tokens: int

    @property
    def rows(self) -> int:
        return self.tensors[0].shape[0]

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`; to CUDA without waiting, through pinned memory."""
        if device.type == "cpu":
            return self
        pinned = device.type == "cuda"
        moved = tuple((t.pin_memory() if pinned else t).to(device, non_blocking=pinned) for t in self.tensors)
        return Batch(moved, self.count, self.tokens)

    def split(self, rows: int) -> Iterator[tuple[torch.Tensor, ...]]:
        """Micro-batches of at most `rows` rows."""
        if rows >= self.rows:
            return iter((self.tensors,))
        return zip(*(tensor.split(rows) for tensor in self.tensors), strict=True)


@dataclass(frozen=True)
class Groups(Batch):
    """A batch whose rows are of several lengths: `groups` are rectangles, each of tensors that belong together.

    `units` stands for `rows`: what a place in the data counts. `width` is how long one unit is in tokens, so that a
    micro-batch of units has as many tokens in any layout.
    """

    groups: tuple[tuple[torch.Tensor, ...], ...] = ()
    units: int = 0
    width: int = 0

    @property
    def rows(self) -> int:
        return self.units

    def to(self, device: torch.device) -> Groups:
        moved = tuple(Batch(group, 0, 0).to(device).tensors for group in self.groups)
        return Groups((), self.count, self.tokens, moved, self.units, self.width)

    def split(self, rows: int) -> Iterator[tuple[torch.Tensor, ...]]:
        for group in self.groups:
            most = max(1, rows * self.width // group[0].shape[1])
            yield from zip(*(tensor.split(most) for tensor in group), strict=True)


class Data(Protocol):
    """What an objective reads, ready: tokens, the tokenizer, a key that names the content, the files it came from."""

    @property
    def tokenizer(self) -> Tokenizer: ...
    @property
    def key(self) -> str: ...
    @property
    def inputs(self) -> list[Input]: ...
    def facts(self) -> dict[str, Any]:
        """Figures for a person: tokens, held_out_tokens, documents, vocab_size, and others of its own."""
        ...


class Objective(Protocol):
    """A brick of the OBJECTIVES table is called as `make(data, training, context)` and gives one of these; `data` is
    what its own `prepare(settings, tokenizer, workspace, context, cancel, progress)` made, or what
    `reopen(settings, tokenizer, workspace, context, key)` finds of an earlier making whose sources are gone (None: it
    is gone too)."""

    rows: int | None
    """Rows in one epoch; None when that is not known."""

    def suit(self, model: nn.Module, earlier: dict[str, Any]) -> dict[str, Any]:
        """Fit itself to the model before the first batch: choices by name, each with `chosen` and `why`. `earlier` are
        those of a run that is resumed, which stand."""
        ...

    def batch(self, position: int, rows: int) -> Batch:
        """`rows` rows from `position`, a count of rows since the run began: a pure function of it and the seed."""
        ...

    def place(self, position: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What a checkpoint keeps, as JSON and tensors by name, so that `batch` need not read from the start again to
        reach `position`; empty where it need not anyway."""
        ...

    def restore(self, place: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        """Take over what `place` gave."""
        ...

    def loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss summed over counted tokens, and their number, both scalars on the model's device.

        Traced by torch.compile: no host reads of tensor values.
        """
        ...

    def drawn_loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """As `loss`, against labels that the model draws from its own distribution.

        Optimizers that estimate the curvature ask for it; an objective without such labels leaves it out, and they
        are refused.
        """
        ...

    def held_out(self, rows: int) -> Iterator[Batch]:
        """The fixed batches that every evaluation measures."""
        ...

    def summary(self, total: float, count: int) -> dict[str, Any]:
        """Metrics of an evaluation (`eval_loss` is the one to minimise) from the loss summed over `count` tokens."""
        ...


def token_loss(
    model: nn.Module,
    ids: Tensor,
    labels: Tensor,
    places: Tensor | None = None,
    talks: Tensor | None = None,
    parts: tuple[nn.Module, nn.Module] | None = None,
) -> tuple[Tensor, Tensor]:
    """The nats of `labels` (-100: not counted) summed, and how many counted; all tensors `(rows, time)`.

    With `places` and `talks` each row holds several texts: tokens see only those of their own number in `talks`.
    `parts` are a foreign model's trunk and head where `split_model` found them.
    """
    decoder = decoder_of(model)
    if decoder is not None:
        apart = None if talks is None else talks[:, :, None] == talks[:, None, :]
        return decoder.loss(ids, labels, positions=places, mask=apart)
    # transformers tells packed texts apart by places that begin anew, when it is given no mask. Without packing the
    # filling stands after the text, where causality hides it.
    more = {"use_cache": False} | ({} if places is None else {"position_ids": places})
    counted = labels != IGNORE
    if parts is None:
        return losses.cross_entropy(model(input_ids=ids, **more).logits, labels, IGNORE), counted.sum()
    trunk, head = parts
    hidden = trunk(input_ids=ids, **more)[0]
    if not torch.compiler.is_compiling():
        hidden, labels = hidden[counted], labels[counted]
    return losses.cross_entropy(head(hidden), labels, IGNORE), counted.sum()


def drawn_token_loss(
    model: nn.Module, ids: Tensor, labels: Tensor, places: Tensor | None = None, talks: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """As `token_loss`, of labels that the model draws from its own distribution where `labels` count."""
    decoder = decoder_of(model)
    if decoder is not None:
        apart = None if talks is None else talks[:, :, None] == talks[:, None, :]
        return decoder.drawn_loss(ids, labels, positions=places, mask=apart)
    more = {} if places is None else {"position_ids": places}
    logits = model(input_ids=ids, use_cache=False, **more).logits
    return losses.cross_entropy(logits, losses.draw(logits, labels, IGNORE), IGNORE), (labels != IGNORE).sum()


@torch.no_grad()
def split_model(model: Any, ids: Tensor) -> tuple[nn.Module, nn.Module] | None:
    """A foreign model's trunk and head, when the head on what the trunk gives is proved on `ids` to be the model: then
    logits need be made only where they are learned. None for our decoder, and for models that do more to them."""
    if decoder_of(model) is not None:
        return None
    whole = model.get_base_model() if is_adapted(model) else model
    if hasattr(whole, "unshard"):  # Under FSDP only the whole model gathers what it computes with.
        return None
    trunk, head = getattr(whole, "base_model", None), whole.get_output_embeddings()
    if trunk is None or trunk is whole or head is None:
        return None
    training = model.training
    model.eval()
    try:
        wanted = model(input_ids=ids, use_cache=False).logits
        found = trunk(input_ids=ids, use_cache=False)[0]
        same = found.shape[-1] == getattr(head, "in_features", -1) and torch.equal(head(found), wanted)
    finally:
        model.train(training)
    return (trunk, head) if same else None
