"""Requests to a trainer: one line each in control.jsonl, told as received and then answered in events.jsonl."""

from __future__ import annotations

import getpass
import json
import os
import secrets
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import OgiveError, nearest
from core.files import append_line
from core.runs.info import CONTROL, EVENTS, RunInfo

KINDS = {
    "pause": "wait before the next step",
    "resume": "go on after a pause",
    "stop": "save a checkpoint after this step and end",
    "save": "save a checkpoint after this step",
    "evaluate": "measure on held-out text after this step",
    "sample": "write samples after this step",
}


@dataclass(frozen=True)
class Request:
    """One wish: its id (named in the answer), kind, arguments, when and by whom it was made."""

    id: str
    kind: str
    args: dict[str, Any] = field(default_factory=dict)
    time: float = 0.0
    origin: str = ""


def request(run_dir: str | os.PathLike[str], kind: str, **args: Any) -> str:
    """Ask the trainer of `run_dir`; returns the request's id. OgiveError when no trainer is alive to hear it."""
    if kind not in KINDS:
        raise OgiveError(f"A trainer knows no request {kind!r}.", nearest(kind, KINDS))
    info = RunInfo.read(run_dir)
    if not info.live:
        raise OgiveError(
            f"Run {info.id} is {info.state}; nothing is there to {kind}.",
            f"`ogive resume {info.id}` continues it." if info.state in ("lost", "stopped", "failed") else "",
        )
    identity = secrets.token_hex(4)
    line = {"id": identity, "kind": kind, "args": args, "time": time.time(), "origin": _origin()}
    append_line(info.path / CONTROL, line)
    return identity


def _origin() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return socket.gethostname()


def parse(line: bytes) -> Request | None:
    """A line of control.jsonl as a Request; None when it is torn, foreign or of an unknown kind."""
    try:
        found = json.loads(line)
        asked = Request(
            str(found["id"]),
            found["kind"],
            found.get("args") or {},
            float(found.get("time", 0)),
            str(found.get("origin", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return asked if asked.kind in KINDS and isinstance(asked.args, dict) else None


def answers(run_dir: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Every answer in events.jsonl by the id of its request."""
    path = Path(run_dir) / EVENTS
    if not path.is_file():
        return {}
    found: dict[str, dict[str, Any]] = {}
    with path.open("rb") as file:
        for line in file:
            if b'"answer"' not in line:
                continue
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("kind") == "answer":
                found[event.get("request", "")] = event
    return found


def wait_for_answer(run_dir: str | os.PathLike[str], identity: str, seconds: float) -> dict[str, Any] | None:
    """The answer to request `identity`, waiting up to `seconds`; None when it has not come."""
    deadline = time.monotonic() + seconds
    while True:
        answer = answers(run_dir).get(identity)
        if answer is not None or time.monotonic() >= deadline:
            return answer
        time.sleep(0.1)
