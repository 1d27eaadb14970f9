"""A run folder as the processes that only help see it: they read where it stands and write nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from core.errors import OgiveError
from core.files import read_json
from core.runs.control import Request
from core.runs.info import HEADER


class SilentWriter:
    """Takes what a RunWriter takes and keeps the header in memory; the first process does the writing."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not (self.path / HEADER).is_file():
            raise OgiveError(f"{self.path} is not a run: it has no {HEADER}.", "`ogive runs list` shows the runs.")
        self.header: dict[str, Any] = read_json(self.path / HEADER)

    def metrics(self, record: dict[str, Any]) -> None:
        """Not written here, as all that follows."""

    def sample(self, record: dict[str, Any]) -> None: ...

    def event(self, kind: str, **fields: Any) -> None: ...

    def update(self, **fields: Any) -> None:
        self.header.update(fields)

    def heartbeat(self, **fields: Any) -> None:
        self.header.update(fields)

    def sync(self) -> None: ...

    def requests(self) -> list[Request]:
        """None: the first process hears them and tells."""
        return []

    def answer(self, request: Request, outcome: str, **fields: Any) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> SilentWriter:
        return self

    def __exit__(self, *failure: object) -> None: ...
