"""A session's statistics as lines: how the picks fell, and the curves along the path."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui import words
from tui.glyphs import DOT, FAILED
from tui.screens.journal.work import Account
from tui.widgets.sparkline import resample, spark

LABEL = 11
BAR = 10


def account_lines(account: Account, width: int) -> list[Content]:
    """The statistics, at most `width` cells wide."""
    found = account.statistics
    if found is None:
        return [Content.assemble((f" {FAILED} ", "$blood"), account.problem)]
    if not found.kinds:
        return [Content.styled(" Nothing has been decided yet.", "$ash")]
    lines = [_line("decisions", f" {DOT} ".join(f"{kind} {count}" for kind, count in found.kinds.items()))]
    if sum(found.slots):
        lines += _bars(found.slots, found.expected, width)
    figures = (
        ("margin", "" if found.margin is None else f"{found.margin:+.2f}"),
        ("to choose", "" if found.thought is None else f"{found.thought:.1f} s"),
        ("update", "" if found.update is None else f"{found.update:.1f} s"),
        ("", "" if found.length is None else f"{found.length:.0f} tokens"),
    )
    lines.append(_line("typical", f" {DOT} ".join(f"{name} {value}".strip() for name, value in figures if value)))
    if found.alike:
        lines.append(_line("alike", f"{found.alike} group{'' if found.alike == 1 else 's'} of near-identical variants"))
    lines.append(Content(""))
    points = [point for point in found.curve if point.picks]
    limit = f" of {account.budget:.2f}" if account.budget else ""
    for name, values, note in (
        ("KL", [point.kl for point in points], limit),
        ("drift", [point.drift for point in points], ""),
        ("margin", [point.margin for point in points], ""),
    ):
        lines.append(_curve(name, values, note, width))
    lines.append(Content.styled(f" {'':{LABEL}}along the path, a column for each decision", "$ash"))
    return [line.truncate(width, ellipsis=True) for line in lines]


def _line(label: str, text: str) -> Content:
    return Content.assemble((f" {label:<{LABEL}}", "$ash"), (text, "$bone"))


def _bars(slots: Sequence[int], expected: float, width: int) -> list[Content]:
    """How often each place was picked: a bar for each, as many in a line as fit."""
    most = max(slots)
    parts = []
    for slot, count in enumerate(slots):
        filled = round(count / most * BAR)
        parts.append(
            Content.assemble(
                (f"{slot + 1} ", "$ash"), ("█" * filled, "$verdigris"), (f" {count}".ljust(BAR - filled + 4), "$bone")
            )
        )
    across = max(1, (width - LABEL - 1) // (BAR + 6))
    lines = []
    for start in range(0, len(parts), across):
        head = Content.styled(f" {'by place' if not start else '':<{LABEL}}", "$ash")
        lines.append(Content.assemble(head, *parts[start : start + across]))
    lines.append(Content.styled(f" {'':{LABEL}}{expected:.1f} each by chance", "$ash"))
    return lines


def _curve(name: str, values: Sequence[float | None], note: str, width: int) -> Content:
    known = [value for value in values if value is not None]
    latest = "n/a" if not known else f"{known[-1]:+.2f}" if name == "margin" else words.figure(known[-1])
    room = max(8, min(60, width - LABEL - 18))
    return Content.assemble(
        (f" {name:<{LABEL}}", "$ash"),
        (f"{latest}{note}".ljust(14), "$bone"),
        (spark(resample(values, room), room), "$verdigris"),
    )
