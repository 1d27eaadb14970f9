"""Which columns mean what: the known formats of records, how one is recognised, and how a record becomes a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.data.messages import is_turns, parse_turns
from core.data.pairs import parse_preference
from core.data.transcripts import is_transcript, parse_transcript
from core.data.typed import Conversation, Kind, Prompt, PromptCompletion, Row, Text, one_side
from core.data.where import Place
from core.errors import OgiveError, nearest

SAMPLE = 32
"""Records that are looked at to recognise a format."""


@dataclass(frozen=True)
class Role:
    """One part that a column can play: the usual names of such columns, whether it must be there, and what it holds."""

    usual: tuple[str, ...]
    fits: Callable[[Any], bool]
    needed: bool = True


@dataclass(frozen=True)
class Format:
    """A known way to lay records out."""

    name: str
    kind: Kind
    help: str
    roles: dict[str, Role]
    make: Callable[[dict[str, Any], Place], Row]


@dataclass(frozen=True)
class Columns:
    """The mapping that is in use: a format, and the column that plays each of its roles."""

    format: str
    columns: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.format}: " + ", ".join(f"{role}={column}" for role, column in self.columns.items())

    @property
    def kind(self) -> Kind:
        return FORMATS[self.format].kind

    def options(self) -> str:
        """As the command line's options."""
        return " ".join(f"--map {role}={column}" for role, column in self.columns.items())

    def to_dict(self) -> dict[str, Any]:
        return {"format": self.format, "kind": self.kind, "columns": dict(self.columns)}


_NUMBER = re.compile(r"\s*[-+]?[\d.,]*\d[\d.,]*([eE][-+]?\d+)?%?\s*")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_words(value: Any) -> bool:
    """Text that is not only a number, as all cells of a CSV file are text."""
    return isinstance(value, str) and not _NUMBER.fullmatch(value)


def _is_side(value: Any) -> bool:
    return isinstance(value, str) or is_turns(value)


_PROMPT = ("prompt", "question", "query", "problem", "instruction")
_SYSTEM = Role(("system", "system_prompt"), _is_text, needed=False)


def _text(given: dict[str, Any], place: Place) -> Row:
    return Text(given["text"], place.origin)


def _messages(given: dict[str, Any], place: Place) -> Row:
    return Conversation(parse_turns(given["messages"], place, "messages"), place.origin)


def _alpaca(given: dict[str, Any], place: Place) -> Row:
    asked = given["instruction"] + (f"\n\n{given['input']}" if given.get("input") else "")
    prompt = _told(given) + one_side(asked, "user")
    return PromptCompletion(prompt, one_side(given["output"], "assistant"), place.origin)


def _completion(given: dict[str, Any], place: Place) -> Row:
    prompt = _told(given) + _side(given["prompt"], "user", place, "prompt")
    completion = _side(given["completion"], "assistant", place, "completion")
    if completion[: len(prompt)] == prompt and len(completion) > len(prompt):
        completion = completion[len(prompt) :]
    return PromptCompletion(prompt, completion, place.origin)


def _transcript(given: dict[str, Any], place: Place) -> Row:
    turns = parse_transcript(given["transcript"])
    if not turns:
        raise place.wrong('a transcript that begins with "\\n\\nHuman: "', repr(given["transcript"][:40]))
    return Conversation(turns, place.origin)


def _prompt(given: dict[str, Any], place: Place) -> Row:
    turns = _told(given) + _side(given["prompt"], "user", place, "prompt")
    while turns and turns[-1]["role"] == "assistant":
        turns.pop()
    if not turns:
        raise place.wrong("a prompt with a user's turn", "only the assistant's")
    return Prompt(turns, str(given.get("answer") or ""), place.origin)


def _told(given: dict[str, Any]) -> list[Any]:
    return one_side(given["system"], "system") if given.get("system") else []


def _side(value: Any, role: str, place: Place, what: str) -> list[Any]:
    if isinstance(value, str):
        return parse_transcript(value) or one_side(value, role)
    return parse_turns(value, place, what)


def _table(*formats: Format) -> dict[str, Format]:
    return {each.name: each for each in formats}


_TURNS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "chat")
_OUTPUT = ("output", "response", "answer", "completion")

FORMATS: dict[str, Format] = _table(
    Format(
        "preference",
        "preference",
        "A better and a worse reply; the prompt may be what both begin with, or a transcript's first turns.",
        {
            "prompt": Role(_PROMPT, _is_side, needed=False),
            "chosen": Role(("chosen", "preferred", "accepted"), _is_side),
            "rejected": Role(("rejected", "dispreferred", "refused"), _is_side),
            "system": _SYSTEM,
        },
        parse_preference,
    ),
    Format(
        "messages",
        "conversation",
        "Turns with role and content, or with from and value (ShareGPT).",
        {"messages": Role(_TURNS, is_turns)},
        _messages,
    ),
    Format(
        "alpaca",
        "prompt-completion",
        "An instruction, perhaps with an input, and its output.",
        {
            "instruction": Role(("instruction",), _is_text),
            "input": Role(("input", "context"), _is_text, needed=False),
            "output": Role(_OUTPUT, _is_text),
            "system": _SYSTEM,
        },
        _alpaca,
    ),
    Format(
        "prompt-completion",
        "prompt-completion",
        "A prompt and the text or turns that answer it.",
        {
            "prompt": Role(_PROMPT, _is_side),
            "completion": Role(("completion", "response", "answer", "output", "solution", "reply"), _is_side),
            "system": _SYSTEM,
        },
        _completion,
    ),
    Format(
        "transcript",
        "conversation",
        'One string of turns, "\\n\\nHuman: ...\\n\\nAssistant: ...".',
        {"transcript": Role(("text", "transcript", "chosen", "conversation", "content"), is_transcript)},
        _transcript,
    ),
    Format(
        "text",
        "text",
        "Plain text.",
        {"text": Role(("text", "content", "document", "story", "body", "article"), _is_text)},
        _text,
    ),
    Format(
        "prompts",
        "prompt",
        "Questions or instructions to reply to, perhaps with the right answer.",
        {
            "prompt": Role((*_PROMPT, *_TURNS), _is_side),
            "answer": Role((), _is_text, needed=False),
            "system": _SYSTEM,
        },
        _prompt,
    ),
)
"""In the order in which they are tried: the first that fits is meant."""

ALIASES = {"sharegpt": "messages"}


def check_format(name: str) -> str:
    """The name of a format in FORMATS, or "auto"; OgiveError names the nearest."""
    name = ALIASES.get(name, name)
    if name != "auto" and name not in FORMATS:
        raise OgiveError(f"There is no format {name!r}.", nearest(name, [*FORMATS, *ALIASES, "auto"]))
    return name


def detect(
    records: Sequence[Mapping[str, Any]], place: Place, given: Mapping[str, str] | None = None, format: str = "auto"
) -> Columns:
    """The mapping that fits `records` (at least one), with the columns of the roles in `given` as they are said.

    Raises OgiveError, naming what is there and offering a mapping, when none fits.
    """
    given = dict(given or {})
    wanted = check_format(format)
    _check_roles(given, wanted)
    values = _values(records)
    for role, column in given.items():
        if column not in values:
            raise _no_column(column, role, records[0], place)
    tried = [FORMATS[wanted]] if wanted != "auto" else list(FORMATS.values())
    for each in tried:
        if (columns := _fit(each, values, given)) is not None:
            return Columns(each.name, columns)
    if not given and wanted == "auto":
        texts = [name for name, found in values.items() if found and all(map(_is_words, found))]
        if len(texts) == 1:
            return Columns("text", {"text": texts[0]})
    raise _no_format(values, given, wanted, place)


def alternatives(records: Sequence[Mapping[str, Any]]) -> list[Columns]:
    """Every mapping that fits, the one that is taken by default first; then each column of strings as text."""
    values = _values(records)
    fits = ((each.name, _fit(each, values, {})) for each in FORMATS.values())
    found = [Columns(name, columns) for name, columns in fits if columns is not None]
    texts = [name for name, held in values.items() if held and all(map(_is_words, held))]
    return found + [each for name in texts if (each := Columns("text", {"text": name})) not in found]


def parse(record: Mapping[str, Any], columns: Columns, place: Place) -> Row:
    """The record as a row. Raises OgiveError with file, row, what was expected and found, and a mapping to try."""
    roles = FORMATS[columns.format].roles
    taken: dict[str, Any] = {}
    for role, column in columns.columns.items():
        value = record.get(column)
        if value is None:
            if not roles[role].needed:
                continue
            if column not in record:
                raise _no_column(column, role, record, place)
            raise place.wrong(f"{_HOLDS.get(role, 'text')} in column {column!r}", "nothing")
        if not roles[role].fits(value):
            value = _mended(value, role, column, columns, place)
        taken[role] = value
    return FORMATS[columns.format].make(taken, place)


_HOLDS = {"messages": "turns", "transcript": "a transcript", "prompt": "text or turns", "completion": "text or turns"}


def _mended(value: Any, role: str, column: str, columns: Columns, place: Place) -> Any:
    """A value that is not of the role's type but is not wrong either: turns to be complained about, or a number."""
    if role in ("messages", "prompt", "completion", "chosen", "rejected") and isinstance(value, list):
        return value  # parse_turns says what is wrong with them
    if role in ("answer", "output", "completion") and isinstance(value, int | float):
        return str(value)
    if role == "transcript" and isinstance(value, str):
        return value
    what = _HOLDS.get(role, "text")
    raise place.wrong(
        f"{what} in column {column!r} ({columns})",
        f"{type(value).__name__} {repr(value)[:40]}",
        "Name another column with --map, such as --map text=COLUMN.",
    )


def _values(records: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Every column with the values it holds that are not null."""
    found: dict[str, list[Any]] = {}
    for record in records:
        for name, value in record.items():
            found.setdefault(str(name), [])
            if value is not None:
                found[str(name)].append(value)
    return found


def _fit(format: Format, values: Mapping[str, list[Any]], given: Mapping[str, str]) -> dict[str, str] | None:
    """The column of each role, or None when a needed one is missing or holds something else."""
    if not set(given) <= set(format.roles):
        return None
    columns: dict[str, str] = {}
    lower: dict[str, str] = {}
    for name in values:
        lower.setdefault(name.lower(), name)
    for role, about in format.roles.items():
        names = [given[role]] if role in given else [lower[name] for name in about.usual if name in lower]
        for name in names:
            held = values.get(name, [])
            if name in columns.values() and role not in given:
                continue
            if held and about.fits(held[0]) and (format.name != "transcript" or all(map(about.fits, held))):
                columns[role] = name
                break
        else:
            if about.needed or role in given:
                return None
    return columns


def _check_roles(given: Mapping[str, str], wanted: str) -> None:
    known = {role for each in FORMATS.values() for role in each.roles} if wanted == "auto" else FORMATS[wanted].roles
    for role in given:
        if role not in known:
            of = "" if wanted == "auto" else f" of the format {wanted}"
            raise OgiveError(f"There is no role {role!r}{of} for a column to play.", nearest(role, known))


def _no_column(column: str, role: str, record: Mapping[str, Any], place: Place) -> OgiveError:
    found = ", ".join(map(repr, record)) or "nothing"
    hint = nearest(column, map(str, record)) if record else ""
    offer = f"Try --map {role}={_likely(role, record)}." if record else ""
    return OgiveError(
        f"{place}: expected the column {column!r} ({role}), found {found}.",
        f"{hint} {offer}".strip() if hint.startswith("Did") else offer,
    )


def _likely(role: str, record: Mapping[str, Any]) -> str:
    """The column of `record` that most likely plays `role`."""
    for each in FORMATS.values():
        if role in each.roles:
            for name in each.roles[role].usual:
                if name in record:
                    return name
    fitting = [name for name, value in record.items() if isinstance(value, str | list)]
    return str((fitting or list(record))[0])


def _no_format(values: Mapping[str, list[Any]], given: Mapping[str, str], wanted: str, place: Place) -> OgiveError:
    found = ", ".join(f"{name!r} ({_type(held)})" for name, held in values.items()) or "no columns"
    if wanted != "auto":
        needed = [role for role, about in FORMATS[wanted].roles.items() if about.needed]
        expected = f"the columns of {wanted} ({', '.join(needed)})"
    elif given:
        expected = f"a format with the roles {', '.join(given)}"
    else:
        expected = "columns of a known format (text, messages, instruction and output, prompt and completion, ...)"
    texts = [name for name, held in values.items() if held and _is_words(held[0])]
    offers = [f"--map text={texts[0]}", f"--map prompt={texts[0]} --map completion={texts[-1]}"] if texts else []
    hint = f"Say which column is what, such as {' or '.join(offers[: len(texts)])}." if offers else ""
    return OgiveError(f"{place}: expected {expected}, found {found}.", hint)


def _type(held: list[Any]) -> str:
    if not held:
        return "nothing"
    return "text" if isinstance(held[0], str) else type(held[0]).__name__
