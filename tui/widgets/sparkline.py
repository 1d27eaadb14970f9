"""A curve in one line of text: the latest values as blocks of eight heights, in one colour."""

from __future__ import annotations

import math
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def spark(values: Sequence[float | None], width: int, low: float | None = None, high: float | None = None) -> str:
    """The last `width` values as blocks; None or what is not finite is a `×`, and never stretches the scale.

    `low` and `high` fix the scale (0 and 100 for percents); else it spans the values, and a flat line lies low.
    """
    shown = list(values)[-width:] if width > 0 else []
    known = [value for value in shown if value is not None and math.isfinite(value)]
    if not known:
        return "×" * len(shown)
    # Of halves, because the distance between the two largest numbers is no number.
    bottom = (min(known) if low is None else low) / 2
    top = (max(known) if high is None else high) / 2
    reach = top - bottom
    # A change of less than a thousandth of the value is noise of the last digit, not a curve.
    if reach <= abs(top) * 1e-3:
        level = 7 if low is not None and high is not None and top > bottom else 3
        return "".join("×" if value is None or not math.isfinite(value) else BLOCKS[level] for value in shown)
    return "".join(
        "×"
        if value is None or not math.isfinite(value)
        else BLOCKS[int(max(0.0, min(1.0, (value / 2 - bottom) / reach)) * 7.999)]
        for value in shown
    )


def resample(values: Sequence[float | None], width: int) -> list[float | None]:
    """`values` squeezed to at most `width` means, so that a whole run fits; None only where all are None."""
    if len(values) <= width or width <= 0:
        return list(values)
    found: list[float | None] = []
    for place in range(width):
        part = values[place * len(values) // width : (place + 1) * len(values) // width]
        known = [value for value in part if value is not None and math.isfinite(value)]
        found.append(sum(known) / len(known) if known else None)
    return found
