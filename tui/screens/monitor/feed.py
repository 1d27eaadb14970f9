"""The monitor's threads: one follows the run folder and makes finished pictures, one asks the machine once a second.

The screen hands over what the person wants to see (`look`) and gets `Drawn` messages; it never reads a file itself.
"""

from __future__ import annotations

import logging
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from textual.message import Message

from core.errors import OgiveError
from core.runs import alerts, control
from core.runs.info import LIVE
from core.runs.reader import RunReader
from core.runs.registry import resolve
from core.workspace import Workspace
from tui.engine import explain
from tui.screens.monitor.look import Frame, Look, Overlay
from tui.screens.monitor.panes import compose, title
from tui.screens.monitor.story import Devices, Story

log = logging.getLogger("ogive.monitor")

EVERY = 0.5  # seconds between two looks at the run while a person watches; a key wakes it
IDLE = 1.0  # and while nobody does
LOG_EVERY = 1.0
BUSY = 120  # seconds of load kept


class Drawn(Message):
    """A finished picture, the title, the trail and the alerts that are new."""

    def __init__(
        self,
        feed: Feed,
        frame: Frame | None,
        title: tuple[list[tuple[str, str]], str],
        trail: tuple[str, str],
        state: str,
        alerts: Sequence[alerts.Alert],
    ) -> None:
        super().__init__()
        self.feed = feed
        self.frame = frame
        self.title = title
        self.trail = trail
        self.state = state
        self.alerts = list(alerts)


class FeedFailed(Message):
    """The run cannot be followed."""

    def __init__(self, feed: Feed, cause: str, hint: str, defect: bool) -> None:
        super().__init__()
        self.feed = feed
        self.cause = cause
        self.hint = hint
        self.defect = defect


class Flash(Message):
    """A short word for the trail line, from the thread."""

    def __init__(self, feed: Feed, text: str, tone: str = "bad") -> None:
        super().__init__()
        self.feed = feed
        self.text = text
        self.tone = tone


class DeviceWatch(threading.Thread):
    """Asks the driver and the system once a second, apart from all else, as the driver may take its time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="devices", daemon=True)
        self.folder = folder
        self.pid = 0
        self.latest = Devices()
        self._closing = threading.Event()
        self._busy: dict[str, deque[float | None]] = {}

    def run(self) -> None:
        import psutil

        from core.hardware import device_rows

        psutil.cpu_percent()
        while not self._closing.wait(1.0):
            try:
                rows = device_rows()
            except Exception:
                log.exception("the devices cannot be asked")
                rows = []
            self.latest = self._look(rows, psutil)

    def _look(self, rows: list[Any], psutil: Any) -> Devices:
        cpu = psutil.cpu_percent()
        memory = psutil.virtual_memory()
        found = Devices(rows, cpu, memory.total - memory.available, memory.total)
        for name, busy in [("cpu", cpu), *((f"gpu{row.index}" if len(rows) > 1 else "gpu", row.busy) for row in rows)]:
            self._busy.setdefault(name, deque(maxlen=BUSY)).append(busy)
        found.busy = {name: deque(values) for name, values in self._busy.items()}
        if self.pid:
            try:
                found.process = psutil.Process(self.pid).memory_info().rss
            except psutil.Error:
                found.process = None
        try:
            found.disk_free = psutil.disk_usage(str(self.folder)).free
        except OSError:
            found.disk_free = None
        return found

    def close(self) -> None:
        self._closing.set()


class Feed(threading.Thread):
    """Follows one run (a folder, or what `registry.resolve` understands) until closed.

    `post` must be safe to call from any thread.
    """

    def __init__(self, workspace: Workspace, run: str | Path, post: Callable[[Message], object], look: Look) -> None:
        super().__init__(name="monitor", daemon=True)
        self.workspace = workspace
        self.wanted = run
        self.path: Path | None = None
        self.look = look
        self.showing = True
        self.overlays: tuple[Path, ...] = ()
        self._post = post
        self._wake = threading.Event()
        self._closing = False
        self._wishes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._readers: dict[Path, RunReader] = {}
        self._log_at = 0.0
        self._devices: DeviceWatch | None = None

    # From the screen

    def see(self, look: Look) -> None:
        """Show something else, at once."""
        self.look = look
        self._wake.set()

    def ask(self, kind: str) -> None:
        """Send the trainer a request; what becomes of it is told on the trail line."""
        self._wishes.put(kind)
        self._wake.set()

    def close(self) -> None:
        self._closing = True
        if self._devices is not None:
            self._devices.close()
        self._wake.set()

    # The thread

    def run(self) -> None:
        try:
            path = self.wanted if isinstance(self.wanted, Path) else resolve(self.workspace, self.wanted).path
            story = Story(path)
            self.path = path
            self._devices = DeviceWatch(path)
            self._devices.start()
            self._follow(story)
        except OgiveError as error:
            self._tell(FeedFailed(self, error.message, error.hint, defect=False))
        except Exception as error:
            log.exception("the monitor of %s failed", self.wanted)
            self._tell(FeedFailed(self, *explain(error), defect=True))

    def _follow(self, story: Story) -> None:
        drawn: Look | None = None
        drawn_at = 0.0
        while not self._closing:
            self._wake.clear()
            # A living trainer may share this process: little at a time then.
            changes = story.reader.poll(max_seconds=0.04 if story.reader.state in LIVE else 0.1)
            fresh = story.take(changes)
            self._send(story)
            now = time.monotonic()
            fresh += self._machine(story)
            self._read_log(story, now)
            look = self.look
            due = changes or fresh or look is not drawn or now - drawn_at >= 1.0
            if due and (self.showing or fresh) and not self._closing:
                overlays = self._overlays()
                frame = compose(story, look, overlays) if self.showing else None
                trail = story.trail(time.time())
                heading = title(story, look.width)
                self._tell(Drawn(self, frame, heading, trail, story.reader.state, fresh))
                drawn, drawn_at = look, now
            if not changes.more:
                self._wake.wait(EVERY if self.showing else IDLE)

    def _send(self, story: Story) -> None:
        while not self._wishes.empty():
            kind = self._wishes.get()
            if kind == "pause" and story.reader.state == "paused":
                kind = "resume"
            try:
                story.ask(control.request(story.reader.path, kind), kind, time.time())
            except OgiveError as error:
                self._tell(Flash(self, str(error)))

    def _machine(self, story: Story) -> list[alerts.Alert]:
        assert self._devices is not None
        info, devices = story.reader.header, self._devices.latest
        live = story.reader.state in LIVE
        here = live and info.host == socket.gethostname()
        self._devices.pid = info.pid if here else 0
        if devices is story.devices or not story.caught_up:
            return []
        story.devices = devices
        story.peak = max(story.peak, devices.process or 0)
        machine = alerts.Machine(
            disk_free=devices.disk_free,
            memory_share=devices.memory_used / devices.memory_total if devices.memory_total else None,
            devices=tuple(
                (f"gpu {row.index}", row.memory_used / row.memory_total if row.memory_total else 0.0, "")
                for row in devices.rows
            ),
        )
        found = (
            story.watch.look(time.time(), story.reader.state == "training", machine if here else alerts.Machine())
            if live
            else []
        )
        story.note_alerts(found)
        return found

    def _read_log(self, story: Story, now: float) -> None:
        if self.look.pane == "log" and now - self._log_at >= LOG_EVERY:
            self._log_at = now
            story.log = story.reader.log_tail()

    def _overlays(self) -> list[Overlay]:
        wanted = self.overlays
        for path in [path for path in self._readers if path not in wanted]:
            del self._readers[path]
        found: list[Overlay] = []
        for path in wanted:
            try:
                if path not in self._readers:
                    self._readers[path] = RunReader(path)
                reader = self._readers[path]
                reader.poll(max_seconds=0.02)
            except OgiveError as error:
                self._tell(Flash(self, str(error)))
                self.overlays = tuple(kept for kept in self.overlays if kept != path)
                continue
            found.append((reader.header.id, reader))
        return found

    def _tell(self, message: Message) -> None:
        if not self._closing:
            self._post(message)
