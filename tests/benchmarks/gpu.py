"""On a GPU: bf16 training of the 124 M GPT-2 shape beside nanoGPT's own bench.py, and decoding beside `generate`.

    python tests/benchmarks/gpu.py NANOGPT [--rounds 3] [--batch 12] [--peak 312]

Both train on random tokens, 12 x 1024 of them, compiled, bf16: bench.py as it is with `--real_data=False`, ours the
optimizer step of the training loop (clipping and the gate for non-finite steps included, which bench.py lacks). They
take turns, each in a process of its own. The share of `--peak` teraflops (nanoGPT counts with an A100's 312) is
counted as nanoGPT counts it, for both. Decoding is tests/benchmarks/decode.py on the same device.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peers
import torch
from torch import nn

from core.models.counting import count
from core.models.decoder import Decoder
from core.optim.base import build_optimizer
from core.settings.model import ModelSettings
from core.settings.training import TrainingSettings
from core.training.objectives.base import Batch
from core.training.precision import choose
from core.training.step import Stepper

CONTEXT, VOCABULARY = 1024, 50_304
BURN_IN, TIMED = 10, 20
GPT2 = {
    "layers": 12,
    "hidden_size": 768,
    "heads": 12,
    "context": CONTEXT,
    "positions": "learned",
    "norm": "layernorm",
    "feedforward": "gelu",
    "tied": True,
}


class RandomTokens:
    """An objective that gives the same random batch again and again, as bench.py does."""

    rows = 1

    def __init__(self, batch: int, device: torch.device) -> None:
        tokens = torch.randint(VOCABULARY, (2, batch, CONTEXT), device=device)
        self.made = Batch((tokens[0], tokens[1]), tokens[1].numel(), tokens[0].numel())

    def batch(self, position: int, rows: int) -> Batch:
        return self.made

    def loss(self, model: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        assert isinstance(model, Decoder)
        return model.loss(*tensors)

    def held_out(self, rows: int) -> Iterator[Batch]:
        yield self.made

    def summary(self, total: float, count: int) -> dict[str, Any]:
        return {"eval_loss": total / count}


def ours(batch: int) -> None:
    """Our optimizer step on the same shape; prints milliseconds per step."""
    device = torch.device("cuda")
    torch.manual_seed(1337)
    training = TrainingSettings.model_validate(
        {"batch_size": batch, "lr": 1e-4, "weight_decay": 1e-2, "precision": "bf16", "compile": "on"}
    )
    model = Decoder(ModelSettings.model_validate(GPT2), VOCABULARY).to(device)
    objective = RandomTokens(batch, device)
    stepper = Stepper(
        model,
        objective,
        build_optimizer(model, training),
        device=device,
        precision="fp32",
        clip=training.clip,
        micro=batch,
    )
    choose(stepper, training, lambda: objective.made, BURN_IN + TIMED, {})
    figures = torch.zeros(3)
    for steps in (BURN_IN, TIMED):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        for _ in range(steps):
            figures = stepper.step(objective.made, 1.0)
        loss = figures[0].item()
        torch.cuda.synchronize()
        taken = time.perf_counter() - begun
    print(f"RESULT {1e3 * taken / TIMED} {loss} {torch.cuda.max_memory_allocated()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nanogpt", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--peak", type=float, default=312.0, help="teraflops that count as all")
    parser.add_argument("--no-decoding", action="store_true")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        ours(args.batch)
        return
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA device here.")
    peer_command = [sys.executable, "bench.py", "--real_data=False", f"--batch_size={args.batch}"]
    our_command = [sys.executable, __file__, str(args.nanogpt), "--worker", "--batch", str(args.batch)]
    times: dict[str, list[float]] = {"nanoGPT": [], "ours": []}
    for _ in range(args.rounds):
        times["nanoGPT"].append(_run(peer_command, args.nanogpt, r"time per iteration: ([\d.]+)ms"))
        times["ours"].append(_run(our_command, Path.cwd(), r"RESULT ([\d.]+)"))
    tokens = args.batch * CONTEXT
    found: dict[str, Any] = {"device": torch.cuda.get_device_name()}
    for name, each in times.items():
        middle = statistics.median(each)
        achieved = tokens * _flops_per_token() / (middle / 1e3) / 1e12
        found[name] = {
            "ms": round(middle, 2),
            "tokens_per_s": round(1e3 * tokens / middle),
            "teraflops": round(achieved, 1),
            "mfu": round(achieved / args.peak, 4),
        }
    pairs = zip(times["nanoGPT"], times["ours"], strict=True)
    found["training_ratio"] = round(statistics.median(peer / our for peer, our in pairs), 3)
    if not args.no_decoding:
        command = [
            sys.executable,
            str(Path(__file__).with_name("decode.py")),
            "--device",
            "cuda",
            "--dtype",
            "bfloat16",
        ]
        shown = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=peers.environment()).stdout
        found["decoding"] = json.loads(shown)
    print(json.dumps(found))


def _flops_per_token() -> float:
    """As nanoGPT counts: 6 per parameter without the position table, 12 * layers * width * context for attention."""
    parts = count(ModelSettings.model_validate(GPT2), VOCABULARY)
    places = sum(part.parameters for part in parts.parts if part.name == "positions")
    return 6 * (parts.parameters - places) + 12 * 12 * 768 * CONTEXT


def _run(command: list[str], folder: Path, pattern: str) -> float:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=peers.environment())
    result = re.search(pattern, done.stdout)
    if result is None:
        sys.exit(f"{command[1]} failed:\n{done.stderr[-3000:]}")
    return float(result[1])


if __name__ == "__main__":
    main()
