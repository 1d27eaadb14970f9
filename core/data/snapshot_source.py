"""The source of data that is a snapshot of the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from core.data.documents import Document, Input, Part
from core.data.formats import Columns
from core.data.records import Record
from core.data.snapshots import find, shard_rows, verify
from core.data.typed import Row, as_document
from core.errors import OgiveError
from core.workspace import Workspace


class SnapshotSource:
    """The `snapshot` brick: rows that were added to the workspace. `snapshot` is a name, `name@version` or a folder."""

    own_split = False
    in_workspace = True

    def __init__(self, snapshot: str = "", workspace: Workspace | None = None) -> None:
        if not snapshot:
            raise OgiveError("The data source `snapshot` names no snapshot.", "`ogive data list` shows them.")
        self.snapshot = find(workspace or Workspace.find(), snapshot)

    def settled(self) -> dict[str, Any]:
        """This very version, by its folder."""
        return {"snapshot": str(self.snapshot.folder.resolve())}

    @property
    def mapping(self) -> Columns | None:
        """How the columns were read when it was added; None for plain text."""
        about = self.snapshot.mapping
        return None if about is None else Columns(about["format"], about["columns"])

    @property
    def shards(self) -> int:
        return len(self.snapshot.shards)

    def shard(self, number: int, skip: int = 0) -> Iterator[Row]:
        return shard_rows(self.snapshot, number, skip)

    def rows(self) -> Iterator[Row]:
        return (row for number in range(self.shards) for row in self.shard(number))

    def sample(self, count: int) -> list[Record]:
        """Nothing: rows are understood when they are added."""
        return []

    def documents(self, part: Part = "train", share: float = 0.0) -> Iterator[Document]:
        return map(as_document, self.rows())

    @cached_property
    def _inputs(self) -> list[Input]:
        verify(self.snapshot)
        return self.places()

    def inputs(self) -> list[Input]:
        """Its files; OgiveError when one is not what was written."""
        return self._inputs

    def fingerprint(self) -> str:
        """Its id, once its files are known to be whole."""
        return f"snapshot/{self.snapshot.id}" if self._inputs else ""

    def places(self) -> list[Input]:
        """Its files as the manifest knows them."""
        folder = self.snapshot.folder.resolve()
        return [
            {"path": str(folder / shard["name"]), "bytes": shard["bytes"], "sha256": shard["sha256"]}
            for shard in self.snapshot.shards
        ]

    def glance(self) -> str:
        """Its id."""
        return f"snapshot/{self.snapshot.id}"
