"""Which of a run's processes this is, and how several are started: torchrun numbers them by the environment.

Imports no torch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import OgiveError
from core.hardware import cpu_count


@dataclass(frozen=True)
class Place:
    """Number `rank` of `size` processes, number `local` on this machine. The first one leads: it alone writes."""

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def leads(self) -> bool:
        return self.rank == 0


def place(environment: Mapping[str, str] | None = None) -> Place:
    """Where this process stands, by torchrun's variables; alone without them."""
    given = os.environ if environment is None else environment
    if "RANK" not in given or "WORLD_SIZE" not in given:
        return Place()
    try:
        return Place(int(given["RANK"]), int(given["WORLD_SIZE"]), int(given.get("LOCAL_RANK", given["RANK"])))
    except ValueError as error:
        raise OgiveError(
            f"RANK and WORLD_SIZE in the environment are no numbers: {error}.",
            "Start several processes with torchrun, or with `ogive train CONFIG --processes N`.",
        ) from None


def trainer_command(run: os.PathLike[str] | str, processes: int = 1) -> list[str]:
    """The words that train `run` in a process of its own, or in several on this machine under torchrun."""
    worker = ["-m", "core.training", str(run)]
    if processes == 1:
        return [sys.executable, *worker]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [sys.executable, *torchrun, *worker]


def trainer_environment(processes: int) -> dict[str, str]:
    """Variables for those words: the cores are shared out among the processes, unless somebody has said otherwise."""
    if processes == 1 or "OMP_NUM_THREADS" in os.environ:
        return {}
    return {"OMP_NUM_THREADS": str(max(1, cpu_count() // processes))}
