"""Choosers that need no person: for scripts, tests and benchmarks of steering."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from core.data.demo_voices import VOICES, classify_voice
from core.errors import OgiveError, nearest
from core.files import os_failure
from core.steering.group import Group
from core.steering.view import KINDS, Decision

Chooser = Callable[[Group], Decision | None]
"""Decides about a group; None: it has nothing more to say."""
KNOWN = ("voice:NAME", "longest", "shortest", "regex:PATTERN", "first", "none", "script:FILE")


def chooser(name: str) -> Chooser:
    """The chooser that `name` means: one of KNOWN.

    `voice:gothic` takes the first variant, in the order shown, that the exact classifier of the built-in corpus finds
    in that voice, else none of them; `regex:` likewise. `longest` and `shortest` go by characters. `script:` reads a
    file with a decision on each line: `3`, `none`, `skip`, `write TEXT`, `edit TEXT`, `regenerate`, `hotter`,
    `retaste`, or the JSON of one.
    """
    kind, _, rest = name.partition(":")
    if kind == "voice":
        if rest not in VOICES:
            raise OgiveError(f"There is no voice {rest!r}.", nearest(rest, VOICES))
        return _first(lambda text: classify_voice(text) == rest)
    if kind == "regex" and rest:
        try:
            pattern = re.compile(rest)
        except re.error as error:
            raise OgiveError(
                f"{rest!r} is not a regular expression: {error}.", "Check brackets and backslashes."
            ) from None
        return _first(lambda text: pattern.search(text) is not None)
    if name == "longest":
        return lambda group: Decision.pick(_best(group, lambda text: len(text)), group.id)
    if name == "shortest":
        return lambda group: Decision.pick(_best(group, lambda text: -len(text)), group.id)
    if name == "first":
        return lambda group: Decision.pick(0, group.id)
    if name == "none":
        return lambda group: Decision.none(group.id)
    if kind == "script" and rest:
        return _script(Path(rest).expanduser())
    raise OgiveError(f"There is no chooser {name!r}.", f"These there are: {', '.join(KNOWN)}.")


def _first(fits: Callable[[str], bool]) -> Chooser:
    def choose(group: Group) -> Decision:
        for slot in range(len(group.order)):
            if group.slot(slot).tokens and fits(group.slot(slot).text):
                return Decision.pick(slot, group.id)
        return Decision.none(group.id)

    return choose


def _best(group: Group, score: Callable[[str], int]) -> int:
    shown = [slot for slot in range(len(group.order)) if group.slot(slot).tokens]
    return max(shown or [0], key=lambda slot: score(group.slot(slot).text))


def _script(path: Path) -> Chooser:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise OgiveError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise os_failure("read", path, error) from error
    decisions = iter(list(parse_script(lines, str(path))))
    return lambda group: next(decisions, None)


def parse_script(lines: Iterable[str], where: str = "the script") -> Iterable[Decision]:
    """Decisions from lines; empty ones and those that begin with # are passed over."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        word, _, rest = text.partition(" ")
        if text.isdecimal() and int(text) >= 1:
            yield Decision.pick(int(text) - 1)
        elif text.startswith("{"):
            yield _from_json(text, f"{where}, line {number}")
        elif word in ("write", "edit") and rest.strip():
            yield Decision.write(rest.strip()) if word == "write" else Decision.edit(rest.strip())
        elif text in ("none", "skip", "regenerate", "hotter", "retaste"):
            yield Decision.regenerate(True) if text == "hotter" else Decision.from_json({"kind": text})
        else:
            raise OgiveError(
                f"{where}, line {number}: {text[:60]!r} is no decision.", "Such as: 3, none, skip, write TEXT."
            )


def _from_json(text: str, where: str) -> Decision:
    try:
        data = json.loads(text)
        if data["kind"] not in KINDS:
            raise ValueError(data["kind"])
        return Decision.from_json(data)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise OgiveError(f"{where} is no decision.", 'Such as {"kind": "pick", "slot": 0}.') from None
