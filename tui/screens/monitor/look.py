"""What a person chose to see on the monitor, and the picture made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.runs.reader import RunReader
from tui.widgets.canvas import Line
from tui.widgets.chart import Picture, View

METRICS = {
    "loss": "loss",
    "grad_norm": "gradient norm",
    "weight_change": "change of the weights per step",
    "lr": "learning rate",
    "tokens_per_s": "tokens per second",
    "step_ms": "step time, ms",
    "memory_bytes": "memory, bytes",
}
OVERLAYS = ("amethyst", "brass", "verdigris", "bone")
LEVELS = {"": "all", "bad": "warnings", "good": "measurements"}


@dataclass(frozen=True)
class Look:
    """What the person chose to see, and how much room there is."""

    width: int = 80
    height: int = 19
    view: View = field(default_factory=View)
    metric: str = "loss"
    pane: str = "sample"
    """Below the charts: sample, events, log or compare."""
    zoomed: bool = False
    back: int = 0
    """Samples back from the newest."""
    prompt: int = 0
    diff: bool = False
    scroll: int = 0
    """Lines scrolled back from the end (log, events) or down from the top (samples)."""
    level: str = ""
    """Which happenings are shown: all, or of one tone."""


@dataclass
class Frame:
    """A finished picture of the body, and what the keys need to know of it."""

    lines: list[Line]
    picture: Picture
    more: int = 0
    """How many lines the lower pane could still be scrolled."""
    samples: int = 0
    """How many samples there are of the prompt on show."""


Overlay = tuple[str, RunReader]
