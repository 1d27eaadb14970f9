"""A model of unusual bricks is put together by keys in the setup, and trains."""

from __future__ import annotations

import json
import time
from pathlib import Path

LONG = 90.0


def choose(ogive, field: str, wanted: str) -> None:
    """Find a field, and press enter until it shows the wanted brick."""
    ogive.send("/")
    ogive.wait_for("to the fields")
    ogive.send(f"\x15{field}\r")
    ogive.wait_for(f"▸ {field}")
    shown = f"‹ {wanted} ›"
    for _ in range(12):
        if any(f"▸ {field}" in line and shown in line for line in ogive.text.splitlines()):
            return
        before = ogive.text
        ogive.send("\r")
        ogive.wait_for(lambda text, before=before: text != before)
        time.sleep(0.2)
    raise AssertionError(f"{field} never showed {wanted}:\n{ogive.text}")


def test_unusual_bricks_are_picked_and_train(terminal, workspace: Path) -> None:
    ogive = terminal(cols=100, rows=30)
    ogive.wait_for("q quit")
    ogive.send("n")
    ogive.wait_for("SETUP")
    choose(ogive, "feedforward", "geglu")
    ogive.send("\x1b")  # shows all fields again
    ogive.wait_for("layers")
    choose(ogive, "positions", "alibi")
    ogive.send("s")
    ogive.wait_for("MONITOR", LONG)

    def trained() -> bool:
        files = list(workspace.glob("checkpoints/*/metrics.jsonl"))
        return bool(files) and files[0].read_text().count("\n") >= 3

    end = time.monotonic() + LONG
    while not trained() and time.monotonic() < end:
        time.sleep(0.1)
    assert trained(), ogive.text
    [header] = workspace.glob("checkpoints/*/run.json")
    model = json.loads(header.read_text())["settings"]["model"]
    assert model["positions"]["name"] == "alibi"
    assert (model["feedforward"] if isinstance(model["feedforward"], str) else model["feedforward"]["name"]) == "geglu"
    ogive.send("\x11")
    ogive.wait_for("stop and save")
    ogive.send("x")
    assert ogive.wait(60) == 0, ogive.text
    assert ogive.restored
    assert json.loads(header.read_text())["status"] == "stopped"
