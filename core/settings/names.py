"""Settings files by subject and name: the shipped ones and the workspace's own, in versions that have parents.

`configs/<subject>/<name>.yaml` is a first version, `<name>@<n>.yaml` a later one; a name alone means the newest.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import OgiveError, nearest
from core.settings import text
from core.settings.base import BrickChoice, Settings
from core.settings.data import DataSettings
from core.settings.model import ModelSettings
from core.settings.pipeline import PipelineSettings
from core.settings.run import RunSettings
from core.settings.sampling import SamplingSettings
from core.settings.steering import SteeringSettings
from core.settings.tokenizer import TokenizerSettings
from core.workspace import SHIPPED, Workspace

SUBJECTS: dict[str, type[Settings] | type[BrickChoice]] = {
    "training": RunSettings,
    "model": ModelSettings,
    "tokenizer": TokenizerSettings,
    "data": DataSettings,
    "sampling": SamplingSettings,
    "steering": SteeringSettings,
    "pipeline": PipelineSettings,
}
NAMED = (RunSettings, SteeringSettings)
"""Settings that carry their own name, version and parent; the file of any other subject has these beside them."""
META = ("version", "parent", "created_at", "description")


@dataclass(frozen=True)
class Stored:
    """One settings file: what it is called, which version, what it was made from."""

    subject: str
    name: str
    version: int
    path: Path
    shipped: bool
    parent: str | None = None
    created_at: str | None = None
    description: str = ""

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"path": str(self.path)}


def check_subject(subject: str) -> str:
    """`subject` itself, or an OgiveError that names the nearest."""
    if subject not in SUBJECTS:
        raise OgiveError(f"There is no subject {subject!r}.", nearest(subject, SUBJECTS))
    return subject


def _scan(workspace: Workspace, subject: str) -> list[Stored]:
    """The files of a subject by name and version, unread; the workspace's hide shipped ones of the same version."""
    found: dict[tuple[str, int], Stored] = {}
    for root in (workspace.configs, SHIPPED):
        for path in (root / check_subject(subject)).glob("*.yaml"):
            stored = _named(subject, path)
            found.setdefault((stored.name, stored.version), stored)
    return [found[key] for key in sorted(found)]


def _named(subject: str, path: Path) -> Stored:
    name, _, number = path.stem.partition("@")
    shipped = SHIPPED.resolve() in path.resolve().parents
    return Stored(subject, name, int(number) if number.isdecimal() else 1, path, shipped)


def list_settings(workspace: Workspace, subject: str | None = None) -> list[Stored]:
    """Every settings file of a subject (or of all), by name and version, with parent and description."""
    subjects = [check_subject(subject)] if subject else list(SUBJECTS)
    return [_described(stored) for one in subjects for stored in _scan(workspace, one)]


def _described(stored: Stored) -> Stored:
    try:
        head = text.read(stored.path).value
    except OgiveError as error:
        return replace(stored, description=f"damaged: {error.message}")
    head = head if isinstance(head, dict) else {}
    return replace(
        stored,
        parent=head.get("parent"),
        created_at=head.get("created_at"),
        description=str(head.get("description") or ""),
    )


def find(workspace: Workspace, subject: str, name: str | os.PathLike[str]) -> Stored:
    """The file for `name`, `name@version` or a path; OgiveError names the nearest when there is none."""
    given = os.fspath(name)
    if os.sep in given or given.endswith((".yaml", ".yml")):
        path = Path(given).expanduser()
        if not path.is_file():
            known = [stored.name for stored in _scan(workspace, subject)]
            hint = nearest(path.stem, known) if known else ""
            raise OgiveError(f"There is no settings file {given}.", hint)
        return _described(_named(subject, path))
    stored = _scan(workspace, subject)
    stem, _, number = given.partition("@")
    fitting = [item for item in stored if item.name == stem and (not number or str(item.version) == number)]
    if fitting:
        return _described(fitting[-1])
    versions = [item.reference for item in stored if item.name == stem]
    names = versions or sorted({item.name for item in stored})
    hint = nearest(given, names) if names else f"`ogive settings list {subject}` shows what there is."
    raise OgiveError(f"There are no {subject} settings named {given!r}.", hint)
