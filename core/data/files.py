"""Rows from files: text, Markdown, JSONL, JSON, CSV and Parquet, or folders and globs of them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

from core.data.columns import ColumnReader
from core.data.documents import Document, Gone, Input, Part
from core.data.formats import SAMPLE, Columns
from core.data.records import RECORDS, Record, read_records
from core.data.text import read_parts, read_pieces
from core.data.typed import Row, as_document
from core.data.where import Place
from core.errors import OgiveError, nearest
from core.files import os_failure, sha256

TEXT = (".txt", ".text", ".md", ".markdown")
_EDGE = 1 << 16
_UNREADABLE = (".gz", ".zip", ".xz", ".bz2", ".zst", ".pdf", ".docx", ".html", ".arrow", ".xlsx")


class FilesSource:
    """The `files` brick. `path` is a file, a folder (searched through) or a glob.

    `documents` is what one document of a text file is: `file`, `line`, `blank-line` (paragraphs), or `auto`: a file.
    Text is taken as it is, byte for byte but for a byte-order mark at its start. Files of records are read by column:
    `column`, `format` and `map` as in `ColumnReader`.
    """

    own_split = False

    def __init__(
        self, path: str = "", column: str = "", documents: str = "auto", format: str = "auto", map: str = ""
    ) -> None:
        if not path:
            raise OgiveError("The data source `files` has no path.", "Set `path` to a file, a folder or a glob.")
        self.path = path
        self.unit = documents
        self.reader = ColumnReader(column, format, map)

    @cached_property
    def files(self) -> list[Path]:
        """The files that are read, sorted by path. OgiveError when there are none, or one is of an unknown format."""
        given = Path(self.path).expanduser()
        if given.is_file():
            found = [given]
        elif given.is_dir():
            found = [path for path in given.rglob("*") if path.suffix.lower() in TEXT + RECORDS and path.is_file()]
            found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(given).parts)]
        elif any(mark in self.path for mark in "*?["):
            parts = given.parts
            fixed = next(number for number, part in enumerate(parts) if any(mark in part for mark in "*?["))
            root = Path(*parts[:fixed]) if fixed else Path()
            found = [path for path in root.glob(str(Path(*parts[fixed:]))) if path.is_file()]
        else:
            raise Gone(f"There is no file or folder {self.path}.", _beside(given))
        if not found:
            raise Gone(f"No text was found at {self.path}.", f"Files that are read: {', '.join(TEXT + RECORDS)}.")
        for path in found:
            if path.suffix.lower() in _UNREADABLE:
                raise OgiveError(
                    f"{path} is {path.suffix}, which is not read.",
                    "Turn it into .txt, or .jsonl with a text column.",
                )
        return sorted(found)

    @cached_property
    def _inputs(self) -> list[Input]:
        listed: list[Input] = []
        for path in self.files:
            try:
                size = path.stat().st_size
            except OSError as error:
                raise os_failure("read", path, error) from error
            listed.append({"path": str(path.resolve()), "bytes": size, "sha256": sha256(path)})
        return listed

    def inputs(self) -> list[Input]:
        """Path, size and sha256 of each file."""
        return self._inputs

    def fingerprint(self) -> str:
        """Depends on the files' contents and kinds and on the options, not on names or places."""
        kinds = [_kind(path) for path in self.files]
        content = [[entry["sha256"], kind] for entry, kind in zip(self.inputs(), kinds, strict=True)]
        return hashlib.sha256(json.dumps([content, self.reader.options, self.unit]).encode()).hexdigest()

    def places(self) -> list[Input]:
        """Path and size of each file."""
        try:
            return [{"path": str(path.resolve()), "bytes": path.stat().st_size, "sha256": ""} for path in self.files]
        except OSError as error:
            raise os_failure("read", error.filename or self.path, error) from error

    def glance(self) -> str:
        """Depends on the files' sizes, beginnings and ends, and on the options."""
        content = [[_kind(path), *_edges(path)] for path in self.files]
        return hashlib.sha256(json.dumps([content, self.reader.options, self.unit]).encode()).hexdigest()

    def settled(self) -> dict[str, str]:
        """Options that mean the same from any folder."""
        return {"path": os.path.abspath(Path(self.path).expanduser())}  # noqa: PTH100 - it may be a glob

    @property
    def mapping(self) -> Columns | None:
        """How the columns of the first file of records are read; None for text."""
        path = next((path for path in self.files if self._has_records(path)), None)
        return None if path is None else self._columns(path)

    def sample(self, count: int) -> list[Record]:
        """The first `count` records as they stand in the file; empty for text."""
        path = next((path for path in self.files if self._has_records(path)), None)
        return [] if path is None else [record for _, record in islice(read_records(path), count)]

    def rows(self) -> Iterator[Row]:
        """Every row of every file, in order."""
        return (row for number in range(len(self.files)) for row in self.shard(number))

    @property
    def shards(self) -> int:
        """How many parts the rows come in that can be read on their own: files."""
        return len(self.files)

    def shard(self, number: int, skip: int = 0) -> Iterator[Row]:
        """The rows of one file but the first `skip`."""
        path = self.files[number]
        if self._has_records(path):
            known = self._columns(path) if skip else None
            return self.reader.rows(read_records(path, skip), known)
        parts = read_parts(path, self.unit) if self.unit in ("line", "blank-line") else read_pieces(path)
        return islice(parts, skip, None)

    def asking(self) -> FilesSource:
        """The same files read as questions: in a text file each line is one, unless the unit was chosen."""
        reader = self.reader
        unit = "line" if self.unit == "auto" else self.unit
        given = ",".join(f"{role}={column}" for role, column in reader.given.items())
        return FilesSource(self.path, reader.column, unit, reader.format, given)

    def _columns(self, path: Path) -> Columns:
        first = list(islice(read_records(path), SAMPLE))
        return self.reader.columns([record for _, record in first], first[0][0] if first else Place(str(path)))

    def documents(self, part: Part = "train", share: float = 0.0) -> Iterator[Document]:
        """Every row as a document; a source of files has no split of its own."""
        return map(as_document, self.rows())

    def _has_records(self, path: Path) -> bool:
        return path.suffix.lower() in RECORDS and self.unit != "file"


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    return suffix if suffix in RECORDS else ""


def _edges(path: Path) -> tuple[int, str]:
    """The file's size, and a hash of its first and last stretch."""
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(_EDGE))
            size = path.stat().st_size
            file.seek(max(0, size - _EDGE))
            digest.update(file.read(_EDGE))
    except OSError as error:
        raise os_failure("read", path, error) from error
    return size, digest.hexdigest()


def _beside(given: Path) -> str:
    beside = [path.name for path in given.parent.iterdir()] if given.parent.is_dir() else []
    return nearest(given.name, beside) if 0 < len(beside) <= 50 else "Check the path."
