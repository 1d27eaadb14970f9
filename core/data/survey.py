"""What is in a corpus: how many documents of which kind and length, on which side of the split, and a few to read."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from core.data.corpus import Corpus
from core.data.documents import Document, Part
from core.errors import OgiveError
from core.tokenization.tokenizer import Tokenizer

_BATCH = 512


@dataclass
class Side:
    """One side of the split. `tokens` is None when no tokenizer was given; it counts end-of-text tokens too."""

    documents: int = 0
    conversations: int = 0
    characters: int = 0
    bytes: int = 0
    tokens: int | None = None


@dataclass(frozen=True)
class Sample:
    """A document to read, cut to a few lines."""

    origin: str
    part: Part
    text: str | None
    messages: list[dict[str, str]] | None
    characters: int


@dataclass(frozen=True)
class Survey:
    """Counts by side, the lengths of documents in characters (shortest, median, 95 %, longest), and samples."""

    train: Side
    held_out: Side
    lengths: dict[str, int]
    files: int
    file_bytes: int
    samples: list[Sample]
    split_by: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def survey(corpus: Corpus, tokenizer: Tokenizer | None = None, samples: int = 3, longest: int = 600) -> Survey:
    """Read the corpus once. Samples are the first documents of each kind, at most `longest` characters of each."""
    sides: dict[Part, Side] = {"train": Side(), "held-out": Side()}
    lengths = array("Q")
    shown: list[Sample] = []
    wanted = {"text": samples, "talk": samples}
    stream = corpus.tagged("Counting")
    length = 0
    while batch := list(islice(stream, _BATCH)):
        for part, document in batch:
            side, words = sides[part], document.plain()
            side.documents += not document.continues
            side.conversations += document.messages is not None
            side.characters += len(words)
            side.bytes += len(words) if words.isascii() else len(words.encode("utf-8", "surrogatepass"))
            length += len(words)
            if not document.continues:
                lengths.append(length)
                length = 0
            kind = "text" if document.messages is None else "talk"
            if wanted[kind] and part == "train":
                wanted[kind] -= 1
                shown.append(sample(part, document, longest))
        if tokenizer is not None:
            for part, number in _tokens(batch, tokenizer):
                sides[part].tokens = (sides[part].tokens or 0) + number
    ordered = sorted(lengths)
    if not ordered:
        raise OgiveError("The data holds no documents.", "Check the path and the column.")
    inputs = corpus.inputs()
    return Survey(
        train=sides["train"],
        held_out=sides["held-out"],
        lengths={
            "shortest": ordered[0],
            "median": ordered[len(ordered) // 2],
            "p95": ordered[int(0.95 * (len(ordered) - 1))],
            "longest": ordered[-1],
        },
        files=len(inputs),
        file_bytes=sum(entry["bytes"] for entry in inputs),
        samples=shown,
        split_by=[split.by for split in corpus.splits],
    )


def sample(part: Part, document: Document, longest: int) -> Sample:
    """The document's beginning, for reading."""
    if document.messages is None:
        text = document.text or ""
        return Sample(document.origin, part, text[:longest], None, len(text))
    turns = [{"role": turn["role"], "content": turn["content"][:longest]} for turn in document.messages]
    return Sample(document.origin, part, None, turns, len(document.plain()))


def _tokens(batch: list[tuple[Part, Document]], tokenizer: Tokenizer) -> Iterator[tuple[Part, int]]:
    texts = [(part, doc) for part, doc in batch if doc.text is not None]
    talks = [(part, doc) for part, doc in batch if doc.text is None]
    for (part, doc), ids in zip(texts, tokenizer.encode_batch([doc.text or "" for _, doc in texts]), strict=True):
        yield part, len(ids) + (not doc.continues)
    if talks:
        for (part, _), ids in zip(talks, tokenizer.render_batch([doc.messages or [] for _, doc in talks]), strict=True):
            yield part, len(ids) + 1
