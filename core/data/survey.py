"""What is in a corpus: how many documents of which kind and length, on which side of the split, and a few to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from core.cancel import Cancel
from core.data.corpus import Corpus
from core.data.documents import Document, Message, Part
from core.data.lengths import Lengths
from core.data.sources import RowSource, rows
from core.data.typed import Preference, Prompt, Row, Text, from_document, plain, turns
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
    """A document to read, cut to a few lines. Of a preference the last turns have the roles chosen and rejected."""

    origin: str
    part: Part
    text: str | None
    messages: list[dict[str, str]] | None
    characters: int


@dataclass(frozen=True)
class Survey:
    """Counts by side, the lengths of documents in characters (shortest, median, 95 %, longest) and their histogram
    ([longest length in it, documents] by doublings), the same in tokens when a tokenizer was given, and samples."""

    train: Side
    held_out: Side
    lengths: dict[str, int]
    files: int
    file_bytes: int
    samples: list[Sample]
    split_by: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    histogram: list[list[int]] = field(default_factory=list)
    token_lengths: dict[str, int] = field(default_factory=dict)
    token_histogram: list[list[int]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def survey(corpus: Corpus, tokenizer: Tokenizer | None = None, samples: int = 3, longest: int = 600) -> Survey:
    """Read the corpus once, rows of every kind. Samples are the first of each kind, at most `longest` characters of
    each text in them."""
    sides: dict[Part, Side] = {"train": Side(), "held-out": Side()}
    lengths, token_lengths = Lengths(), Lengths()
    kinds: dict[str, int] = {}
    shown: list[Sample] = []
    stream = corpus.tagged_rows("Counting")
    while batch := list(islice(stream, _BATCH)):
        for part, row in batch:
            side, words = sides[part], plain(row)
            ends = not getattr(row, "continues", False)
            side.documents += ends
            side.conversations += not isinstance(row, Text)
            side.characters += len(words)
            side.bytes += len(words) if words.isascii() else len(words.encode("utf-8", "surrogatepass"))
            lengths.add(len(words), not ends)
            seen = kinds[row.kind] = kinds.get(row.kind, 0) + ends
            if seen <= samples and part == "train" and sum(one.part == part for one in shown) < samples * len(kinds):
                shown.append(sample(part, row, longest))
        if tokenizer is not None:
            for (part, row), number in zip(batch, token_counts([row for _, row in batch], tokenizer), strict=True):
                sides[part].tokens = (sides[part].tokens or 0) + number
                token_lengths.add(number, getattr(row, "continues", False))
    if not lengths.documents:
        raise OgiveError("The data holds no documents.", "Check the path and the column.")
    inputs = corpus.inputs()
    return Survey(
        train=sides["train"],
        held_out=sides["held-out"],
        lengths=lengths.summary(),
        files=len(inputs),
        file_bytes=sum(entry["bytes"] for entry in inputs),
        samples=shown,
        split_by=[split.by for split in corpus.splits],
        kinds=kinds,
        histogram=lengths.histogram(),
        token_lengths=token_lengths.summary(),
        token_histogram=token_lengths.histogram(),
    )


def sample(part: Part, row: Row | Document, longest: int) -> Sample:
    """The row's beginning, for reading."""
    if isinstance(row, Document):
        row = from_document(row)
    if isinstance(row, Text):
        return Sample(row.origin, part, row.text[:longest], None, len(row.text))
    said = turns(row)
    if isinstance(row, Preference):
        marked = [("chosen", turn) for turn in row.chosen] + [("rejected", turn) for turn in row.rejected]
        said = row.prompt + [{"role": role, "content": turn["content"]} for role, turn in marked]
    shown = [{"role": turn["role"], "content": turn["content"][:longest]} for turn in said]
    return Sample(row.origin, part, None, shown, len(plain(row)))


def token_counts(batch: list[Row], tokenizer: Tokenizer) -> list[int]:
    """Tokens of each row: of text with the end-of-text token, of talk by the chat template. A preference counts its
    prompt twice, once with each reply; a tokenizer without a chat template counts the turns as text."""
    texts = [row.text for row in batch if isinstance(row, Text)]
    plain_ids = iter(tokenizer.encode_batch(texts))
    talks = [talk for row in batch if not isinstance(row, Text) for talk in _talks(row)]
    if tokenizer.has_chat_template:
        rendered = iter(tokenizer.render_batch(talks) if talks else [])
    else:
        rendered = iter(tokenizer.encode_batch(["\n\n".join(turn["content"] for turn in talk) for talk in talks]))
    found = []
    for row in batch:
        if isinstance(row, Text):
            found.append(len(next(plain_ids)) + (not row.continues))
        else:
            found.append(sum(len(next(rendered)) + (not isinstance(row, Prompt)) for _ in _talks(row)))
    return found


def _talks(row: Row) -> list[list[Message]]:
    if isinstance(row, Preference):
        return [row.prompt + row.chosen, row.prompt + row.rejected]
    return [turns(row)]


def count_tokens(
    corpus: Corpus,
    tokenizers: Mapping[str, Tokenizer],
    limit: int | None = None,
    cancel: Cancel | None = None,
) -> dict[str, dict[str, Any]]:
    """For each tokenizer by name: `tokens`, `bytes_per_token`, and `whole`, false when only the first `limit`
    characters of the corpus were read."""
    counts = dict.fromkeys(tokenizers, 0)
    characters = size = 0
    whole = True
    stream: Iterator[Row] = corpus.rows()
    while batch := list(islice(stream, _BATCH)):
        if limit is not None and characters >= limit:
            whole = False
            break
        if cancel is not None:
            cancel.check("Counting tokens")
        words = [plain(row) for row in batch]
        characters += sum(map(len, words))
        size += sum(len(text.encode("utf-8", "surrogatepass")) for text in words)
        for name, tokenizer in tokenizers.items():
            counts[name] += sum(token_counts(batch, tokenizer))
    return {
        name: {"tokens": tokens, "bytes_per_token": size / tokens if tokens else 0.0, "whole": whole}
        for name, tokens in counts.items()
    }


def mixture(corpus: Corpus) -> list[dict[str, Any]]:
    """Each source with its `weight` and its `share` of what is read: by the weights, or without any by its characters.
    Reads everything once, for `documents` and `characters`."""
    found: list[dict[str, Any]] = []
    weights = corpus.settings.weights
    for number, (choice, source) in enumerate(zip(corpus.settings.sources, corpus.sources, strict=True)):
        lengths = Lengths()
        for row in rows(source):
            lengths.add(len(plain(row)), getattr(row, "continues", False))
        mapping = source.mapping if isinstance(source, RowSource) else None
        found.append(
            {
                "source": choice.model_dump(),
                "mapping": None if mapping is None else mapping.to_dict(),
                "weight": None if weights is None else weights[number],
                "documents": lengths.documents,
                "characters": lengths.characters,
            }
        )
    sizes = weights or [one["characters"] for one in found]
    return [one | {"share": size / (sum(sizes) or 1)} for one, size in zip(found, sizes, strict=True)]
