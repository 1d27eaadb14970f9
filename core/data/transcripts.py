"""Conversations inside strings, and prompts that are not named: transcripts, and what two answers have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.data.documents import Message

_TURN = re.compile(r"(?:\A\s*|\n\n)(Human|Assistant|System):(?: |(?=\n|\Z))")
_ROLES = {"Human": "user", "Assistant": "assistant", "System": "system"}


def is_transcript(text: object) -> bool:
    """Whether `text` is a string of turns such as "\\n\\nHuman: ...\\n\\nAssistant: ..." (Bai et al. 2022)."""
    if not isinstance(text, str):
        return False
    found = _TURN.match(text)
    return found is not None and found[1] != "Assistant"


def parse_transcript(text: str) -> list[Message]:
    """The turns of a transcript, white space around each taken off; a last turn of the assistant that says nothing is
    left out. Empty when `text` is no transcript."""
    if not is_transcript(text):
        return []
    marks = list(_TURN.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    turns: list[Message] = [
        {"role": _ROLES[mark[1]], "content": text[mark.end() : end].strip()}
        for mark, end in zip(marks, ends, strict=True)
    ]
    if turns[-1]["role"] == "assistant" and not turns[-1]["content"]:
        turns.pop()
    return turns


def common_turns(a: Sequence[Message], b: Sequence[Message]) -> int:
    """How many turns the two begin with alike; each keeps at least one of its own."""
    most = min(len(a), len(b)) - 1
    return next((number for number in range(most) if a[number] != b[number]), max(0, most))


def common_text(a: str, b: str) -> int:
    """The length of the longest common beginning that ends where a word does; 0 when there is none."""
    most = min(len(a), len(b))
    place = next((number for number in range(most) if a[number] != b[number]), most)
    while place and not a[place - 1].isspace():
        place -= 1
    return place
