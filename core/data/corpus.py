"""All documents of a run's data, split into training and held-out text that share nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property

from core.cancel import Cancel
from core.data.documents import Document, Input, Part, Progress, Source
from core.data.sources import RowSource, make, rows
from core.data.splitting import Measured, Split, divide, row_key, split_sources
from core.data.typed import Row, Text, as_document, plain
from core.errors import OgiveError
from core.settings.data import DataSettings
from core.workspace import Workspace


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
        """What is read, for a run's provenance; without hashes of the files when it is streamed."""
        if self.settings.streaming:
            return [entry for source in self.sources if isinstance(source, RowSource) for entry in source.places()]
        return [entry for source in self.sources for entry in source.inputs()]

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that decides which documents there are and on which side of the split each is."""
        settings = self.settings
        quick = settings.streaming
        parts = [
            source.glance() if quick and isinstance(source, RowSource) else source.fingerprint()
            for source in self.sources
        ]
        content = json.dumps([parts, settings.held_out, settings.split_by, settings.seed])
        return hashlib.sha256(content.encode()).hexdigest()

    @cached_property
    def splits(self) -> list[Split]:
        """The split of each source; reads through those that have no split of their own."""
        return split_sources([None if one.own_split else self._measured(one) for one in self.sources], self.settings)

    def rows(self) -> Iterator[Row]:
        """Every row of every source that is not held out by the source itself, of whatever kind."""
        return (row for source in self.sources for row in rows(source))

    def tagged_rows(self, doing: str = "Reading") -> Iterator[tuple[Part, Row]]:
        """Every row, of whatever kind, with its side of the split; a text cut by position comes as two."""
        return ((part, row) for _, part, row in self.placed(doing))

    def tagged(self, doing: str = "Reading") -> Iterator[tuple[Part, Document]]:
        """Every document with its side of the split. OgiveError for rows that are no text or talk to learn from."""
        return ((part, as_document(row)) for _, part, row in self.placed(doing))

    def placed(self, doing: str = "Reading") -> Iterator[tuple[int, Part, Row]]:
        """Every row with the number of its source and its side of the split."""
        total = None
        if all(split.documents is not None for split in self.splits):
            total = sum(split.documents or 0 for split in self.splits)
        done = 0
        for number, (source, split) in enumerate(zip(self.sources, self.splits, strict=True)):
            for part, row in divide(source, split, self.settings.held_out):
                yield number, part, row
                done += not (isinstance(row, Text) and row.continues)
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

    def _measured(self, source: Source) -> Measured:
        """A hash and a size of every document of `source`; equal documents have equal hashes."""
        seed = self.settings.seed
        found = Measured()
        key = pieces = size = 0
        for row in rows(source):
            key = row_key(row, seed ^ key if pieces else seed)
            size += len(plain(row))
            pieces += 1
            if not (isinstance(row, Text) and row.continues):
                found.keys.append(key)
                found.sizes.append(size)
                key = pieces = size = 0
                if len(found.keys) % 256 == 0:
                    self._pulse("Reading", len(found.keys), None)
        if not any(found.sizes):
            raise OgiveError("The data holds no text.", "Check it with `ogive data show`.")
        return found
