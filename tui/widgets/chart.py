"""The loss chart as text: raw values faint, their moving mean strong, measurements as ◆, broken steps marked.

Pure functions from points to lines. One colour per series, eight heights per cell, and only what changed is painted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.runs.history import Point
from tui.glyphs import MARK
from tui.widgets.canvas import Line, Span

BLOCKS = "▁▂▃▄▅▆▇█"
GUTTER = 7  # cells of the scale at the left, its hairline included
LEVELS = 8
BASE = "_"
BROKEN = "✗"
RAW = "·"

AXES = {"step": "steps", "tokens": "tokens", "time": "time"}
SMOOTHINGS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)


@dataclass(frozen=True)
class Series:
    """A curve: its points in order, measurements laid over it, the colour and the name for the legend."""

    points: Sequence[Point]
    marks: Sequence[tuple[float, float]] = ()
    role: str = "blood"
    name: str = ""


@dataclass(frozen=True)
class View:
    """How to look: smoothing 0 to 0.999, log scale, outliers cut, which axis, and the stretch of it that is shown.

    `span` None shows everything; `end` None follows the newest point.
    """

    smoothing: float = 0.9
    log: bool = False
    clip: bool = True
    axis: str = "step"
    span: float | None = None
    end: float | None = None

    @property
    def following(self) -> bool:
        return self.end is None

    def smoother(self, steps: int) -> View:
        """One notch more (or less) smoothing."""
        nearest = min(range(len(SMOOTHINGS)), key=lambda place: abs(SMOOTHINGS[place] - self.smoothing))
        return replace(self, smoothing=SMOOTHINGS[max(0, min(len(SMOOTHINGS) - 1, nearest + steps))])

    def bounds(self, first: float, last: float) -> tuple[float, float]:
        """The shown stretch of an axis whose points lie between `first` and `last`."""
        if self.span is None:
            return first, last
        end = last if self.end is None else self.end
        return end - self.span, end

    def zoomed(self, factor: float, first: float, last: float) -> View:
        """`factor` < 1 looks closer; the whole run again when the stretch would be longer than it."""
        low, high = self.bounds(first, last)
        span = (high - low) * factor
        if span >= last - first:
            return replace(self, span=None, end=None)
        span = max(span, (last - first) / 1e6, 1e-9)
        if self.following:
            return replace(self, span=span)
        middle = (low + high) / 2
        return replace(self, span=span).panned_to(middle + span / 2, first, last)

    def panned(self, share: float, first: float, last: float) -> View:
        """Move the stretch by `share` of its length; at the newest point it follows again."""
        if self.span is None:
            return self
        low, high = self.bounds(first, last)
        return self.panned_to(high + share * (high - low), first, last)

    def panned_to(self, end: float, first: float, last: float) -> View:
        if self.span is None or end >= last:
            return replace(self, end=None)
        return replace(self, end=max(end, first + self.span))


@dataclass(frozen=True)
class Picture:
    """A drawn chart: its lines, how far the axis reaches, and the last smoothed value of the first series."""

    lines: list[Line]
    first: float = 0.0
    last: float = 0.0
    smooth: float | None = None
    hidden: int = 0
    """Points above or below the shown range because outliers are cut."""


def smoothed(points: Sequence[Point], smoothing: float) -> list[float | None]:
    """The exponential moving mean at each point, debiased at the start; a bucket weighs as the steps it holds."""
    found: list[float | None] = []
    mean, weight = 0.0, 0.0
    for _, value, _, _, count, skipped in points:
        if value is None:
            found.append(mean / weight if weight else None)
            continue
        keep = smoothing ** max(1, count - skipped)
        mean = keep * mean + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        found.append(mean / weight)
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted `values` lie."""
    place = share * (len(values) - 1)
    below = math.floor(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


@dataclass
class _Scale:
    """Values to heights, in eighths of a cell from the bottom."""

    low: float
    high: float
    log: bool
    rows: int

    def height(self, value: float) -> float:
        low, high = self._move(self.low), self._move(self.high)
        share = (self._move(value) - low) / (high - low) if high > low else 0.5
        return share * (self.rows * LEVELS - 1)

    def value(self, row: int) -> float:
        """The value at the middle of a row, counted from the bottom."""
        low, high = self._move(self.low), self._move(self.high)
        moved = low + (high - low) * (row * LEVELS + LEVELS / 2) / (self.rows * LEVELS - 1)
        return 10**moved if self.log else moved

    def _move(self, value: float) -> float:
        return math.log10(max(value, 1e-12)) if self.log else value


def draw(series: Sequence[Series], view: View, width: int, height: int) -> Picture:
    """`height` lines of `width` cells: the plot, its scale at the left, its axis below."""
    columns, rows = width - GUTTER - 1, height - 1
    curves = [item for item in series if item.points]
    if columns < 8 or rows < 2:
        return Picture([])
    if not curves:
        return Picture(_empty(width, height))
    first = min(item.points[0].x for item in curves)
    last = max(max(item.points[-1].x, *(x for x, _ in item.marks), item.points[-1].x) for item in curves)
    low_x, high_x = view.bounds(first, last)
    plots = [_plot(item, view, low_x, high_x, columns) for item in curves]
    scale = _scale(plots, view, rows)
    if scale is None:
        return Picture(_empty(width, height), first, last)
    grid: list[list[Span]] = [[(" ", "bone")] * columns for _ in range(rows)]
    grid[rows - 1] = [(BASE, "hairline")] * columns
    hidden = _draw_raw(grid, plots[0], scale)
    for plot in reversed(plots):
        _draw_smooth(grid, plot, scale)
    for plot in reversed(plots):
        _draw_marks(grid, plot, scale)
    _draw_broken(grid, plots[0])
    lines = [_gutter(row, scale) + _packed(cells) for row, cells in enumerate(grid)]
    lines.append(_axis(view.axis, low_x, high_x, columns))
    return Picture(lines, first, last, plots[0].final, hidden)


@dataclass(slots=True)
class _Column:
    low: float = math.inf
    high: float = -math.inf
    smooth: float | None = None
    broken: int = 0


@dataclass
class _Plot:
    columns: list[_Column]
    marks: list[tuple[int, float]]
    role: str
    final: float | None
    values: list[float] = field(default_factory=list)


def _plot(series: Series, view: View, low_x: float, high_x: float, columns: int) -> _Plot:
    """The points of a series gathered into columns."""
    found = [_Column() for _ in range(columns)]
    reach = high_x - low_x
    means = smoothed(series.points, view.smoothing)
    values: list[float] = []
    anchors: list[tuple[float, float]] = []
    before: tuple[float, float] | None = None
    per_x = (columns - 1) / reach if reach > 0 else 0.0
    for (x, value, low, high, _, skipped), mean in zip(series.points, means, strict=True):
        place = (x - low_x) * per_x
        if place < -0.5:
            before = (place, mean) if mean is not None else before
            continue
        if place > columns - 0.5:
            if mean is not None:
                anchors.append((place, mean))
            break
        column = found[min(columns - 1, int(place + 0.5))]
        if skipped:
            column.broken += skipped
        if value is None or mean is None:
            continue
        if low < column.low:
            column.low = low
        if high > column.high:
            column.high = high
        column.smooth = mean
        values.append(low)
        if high != low:
            values.append(high)
        anchors.append((place, mean))
    if before is not None:
        anchors.insert(0, before)
    _interpolate(found, anchors)
    marks = [
        (max(0, min(columns - 1, round((x - low_x) / reach * (columns - 1) if reach > 0 else 0))), value)
        for x, value in series.marks
        if low_x <= x <= high_x and math.isfinite(value)
    ]
    final = next((mean for mean in reversed(means) if mean is not None), None)
    return _Plot(found, marks, series.role, final, values)


def _interpolate(columns: list[_Column], anchors: list[tuple[float, float]]) -> None:
    """A straight line between points that lie more than a column apart."""
    for (x0, y0), (x1, y1) in itertools.pairwise(anchors):
        if x1 - x0 < 1.0 and int(x0) == int(x1):
            continue
        for place in range(max(0, math.ceil(x0)), min(len(columns) - 1, math.floor(x1)) + 1):
            if columns[place].smooth is None and x1 > x0:
                columns[place].smooth = y0 + (y1 - y0) * (place - x0) / (x1 - x0)


def _ends(values: Sequence[float], share: float) -> tuple[float, float]:
    """The least and the greatest of sorted `values`, without `share` of them at either end."""
    return percentile(values, share), percentile(values, 1 - share)


def _scale(plots: Sequence[_Plot], view: View, rows: int) -> _Scale | None:
    """The range shown: every value, or with outliers cut the middle of them and every measurement."""
    values = sorted(value for plot in plots for value in plot.values)
    smooth = sorted(c.smooth for plot in plots for c in plot.columns if c.smooth is not None)
    marks = sorted(value for plot in plots for _, value in plot.marks)
    if not values and not smooth:
        return None
    cut = view.clip and len(values) >= 20
    ends = [
        _ends(some, share if cut else 0.0) for some, share in ((values, 0.01), (smooth, 0.05), (marks, 0.0)) if some
    ]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    positive = [value for value in (*values, *smooth, *marks) if value > 0]
    log = view.log and bool(positive)
    if log:
        low = max(low, min(positive))
        high = max(high, low)
    if high - low <= abs(high) * 1e-6:
        pad = abs(high) * 0.05 or 0.5
        low, high = (low / 1.1, high * 1.1) if log else (low - pad, high + pad)
    return _Scale(low, high, log, rows)


def _draw_raw(grid: list[list[Span]], plot: _Plot, scale: _Scale) -> int:
    """Dots where raw values lie furthest from each other; how many columns reach outside the picture."""
    rows, hidden = len(grid), 0
    top = rows * LEVELS - 1
    for place, column in enumerate(plot.columns):
        if column.high < column.low:
            continue
        bottom_at, top_at = scale.height(column.low), scale.height(column.high)
        hidden += top_at > top + 0.5 or bottom_at < -0.5
        first = rows - 1 - int(max(0, min(top, top_at))) // LEVELS
        final = rows - 1 - int(max(0, min(top, bottom_at))) // LEVELS
        for row in {first, final}:
            grid[row][place] = (RAW, "ash")
    return hidden


def _draw_smooth(grid: list[list[Span]], plot: _Plot, scale: _Scale) -> None:
    rows = len(grid)
    for place, column in enumerate(plot.columns):
        if column.smooth is None:
            continue
        height = max(0.0, min(rows * LEVELS - 1, scale.height(column.smooth)))
        row, level = divmod(round(height), LEVELS)
        grid[rows - 1 - row][place] = (BLOCKS[level], plot.role)


def _draw_marks(grid: list[list[Span]], plot: _Plot, scale: _Scale) -> None:
    """A ◆ at every measurement."""
    rows = len(grid)
    role = "verdigris" if plot.role == "blood" else plot.role
    for place, value in plot.marks:
        row = rows - 1 - int(max(0, min(rows * LEVELS - 1, scale.height(value)))) // LEVELS
        grid[row][place] = (MARK, role)


def _draw_broken(grid: list[list[Span]], plot: _Plot) -> None:
    for place, column in enumerate(plot.columns):
        if column.broken:
            grid[-1][place] = (BROKEN, "blood")
            for row in range(len(grid) - 1):
                if grid[row][place][0] == " ":
                    grid[row][place] = ("╎", "blood")


def _gutter(row: int, scale: _Scale) -> Line:
    """The scale: figures at the top, the middle and the bottom row."""
    wanted = {0, scale.rows - 1} | ({scale.rows // 2} if scale.rows >= 5 else set())
    figure = short(scale.value(scale.rows - 1 - row)) if row in wanted else ""
    return ((f"{figure:>{GUTTER - 2}} ", "ash"), ("▏", "hairline"))


def _axis(axis: str, low: float, high: float, columns: int) -> Line:
    """Figures below the plot: round ones inside, the newest at the right end."""
    cells = [" "] * (GUTTER + columns + 1)

    def put(text: str, place: int) -> bool:
        start = GUTTER + place - (len(text) - 1 if place >= columns - 1 else len(text) // 2 if place else 0)
        start = max(0, min(len(cells) - len(text), start))
        if any(char != " " for char in cells[max(0, start - 2) : start + len(text) + 2]):
            return False
        cells[start : start + len(text)] = text
        return True

    put(axis_figure(axis, high), columns - 1)
    put(axis_figure(axis, low), 0)
    for value in ticks(low, high, max(2, columns // 12), axis):
        put(axis_figure(axis, value), round((value - low) / (high - low) * (columns - 1)) if high > low else 0)
    return (("".join(cells), "ash"),)


def ticks(low: float, high: float, wanted: int, axis: str = "step") -> list[float]:
    """Round values between `low` and `high`, about `wanted` of them."""
    reach = high - low
    if reach <= 0:
        return []
    raw = reach / wanted
    if axis == "time":
        sizes = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800]
        step = next((float(size) for size in sizes if size >= raw), raw)
    else:
        power = 10 ** math.floor(math.log10(raw))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
        step = max(step, 1.0)
    start = math.ceil(low / step) * step
    return [start + place * step for place in range(int((high - start) / step + 1e-9) + 1)]


def axis_figure(axis: str, value: float) -> str:
    """A place on an axis: `412`, `1.2 M`, `3m20s`."""
    from tui import words

    if axis == "time":
        return words.duration(value)
    return f"{value:.0f}" if axis == "step" and value < 100_000 else words.count(value)


def short(value: float) -> str:
    """A figure of the scale in at most five cells."""
    size = abs(value)
    if size and (size < 1e-2 or size >= 1e5):
        text = f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
        return text if len(text) <= 5 else text[:5]
    return f"{value:.0f}" if size >= 1000 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def _packed(cells: list[Span]) -> Line:
    """Neighbouring cells of one role as one span."""
    found: list[Span] = []
    for text, role in cells:
        if found and found[-1][1] == role:
            found[-1] = (found[-1][0] + text, role)
        else:
            found.append((text, role))
    return tuple(found)


def _empty(width: int, height: int) -> list[Line]:
    text = "waiting for the first step"
    lines: list[Line] = [()] * height
    lines[height // 2] = ((" " * max(0, (width - len(text)) // 2) + text, "ash"),)
    return lines
