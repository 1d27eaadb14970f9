"""The memory estimate beside what training really takes of a CPU's memory, shape by shape, each in its own process.

    python tests/benchmarks/memory.py [--only NAME ...] [--steps 3]

A worker trains a tiny model once, so that libraries are loaded, notes its resident size, then makes steps on the
shape with the whole optimizer; counted is its highest resident size from then on (VmHWM, set back before) less what it
was. Exit status 1 when an estimate is more than 15 % off.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.models.counting import training_memory
from core.settings.model import ModelSettings
from core.settings.training import Optimizer

ALLOWED = 0.15
MIB = 1 << 20
SHAPES: dict[str, dict[str, Any]] = {
    "activations: the shape of tale": {
        "model": {"layers": 6, "hidden_size": 256, "heads": 8, "kv_heads": 4, "ffn_size": 1024, "context": 256,
                  "feedforward": "relu2", "qk_norm": True, "tied": False},
        "vocab": 2048, "batch": 16, "optimizer": "muon",
    },
    "logits: little model, large vocabulary": {
        "model": {"layers": 2, "hidden_size": 128, "heads": 4, "context": 128},
        "vocab": 32768, "batch": 8, "optimizer": "adamw",
    },
    "weights: wide model, one short text": {
        "model": {"layers": 8, "hidden_size": 768, "heads": 12, "context": 64, "positions": "learned",
                  "norm": "layernorm", "feedforward": "gelu", "bias": True},
        "vocab": 8192, "batch": 1, "optimizer": "adamw",
    },
    "experts: ALiBi, many feed-forwards": {
        "model": {"layers": 4, "hidden_size": 192, "heads": 6, "context": 256, "positions": "alibi",
                  "feedforward": "geglu", "experts": {"name": "topk", "count": 8, "active": 2}},
        "vocab": 2048, "batch": 8, "optimizer": "adamw",
    },
    "length: one long text in a window": {
        "model": {"layers": 4, "hidden_size": 256, "heads": 4, "context": 2048, "window": 256, "norm": "layernorm"},
        "vocab": 1024, "batch": 2, "optimizer": "adamw",
    },
    "preset: the dial at depth 4": {
        "model": {"layers": 4, "hidden_size": 256, "heads": 8, "ffn_size": 704, "context": 256, "qk_norm": True},
        "vocab": 1024, "batch": 24, "optimizer": "adamw",
    },
    "gothic: four of its eight layers": {
        "model": {"layers": 4, "hidden_size": 512, "heads": 8, "context": 512, "positions": "learned",
                  "norm": "layernorm", "feedforward": "gelu"},
        "vocab": 4096, "batch": 4, "optimizer": "adamw",
    },
    "plain: 64 tokens, characters": {
        "model": {"layers": 6, "hidden_size": 384, "heads": 6, "context": 64, "dropout": 0.1},
        "vocab": 128, "batch": 64, "optimizer": "adamw",
    },
}  # fmt: skip


def resident(field: str = "VmRSS") -> int:
    """Bytes of this process in memory now, or at most since the mark was set back (`VmHWM`)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("This benchmark reads /proc/self/status, which is not here.")


def worker(name: str, steps: int) -> None:
    import torch

    from core.models.decoder import Decoder
    from core.optim.base import build_optimizer
    from core.settings.training import TrainingSettings
    from core.training.objectives.base import Batch
    from core.training.objectives.language import Language
    from core.training.step import Stepper

    class Given(Language):
        def __init__(self) -> None:
            self.rows = 1

    def train(settings: ModelSettings, vocab: int, batch: int, optimizer: str, steps: int) -> None:
        decoder = Decoder(settings, vocab).train()
        training = TrainingSettings.model_validate({"optimizer": optimizer})
        stepper = Stepper(
            decoder,
            Given(),
            build_optimizer(decoder, training),
            device=torch.device("cpu"),
            precision="fp32",
            clip=1.0,
            micro=batch,
        )
        for _ in range(steps):
            ids = torch.randint(vocab, (batch, settings.context + 1))
            count = batch * settings.context
            figures = stepper.step(Batch((ids[:, :-1].contiguous(), ids[:, 1:].contiguous()), count, count), 1.0)
            assert figures[0].isfinite()

    torch.set_num_threads(1)
    shape = SHAPES[name]
    settings = ModelSettings.model_validate(shape["model"])
    tiny = settings.model_copy(update={"layers": 1, "hidden_size": 48, "ffn_size": 64, "head_size": 8, "context": 16})
    train(tiny, 64, 1, shape["optimizer"], 1)
    gc.collect()
    before = resident()
    Path("/proc/self/clear_refs").write_text("5")
    train(settings, shape["vocab"], shape["batch"], shape["optimizer"], steps)
    print(json.dumps({"before": before, "peak": resident("VmHWM")}))


def estimated(name: str) -> dict[str, int]:
    shape = SHAPES[name]
    settings = ModelSettings.model_validate(shape["model"])
    optimizer = Optimizer.model_validate(shape["optimizer"])
    memory = training_memory(settings, shape["vocab"], batch=shape["batch"], optimizer=optimizer)
    return memory.terms | {"all": memory.total, "largest": memory.largest}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", help="only shapes whose names begin so")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        worker(args.worker, args.steps)
        return 0
    off = 0
    for name in SHAPES:
        if args.only and not name.startswith(tuple(args.only)):
            continue
        command = [sys.executable, __file__, "--worker", name, "--steps", str(args.steps)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        found = json.loads(told.splitlines()[-1])
        terms = estimated(name)
        taken, guess = found["peak"] - found["before"], terms["all"]
        gap = guess / taken - 1
        off += abs(gap) > ALLOWED
        shown = ", ".join(f"{key} {terms[key] / MIB:.0f}" for key in terms if key not in ("all", "largest"))
        print(
            f"{name}: measured {taken / MIB:.0f} MiB (peak {found['peak'] / MIB:.0f} with the program), "
            f"estimated {guess / MIB:.0f}, {gap:+.1%} ({shown}; most {terms['largest']})",
            flush=True,
        )
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
