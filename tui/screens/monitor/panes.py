"""The monitor's body as lines: legend, chart, readouts, devices; what lies below them is in `lower`.

Pure: a Story and a Look in, lines out. Nothing here knows a widget.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui import words
from tui.glyphs import DOT, MARK
from tui.screens.monitor.look import METRICS, OVERLAYS, Frame, Look, Overlay
from tui.screens.monitor.lower import lower_lines
from tui.screens.monitor.story import Devices, Story
from tui.screens.monitor.utilisation import device_name, mfu
from tui.widgets import chart
from tui.widgets.canvas import Line, fitted, joined, line_of, width_of
from tui.widgets.chart import Picture, Series
from tui.widgets.sparkline import spark

if TYPE_CHECKING:
    from core.hardware import DeviceRow


def compose(story: Story, look: Look, overlays: Sequence[Overlay] = ()) -> Frame:
    """The whole body in `look.height` lines of `look.width` cells."""
    width, height = look.width, look.height
    top: list[Line] = []
    below: list[Line] = []
    more = 0
    if look.zoomed:
        room = height - 1
    else:
        readouts = _readouts(story, width) if height >= 9 else []
        devices = device_lines(story, width, rows=3 if height >= 26 else 1) if height >= 12 else []
        spare = height - 1 - len(readouts) - len(devices)
        lower = 0 if spare < 9 else max(4, min(spare // 2, spare - 9)) if spare >= 14 else spare - 7
        room = spare - lower - (1 if lower else 0)
        below = [*readouts, *devices]
        if lower:
            panes, more = lower_lines(story, look, overlays, lower)
            below += [(), *panes]
    picture, legend = _chart(story, look, overlays, room)
    top = [legend, *picture.lines]
    prompts = story.prompts
    samples = len(story.samples[prompts[look.prompt % len(prompts)]]) if prompts else 0
    return Frame([fitted(line, width) for line in (top + below)[:height]], picture, more, samples)


# The chart and its legend


def _chart(story: Story, look: Look, overlays: Sequence[Overlay], room: int) -> tuple[Picture, Line]:
    view, history = look.view, story.reader.history
    low = _low(story, view)
    points = history.points(look.metric, view.axis, low)
    marks = history.evaluation_points("eval_loss", view.axis) if look.metric == "loss" else []
    series = [Series(points, marks, "blood", story.reader.header.id)]
    for place, (name, reader) in enumerate(overlays):
        other = reader.history
        measured = other.evaluation_points("eval_loss", view.axis) if look.metric == "loss" else []
        role = OVERLAYS[place % len(OVERLAYS)]
        series.append(Series(other.points(look.metric, view.axis, low), measured, role, name))
    picture = chart.draw(series, view, look.width, max(3, room))
    if not points:
        state = story.reader.state
        text = story.doing if state == "starting" and story.doing else f"no step yet; the run is {state}"
        picture = _waiting(picture, text, look.width)
    return picture, _legend(story, look, picture, overlays)


def _low(story: Story, view: chart.View) -> float | None:
    """Where the shown stretch begins, when it is not the whole run."""
    if view.span is None:
        return None
    points = story.reader.history.points("loss", view.axis)
    return view.bounds(points[0].x, points[-1].x)[0] if points else None


def _waiting(picture: Picture, text: str, width: int) -> Picture:
    lines = [line_of(" " * max(0, (width - len(text)) // 2), (text, "ash")) if line else line for line in picture.lines]
    return Picture(lines)


def _legend(story: Story, look: Look, picture: Picture, overlays: Sequence[Overlay]) -> Line:
    view, history = look.view, story.reader.history
    newest = history.last(look.metric)
    name = METRICS.get(look.metric, look.metric) if look.metric != "loss" else "loss"
    left = [f" {name} ", (_metric_figure(look.metric, newest), "bold blood")]
    if view.smoothing and picture.smooth is not None:
        left += [("  ema ", "ash"), (_metric_figure(look.metric, picture.smooth), "blood")]
    for place, (run, reader) in enumerate(overlays):
        left += ["  ", (f"{run[:24]} {words.figure(reader.history.last('loss'))}", OVERLAYS[place % len(OVERLAYS)])]
    notes = [f"smooth {view.smoothing:g}" if look.zoomed else "", "log" if view.log else ""]
    if picture.hidden and look.zoomed:
        notes.append(f"{picture.hidden} outside")
    if view.axis != "step":
        notes.append(chart.AXES[view.axis])
    if view.span is not None:
        notes.append("zoom" if view.following else "zoom, not following")
    if not story.reader.exact:
        notes.append("reading")
    note = f" {DOT} ".join(filter(None, notes))
    told: Line = ((f"{note}   ", "ash"),) if note else ()
    broken: Line = ((f"✗ {history.skipped} skipped   ", "blood"),) if history.skipped else ()
    measured: Line = (_held_out(story), (" ", "bone"))
    start = line_of(*left)
    rights = ((*told, *broken, *measured), (*told, *measured), told, ())
    if not look.zoomed:
        rights = ((*told, *broken, *measured), (*broken, *measured), measured, ())
    right = next(line for line in rights if width_of(start) + width_of(line) + 1 <= look.width or not line)
    return joined(start, right, look.width)


def _held_out(story: Story) -> tuple[str, str]:
    evaluations = story.reader.history.evaluations
    if not evaluations:
        return ("", "verdigris")
    newest = evaluations[-1]
    for key, unit in (("eval_bpb", "bpb"), ("eval_loss", "nats")):
        value = newest.get(key)
        if isinstance(value, int | float):
            return (f"{MARK} held-out {words.figure(value)} {unit}", "verdigris")
    return ("", "verdigris")


def _metric_figure(metric: str, value: float | None) -> str:
    if metric == "tokens_per_s":
        return words.count(value) or "n/a"
    if metric == "memory_bytes":
        return words.memory(value)
    return words.figure(value)


# Readouts


def _readouts(story: Story, width: int) -> list[Line]:
    """Two lines of figures: learning rate, gradient and speed with their curves; step time, memory, MFU, progress."""
    latest = story.latest
    cells: list[tuple[str, str, str]] = []
    for key, label in (("lr", "lr"), ("grad_norm", "grad"), ("tokens_per_s", "tok/s")):
        value = latest.get(key)
        figure = _metric_figure(key, value if isinstance(value, int | float) else None)
        if key == "lr" and isinstance(value, int | float) and value:
            figure = f"{value:.1e}".replace("e-0", "e-")
        cells.append((label, figure, key))
    used = sum(len(label) + 1 + max(6, len(figure)) + 1 for label, figure, _ in cells) + 3 * (len(cells) - 1) + 2
    room = max(0, (width - used) // len(cells))
    parts: list[tuple[str, str]] = [(" ", "bone")]
    for place, (label, figure, key) in enumerate(cells):
        curve = story.curve(key, room) if room >= 3 else ""
        parts += [("   " if place else "", "bone"), (f"{label} ", "ash"), (f"{figure:<6} ", "bone")]
        parts.append((f"{curve:<{room}}", "ash"))
    return [tuple(parts), _second(story, width)]


def _second(story: Story, width: int) -> Line:
    latest, info = story.latest, story.reader.header
    step_ms, epoch = latest.get("step_ms"), latest.get("epoch")
    speeds = story.speeds
    narrow = width < 100
    used = _mfu(story)
    parts = [
        ("step", f"{words.figure(step_ms)} ms" if isinstance(step_ms, int | float) else "n/a"),
        ("mean", words.count(sum(speeds) / len(speeds)) + ("" if narrow else " tok/s") if speeds else "n/a"),
        ("epoch", f"{epoch:.2f}" if isinstance(epoch, int | float) else "n/a"),
        ("elapsed", words.duration(info.elapsed)),
        ("peak", _peak(story)),
        ("mfu", "n/a" if narrow and used.startswith("n/a") else used),
        ("best", _best(story)),
        ("seen", f"{words.count(latest.get('tokens') or info.tokens)} tokens"),
    ]
    gap = "  " if narrow else "   "
    found: list[tuple[str, str]] = [(" ", "bone")]
    for label, figure in parts:
        more = [(gap if len(found) > 1 else "", "bone"), (f"{label} ", "ash"), (figure, "bone")]
        if width_of(tuple(found + more)) > width - 1:
            break
        found += more
    return tuple(found)


def _mfu(story: Story) -> str:
    return mfu(story.reader.header, story.flops, sum(story.speeds) / len(story.speeds) if story.speeds else None)


def _peak(story: Story) -> str:
    for key in ("memory_bytes", "peak_memory_bytes"):
        value = story.latest.get(key)
        if isinstance(value, int | float):
            return words.memory(value)
    return words.memory(story.peak) if story.peak else "n/a"


def _best(story: Story) -> str:
    best = story.reader.header.best or {}
    value = best.get("eval_bpb", best.get("eval_loss"))
    return f"{words.figure(value)} at {best.get('step')}" if isinstance(value, int | float) else "n/a"


# Devices


def device_lines(story: Story, width: int, rows: int) -> list[Line]:
    """One line per accelerator, or the processor's when there is none; at most `rows`."""
    devices = story.devices
    lines = [_gpu(devices, row, width, many=len(devices.rows) > 1) for row in devices.rows[:rows]]
    if len(devices.rows) > rows and rows > 1:
        lines[-1] = line_of((f" and {len(devices.rows) - rows + 1} more devices", "ash"))
    if not lines or (rows > 1 and len(lines) < rows):
        lines.append(_cpu(devices, width))
    return lines


def _gpu(devices: Devices, row: DeviceRow, width: int, many: bool) -> Line:
    name = f"gpu{row.index}" if many else "gpu"
    share = row.memory_used / row.memory_total if row.memory_total else 0.0
    power = f"{row.power:.0f}" if row.power is not None else "n/a"
    limit = f"/{row.power_limit:.0f} W" if row.power_limit else " W" if row.power is not None else ""
    memory = f"{row.memory_used / 2**30:.1f}/{row.memory_total / 2**30:.0f} GB"
    heat = row.temperature
    parts: list[tuple[str, str]] = [
        *_busy(devices, name, row.busy, width),
        ("   mem ", "ash"),
        (memory, "blood" if share > 0.95 else "bone"),
        (" full" if share > 0.95 else "", "blood"),
        ("   power ", "ash"),
        (power + limit, "bone"),
    ]
    if heat is not None:
        parts += [("   ", "bone"), (f"{heat} °C" + (" hot" if heat >= 85 else ""), "blood" if heat >= 85 else "bone")]
    return tuple(parts)


def _cpu(devices: Devices, width: int) -> Line:
    parts = [*_busy(devices, "cpu", devices.cpu, width)]
    if devices.memory_total:
        share = devices.memory_used / devices.memory_total
        figure = f"{devices.memory_used / 2**30:.1f}/{devices.memory_total / 2**30:.1f} GB"
        parts += [("   mem ", "ash"), (figure + (" full" if share > 0.95 else ""), "blood" if share > 0.95 else "bone")]
    if devices.process:
        parts += [("   trainer ", "ash"), (words.memory(devices.process), "bone")]
    if not devices.rows:
        parts.append(("   no GPU", "ash"))
    return tuple(parts)


def _busy(devices: Devices, name: str, share: float | None, width: int) -> list[tuple[str, str]]:
    figure = f"{share:.0f} %" if share is not None else "n/a"
    room = max(4, min(30, (width - 50) // 2))
    curve = spark(list(devices.busy.get(name, ())), room, 0.0, 100.0)
    return [(f" {name:<5}", "ash"), (f"{figure:>5} ", "bone"), (f"{curve:<{room}}", "ash")]


# The title line


def title(story: Story, width: int) -> tuple[list[tuple[str, str]], str]:
    """The title line's spans after the screen's name, and its right end."""
    info, state = story.reader.header, story.reader.state
    glyph, role = words.STATES.get(state, ("", "$ash"))
    steps = f"step {max(info.step, story.reader.history.last_step, 0)}/{info.steps}"
    left = words.duration(info.eta_s) if info.eta_s is not None and state not in ("finished", "failed") else ""
    tail = f"{steps} · {left} left" if left and story.reader.header.live else steps
    device, size = device_name(info.device), words.count(info.parameters)
    both = f" {DOT} ".join(filter(None, (size, device)))
    for gap, right in (("   ", both), ("  ", both), ("   ", device), ("  ", device), ("  ", "")):
        used = len(f" MONITOR {info.id}{gap}{glyph} {state}{gap}{tail}") + len(right) + 2
        if used <= width or not right:
            break
    name = info.id
    if used > width:
        name = f"{name[: max(8, len(name) - (used - width) - 1)]}…"
    return [(name + gap, ""), (f"{glyph} {state}", role), (gap + tail, "")], right
