"""A really full disk: short trainings in a small tmpfs of many sizes, each made larger afterwards and resumed.

    sudo python tests/benchmarks/full_disk.py

Every failure must be one sentence that says the disk is full, and every resumed run must end with the bytes of one
that had room. Needs the right to mount; where that is missing it says so and ends with status 2.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import kill

from core.errors import OgiveError
from core.training.job import create_run, execute
from core.workspace import Workspace


def mount(folder: Path, kib: int, again: bool = False) -> None:
    options = f"{'remount,' if again else ''}size={kib}k"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(f"cannot mount a small disk: {done.stderr.strip()}\n")
        raise SystemExit(2)


def attempt(workspace: Workspace, text: Path, steps: int, told: Path) -> None:
    """In a child: make the run, or take up the one that is there, and write what came of it to `told`."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        import torch

        torch.set_num_threads(1)
        runs = sorted(workspace.checkpoints.glob("*/run.json")) if workspace.checkpoints.is_dir() else []
        run = runs[0].parent if runs else create_run(kill.recipe(text, "adamw", steps), workspace)
        told.write_text(f"finished {execute(run)}")
    except OgiveError as error:
        told.write_text(str(error))
    except BaseException as error:  # noqa: BLE001 - the child must not return into the parent's code
        told.write_text(f"DEFECT {type(error).__name__}: {error}")
    finally:
        os._exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]
    )
    parser.add_argument("--steps", type=int, default=36)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text, told, disk = Path(folder, "tales.txt"), Path(folder, "told"), Path(folder, "disk")
        draw = random.Random(5)
        text.write_text("\n\n".join(" ".join(draw.choices(kill.WORDS, k=30)) + "." for _ in range(80)))
        room = Workspace(Path(folder, "room"))
        attempt(room, text, args.steps, told)
        [run] = [path.parent for path in room.checkpoints.glob("*/run.json")]
        wanted = kill.outcome(run)
        disk.mkdir()
        failures: dict[str, int] = {}
        for kib in args.sizes:
            mount(disk, kib)
            try:
                workspace = Workspace(disk / "w")
                attempt(workspace, text, args.steps, told)
                said = told.read_text()
                assert "\n" not in said, said
                assert said == "finished finished" or "the disk is full" in said, f"{kib} KiB: {said}"
                if said != "finished finished":
                    failures[said.replace(str(disk), "").replace(" Free some space and try again.", "")] = kib
                mount(disk, 65536, again=True)
                attempt(workspace, text, args.steps, told)
                assert told.read_text() == "finished finished", told.read_text()
                [run] = [path.parent for path in workspace.checkpoints.glob("*/run.json")]
                assert kill.outcome(run) == wanted, f"{kib} KiB: other bytes"
            finally:
                subprocess.run(["umount", disk], check=True)
    print(
        json.dumps(
            {"sizes": len(args.sizes), "full": len(failures), "resumed": len(args.sizes), "said": failures}, indent=1
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
