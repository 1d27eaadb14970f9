"""Figures of steps on their way from the device to the run folder, and how fast the steps are.

Reading a scalar makes the host wait for the device, so each step's figures stay there and are read `LAG` steps later,
always exactly that many, so that what a run does never depends on timing.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from typing import Any

import psutil
import torch

LAG = 2
_PROCESS = psutil.Process()
WINDOW = 64


@dataclass
class Figures:
    """One step: what the host knew when it was made, and the figures of `Stepper.step` on the device."""

    record: dict[str, Any]
    values: torch.Tensor
    ready: torch.cuda.Event | None = None


class Telemetry:
    """Hands out each step's record, in order, once its figures can be read without holding the device up."""

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._waiting: deque[Figures] = deque()

    def push(self, record: dict[str, Any], values: torch.Tensor) -> None:
        """Note a step that was just handed to the device."""
        if not self._cuda:
            self._waiting.append(Figures(record, values))
            return
        pinned = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        pinned.copy_(values, non_blocking=True)
        ready = torch.cuda.Event()
        ready.record()
        self._waiting.append(Figures(record, pinned, ready))

    def take(self, everything: bool = False) -> list[tuple[dict[str, Any], float, float, bool, float | None]]:
        """(record, loss, gradient norm, skipped, weights' change if measured) of the steps that are due; `everything`
        waits for the device."""
        due = []
        while len(self._waiting) > (0 if everything or not self._cuda else LAG):
            figures = self._waiting.popleft()
            if figures.ready is not None:
                figures.ready.synchronize()
            loss, norm, skipped, *change = figures.values.tolist()
            due.append((figures.record, loss, norm, skipped > 0, change[0] if change else None))
        return due


class Pace:
    """The median time of recent steps, from which tokens per second and the time left follow.

    Compilation, evaluation, samples, saving and pauses are never among the steps' times.
    """

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=WINDOW)
        self._median = 0.0
        self._fresh = 0

    def add(self, seconds: float) -> None:
        self._times.append(seconds)
        self._fresh += 1
        if self._fresh >= 8 or self._median == 0.0 or len(self._times) < 8:
            self._median = statistics.median(self._times)
            self._fresh = 0

    def forget(self) -> None:
        """Start anew: the steps that follow are of another kind."""
        self._times.clear()
        self._median = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of a usual step; 0 before the first."""
        return self._median


def memory_used(device: torch.device) -> int:
    """Bytes that this process holds: on CUDA what torch has taken of the device, else resident memory."""
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device)
    return _PROCESS.memory_info().rss
