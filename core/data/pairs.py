"""A better and a worse reply, and the prompt they answer: named, or what both begin with."""

from __future__ import annotations

from typing import Any

from core.data.documents import Message
from core.data.messages import parse_turns
from core.data.transcripts import common_text, common_turns, parse_transcript
from core.data.typed import Preference, one_side
from core.data.where import Place


def parse_preference(given: dict[str, Any], place: Place) -> Preference:
    """`chosen` and `rejected` with `prompt`, each text or turns. OgiveError when the two say the same, or when no
    prompt is named and they begin with nothing in common."""
    system = one_side(given["system"], "system") if given.get("system") else []
    prompt = given.get("prompt")
    if prompt is None or prompt == "" or prompt == []:
        prompt, chosen, rejected = _implicit(given["chosen"], given["rejected"], place)
    else:
        named = prompt
        prompt = _turns(named, "user", place, "prompt")
        chosen = _ending(given["chosen"], prompt, named, place, "chosen")
        rejected = _ending(given["rejected"], prompt, named, place, "rejected")
    if chosen == rejected:
        raise place.wrong("two different replies", "the same text as chosen and rejected", "Take the row out.")
    return Preference(system + prompt, chosen, rejected, place.origin)


def _ending(value: Any, prompt: list[Message], named: Any, place: Place, what: str) -> list[Message]:
    """The reply alone, also where it repeats the prompt before it."""
    turns = _turns(value, "assistant", place, what)
    if len(turns) > len(prompt) and turns[: len(prompt)] == prompt:
        return turns[len(prompt) :]
    if isinstance(value, str) and isinstance(named, str) and len(value) > len(named) and value.startswith(named):
        return one_side(value[len(named) :], "assistant")
    return turns


def _implicit(a: Any, b: Any, place: Place) -> tuple[list[Message], list[Message], list[Message]]:
    chosen, rejected = _plain_or_turns(a, place, "chosen"), _plain_or_turns(b, place, "rejected")
    if isinstance(chosen, str) and isinstance(rejected, str):
        cut = common_text(chosen, rejected)
        if chosen == rejected or not chosen[:cut].strip():
            raise _nothing_shared(place, same=chosen == rejected)
        endings = [one_side(text[cut:], "assistant") for text in (chosen, rejected)]
        return one_side(chosen[:cut], "user"), endings[0], endings[1]
    left, right = one_side(chosen, "assistant"), one_side(rejected, "assistant")
    cut = common_turns(left, right)
    while cut and left[cut - 1]["role"] == "assistant":
        cut -= 1
    if not cut or left == right:
        raise _nothing_shared(place, same=left == right)
    return left[:cut], left[cut:], right[cut:]


def _nothing_shared(place: Place, same: bool) -> Exception:
    if same:
        return place.wrong("two different replies", "the same text as chosen and rejected", "Take the row out.")
    return place.wrong(
        "a prompt that chosen and rejected begin with",
        "nothing in common",
        "Name the prompt's column, such as --map prompt=question.",
    )


def _plain_or_turns(value: Any, place: Place, what: str) -> str | list[Message]:
    if isinstance(value, str):
        return parse_transcript(value) or value
    return parse_turns(value, place, what)


def _turns(value: Any, role: str, place: Place, what: str) -> list[Message]:
    found = _plain_or_turns(value, place, what)
    return one_side(found, role)
