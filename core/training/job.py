"""Runs from the outside: make one, fork one, train it here or in a process of its own.

Imports no torch until it trains.
"""

from __future__ import annotations

import os
import subprocess
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from core import heap
from core.cancel import Cancel, Stopped
from core.data.corpus import settled
from core.errors import OgiveError
from core.files import os_failure
from core.runs.info import LOG, RunInfo
from core.runs.silent import SilentWriter
from core.runs.writer import RunWriter
from core.settings.run import RunSettings
from core.training import checkpoint
from core.training.origin import begun_with, link
from core.training.processes import place, trainer_command, trainer_environment
from core.training.records import Listener, Records
from core.workspace import Workspace


def create_run(
    settings: RunSettings,
    workspace: Workspace,
    name: str | None = None,
    parent: str | None = None,
    init_from: Path | None = None,
    go_on: bool = False,
) -> Path:
    """Make the folder of a new run and return it; `execute` or `start_detached` trains it.

    `init_from` is a checkpoint whose weights it begins with; it is verified and linked into the run, so that it may be
    deleted where it was. With `go_on` the new run also takes over optimizer, generators, step and place in the data.
    Fine-tuning begins with the model that `settings.base` names; its files are linked into the run too.
    Raises OgiveError, and makes nothing, when the data cannot be read or there is no such model.
    """
    if init_from is not None:
        checkpoint.verify(init_from)
    settings = settings.model_copy(update={"data": settled(settings.data, workspace)})
    origin = None
    if settings.stage != "pretrain":
        settings, origin = begun_with(settings, workspace)
    writer = RunWriter.create(
        workspace,
        name or settings.name,
        settings.model_dump(mode="json"),
        stage=settings.stage,
        parents=[each for each in (parent, None if origin is None else origin.parent) if each],
        base=None if origin is None else origin.base,
        init=None if init_from is None else {"from": str(init_from), "go_on": go_on},
    )
    with writer:
        if init_from is not None:
            link(init_from, writer.path / checkpoint.START)
        if origin is not None:
            origin.keep(writer.path / checkpoint.BASE)
        return writer.path


def fork(
    source: RunInfo,
    workspace: Workspace,
    settings: RunSettings,
    name: str | None = None,
    step: int | None = None,
    go_on: bool = False,
) -> Path:
    """A new run with `settings` from a checkpoint of `source`: that of `step`, else the newest that is whole."""
    if step is None:
        found = checkpoint.last_good(source.path)
        if found.folder is None:
            why = f" {found.damaged[0]}" if found.damaged else ""
            raise OgiveError(f"Run {source.id} has no checkpoint to fork from.{why}", "Train it further first.")
        folder = found.folder
    else:
        folder = source.path / checkpoint.folder_name(step)
        if not folder.is_dir():
            kept = ", ".join(str(each) for each in checkpoint.steps(source.path)) or "none"
            raise OgiveError(f"Run {source.id} has no checkpoint of step {step}.", f"It has: {kept}.")
    return create_run(settings, workspace, name, f"{source.id}/{folder.name}", folder, go_on)


MAY_CHANGE = ("training", "sampling")
FIXED = ("seed", "context", "objective", "optimizer")


def change_settings(info: RunInfo, settings: RunSettings) -> None:
    """Let `info` go on under `settings` from its next start: only how it trains may change, not what."""
    before, after = info.settings, settings.model_dump(mode="json")
    changed = [key for key in after if after[key] != before.get(key)]
    parts = [key for key in changed if key not in MAY_CHANGE]
    old, new = before.get("training", {}), after["training"]
    parts += [f"training.{key}" for key in FIXED if new[key] != old.get(key)]
    if parts:
        raise OgiveError(
            f"A run that has begun cannot change {', '.join(parts)}.",
            f"`ogive fork {info.id} --set ...` makes a new run from it.",
        )
    changes = {f"training.{key}": new[key] for key in new if new[key] != old.get(key)}
    with RunWriter.open(info.path) as writer:
        writer.update(settings=after, steps=settings.training.steps, status="stopped")
        writer.event("settings-changed", changes=changes)


def execute(run_dir: str | os.PathLike[str], cancel: Cancel | None = None, listen: Listener | None = None) -> str:
    """Train a run to its end, on this thread: a new one from the start, another from its last good checkpoint.

    Under torchrun every process calls this, and the first writes.
    Returns `finished` or `stopped`. Raises OgiveError for what a person can mend; run.json then says `failed` and why.
    """
    with RunWriter.open(run_dir) if place().leads else SilentWriter(run_dir) as writer:
        records = Records(writer, listen)
        with _told(records):
            from core.training.assemble import assemble
            from core.training.parallel import team

            together = team()
            with heap.kept():
                outcome = assemble(records, cancel or Cancel(), together).run()
            together.leave()
            return outcome
    return "stopped"


@contextmanager
def _told(records: Records) -> Generator[None]:
    """Whatever ends the run, run.json and log.txt say what it was, and the loggers are closed.

    `Stopped`, asked for before the first step, ends here.
    """
    try:
        yield
    except Stopped as error:
        _mark(records, "stopped", error.message, "")
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt | SystemExit)
        message, hint = str(error) or type(error).__name__, ""
        if isinstance(error, OgiveError):
            message, hint = error.message, error.hint
        elif not stopped:
            message, hint = f"A defect of ours: {type(error).__name__}: {message}", f"The traceback is in {LOG}."
        _log_failure(records.writer.path)
        _mark(records, "stopped" if stopped else "failed", message, hint)
        raise
    finally:
        records.close()


def _mark(records: Records, status: str, message: str, hint: str) -> None:
    try:
        records.event(status, message=message, hint=hint)
        records.update(status=status, error={"message": message, "hint": hint} if status == "failed" else None)
    except OgiveError:
        return  # The disk that made the run fail takes this no more; the failure itself is on its way up.


def _log_failure(run: Path) -> None:
    try:
        with (run / LOG).open("a", encoding="utf-8") as file:
            file.write(traceback.format_exc() + "\n")
    except OSError:
        return  # As above.


def start_detached(run_dir: str | os.PathLike[str], processes: int = 1) -> int:
    """Train a run in a process and session of its own that outlives this one; returns its pid.

    Several `processes` train together under torchrun, whose pid it is. What they print goes to the run's log.txt.
    """
    return launch(run_dir, processes).pid


def launch(run_dir: str | os.PathLike[str], processes: int = 1) -> subprocess.Popen[bytes]:
    """As `start_detached`; the process itself, for whoever waits for it."""
    run = Path(run_dir).resolve()
    package = Path(__file__).resolve().parents[2]
    paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        with (run / LOG).open("ab") as log:
            return subprocess.Popen(
                trainer_command(run, processes),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={
                    **os.environ,
                    **trainer_environment(processes),
                    "PYTHONPATH": os.pathsep.join(paths),
                    "PYTHONUNBUFFERED": "1",
                },
            )
    except OSError as error:
        raise os_failure("start a trainer for", run, error) from error
