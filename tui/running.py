"""The one run that trains inside this program: started, stopped, or handed over to a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import OgiveError
from tui.engine import Engine, JobContext, JobHandle

DETACH = "detach"


@dataclass
class ActiveRun:
    """A run directory and the job that writes it."""

    path: Path
    handle: JobHandle[str]
    detach: bool = False
    """Hand the run to a process of its own as soon as it has saved."""

    @property
    def id(self) -> str:
        return self.path.name


class Runner:
    """Starts and ends runs for the app. Its methods return at once; the work is the engine's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.active: ActiveRun | None = None

    def start(self, run_dir: Path) -> ActiveRun:
        """Train (or go on training) the run in `run_dir` in this program."""
        if self.active is not None and self.active.handle.alive:
            raise OgiveError(
                f"{self.active.id} is training in this program.", "Stop it, detach it, or start the new run detached."
            )

        def train(context: JobContext) -> str:
            from core.training.job import execute

            return execute(run_dir, context.cancel)

        handle = self._engine.submit(train, name=f"training {run_dir.name}", long=True)
        self.active = ActiveRun(run_dir, handle)
        return self.active

    def start_detached(self, run_dir: Path) -> JobHandle[int]:
        """Train the run in `run_dir` in a process that outlives this program."""
        return self._engine.submit(lambda _: detach(run_dir), name=f"starting {run_dir.name}")

    def stop(self, reason: str = "stopped by hand") -> None:
        """Ask the active run to save and stop after its step."""
        if self.active is not None:
            self.active.handle.cancel.request(reason)

    def hand_over(self) -> None:
        """Ask the active run to save; when it has, `ended` starts it again in a process of its own."""
        if self.active is None or not self.active.handle.alive:
            raise OgiveError("No run trains in this program.", "A run in a process of its own is detached already.")
        self.active.detach = True
        self.active.handle.cancel.request(DETACH)

    def ended(self, handle: JobHandle[object]) -> ActiveRun | None:
        """Tell the runner that `handle` has ended; the run it was, if it was one."""
        active = self.active
        if active is None or active.handle is not handle:
            return None
        self.active = None
        return active


def detach(run_dir: Path) -> int:
    """Start (or go on with) a run in a process of its own; its pid."""
    from core.training.job import start_detached

    return start_detached(run_dir)
