"""The models one can use by name: what runs have made, model folders, bundled ones, those of the journal. No torch.

A name is a run's name or id (its best checkpoint, else its final, else its latest), `run:best`, `run:final`,
`run:latest`, `run:1000` (a step), a folder's name, a path, or a Hugging Face id.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import OgiveError, nearest
from core.files import read_json
from core.models.base import base_of
from core.models.names import ADAPTER_CONFIG, CONFIG, MODEL_TYPE
from core.runs.info import RunInfo
from core.runs.registry import list_runs
from core.workspace import SHIPPED, Workspace

POINTERS = ("best", "final", "latest")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


@dataclass(frozen=True)
class ModelEntry:
    """One model: `name` is what to type, `location` a folder or a Hugging Face id, `marks` which of its run's it is."""

    name: str
    location: str
    source: str
    """run, folder, bundled, journal, or hub (not looked up)."""
    title: str = ""
    marks: tuple[str, ...] = ()
    step: int | None = None
    modified: float = 0.0
    parameters: int | None = None
    context: int | None = None
    model_type: str = ""
    run: RunInfo | None = field(default=None, compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        kept = {key: value for key, value in vars(self).items() if key != "run"}
        return kept | {"run": self.run.id if self.run else None, "marks": list(self.marks)}


def is_model(folder: Path) -> bool:
    """Whether `folder` holds a model, or an adapter that names the model it stands on."""
    return (folder / CONFIG).is_file() or (folder / ADAPTER_CONFIG).is_file()


def list_models(workspace: Workspace) -> list[ModelEntry]:
    """Every model of the workspace and the bundled ones; each group newest first."""
    runs = [entry for info in list_runs(workspace) for entry in _of_run(info)]
    folders = list(_folders(workspace.checkpoints, "folder"))
    journal = [
        entry for session in _subfolders(workspace.journal) for entry in _folders(session, "journal", session.name)
    ]
    shipped = SHIPPED.parent / "checkpoints"
    if shipped.resolve() == workspace.checkpoints.resolve():
        folders, bundled = [], [replace(entry, source="bundled") for entry in folders]
    else:
        bundled = list(_folders(shipped, "bundled"))
    groups = (folders, journal, bundled)
    return runs + [entry for group in groups for entry in sorted(group, key=lambda entry: -entry.modified)]


def resolve_model(workspace: Workspace, name: str | os.PathLike[str] | None = None) -> ModelEntry:
    """The model a person means; None: the newest best or final one of a run, else a bundled one.

    A text that could be a Hugging Face id and is nothing here comes back as that id, not looked up. Raises OgiveError
    when there is no such thing, with the nearest name.
    """
    entries = list_models(workspace)
    if name is None or name == "":
        return _default(entries, workspace)
    text = os.fspath(name)
    given = Path(text).expanduser()
    by_path = isinstance(name, Path) or text.startswith((".", "/", "~"))
    if by_path or is_model(given):
        return _at_path(given)
    stem, _, which = text.partition(":")
    mine = [entry for entry in entries if stem in _names(entry)]
    if not mine:
        mine = _by_prefix(entries, stem)
    if mine and mine[0].run is not None:
        return _choose(mine[0].run, which)
    if mine:
        return mine[0]
    infos = {key: info for info in list_runs(workspace) for key in (info.name, info.id)}
    if stem in infos:
        return _choose(infos[stem], which)
    if (given / "run.json").is_file():
        return _at_path(given)
    if "/" in text and _HUB_ID.fullmatch(text):
        return ModelEntry(text, text, "hub")
    known = {key for entry in entries for key in _names(entry)}
    hint = nearest(stem, known) if known else "`ogive demo` makes one. A Hugging Face id needs its owner: owner/name."
    raise OgiveError(f"There is no model {text!r} in {workspace.checkpoints}.", hint)


def _names(entry: ModelEntry) -> set[str]:
    names = {entry.name, entry.name.partition(":")[0]}
    return names | {entry.run.id, entry.run.name} if entry.run else names


def _default(entries: list[ModelEntry], workspace: Workspace) -> ModelEntry:
    for entry in entries:
        if entry.source != "run" or {"best", "final"} & set(entry.marks):
            return entry
    if entries:
        return entries[0]
    raise OgiveError(f"There are no models in {workspace.checkpoints}.", "`ogive demo` makes the first.")


def _by_prefix(entries: list[ModelEntry], stem: str) -> list[ModelEntry]:
    close = [entry for entry in entries if any(name.startswith(stem) for name in _names(entry))]
    owners = {entry.run.id if entry.run else entry.location for entry in close}
    titles = {entry.run.name if entry.run else entry.location for entry in close}
    if len(owners) > 1 and len(titles) > 1:
        raise OgiveError(f"{stem!r} fits several models: {', '.join(sorted(owners)[:5])}.", "Give more of the name.")
    return close


def _at_path(folder: Path) -> ModelEntry:
    """A model folder, or a run's folder (its best)."""
    if is_model(folder):
        return _entry(folder, folder.name, "folder")
    if (folder / "run.json").is_file():
        return _choose(RunInfo.read(folder), "")
    if not folder.exists():
        raise OgiveError(f"There is no folder {folder}.", "`ogive model list` shows the models here.")
    raise OgiveError(f"{folder} is not a model: it has no {CONFIG}.", "`ogive model list` shows the models here.")


def _choose(info: RunInfo, which: str) -> ModelEntry:
    """A run's checkpoint by pointer or step; the best it has when `which` is empty."""
    if which.isdigit():
        folder = info.path / f"step-{int(which):08d}"
        if is_model(folder):
            return _entry(folder, f"{info.id}:{which}", "run", run=info)
        steps = [str(int(found.name[5:])) for found in _steps(info.path)]
        raise OgiveError(
            f"Run {info.id} keeps no checkpoint of step {which}.", f"It keeps: {', '.join(steps) or 'none'}."
        )
    if which and which not in POINTERS:
        raise OgiveError(f"{which!r} names no checkpoint.", f"Use {', '.join(POINTERS)} or a step.")
    for pointer in (which,) if which else POINTERS:
        folder = _pointed(info.path, pointer)
        if folder is not None:
            return _entry(folder, f"{info.id}:{pointer}", "run", (pointer,), info)
    what = f"no {which} checkpoint" if which else "no checkpoint"
    raise OgiveError(f"Run {info.id} has {what} yet.", "Its first comes after `training.save_every` steps.")


def _of_run(info: RunInfo) -> Iterator[ModelEntry]:
    """The checkpoints that a run's pointers name; one that several name stands once."""
    found: dict[Path, list[str]] = {}
    for pointer in POINTERS:
        folder = _pointed(info.path, pointer)
        if folder is not None and (pointer != "latest" or not found or folder in found):
            found.setdefault(folder, []).append(pointer)
    for folder, marks in found.items():
        yield _entry(folder, f"{info.id}:{marks[0]}", "run", tuple(marks), info)


def _pointed(run: Path, pointer: str) -> Path | None:
    try:
        name = (run / pointer).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    folder = run / name
    return folder if name and folder.parent == run and is_model(folder) else None


def _steps(run: Path) -> list[Path]:
    return sorted(folder for folder in run.glob("step-*") if folder.name[5:].isdigit() and is_model(folder))


def _folders(root: Path, source: str, prefix: str = "") -> Iterator[ModelEntry]:
    for folder in _subfolders(root):
        if is_model(folder):
            yield _entry(folder, f"{prefix}/{folder.name}" if prefix else folder.name, source)


def _subfolders(root: Path) -> list[Path]:
    try:
        return [Path(item.path) for item in os.scandir(root) if item.is_dir() and not item.name.startswith(".")]
    except OSError:
        return []


def _entry(folder: Path, name: str, source: str, marks: tuple[str, ...] = (), run: RunInfo | None = None) -> ModelEntry:
    """What a folder's config.json tells, of an adapter that of the model beneath; sizes stay None for a foreign or
    damaged one."""
    config, modified = {}, 0.0
    adapter = not (folder / CONFIG).is_file()
    try:
        modified = (folder / (ADAPTER_CONFIG if adapter else CONFIG)).stat().st_mtime
        config = read_json((_beneath(folder) if adapter else folder) / CONFIG)
    except (OgiveError, OSError):
        pass
    config = config if isinstance(config, dict) else {}
    own = config.get("model_type") == MODEL_TYPE
    parameters, context = (config.get(key) for key in ("parameters", "max_position_embeddings"))
    context = context if isinstance(context, int) else None
    if own and not isinstance(parameters, int):
        parameters = _counted(config)
    elif not own:
        parameters = None
    step = int(folder.name[5:]) if run and folder.name[5:].isdigit() else None
    title = run.name if run else folder.name
    kind = f"{config.get('model_type', '')}{' + adapter' if adapter else ''}"
    return ModelEntry(name, str(folder), source, title, marks, step, modified, parameters, context, kind, run)


def _counted(config: dict[str, Any]) -> int | None:
    """Parameters of a folder whose config does not name them. Settings cost an import that home can do without."""
    from pydantic import ValidationError

    from core.models.counting import count
    from core.settings.model import ModelSettings

    try:
        settings = ModelSettings.model_validate(config["model"])
        return count(settings, int(config["vocab_size"])).parameters
    except (ValidationError, OgiveError, KeyError, TypeError, ValueError):
        return None


def _beneath(folder: Path) -> Path:
    """Where the model beneath an adapter is, without hashing it: its sizes are all that is asked."""
    base = base_of(folder)
    near = folder / base.near
    return near if base.near and (near / CONFIG).is_file() else Path(base.path)
