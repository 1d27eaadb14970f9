"""Time to loss beside nanoGPT on character-level Shakespeare: whole processes, all start-up counted.

    python tests/benchmarks/time_to_loss.py TEXT NANOGPT [--peer-seconds S --peer-loss L] [--repeat 2]
    python tests/benchmarks/time_to_loss.py TEXT NANOGPT --five-minutes [--seconds 300] [--peer key=value ...]

The first form trains nanoGPT's CPU recipe (2000 iterations) and our preset `shakespeare`, and compares wall time and
loss. Ours is timed twice: cold (a fresh workspace, an empty compile cache) and warm (the same workspace again).
The second form gives both the same wall time: nanoGPT with its best tuned settings (`--peer`), ours the preset
`shakespeare-long`. Each is started with the number of steps that fits, found from a short run of its own.

Split 90/10 by position; the loss is the mean over all windows of 64 that lie side by side in the held-out text. Ours
also predicts the first and the last characters and the end of the text: 4 labels more.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import peers

HELD_OUT = """
import sys, numpy, torch
sys.path.insert(0, ".")
from model import GPT, GPTConfig
saved = torch.load(sys.argv[1] + "/ckpt.pt", weights_only=True)
model = GPT(GPTConfig(**saved["model_args"]))
model.load_state_dict({name.removeprefix("_orig_mod."): each for name, each in saved["model"].items()})
model.eval()
text = torch.from_numpy(numpy.fromfile("data/shakespeare_char/val.bin", dtype=numpy.uint16).astype(numpy.int64))
size = saved["model_args"]["block_size"]
windows = (len(text) - 1) // size
inputs, labels = text[: windows * size].view(windows, size), text[1 : windows * size + 1].view(windows, size)
total = 0.0
with torch.no_grad():
    for first in range(0, windows, 128):
        rows = slice(first, first + 128)
        total += model(inputs[rows], labels[rows])[1].item() * inputs[rows].numel()
print("RESULT", total / (windows * size), saved["iter_num"], sum(p.numel() for p in model.parameters()))
"""
"""Run in the peer's folder: its own model over all held-out windows."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("nanogpt", type=Path)
    parser.add_argument("--preset", help="our recipe (default: shakespeare, or shakespeare-long)")
    parser.add_argument("--set", action="append", default=[], dest="overrides", help="a change to our recipe")
    parser.add_argument("--repeat", type=int, default=2, help="our runs: the first is cold, the others warm")
    parser.add_argument("--peer", nargs="*", default=[], metavar="KEY=VALUE", help="changes to nanoGPT's recipe")
    parser.add_argument("--peer-seconds", type=float, help="do not run the peer; it took this long")
    parser.add_argument("--peer-loss", type=float, help="... and ended at this loss")
    parser.add_argument("--five-minutes", action="store_true", help="compare at equal wall time instead")
    parser.add_argument("--seconds", type=float, default=300.0, help="... of this length")
    args = parser.parse_args()
    args.text = args.text.resolve()
    with tempfile.TemporaryDirectory() as folder:
        compare = equal_time if args.five_minutes else to_loss
        print(json.dumps(compare(args, Path(folder))))


def to_loss(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The peer's recipe as it is, ours cold and warm."""
    changes = dict(change.split("=", 1) for change in args.peer)
    if args.peer_seconds:
        peer = {"wall_s": args.peer_seconds, "loss": args.peer_loss}
    else:
        peer = train_nanogpt(peers.copy_nanogpt(args.nanogpt, args.text, folder), changes)
    print("nanoGPT", peer, flush=True)
    runs = []
    for number in range(args.repeat):
        runs.append(train_ours(args.text, folder, args.preset or "shakespeare", args.overrides))
        print("ours, cold" if number == 0 else "ours, warm", runs[-1], flush=True)
    cold, warm = runs[0], min(runs[1:] or runs, key=lambda run: run["wall_s"])
    return {
        "nanoGPT": peer,
        "cold": cold,
        "warm": warm,
        "reached": all(run["loss"] <= peer["loss"] for run in runs),
        "cold_share": round(cold["wall_s"] / peer["wall_s"], 4),
        "warm_share": round(warm["wall_s"] / peer["wall_s"], 4),
    }


def equal_time(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Both for `--seconds` of wall time from start to end."""
    changes = dict(change.split("=", 1) for change in args.peer)
    nanogpt = peers.copy_nanogpt(args.nanogpt, args.text, folder)
    short = int(0.05 * args.seconds / 0.05)

    def theirs(steps: int) -> dict[str, Any]:
        # eval_interval = steps: it measures and saves at the start and at the end, and nowhere between.
        plan = {"max_iters": steps, "lr_decay_iters": steps, "eval_interval": steps, "log_interval": 100}
        return train_nanogpt(nanogpt, {**plan, **changes})

    preset = args.preset or "shakespeare-long"

    def ours(steps: int) -> dict[str, Any]:
        return train_ours(args.text, folder, preset, [*args.overrides, f"training.steps={steps}"])

    found: dict[str, Any] = {}
    for name, train in (("nanoGPT", theirs), ("ours", ours)):
        few, more = train(short // 4), train(short)
        per_step = (more["wall_s"] - few["wall_s"]) / (short - short // 4)
        steps = max(short, math.floor(0.98 * (args.seconds - few["wall_s"]) / per_step) + short // 4)
        found[name] = train(steps)
        print(name, found[name], flush=True)
    return {**found, "lower_by": round(found["nanoGPT"]["loss"] - found["ours"]["loss"], 4)}


def train_nanogpt(checkout: Path, changes: dict[str, Any]) -> dict[str, Any]:
    """Wall seconds of the peer's train.py, and the loss of the checkpoint it kept."""
    out = "out-benchmark"
    command = [sys.executable, "train.py", *peers.nanogpt_arguments(**changes), f"--out_dir={out}"]
    begun = time.perf_counter()
    subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - begun
    shown = subprocess.run(
        [sys.executable, "-c", HELD_OUT, out], cwd=checkout, check=True, capture_output=True, text=True
    ).stdout
    result = re.search(r"RESULT (\S+) (\d+) (\d+)", shown)
    assert result is not None
    return {
        "wall_s": round(wall, 2),
        "loss": round(float(result[1]), 4),
        "steps": int(result[2]),
        "parameters": int(result[3]),
    }


def train_ours(text: Path, folder: Path, preset: str, overrides: list[str]) -> dict[str, Any]:
    """Wall seconds of `ogive train PRESET`, which ends with the loss over all held-out windows."""
    chosen = [f"data.sources.0.path={text}", "training.eval_tokens=null", *overrides]
    command = [sys.executable, "-m", "tui.launch", "--workspace", str(folder / "workspace"), "train", preset, "--json"]
    command += [part for each in chosen for part in ("--set", each)]
    variables = peers.environment(TORCHINDUCTOR_CACHE_DIR=str(folder / "inductor"))
    begun = time.perf_counter()
    shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=variables, cwd=folder).stdout
    wall = time.perf_counter() - begun
    run = json.loads(shown)
    return {
        "wall_s": round(wall, 2),
        "loss": round(run["best"]["eval_loss"], 4),
        "steps": run["step"],
        "parameters": run["parameters"],
    }


if __name__ == "__main__":
    main()
