"""Numbers and states in words: the same short forms on every screen."""

from __future__ import annotations

import math

from tui import glyphs

STATES: dict[str, tuple[str, str]] = {
    "starting": (glyphs.WAITING, "$brass"),
    "training": (glyphs.RUNNING, "$brass"),
    "evaluating": (glyphs.RUNNING, "$brass"),
    "saving": (glyphs.RUNNING, "$brass"),
    "paused": (glyphs.PAUSED, "$brass"),
    "finished": (glyphs.DONE, "$verdigris"),
    "stopped": (glyphs.WAITING, "$ash"),
    "failed": (glyphs.FAILED, "$blood"),
    "lost": (glyphs.DEAD, "$blood"),
    "damaged": (glyphs.FAILED, "$blood"),
}
"""A run's state: its glyph and its colour; the word itself is always shown too."""


def count(number: float | None, unit: str = "") -> str:
    """`2 100 000` as `2.1 M`, `950` as `950`; empty for None."""
    if number is None:
        return ""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size * 0.9995:
            value = number / size
            return (
                f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f}".rstrip("0").rstrip(".")
                + f" {letter}{unit}"
            )
    return f"{number:.0f}" + (f" {unit}" if unit else "")


def plural(number: float | None, noun: str) -> str:
    """`1` and `document` as `1 document`, `2000` as `2 k documents`; empty for None."""
    return "" if number is None else f"{count(number)} {noun}{'' if number == 1 else 's'}"


def flops(number: float) -> str:
    """Floating-point operations as `285 GFLOP`."""
    return count(number, "FLOP").replace(" B", " G").replace(" k", " K")


def memory(number: float | None) -> str:
    """Bytes as `512 MB` or `18.2 GB` (1 GB = 2**30)."""
    if number is None:
        return "n/a"
    for size, letter in ((2**40, "TB"), (2**30, "GB"), (2**20, "MB"), (2**10, "kB")):
        if number >= size:
            value = number / size
            return f"{value:.1f} {letter}" if value < 100 else f"{value:.0f} {letter}"
    return f"{number:.0f} B"


def duration(seconds: float | None) -> str:
    """`72` as `1m12s`, `4000` as `1h07m`, `200000` as `2d07h`; `n/a` when unknown."""
    if seconds is None or not math.isfinite(seconds):
        return "n/a"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02}h"


def figure(number: float | None, digits: int = 3) -> str:
    """A measured value with about `digits` digits; `n/a` for None, the word for what is not finite."""
    if number is None:
        return "n/a"
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("inf" if number > 0 else "-inf")
    if number != 0 and not 1e-3 <= abs(number) < 1e5:
        return f"{number:.{digits - 2}e}"
    places = max(0, digits - 1 - (math.floor(math.log10(abs(number))) if number else 0))
    return f"{number:.{min(places, digits)}f}"
