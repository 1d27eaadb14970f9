"""What a run tells: each record goes to the run folder, to the chosen loggers and to whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.runs.loggers import Logger
from core.runs.silent import SilentWriter
from core.runs.writer import RunWriter

Listener = Callable[[str, dict[str, Any]], None]
"""Called with `metrics`, `sample` or `event` and the record, on the training thread."""


class Records:
    """One mouth for the run folder, the loggers and a listener (the command line's progress lines)."""

    def __init__(self, writer: RunWriter | SilentWriter, listen: Listener | None = None) -> None:
        self.writer = writer
        self.loggers: list[Logger] = []
        self._listen = listen

    def metrics(self, record: dict[str, Any]) -> None:
        """A step or an evaluation."""
        self.writer.metrics(record)
        for logger in self.loggers:
            logger.log(record["step"], record)
        self._tell("metrics", record)

    def sample(self, record: dict[str, Any]) -> None:
        """Text the model wrote."""
        self.writer.sample(record)
        for logger in self.loggers:
            logger.text(record["step"], "sample", f"{record['prompt']}{record['text']}")
        self._tell("sample", record)

    def event(self, kind: str, **fields: Any) -> None:
        """Something that happened once."""
        self.writer.event(kind, **fields)
        self._tell("event", {"kind": kind, **fields})

    def alert(self, cause: str, message: str, advice: str = "", **fields: Any) -> None:
        """Something a person should know: an event of kind `alert`."""
        self.event("alert", cause=cause, message=message, advice=advice, **fields)

    def update(self, **fields: Any) -> None:
        """Change run.json."""
        self.writer.update(**fields)
        if "status" in fields:
            self._tell("status", {"status": fields["status"]})

    def close(self) -> None:
        """Let the loggers write what they hold."""
        for logger in self.loggers:
            logger.close()

    def _tell(self, kind: str, record: dict[str, Any]) -> None:
        if self._listen is not None:
            self._listen(kind, record)
