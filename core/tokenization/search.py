"""Finding tokens: by what they say, by their bytes or by their number, with how often each came in a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from core.cancel import Cancel
from core.errors import OgiveError
from core.tokenization.tokenizer import Tokenizer

_BATCH = 512
_SHOWN = str.maketrans({"␣": " ", "⏎": "\n", "⇥": "\t"})


@dataclass(frozen=True)
class Found:
    """One token: its number, how people read it, its bytes, and its count in the text (None: no text was counted)."""

    id: int
    name: str
    bytes: bytes
    special: bool
    count: int | None

    @property
    def hex(self) -> str:
        """The bytes as `20 74 68`."""
        return self.bytes.hex(" ")

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "bytes": self.hex, "special": self.special, "count": self.count}


@dataclass(frozen=True)
class Search:
    """The tokens found, the likeliest meant first, and how many there are in all."""

    tokens: list[Found]
    total: int


def frequencies(tokenizer: Tokenizer, texts: Iterable[str], cancel: Cancel | None = None) -> Counter[int]:
    """How often each token comes in `texts`, encoded in batches."""
    counts: Counter[int] = Counter()
    stream = iter(texts)
    while batch := list(islice(stream, _BATCH)):
        if cancel is not None:
            cancel.check("Counting tokens")
        for ids in tokenizer.encode_batch(batch):
            counts.update(ids)
    return counts


def search(tokenizer: Tokenizer, wanted: str, counts: Counter[int] | None = None, limit: int = 50) -> Search:
    """The tokens that hold `wanted`, upper and lower case alike; a special token is found by its name.

    `wanted` is text (a space may be written `␣`, a new line `⏎`), bytes as `0x20 74`, or a number as `#512`. Exactly
    what was asked for comes first, then by count, then the shorter. Empty text finds every token.
    """
    number, raw = _number(wanted), _raw(wanted)
    low = wanted.translate(_SHOWN).lower()
    found: list[tuple[tuple[bool, int, int, int], Found]] = []
    for at in range(tokenizer.vocab_size):
        special = at in tokenizer.special_ids
        data, name = tokenizer.token_bytes(at), tokenizer.token_name(at)
        if number is not None:
            fits, exact = at == number, True
        elif raw is not None:
            fits, exact = raw in data, raw == data
        else:
            said = name.lower() if special else data.decode("utf-8", "backslashreplace").lower()
            fits, exact = low in said, low == said
        if fits:
            count = None if counts is None else counts[at]
            found.append(((not exact, -(count or 0), len(data), at), Found(at, name, data, special, count)))
    found.sort(key=lambda item: item[0])
    return Search([item for _, item in found[:limit]], len(found))


def _number(wanted: str) -> int | None:
    return int(wanted[1:]) if wanted[:1] == "#" and wanted[1:].isdecimal() else None


def _raw(wanted: str) -> bytes | None:
    if not wanted.lower().startswith("0x") or len(wanted) == 2:
        return None
    try:
        return bytes.fromhex(wanted[2:])
    except ValueError:
        raise OgiveError(
            f"{wanted!r} is not a row of bytes.", "Two hexadecimal digits each, such as 0x20 74."
        ) from None
