"""What must not break the picture or lose work: stray output, a lost terminal, a defect of the interface."""

from __future__ import annotations

import json
import os
import signal
import sys
import textwrap
import time
from pathlib import Path

import pytest

TINY = {
    "model.layers": 1,
    "model.hidden_size": 32,
    "model.heads": 2,
    "model.ffn_size": 64,
    "tokenizer": "bytes",
    "data.sources.0.documents": 60,
    "training.steps": 1_000_000,
    "training.batch_size": 2,
    "training.context": 32,
    "training.precision": "fp32",
    "training.compile": "off",
    "training.sample_every": 0,
    "training.eval_tokens": 512,
}
DEMO = ["demo", *(word for name, value in TINY.items() for word in ("--set", f"{name}={value}"))]


def scripted(body: str) -> list[str]:
    """The program with some code of ours run a moment after the app has opened."""
    code = f"""
        import os, sys, threading, time, logging, warnings
        from tui import launch
        def meddle():
            time.sleep(1.0)
{textwrap.indent(textwrap.dedent(body), " " * 12)}
        threading.Thread(target=meddle, daemon=True).start()
        raise SystemExit(launch.main([]))
    """
    return [sys.executable, "-c", textwrap.dedent(code)]


def test_stray_output_goes_to_the_log(terminal, tmp_path: Path) -> None:
    body = """
    os.write(1, b"STRAY one\\n" * 50)
    os.write(2, b"STRAY two\\n" * 50)
    print("STRAY three")
    sys.stderr.write("STRAY four\\n")
    warnings.warn("STRAY five")
    logging.getLogger("somewhere").warning("STRAY six")
    os.system("echo STRAY seven")
    """
    ogive = terminal(program=scripted(body))
    ogive.wait_for("q quit")
    log = tmp_path / "state" / "ogive" / "app-log.txt"
    end = time.monotonic() + 20
    while "STRAY seven" not in log.read_text():
        assert time.monotonic() < end
        time.sleep(0.1)
    time.sleep(0.5)
    written = log.read_text()
    for number in ("one", "two", "three", "four", "five", "six", "seven"):
        assert f"STRAY {number}" in written
    assert b"STRAY" not in ogive.raw
    ogive.send("q")
    ogive.wait_gone()


def test_a_defect_of_the_interface_leaves_the_terminal_whole(terminal, tmp_path: Path) -> None:
    body = """
    import gc
    from tui.app import OgiveApp
    gc.unfreeze()
    app = next(thing for thing in gc.get_objects() if isinstance(thing, OgiveApp))
    def fail():
        raise RuntimeError("a defect")
    app.call_from_thread(app.call_later, fail)
    """
    ogive = terminal(program=scripted(body))
    assert ogive.wait(30) == 1
    assert ogive.restored
    assert "The interface failed (RuntimeError: a defect)." in ogive.text.replace("\n", "")
    assert "Traceback" not in ogive.text
    assert "RuntimeError: a defect" in (tmp_path / "state" / "ogive" / "app-log.txt").read_text()


@pytest.mark.parametrize("how", ["hang up", "terminate"])
def test_losing_the_terminal_saves_the_run(terminal, workspace: Path, how: str) -> None:
    ogive = terminal(*DEMO)
    metrics = "checkpoints/*-demo/metrics.jsonl"
    ogive.wait_for(lambda text: "MONITOR" in text and any(path.stat().st_size for path in workspace.glob(metrics)), 90)
    if how == "hang up":
        ogive.process.send_signal(signal.SIGHUP)
        os.close(ogive.master)
    else:
        ogive.process.terminate()
    assert ogive.process.wait(60) == 128 + (signal.SIGHUP if how == "hang up" else signal.SIGTERM)
    (folder,) = (workspace / "checkpoints").glob("*-demo")
    run = json.loads((folder / "run.json").read_text())
    latest = (folder / "latest").read_text().strip()
    assert run["status"] == "stopped"
    assert run["step"] > 0
    assert (folder / latest / "model.safetensors").is_file()
    assert latest == f"step-{run['step']:08d}"
