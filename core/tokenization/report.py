"""What a tokenizer makes of a text: how short, how much of the vocabulary is used, which tokens are common or long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from core.cancel import Cancel
from core.errors import OgiveError
from core.tokenization.tokenizer import Tokenizer

_BATCH = 512


@dataclass(frozen=True)
class TokenCount:
    """A token as people can read it, how often it came, and its share of all tokens."""

    id: int
    name: str
    count: int
    share: float


@dataclass(frozen=True)
class TokenizerReport:
    """Measured on one text. Coverage and unused tokens count text tokens only, not the special ones."""

    kind: str
    vocab_size: int
    lossless: bool
    losses: tuple[str, ...]
    documents: int
    bytes: int
    characters: int
    tokens: int
    bytes_per_token: float
    characters_per_token: float
    coverage: float
    unknown_rate: float
    used: int
    unused: int
    unused_examples: list[str]
    top: list[TokenCount]
    longest: list[TokenCount]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def report(
    tokenizer: Tokenizer,
    texts: Iterable[str],
    top: int = 25,
    cancel: Cancel | None = None,
    counts: Counter[int] | None = None,
) -> TokenizerReport:
    """Encode `texts` in batches and count, into `counts` when it is given. OgiveError when they hold nothing."""
    counts = Counter() if counts is None else counts
    documents = size = characters = 0
    stream = iter(texts)
    while batch := list(islice(stream, _BATCH)):
        if cancel is not None:
            cancel.check("Measuring the tokenizer")
        for text, ids in zip(batch, tokenizer.encode_batch(batch), strict=True):
            documents += 1
            characters += len(text)
            size += len(text.encode("utf-8", "surrogatepass"))
            counts.update(ids)
    total = counts.total()
    if not total:
        raise OgiveError("There is no text to measure the tokenizer on.", "Check the data with `ogive data show`.")
    plain = [number for number in range(tokenizer.vocab_size) if number not in tokenizer.special_ids]
    used = [number for number in plain if counts[number]]
    unused = [number for number in plain if not counts[number]]

    def row(number: int) -> TokenCount:
        return TokenCount(number, tokenizer.token_name(number), counts[number], counts[number] / total)

    longest = sorted(used, key=lambda number: (-len(tokenizer.token_bytes(number)), number))
    unknown = tokenizer.unknown_id
    return TokenizerReport(
        kind=tokenizer.kind,
        vocab_size=tokenizer.vocab_size,
        lossless=tokenizer.lossless,
        losses=tokenizer.losses,
        documents=documents,
        bytes=size,
        characters=characters,
        tokens=total,
        bytes_per_token=size / total,
        characters_per_token=characters / total,
        coverage=len(used) / max(1, len(plain)),
        unknown_rate=(counts[unknown] / total) if unknown is not None else 0.0,
        used=len(used),
        unused=len(unused),
        unused_examples=[tokenizer.token_name(number) for number in unused[-top:]],
        top=[row(number) for number, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:top]],
        longest=[row(number) for number in longest[:top]],
    )


def segments(tokenizer: Tokenizer, text: str) -> list[tuple[int, str]]:
    """The text cut into its tokens, as (id, name), to be shown side by side."""
    return [(number, tokenizer.token_name(number)) for number in tokenizer.encode(text)]


@dataclass(frozen=True)
class Comparison:
    """Reports of several tokenizers on the same text, and how each cuts one sample of it."""

    names: list[str]
    reports: list[TokenizerReport]
    sample: str
    segments: list[list[str]]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    tokenizers: dict[str, Tokenizer],
    texts: Sequence[str],
    sample_length: int = 160,
    sample: str = "",
    cancel: Cancel | None = None,
) -> Comparison:
    """The same texts through each tokenizer, by name. The sample is the beginning of the first text, unless given."""
    sample = sample or next((text for text in texts if text.strip()), "")[:sample_length]
    return Comparison(
        names=list(tokenizers),
        reports=[report(tokenizer, texts, cancel=cancel) for tokenizer in tokenizers.values()],
        sample=sample,
        segments=[[name for _, name in segments(tokenizer, sample)] for tokenizer in tokenizers.values()],
    )
