"""Workspaces with real run folders, and the app on them without a terminal."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.settings.run import RunSettings
from core.workspace import Workspace

START = 1_763_631_060.0  # 20 Nov 2025, 09:31 UTC


def write_run(workspace: Workspace, run_id: str, **header: Any) -> Path:
    """A run folder as a trainer leaves it; `header` adds to run.json."""
    folder = workspace.checkpoints / run_id
    folder.mkdir(parents=True)
    given = {
        "id": run_id,
        "name": run_id.split("-", 2)[-1],
        "stage": "pretrain",
        "status": "finished",
        "settings": RunSettings(name="tale").model_dump(mode="json"),
        "host": socket.gethostname(),
        "pid": 0,
        "device": "cpu",
        "started_at": START,
        "ended_at": START + 252,
        "heartbeat": START + 252,
        **header,
    }
    (folder / "run.json").write_text(json.dumps(given))
    return folder


def populate(workspace: Workspace) -> None:
    """The runs of the home screen's pictures: one of each state."""
    live = {"pid": os.getpid(), "ended_at": None, "heartbeat": time.time(), "status": "training", "eta_s": 72}
    progress = {"step": 412, "steps": 900, "last_loss": 1.42, "parameters": 2_100_000, "tokens": 3_375_104}
    best = {"step": 400, "eval_loss": 1.45, "eval_bpb": 1.2}
    write_run(workspace, "1120-0931-tale-demo", **live, **progress, best=best)
    write_run(
        workspace,
        "1119-2210-tale-chat",
        step=1200,
        steps=1200,
        last_loss=0.91,
        parameters=4_100_000,
        best={"step": 1200, "eval_loss": 0.88},
        started_at=START - 40_000,
    )
    write_run(
        workspace,
        "1119-1804-shakespeare",
        status="stopped",
        step=185,
        steps=540,
        last_loss=1.91,
        parameters=524_288,
        started_at=START - 55_000,
    )
    error = {"message": "The loss was not finite 5 steps in a row.", "hint": "Lower training.lr."}
    write_run(
        workspace,
        "1118-0900-too-hot",
        status="failed",
        step=12,
        steps=900,
        error=error,
        parameters=2_100_000,
        started_at=START - 90_000,
    )
    dead = {"status": "training", "pid": 2**22 + 1, "ended_at": None}
    write_run(workspace, "1117-0815-unplugged", step=700, steps=900, last_loss=1.5, started_at=START - 1e5, **dead)


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The clock's zone, the host's name and the core count are those of no machine in particular."""
    for name in ("NO_COLOR", "OGIVE_THEME", "OGIVE_ASCII", "TMUX", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    time.tzset()
    monkeypatch.setattr("tui.overview.machine", lambda: "mira@gpu-7")
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1}, raising=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "workspace"
    root.mkdir()
    return Workspace(root)


@pytest.fixture
def full_workspace(workspace: Workspace) -> Workspace:
    populate(workspace)
    return workspace


@pytest.fixture
def add_run(workspace: Workspace) -> Callable[..., Path]:
    return lambda run_id, **header: write_run(workspace, run_id, **header)


@pytest.fixture
def nothing_bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if the program came without a model."""
    for module in ("core.models.catalog", "tui.overview"):
        monkeypatch.setattr(f"{module}.SHIPPED", tmp_path / "no-such-place" / "configs")
