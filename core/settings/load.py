"""From a file, a name and `--set a.b=c` to checked settings; complaints name the place and the nearest valid key."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import BaseModel

from core.errors import OgiveError
from core.settings import names, text
from core.settings.model import ModelSettings
from core.settings.overrides import apply, merge, parse_overrides
from core.settings.problems import validate
from core.settings.run import STAGES, RunSettings
from core.settings.schema import slot_of
from core.settings.steering import SteeringSettings
from core.settings.text import Document
from core.workspace import Workspace

__all__ = ["change", "load_run", "load_subject", "parse_overrides", "validate"]

Changed = TypeVar("Changed", RunSettings, SteeringSettings, ModelSettings)
PARTS = ("model", "tokenizer", "data", "sampling", "training")


def load_run(path_or_name: str | os.PathLike[str], workspace: Workspace, overrides: Sequence[str] = ()) -> RunSettings:
    """The recipe in a file or under a name of `configs/training/`, with `overrides` such as `training.lr=1e-3`.

    A subject inside it may be a name (`model: tiny`), or a mapping `{from: tiny, layers: 8}` that changes a named one.
    """
    settings = load_subject("training", path_or_name, workspace, overrides)
    assert isinstance(settings, RunSettings)
    return settings


def load_subject(
    subject: str, path_or_name: str | os.PathLike[str], workspace: Workspace, overrides: Sequence[str] = ()
) -> BaseModel:
    """As `load_run`, for the settings of any subject."""
    cls = names.SUBJECTS[names.check_subject(subject)]
    stored = names.find(workspace, subject, path_or_name)
    document = _read(subject, stored, workspace, ())
    if cls is RunSettings:
        _name_objective(document)
    for override in parse_overrides(overrides):
        apply(document, slot_of(cls), override)
        path, value, _ = override
        if subject == "training" and len(path) == 1 and path[0] in PARTS and isinstance(value, str | dict):
            _expand_part(document, str(path[0]), workspace, FilePath())
    if cls in names.NAMED:
        document.value.setdefault("name", stored.name)
        document.value["version"] = document.value.get("version") or stored.version
    else:
        _drop_meta(document)
    return validate(cls, document.value, stored.path.name, document)


def _name_objective(document: Document) -> None:
    """Write the objective of the recipe's stage where it names none, so that overrides can reach its options."""
    stage, training = document.value.get("stage"), document.value.setdefault("training", {})
    if stage in STAGES and isinstance(training, dict):
        training.setdefault("objective", STAGES[stage][0])


def change(settings: Changed, overrides: Sequence[str]) -> Changed:
    """Settings with overrides such as `training.steps=2000` applied and checked."""
    cls = type(settings)
    document = Document(settings.model_dump(mode="json"))
    for override in parse_overrides(overrides):
        apply(document, slot_of(cls), override)
    return validate(cls, document.value, getattr(settings, "name", "the settings"), document)


def _drop_meta(document: Document) -> None:
    for key in names.META:
        document.value.pop(key, None)


def _read(subject: str, stored: names.Stored, workspace: Workspace, seen: tuple[FilePath, ...]) -> Document:
    """A settings file with every `from:` and every named part replaced by what it names."""
    path = stored.path.resolve()
    if path in seen:
        raise OgiveError(f"{stored.path} is made `from` itself.", "Take out one of the `from:` lines.")
    document = text.read(stored.path)
    document = _expand(subject, document, workspace, stored.path, (*seen, path))
    if not isinstance(document.value, dict):
        raise OgiveError(f"{stored.path} holds no settings.", "It should be `key: value` lines.")
    return document


def _expand(
    subject: str, document: Document, workspace: Workspace, file: FilePath, seen: tuple[FilePath, ...]
) -> Document:
    """Resolve `from:` at the top of `document`, then the parts of a recipe."""
    if document.value is None:
        document.value = {}
    if subject == "tokenizer" and isinstance(document.value, str):
        document.value = {"name": document.value}
    if not isinstance(document.value, dict):
        return document
    origin = document.value.pop("from", None)
    if origin is not None:
        parent = _read(subject, _find(subject, origin, workspace, file, document.where(("from",))), workspace, seen)
        for key in (*names.META, "name") if names.SUBJECTS[subject] in names.NAMED else names.META:
            parent.value.pop(key, None)
        document = merge(parent, document, slot_of(names.SUBJECTS[subject]))
    if subject == "training":
        for part in PARTS:
            if part in document.value:
                _expand_part(document, part, workspace, file, seen)
    return document


def _expand_part(
    document: Document, part: str, workspace: Workspace, file: FilePath, seen: tuple[FilePath, ...] = ()
) -> None:
    """Replace a part given by name or `from:` by the settings it names, changes laid over them."""
    given = document.value[part]
    changes = Document({}, {})
    if isinstance(given, dict) and "from" in given:
        name, changes = given["from"], _cut(document, part)
        changes.value.pop("from")
    elif isinstance(given, str):
        if part == "tokenizer" and not _exists(part, given, workspace, file):
            return
        name = given
    else:
        return
    where = document.where((part, "from"))
    if part == "training":
        inner = _cut(_read("training", _find("training", name, workspace, file, where), workspace, seen), "training")
    else:
        inner = _read(part, _find(part, name, workspace, file, where), workspace, seen)
        _drop_meta(inner)
    merged = merge(inner, changes, slot_of(RunSettings.model_fields[part].annotation))
    document.value[part] = merged.value
    place = document.marks.get((part,), where)
    document.marks = {path: mark for path, mark in document.marks.items() if path[:1] != (part,)}
    document.marks |= {(part, *path): mark for path, mark in merged.marks.items()}
    document.marks[(part,)] = place


def _cut(document: Document, key: str) -> Document:
    """The part at `key` as a document of its own."""
    marks = {path[1:]: mark for path, mark in document.marks.items() if path[:1] == (key,)}
    return Document(copy.deepcopy(document.value.get(key)) or {}, marks)


def _find(subject: str, name: Any, workspace: Workspace, file: FilePath, where: str) -> names.Stored:
    if not isinstance(name, str):
        raise OgiveError(f"{where}: `from` must be a name, not {name!r}.")
    beside = file.parent / name
    try:
        return names.find(workspace, subject, beside if os.sep in name and beside.is_file() else name)
    except OgiveError as error:
        raise OgiveError(f"{where}: {error.message}" if where else error.message, error.hint) from error


def _exists(subject: str, name: str, workspace: Workspace, file: FilePath) -> bool:
    try:
        _find(subject, name, workspace, file, "")
    except OgiveError:
        return False
    return True
