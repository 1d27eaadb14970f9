"""What the home screen shows, read from disk off the UI thread: runs, models, the machine."""

from __future__ import annotations

import getpass
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import OgiveError
from core.runs.info import RunInfo
from core.workspace import SHIPPED, Workspace
from tui import words

if TYPE_CHECKING:
    from core.steering.catalog import Summary


MOST_SESSIONS = 20
"""Steering sessions that the home screen lists; the journal has all."""


@dataclass(frozen=True)
class RunRow:
    """A run in one line; figures that are not known are None."""

    id: str
    stage: str
    state: str
    step: int
    steps: int
    loss: float | None
    parameters: int | None
    live: bool
    resumable: bool
    note: str = ""
    best: float | None = None
    best_step: int | None = None
    details: tuple[tuple[str, str], ...] = ()
    """What a wide screen shows of the marked run: (label, value)."""

    @classmethod
    def of(cls, info: RunInfo) -> RunRow:
        best = (info.best or {}).get("eval_loss")
        state = info.state
        loss = best if state == "finished" and best is not None else info.last_loss
        return cls(
            info.id,
            info.stage,
            state,
            info.step,
            info.steps,
            loss,
            info.parameters,
            info.live,
            state in ("stopped", "failed", "lost"),
            (info.error or {}).get("message", ""),
            best,
            (info.best or {}).get("step"),
            _details(info, state),
        )


def _details(info: RunInfo, state: str) -> tuple[tuple[str, str], ...]:
    model, data = info.settings.get("model") or {}, info.settings.get("data") or {}
    sources = [
        source.get("name", "") if isinstance(source, dict) else str(source) for source in data.get("sources", [])
    ]
    shape = f"{model.get('layers')} layers, {model.get('hidden_size')} wide" if model.get("layers") else ""
    best = info.best or {}
    rows = (
        ("state", f"{state}, step {info.step}/{info.steps}" if info.steps else state),
        ("model", ", ".join(part for part in (shape, words.count(info.parameters)) if part)),
        ("reads", ", ".join(sources)),
        ("tokens", words.count(info.tokens) if info.tokens else ""),
        ("best", f"{words.figure(best['eval_loss'])} at step {best.get('step')}" if best.get("eval_loss") else ""),
        ("started", time.strftime("%d %b %Y, %H:%M", time.localtime(info.started_at)) if info.started_at else ""),
        ("took" if info.ended_at else "runs for", words.duration(info.elapsed) if info.ended_at else ""),
        ("left", words.duration(info.eta_s) if info.live and info.eta_s else ""),
        ("device", info.device),
        ("host", info.host if info.host != socket.gethostname() else ""),
        ("parents", ", ".join(info.parents)),
        ("error", (info.error or {}).get("message", "")),
        ("next", (info.error or {}).get("hint", "")),
    )
    return tuple(row for row in rows if row[1])


@dataclass(frozen=True)
class ModelRow:
    """A model that can be talked to."""

    name: str
    """What `ogive chat` takes."""
    title: str
    parameters: int | None
    note: str
    kind: str
    """run, folder, bundled or journal."""
    session: str = ""
    """The steering session that it came from, if it came from one."""


@dataclass(frozen=True)
class Overview:
    """One reading of the workspace."""

    runs: tuple[RunRow, ...] = ()
    models: tuple[ModelRow, ...] = ()
    machine: str = ""
    problem: str = ""


def read(workspace: Workspace) -> Overview:
    """Read the workspace; a failure to read is told in `problem`, not raised."""
    from core.runs.registry import list_runs

    problem = ""
    runs: tuple[RunRow, ...] = ()
    try:
        found = [RunRow.of(info) for info in list_runs(workspace)]
        runs = tuple(sorted(found, key=lambda run: not run.live))
    except OgiveError as error:
        problem = str(error)
    return Overview(runs, models(workspace), machine(), problem)


def models(workspace: Workspace) -> tuple[ModelRow, ...]:
    """The models that can be talked to: the best of each run that has saved one, folders, bundled ones."""
    if not _any_model(workspace):
        return steered(workspace)
    from core.models.catalog import list_models

    rows: list[ModelRow] = []
    seen: set[str] = set()
    for entry in list_models(workspace):
        owner = entry.run.id if entry.run else entry.location
        if owner in seen:
            continue
        seen.add(owner)
        note = f"{entry.run.id}, step {entry.step}" if entry.run else _short(entry.location, workspace)
        best = (entry.run.best or {}).get("eval_loss") if entry.run else None
        note += "" if best is None else f", held-out {words.figure(best)}"
        rows.append(ModelRow(entry.name, entry.title or entry.name, entry.parameters, note, entry.source))
    return tuple(rows) + steered(workspace)


_summaries: dict[Path, tuple[int, Summary]] = {}
"""Sessions read before, by folder: with when their journal was written last."""


def steered(workspace: Workspace) -> tuple[ModelRow, ...]:
    """The newest steering sessions, as models that one can go on shaping."""
    from core.steering.catalog import summary

    kept: list[Summary] = []
    for about in workspace.journal.glob("*/session.json"):
        folder = about.parent
        try:
            stamp = (folder / "journal.jsonl").stat().st_mtime_ns
        except OSError:
            continue
        if folder not in _summaries or _summaries[folder][0] != stamp:
            _summaries[folder] = (stamp, summary(folder))
        kept.append(_summaries[folder][1])
    kept.sort(key=lambda one: (one.updated_at, one.id), reverse=True)
    rows = []
    for one in kept[:MOST_SESSIONS]:
        if not one.damage:
            note = f"{one.model} + {one.picks} pick{'' if one.picks == 1 else 's'}"
            rows.append(ModelRow(one.id, one.name, None, note, "journal", one.id))
    return tuple(rows)


def _short(location: str, workspace: Workspace) -> str:
    """A model's folder as seen from the workspace, or from the program for one that comes with it."""
    for root in (workspace.root, SHIPPED.parent):
        try:
            return str(Path(location).relative_to(root))
        except ValueError:
            continue
    return location


def _any_model(workspace: Workspace) -> bool:
    """Whether a look into the catalogue can find anything; it costs imports that an empty workspace can spare."""
    shipped = SHIPPED.parent / "checkpoints"
    patterns = ("*/config.json", "*/best", "*/final", "*/latest")
    roots = (
        (workspace.checkpoints, patterns),
        (shipped, patterns[:1]),
        (workspace.journal, ("*/*/config.json",)),
    )
    return any(next(root.glob(pattern), None) is not None for root, found in roots for pattern in found)


def machine() -> str:
    """`user@host`, as the title line's right end begins."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    return f"{user}@{socket.gethostname().partition('.')[0]}"


class FirstReading:
    """The first overview, begun before Textual is imported so that the first picture is already whole."""

    def __init__(self, workspace: Workspace) -> None:
        self._result: Overview | None = None
        self._thread = threading.Thread(target=self._read, args=(workspace,), name="first-reading", daemon=True)
        self._thread.start()

    def _read(self, workspace: Workspace) -> None:
        self._result = read(workspace)

    def get(self, seconds: float = 0.15) -> Overview | None:
        """The overview, waiting a little for it; None when the disk is slower than that."""
        self._thread.join(seconds)
        return self._result
