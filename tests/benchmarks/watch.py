"""What watching costs: first picture, key to paint, traffic, training speed, and a run of a million lines.

    python tests/benchmarks/watch.py [paint] [keys] [speed] [million] [--json FILE]

All figures come from the real program on a pty at 80x24 in 256 colours. `keys` and `speed` train the demo recipe in the
program's own thread at full tilt; `speed` compares with the same recipe trained without the app, turn and turn about.
Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("harness", ROOT / "tests" / "terminal" / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
harness = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(harness)

GOALS = {
    "first_paint_s": ("<", 0.6),
    "key_to_paint_p95_ms": ("<", 60),
    "monitor_bytes_per_s": ("<=", 40_000),
    "speed_with_monitor": (">=", 0.97),
    "million_open_s": ("<", 1.0),
    "million_rss_mb": ("<", 150),
}


def start(workspace: Path, *args: str) -> Any:
    variables = harness.environment(workspace / "state", OGIVE_WORKSPACE=str(workspace))
    return harness.Terminal(list(args), cols=80, rows=24, env=variables)


def finish(terminal: Any) -> None:
    """Ctrl+Q, and `stop and save` where it asks."""
    terminal.emulated = True
    terminal.send("\x11")
    time.sleep(0.5)
    if terminal.process.poll() is None:
        terminal.send("x")
    try:
        terminal.process.wait(60)
    except subprocess.TimeoutExpired:
        terminal.process.kill()
    terminal.close()


def demo(steps: int, *more: str) -> list[str]:
    changes = [f"training.steps={steps}", "training.eval_every=100000", "training.save_every=100000", *more]
    changes += ["training.sample_every=0", "data.sources.0.documents=2000"]
    return [word for change in changes for word in ("--set", change)]


def first_paint(workspace: Path, rounds: int = 9) -> dict[str, Any]:
    """Seconds from the start of the process to a whole home screen, and to a whole setup screen."""
    seen = []
    for _ in range(rounds):
        began = time.monotonic()
        ogive = start(workspace)
        ogive.wait_for("q quit", 30)
        seen.append(ogive.last_output - began)
        finish(ogive)
    helps = []
    for _ in range(rounds):
        began = time.monotonic()
        subprocess.run([*harness.PROGRAM, "--help"], cwd=ROOT, capture_output=True, check=True)
        helps.append(time.monotonic() - began)
    return {"first_paint_s": statistics.median(seen), "first_paint_all_s": seen, "help_s": statistics.median(helps)}


def _thread_seconds(pid: int) -> dict[int, float]:
    return {thread.id: thread.user_time + thread.system_time for thread in psutil.Process(pid).threads()}


def keys(workspace: Path, presses: int = 120, quiet: float = 20.0) -> dict[str, Any]:
    """Milliseconds from a key to its effect on the wire while the program trains; bytes per second without keys."""
    ogive = start(workspace, "demo", "--new", *demo(100_000))
    ogive.wait_for(lambda text: "MONITOR" in text and "ema" in text and "loss n/a" not in text, 120)
    time.sleep(5)
    ogive.emulated = False  # the emulator's own work must not stand in the measured program's way
    began, before, busy = time.monotonic(), len(ogive.raw), _thread_seconds(ogive.process.pid)
    time.sleep(quiet)
    seconds = time.monotonic() - began
    traffic = (len(ogive.raw) - before) / seconds
    used = {thread: now - busy.get(thread, 0.0) for thread, now in _thread_seconds(ogive.process.pid).items()}
    # The first thread paints. Of the others the busiest are the trainer's, one for each core; the rest read and draw.
    painting = used.pop(ogive.process.pid)
    interface = (painting + sum(sorted(used.values())[: -(os.cpu_count() or 1)])) / seconds
    draw = random.Random(1)
    waits = []
    for press in range(presses):
        time.sleep(draw.uniform(0.1, 0.35))
        offset, pressed = len(ogive.raw), time.monotonic()
        ogive.send("+" if press // 4 % 2 == 0 else "-")
        while b"smoothing" not in bytes(ogive.raw[offset:]):
            if time.monotonic() - pressed > 5:
                break
            time.sleep(0.0005)
        place = bytes(ogive.raw).find(b"smoothing", offset)
        arrived = next((when for when, size in list(ogive.arrivals) if size > place >= 0), pressed + 5)
        waits.append(1000 * (arrived - pressed))
    memory = psutil.Process(ogive.process.pid).memory_info().rss / 2**20
    finish(ogive)
    waits.sort()
    return {
        "key_to_paint_p50_ms": statistics.median(waits),
        "key_to_paint_p95_ms": waits[int(0.95 * len(waits))],
        "key_to_paint_max_ms": waits[-1],
        "monitor_bytes_per_s": traffic,
        "interface_cores": interface,
        "training_rss_mb": memory,
    }


def _rate(workspace: Path, skip: int) -> float:
    """Tokens per second over a run's steps but the first ones, by the wall clock of its own records."""
    (metrics,) = workspace.glob("checkpoints/*/metrics.jsonl")
    records = [json.loads(line) for line in metrics.read_text().splitlines()]
    steps = [record for record in records if record.get("tokens_per_s")][skip:]
    return (steps[-1]["tokens"] - steps[0]["tokens"]) / (steps[-1]["time"] - steps[0]["time"])


def speed(workspace: Path, steps: int = 160, rounds: int = 3) -> dict[str, Any]:
    """Tokens per second in the app with its monitor open, as a share of the same run's without the app."""
    more = ("training.compile=off", "training.precision=fp32")
    found: dict[str, list[float]] = {"app": [], "headless": []}
    for turn in range(2 * rounds):
        kind = ("app", "headless")[(turn + turn // 2) % 2]
        folder = Path(tempfile.mkdtemp(dir=workspace))
        if kind == "app":
            ogive = start(folder, "demo", "--new", *demo(steps, *more))
            ogive.wait_for("MONITOR", 60)
            ogive.emulated = False
            (header,) = folder.glob("checkpoints/*/run.json")
            while json.loads(header.read_text())["status"] not in ("finished", "failed", "stopped"):
                time.sleep(0.5)
            finish(ogive)
        else:
            variables = harness.environment(folder / "state", OGIVE_WORKSPACE=str(folder))
            command = [*harness.PROGRAM, "demo", "--new", "--plain", *demo(steps, *more)]
            subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, check=True)
        found[kind].append(_rate(folder, 30))
        shutil.rmtree(folder)
    medians = {kind: statistics.median(rates) for kind, rates in found.items()}
    return {
        "speed_with_monitor": medians["app"] / medians["headless"],
        "app_tokens_per_s": found["app"],
        "headless_tokens_per_s": found["headless"],
    }


def million(workspace: Path, lines: int = 1_000_000) -> dict[str, Any]:
    """Seconds from the start to a drawn chart of a run with a million steps, and the memory of the program then."""
    folder = workspace / "checkpoints" / "0101-0000-million"
    folder.mkdir(parents=True, exist_ok=True)
    now = time.time()
    header = {"id": folder.name, "name": "million", "status": "finished", "step": lines, "steps": lines}
    header |= {"started_at": now - lines, "ended_at": now, "heartbeat": now, "tokens": lines * 2048, "device": "cpu"}
    (folder / "run.json").write_text(json.dumps(header))
    draw = random.Random(2)
    with (folder / "metrics.jsonl").open("w") as file:
        for step in range(1, lines + 1):
            loss = 1.2 + 6 / (1 + step / 3000) + draw.gauss(0, 0.05)
            file.write(
                f'{{"step":{step},"tokens":{step * 2048},"time":{now - lines + step:.3f},"loss":{loss:.5f},"lr":0.001,'
                f'"grad_norm":{0.4 + 0.1 * draw.random():.4f},"tokens_per_s":21000.0,"step_ms":97.5,"epoch":0.1}}\n'
            )
    opened, memory, plain = [], [], []
    for _ in range(5):
        began = time.monotonic()
        home = start(workspace)
        home.wait_for("q quit", 30)
        plain.append(home.last_output - began)
        finish(home)
        began = time.monotonic()
        ogive = start(workspace, "monitor", folder.name)
        ogive.wait_for(lambda text: "loss 1." in text and "▏" in text, 60)
        opened.append(ogive.last_output - began)
        time.sleep(3)
        memory.append(psutil.Process(ogive.process.pid).memory_info().rss / 2**20)
        finish(ogive)
    size = (folder / "metrics.jsonl").stat().st_size
    return {
        "million_open_s": statistics.median(opened),
        "million_rss_mb": max(memory),
        "million_file_mb": size / 2**20,
        "million_beyond_home_s": statistics.median(opened) - statistics.median(plain),
    }


PARTS = {"paint": first_paint, "keys": keys, "speed": speed, "million": million}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--steps", type=int, default=160, help="steps of a run of `speed`")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind in `speed`")
    args = parser.parse_args()
    figures: dict[str, Any] = {"load_before": os.getloadavg()[0]}
    for name in args.parts or PARTS:
        workspace = Path(tempfile.mkdtemp(prefix="ogive-watch-"))
        try:
            more = {"steps": args.steps, "rounds": args.rounds} if name == "speed" else {}
            figures |= PARTS[name](workspace, **more)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
    missed = False
    for name, value in figures.items():
        relation, goal = GOALS.get(name, ("", None))
        reached = goal is None or (value >= goal if relation == ">=" else value <= goal)
        missed |= not reached
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
        print(
            f"{name:24}{shown}" + ("" if goal is None else f"   goal {relation} {goal}{'' if reached else '  MISSED'}")
        )
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
