"""A conversation: its messages, what of it the model still sees, and its file. No torch here: the chat lists them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from core.errors import OgiveError
from core.files import os_failure, read_json, write_json
from core.workspace import Workspace

FORMAT = 1
TITLE_LENGTH = 48
USER, ASSISTANT, SYSTEM = "user", "assistant", "system"
PLAIN_STOPS = ("\nUser:", "\nAssistant:")
"""Where a reply of a model without a chat template ends: it would go on with the other's part."""


class ChatTokenizer(Protocol):
    """What a conversation needs of a tokenizer."""

    @property
    def has_chat_template(self) -> bool: ...
    def render(self, messages: Sequence[Any], add_generation_prompt: bool = False) -> list[int]: ...
    def encode(self, text: str) -> list[int]: ...


@dataclass
class Message:
    """One turn. `facts` tell how a reply came about: model, seed, tokens, seconds, ended."""

    role: str
    content: str
    at: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prompt:
    """What the model is given: `ids`, how many of the oldest messages fell out, and the strings that end the reply."""

    ids: list[int]
    dropped: int
    stop: tuple[str, ...] = ()


@dataclass
class Conversation:
    """Messages between a person and a model. It is saved under the workspace's data/conversations/ as JSON."""

    id: str
    model: str = ""
    system: str = ""
    sampling: dict[str, Any] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    created_at: str = ""
    updated_at: str = ""

    @classmethod
    def new(cls, model: str = "", system: str = "", sampling: dict[str, Any] | None = None) -> Conversation:
        """An empty one with an id of its own: its date and time, and a few random letters."""
        now = datetime.now(UTC)
        number = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        return cls(number, model, system, dict(sampling or {}), [], _stamp(), _stamp())

    @property
    def title(self) -> str:
        """The first words said in it."""
        for message in self.messages:
            if message.role == USER:
                text = " ".join(message.content.split())
                return text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1].rstrip() + "…"
        return "nothing said yet"

    # What is said

    def say(self, content: str) -> None:
        """Add the person's turn."""
        self._add(Message(USER, content, _stamp()))

    def reply(self, content: str, **facts: Any) -> None:
        """Add the model's turn."""
        self._add(Message(ASSISTANT, content, _stamp(), facts))

    def take_back_reply(self) -> Message | None:
        """Remove the model's last turn, to draw another; None when the last turn is not the model's."""
        if self.messages and self.messages[-1].role == ASSISTANT:
            return self.messages.pop()
        return None

    def take_back_turn(self) -> str | None:
        """Remove the person's last turn and all after it; its text, to be edited. None when there is none."""
        for index in range(len(self.messages) - 1, -1, -1):
            if self.messages[index].role == USER:
                text = self.messages[index].content
                del self.messages[index:]
                return text
        return None

    def _add(self, message: Message) -> None:
        self.messages.append(message)
        self.updated_at = _stamp()

    # What the model sees

    def prompt(self, tokenizer: ChatTokenizer, context: int | None, reserve: int) -> Prompt:
        """The ids for the next reply, by the model's chat template, else as plain text.

        When all of it and `reserve` tokens for the reply do not fit into `context`, the oldest turns fall out, the
        person's always together with the reply to it; the system text and the last turn stay. Of the reserve at most
        half the context is kept free. Raises OgiveError when even the last turn does not fit.
        """
        starts = [index for index, message in enumerate(self.messages) if message.role == USER] or [0]
        room = None if context is None else context - min(reserve, context // 2)
        ids = self._render(tokenizer, 0)
        if room is None or len(ids) <= room:
            return Prompt(ids, 0, self._stops(tokenizer))
        low, high = 0, len(starts) - 1  # the fewest turns dropped that fit, by bisection
        while low < high:
            middle = (low + high) // 2
            if len(self._render(tokenizer, starts[middle])) <= room:
                high = middle
            else:
                low = middle + 1
        ids = self._render(tokenizer, starts[low])
        assert context is not None
        if len(ids) >= context:
            raise OgiveError(
                f"The message and the system text are {len(ids)} tokens; the model sees at most {context}, "
                "reply included.",
                "Say it in fewer words.",
            )
        return Prompt(ids, starts[low], self._stops(tokenizer))

    def _render(self, tokenizer: ChatTokenizer, first: int) -> list[int]:
        kept = self.messages[first:]
        if not tokenizer.has_chat_template:
            return tokenizer.encode(plain_text(self.system, kept))
        system = [{"role": SYSTEM, "content": self.system}] if self.system else []
        turns = [{"role": message.role, "content": message.content} for message in kept]
        return tokenizer.render(system + turns, add_generation_prompt=True)

    def _stops(self, tokenizer: ChatTokenizer) -> tuple[str, ...]:
        return () if tokenizer.has_chat_template else PLAIN_STOPS

    # Its file

    def path(self, workspace: Workspace) -> Path:
        return folder(workspace) / f"{self.id}.json"

    def save(self, workspace: Workspace) -> Path:
        """Write it atomically; its path."""
        path = self.path(workspace)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise os_failure("write", path.parent, error) from error
        messages = [
            {"role": message.role, "content": message.content, "at": message.at, **message.facts}
            for message in self.messages
        ]
        write_json(
            path,
            {
                "format": FORMAT,
                "id": self.id,
                "title": self.title,
                "model": self.model,
                "system": self.system,
                "sampling": self.sampling,
                "created_at": self.created_at,
                "updated_at": self.updated_at,
                "messages": messages,
            },
        )
        return path


@dataclass(frozen=True)
class Summary:
    """A kept conversation in one line."""

    id: str
    title: str
    model: str
    updated_at: str
    turns: int


def folder(workspace: Workspace) -> Path:
    """Where a workspace keeps its conversations."""
    return workspace.data / "conversations"


def plain_text(system: str, messages: Sequence[Message]) -> str:
    """A conversation as a model without a chat template may read it: the system text, then named parts."""
    names = {USER: "User", ASSISTANT: "Assistant", SYSTEM: "System"}
    turns = [f"{names.get(message.role, message.role)}: {message.content}" for message in messages]
    return "\n".join([*([f"{system}\n"] if system else []), *turns, "Assistant:"])


def load(path: str | Path) -> Conversation:
    """Read a conversation; OgiveError names a file that is missing, torn or not one."""
    path = Path(path)
    data = read_json(path)
    try:
        messages = [
            Message(
                _text(item["role"]),
                _text(item["content"]),
                _text(item.get("at", "")),
                {key: value for key, value in item.items() if key not in ("role", "content", "at")},
            )
            for item in data["messages"]
        ]
        return Conversation(
            id=path.stem,
            model=_text(data.get("model", "")),
            system=_text(data.get("system", "")),
            sampling=dict(data.get("sampling") or {}),
            messages=messages,
            created_at=_text(data.get("created_at", "")),
            updated_at=_text(data.get("updated_at", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise OgiveError(f"{path} is not a conversation.", "Move it away, or give another file.") from None


def find(workspace: Workspace, number: str) -> Conversation:
    """The kept conversation with this id."""
    return load(folder(workspace) / f"{number}.json")


def kept(workspace: Workspace) -> tuple[list[Summary], list[str]]:
    """All kept conversations, the newest first, and one sentence per file that cannot be read."""
    found: list[Summary] = []
    problems: list[str] = []
    for path in sorted(folder(workspace).glob("*.json")):
        try:
            one = load(path)
        except OgiveError as error:
            problems.append(str(error))
            continue
        turns = sum(message.role == USER for message in one.messages)
        found.append(Summary(one.id, one.title, one.model, one.updated_at, turns))
    return sorted(found, key=lambda one: one.updated_at, reverse=True), problems


def delete(workspace: Workspace, number: str) -> None:
    """Remove a kept conversation for good."""
    path = folder(workspace) / f"{number}.json"
    try:
        path.unlink()
    except OSError as error:
        raise os_failure("delete", path, error) from error


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text expected, not {value!r}")
    return value
