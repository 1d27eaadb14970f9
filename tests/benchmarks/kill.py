"""`kill -9` at random moments of short trainings, in saves too: every restart must resume, and every run must end with
the bytes of one that nobody disturbed.

    python tests/benchmarks/kill.py --kills 100

Each life of the trainer is a forked process (torch is imported once), killed after a random time, or a random moment
after a save or a packing has begun. After every kill the run folder is read as the monitor and the run list read it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.files import read_json
from core.runs import registry
from core.runs.reader import RunReader
from core.settings.run import RunSettings
from core.training import assemble, checkpoint  # noqa: F401 - torch comes with it, once for all lives
from core.training.job import create_run, execute
from core.workspace import Workspace

WORDS = ("the", "raven", "sat", "upon", "a", "grey", "tower", "and", "sang", "of", "iron", "roses", "while", "rain")


def recipe(text: Path, optimizer: str, steps: int) -> RunSettings:
    """A small model with everything that has a state: dropout, accumulation, samples, measurements, a BPE tokenizer."""
    return RunSettings.model_validate(
        {
            "name": "kill",
            "model": {"layers": 2, "hidden_size": 48, "heads": 2, "context": 32, "dropout": 0.1},
            "tokenizer": {"name": "bpe", "vocab_size": 300},
            "data": {"sources": [{"name": "files", "path": str(text), "documents": "blank-line"}]},
            "sampling": {"max_new_tokens": 8},
            "training": {
                "steps": steps,
                "batch_size": 8,
                "micro_batch_size": 4,
                "lr": 3e-3,
                "optimizer": optimizer,
                "schedule": {"name": "cosine", "warmup": 5},
                "eval_every": 15,
                "eval_tokens": 512,
                "save_every": 6,
                "sample_every": 20,
                "device": "cpu",
                "precision": "fp32",
                "compile": "off",
            },
        }
    )


def live(run: Path) -> int:
    """A trainer for `run` in a process of its own; its pid."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        import torch

        torch.set_num_threads(1)
        execute(run)
        status = 0
    except BaseException:  # noqa: BLE001 - the child must not return into the parent's code
        traceback.print_exc()
    finally:
        os._exit(status)


def ended(pid: int, wait: bool = False) -> int | None:
    """The exit status of a trainer that has ended, None while it lives."""
    found, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def torn(run: Path, workspace: Workspace) -> str:
    """What the last kill left half-done: `saving`, `packing`, `header`, or `` for nothing."""
    if any(run.glob(".step-*")):
        return "saving"
    if any((workspace.data / "packed").glob(".*.building")):
        return "packing"
    return "header" if any(run.glob(".*.tmp")) else ""


def outcome(run: Path) -> dict[str, bytes]:
    folder = checkpoint.pointed(run, "final")
    assert folder is not None, "no final checkpoint"
    names = ("model.safetensors", "trainer.safetensors", "tokenizer.json")
    return {name: (folder / name).read_bytes() for name in names}


def losses(run: Path) -> list[float]:
    found: dict[int, float] = {}
    for line in (run / "metrics.jsonl").read_bytes().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # the line that a kill cut
        if "loss" in record:
            found[record["step"]] = record["loss"]
    return [found[step] for step in sorted(found)]


class Killer:
    """Trains runs and kills them; counts what it met."""

    def __init__(self, workspace: Workspace, seed: int) -> None:
        self.workspace = workspace
        self.draw = random.Random(seed)
        self.kills = 0
        self.torn: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()
        self.restarts: list[float] = []

    def train(self, run: Path, kills: int, life: float) -> None:
        """Train `run` to its end, killing it at most `kills` times, each within about `life` seconds."""
        while True:
            begun = time.monotonic()
            pid = live(run)
            killed = self._maybe_kill(pid, run, life) if kills else False
            status = ended(pid, wait=True)
            if not killed:
                if status != 0:
                    raise SystemExit(f"a restart failed with status {status}: {read_json(run / 'run.json')['error']}")
                self.restarts.append(time.monotonic() - begun)
                return
            kills -= 1
            self.kills += 1
            self.torn[torn(run, self.workspace) or "nothing"] += 1
            self._read(run)

    def _maybe_kill(self, pid: int, run: Path, life: float) -> bool:
        """Kill after a random time, or a few milliseconds into a save; False when it ended before."""
        target = self.draw.choice(("any", "save"))
        packed = self.workspace.data / "packed"
        if not packed.is_dir() and self.draw.random() < 0.7:
            target, life = "pack", 0.0
        deadline = time.monotonic() + self.draw.uniform(0, life)
        while time.monotonic() < deadline:
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return False
            time.sleep(0.0005)
        while target != "any" and not any(run.glob(".step-*") if target == "save" else packed.glob(".*.building")):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return False
        if target != "any":
            time.sleep(self.draw.uniform(0, 0.012 if target == "save" else 0.004))
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def _read(self, run: Path) -> None:
        """Whatever the kill left, the folder can be read, and the newest whole checkpoint is found."""
        [info] = [info for info in registry.list_runs(self.workspace) if info.id == run.name]
        assert info.status not in ("failed", "damaged"), info.error
        reader = RunReader(run)
        while reader.poll(max_seconds=1.0).more:
            pass
        found = checkpoint.last_good(run)
        assert not found.damaged, found.damaged
        self.kept["a checkpoint" if found.folder else "the start"] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--each", type=int, default=25, help="at most so many kills of one run")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "tales.txt")
        draw = random.Random(5)
        text.write_text("\n\n".join(" ".join(draw.choices(WORDS, k=30)) + "." for _ in range(80)))
        wanted: dict[str, tuple[dict[str, bytes], list[float]]] = {}
        life = 0.0
        for optimizer in ("adamw", "muon"):
            undisturbed = Killer(Workspace(Path(folder, optimizer)), 0)
            run = create_run(recipe(text, optimizer, args.steps), undisturbed.workspace)
            undisturbed.train(run, 0, 0.0)
            wanted[optimizer] = outcome(run), losses(run)
            life = max(life, undisturbed.restarts[0])
        runs = 0
        workspace = Workspace(Path(folder, "killed"))
        killer = Killer(workspace, args.seed)
        while killer.kills < args.kills:
            optimizer = ("adamw", "muon")[runs % 2]
            if runs % 3 == 0:  # and now and then the data is packed anew
                workspace = Workspace(Path(folder, f"killed-{runs}"))
                killer.workspace = workspace
            run = create_run(recipe(text, optimizer, args.steps), workspace)
            killer.train(run, min(args.each, args.kills - killer.kills), 0.6 * life)
            runs += 1
            assert outcome(run) == wanted[optimizer][0], f"run {run.name} ended in other bytes"
            assert losses(run) == wanted[optimizer][1], f"run {run.name} made other steps"
    found = {
        "kills": killer.kills,
        "runs": runs,
        "equal": runs,
        "killed_in": dict(killer.torn),
        "resumed_from": dict(killer.kept),
        "undisturbed_s": round(life, 2),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(found) if args.json else "\n".join(f"{name:14}{value}" for name, value in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
