"""The place in a file or data set that something was read from, and the complaint that names it."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import OgiveError


@dataclass(frozen=True, slots=True)
class Place:
    """Row `number` (from 1; 0: the file as a whole) of `source`. `unit` is line or row, `short` its name in origins."""

    source: str
    number: int = 0
    unit: str = "row"
    short: str = ""

    def __str__(self) -> str:
        return f"{self.source}, {self.unit} {self.number}" if self.number else self.source

    @property
    def origin(self) -> str:
        return f"{self.short or self.source}:{self.number}"

    def wrong(self, expected: str, found: str, hint: str = "") -> OgiveError:
        """The error that says what was expected here and what was found."""
        return OgiveError(f"{self}: expected {expected}, found {found}.", hint)
