"""The sessions of a workspace: list, find, clone the settings of, delete. No torch, and reading disturbs nobody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import OgiveError, nearest
from core.files import os_failure
from core.steering import journal
from core.steering.lock import holder
from core.steering.view import TEACHING
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.settings.steering import SteeringSettings


@dataclass(frozen=True)
class Summary:
    """A session in one line. `picks` counts decisions that changed weights, `nodes` all, `open_by` who writes it now;
    `damage` is a sentence, "" when the files are whole. Times are ISO 8601, sizes bytes."""

    id: str
    name: str
    folder: str
    model: str = ""
    created_at: str = ""
    updated_at: str = ""
    picks: int = 0
    nodes: int = 0
    branches: int = 0
    here: int = 0
    drift: float = 0.0
    kl: float = 0.0
    disk: int = 0
    open_by: str = ""
    damage: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def sessions(workspace: Workspace) -> list[Summary]:
    """Every session, the last used first; a damaged one says so."""
    found = [summary(folder) for folder in _folders(workspace)]
    return sorted(found, key=lambda each: (each.updated_at, each.id), reverse=True)


def summary(folder: Path) -> Summary:
    """One session in one line; the long events are not parsed."""
    try:
        about = journal.read_about(folder)
    except OgiveError as error:
        return Summary(folder.name, folder.name, str(folder), disk=_disk(folder), damage=error.message)
    counts: dict[str, Any] = {"picks": 0, "nodes": 0, "branches": 1}
    at: dict[int, tuple[float, float]] = {}
    last: Mapping[str, Any] = {}
    here, damage = 0, ""
    try:
        for event in journal.events(folder, light=True):
            last, kind = event, event["kind"]
            if kind in ("root", "node"):
                here = int(event.get("id", 0))
                at[here] = (float(event.get("drift") or 0.0), float(event.get("kl") or 0.0))
                counts["nodes"] += 1
            elif kind == "decide":
                counts["picks"] += event["decision"]["kind"] in TEACHING
                counts["branches"] += "branch_name" in event
            elif kind == "branch":
                counts["branches"] += 1
            elif kind == "move":
                here = int(event["to"])
    except OgiveError as error:
        damage = error.message
    except (KeyError, TypeError, ValueError):
        damage = f"{folder / journal.EVENTS} is damaged."
    drift, kl = at.get(here, (0.0, 0.0))
    who = holder(folder)
    return Summary(
        folder.name,
        str(about.get("name") or folder.name),
        str(folder),
        str((about.get("model") or {}).get("name", "")),
        str(about.get("created_at", "")),
        str(last.get("at") or about.get("created_at", "")),
        **counts,
        here=here,
        drift=drift,
        kl=kl,
        disk=_disk(folder),
        open_by=f"process {who['pid']} on {who['host']}" if who else "",
        damage=damage,
    )


def find(workspace: Workspace, name: str | os.PathLike[str] = "latest") -> Path:
    """The folder of a session by its id, its name (the newest of it), the start of either, `latest`, or its path."""
    text = os.fspath(name)
    if os.sep in text and (Path(text).expanduser() / journal.ABOUT).is_file():
        return Path(text).expanduser()
    known = sorted(_folders(workspace), key=lambda folder: folder.name, reverse=True)
    if not known:
        raise OgiveError(f"There are no sessions in {workspace.journal}.", "`ogive steer` begins the first.")
    if text in ("", "latest"):
        return Path(sessions(workspace)[0].folder)
    names = {folder: _name(folder) for folder in known}
    for fits in (
        lambda folder: folder.name == text,
        lambda folder: names[folder] == text,
        lambda folder: folder.name.startswith(text) or names[folder].startswith(text),
    ):
        fitting = [folder for folder in known if fits(folder)]
        if len({names[folder] for folder in fitting}) > 1 and len(fitting) > 1:
            listed = ", ".join(folder.name for folder in fitting[:5])
            raise OgiveError(f"{text!r} fits {len(fitting)} sessions: {listed}.", "Give more of the id.")
        if fitting:
            return fitting[0]
    choices = [folder.name for folder in known] + list(names.values())
    raise OgiveError(f"There is no session {text!r} in {workspace.journal}.", nearest(text, choices))


def clone_settings(workspace: Workspace, name: str) -> SteeringSettings:
    """The settings of a session, to begin another with."""
    from core.settings.problems import validate
    from core.settings.steering import SteeringSettings

    folder = find(workspace, name)
    about = journal.read_about(folder)
    return validate(SteeringSettings, about["settings"], str(folder / journal.ABOUT))


def delete(workspace: Workspace, name: str) -> Path:
    """Remove a session for good, all its states with it; OgiveError when it is open anywhere. Its folder."""
    folder = find(workspace, name)
    who = holder(folder)
    if who:
        raise OgiveError(f"Session {folder.name} is open in process {who['pid']} on {who['host']}.", "Leave it first.")
    try:
        hidden = folder.with_name(
            f".{folder.name}.gone"
        )  # out of sight first: a delete cut short leaves no torn session
        folder.rename(hidden)
        shutil.rmtree(hidden)
    except OSError as error:
        raise os_failure("delete", folder, error) from error
    return folder


def _folders(workspace: Workspace) -> list[Path]:
    try:
        entries = list(os.scandir(workspace.journal))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise os_failure("read", workspace.journal, error) from error
    found = [Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    return [folder for folder in found if (folder / journal.ABOUT).is_file()]


def _name(folder: Path) -> str:
    try:
        return str(journal.read_about(folder).get("name") or folder.name)
    except OgiveError:
        return folder.name


def _disk(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(root) / name).stat().st_size
            except OSError:
                continue
    return total
