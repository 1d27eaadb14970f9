"""What the home screen shows, read from disk off the UI thread: runs, models, the machine."""

from __future__ import annotations

import getpass
import socket
import threading
from dataclasses import dataclass

from core.errors import OgiveError
from core.runs.info import RunInfo
from core.workspace import Workspace


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
        )


@dataclass(frozen=True)
class ModelRow:
    """A model that can be talked to."""

    name: str
    parameters: int | None
    note: str
    kind: str


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
    return Overview(runs, (), machine(), problem)


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
