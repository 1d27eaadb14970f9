"""Training speed beside nanoGPT's own train.py and transformers' Trainer, interleaved in one run.

    python tests/benchmarks/speed.py TEXT NANOGPT [--rounds 8] [--steps 20] [--compile] [--auto] [--only NAME ...]

TEXT is tinyshakespeare, NANOGPT a checkout of the peer. Everybody trains 4 layers, 4 heads, 128 wide, context 64, batch
12, on the CPU: the GPT-2 shape beside nanoGPT, the Llama shape beside the Trainer, in fp32. Ours goes through the whole
loop with its run folder. `--compile` adds the compiled forms (nanoGPT's too), `--auto` what `precision: auto,
compile: auto` picks for a long run. The median over rounds of the ratio within a round counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import peers

FP32 = ["precision=fp32"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("nanogpt", type=Path)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--compile", action="store_true", help="the compiled forms too")
    parser.add_argument("--auto", action="store_true", help="what auto picks, too")
    parser.add_argument("--only", nargs="+", help="only these workers")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--workspace", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        kind, *choices = args.worker.split(",")
        if kind == "nanogpt":
            peers.nanogpt_worker(str(args.nanogpt), "compile=on" in choices)
        elif kind == "trainer":
            peers.trainer_worker(str(args.text))
        else:
            peers.ours_worker(str(args.text), kind, choices, args.workspace)
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(args, Path(folder))))


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Start everybody, time them in turn, and compare."""
    wanted = {
        "nanoGPT": "nanogpt",
        "ours, GPT-2 shape": ",".join(["gpt2", *FP32, "compile=off"]),
        "Trainer": "trainer",
        "ours, Llama shape": ",".join(["llama", *FP32, "compile=off"]),
    }
    if args.compile:
        wanted["nanoGPT, compiled"] = "nanogpt,compile=on"
        wanted["ours, GPT-2 shape, compiled"] = ",".join(["gpt2", *FP32, "compile=on"])
        wanted["ours, Llama shape, compiled"] = ",".join(["llama", *FP32, "compile=on"])
    if args.auto:
        wanted["ours, GPT-2 shape, auto"] = "gpt2,precision=auto,compile=auto"
    if args.only:
        wanted = {name: spec for name, spec in wanted.items() if name in args.only}
    text = args.text.resolve()
    nanogpt = peers.copy_nanogpt(args.nanogpt, text, folder)
    workers = []
    for number, (name, spec) in enumerate(wanted.items()):
        command = [sys.executable, __file__, str(text), str(nanogpt), "--worker", spec, "--workspace", str(folder)]
        workers.append(peers.Worker(name, command, folder / f"{number}.log"))
        print(f"{name}: ready after {workers[-1].ready_seconds:.1f} s", flush=True)
    begun = time.perf_counter()
    peers.interleave(workers, args.rounds, args.steps)
    found: dict[str, Any] = {"seconds": round(time.perf_counter() - begun, 1)}
    tokens = peers.NANOGPT_CPU["batch_size"] * peers.NANOGPT_CPU["block_size"]
    for worker in workers:
        middle = statistics.median(worker.times)
        entry: dict[str, Any] = {
            "ms": round(middle, 2),
            "fastest_ms": round(min(worker.times), 2),
            "each_ms": [round(taken, 1) for taken in worker.times],
            "tokens_per_s": round(1e3 * tokens / middle),
            "loss": round(worker.loss, 3),
            "ready_s": round(worker.ready_seconds, 1),
        }
        for baseline in workers:
            beside = "Trainer" if "Llama" in worker.name else "nanoGPT"
            if worker is not baseline and baseline.name.startswith(beside):
                entry[f"times_{baseline.name}"] = round(peers.ratio(baseline, worker), 3)
        found[worker.name] = entry
        print(f"{worker.name:30} {entry}", flush=True)
    for worker in workers:
        worker.close()
    return found


if __name__ == "__main__":
    main()
