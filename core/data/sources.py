"""The sources of data as bricks: made from settings, read as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

from core.data.documents import Input, Source
from core.data.formats import Columns
from core.data.records import Record
from core.data.typed import Row, from_document
from core.settings.data import SourceSettings
from core.workspace import Workspace


@runtime_checkable
class RowSource(Source, Protocol):
    """A source that knows what its rows are. Its rows come in `shards` parts that can each be read alone, from any row
    on; `mapping` is None where there are no columns."""

    @property
    def mapping(self) -> Columns | None: ...

    @property
    def shards(self) -> int: ...

    def rows(self) -> Iterator[Row]:
        """Every row, in the order of the shards."""
        ...

    def shard(self, number: int, skip: int = 0) -> Iterator[Row]:
        """The rows of one shard but the first `skip`."""
        ...

    def sample(self, count: int) -> list[Record]:
        """The first records as they are written, before they are understood."""
        ...

    def places(self) -> list[Input]:
        """What is read, with sizes and no hashes: nothing is read for it."""
        ...

    def glance(self) -> str:
        """A fingerprint that does not read everything: enough to notice that files were exchanged."""
        ...

    def settled(self) -> dict[str, Any]:
        """Options that mean the same from any folder and on any day, laid over those that were given."""
        ...


def make(choice: SourceSettings, workspace: Workspace | None = None) -> Source:
    """The source that the settings choose; `workspace` is where snapshots are found by name."""
    options = {key: value for key, value in choice.options.items() if key != "weight"}
    made = choice.brick.load()
    return made(**options, workspace=workspace) if getattr(made, "in_workspace", False) else made(**options)


def rows(source: Source) -> Iterator[Row]:
    """The rows of any source; of one that makes documents, its training documents."""
    return source.rows() if isinstance(source, RowSource) else map(from_document, source.documents())
