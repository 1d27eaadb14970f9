"""The whole way in the real program: demo, monitor, pause, resume, detach, leave, come back, chat, stop, switch."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

# A model that trains in moments, and a run too long to end by itself.
TINY = {
    "model.layers": 1,
    "model.hidden_size": 32,
    "model.heads": 2,
    "model.ffn_size": 64,
    "model.context": 2048,
    "tokenizer": "bytes",
    "data.sources.0.documents": 60,
    "training.steps": 1_000_000,
    "training.batch_size": 2,
    "training.context": 32,
    "training.precision": "fp32",
    "training.compile": "off",
    "training.eval_every": 1_000_000,
    "training.eval_tokens": 512,
    "training.sample_every": 0,
    "training.save_every": 1_000_000,
}
DEMO = ["demo", *(word for name, value in TINY.items() for word in ("--set", f"{name}={value}"))]
LONG = 90.0


@pytest.fixture(params=["pty 80x24", "tmux 120x40"])
def ogive(request: pytest.FixtureRequest):
    """Start the program in one of the two kinds of terminal."""
    kind, _, size = request.param.partition(" ")
    cols, _, rows = size.partition("x")
    start = request.getfixturevalue("terminal" if kind == "pty" else "tmux")
    return lambda *args: start(*args, cols=int(cols), rows=int(rows))


@pytest.fixture
def no_trainer_left(workspace: Path):
    """A trainer that a failed test leaves behind is ended with it."""
    yield
    for header in workspace.glob("checkpoints/*/run.json"):
        pid = json.loads(header.read_text()).get("pid") or 0
        with contextlib.suppress(psutil.Error):
            if pid and "core.training" in psutil.Process(pid).cmdline():
                os.kill(pid, signal.SIGKILL)


def run_json(workspace: Path) -> dict:
    (header,) = workspace.glob("checkpoints/*/run.json")
    return json.loads(header.read_text())


def test_from_demo_to_chat(ogive, workspace: Path, no_trainer_left: None) -> None:
    # Training in the program, watched.
    app = ogive(*DEMO)
    app.wait_for("MONITOR", LONG)
    app.wait_for(lambda text: "● training" in text and "ema" in text and "loss n/a" not in text, LONG)
    app.send("p")
    app.wait_for("‖ paused", LONG)
    app.send("p")
    app.wait_for("● training", LONG)
    app.send("s")
    app.wait_for("saved", LONG)

    # Handed over to a process of its own, which goes on without the program.
    before = run_json(workspace)["pid"]
    app.send("d")
    app.wait_for("saved; it goes on", LONG)
    app.send("\x11")
    app.wait_gone()
    end = time.monotonic() + LONG
    while run_json(workspace)["pid"] == before or run_json(workspace)["status"] != "training":
        assert time.monotonic() < end, run_json(workspace)
        time.sleep(0.1)
    assert psutil.pid_exists(run_json(workspace)["pid"])

    # Back again: home knows of it, and its model can be talked to.
    app = ogive()
    app.wait_for("1 training", LONG)
    app.send("c")
    app.wait_for("loaded in", LONG)
    app.send("/max 1500\r")
    app.wait_for("1500")
    app.send("/temp 0\r")  # the likeliest letter for ever: a reply that does not end by itself
    app.wait_for("temperature 0")
    app.send("Who keeps the mill?\r")
    app.wait_for(lambda text: "Who keeps the mill?" in text and "ctrl+c stop" in text, LONG)
    time.sleep(0.3)
    app.send("\x03")
    app.wait_for("stopped", LONG)
    app.send("/model demo:latest\r")
    app.wait_for("demo:latest", LONG)
    app.wait_for("loaded in", LONG)
    app.send("And by day?\r")
    app.wait_for(lambda text: "And by day?" in text and "ctrl+c stop" in text, LONG)
    app.send("\x03")
    app.wait_for("stopped", LONG)
    kept = list((workspace / "data" / "conversations").glob("*.json"))
    assert len(kept) == 1
    assert "Who keeps the mill?" in kept[0].read_text()

    # And the run ends when it is told to, with a checkpoint.
    app.send("\x1b")
    time.sleep(0.3)
    app.send("\x1b")
    app.wait_for("1 training", LONG)
    app.send("m")
    app.wait_for(lambda text: "MONITOR" in text and "● training" in text and "ema" in text, LONG)
    app.send("x")
    app.wait_for("go on training")
    app.send("x")
    app.wait_for("○ stopped", LONG)
    assert run_json(workspace)["status"] == "stopped"
    app.send("q")
    app.wait_for("1 run")
    app.send("q")
    app.wait_gone()
    assert run_json(workspace)["step"] > 0
