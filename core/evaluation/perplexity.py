"""Loss of a model on text it has not been trained on: nats per token, perplexity, bits per byte."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F

from core.cancel import Cancel
from core.data.documents import Document
from core.errors import OgiveError
from core.generation.decode import bare_model

if TYPE_CHECKING:
    from core.models.loading import LoadedModel

BATCH_TOKENS = 4096


@dataclass(frozen=True)
class Loss:
    """Nats summed over `tokens`, for text of `bytes` bytes in UTF-8 (role and end tokens are paid for, not counted)."""

    nats: float
    tokens: int
    bytes: int

    @property
    def per_token(self) -> float:
        return self.nats / max(1, self.tokens)

    def as_json(self) -> dict[str, Any]:
        return {
            "loss": round(self.per_token, 5),
            "perplexity": round(math.exp(min(self.per_token, 700.0)), 4),
            "bits_per_byte": round(self.nats / math.log(2) / max(1, self.bytes), 5),
            "tokens": self.tokens,
            "bytes": self.bytes,
        }


@torch.no_grad()
def evaluate(loaded: LoadedModel, documents: Iterable[Document], cancel: Cancel | None = None) -> Loss:
    """The loss over `documents`, each read by itself from its start and cut at the model's context.

    Every token after the first counts, and the end-of-text token after a document that was not cut.
    """
    nats, tokens, size = 0.0, 0, 0
    for rows, read in _batches(loaded, documents):
        if cancel is not None:
            cancel.check("measuring")
        nats += _nats(loaded, rows)
        tokens += sum(len(row) - 1 for row in rows)
        size += read
    if not tokens:
        raise OgiveError("There is no text to measure on.", "Give a file with text.")
    return Loss(nats, tokens, size)


def _batches(loaded: LoadedModel, documents: Iterable[Document]) -> Iterator[tuple[list[list[int]], int]]:
    """Rows of ids, about BATCH_TOKENS together, and the bytes of text in them."""
    rows: list[list[int]] = []
    size = 0
    for document in documents:
        ids = _ids(loaded, document)
        cut = ids[: loaded.context]
        if len(cut) < 2:
            continue
        rows.append(cut)
        text = len(document.plain().encode("utf-8", "surrogatepass"))
        size += text if len(cut) == len(ids) else round(text * len(cut) / len(ids))
        if sum(map(len, rows)) >= BATCH_TOKENS:
            yield rows, size
            rows, size = [], 0
    if rows:
        yield rows, size


def _ids(loaded: LoadedModel, document: Document) -> list[int]:
    tokenizer = loaded.tokenizer
    if document.text is None:
        return [*tokenizer.render(document.messages or []), tokenizer.eos_id]
    begin = [tokenizer.bos_id] if tokenizer.bos_id is not None else []
    return [*begin, *tokenizer.encode(document.text), tokenizer.eos_id]


def _nats(loaded: LoadedModel, rows: list[list[int]]) -> float:
    """Summed loss of rows padded to one length; labels come from lengths, so the padding's value is of no matter."""
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full((len(rows), longest - 1), -100)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        labels[number, : len(row) - 1] = torch.tensor(row[1:])
    ids, labels = ids.to(loaded.device), labels.to(loaded.device)
    # Causal models never look at what comes after, so padding at the end needs no mask.
    out: Any = bare_model(loaded)(ids[:, :-1])
    logits = out if isinstance(out, torch.Tensor) else out.logits
    return float(F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=-100, reduction="sum"))
