"""The monitor's lower pane as lines: samples, timeline, log, or a comparison of runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from tui import words
from tui.glyphs import DOT
from tui.screens.monitor.look import LEVELS, OVERLAYS, Look, Overlay
from tui.screens.monitor.story import Happening, Sample, Story, literal
from tui.widgets.canvas import Line, fitted, line_of, width_of


def lower_lines(story: Story, look: Look, overlays: Sequence[Overlay], height: int) -> tuple[list[Line], int]:
    if look.pane == "sample" and look.width >= 110:
        left_width = look.width * 3 // 5
        left, more = sample_lines(story, look, left_width - 2, height)
        right, _ = event_lines(story, look, look.width - left_width, height)
        rows = max(len(left), len(right))
        left += [()] * (rows - len(left))
        right += [()] * (rows - len(right))
        return [(*fitted(a, left_width), *b) for a, b in zip(left, right, strict=True)], more
    panes: dict[str, Callable[[], tuple[list[Line], int]]] = {
        "sample": lambda: sample_lines(story, look, look.width, height),
        "events": lambda: event_lines(story, look, look.width, height),
        "log": lambda: log_lines(story, look, height),
        "compare": lambda: compare_lines(story, overlays, look.width, height),
    }
    return panes[look.pane]()


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces where there are some."""
    found: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            while width_of(((word, ""),)) > width:
                cut = max(1, width // 2) if not word.isascii() else width
                if line:
                    found.append(line)
                    line = ""
                found.append(word[:cut])
                word = word[cut:]
            candidate = f"{line} {word}" if line else word
            if width_of(((candidate, ""),)) > width:
                found.append(line)
                line = word
            else:
                line = candidate
        found.append(line)
    return found


def sample_lines(story: Story, look: Look, width: int, height: int) -> tuple[list[Line], int]:
    """A heading with step and prompt, and the text; words that the sample before did not have are strong in a diff."""
    prompts = story.prompts
    if not prompts:
        return [line_of((" No sample yet: g asks for one", "ash"))], 0
    prompt = prompts[look.prompt % len(prompts)]
    kept = story.samples[prompt]
    back = min(look.back, len(kept) - 1)
    sample = kept[len(kept) - 1 - back]
    place = f"{len(kept) - back} of {len(kept)}" if back else ""
    heading: list[tuple[str, str]] = [(" Sample at step ", "ash"), (str(sample.step), "bone")]
    if sample.prompt:
        heading += [(f" {DOT} ", "ash"), (f'"{sample.prompt[:40]}"', "bone")]
    heading.append((f" {DOT} ".join(["", *filter(None, (place, "diff" if look.diff else ""))]), "ash"))
    before = kept[len(kept) - 2 - back] if look.diff and back < len(kept) - 1 else None
    body = [_marked(line, before) for line in wrap(sample.whole.strip("\n"), width - 2)]
    room = height - 1
    more = max(0, len(body) - room)
    first = min(look.scroll, more)
    shown = body[first : first + room]
    if more and first < more:
        heading.append((f" {DOT} {more - first} lines below (pgdn)", "ash"))
    return [tuple(heading), *(((" ", "bone"), *line) for line in shown)], more


def _marked(line: str, before: Sample | None) -> Line:
    if before is None:
        return ((line, "bone"),)
    known = set(before.whole.split())
    parts: list[tuple[str, str]] = []
    for place, word in enumerate(line.split(" ")):
        parts.append(((" " if place else "") + word, "bone" if word in known or not word else "bold verdigris"))
    return tuple(parts)


def event_lines(story: Story, look: Look, width: int, height: int) -> tuple[list[Line], int]:
    """The timeline, newest last."""
    known = [item for item in story.happenings if not look.level or item.level == look.level]
    room = height - 1
    more = max(0, len(known) - room)
    scroll = min(look.scroll, more) if look.pane == "events" else 0
    shown = known[len(known) - room - scroll : len(known) - scroll] if more else known
    heading: list[tuple[str, str]] = [(" Timeline", "ash")]
    if look.level:
        heading.append((f" {DOT} {LEVELS[look.level]} only", "ash"))
    if story.alerts:
        heading.append((f" {DOT} {story.alerts} alert{'s' if story.alerts > 1 else ''}", "blood"))
    if scroll:
        heading.append((f" {DOT} {scroll} newer below (G)", "ash"))
    return [tuple(heading), *(_happening(item, width) for item in shown)], more


def _happening(item: Happening, width: int) -> Line:
    hour = datetime.fromtimestamp(item.time).strftime("%H:%M:%S") if item.time else "        "
    mark = {"bad": ("✗ ", "blood"), "good": ("✓ ", "verdigris")}.get(item.level, ("  ", "ash"))
    return fitted(((f" {hour} ", "ash"), (f"{item.step:>7} ", "ash"), mark, (item.text, "bone")), width - 1)


def log_lines(story: Story, look: Look, height: int) -> tuple[list[Line], int]:
    """The end of log.txt, newest last."""
    known = [line for line in story.log if not look.level or _level(line) == look.level]
    room = height - 1
    more = max(0, len(known) - room)
    scroll = min(look.scroll, more)
    shown = known[max(0, len(known) - room - scroll) : len(known) - scroll]
    heading: list[tuple[str, str]] = [(" Log", "ash")]
    if look.level:
        heading.append((f" {DOT} {LEVELS[look.level]} only", "ash"))
    if scroll:
        heading.append((f" {DOT} {scroll} newer below (G)", "ash"))
    if not known:
        heading.append((f" {DOT} empty", "ash"))
    return [
        tuple(heading),
        *(((" ", "bone"), (literal(line, 500), "blood" if _level(line) == "bad" else "bone")) for line in shown),
    ], more


def _level(line: str) -> str:
    head = line[:200].lower()
    return "bad" if any(word in head for word in ("error", "warn", "traceback", "critical")) else ""


def compare_lines(story: Story, overlays: Sequence[Overlay], width: int, height: int) -> tuple[list[Line], int]:
    """Final and best figures of this run (the baseline) and of those laid over it."""
    head = f" {'run, the baseline first':<30} {'state':<10} {'step':>8} {'loss':>7} {'best bpb':>9} {'tok/s':>8}"
    rows: list[Line] = [line_of((head, "ash"))]
    for place, (name, reader) in enumerate([(story.reader.header.id, story.reader), *overlays]):
        best, loss = (reader.header.best or {}).get("eval_bpb"), reader.history.last("loss")
        speed = reader.history.last("tokens_per_s")
        role = "blood" if place == 0 else OVERLAYS[(place - 1) % len(OVERLAYS)]
        figures = (
            f"{reader.state:<10} {max(0, reader.history.last_step):>8} {words.figure(loss):>7} "
            f"{words.figure(best):>9} {words.count(speed) or 'n/a':>8}"
        )
        rows.append(line_of((" ─ ", role), f"{name[:28]:<28} {figures}"))
    if not overlays:
        rows.append(line_of((" r lays another run over this one", "ash")))
    return rows[:height], 0
