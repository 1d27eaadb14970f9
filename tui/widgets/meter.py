"""A budget as a bar: what is spent, of what there is, in cells and in figures."""

from __future__ import annotations

import math

from textual.content import Content

FULL, EMPTY = "█", "░"
NEAR = 0.8
"""The share from which a budget is near its end."""


def cells(value: float, limit: float, width: int) -> int:
    """How many of `width` cells are filled; something spent shows as one cell, and only a spent budget fills all."""
    if not (math.isfinite(value) and limit > 0) or value <= 0:
        return width if value == math.inf and limit > 0 else 0
    if value >= limit:
        return width
    return max(1, min(width - 1, int(value / limit * width)))


def meter(name: str, value: float, limit: float, width: int) -> Content:
    """`KL ███░░░░░░░ 0.31/2.00`; without a limit only the figure. The words say when it is near its end or spent."""
    figure = f"{value:.2f}" if math.isfinite(value) else "?"
    if limit <= 0:
        return Content.assemble((f"{name} ", "$ash"), (figure, "$bone"))
    share = value / limit if math.isfinite(value) else 1.0
    colour = "$blood" if share >= 1 else "$brass" if share >= NEAR else "$verdigris"
    filled = cells(value, limit, width)
    said = " spent" if share >= 1 else " near" if share >= NEAR else ""
    return Content.assemble(
        (f"{name} ", "$ash"),
        (FULL * filled, colour),
        (EMPTY * (width - filled), "$ash"),
        (f"{' ' if width else ''}{figure}/{limit:.2f}", "$bone"),
        (said, colour),
    )
