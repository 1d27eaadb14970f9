"""Settings checked against their schema: what pydantic says, told in a plain sentence that names the place."""

from __future__ import annotations

import difflib
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import OgiveError, nearest
from core.settings import schema
from core.settings.schema import Slot, slot_of
from core.settings.text import Document, Path

Model = TypeVar("Model", bound=BaseModel)


def validate(cls: type[Model], data: Any, where: str = "", document: Document | None = None) -> Model:
    """`data` as `cls`; the first thing wrong becomes an OgiveError that says where, what and the nearest valid key."""
    try:
        return cls.model_validate(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise _complaint(cls, problems[0], len(problems) - 1, data, where, document) from error


def _complaint(
    cls: type[BaseModel], problem: Any, others: int, data: Any, where: str, document: Document | None
) -> OgiveError:
    path: Path = tuple(problem["loc"])
    message, hint = explain_problem(problem, cls)
    if document is not None:
        for key in _option_in(path, message, document):
            path = (*path, key)
        where = document.where(path) or where
        said = [mark for place, mark in document.marks.items() if place[: len(path)] == path and "--set " in mark]
        if said and "--set " not in where:
            where += f" with {said[-1]}"
    dotted = ".".join(map(str, problem["loc"]))
    told = f"{dotted}: {message}" if problem["type"] == "value_error" and dotted else f"{dotted} {message}".strip()
    more = f" ({others} more after this one.)" if others else ""
    place = f"{where}: " if where else ""
    return OgiveError(f"{place}{told}{'' if told.endswith(('.', '?')) else '.'}", hint + more)


def _option_in(path: Path, message: str, document: Document) -> list[str]:
    """The option a brick's complaint is about, so that its own line is named."""
    inside = {str(mark[-1]) for mark in document.marks if mark and mark[:-1] == path}
    return [key for key in inside if message.startswith(f"{key} ") or f"option {key!r}" in message][:1]


_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "model": "a mapping of settings",
    "dict": "a mapping of settings",
}


def explain_problem(problem: Any, cls: type[BaseModel] | None = None) -> tuple[str, str]:
    """A pydantic error as (what is wrong, hint) in plain words."""
    kind, given, context = problem["type"], problem.get("input"), problem.get("ctx", {})
    if kind == "extra_forbidden":
        slot = _slot_at(cls, problem["loc"][:-1]) if cls else None
        return "is not a setting", nearest_key(str(problem["loc"][-1]), slot, cls) if slot else ""
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"must be {words} {context[key]:g}, not {given!r}", ""
    if kind == "literal_error":
        words = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return f"must be one of {', '.join(words)}, not {given!r}", nearest(str(given), words)
    if kind == "value_error":
        return str(context.get("error", problem["msg"])), ""
    if kind == "missing":
        return "is missing", ""
    if kind == "string_pattern_mismatch":
        return f"may hold only letters, digits, dots, underscores and dashes, not {given!r}", ""
    if kind == "too_short":
        return "must have at least one entry", ""
    if kind == "finite_number":
        return f"must be a finite number, not {given!r}", ""
    word = _TYPES.get(kind.partition("_")[0])
    if word:
        return f"must be {word}, not {given!r}", ""
    return f"is wrong: {problem['msg']}", ""


def nearest_key(key: str, slot: Slot, root: type[BaseModel] | None = None, brick: str | None = None) -> str:
    """A hint for the unknown `key` in `slot`: a key like it there, else the same key elsewhere, else all there are."""
    known = schema.keys(slot, brick)
    ends = [leaf for leaf in schema.leaves(slot_of(root)) if leaf.endswith(f".{key}")] if root else []
    if ends and not difflib.get_close_matches(key, known, n=1, cutoff=0.6):
        return f"Did you mean {ends[0]!r}?"
    return nearest(key, known) if known else ""


def _slot_at(cls: type[BaseModel], path: Path) -> Slot | None:
    slot: Slot | None = slot_of(cls)
    for key in path:
        slot = schema.child(slot, key) if slot is not None else None
    return slot
