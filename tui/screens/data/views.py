"""A source's details and a document's parts as lines for a width; no widget here."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui import words
from tui.glyphs import DOT, FAILED
from tui.screens.data.work import Entry, Shown
from tui.widgets.cells import cell, facts, histogram
from tui.widgets.wrapping import break_line, printable

LABEL = 10
FIRST = ("read as", "files", "reads", "")
"""Facts that stand before the figures; the others may be below the edge."""
TONES = {
    "user": "$brass",
    "assistant": "$amethyst",
    "system": "$ash",
    "chosen": "$verdigris",
    "rejected": "$blood",
    "answer": "$verdigris",
}


def details(entry: Entry, width: int, bars: int) -> list[Content]:
    """What is known of a source: how it is read, how long its documents are, how many tokens it has."""
    size = words.memory(entry.size) if entry.size is not None else ""
    number = words.plural(entry.documents, "document")
    head = f" {DOT} ".join(part for part in (entry.holds, number, size) if part)
    lines = [Content.assemble((f" {printable(entry.name)}", "bold $brass"), (f"  {head}", "$ash"))]
    if entry.damage:
        lines += [Content.styled(f" {FAILED} {line}", "$blood") for line in break_line(entry.damage, width - 4)]
        return lines
    first = [fact for fact in entry.facts if fact[0] in FIRST]
    lines += facts(first, width, LABEL)
    if entry.tokens:
        lines += _tokens(entry, width)
    if entry.lengths and entry.documents == 1:
        lines += facts((("lengths", f"one of {words.count(entry.lengths['longest'])} characters"),), width, LABEL)
    elif entry.lengths:
        told = f" {DOT} ".join(f"{name} {words.count(value)}" for name, value in _named(entry.lengths))
        lines += facts((("lengths", f"{told} characters"),), width, LABEL)
        lines += histogram(entry.histogram, width - 1, bars, "characters")
    if not entry.tokens:
        lines.append(
            Content.styled(f" c counts {'tokens' if entry.lengths else 'documents, lengths and tokens'}", "$ash")
        )
    return [*lines, Content(""), *facts([fact for fact in entry.facts if fact not in first], width, LABEL)]


def _named(lengths: dict[str, int]) -> list[tuple[str, int]]:
    return [("95 %" if name == "p95" else name, value) for name, value in lengths.items()]


def _tokens(entry: Entry, width: int) -> list[Content]:
    lines = []
    for at, one in enumerate(entry.tokens):
        label = "tokens" if at == 0 else ""
        about = "" if one.whole else "about " if entry.size else "of the beginning "
        number = one.tokens
        if not one.whole and entry.size and one.bytes_per_token:
            number = round(entry.size / one.bytes_per_token)
        said = f"{about}{words.count(number)}, {one.bytes_per_token:.2f} B each"
        name = cell(one.tokenizer, min(20, max(8, width - LABEL - 30)))
        lines.append(Content.assemble((f" {label:<{LABEL}}", "$ash"), name, f"  {said}"))
    return lines


def brief(rows: Sequence[Shown], width: int, height: int) -> list[Content]:
    """Several documents at once, cut so that all of them fit into `height` lines where they can."""
    parts = sum(len(row.parts) for row in rows) or 1
    most = max(1, (height - 2 * len(rows) + 1) // parts)
    gap = height >= parts + 2 * len(rows) - 1
    lines: list[Content] = []
    for row in rows:
        if lines and gap:
            lines.append(Content(""))
        lines.append(Content.styled(f" {printable(row.origin)} {DOT} {row.kind}", "$ash"))
        for label, text in row.parts:
            tone = TONES.get(label, "$ash")
            wrapped = [
                part
                for line in printable(text).strip("\n").split("\n")[: most + 1]
                for part in break_line(line, max(10, width - 13))
            ]
            shown = [*wrapped[: most - 1], f"{wrapped[most - 1][: width - 14]}…"] if len(wrapped) > most else wrapped
            for at, line in enumerate(shown):
                lines.append(Content.assemble((f" {printable(label) if at == 0 else '':<11}", tone), line))
    return lines


def document(one: Shown, width: int) -> list[Content]:
    """A document to read: each part under its name, wrapped."""
    lines: list[Content] = []
    for label, text in one.parts:
        if label:
            lines.append(Content.styled(f" {printable(label)}", f"bold {TONES.get(label, '$ash')}"))
        for line in printable(text).split("\n"):
            lines += [Content(f" {part}") for part in break_line(line, max(10, width - 2))]
        lines.append(Content(""))
    seen = sum(len(text) for _, text in one.parts)
    if one.characters > seen + 2 * len(one.parts):
        lines.append(Content.styled(f" … {words.count(one.characters - seen)} characters more", "$ash"))
    return lines
