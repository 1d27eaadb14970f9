"""All documents of a run's data, split into training and held-out text that share nothing."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from core.cancel import Cancel
from core.data.documents import Document, Input, Part, Progress, Source
from core.data.sources import RowSource, make
from core.errors import OgiveError
from core.settings.data import DataSettings
from core.workspace import Workspace

ENOUGH_DOCUMENTS = 20


def settled(settings: DataSettings, workspace: Workspace | None = None, rows: bool = False) -> DataSettings:
    """`settings` for a run that may be resumed from anywhere: paths made absolute, snapshots and data sets pinned to
    their version, and every source looked into. Raises OgiveError when one cannot be read or its first document is
    not as it should be: text or talk to learn from, or with `rows` a row of any kind."""
    settled = settings.model_copy(deep=True)
    for choice in settled.sources:
        source = make(choice, workspace)
        if isinstance(source, RowSource):
            choice.options.update(source.settled())
        first = source.rows() if rows and isinstance(source, RowSource) else source.documents()
        if next(iter(first), None) is None:
            raise OgiveError("The data holds no text.", "Check it with `ogive data show`.")
    return settled


@dataclass(frozen=True)
class Split:
    """How one source's documents are told apart: by a flag for each, or at one place in the text (characters)."""

    by: Literal["own", "document", "position"]
    documents: int | None = None
    held_out: bytes = b""
    place: int = 0


class Corpus:
    """The sources of `settings`, opened. Reading it twice gives the same documents in the same order.

    `workspace` is where snapshots are found by name (default: the workspace of the current folder).
    """

    def __init__(
        self,
        settings: DataSettings,
        cancel: Cancel | None = None,
        progress: Progress | None = None,
        workspace: Workspace | None = None,
    ) -> None:
        self.settings = settings
        self.sources: list[Source] = [make(choice, workspace) for choice in settings.sources]
        self._cancel, self._progress = cancel, progress

    def inputs(self) -> list[Input]:
        """What is read, for a run's provenance."""
        return [entry for source in self.sources for entry in source.inputs()]

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that decides which documents there are and on which side of the split each is."""
        settings = self.settings
        parts = [source.fingerprint() for source in self.sources]
        content = json.dumps([parts, settings.held_out, settings.split_by, settings.seed])
        return hashlib.sha256(content.encode()).hexdigest()

    @cached_property
    def splits(self) -> list[Split]:
        """The split of each source; reads through those that have no split of their own."""
        return [self._split(source) for source in self.sources]

    def tagged(self, doing: str = "Reading") -> Iterator[tuple[Part, Document]]:
        """Every document with its side of the split; a document cut by position comes as two."""
        total = None
        if all(split.documents is not None for split in self.splits):
            total = sum(split.documents or 0 for split in self.splits)
        done = 0
        for source, split in zip(self.sources, self.splits, strict=True):
            for part, document in _divide(source, split, self.settings.held_out):
                yield part, document
                done += not document.continues
                if done % 256 == 0:
                    self._pulse(doing, done, total)
        self._pulse(doing, done, total)

    def texts(self) -> Iterator[str]:
        """The words of the training documents, for the training of a tokenizer."""
        return (document.plain() for part, document in self.tagged("Reading for the tokenizer") if part == "train")

    def _pulse(self, doing: str, done: int, total: int | None) -> None:
        if self._cancel is not None:
            self._cancel.check(doing)
        if self._progress is not None:
            self._progress(doing, done, total)

    def _split(self, source: Source) -> Split:
        if source.own_split:
            return Split("own")
        settings = self.settings
        keys, sizes = array("Q"), array("Q")
        key = size = pieces = 0
        for document in source.documents():
            key = document.key(settings.seed ^ key) if pieces else document.key(settings.seed)
            size += len(document.plain())
            pieces += 1
            if not document.continues:
                keys.append(key)
                sizes.append(size)
                key = size = pieces = 0
                if len(keys) % 256 == 0:
                    self._pulse("Reading", len(keys), None)
        if not sum(sizes):
            raise OgiveError("The data holds no text.", "Check it with `ogive data show`.")
        by = settings.split_by
        if by == "auto":
            by = "document" if len(keys) >= ENOUGH_DOCUMENTS else "position"
        if by == "position":
            place = int(sum(sizes) * (1 - settings.held_out))
            return Split("position", len(keys), place=min(max(place, 1), sum(sizes) - 1))
        return Split("document", len(keys), held_out=_choose(keys, sizes, settings.held_out))


def _choose(keys: array[int], sizes: array[int], share: float) -> bytes:
    """One byte per document, 1 for held-out: in the order of their hashes, until `share` of the text is reached.

    Equal documents have equal hashes and so are always on the same side.
    """
    weights: dict[int, int] = {}
    for key, size in zip(keys, sizes, strict=True):
        weights[key] = weights.get(key, 0) + size
    if len(weights) < 2:
        raise OgiveError(
            "The data is one document, which cannot be both learned from and held out.",
            "Set data.split_by to position.",
        )
    target, taken = share * sum(sizes), 0
    chosen: set[int] = set()
    for key in sorted(weights)[: len(weights) - 1]:
        if chosen and taken + weights[key] / 2 > target:
            break
        chosen.add(key)
        taken += weights[key]
    return bytes(key in chosen for key in keys)


def _divide(source: Source, split: Split, share: float) -> Iterator[tuple[Part, Document]]:
    if split.by == "own":
        for document in source.documents("train", share):
            yield "train", document
        for document in source.documents("held-out", share):
            yield "held-out", document
        return
    number = place = 0
    for document in source.documents():
        if number >= (split.documents or 0):
            raise OgiveError("The data changed while it was read.", "Start again when nothing writes to it.")
        if split.by == "document":
            yield ("held-out" if split.held_out[number] else "train"), document
        else:
            yield from _at_place(document, split.place - place)
            place += len(document.plain())
        number += not document.continues


def _at_place(document: Document, place: int) -> Iterator[tuple[Part, Document]]:
    """The document whole on its side, or cut after `place` characters into two documents."""
    text = document.text
    if place <= 0:
        yield "held-out", document
    elif text is None or place >= len(text):
        yield "train", document
    else:
        yield "train", replace(document, text=text[:place], continues=False)
        yield "held-out", replace(document, text=text[place:])
