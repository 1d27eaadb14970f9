"""What lies at a dot path of a settings schema: a section, a brick, a list or a single value."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Union

from pydantic.fields import FieldInfo

from core.bricks import Option
from core.settings.base import BrickChoice, Settings


@dataclass(frozen=True)
class Slot:
    """One place: `kind` is section, brick, list, value or option; `type` its Python type; `optional` allows null."""

    kind: str
    type: Any
    optional: bool = False
    field: FieldInfo | None = None
    option: Option | None = None

    @property
    def default(self) -> Any:
        """What stands here when nothing is written; {} for a section, which then has its own defaults."""
        if self.option is not None:
            return self.option.default
        if self.field is None or self.kind == "section":
            return {}
        return self.field.get_default(call_default_factory=True)


def slot_of(annotation: Any, field: FieldInfo | None = None) -> Slot:
    """The slot for a type annotation such as `int | None`, `list[SourceSettings]` or `ModelSettings`."""
    optional = False
    if typing.get_origin(annotation) in (Union, types.UnionType):
        parts = typing.get_args(annotation)
        optional = type(None) in parts
        annotation = next(part for part in parts if part is not type(None))
    if isinstance(annotation, type) and issubclass(annotation, BrickChoice):
        return Slot("brick", annotation, optional, field)
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return Slot("section", annotation, optional, field)
    if typing.get_origin(annotation) is list:
        return Slot("list", typing.get_args(annotation)[0], optional, field)
    return Slot("value", annotation, optional, field)


def child(slot: Slot, key: str | int, brick: str | None = None) -> Slot | None:
    """What lies at `key` inside `slot` (of a brick choice: of the brick named `brick`); None when there is nothing."""
    if slot.kind == "section":
        field = slot.type.model_fields.get(key)
        return None if field is None else slot_of(field.annotation, field)
    if slot.kind == "list":
        return slot_of(slot.type) if isinstance(key, int) else None
    if slot.kind == "brick":
        if key == "name":
            return Slot("value", str)
        if brick is not None and brick in slot.type.table and key in slot.type.table[brick].options:
            option = slot.type.table[brick].options[str(key)]
            return Slot("option", option.value_type, option.default is None, option=option)
    return None


def keys(slot: Slot, brick: str | None = None) -> list[str]:
    """The keys that may stand inside `slot`."""
    if slot.kind == "section":
        return list(slot.type.model_fields)
    if slot.kind == "brick":
        return ["name", *(slot.type.table[brick].options if brick in slot.type.table else ())]
    return []


def choices(slot: Slot) -> tuple[str, ...]:
    """The words a slot may hold, when they are few: a Literal's, a brick table's or an option's."""
    if slot.kind == "brick":
        return tuple(slot.type.table)
    if slot.option is not None:
        return slot.option.choices
    return tuple(map(str, typing.get_args(slot.type))) if typing.get_origin(slot.type) is Literal else ()


def leaves(slot: Slot, prefix: str = "") -> Iterator[str]:
    """Every dot path that holds a value or a brick, sections walked through."""
    for key in keys(slot):
        inner = child(slot, key)
        if inner is not None:
            path = f"{prefix}{key}"
            if inner.kind == "section":
                yield from leaves(inner, f"{path}.")
            else:
                yield path
