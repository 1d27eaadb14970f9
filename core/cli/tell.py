"""Data told to a person at a terminal: the mapping, and rows with their turns under each other."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from core.cli.progress import one_line
from core.settings.data import DataSettings
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.data.adding import Preview
    from core.data.typed import Row


def tell_preview(found: Preview, longest: int = 400) -> str:
    """The mapping and the first rows, for a person."""
    lines = [f"read as {found.kind}" + (f" ({found.mapping})" if found.mapping else "")]
    if found.columns:
        lines.append(f"columns: {', '.join(found.columns)}")
    for row in found.rows:
        lines += ["", tell_row(row, longest)]
    if found.alternatives:
        lines += ["", "could also be read as:"]
        lines += [f"  {each.format:18}--format {each.format} {each.options()}" for each in found.alternatives[:4]]
    return "\n".join(lines)


def tell_row(row: Row, longest: int = 400) -> str:
    """One row, its turns under each other."""
    from core.data.typed import Conversation, Preference, Prompt, PromptCompletion, Text

    def turns(messages: Any, mark: str = "") -> list[str]:
        return [f"{mark or turn['role']:>9}  {_cut(turn['content'], longest)}" for turn in messages]

    lines = [f"-- {row.origin}"]
    if isinstance(row, Text):
        lines.append(_cut(row.text, longest).rstrip())
    elif isinstance(row, Conversation):
        lines += turns(row.messages)
    elif isinstance(row, PromptCompletion):
        lines += turns(row.prompt) + turns(row.completion)
    elif isinstance(row, Preference):
        lines += turns(row.prompt) + turns(row.chosen, "chosen") + turns(row.rejected, "rejected")
    elif isinstance(row, Prompt):
        lines += turns(row.messages) + ([f"{'answer':>9}  {_cut(row.answer, longest)}"] if row.answer else [])
    return "\n".join(lines)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + "…"


def tell_data(settings: DataSettings, workspace: Workspace) -> str:
    """How each source is read and its first three rows, a line each; nothing of the built-in corpus."""
    from core.data.adding import preview
    from core.data.sources import RowSource, make
    from core.data.typed import turns

    lines = []
    for choice in settings.sources:
        source = make(choice, workspace)
        if not isinstance(source, RowSource):
            continue
        found = preview(source)
        place = next((choice[key] for key in ("path", "id", "snapshot") if key in choice.options), choice.name)
        lines.append(f"{place} is read as {found.kind}" + (f" ({found.mapping})" if found.mapping else ""))
        for row in found.rows:
            said = " | ".join(f"{turn['role']}: {turn['content']}".removeprefix(": ") for turn in turns(row))
            lines.append(f"  {row.origin}  {one_line(said, 100)}")
    return "".join(f"{line}\n" for line in lines)


def agreed(question: str) -> bool:
    """Whether a person at a terminal says yes; without a terminal nobody is asked."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return True
    return input(f"{question} [Y/n] ").strip().lower() in ("", "y", "yes")
