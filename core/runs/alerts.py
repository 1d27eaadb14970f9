"""What deserves a person's eye: non-finite losses, spikes, divergence, stalls, slow-downs, full memory and disks.

`Watch.feed` looks at records as they come, `Watch.look` at the clock and the machine; both only compute. An alert is
raised once and again only after its cause has gone.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

INFO, WARN, ERROR = "info", "warn", "error"

WINDOW = 200  # records that count as the recent past
SETTLED = 30  # records before anything is compared with the past
SPIKE = 6.0  # robust deviations above the median
DIVERGED = 1.3  # times the lowest smoothed loss
STALL = 3.0  # times the usual step
STALL_LEAST = 20.0  # seconds
SLOW = 0.6  # share of the usual tokens per second
MEMORY = 0.95  # share of a device's or the machine's memory
DISK_WARN, DISK_ERROR = 5e9, 1e9  # bytes free


@dataclass(frozen=True)
class Alert:
    """One warning: `kind` is what it is about, `text` a short sentence with figures."""

    kind: str
    level: str
    step: int
    time: float
    text: str


@dataclass(frozen=True)
class Machine:
    """What `Watch.look` needs to know of the machine; None where it is not known. Sizes in bytes."""

    disk_free: float | None = None
    memory_share: float | None = None
    devices: tuple[tuple[str, float, str], ...] = ()  # (name, share of memory used, why it is throttled or "")


def nonfinite(record: dict[str, Any]) -> str | None:
    """Why a step's loss or gradient cannot be used, or None."""
    if record.get("skipped") or ("loss" in record and record["loss"] is None):
        return "loss or gradient not finite; step skipped"
    return None


def spike(loss: float, past: Iterable[float]) -> float | None:
    """How many robust deviations (MAD) `loss` lies above the median of `past`, when that is a spike."""
    known = list(past)
    if len(known) < SETTLED:
        return None
    middle = statistics.median(known)
    spread = 1.4826 * statistics.median(abs(value - middle) for value in known)
    spread = max(spread, 0.01 * abs(middle), 1e-6)
    score = (loss - middle) / spread
    return score if score > SPIKE else None


def diverged(smooth: float, lowest: float) -> bool:
    """Whether the smoothed loss has climbed well above the lowest it ever was."""
    return smooth > lowest * DIVERGED + 0.05


def stalled(silence: float, usual_step: float) -> bool:
    """Whether `silence` seconds without a step are too long for steps of `usual_step` seconds."""
    return silence > max(STALL * usual_step, STALL_LEAST)


def slowed(now: Iterable[float], usual: Iterable[float]) -> float | None:
    """The share of the usual throughput that is left, when it is small."""
    recent, past = list(now), list(usual)
    if not recent or len(past) < SETTLED:
        return None
    share = statistics.median(recent) / max(statistics.median(past), 1e-9)
    return share if share < SLOW else None


class Watch:
    """Raises alerts over one run; memory is bounded."""

    def __init__(self) -> None:
        self.losses: deque[float] = deque(maxlen=WINDOW)
        self.speeds: deque[float] = deque(maxlen=WINDOW)
        self.intervals: deque[float] = deque(maxlen=WINDOW)
        self.smooth: float | None = None
        self.lowest = float("inf")
        self.count = 0
        self.last_step = -1
        self.last_time: float | None = None
        self.active: set[str] = set()

    def feed(self, record: dict[str, Any]) -> list[Alert]:
        """Alerts that one metrics record raises; records come in order."""
        if "loss" not in record or type(record.get("step")) is not int:
            return []
        step, now = record["step"], float(record.get("time") or 0.0)
        if step <= self.last_step:
            self._forget()
        if self.last_time is not None and 0 < now - self.last_time < 3600 and step == self.last_step + 1:
            self.intervals.append(now - self.last_time)
        self.last_step, self.last_time = step, now
        self.active.discard("stall")
        reason = nonfinite(record)
        if reason:
            return self._once("nonfinite", ERROR, step, now, reason)
        self.active.discard("nonfinite")
        found = self._loss(float(record["loss"]), step, now)
        speed = record.get("tokens_per_s")
        if isinstance(speed, int | float):
            found += self._speed(float(speed), step, now)
        return found

    def _loss(self, loss: float, step: int, now: float) -> list[Alert]:
        found: list[Alert] = []
        score = spike(loss, self.losses) if not self.losses or loss > self.losses[-1] else None
        if score is not None:
            middle = statistics.median(self.losses)
            found += self._once("spike", WARN, step, now, f"loss spike {loss:.3g}, usually {middle:.3g}")
        else:
            self.active.discard("spike")
        self.losses.append(loss)
        self.count += 1
        # The weight of the past grows with what is known of it, so the first losses do not linger.
        keep = min(0.98, self.count / (self.count + 1))
        self.smooth = loss if self.smooth is None else keep * self.smooth + (1 - keep) * loss
        if self.count > SETTLED:
            self.lowest = min(self.lowest, self.smooth)
            if diverged(self.smooth, self.lowest):
                text = f"diverging: smoothed loss {self.smooth:.3g}, was {self.lowest:.3g}"
                found += self._once("divergence", ERROR, step, now, text)
            elif self.smooth < self.lowest * (1 + (DIVERGED - 1) / 2):
                self.active.discard("divergence")
        return found

    def _speed(self, speed: float, step: int, now: float) -> list[Alert]:
        self.speeds.append(speed)
        known = list(self.speeds)
        share = slowed(known[-10:], known[:-10])
        if share is None:
            self.active.discard("throughput")
            return []
        return self._once("throughput", WARN, step, now, f"throughput fell to {share:.0%} of usual".replace("%", " %"))

    def look(self, now: float, training: bool, machine: Machine) -> list[Alert]:
        """Alerts that the clock and the machine raise; `training`: the trainer says it is making steps."""
        found: list[Alert] = []
        step = max(0, self.last_step)
        if training and self.last_time is not None and self.intervals:
            silence = now - self.last_time
            if stalled(silence, statistics.median(self.intervals)):
                found += self._once("stall", WARN, step, now, f"no step for {silence:.0f} s")
        found += self._memory(machine, step, now)
        if machine.disk_free is not None:
            level = ERROR if machine.disk_free < DISK_ERROR else WARN
            text = f"disk almost full: {machine.disk_free / 1e9:.1f} GB free"
            found += self._while(machine.disk_free < DISK_WARN, f"disk-{level}", level, step, now, text)
        return found

    def _memory(self, machine: Machine, step: int, now: float) -> list[Alert]:
        found: list[Alert] = []
        if machine.memory_share is not None:
            text = f"memory {machine.memory_share:.0%} full".replace("%", " %")
            found += self._while(machine.memory_share > MEMORY, "memory", WARN, step, now, text)
        for name, share, throttled in machine.devices:
            text = f"{name} memory {share:.0%} full".replace("%", " %")
            found += self._while(share > MEMORY, f"memory {name}", WARN, step, now, text)
            found += self._while(bool(throttled), f"throttle {name}", WARN, step, now, f"{name} throttled: {throttled}")
        return found

    def _while(self, true: bool, kind: str, level: str, step: int, now: float, text: str) -> list[Alert]:
        if not true:
            self.active.discard(kind)
            return []
        return self._once(kind, level, step, now, text)

    def _once(self, kind: str, level: str, step: int, now: float, text: str) -> list[Alert]:
        if kind in self.active:
            return []
        self.active.add(kind)
        return [Alert(kind.partition(" ")[0].partition("-")[0], level, step, now, text)]

    def _forget(self) -> None:
        """The run was resumed from an earlier step: what came after it no longer counts."""
        self.losses.clear()
        self.intervals.clear()
        self.smooth, self.lowest, self.count = None, float("inf"), 0
        self.active.clear()
