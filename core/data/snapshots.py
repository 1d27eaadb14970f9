"""Snapshots: rows as they were understood, copied into the workspace with a manifest, never changed afterwards.

    data/snapshots/<name>/            a later version is <name>@2, <name>@3, ...
      manifest.json                   what was read, how, by whom it was made from, counts, a hash of every file
      rows-00000.jsonl                one row a line, in the order in which they are read

The id is a hash of the rows alone: the same content gives the same id from whatever files and formats it came.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.data.documents import Gone
from core.data.typed import Row, from_record
from core.errors import OgiveError, nearest
from core.files import os_failure, read_json, sha256
from core.runs.registry import list_runs
from core.workspace import Workspace

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Snapshot:
    """What a manifest says. `damage` is a sentence when the manifest cannot be read; all counts are 0 then."""

    folder: Path
    name: str
    version: int
    id: str = ""
    kind: str = ""
    kinds: dict[str, int] = field(default_factory=dict)
    created_at: str = ""
    description: str = ""
    rows: int = 0
    documents: int = 0
    characters: int = 0
    bytes: int = 0
    lengths: dict[str, int] = field(default_factory=dict)
    histogram: list[list[int]] = field(default_factory=list)
    mapping: dict[str, Any] | None = None
    sources: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    parents: list[dict[str, Any]] = field(default_factory=list)
    shards: list[dict[str, Any]] = field(default_factory=list)
    damage: str = ""
    fresh: bool = True
    """Whether `add` has just made it; false when the same content was there already."""

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return asdict(self) | {"folder": str(self.folder), "reference": self.reference}


def home(workspace: Workspace) -> Path:
    """The folder of all snapshots."""
    return workspace.data / "snapshots"


def list_snapshots(workspace: Workspace) -> list[Snapshot]:
    """Every snapshot by name and version."""
    try:
        folders = [entry for entry in home(workspace).iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise os_failure("read", home(workspace), error) from error
    return sorted(map(read, folders), key=lambda one: (one.name, one.version))


def read(folder: Path) -> Snapshot:
    """The snapshot in `folder`; one that is damaged says so in `damage`."""
    name, _, number = folder.name.partition("@")
    version = int(number) if number.isdecimal() else 1
    try:
        about = read_json(folder / MANIFEST)
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise OgiveError(f"{folder / MANIFEST} is not a manifest of this program.")
        known: dict[str, Any] = {key: value for key, value in about.items() if key != "format"}
        known |= {"folder": folder, "name": name, "version": version}
        return Snapshot(**known)
    except (OgiveError, TypeError) as error:
        said = error.message if isinstance(error, OgiveError) else f"{folder / MANIFEST} is not whole."
        return Snapshot(folder, name, version, damage=said)


def find(workspace: Workspace, name: str | os.PathLike[str]) -> Snapshot:
    """The snapshot for `name` (its newest version), `name@version` or a folder. Gone when there is none, OgiveError
    when it is damaged."""
    given = os.fspath(name)
    if os.sep in given:
        folder = Path(given).expanduser()
        if not (folder / MANIFEST).is_file():
            raise Gone(f"There is no snapshot in {given}.", "`ogive data list` shows what there is.")
        found = read(folder)
    else:
        known = list_snapshots(workspace)
        stem, _, number = given.partition("@")
        fitting = [one for one in known if one.name == stem and (not number or str(one.version) == number)]
        if not fitting:
            names = {one.reference if number else one.name for one in known}
            hint = nearest(given, names) if names else "`ogive data add NAME PATH` makes one."
            raise Gone(f"There is no snapshot {given!r}.", hint)
        found = fitting[-1]
    if found.damage:
        raise OgiveError(f"The snapshot {given} is damaged: {found.damage}", "Add it again from its files.")
    return found


def verify(snapshot: Snapshot) -> None:
    """OgiveError naming the first file of the snapshot that is missing or altered. Reads all of it."""
    for shard in snapshot.shards:
        path = snapshot.folder / shard["name"]
        if not path.is_file():
            raise Gone(f"The snapshot {snapshot.reference} has lost {shard['name']}.", "Add it again from its files.")
        if path.stat().st_size != shard["bytes"] or sha256(path) != shard["sha256"]:
            raise OgiveError(
                f"The snapshot {snapshot.reference} is damaged: {shard['name']} is not what was written.",
                "Add it again from its files.",
            )


def delete(workspace: Workspace, name: str, force: bool = False) -> list[Path]:
    """Remove the snapshot `name@version`, or every version of `name`; the folders that are gone.

    OgiveError when there is none, or when a run that is not finished reads it, unless `force`.
    """
    stem, _, number = name.partition("@")
    folders = [one.folder for one in list_snapshots(workspace) if one.name == stem]
    if number:
        folders = [folder for folder in folders if read(folder).version == int(number or 0)]
    if not folders:
        find(workspace, name)
    for folder in folders:
        if not force and (reader := _reader(workspace, folder)) is not None:
            raise OgiveError(f"The run {reader} reads {folder.name} and is not finished.", "Give --force all the same.")
    for folder in folders:
        hidden = folder.with_name(f".{folder.name}.{os.getpid()}.0.building")
        try:
            folder.rename(hidden)
            shutil.rmtree(hidden)
        except OSError as error:
            raise os_failure("delete", folder, error) from error
    return folders


def _reader(workspace: Workspace, folder: Path) -> str | None:
    """The id of a run that is not finished and reads the snapshot in `folder`."""
    for info in list_runs(workspace):
        sources = ((info.settings or {}).get("data") or {}).get("sources") or []
        if info.state in ("training", "paused", "stopped", "lost", "created") and any(
            str(source.get("snapshot", "")) == str(folder) for source in sources if isinstance(source, dict)
        ):
            return info.id
    return None


def shard_rows(snapshot: Snapshot, number: int, skip: int = 0) -> Iterator[Row]:
    """The rows of one file of the snapshot but the first `skip`."""
    path = snapshot.folder / snapshot.shards[number]["name"]
    place = 0
    try:
        with path.open("rb") as file:
            for place, line in enumerate(file, 1):
                if place > skip:
                    record = json.loads(line)
                    yield from_record(record, record["origin"])
    except FileNotFoundError:
        raise Gone(f"The snapshot {snapshot.reference} has lost {path.name}.", "Add it again from its files.") from None
    except OSError as error:
        raise os_failure("read", path, error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise OgiveError(f"{path}, line {place}, is damaged: {error}.", "Add the snapshot again.") from None
