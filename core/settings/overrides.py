"""Changes laid over settings: `--set a.b=c` along a dot path, and one mapping merged over another."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from core.errors import OgiveError, nearest
from core.settings import schema, text
from core.settings.schema import Slot
from core.settings.text import Document, Path

Override = tuple[Path, Any, str]


def merge(base: Document, changes: Document, slot: Slot) -> Document:
    """`changes` laid over `base`; sections merge key by key, a brick of another name replaces the old one whole."""
    value = _merge(base.value, changes.value, slot)
    return Document(value, {**base.marks, **changes.marks})


def _merge(base: Any, change: Any, slot: Slot | None) -> Any:
    if slot is not None and slot.kind == "brick":
        old = {"name": base} if isinstance(base, str) else base
        new = {"name": change} if isinstance(change, str) else change
        if isinstance(old, dict) and isinstance(new, dict):
            same = new.get("name", old.get("name")) == old.get("name")
            return {**old, **new} if same else new
        return change
    if slot is not None and slot.kind == "section" and isinstance(base, dict) and isinstance(change, dict):
        merged = dict(base)
        for key, value in change.items():
            merged[key] = _merge(base[key], value, schema.child(slot, key)) if key in base else value
        return merged
    return change


def parse_overrides(given: Sequence[str]) -> list[Override]:
    """`a.b=c` as (path, value, the text itself); values are YAML, parts of a path that are numbers index lists."""
    found: list[Override] = []
    for item in given:
        path, equals, value = item.partition("=")
        keys = [key.strip() for key in path.strip().removeprefix("--").split(".")]
        if not equals or not all(keys):
            raise OgiveError(f"--set {item}: this is not of the form a.b=c.", "For example: --set training.steps=100")
        found.append((tuple(int(key) if key.isdecimal() else key for key in keys), text.parse_value(value), item))
    return found


def apply(document: Document, root: Slot, override: Override) -> None:
    """Set one path of `document`, filling in defaults on the way; an unknown path is an OgiveError."""
    path, value, said = override
    slot, holder = root, document.value
    for depth, key in enumerate(path):
        if slot.kind == "brick":
            holder = _as_brick(document, path[:depth], holder)
        inner = schema.child(slot, key, holder.get("name") if isinstance(holder, dict) else None)
        if inner is None or (slot.kind == "list" and isinstance(key, int) and key > len(holder)):
            raise _unknown(path, depth, slot, holder, root, said)
        if depth == len(path) - 1:
            _put(document, path, holder, key, value, inner, slot, said)
            return
        if isinstance(holder, list):
            if key == len(holder):
                raise _unknown(path, depth, slot, holder, root, said)
        elif holder.get(key) is None:
            holder[key] = copy.deepcopy(inner.default)
        slot, holder = inner, holder[key]


def _as_brick(document: Document, path: Path, holder: Any) -> Any:
    """A brick given as a bare word, opened into a mapping where it stands."""
    if isinstance(holder, BaseModel):
        holder = holder.model_dump()
    if not isinstance(holder, str):
        return holder
    opened = {"name": holder}
    if not path:
        document.value = opened
        return opened
    above = document.value
    for key in path[:-1]:
        above = above[key]
    above[path[-1]] = opened
    return opened


def _put(
    document: Document,
    path: Path,
    holder: Any,
    key: str | int,
    value: Any,
    inner: Slot,
    slot: Slot,
    said: str,
) -> None:
    if slot.kind == "brick" and key == "name" and holder.get("name") != value:
        holder.clear()
    if isinstance(holder, list) and key == len(holder):
        holder.append(value)
    elif inner.kind in ("brick", "section") and (isinstance(holder, list) or key in holder):
        whole = inner.kind == "section" and (not isinstance(value, dict) or "from" in value)
        holder[key] = value if whole else _merge(holder[key], value, inner)
    else:
        holder[key] = value
    for old in [mark for mark in document.marks if mark[: len(path)] == path]:
        del document.marks[old]
    document.marks[path] = f"--set {said}"


def _unknown(path: Path, depth: int, slot: Slot, holder: Any, root: Slot, said: str) -> OgiveError:
    above = ".".join(map(str, path[:depth]))
    key = path[depth]
    if slot.kind == "list":
        return OgiveError(f"--set {said}: {above} has {len(holder)} entries, counted from 0.", "")
    if slot.kind in ("value", "option"):
        return OgiveError(f"--set {said}: {above} is a single value.", "")
    brick = holder.get("name") if isinstance(holder, dict) else None
    known = schema.keys(slot, brick)
    close = difflib.get_close_matches(str(key), known, n=1, cutoff=0.6)
    if close:
        hint = f"Did you mean {'.'.join(map(str, (*path[:depth], close[0], *path[depth + 1 :])))!r}?"
    else:
        ends = [leaf for leaf in schema.leaves(root) if leaf.endswith(f".{path[-1]}")]
        hint = f"Did you mean {ends[0]!r}?" if ends else nearest(str(key), known)
    owner = f"{above} has no" if above else "there is no"
    return OgiveError(f"--set {said}: {owner} setting {key!r}.", hint)
