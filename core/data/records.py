"""Records from files of columns: JSONL, JSON, CSV and Parquet, one after another, each with its place."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.data.text import LONGEST, read_lines, read_text
from core.data.where import Place
from core.errors import OgiveError
from core.files import os_failure

JSONL = (".jsonl", ".ndjson")
JSON = (".json",)
CSV = (".csv", ".tsv")
PARQUET = (".parquet",)
RECORDS = JSONL + JSON + CSV + PARQUET

Record = dict[str, Any]


def read_records(path: Path, skip: int = 0) -> Iterator[tuple[Place, Record]]:
    """Every record of `path` but the first `skip`, by the file's name ending. Needs the memory of a few records.

    Raises OgiveError that names the file and the row: torn JSON, a row of another width, a damaged Parquet file.
    """
    suffix = path.suffix.lower()
    reader = _jsonl if suffix in JSONL else _json if suffix in JSON else _csv if suffix in CSV else _parquet
    return reader(path, skip)


def _place(path: Path, number: int, unit: str = "line") -> Place:
    return Place(str(path), number, unit, path.name)


def _jsonl(path: Path, skip: int) -> Iterator[tuple[Place, Record]]:
    for number, line in read_lines(path):
        if not line.strip():
            continue
        if skip:
            skip -= 1
            continue
        place = _place(path, number)
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise OgiveError(
                f"{path}, line {number}, is not JSON: {_short(error)}.",
                "Each line of a .jsonl file is one JSON object.",
            ) from None
        yield place, _object(record, place)


def _short(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _object(record: Any, place: Place) -> Record:
    if not isinstance(record, dict):
        raise OgiveError(
            f"{place}, is a {type(record).__name__}, not an object.", 'A record is an object, such as {"text": "..."}.'
        )
    return record


def _json(path: Path, skip: int) -> Iterator[tuple[Place, Record]]:
    """The objects of one JSON array, read as they come; objects one after another are taken too."""
    decoder = json.JSONDecoder()
    stretches = read_text(path)
    held, at, number, array = "", 0, 0, False
    while True:
        at = _after_space(held, at)
        if not number and not array and held.startswith("[", at):
            at, array = _after_space(held, at + 1), True
        elif array and number and held.startswith(",", at):
            at = _after_space(held, at + 1)
        if array and held.startswith("]", at):
            return
        try:
            record, end = decoder.raw_decode(held, at)
        except (ValueError, RecursionError) as error:
            held, at = held[at:], 0
            more = "".join(_up_to(stretches, max(1, len(held)))) if len(held) <= LONGEST else ""
            if more and not isinstance(error, RecursionError):
                held += more  # twice as much each time, so that a long record is not parsed again for each stretch
                continue
            if not held and not array:
                return
            raise OgiveError(
                f"{path}, record {number + 1}, is not JSON: {_short(error) if held else 'the file ends too early'}.",
                "A .json file is a list of objects: [{...}, {...}].",
            ) from None
        if end == len(held) and (more := next(stretches, "")):
            held, at = held[at:] + more, 0  # a number or a word may go on in what was not read yet
            continue
        at, number = end, number + 1
        if number > skip:
            place = _place(path, number, "record")
            yield place, _object(record, place)


_SPACE = re.compile(r"[ \t\r\n]*")


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _up_to(stretches: Iterator[str], size: int) -> Iterator[str]:
    while size > 0 and (stretch := next(stretches, None)) is not None:
        size -= len(stretch)
        yield stretch


def _csv(path: Path, skip: int) -> Iterator[tuple[Place, Record]]:
    csv.field_size_limit(LONGEST)
    lines = (line for _, line in read_lines(path))
    first = next(lines, "")
    mark = "\t" if path.suffix.lower() == ".tsv" else _separator(first)
    reader = csv.reader(_again(first, lines), delimiter=mark, strict=True)
    names: list[str] = []
    began = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise OgiveError(
                f"{path}, line {began}, is not CSV: {error}.", "A quote inside a cell is written twice."
            ) from None
        if cells is None:
            return
        place, began = _place(path, began), reader.line_num + 1
        if not cells:
            continue
        if not names:
            names = _names(cells, place)
        elif len(cells) != len(names):
            raise place.wrong(
                f"{len(names)} cells ({', '.join(map(repr, names))})",
                str(len(cells)),
                "A cell that holds the separator or a line break stands in double quotes.",
            )
        elif skip:
            skip -= 1
        else:
            yield place, dict(zip(names, cells, strict=True))


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _separator(head: str) -> str:
    """What stands between the names of the columns most often: comma, semicolon or tab."""
    return max(",;\t", key=lambda mark: head.count(mark))


def _names(cells: list[str], place: Place) -> list[str]:
    names = [cell.strip() for cell in cells]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None or "" in names:
        found = "a column without a name" if not twice else f"two columns named {twice!r}"
        raise place.wrong("the names of the columns", found, "The first line of a CSV file names its columns.")
    return names


def _parquet(path: Path, skip: int) -> Iterator[tuple[Place, Record]]:
    import pyarrow
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if number + rows <= skip:
                    number += rows
                    continue
                for batch in file.iter_batches(batch_size=512, row_groups=[group]):
                    for record in batch.to_pylist():
                        number += 1
                        if number > skip:
                            yield _place(path, number, "row"), record
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        raise OgiveError(
            f"{path} is not a whole Parquet file: {_first_line(error)}.", "Copy or write it again."
        ) from None
    except OSError as error:
        if error.errno is None:
            raise OgiveError(f"{path} is damaged: {_first_line(error)}.", "Copy or write it again.") from None
        raise os_failure("read", path, error) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")
