"""A folder as a list to choose from: what is in it, what can be read, and what a half-typed path may become."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core.errors import OgiveError
from core.files import os_failure

READ = {
    ".txt": "text", ".text": "text", ".md": "Markdown", ".markdown": "Markdown", ".jsonl": "JSON lines",
    ".ndjson": "JSON lines", ".json": "JSON", ".csv": "CSV", ".tsv": "CSV", ".parquet": "Parquet",
}  # fmt: skip
"""Endings of files that can be added, and what such a file is called."""
UP = ".."
MOST = 5000


@dataclass(frozen=True)
class Item:
    """One entry of a folder; `what` is folder, the kind of file, or empty when it cannot be read as data."""

    name: str
    path: str
    folder: bool
    size: int | None
    what: str


@dataclass(frozen=True)
class Listing:
    """A folder's entries: folders first, then files, by name. `more` counts those left out."""

    folder: Path
    items: tuple[Item, ...]
    more: int = 0


def look(folder: Path, hidden: bool) -> Listing:
    """What is in `folder`. OgiveError when it cannot be read."""
    found: list[Item] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") and not hidden:
                    continue
                try:
                    is_folder = entry.is_dir()
                    size = None if is_folder else entry.stat().st_size
                except OSError:
                    is_folder, size = False, None
                what = "folder" if is_folder else READ.get(Path(entry.name).suffix.lower(), "")
                found.append(Item(entry.name, entry.path, is_folder, size, what))
    except OSError as error:
        raise os_failure("read", folder, error) from error
    found.sort(key=lambda item: (not item.folder, not item.what, item.name.lower()))
    above = [] if folder.parent == folder else [Item(UP, str(folder.parent), True, None, "folder above")]
    return Listing(folder, (*above, *found[:MOST]), max(0, len(found) - MOST))


def complete(typed: str) -> str:
    """`typed` with as much more of the path as is certain; a folder that is the only fit gets its slash."""
    path = Path(typed).expanduser()
    parent, start = (path, "") if typed.endswith(os.sep) else (path.parent, path.name)
    try:
        names = [entry.name + (os.sep if entry.is_dir() else "") for entry in os.scandir(parent)]
    except OSError:
        return typed
    fitting = [name for name in names if name.startswith(start) and (start or not name.startswith("."))]
    if not fitting:
        return typed
    first, last = min(fitting), max(fitting)
    same = next((at for at, (one, other) in enumerate(zip(first, last)) if one != other), min(len(first), len(last)))
    return typed[: len(typed) - len(start)] + first[:same]


def check(typed: str) -> Path:
    """The path that was typed, made absolute; OgiveError when nothing is there (a glob is taken as it is)."""
    path = Path(typed.strip()).expanduser().absolute()
    if not typed.strip():
        raise OgiveError("No path was typed.", "Type one, or press escape.")
    if not path.exists() and not any(mark in typed for mark in "*?["):
        raise OgiveError(f"There is nothing at {path}.", "Tab completes a path.")
    return path


def short(path: str) -> str:
    """A path as people write it: their home is `~`."""
    home = os.path.expanduser("~")  # noqa: PTH111 - HOME may be no folder at all
    return f"~{path[len(home) :]}" if home != "/" and (path == home or path.startswith(home + os.sep)) else path
