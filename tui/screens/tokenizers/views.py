"""Reports and comparisons of tokenizers as lines for a width; no widget here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui import words
from tui.glyphs import DOT
from tui.screens.tokenizers.work import Entry, Measured
from tui.widgets.cells import cell, facts, tokens

if TYPE_CHECKING:
    from core.tokenization.report import TokenizerReport

ROWS = 10
LABEL = 14


def about(entry: Entry, width: int) -> list[Content]:
    """What is known of a tokenizer without measuring it."""
    head = Content.styled(f" {entry.name}", "bold $brass")
    told = facts((("kind", entry.kind), ("what", "" if entry.facts else entry.note), *entry.facts), width)
    return [head, Content(""), *told, Content(""), Content.styled(" enter measures it on the text", "$ash")]


def report(measured: Measured, width: int) -> list[Content]:
    """One tokenizer at length."""
    found = measured.report
    lines = [_head(measured.name, measured), *facts(list(zip(NAMES, figures(found))), width, LABEL), Content("")]
    columns = [
        ("most frequent", [(item.name, words.count(item.count)) for item in found.top]),
        ("longest", [(item.name, words.count(item.count)) for item in found.longest]),
        ("never used here", [(name, "") for name in reversed(found.unused_examples)]),
    ]
    lines += _columns(columns, width)
    return [*lines, Content(""), *_cut(measured, width)]


def compare(several: Sequence[Measured], width: int) -> list[Content]:
    """Tokenizers side by side on the same text, then how each cuts the same words."""
    room = max(8, (width - LABEL - 1) // len(several) - 1)
    lines = [_head("on the same text", several[0])]
    lines.append(_across("", [Content.styled(one.name, "bold $brass") for one in several], room))
    for at, name in enumerate(NAMES[:-1]):
        values = [figures(one.report)[at] for one in several]
        best = _best(name, several)
        lines.append(
            _across(name, [Content.styled(v, "bold" if n == best else "") for n, v in enumerate(values)], room)
        )
    lists = (
        ("most frequent", [[item.name for item in one.report.top] for one in several]),
        ("longest", [[item.name for item in one.report.longest] for one in several]),
        ("never used", [one.report.unused_examples[::-1] for one in several]),
    )
    for title, columns in lists:
        lines.append(Content(""))
        for at in range(min(5, max(map(len, columns)))):
            row = [Content(column[at] if at < len(column) else "") for column in columns]
            lines.append(_across(title if at == 0 else "", row, room))
    for one in several:
        lines += [Content(""), *_cut(one, width)]
    return lines


NAMES = ("vocabulary", "lossless", "bytes/token", "chars/token", "used", "unknown", "text")


def figures(found: TokenizerReport) -> list[str]:
    """The values of NAMES, in words."""
    return [
        f"{found.vocab_size} tokens, {found.kind}",
        "yes" if found.lossless else f"no: {'; '.join(found.losses)}",
        f"{found.bytes_per_token:.3f}",
        f"{found.characters_per_token:.3f}",
        f"{found.coverage:.1%}, {found.unused} unused",
        f"{found.unknown_rate:.2%}",
        f"{words.count(found.documents)} documents, {words.memory(found.bytes)}, {words.count(found.tokens)} tokens",
    ]


def _best(name: str, several: Sequence[Measured]) -> int:
    """The column that reads the text in the fewest tokens, to be drawn strong."""
    if name != "bytes/token":
        return -1
    return max(range(len(several)), key=lambda at: several[at].report.bytes_per_token)


def _head(title: str, measured: Measured) -> Content:
    return Content.assemble((f" {title}", "bold $brass"), (f" {DOT} measured on {measured.data}", "$ash"))


def _across(label: str, cells: Sequence[Content], room: int) -> Content:
    return Content.assemble((f" {label:<{LABEL}}", "$ash"), Content(" ").join([cell(one, room) for one in cells]))


def _columns(columns: Sequence[tuple[str, list[tuple[str, str]]]], width: int) -> list[Content]:
    room = (width - 1) // len(columns) - 2
    heads = [cell(Content.styled(title, "$ash"), room) for title, _ in columns]
    lines = [Content.assemble(" ", Content("  ").join(heads))]
    for at in range(min(ROWS, max(len(rows) for _, rows in columns))):
        cells = []
        for _, rows in columns:
            name, count = rows[at] if at < len(rows) else ("", "")
            size = 7 if count else 0
            cells.append(Content.assemble(cell(name, room - size), (f"{count:>{size}}" if size else "", "$ash")))
        lines.append(Content.assemble(" ", Content("  ").join(cells)))
    return lines


def _cut(measured: Measured, width: int) -> list[Content]:
    head = Content.assemble((f" {measured.name}", "bold"), (f" cuts it into {len(measured.cut)} tokens", "$ash"))
    return [head, *(Content.assemble(" ", line) for line in tokens(measured.cut, width - 2))]
