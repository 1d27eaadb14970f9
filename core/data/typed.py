"""One row of data with its meaning: a text, a conversation, a prompt with its completion, a preference, or a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from core.data.documents import Document, Message
from core.errors import OgiveError

Kind = Literal["text", "conversation", "prompt-completion", "preference", "prompt"]
KINDS: dict[Kind, str] = {
    "text": "texts",
    "conversation": "conversations",
    "prompt-completion": "prompts with completions",
    "preference": "preferences",
    "prompt": "prompts",
}
"""Every kind of row and its name for people, in the plural."""


@dataclass(slots=True)
class Text:
    """Plain text. A very long one comes in pieces: `continues` is true on each but the last."""

    text: str
    origin: str = ""
    continues: bool = False
    kind: ClassVar[Kind] = "text"


@dataclass(slots=True)
class Conversation:
    """Turns of system, user and assistant."""

    messages: list[Message]
    origin: str = ""
    kind: ClassVar[Kind] = "conversation"


@dataclass(slots=True)
class PromptCompletion:
    """What is asked, as turns, and the turns that answer it."""

    prompt: list[Message]
    completion: list[Message]
    origin: str = ""
    kind: ClassVar[Kind] = "prompt-completion"


@dataclass(slots=True)
class Preference:
    """A prompt, and two ways to go on of which `chosen` is the better."""

    prompt: list[Message]
    chosen: list[Message]
    rejected: list[Message]
    origin: str = ""
    kind: ClassVar[Kind] = "preference"


@dataclass(slots=True)
class Prompt:
    """Something to reply to; `answer` is a known right answer, where the data has one."""

    messages: list[Message]
    answer: str = ""
    origin: str = ""
    kind: ClassVar[Kind] = "prompt"

    @property
    def text(self) -> str:
        """What the last user turn says."""
        return next((turn["content"] for turn in reversed(self.messages) if turn["role"] == "user"), "")


Row = Text | Conversation | PromptCompletion | Preference | Prompt


def turns(row: Row) -> list[Message]:
    """All turns of the row, a text as one nameless turn; of a preference both endings, chosen first."""
    if isinstance(row, Text):
        return [{"role": "", "content": row.text}]
    if isinstance(row, PromptCompletion):
        return [*row.prompt, *row.completion]
    if isinstance(row, Preference):
        return [*row.prompt, *row.chosen, *row.rejected]
    return row.messages


def plain(row: Row) -> str:
    """The words alone, turns with an empty line between them."""
    return row.text if isinstance(row, Text) else "\n\n".join(turn["content"] for turn in turns(row))


def as_document(row: Row) -> Document:
    """The row as something to learn from, token by token. OgiveError for a prompt or a preference: they are not text
    that a model should repeat."""
    if isinstance(row, Text):
        return Document(row.text, origin=row.origin, continues=row.continues)
    if isinstance(row, Conversation):
        return Document(messages=row.messages, origin=row.origin)
    if isinstance(row, PromptCompletion):
        return Document(messages=[*row.prompt, *row.completion], origin=row.origin)
    raise OgiveError(
        f"{row.origin} is a {row.kind}: the data holds {KINDS[row.kind]}, expected text or conversations.",
        "Name the columns to learn from, such as --map text=COLUMN or --map prompt=COLUMN --map completion=COLUMN.",
    )


def from_document(document: Document) -> Row:
    """A document as a row."""
    if document.messages is None:
        return Text(document.text or "", document.origin, document.continues)
    return Conversation(document.messages, document.origin)


def to_record(row: Row) -> dict[str, Any]:
    """The row as plain values, without its origin: equal rows have equal records wherever they came from."""
    if isinstance(row, Text):
        return {"text": row.text, "continues": True} if row.continues else {"text": row.text}
    if isinstance(row, Conversation):
        return {"messages": row.messages}
    if isinstance(row, PromptCompletion):
        return {"prompt": row.prompt, "completion": row.completion}
    if isinstance(row, Preference):
        return {"prompt": row.prompt, "chosen": row.chosen, "rejected": row.rejected}
    return {"prompt": row.messages, "answer": row.answer} if row.answer else {"prompt": row.messages}


def from_record(record: dict[str, Any], origin: str) -> Row:
    """What `to_record` gave, as a row again. KeyError when it is none."""
    if "text" in record:
        return Text(record["text"], origin, bool(record.get("continues")))
    if "messages" in record:
        return Conversation(record["messages"], origin)
    if "completion" in record:
        return PromptCompletion(record["prompt"], record["completion"], origin)
    if "chosen" in record:
        return Preference(record["prompt"], record["chosen"], record["rejected"], origin)
    return Prompt(record["prompt"], record.get("answer", ""), origin)


def kinds(rows: Iterable[Row]) -> list[Kind]:
    """The kinds among `rows`, in the order of KINDS."""
    found = {row.kind for row in rows}
    return [kind for kind in KINDS if kind in found]


def one_side(side: str | Sequence[Message], role: str) -> list[Message]:
    """A plain string as one turn of `role`; turns as they are."""
    return [{"role": role, "content": side}] if isinstance(side, str) else list(side)
