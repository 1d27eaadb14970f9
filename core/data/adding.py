"""Adding data to the workspace: a look at what it is, then a snapshot of all its rows."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from core.cancel import Cancel
from core.data.building import Building
from core.data.documents import Progress, Source
from core.data.formats import SAMPLE, Columns, alternatives
from core.data.lengths import Lengths
from core.data.snapshots import FORMAT, MANIFEST, Snapshot, home, list_snapshots, read
from core.data.sources import RowSource, rows
from core.data.typed import KINDS, Kind, Row, plain, to_record
from core.errors import OgiveError
from core.files import os_failure, write_json
from core.workspace import Workspace

SHARD = 1 << 26  # bytes of rows in one file
LEARNED = ("text", "conversation", "prompt-completion")
"""Kinds that may stand in one snapshot: all are text to learn from."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Preview:
    """The beginning of a source: how its columns are read, its first rows, and other ways to read it."""

    mapping: Columns | None
    kind: Kind
    columns: list[str]
    rows: list[Row]
    alternatives: list[Columns]

    def to_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "mapping": None if self.mapping is None else self.mapping.to_dict(),
            "kind": self.kind,
            "columns": self.columns,
            "rows": [{"origin": row.origin, "kind": row.kind, **to_record(row)} for row in self.rows],
            "alternatives": [each.to_dict() for each in self.alternatives],
        }


def preview(source: Source, count: int = 3) -> Preview:
    """The first `count` rows as they are understood; only the beginning is read. OgiveError when there is none or it
    does not fit the mapping."""
    found = list(islice(rows(source), count))
    if not found:
        raise OgiveError("The data holds no rows.", "Check the path and the columns.")
    if not isinstance(source, RowSource):
        return Preview(None, found[0].kind, [], found, [])
    records = source.sample(SAMPLE)
    columns = list(dict.fromkeys(str(name) for record in records for name in record))
    others = [each for each in alternatives(records) if each != source.mapping] if records else []
    return Preview(source.mapping, found[0].kind, columns, found, others)


def add(
    workspace: Workspace,
    name: str,
    sources: Sequence[RowSource],
    *,
    cancel: Cancel | None = None,
    progress: Progress | None = None,
    description: str = "",
) -> Snapshot:
    """Copy all rows of `sources` into a new snapshot. The newest version of `name` is given back, `fresh` false, when
    it has the same content; otherwise the new one is its next version, or the first.

    Whole or absent: nothing is left when it fails, is stopped or killed. Raises OgiveError for data that cannot be
    read, that changes meanwhile, or whose rows are of kinds that do not go together; Stopped when `cancel` is asked.
    """
    if not _NAME.fullmatch(name):
        raise OgiveError(f"{name!r} cannot be a name.", "Use letters, digits, dots and dashes.")
    before = [entry for source in sources for entry in _files(source)]
    stamps = _stamps(before)
    with Building(home(workspace) / name) as building:
        writer = _Writer(building.path, cancel, progress)
        try:
            for source in sources:
                for row in rows(source):
                    writer.add(row)
            writer.finish()
        except OSError as error:
            raise os_failure("write", building.place, error) from error
        if stamps != _stamps(before):
            raise OgiveError("The files changed while they were read.", "Start again when nothing writes to them.")
        while True:
            earlier = [one for one in list_snapshots(workspace) if one.name == name]
            whole = [one for one in earlier if not one.damage]
            if whole and whole[-1].id == writer.id:
                return replace(whole[-1], fresh=False)
            version = earlier[-1].version + 1 if earlier else 1
            about: dict[str, Any] = {
                "format": FORMAT,
                "id": writer.id,
                "name": name,
                "version": version,
                "description": description,
            }
            about |= {"created_at": datetime.now(UTC).isoformat(timespec="seconds")}
            about |= writer.about() | _origin(sources, before, whole)
            write_json(building.path / MANIFEST, about)
            building.place = home(workspace) / (name if version == 1 else f"{name}@{version}")
            try:
                building.finish(replace=False)
            except FileExistsError:
                continue  # Another process has just added this version.
            return read(building.place)


def _files(source: RowSource) -> list[dict[str, Any]]:
    """What `source` reads, with times of change."""
    found = []
    for entry in source.inputs():
        path = Path(entry["path"])
        stamp = path.stat().st_mtime if path.is_file() else None
        changed = None if stamp is None else datetime.fromtimestamp(stamp, UTC).isoformat(timespec="seconds")
        found.append({**entry, "mtime": changed})
    return found


def _stamps(files: list[dict[str, Any]]) -> list[tuple[int, int] | None]:
    """Size and time of change of each file, to tell whether it was changed meanwhile."""
    found: list[tuple[int, int] | None] = []
    for entry in files:
        path = Path(entry["path"])
        stat = path.stat() if path.is_file() else None
        found.append(None if stat is None else (stat.st_size, stat.st_mtime_ns))
    return found


def _origin(sources: Sequence[RowSource], files: list[dict[str, Any]], earlier: list[Snapshot]) -> dict[str, Any]:
    """Where the rows came from: files, mappings, and the snapshots they descend from."""
    described = []
    parents = [{"name": earlier[-1].reference, "id": earlier[-1].id, "as": "the version before"}] if earlier else []
    for source in sources:
        mapping = source.mapping
        described.append({"mapping": None if mapping is None else mapping.to_dict(), **source.settled()})
        snapshot = getattr(source, "snapshot", None)
        if isinstance(snapshot, Snapshot):
            parents.append({"name": snapshot.reference, "id": snapshot.id, "as": "a source"})
    mapping = next((one["mapping"] for one in described if one["mapping"]), None)
    return {"sources": described, "mapping": mapping, "files": files, "parents": parents}


class _Writer:
    """Writes rows into files of about SHARD bytes, hashing and counting as it goes."""

    def __init__(self, folder: Path, cancel: Cancel | None, progress: Progress | None) -> None:
        self._folder, self._cancel, self._progress = folder, cancel, progress
        self._digest, self._shard = hashlib.sha256(), hashlib.sha256()
        self._file: Any = None
        self._size = self._rows = 0
        self.shards: list[dict[str, Any]] = []
        self.lengths = Lengths()
        self.kinds: dict[str, int] = {}
        self.rows = self.bytes = 0

    @property
    def id(self) -> str:
        return self._digest.hexdigest()[:16]

    def add(self, row: Row) -> None:
        self._check_kind(row)
        try:
            content = json.dumps(to_record(row), ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold and UTF-8 cannot
            content = json.dumps(to_record(row), separators=(",", ":")).encode()
        self._digest.update(content + b"\n")
        origin = json.dumps(row.origin).encode()
        line = content[:-1] + b',"origin":' + origin + b"}\n"
        if self._file is None or self._size + len(line) > SHARD:
            self._next()
        self._file.write(line)
        self._shard.update(line)
        self._size += len(line)
        self._rows += 1
        words = plain(row)
        self.bytes += len(words) if words.isascii() else len(words.encode("utf-8", "surrogatepass"))
        self.lengths.add(len(words), getattr(row, "continues", False))
        self.rows += 1
        if self.rows % 256 == 0:
            self._pulse()

    def finish(self) -> None:
        self._close()
        if not self.rows:
            raise OgiveError("The data holds no rows.", "Check the path and the columns.")
        self._pulse()

    def about(self) -> dict[str, Any]:
        kind = max(self.kinds, key=lambda one: self.kinds[one])
        return {
            "kind": kind,
            "kinds": self.kinds,
            "rows": self.rows,
            "documents": self.lengths.documents,
            "characters": self.lengths.characters,
            "bytes": self.bytes,
            "lengths": self.lengths.summary(),
            "histogram": self.lengths.histogram(),
            "shards": self.shards,
        }

    def _check_kind(self, row: Row) -> None:
        if row.kind not in self.kinds:
            other = next(iter(self.kinds), row.kind)
            if other != row.kind and not (other in LEARNED and row.kind in LEARNED):
                raise OgiveError(
                    f"{row.origin} is a {row.kind}, and the rows before it are {KINDS[other]}.",  # ty: ignore
                    "Add them under two names, or say what the columns are with --format and --map.",
                )
        self.kinds[row.kind] = self.kinds.get(row.kind, 0) + 1

    def _next(self) -> None:
        self._close()
        self._file = (self._folder / f"rows-{len(self.shards):05}.jsonl").open("wb")
        self._shard, self._size, self._rows = hashlib.sha256(), 0, 0

    def _close(self) -> None:
        if self._file is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        name = Path(self._file.name).name
        self.shards.append({"name": name, "bytes": self._size, "rows": self._rows, "sha256": self._shard.hexdigest()})
        self._file = None

    def _pulse(self) -> None:
        if self._cancel is not None:
            self._cancel.check("Adding")
        if self._progress is not None:
            self._progress("Adding", self.rows, None)
