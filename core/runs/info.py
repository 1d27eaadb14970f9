"""What a run is and how it stands: run.json (and the lighter progress.json) as one dataclass, and who is alive."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from core.errors import OgiveError
from core.files import read_json

HEADER = "run.json"
PROGRESS = "progress.json"
METRICS = "metrics.jsonl"
SAMPLES = "samples.jsonl"
EVENTS = "events.jsonl"
CONTROL = "control.jsonl"
LOG = "log.txt"

LIVE = ("starting", "training", "paused", "evaluating", "saving")
ENDED = ("finished", "stopped", "failed")
SILENCE = 120.0  # seconds without a heartbeat after which a trainer on another host counts as lost
GRACE = 30.0  # seconds a run may be `starting` while one process hands it to another


@dataclass
class RunInfo:
    """The header of a run. Times are Unix seconds, `eta_s` is seconds to the last step."""

    path: Path
    id: str
    name: str = ""
    stage: str = "pretrain"
    status: str = "starting"
    settings: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    parents: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    git: dict[str, Any] | None = None
    versions: dict[str, str] = field(default_factory=dict)
    device: str = ""
    host: str = ""
    pid: int = 0
    pid_started: float | None = None
    started_at: float = 0.0
    ended_at: float | None = None
    heartbeat: float = 0.0
    step: int = 0
    steps: int = 0
    tokens: int = 0
    eta_s: float | None = None
    best: dict[str, Any] | None = None
    last_loss: float | None = None
    parameters: int | None = None
    trainable: int | None = None
    choices: dict[str, Any] = field(default_factory=dict)
    error: dict[str, str] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> RunInfo:
        """The header of the run in folder `path`; OgiveError when there is none or it is damaged."""
        folder = Path(path)
        if not (folder / HEADER).is_file():
            raise OgiveError(f"{folder} is not a run: it has no {HEADER}.", "`ogive runs list` shows the runs.")
        header = read_json(folder / HEADER)
        if not isinstance(header, dict):
            raise OgiveError(f"{folder / HEADER} is damaged: it holds no JSON object.")
        return cls.build(folder, header | read_progress(folder, header))

    @classmethod
    def build(cls, folder: Path, header: dict[str, Any]) -> RunInfo:
        """`header` as RunInfo; keys that this version does not know are kept in `extra`."""
        known = {item.name for item in fields(cls)} - {"path", "extra"}
        values = {key: value for key, value in header.items() if key in known and value is not None}
        values.setdefault("id", folder.name)
        values.setdefault("name", values["id"])
        return cls(path=folder, **values, extra={key: header[key] for key in header.keys() - known})

    @property
    def state(self) -> str:
        """`status`, or `lost` when it claims to be alive and its process is gone."""
        return "lost" if self.status in LIVE and not self.alive() else self.status

    @property
    def live(self) -> bool:
        """Whether a trainer is at work on it, so that requests are heard."""
        return self.state in LIVE

    def alive(self, now: float | None = None) -> bool:
        """Whether the process that claims this run exists: by its pid on this host, by its heartbeat elsewhere."""
        age = (time.time() if now is None else now) - self.heartbeat
        if self.status == "starting" and age < GRACE:
            return True
        if self.host == socket.gethostname():
            return process_alive(self.pid, self.pid_started)
        return age < SILENCE

    @property
    def elapsed(self) -> float:
        """Seconds from start to end, or to the last sign of life."""
        last = self.ended_at or (time.time() if self.live else self.heartbeat)
        return max(0.0, last - self.started_at)

    @property
    def progress(self) -> float:
        """Share of the steps done, 0 to 1."""
        return min(1.0, self.step / self.steps) if self.steps else 0.0


def read_progress(folder: Path, header: dict[str, Any]) -> dict[str, Any]:
    """The light figures written more often than the header; {} when older than it, absent or torn."""
    try:
        progress = read_json(folder / PROGRESS)
    except OgiveError:
        return {}
    if not isinstance(progress, dict) or progress.get("heartbeat", 0) < header.get("heartbeat", 0):
        return {}
    return {key: value for key, value in progress.items() if value is not None}


def process_started(pid: int) -> float | None:
    """When process `pid` started (Unix seconds), or None when it is not there or is a zombie."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def process_alive(pid: int, started: float | None) -> bool:
    """Whether `pid` runs and is the same process that started at `started` (a number may be used again)."""
    if pid <= 0:
        return False
    if pid == os.getpid():
        return True
    found = process_started(pid)
    return found is not None and (started is None or abs(found - started) < 2.0)
