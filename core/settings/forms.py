"""Settings described as data: what a form draws, what `ogive settings explain` prints, what a saved file comments."""

from __future__ import annotations

import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo as PydanticField

from core.bricks import Option, Table
from core.errors import OgiveError, nearest
from core.settings import schema
from core.settings.schema import Slot, slot_of

_KINDS = {int: "integer", float: "number", bool: "flag", str: "text", list: "list"}


@dataclass(frozen=True)
class Bounds:
    """Limits of a number; None where there is none. An open end is a limit that is not itself allowed."""

    minimum: float | None = None
    maximum: float | None = None
    open_minimum: bool = False
    open_maximum: bool = False

    def __str__(self) -> str:
        low = f"{'more than' if self.open_minimum else 'at least'} {self.minimum:g}" if self.minimum is not None else ""
        high = f"{'less than' if self.open_maximum else 'at most'} {self.maximum:g}" if self.maximum is not None else ""
        return ", ".join(filter(None, (low, high)))


@dataclass(frozen=True)
class FieldInfo:
    """One field. `kind`: integer, number, flag, text, choice, brick, list or bricks; `path` works with `--set`."""

    path: str
    label: str
    help: str
    unit: str
    kind: str
    default: Any
    value: Any
    bounds: Bounds = field(default_factory=Bounds)
    choices: tuple[str, ...] = ()
    choice_help: tuple[str, ...] = ()
    optional: bool = False
    stands_for: Any = None
    """What an empty value means here, where a chosen brick says so."""

    @property
    def section(self) -> str:
        return self.path.rpartition(".")[0]

    def as_json(self) -> dict[str, Any]:
        limits = {"minimum": self.bounds.minimum, "maximum": self.bounds.maximum}
        keys = ("path", "label", "help", "unit", "kind", "default", "value", "choices", "optional", "stands_for")
        return {key: getattr(self, key) for key in keys} | limits


def describe(settings: BaseModel | type[BaseModel], prefix: str = "") -> list[FieldInfo]:
    """Every field of a settings class or instance in order, with the chosen bricks' options."""
    cls = settings if isinstance(settings, type) else type(settings)
    values = None if isinstance(settings, type) else settings.model_dump()
    found: list[FieldInfo] = []
    root = slot_of(cls)
    if root.kind == "brick":
        _brick(root, prefix.rstrip("."), "", root.type.table.title, values, None, found)
        return found
    _section(root, prefix, values, found)
    return found


def _section(slot: Slot, prefix: str, values: dict[str, Any] | None, found: list[FieldInfo]) -> None:
    suiting = _suiting(slot, values)
    for key in schema.keys(slot):
        inner = schema.child(slot, key)
        assert inner is not None
        given = None if values is None else values.get(key)
        path = f"{prefix}{key}"
        if inner.kind == "section":
            _section(inner, f"{path}.", given, found)
            continue
        help = (inner.field.description or "") if inner.field else ""
        default = _plain(inner.default)
        current = default if values is None else given
        if inner.kind == "brick":
            _brick(inner, path, _label(key), help, current, default, found)
        elif inner.kind == "list" and slot_of(inner.type).kind == "brick":
            _bricks(inner, path, _label(key), help, current or [], default, found)
        else:
            found.append(_value(inner, path, key, help, default, current, suiting.get(key)))


def _suiting(slot: Slot, values: dict[str, Any] | None) -> dict[str, Any]:
    """What fields of this section mean when they are empty, by the bricks that are chosen beside them."""
    found: dict[str, Any] = {}
    for key in schema.keys(slot):
        inner = schema.child(slot, key)
        if inner is not None and inner.kind == "brick":
            name = _name(_plain(inner.default) if values is None else values.get(key))
            if name in inner.type.table:
                found |= inner.type.table[name].defaults
    return found


def _value(slot: Slot, path: str, key: str, help: str, default: Any, current: Any, stands_for: Any = None) -> FieldInfo:
    extra = slot.field.json_schema_extra if slot.field else None
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    kind = "list" if slot.kind == "list" else _kind(slot.type)
    bounds = _bounds(slot.field) if slot.field else Bounds()
    return FieldInfo(
        path,
        _label(key),
        help,
        unit,
        kind,
        default,
        current,
        bounds,
        schema.choices(slot),
        (),
        slot.optional,
        stands_for,
    )


def _brick(slot: Slot, path: str, label: str, help: str, current: Any, default: Any, found: list[FieldInfo]) -> None:
    table: Table = slot.type.table
    name = _name(current)
    helps = tuple(table[choice].help for choice in table)
    found.append(FieldInfo(path, label or path, help, "", "brick", _name(default), name, Bounds(), tuple(table), helps))
    if name in table:
        for key, option in table[name].options.items():
            given = current.get(key, option.default) if isinstance(current, dict) else option.default
            found.append(_option(f"{path}.{key}" if path else key, key, option, given))


def _bricks(slot: Slot, path: str, label: str, help: str, current: Any, default: Any, found: list[FieldInfo]) -> None:
    item = slot_of(slot.type)
    table: Table = item.type.table
    names = [_name(one) for one in current]
    helps = tuple(table[choice].help for choice in table)
    fallback = [_name(one) for one in default or []]
    found.append(FieldInfo(path, label, help, "", "bricks", fallback, names, Bounds(), tuple(table), helps))
    for index, one in enumerate(current):
        _brick(item, f"{path}.{index}", f"{label} {index + 1}", help, one, None, found)


def _option(path: str, key: str, option: Option, value: Any) -> FieldInfo:
    kind = "choice" if option.choices else _kind(option.value_type)
    bounds = Bounds(option.minimum, option.maximum)
    optional = option.default is None
    return FieldInfo(
        path, _label(key), option.help, option.unit, kind, option.default, value, bounds, option.choices, (), optional
    )


def _name(choice: Any) -> str:
    return choice.get("name", "") if isinstance(choice, dict) else str(choice or "")


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, BaseModel) else value


def _label(key: str) -> str:
    return str(key).replace("_", " ")


def _kind(kind: Any) -> str:
    return "choice" if typing.get_origin(kind) is Literal else _KINDS.get(kind, "text")


def _bounds(info: PydanticField) -> Bounds:
    found: dict[str, Any] = {}
    for limit in info.metadata:
        for key, name, is_open in (
            ("ge", "minimum", False),
            ("gt", "minimum", True),
            ("le", "maximum", False),
            ("lt", "maximum", True),
        ):
            value = getattr(limit, key, None)
            if value is not None:
                found |= {name: float(value), f"open_{name}": is_open}
    return Bounds(**found)


def comments(settings: BaseModel | type[BaseModel]) -> dict[str, str]:
    """Path -> the help that a saved file carries behind the setting."""
    skip = ("name", "version", "parent", "created_at", "description", "stage")
    return {info.path: info.help for info in describe(settings) if info.path not in skip and info.kind != "bricks"}


def explain(path: str, settings: BaseModel | type[BaseModel]) -> list[FieldInfo]:
    """The field at `path`, or all fields below it; also options of bricks that are not the chosen ones."""
    fields = describe(settings)
    wanted = path.strip(".")
    fitting = [info for info in fields if info.path == wanted or info.path.startswith(f"{wanted}.")]
    if fitting or not wanted:
        return fitting or fields
    for info in fields:
        key = wanted.removeprefix(f"{info.path}.")
        if key != wanted and info.kind in ("brick", "bricks"):
            return _options_named(info, key.rpartition(".")[2], settings)
    ends = [info.path for info in fields if info.path.endswith(f".{wanted}")]
    if ends:
        return [info for info in fields if info.path in ends]
    sections = {info.section for info in fields} - {""}
    raise OgiveError(f"There is no setting {path!r}.", nearest(path, {info.path for info in fields} | sections))


def _options_named(info: FieldInfo, key: str, settings: BaseModel | type[BaseModel]) -> list[FieldInfo]:
    cls = settings if isinstance(settings, type) else type(settings)
    slot = slot_of(cls)
    for part in info.path.split("."):
        inner = schema.child(slot, int(part) if part.isdecimal() else part) if slot.kind != "brick" else None
        slot = inner or slot
    if slot.kind == "list":
        slot = slot_of(slot.type)
    table: Table = slot.type.table
    found = [
        _option(f"{info.path}.{key}", f"{key} ({name})", table[name].options[key], table[name].options[key].default)
        for name in table
        if key in table[name].options
    ]
    if not found:
        known = {option for name in table for option in table[name].options}
        raise OgiveError(f"No {table.title} has an option {key!r}.", nearest(key, known))
    return found
