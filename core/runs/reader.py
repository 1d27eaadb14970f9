"""The watcher's side of a run folder: follows a run that grows, in bounded time and memory, and disturbs nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import OgiveError
from core.files import os_failure
from core.runs.history import History
from core.runs.info import EVENTS, HEADER, LOG, METRICS, PROGRESS, SAMPLES, RunInfo

WHOLE = 3_000_000  # bytes of metrics read in full when a run is opened; of longer files the end, and glimpses
TAIL = 1_000_000
GLIMPSES = 1200
GLIMPSE = 1200  # bytes
SIDE = 1_000_000  # bytes of samples and events read back
SCAN = 600_000_000  # bytes searched for measurements at once
STATE_EVERY = 1.0  # seconds between two looks at whether the trainer lives


class Follower:
    """Whole lines of a growing file, from a place on. A torn last line waits; a file that shrank starts again."""

    def __init__(self, path: Path, back: int | None = None) -> None:
        self.path = path
        self.offset = 0
        self.shrunk = False
        if back is not None and (size := self.size()) > back:
            self.offset = self._line_start(size - back)

    def size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise os_failure("read", self.path, error) from error

    def _line_start(self, offset: int) -> int:
        with self.path.open("rb") as file:
            file.seek(offset)
            skipped = file.readline(1_000_000)
        return offset + len(skipped)

    def read(self, max_bytes: int = 1 << 18) -> list[bytes]:
        """The next whole lines, about `max_bytes` of them; [] when there is nothing new."""
        size = self.size()
        if size < self.offset:
            self.offset, self.shrunk = 0, True
        if size <= self.offset:
            return []
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                data = file.read(max_bytes)
                if b"\n" not in data:
                    data += file.readline()
        except OSError as error:
            raise os_failure("read", self.path, error) from error
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        return whole.split(b"\n")[:-1]


def parse(line: bytes) -> dict[str, Any] | None:
    """A line as an object; None when it is torn or no object."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


@dataclass
class Changes:
    """What is new since the last poll. `rewound`: a resumed run took back steps. `more`: there is more to read now."""

    metrics: list[dict[str, Any]] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    header_changed: bool = False
    history_changed: bool = False
    rewound: bool = False
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.metrics or self.samples or self.events or self.header_changed or self.history_changed)


class RunReader:
    """Reads one run folder. `header` is its RunInfo, `state` how it stands, `history` its curves so far.

    Not for several threads at once. The first `poll` of a long run reads its end and glimpses of the rest; later
    polls use the time they have left to replace the glimpses by the exact history (`exact` says when that is done).
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.header = RunInfo.read(self.path)
        self.state = self.header.state
        self.history = History()
        self.damaged = 0
        self.exact = True
        self._signature = self._stat_header()
        self._state_at = time.monotonic()
        self._metrics = Follower(self.path / METRICS)
        self._samples = Follower(self.path / SAMPLES, SIDE)
        self._events = Follower(self.path / EVENTS, SIDE)
        self._second: tuple[Follower, History] | None = None
        self._opened = False

    def poll(self, max_lines: int = 5000, max_seconds: float = 0.05) -> Changes:
        """Read what is new, about `max_lines` and `max_seconds` at most."""
        deadline = time.monotonic() + max_seconds
        changes = Changes(header_changed=self._poll_header())
        if not self._opened:
            self._opened = True
            self._open_long(changes)
        self._poll_metrics(changes, max_lines, deadline)
        changes.samples = self._side(self._samples)
        changes.events = self._side(self._events)
        if self._second is not None and not changes.more:
            self._refine(changes, deadline)
        return changes

    def log_tail(self, max_bytes: int = 32_000) -> list[str]:
        """The last lines of log.txt, control codes left in."""
        follower = Follower(self.path / LOG, max_bytes)
        return [line.decode("utf-8", "replace") for line in follower.read(2 * max_bytes)]

    def _stat_header(self) -> tuple[Any, ...]:
        found: list[Any] = []
        for name in (HEADER, PROGRESS):
            try:
                stat = (self.path / name).stat()
                found.append((stat.st_mtime_ns, stat.st_ino, stat.st_size))
            except OSError:
                found.append(None)
        return tuple(found)

    def _poll_header(self) -> bool:
        signature = self._stat_header()
        now = time.monotonic()
        if signature == self._signature and now - self._state_at < STATE_EVERY:
            return False
        before = self.state
        changed = signature != self._signature
        if changed:
            self._signature = signature
            try:
                self.header = RunInfo.read(self.path)
            except OgiveError:
                if signature[0] is not None:
                    raise
                return False  # the folder is being moved away; what was read stands
        self.state, self._state_at = self.header.state, now
        return changed or self.state != before

    def _open_long(self, changes: Changes) -> None:
        """Of a long file: glimpses of the older part, every measurement in it, then follow from near the end."""
        size = self._metrics.size()
        if size <= WHOLE:
            return
        self._metrics = Follower(self.path / METRICS, TAIL)
        end = self._metrics.offset
        with (self.path / METRICS).open("rb", buffering=0) as file:
            for place in range(GLIMPSES):
                self._glimpse(file, end * place // GLIMPSES, end)
            measured = [record for line in _lines_with(file, b'"eval_loss"', end) if (record := parse(line))]
        for record in measured:
            if type(record.get("step")) is int:
                self.history.add_evaluation(record)
        self._second = (Follower(self.path / METRICS), History())
        self.exact = False
        changes.history_changed = True

    def _glimpse(self, file: Any, offset: int, end: int) -> None:
        file.seek(offset)
        data = file.read(min(GLIMPSE, end - offset))
        lines = data.split(b"\n")[1 if offset else 0 : -1]
        records = [record for line in lines if (record := parse(line)) is not None]
        if records:
            average = max(1, len(data) // (len(lines) + 1))
            self.history.add_sampled(records, weight=max(1, end // GLIMPSES // average))

    def _poll_metrics(self, changes: Changes, max_lines: int, deadline: float) -> None:
        while len(changes.metrics) < max_lines:
            lines = self._metrics.read(1 << 16)
            if self._metrics.shrunk:
                self._metrics.shrunk = False
                self.history, self._second, self.exact = History(), None, True
                changes.history_changed = changes.rewound = True
            if not lines:
                return
            for line in lines:
                record = parse(line)
                if record is None:
                    self.damaged += bool(line.strip())
                    continue
                changes.rewound |= self.history.add(record)
                changes.metrics.append(record)
            changes.history_changed = True
            if time.monotonic() > deadline:
                break
        changes.more = self._metrics.size() > self._metrics.offset

    def _side(self, follower: Follower) -> list[dict[str, Any]]:
        return [record for line in follower.read(SIDE * 2) if (record := parse(line)) is not None]

    def _refine(self, changes: Changes, deadline: float) -> None:
        """Go on reading the file from its start; when that has caught up, its history takes over."""
        assert self._second is not None
        follower, history = self._second
        while time.monotonic() < deadline:
            left = self._metrics.offset - follower.offset
            if left <= 0:
                self.history, self._second, self.exact = history, None, True
                changes.history_changed = True
                return
            for line in follower.read(min(1 << 15, left)):
                record = parse(line)
                if record is not None:
                    history.add(record)


def _lines_with(file: Any, needle: bytes, end: int, chunk: int = 1 << 22) -> Iterator[bytes]:
    """Lines before `end` that hold `needle`, found by searching bytes; nothing when the file is too long for that."""
    if end > SCAN:
        return
    file.seek(0)
    rest = b""
    done = 0
    while done < end:
        data = file.read(min(chunk, end - done))
        if not data:
            return
        done += len(data)
        data = rest + data
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        place = data.find(needle, 0, cut)
        while place >= 0:
            start = data.rfind(b"\n", 0, place) + 1
            stop = data.find(b"\n", place)
            yield data[start:stop]
            place = data.find(needle, stop, cut)
