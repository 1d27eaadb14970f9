"""A workspace: the folder that holds a person's settings, runs, data and journal."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).resolve().parent.parent / "configs"


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
