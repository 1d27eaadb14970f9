"""A workspace: the folder that holds a person's settings, runs, data and journal."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def _shipped() -> Path:
    """The settings that come with the program: inside the package when installed, beside it in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "shipped" / "configs"
    return inside if inside.is_dir() else here.parent / "configs"


SHIPPED = _shipped()


@dataclass(frozen=True)
class Workspace:
    """Paths under one root; nothing is created until something is written."""

    root: Path

    @classmethod
    def find(cls, given: str | os.PathLike[str] | None = None) -> Workspace:
        """The workspace named by `given`, else by OGIVE_WORKSPACE, else the current folder."""
        chosen = given or os.environ.get("OGIVE_WORKSPACE") or Path.cwd()
        return cls(Path(chosen).expanduser().resolve())

    @property
    def configs(self) -> Path:
        return self.root / "configs"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def data(self) -> Path:
        return self.root / "data"
