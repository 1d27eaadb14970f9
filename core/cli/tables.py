"""Plain text tables and figures for people: columns padded, numbers with their unit."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns under `head`; on a terminal the last column is cut at its width."""
    widths = [max(len(str(row[column])) for row in [head, *rows]) for column in range(len(head))]
    limit = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    lines = []
    for row in [head, *rows]:
        line = "  ".join(f"{cell!s:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        lines.append(line if len(line) <= limit else line[: limit - 1] + "…")
    return "\n".join(lines)


def duration(seconds: float | None) -> str:
    """`45s`, `1m12s`, `3h05m`, `2d04h`; `-` when not known."""
    if seconds is None or seconds < 0:
        return "-"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02}h"


def count(number: float | None) -> str:
    """`812`, `1.21 k`, `4.1 M`, `1.2 G`; `-` when not known."""
    if number is None:
        return "-"
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= limit:
            scaled = number / limit
            return f"{scaled:.{2 if scaled < 10 else 1 if scaled < 100 else 0}f} {unit}"
    return f"{number:.0f}" if number == int(number) or abs(number) >= 100 else f"{number:.3g}"
