"""Which text is learned from and which is held out: by whole documents, or at one place in the text."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.data.documents import Document, Part, Source
from core.data.sources import rows
from core.data.typed import Row, Text, from_document, plain, turns
from core.errors import OgiveError
from core.settings.data import DataSettings

ENOUGH_DOCUMENTS = 20


@dataclass(frozen=True)
class Split:
    """How one source's documents are told apart: by a flag for each, or at one place in the text (characters)."""

    by: Literal["own", "document", "position"]
    documents: int | None = None
    held_out: bytes = b""
    place: int = 0


@dataclass
class Measured:
    """The hash and the size (characters) of every document of a source, 16 bytes for each."""

    keys: array[int] = field(default_factory=lambda: array("Q"))
    sizes: array[int] = field(default_factory=lambda: array("Q"))


def row_key(row: Row, seed: int) -> int:
    """64 bits of a hash of the row's content and `seed`."""
    if isinstance(row, Text):  # as Document.key, of which millions are made
        mark = (seed & (1 << 64) - 1).to_bytes(8, "little")
        raw = row.text.encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.blake2b(raw, digest_size=8, key=mark).digest(), "little")
    return Document(messages=turns(row)).key(seed)


def split_sources(measured: Sequence[Measured | None], settings: DataSettings) -> list[Split]:
    """The split of each source, None standing for one that has its own.

    Whole documents are held out by their hashes, the lowest ones first, until the wanted share of all the text is
    reached: one limit for all sources, so equal documents are on the same side wherever they stand.
    """
    ways = [None if one is None else _way(len(one.keys), settings) for one in measured]
    parted = [one for one, way in zip(measured, ways, strict=True) if one is not None and way == "document"]
    limit = _limit(parted, settings.held_out) if parted else 0
    found = []
    for one, way in zip(measured, ways, strict=True):
        if one is None:
            found.append(Split("own"))
        elif way == "position":
            size = sum(one.sizes)
            place = int(size * (1 - settings.held_out))
            found.append(Split("position", len(one.keys), place=min(max(place, 1), size - 1)))
        else:
            found.append(Split("document", len(one.keys), held_out=bytes(key <= limit for key in one.keys)))
    return found


def _way(documents: int, settings: DataSettings) -> str:
    if settings.split_by != "auto":
        return settings.split_by
    return "document" if documents >= ENOUGH_DOCUMENTS else "position"


def _limit(measured: Sequence[Measured], share: float) -> int:
    """The largest hash of a document that is held out, so that about `share` of the text is."""
    import numpy as np

    keys = np.concatenate([np.frombuffer(one.keys, np.uint64) for one in measured])
    sizes = np.concatenate([np.frombuffer(one.sizes, np.uint64) for one in measured]).astype(np.float64)
    distinct, place = np.unique(keys, return_inverse=True)
    if len(distinct) < 2:
        raise OgiveError(
            "The data is one document, which cannot be both learned from and held out.",
            "Set data.split_by to position.",
        )
    weights = np.bincount(place, sizes)
    middles = np.cumsum(weights) - weights / 2
    wanted = int(np.searchsorted(middles, share * sizes.sum(), side="right"))
    return int(distinct[min(max(wanted, 1), len(distinct) - 1) - 1])


def divide(source: Source, split: Split, share: float) -> Iterator[tuple[Part, Row]]:
    """Every row of the source with its side; a text cut by position comes as two."""
    if split.by == "own":
        for part in ("train", "held-out"):
            for document in source.documents(part, share):
                yield part, from_document(document)
        return
    number = place = 0
    for row in rows(source):
        if number >= (split.documents or 0):
            raise OgiveError("The data changed while it was read.", "Start again when nothing writes to it.")
        if split.by == "document":
            yield ("held-out" if split.held_out[number] else "train"), row
        else:
            yield from _at_place(row, split.place - place)
            place += len(plain(row))
        number += not (isinstance(row, Text) and row.continues)


def _at_place(row: Row, place: int) -> Iterator[tuple[Part, Row]]:
    """The row whole on its side, or a text cut after `place` characters into two."""
    if place <= 0:
        yield "held-out", row
    elif not isinstance(row, Text) or place >= len(row.text):
        yield "train", row
    else:
        yield "train", Text(row.text[:place], row.origin)
        yield "held-out", Text(row.text[place:], row.origin, row.continues)
