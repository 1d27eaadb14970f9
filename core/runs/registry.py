"""The runs of a workspace: list them, find one by what a person types, compare, delete."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from core.errors import OgiveError, nearest
from core.files import os_failure
from core.runs.info import HEADER, RunInfo
from core.workspace import Workspace

MODEL = "config.json"
"""A folder that has one is a model; a run.json beside it tells where the model comes from."""


def list_runs(workspace: Workspace) -> list[RunInfo]:
    """Every run of the workspace, newest first. A run whose header is damaged has status `damaged` and says why."""
    found: list[RunInfo] = []
    try:
        entries = list(os.scandir(workspace.checkpoints))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise os_failure("read", workspace.checkpoints, error) from error
    for entry in entries:
        folder = Path(entry.path)
        if entry.name.startswith(".") or not (folder / HEADER).is_file() or (folder / MODEL).is_file():
            continue
        try:
            found.append(RunInfo.read(folder))
        except OgiveError as error:
            told = {"message": error.message, "hint": error.hint}
            found.append(RunInfo(path=folder, id=entry.name, name=entry.name, status="damaged", error=told))
    return sorted(found, key=lambda info: (info.started_at, info.id), reverse=True)


def resolve(workspace: Workspace, name: str | os.PathLike[str] = "latest") -> RunInfo:
    """The run a person means: `latest`, an id, a path, a name (its newest run), or the start of an id or name."""
    text = os.fspath(name)
    if os.sep in text or text.startswith((".", "~")):
        return RunInfo.read(Path(text).expanduser())
    runs = list_runs(workspace)
    if not runs:
        if (Path(text) / HEADER).is_file():
            return RunInfo.read(text)
        raise OgiveError(f"There are no runs in {workspace.checkpoints}.", "`ogive demo` makes the first.")
    if text in ("", "latest"):
        return runs[0]
    for info in runs:
        if info.id == text:
            return info
    for info in runs:
        if info.name == text:
            return info
    close = [info for info in runs if info.id.startswith(text) or info.name.startswith(text)]
    if len({info.name for info in close}) == 1 or len(close) == 1:
        return close[0]
    if close:
        listed = ", ".join(info.id for info in close[:5])
        raise OgiveError(f"{text!r} fits {len(close)} runs: {listed}.", "Give more of the id.")
    if (Path(text) / HEADER).is_file():
        return RunInfo.read(text)
    names = {info.id for info in runs} | {info.name for info in runs}
    raise OgiveError(f"There is no run {text!r} in {workspace.checkpoints}.", nearest(text, names))


def children(workspace: Workspace, info: RunInfo) -> list[RunInfo]:
    """Runs that were forked from `info` or started from its weights."""
    return [
        other
        for other in list_runs(workspace)
        if any(info.id in parent.replace("@", "/").replace(":", "/").split("/") for parent in other.parents)
    ]


def delete(workspace: Workspace, info: RunInfo) -> None:
    """Remove a run's folder for good; refused while it trains. A link to a run elsewhere loses only the link."""
    if info.live:
        raise OgiveError(f"Run {info.id} is {info.state}.", f"Stop it first: `ogive runs stop {info.id}`.")
    folder = info.path
    if folder.resolve().parent != workspace.checkpoints.resolve() and not folder.is_symlink():
        raise OgiveError(f"{folder} is not in this workspace ({workspace.root}).", "Choose it with --workspace.")
    try:
        if folder.is_symlink():
            folder.unlink()
            return
        # The name goes first, so that a delete cut short never leaves half a run in the list.
        doomed = folder.with_name(f".deleted-{folder.name}")
        if doomed.exists():
            shutil.rmtree(doomed)
        folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise os_failure("delete", folder, error) from error


RESULTS = ("state", "step", "steps", "tokens", "parameters", "last_loss", "elapsed", "device")


def compare(runs: list[RunInfo]) -> list[tuple[str, list[Any]]]:
    """Rows `(path, one value per run)`: results first, then the settings in which the runs differ."""
    rows: list[tuple[str, list[Any]]] = [(name, [getattr(info, name) for info in runs]) for name in RESULTS]
    for key in ("step", "eval_loss", "eval_bpb"):
        rows.append((f"best.{key}", [(info.best or {}).get(key) for info in runs]))
    # The settings' schema is only needed here; whoever lists runs (every start of the app) should not wait for it.
    from core.settings.store import flatten

    flat = [flatten(info.settings) for info in runs]
    skipped = {"version", "parent", "created_at"}
    for path in dict.fromkeys(path for settings in flat for path in settings):
        values = [settings.get(path) for settings in flat]
        if path not in skipped and any(value != values[0] for value in values):
            rows.append((path, values))
    return rows
