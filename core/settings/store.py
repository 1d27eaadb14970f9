"""Saving settings in versions and comparing them. Saving never overwrites: an edited copy becomes a child."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from core.errors import OgiveError
from core.files import os_failure, write_atomic
from core.settings import text
from core.settings.forms import comments
from core.settings.load import load_subject
from core.settings.names import META, NAMED, SUBJECTS, Stored, check_subject, find, list_settings
from core.workspace import Workspace

__all__ = ["SUBJECTS", "Difference", "Stored", "compare", "find", "flatten", "list_settings", "plain", "save_version"]


def plain(settings: BaseModel) -> dict[str, Any]:
    """Settings as plain values, without name, version and the like."""
    tree = settings.model_dump(mode="json")
    if isinstance(settings, NAMED):
        return {key: value for key, value in tree.items() if key not in (*META, "name")}
    return tree


@dataclass(frozen=True)
class Difference:
    """A path that two settings hold different values at; None also stands for a path that only one has."""

    path: str
    a: Any
    b: Any


def compare(a: BaseModel, b: BaseModel) -> list[Difference]:
    """Where two settings of the same subject differ, in the order of the schema."""
    left, right = flatten(plain(a)), flatten(plain(b))
    return [
        Difference(path, left.get(path), right.get(path))
        for path in dict.fromkeys([*left, *right])
        if left.get(path) != right.get(path)
    ]


def flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings, and lists that hold mappings, as `{"a.b.0.c": value}`."""
    if isinstance(tree, dict) and tree:
        items = list(tree.items())
    elif isinstance(tree, list) and any(isinstance(item, dict | list) for item in tree):
        items = list(enumerate(tree))
    else:
        return {prefix: tree}
    found: dict[str, Any] = {}
    for key, value in items:
        found |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return found


def save_version(
    settings: BaseModel,
    workspace: Workspace,
    *,
    subject: str = "training",
    name: str | None = None,
    parent: str | None = None,
    description: str | None = None,
) -> Path:
    """Save as a new version in the workspace and return its file; settings equal to the newest are not saved again.

    A recipe knows its own name and version, and becomes the child of that version; for other subjects give `name`, and
    `parent` as `name@version`.
    """
    check_subject(subject)
    called = name or getattr(settings, "name", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", called):
        raise OgiveError(f"{called!r} cannot be a name.", "Use letters, digits, dots and dashes.")
    earlier = [item for item in list_settings(workspace, subject) if item.name == called]
    if isinstance(settings, NAMED):
        described = settings.description if description is None else description
        came_from = f"{settings.name}@{settings.version}" if settings.name == called and earlier else settings.parent
    else:
        described, came_from = description or "", earlier[-1].reference if earlier else None
    if earlier and _same(settings, earlier[-1], subject, workspace):
        return earlier[-1].path
    version = earlier[-1].version + 1 if earlier else 1
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    head = {"description": described, "version": version, "parent": parent or came_from, "created_at": stamp}
    if isinstance(settings, NAMED):
        head = {"name": called} | head
    body = text.write(head | plain(settings), comments(settings))
    path = workspace.configs / subject / (f"{called}.yaml" if version == 1 else f"{called}@{version}.yaml")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise os_failure("write", path.parent, error) from error
    write_atomic(path, body + "\n")
    return path


def _same(settings: BaseModel, stored: Stored, subject: str, workspace: Workspace) -> bool:
    try:
        return plain(load_subject(subject, stored.path, workspace)) == plain(settings)
    except OgiveError:
        return False
