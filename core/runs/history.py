"""A run's numbers in bounded memory: buckets that keep mean, least and greatest, and the latest records in full.

A bucket covers `width` records; when there are too many, neighbours are joined and the width doubles. So a run of any
length costs the same, and a spike of one step stays visible.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

SKIP = frozenset({"step", "tokens", "time", "skipped"})
KEYS = 48  # different numbers kept per bucket; a trainer that writes more loses the last ones
BUCKETS = 512
RECENT = 4096
EVALUATIONS = 8192
MARKS = 2048


@dataclass(slots=True)
class Statistic:
    """Mean, least and greatest of some values; `count` of them."""

    total: float
    low: float
    high: float
    count: int = 1

    def join(self, other: Statistic) -> None:
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        self.count += other.count


@dataclass(slots=True)
class Bucket:
    """Records of steps `first` to `last`, with the tokens and the clock at the last of them."""

    first: int
    last: int
    tokens: float = 0.0
    time: float = 0.0
    count: int = 0
    skipped: int = 0
    values: dict[str, Statistic] = field(default_factory=dict)

    def add(self, record: dict[str, Any], step: int) -> None:
        self.last = step
        self.tokens = record.get("tokens") or self.tokens
        self.time = record.get("time") or self.time
        self.count += 1
        if record.get("skipped") or ("loss" in record and record["loss"] is None):
            self.skipped += 1
        values = self.values
        for key, value in record.items():
            if (type(value) is float or type(value) is int) and key not in SKIP:
                known = values.get(key)
                if known is None:
                    if len(values) < KEYS:
                        values[key] = Statistic(value, value, value)
                else:
                    known.total += value
                    known.count += 1
                    if value < known.low:
                        known.low = value
                    elif value > known.high:
                        known.high = value

    def join(self, other: Bucket) -> None:
        """Take in the bucket that follows."""
        self.last, self.tokens, self.time = other.last, other.tokens or self.tokens, other.time or self.time
        self.count += other.count
        self.skipped += other.skipped
        for key, statistic in other.values.items():
            if key in self.values:
                self.values[key].join(statistic)
            else:
                self.values[key] = statistic


class Point(NamedTuple):
    """One mark of a curve: place on the axis, mean, least, greatest, how many steps, how many of them were skipped.

    `mean` is None when every step here was skipped.
    """

    x: float
    mean: float | None
    low: float
    high: float
    count: int
    skipped: int


class History:
    """All steps of a run so far. A step at or below the last one replaces what came after it (a resumed run)."""

    def __init__(self, buckets: int = BUCKETS, recent: int = RECENT) -> None:
        self.buckets: list[Bucket] = []
        self.width = 1
        self.limit = buckets
        self.recent: deque[dict[str, Any]] = deque(maxlen=recent)
        self.evaluations: deque[dict[str, Any]] = deque(maxlen=EVALUATIONS)
        self.marks: deque[int] = deque(maxlen=MARKS)
        self.last_step = -1
        self.skipped = 0
        self.started: float | None = None

    def add(self, record: dict[str, Any]) -> bool:
        """Take one metrics record; True when it rewound the run."""
        step = record.get("step")
        if type(step) is not int:
            return False
        if self.started is None:
            self.started = record.get("time")
        if "eval_loss" in record:
            self.add_evaluation(record)
        if "loss" not in record:
            return False
        rewound = step <= self.last_step
        if rewound:
            self.rewind(step)
        self.last_step = step
        self.recent.append(record)
        if record.get("skipped") or record["loss"] is None:
            self.skipped += 1
            self.marks.append(step)
        if not self.buckets or self.buckets[-1].count >= self.width:
            self.buckets.append(Bucket(step, step))
            if len(self.buckets) > 2 * self.limit:
                self._thin()
        self.buckets[-1].add(record, step)
        return rewound

    def add_evaluation(self, record: dict[str, Any]) -> None:
        """Take a measurement; an earlier one of this step or later is replaced."""
        while self.evaluations and self.evaluations[-1]["step"] >= record["step"]:
            self.evaluations.pop()
        self.evaluations.append(record)

    def add_sampled(self, records: list[dict[str, Any]], weight: int) -> None:
        """Take a few neighbouring records as one bucket that stands for `weight` records."""
        records = [record for record in records if type(record.get("step")) is int and "loss" in record]
        if not records:
            return
        if self.started is None:
            self.started = records[0].get("time")
        if records[0]["step"] <= self.last_step:
            self.rewind(records[0]["step"])
        bucket = Bucket(records[0]["step"], records[-1]["step"])
        for record in records:
            bucket.add(record, record["step"])
        bucket.count = max(weight, bucket.count)
        self.width = max(self.width, bucket.count)
        self.last_step = bucket.last
        self.buckets.append(bucket)
        if len(self.buckets) > 2 * self.limit:
            self._thin()

    def rewind(self, step: int) -> None:
        """Forget `step` and everything after it."""
        while self.recent and self.recent[-1]["step"] >= step:
            self.recent.pop()
        while self.buckets and self.buckets[-1].first >= step:
            self.buckets.pop()
        if self.buckets and self.buckets[-1].last >= step:
            self.buckets[-1].last = step - 1
        while self.evaluations and self.evaluations[-1]["step"] >= step:
            self.evaluations.pop()
        while self.marks and self.marks[-1] >= step:
            self.marks.pop()
        self.last_step = step - 1

    def _thin(self) -> None:
        joined: list[Bucket] = []
        for place in range(0, len(self.buckets) - 1, 2):
            left, right = self.buckets[place], self.buckets[place + 1]
            left.join(right)
            joined.append(left)
        if len(self.buckets) % 2:
            joined.append(self.buckets[-1])
        self.buckets = joined
        self.width *= 2

    def keys(self) -> list[str]:
        """The numbers that steps carry, oldest first."""
        seen: dict[str, None] = {}
        for bucket in (*self.buckets[:1], *self.buckets[-4:]):
            seen.update(dict.fromkeys(bucket.values))
        return list(seen)

    def points(self, key: str, axis: str = "step", low: float | None = None) -> list[Point]:
        """The curve of `key` over `axis` (step, tokens, or time in seconds since the start), oldest first.

        Buckets; when only what lies above `low` is wanted and the latest records reach back that far, these one by one.
        """
        zero = self.started or 0.0
        if low is not None and self.width > 1 and self.recent and low >= _place(self.recent[0], axis, zero):
            return [point for record in self.recent if (point := _point(record, key, axis, zero)) is not None]
        found: list[Point] = []
        for bucket in self.buckets:
            statistic = bucket.values.get(key)
            x = bucket.last if axis == "step" else bucket.tokens if axis == "tokens" else bucket.time - zero
            if statistic is not None:
                mean = statistic.total / statistic.count
                found.append(Point(x, mean, statistic.low, statistic.high, bucket.count, bucket.skipped))
            elif bucket.skipped:
                found.append(Point(x, None, 0.0, 0.0, bucket.count, bucket.skipped))
        return found

    def last(self, key: str) -> float | None:
        """The newest value of `key`."""
        for record in reversed(self.recent):
            value = record.get(key)
            if type(value) is float or type(value) is int:
                return float(value)
        return None

    def evaluation_points(self, key: str = "eval_loss", axis: str = "step") -> list[tuple[float, float]]:
        """(place, value) of every measurement that has `key`."""
        zero = self.started or 0.0
        last_tokens = 0.0
        found: list[tuple[float, float]] = []
        for record in self.evaluations:
            value = record.get(key)
            if type(value) is float or type(value) is int:
                last_tokens = record.get("tokens") or last_tokens
                found.append((_place(record, axis, zero), float(value)))
        return found


def _point(record: dict[str, Any], key: str, axis: str, zero: float) -> Point | None:
    """One record as a point; None when it neither has the value nor marks a skipped step."""
    value = record.get(key)
    skipped = 1 if record.get("skipped") or record.get("loss") is None else 0
    if type(value) is float or type(value) is int:
        return Point(_place(record, axis, zero), value, value, value, 1, skipped)
    return Point(_place(record, axis, zero), None, 0.0, 0.0, 1, 1) if skipped else None


def _place(record: dict[str, Any], axis: str, zero: float) -> float:
    if axis == "step":
        return float(record["step"])
    if axis == "tokens":
        return float(record.get("tokens") or 0.0)
    return float((record.get("time") or zero) - zero)
