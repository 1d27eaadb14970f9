"""Documents from text, Markdown and JSONL files, or folders and globs of them."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from core.data.documents import Document, Input, Message, Part
from core.errors import OgiveError, nearest
from core.files import os_failure, sha256

TEXT = (".txt", ".text", ".md", ".markdown")
JSONL = (".jsonl", ".ndjson")
_UNREADABLE = (".csv", ".tsv", ".parquet", ".json", ".gz", ".zip", ".xz", ".bz2", ".zst", ".pdf", ".docx", ".html")
_CHUNK = 1 << 20
_PIECE = 1 << 22


class FilesSource:
    """The `files` brick. `path` is a file, a folder (searched through) or a glob; see `documents` for the rest.

    `unit` is what one document is: `file`, `line`, `blank-line` (paragraphs), or `auto`: a record in JSONL, else a
    file. Text is taken as it is, byte for byte but for a byte-order mark at its start.
    """

    own_split = False

    def __init__(self, path: str = "", column: str = "text", documents: str = "auto") -> None:
        if not path:
            raise OgiveError("The data source `files` has no path.", "Set `path` to a file, a folder or a glob.")
        self.path = path
        self.column = column
        self.unit = documents

    @cached_property
    def files(self) -> list[Path]:
        """The files that are read, sorted by path. OgiveError when there are none, or one is of an unknown format."""
        given = Path(self.path).expanduser()
        if given.is_file():
            found = [given]
        elif given.is_dir():
            found = [path for path in given.rglob("*") if path.suffix.lower() in TEXT + JSONL and path.is_file()]
            found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(given).parts)]
        elif any(mark in self.path for mark in "*?["):
            parts = given.parts
            fixed = next(number for number, part in enumerate(parts) if any(mark in part for mark in "*?["))
            root = Path(*parts[:fixed]) if fixed else Path()
            found = [path for path in root.glob(str(Path(*parts[fixed:]))) if path.is_file()]
        else:
            beside = [path.name for path in given.parent.iterdir()] if given.parent.is_dir() else []
            hint = nearest(given.name, beside) if 0 < len(beside) <= 50 else "Check the path."
            raise OgiveError(f"There is no file or folder {self.path}.", hint)
        if not found:
            raise OgiveError(f"No text was found at {self.path}.", f"Files that are read: {', '.join(TEXT + JSONL)}.")
        for path in found:
            if path.suffix.lower() in _UNREADABLE:
                raise OgiveError(
                    f"{path} is {path.suffix}, which is not read yet.",
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
        kinds = [path.suffix.lower() in JSONL for path in self.files]
        content = [[entry["sha256"], kind] for entry, kind in zip(self.inputs(), kinds, strict=True)]
        return hashlib.sha256(json.dumps([content, self.column, self.unit]).encode()).hexdigest()

    def documents(self, part: Part = "train", share: float = 0.0) -> Iterator[Document]:
        """Every document of every file, in order; a source of files has no split of its own."""
        for path in self.files:
            if path.suffix.lower() in JSONL and self.unit != "file":
                yield from self._records(path)
            elif self.unit in ("line", "blank-line"):
                yield from self._parts(path)
            else:
                yield from _pieces(path)

    def _parts(self, path: Path) -> Iterator[Document]:
        gathered: list[str] = []
        first = 1
        for number, line in _lines(path):
            if self.unit == "line":
                if line.strip():
                    yield Document(line.rstrip("\r\n"), origin=f"{path.name}:{number}")
            elif line.strip():
                first = first if gathered else number
                gathered.append(line)
            elif gathered:
                yield Document("".join(gathered).rstrip("\r\n"), origin=f"{path.name}:{first}")
                gathered = []
        if gathered:
            yield Document("".join(gathered).rstrip("\r\n"), origin=f"{path.name}:{first}")

    def _records(self, path: Path) -> Iterator[Document]:
        for number, line in _lines(path):
            if not line.strip():
                continue
            where = f"{path.name}:{number}"
            try:
                record = json.loads(line)
            except ValueError as error:
                raise OgiveError(
                    f"{path}, line {number}, is not JSON: {error}.", "Each line of a .jsonl file is one JSON object."
                ) from None
            yield self._record(record, path, number, where)

    def _record(self, record: Any, path: Path, number: int, where: str) -> Document:
        if not isinstance(record, dict):
            raise OgiveError(
                f"{path}, line {number}, is a {type(record).__name__}, not an object.",
                'Each line is an object, such as {"text": "..."}.',
            )
        column = self.column
        if column not in record and column == "text" and "messages" in record:
            column = "messages"
        if column not in record:
            found = ", ".join(repr(key) for key in record) or "nothing"
            raise OgiveError(
                f"{path}, line {number}, has no column {column!r}; found {found}.",
                nearest(column, record) + " Set `column` of the data source." if record else "",
            )
        value = record[column]
        if isinstance(value, str):
            return Document(value, origin=where)
        if isinstance(value, list):
            return Document(messages=[_message(item, path, number) for item in value], origin=where)
        raise OgiveError(
            f"{path}, line {number}: column {column!r} holds a {type(value).__name__}, expected text or messages.",
            "Name another column.",
        )


def _message(item: Any, path: Path, number: int) -> Message:
    role = item.get("role") if isinstance(item, dict) else None
    content = item.get("content") if isinstance(item, dict) else None
    if not isinstance(role, str) or not isinstance(content, str):
        found = ", ".join(map(repr, item)) if isinstance(item, dict) else type(item).__name__
        raise OgiveError(
            f"{path}, line {number}: a message needs the texts 'role' and 'content'; found {found}.",
            'A message is {"role": "user", "content": "..."}.',
        )
    if role not in ("system", "user", "assistant"):
        raise OgiveError(
            f"{path}, line {number}: a message has the role {role!r}.", nearest(role, ("system", "user", "assistant"))
        )
    return {"role": role, "content": content}


def _text(path: Path) -> Iterator[str]:
    """The file's text in stretches of about a megabyte; OgiveError tells the line of a byte that is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, start = 1, True
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                text = _decoded(decoder, chunk, path, line, final=False)
                line += chunk.count(b"\n")
                if start and text:
                    text, start = text.removeprefix("\ufeff"), False
                yield text
        yield _decoded(decoder, b"", path, line, final=True)
    except OSError as error:
        raise os_failure("read", path, error) from error


def _decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, path: Path, line: int, final: bool) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        line += error.object[: error.start].count(b"\n")
        raise OgiveError(
            f"{path}, line {line}, is not UTF-8 text: it has the byte 0x{error.object[error.start]:02x}.",
            "Convert it, for example with `iconv -f latin1 -t utf-8`.",
        ) from None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers from 1 and lines with their ends."""
    number, rest = 0, ""
    for text in _text(path):
        lines = (rest + text).split("\n")
        rest = lines.pop()
        for line in lines:
            number += 1
            yield number, line + "\n"
    if rest:
        yield number + 1, rest


def _pieces(path: Path) -> Iterator[Document]:
    """A whole file as one document, in pieces when it is long: cut before a single space, where tokenizers cut too."""
    held = ""
    for text in _text(path):
        held += text
        while len(held) > _PIECE:
            cut = _cut(held)
            yield Document(held[:cut], origin=path.name, continues=True)
            held = held[cut:]
    if held:
        yield Document(held, origin=path.name)


def _cut(text: str) -> int:
    """The last place before a space between two visible characters, in the text's second half; else its end."""
    place = len(text) - 1
    while (place := text.rfind(" ", len(text) // 2, place)) > 0:
        if not text[place - 1].isspace() and not text[place + 1].isspace():
            return place
    return len(text) - 1
