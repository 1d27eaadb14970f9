"""The trainer's side of a run folder: makes it, keeps its header, appends its records, hears and answers requests."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from core.errors import OgiveError
from core.files import LineFile, os_failure, read_json, to_json, write_atomic, write_json
from core.runs import provenance
from core.runs.control import Request, answers, parse
from core.runs.info import (
    CONTROL,
    ENDED,
    EVENTS,
    HEADER,
    LIVE,
    METRICS,
    PROGRESS,
    SAMPLES,
    process_started,
    read_progress,
)
from core.workspace import Workspace

USED_IDS = ".run-ids"
LOCK = ".lock"
PROGRESS_EVERY = 0.5  # seconds between two writes of progress.json


def slug(name: str) -> str:
    """`name` as a part of a folder name: letters, digits, dots and dashes, at most 40."""
    text = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-._")[:40].rstrip("-._")
    return text.lower() or "run"


def new_id(checkpoints: Path, name: str, now: datetime | None = None) -> str:
    """`MMDD-HHMM-slug`, with `-2`, `-3`, ... when that was ever used here; makes the folder, so two never get one."""
    base = f"{now or datetime.now():%m%d-%H%M}-{slug(name)}"
    used = checkpoints / USED_IDS
    try:
        checkpoints.mkdir(parents=True, exist_ok=True)
        with used.open("a+") as record:
            fcntl.flock(record, fcntl.LOCK_EX)
            record.seek(0)
            taken = set(record.read().split())
            number, identity = 1, base
            while identity in taken or (checkpoints / identity).exists():
                number += 1
                identity = f"{base}-{number}"
            (checkpoints / identity).mkdir()
            record.write(identity + "\n")
    except OSError as error:
        raise os_failure("make a run in", checkpoints, error) from error
    return identity


class RunWriter:
    """Owns one run folder until `close()`; a second writer on the same folder is refused.

    Every method may be called from any thread. A full disk or a folder that cannot be written raises OgiveError and
    leaves whole lines only.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self.path = path
        self.header = header
        self._mutex = threading.RLock()
        self._lock = self._take_lock()
        self._files = ExitStack()
        self._control = path / CONTROL
        self._heard = 0
        self._progress_at = 0.0
        with self._let_go_on_failure():
            self._metrics = self._files.enter_context(LineFile(path / METRICS))
            self._samples = self._files.enter_context(LineFile(path / SAMPLES))
            self._events = self._files.enter_context(LineFile(path / EVENTS))

    @contextmanager
    def _let_go_on_failure(self) -> Generator[None]:
        """A folder that could not be taken over (the disk is full) is free again: this process may try later."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(
        cls,
        workspace: Workspace,
        name: str,
        settings: dict[str, Any],
        stage: str = "pretrain",
        inputs: dict[str, Any] | None = None,
        parents: Iterable[str] = (),
        command: list[str] | None = None,
        **fields: Any,
    ) -> RunWriter:
        """A new folder `checkpoints/<run-id>/` with its run.json; `fields` are further keys of run.json."""
        identity = new_id(workspace.checkpoints, name)
        now = time.time()
        origin = provenance.collect(command)
        header = {
            "id": identity,
            "name": name,
            "stage": stage,
            "status": "starting",
            "settings": settings,
            "inputs": inputs or {},
            "parents": list(parents),
            **origin,
            "device": "",
            "pid": os.getpid(),
            "pid_started": process_started(os.getpid()),
            "started_at": now,
            "ended_at": None,
            "heartbeat": now,
            "step": 0,
            "steps": (settings.get("training") or {}).get("steps", 0),
            "tokens": 0,
            "eta_s": None,
            "best": None,
            "last_loss": None,
            "parameters": None,
            "choices": {},
            "error": None,
            **fields,
        }
        folder = workspace.checkpoints / identity
        try:
            write_json(folder / HEADER, header)
            writer = cls(folder, header)
            with writer._let_go_on_failure():
                writer.event("created", name=name, stage=stage)
        except OgiveError:
            shutil.rmtree(folder, ignore_errors=True)  # no run was made
            raise
        return writer

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunWriter:
        """Take over an existing run (to start, resume or extend it) as this process; status becomes `starting`.

        Requests that nobody was there to hear are answered as missed, except on a run that has not begun.
        """
        folder = Path(path)
        if not (folder / HEADER).is_file():
            raise OgiveError(f"{folder} is not a run: it has no {HEADER}.", "`ogive runs list` shows the runs.")
        header = read_json(folder / HEADER)
        writer = cls(folder, header | read_progress(folder, header))
        begun = header.get("status") != "starting"
        with writer._let_go_on_failure():
            writer.update(
                status="starting",
                host=provenance.collect([])["host"],
                pid=os.getpid(),
                pid_started=process_started(os.getpid()),
                ended_at=None,
                error=None,
                heartbeat=time.time(),
            )
            if begun:
                writer._miss_old_requests()
        return writer

    def _take_lock(self) -> int:
        try:
            handle = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise os_failure("write", self.path, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise OgiveError(
                f"Run {self.path.name} is already being trained by process {self.header.get('pid')}.",
                f"`ogive monitor {self.path.name}` watches it.",
            ) from error
        return handle

    # records

    def metrics(self, record: dict[str, Any]) -> None:
        """One optimizer step or one evaluation; `time` is added, numbers that are not finite become null."""
        record.setdefault("time", time.time())
        with self._mutex:
            self._metrics.append(record)

    def sample(self, record: dict[str, Any]) -> None:
        """Text the model wrote: `step`, `prompt`, `text`, `sampling`; `time` is added."""
        record.setdefault("time", time.time())
        with self._mutex:
            self._samples.append(record)

    def event(self, kind: str, **fields: Any) -> None:
        """Something that happened once: checkpoint, paused, resumed, alert, settings changed, ..."""
        with self._mutex:
            self._events.append({"kind": kind, "time": time.time(), "step": self.header.get("step", 0), **fields})

    def update(self, **fields: Any) -> None:
        """Change the header and write run.json, synced. A status that ends the run sets `ended_at`."""
        with self._mutex:
            now = time.time()
            if fields.get("status") in ENDED:
                fields.setdefault("ended_at", now)
            elif fields.get("status") in LIVE:
                fields.setdefault("ended_at", None)
            fields.setdefault("heartbeat", now)
            self.header.update(fields)
            write_json(self.path / HEADER, self.header)

    def heartbeat(self, **fields: Any) -> None:
        """Say that the trainer lives, and where it is (`step`, `tokens`, `eta_s`, `last_loss`): cheap, call each step.

        At most every half second a small file is written, unsynced; the figures reach run.json with the next `update`.
        """
        self.header.update(fields)
        now = time.time()
        if now - self._progress_at < PROGRESS_EVERY:
            return
        with self._mutex:
            self._progress_at = self.header["heartbeat"] = now
            keys = ("heartbeat", "step", "steps", "tokens", "eta_s", "last_loss", "best")
            text = to_json({key: self.header.get(key) for key in keys})
            write_atomic(self.path / PROGRESS, text, sync=False)

    def sync(self) -> None:
        """Make all records so far survive a power cut; call before a checkpoint that counts on them."""
        with self._mutex:
            for file in (self._metrics, self._samples, self._events):
                file.sync()

    # requests

    def requests(self) -> list[Request]:
        """New requests in order, each told as `received` in events.jsonl. One `stat` when there are none."""
        try:
            size = self._control.stat().st_size
        except OSError:
            return []
        if size <= self._heard:
            return []
        found = self._read_requests()
        for asked in found:
            self.event("received", request=asked.id, to=asked.kind)
        return found

    def _read_requests(self) -> list[Request]:
        try:
            with self._control.open("rb") as file:
                file.seek(self._heard)
                data = file.read()
        except OSError as error:
            raise os_failure("read", self._control, error) from error
        whole = data[: data.rfind(b"\n") + 1]
        self._heard += len(whole)
        return [asked for line in whole.splitlines() if (asked := parse(line)) is not None]

    def _miss_old_requests(self) -> None:
        if not self._control.is_file():
            return
        answered = answers(self.path)
        for asked in self._read_requests():
            if asked.id not in answered:
                self.answer(asked, "missed", reason="the trainer was not running")

    def answer(self, request: Request, outcome: str, **fields: Any) -> None:
        """Tell what became of a request: `done`, `refused`, `failed` or `missed`."""
        self.event("answer", request=request.id, to=request.kind, outcome=outcome, **fields)

    def close(self) -> None:
        """Give the folder back; the header stands as last written."""
        with self._mutex:
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1
                self._files.close()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
