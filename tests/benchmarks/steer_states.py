"""What a state of a steering session costs on disk, and how long undo takes, on a session of many picks.

    python tests/benchmarks/steer_states.py --picks 50

The model is random, of about 32 M parameters, with an adapter as large as that of a model ten times its size (10 M
numbers, 20 MB a state), since only the adapter's size matters here. Compared with what a plain snapshot takes: the fp32
adapter and two fp32 moments, 12 bytes per number. Undo is timed from memory (as in a session) and from the disk (as
after opening one); each is followed by a look at the view, as a screen would.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from core.adapters import adapter_state
from core.models.decoder import Decoder
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.settings.steering import SteeringSettings
from core.steering.session import Session
from core.steering.view import Decision
from core.tokenization.byte import build
from core.workspace import Workspace


def begin(root: Path, rank: int) -> Session:
    torch.manual_seed(0)
    tokenizer = build([])
    shape = {"layers": 10, "hidden_size": 512, "heads": 8, "context": 256}
    decoder = Decoder(ModelSettings.model_validate(shape), tokenizer.vocab_size)
    save_model(decoder, tokenizer, root / "checkpoints" / "wide")
    given: dict[str, Any] = {
        "model": "wide",
        "device": "cpu",
        "adapter": {"rank": rank},
        "sampling": {"max_new_tokens": 8},
        "prompts": {"source": "typed", "typed": [f"Question {number}?" for number in range(11)]},
    }
    return Session.create(Workspace(root), SteeringSettings.model_validate(given))


def timed(act: Callable[[], Any], times: list[float], work: list[float]) -> None:
    wall, cpu = time.perf_counter(), time.thread_time()
    act()
    times.append(time.perf_counter() - wall)
    work.append(time.thread_time() - cpu)


def told(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median_ms": round(1000 * statistics.median(ordered), 1),
        "p95_ms": round(1000 * ordered[int(0.95 * (len(ordered) - 1))], 1),
        "max_ms": round(1000 * ordered[-1], 1),
    }


def run(picks: int, rank: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        session = begin(Path(scratch), rank)
        numbers = sum(tensor.numel() for tensor in adapter_state(session.policy.model).values())
        held = sum(tensor.numel() * tensor.element_size() for tensor in session.policy.tensors().values())
        keep: list[float] = []
        for pick in range(picks):
            *_, last = session.propose()
            assert last.group is not None
            before = time.perf_counter()
            session.update(Decision.pick(pick % 4, last.group.id))
            keep.append(time.perf_counter() - before - float(session.tree.node.report["seconds"]))
        session.states.flush()
        disk = session.states.bytes
        undo: tuple[list[float], list[float]] = ([], [])
        redo: tuple[list[float], list[float]] = ([], [])
        cold: tuple[list[float], list[float]] = ([], [])

        def back() -> None:
            session.undo()
            session.view()

        def forth() -> None:
            session.redo()
            session.view()

        for _ in range(min(picks, 10)):  # as a person does: a few steps back, and forth again
            timed(back, *undo)
        for _ in range(min(picks, 10)):
            timed(forth, *redo)
        for _ in range(min(picks, 25)):
            session.states.forget()
            timed(back, *cold)
        session.close()
        return {
            "picks": picks,
            "adapter_parameters": numbers,
            "state_in_memory_bytes": held,
            "bytes_per_state": round(disk / (picks + 1)),
            "bytes_per_parameter": round(disk / (picks + 1) / numbers, 3),
            "share_of_a_plain_snapshot": round(disk / (picks + 1) / (12 * numbers), 4),
            "undo": told(undo[0]) | {"cpu_median_ms": round(1000 * statistics.median(undo[1]), 1)},
            "redo": told(redo[0]),
            "undo_from_disk": told(cold[0]) | {"cpu_median_ms": round(1000 * statistics.median(cold[1]), 1)},
            "pick_beside_the_update": told(keep),
            "load_average": round(os.getloadavg()[0], 1),
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picks", type=int, default=50)
    parser.add_argument("--rank", type=int, default=128)
    args = parser.parse_args()
    print(json.dumps(run(args.picks, args.rank), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
