"""What the monitor knows of a run: its reader, samples, events, alerts and the requests made here. No screen, no clock.

All of it lives in the thread that reads; the screen only gets finished lines.
"""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.runs import alerts
from core.runs.reader import Changes, RunReader
from tui import words
from tui.screens.monitor.utilisation import training_flops
from tui.widgets.sparkline import resample, spark

EVENTS = 1000
SAMPLES = 400
LOG = 1000
SPEEDS = 240
QUIET = "quiet"  # a happening for the timeline only
CURVE_EVERY = 1.0  # seconds
BIDI = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
ESCAPES = re.compile("\x1b(\\[[0-9;?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|.)")


def literal(text: str, limit: int = 20_000) -> str:
    """Text as it may be drawn: escape sequences out, other control codes as `·`, at most `limit` characters."""
    return CONTROL.sub("·", BIDI.sub("", ESCAPES.sub("", text[:limit].expandtabs(4))))


@dataclass(frozen=True)
class Happening:
    """One line of the timeline."""

    time: float
    step: int
    level: str
    text: str


@dataclass
class Asked:
    """A request made on this screen, and what became of it: asked, received, done, refused, failed or missed."""

    id: str
    kind: str
    since: float
    state: str = "asked"
    detail: str = ""

    @property
    def open(self) -> bool:
        return self.state in ("asked", "received")


@dataclass
class Sample:
    """Text that the model wrote at a step: the prompt gone on with, or a reply to it."""

    step: int
    prompt: str
    text: str
    reply: bool = False

    @property
    def whole(self) -> str:
        return self.text if self.reply else self.prompt + self.text


@dataclass
class Devices:
    """The machine at one moment, and how busy it was. Rows as `core.hardware.DeviceRow`."""

    rows: list[Any] = field(default_factory=list)
    cpu: float | None = None
    memory_used: int = 0
    memory_total: int = 0
    process: int | None = None
    """Resident bytes of the trainer."""
    disk_free: int | None = None
    busy: dict[str, deque[float | None]] = field(default_factory=dict)


class Story:
    """A run as the monitor follows it."""

    def __init__(self, path: Path) -> None:
        self.reader = RunReader(path)
        self.watch = alerts.Watch()
        self.happenings: deque[Happening] = deque(maxlen=EVENTS)
        self.samples: dict[str, deque[Sample]] = {}
        self.log: list[str] = []
        self.asked: list[Asked] = []
        self.devices = Devices()
        self.doing = ""
        """What a run that starts is busy with."""
        self.latest: dict[str, Any] = {}
        self.speeds: deque[float] = deque(maxlen=SPEEDS)
        self.peak = 0
        """The most resident bytes the trainer was seen with."""
        self.alerts = 0
        self.caught_up = False
        self._best = float("inf")
        self._flops: int | None = None
        self._curves: dict[tuple[str, int], tuple[float, str]] = {}

    # Taking in what is new

    def take(self, changes: Changes) -> list[alerts.Alert]:
        """Take in what a poll found; the alerts that are new to a person who watches (none while catching up)."""
        found: list[alerts.Alert] = []
        if changes.rewound:
            self._rewind()
        for record in changes.metrics:
            found += self._metrics(record)
        for sample in changes.samples:
            self._sample(sample)
        for event in changes.events:
            found += self._event(event)
        if changes.events or changes.metrics:
            self.happenings = deque(sorted(self.happenings, key=lambda item: item.time), maxlen=EVENTS)
        fresh = found if self.caught_up else []
        if not changes.more:
            self.caught_up = True
        return fresh

    def _rewind(self) -> None:
        self._best = min(
            (value for _, value in self.reader.history.evaluation_points("eval_loss")), default=float("inf")
        )

    def _metrics(self, record: dict[str, Any]) -> list[alerts.Alert]:
        if "eval_loss" in record:
            self._evaluation(record)
        if "loss" not in record:
            return []
        self.doing = ""
        self.latest = record
        speed = record.get("tokens_per_s")
        if isinstance(speed, int | float):
            self.speeds.append(speed)
        raised = self.watch.feed(record)
        for alert in raised:
            self._note_alert(alert)
        return raised

    def _evaluation(self, record: dict[str, Any]) -> None:
        loss = record.get("eval_loss")
        if not isinstance(loss, int | float):
            return
        best = loss < self._best
        self._best = min(self._best, loss)
        bpb = record.get("eval_bpb")
        figure = f"{words.figure(bpb)} bpb" if isinstance(bpb, int | float) else f"loss {words.figure(loss)}"
        self._note(record, "good" if best else "", f"held-out {figure}{' (best)' if best else ''}")

    def _sample(self, record: dict[str, Any]) -> None:
        step, text = record.get("step"), record.get("text")
        if not isinstance(step, int) or not isinstance(text, str):
            return
        prompt = str(record.get("prompt") or "")
        kept = self.samples.setdefault(prompt, deque(maxlen=SAMPLES))
        while kept and kept[-1].step >= step:
            kept.pop()
        kept.append(Sample(step, literal(prompt), literal(text), record.get("reply") is True))

    def _event(self, event: dict[str, Any]) -> list[alerts.Alert]:
        kind = event.get("kind")
        if kind == "phase":
            done, total = event.get("done"), event.get("total")
            share = f" {done / total:.0%}".replace("%", " %") if done and total else ""
            self.doing = f"preparing: {literal(str(event.get('name', ''))).lower()}{share}"
            return []
        if kind in ("received", "answer"):
            self._answered(event)
            return []
        level, text = describe(event)
        if text:
            self._note(event, level, literal(text, 400).replace("\n", " "))
        if kind == "alert":
            self.alerts += 1
            told = alerts.Alert(str(event.get("cause", "alert")), alerts.WARN, event.get("step") or 0, 0.0, text)
            return [told]
        return []

    def _answered(self, event: dict[str, Any]) -> None:
        for asked in self.asked:
            if asked.id == event.get("request") and asked.open:
                asked.state = "received" if event["kind"] == "received" else str(event.get("outcome", "done"))
                asked.detail = literal(str(event.get("reason") or ""), 200)

    def note_alerts(self, raised: list[alerts.Alert]) -> None:
        """Put alerts of the clock and the machine into the timeline."""
        for alert in raised:
            self._note_alert(alert)

    def _note_alert(self, alert: alerts.Alert) -> None:
        self.alerts += 1
        self.happenings.append(Happening(alert.time, alert.step, "bad", alert.text))

    def _note(self, record: dict[str, Any], level: str, text: str) -> None:
        self.happenings.append(Happening(record.get("time") or 0.0, record.get("step") or 0, level, text))

    @property
    def flops(self) -> int | None:
        """Operations per token trained on; worked out once."""
        if self._flops is None and self.reader.header.parameters:
            self._flops = training_flops(self.reader.header) or 0
        return self._flops or None

    def curve(self, key: str, width: int) -> str:
        """The whole run's `key` as a sparkline, drawn anew at most once a second: it changes slowly."""
        now = time.monotonic()
        made, text = self._curves.get((key, width), (0.0, ""))
        if now - made >= CURVE_EVERY:
            values = [point.mean for point in self.reader.history.points(key)]
            text = spark(resample(values, width), width)
            self._curves[(key, width)] = (now if self.caught_up else 0.0, text)
        return text

    # Asking

    def ask(self, identity: str, kind: str, now: float) -> None:
        self.asked = [*self.asked[-7:], Asked(identity, kind, now)]

    # Telling

    def trail(self, now: float) -> tuple[str, str]:
        """(text, tone): the request under way or just answered, else the last things that happened, newest first."""
        for asked in reversed(self.asked):
            if asked.open:
                return f"{asked.kind}: {waiting(asked, self.reader.state, now)}", ""
        for asked in reversed(self.asked):
            if asked.state in ("refused", "failed", "missed") and now - asked.since < 15:
                return f"{asked.kind} {asked.state}{f': {asked.detail}' if asked.detail else ''}", "bad"
        recent = [item for item in self.happenings if item.level != QUIET][-6:]
        return " · ".join(f"{item.step} {item.text}" for item in reversed(recent)), ""

    @property
    def prompts(self) -> list[str]:
        return list(self.samples)


AFTER = {
    "pause": "pauses after this step",
    "resume": "goes on",
    "stop": "saves and stops after this step",
    "save": "saves after this step",
    "evaluate": "measures after this step",
    "sample": "writes samples after this step",
}


def waiting(asked: Asked, state: str, now: float) -> str:
    """What a request that is not answered yet waits for."""
    if asked.state == "received":
        return f"heard, {AFTER[asked.kind]}"
    busy = f" (now {state})" if state in ("starting", "evaluating", "saving") else ""
    seconds = now - asked.since
    return f"asked, {AFTER[asked.kind]}{busy}" + (f" · {seconds:.0f} s" if seconds >= 3 else "")


def describe(event: dict[str, Any]) -> tuple[str, str]:
    """(tone, text) of an event for the timeline; an empty text is not worth a line."""
    kind = str(event.get("kind", ""))
    if kind == "checkpoint":
        seconds = event.get("seconds")
        took = f" in {seconds:.1f} s" if isinstance(seconds, int | float) and seconds >= 1 else ""
        return "", f"saved{' (best)' if event.get('best') else ''}{took}"
    if kind == "alert":
        return "bad", f"{event.get('message') or event.get('cause') or 'alert'}"
    if kind == "choice":
        why = f": {event['why']}" if event.get("why") else ""
        return QUIET, f"chose {event.get('name', '')} {event.get('chosen', '')}{why}"
    if kind == "failed":
        return "bad", f"failed: {event.get('message') or ''}".strip()
    if kind == "stopped":
        return "", f"stopped{f': {event[key]}' if (key := 'reason') in event and event[key] else ''}"
    if kind == "settings-changed":
        changes = event.get("changes")
        return "", f"settings changed: {', '.join(map(str, changes)) if isinstance(changes, dict | list) else changes}"
    if kind == "continued":
        return "", f"continued from {event.get('folder') or 'a checkpoint'}"
    if kind == "created":
        return QUIET, "run created"
    known = {"paused": "paused", "resumed": "resumed", "finished": "finished"}
    tone = "good" if kind == "finished" else ""
    return tone, known.get(kind, kind.replace("-", " "))
