"""Turns of a conversation as they come in files: role and content, or from and value; the names of roles made one."""

from __future__ import annotations

from typing import Any

from core.data.documents import Message
from core.data.where import Place
from core.errors import OgiveError, nearest

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "ai": "assistant",
}
"""Role names as they are met, and the three that are meant."""

_KEYS = (("role", "content"), ("from", "value"))


def is_turns(value: Any) -> bool:
    """Whether `value` looks like a list of turns; an empty list does not."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) for item in value)
        and any(role in value[0] and content in value[0] for role, content in _KEYS)
    )


def parse_turns(value: Any, place: Place, what: str) -> list[Message]:
    """The turns in `value`; OgiveError names the first that is not one."""
    if not isinstance(value, list) or not value:
        raise place.wrong(f"turns in {what!r}", "none" if value == [] else type(value).__name__)
    return [_turn(item, number, place, what) for number, item in enumerate(value, 1)]


def _turn(item: Any, number: int, place: Place, what: str) -> Message:
    if isinstance(item, dict):
        for role_key, content_key in _KEYS:
            role, content = item.get(role_key), _content(item.get(content_key))
            if isinstance(role, str) and content is not None:
                return {"role": _role(role, number, place), "content": content}
    found = ", ".join(map(repr, item)) if isinstance(item, dict) else type(item).__name__
    raise place.wrong(
        f"the texts 'role' and 'content' (or 'from' and 'value') in turn {number} of {what!r}",
        found or "nothing",
        'A turn is {"role": "user", "content": "..."}.',
    )


def _role(name: str, number: int, place: Place) -> str:
    try:
        return ROLES[name.lower()]
    except KeyError:
        hint = nearest(name, ("system", "user", "assistant"))
        raise OgiveError(f"{place}: turn {number} has the role {name!r}.", hint) from None


def _content(value: Any) -> str | None:
    """Text, or the joined texts of parts such as {"type": "text", "text": ...}; None when it is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value:
        parts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in value]
        if all(isinstance(part, str) for part in parts):
            return "".join(str(part) for part in parts)
    return None
