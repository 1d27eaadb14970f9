"""From records to rows: the mapping is found in the first records, and every later one is held to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from core.data.formats import FORMATS, SAMPLE, Columns, check_format, detect, parse
from core.data.messages import is_turns
from core.data.transcripts import is_transcript
from core.data.typed import Row
from core.data.where import Place
from core.errors import OgiveError

_LEARNED = ("text", "conversation", "prompt-completion")


def parse_map(text: str) -> dict[str, str]:
    """`prompt=question,chosen=good` as a mapping of roles to columns."""
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        role, mark, column = (piece.strip() for piece in part.partition("="))
        if not (role and mark and column):
            raise OgiveError(f"{part!r} is no mapping of a column.", "Write ROLE=COLUMN, such as prompt=question.")
        given[role] = column
    return given


class ColumnReader:
    """`column` is the one column that is read, as text or turns (empty: found out); `format` one of FORMATS or auto;
    `map` says which column plays a role, as `prompt=question,chosen=good`."""

    def __init__(self, column: str = "", format: str = "auto", map: str = "") -> None:
        self.column, self.format, self.given = column, check_format(format), parse_map(map)

    @property
    def options(self) -> list[Any]:
        """All that decides how a record is read, for a fingerprint."""
        return [self.column, self.format, sorted(self.given.items())]

    @property
    def free(self) -> bool:
        """Whether nothing was said about the columns."""
        return not (self.column or self.given) and self.format == "auto"

    def columns(self, records: Sequence[Mapping[str, Any]], place: Place) -> Columns:
        """The mapping for a file or data set that begins with `records`, as its first one decides; `place` names that.

        Later records may add columns of parts that the first has not; one that contradicts it is found when it is read.
        """
        if not records:
            return Columns("text", {"text": self.column or "text"})
        given, format = dict(self.given), self.format
        if self.column:
            format, role = self._of_column(records[0])
            given.setdefault(role, self.column)
        return _wider(detect(records[:1], place, given, format), records, place)

    def rows(self, records: Iterable[tuple[Place, Mapping[str, Any]]], known: Columns | None = None) -> Iterator[Row]:
        """Every record as a row, by the mapping that is `known` or the first ones decide. OgiveError names the first
        that does not fit it, and offers another."""
        stream = iter(records)
        first = [] if known else list(islice(stream, SAMPLE))
        if not first and not known:
            return
        columns = known or self.columns([record for _, record in first], first[0][0])
        needed = [column for role, column in columns.columns.items() if FORMATS[columns.format].roles[role].needed]
        late = _late(columns)
        for place, record in chain(first, stream):
            if all(column in record for column in needed):
                fitting = columns
                if late and not late.isdisjoint(record):
                    fitting = _wider(columns, [record], place)
                yield parse(record, fitting, place)
            else:
                yield parse(record, self._other(record, columns), place)

    def _of_column(self, record: Mapping[str, Any]) -> tuple[str, str]:
        """The format and the role of the one column that was named."""
        if self.format != "auto":
            roles = FORMATS[self.format].roles
            return self.format, next(role for role, about in roles.items() if about.needed)
        value = record.get(self.column)
        if is_turns(value):
            return "messages", "messages"
        return ("transcript", "transcript") if is_transcript(value) else ("text", "text")

    def _other(self, record: Mapping[str, Any], columns: Columns) -> Columns:
        """The mapping for one record that lacks the columns: texts and talk may stand in one file."""
        if self.free and columns.kind in _LEARNED:
            try:
                other = detect([record], Place(""))
            except OgiveError:
                return columns
            mixed = {other.format, columns.format} & {"text", "messages", "transcript"}
            known = FORMATS[other.format].roles
            usual = all(column in known[role].usual for role, column in other.columns.items())
            if other.kind in _LEARNED and other.format != columns.format and mixed and usual:
                return other
        return columns


def _late(columns: Columns) -> set[str]:
    """Usual names of the parts that no record has had so far but a later one may have."""
    roles = FORMATS[columns.format].roles
    spare = {name for role, about in roles.items() if role not in columns.columns for name in about.usual}
    return spare - set(columns.columns.values())


def _wider(columns: Columns, records: Sequence[Mapping[str, Any]], place: Place) -> Columns:
    """The same mapping, with the parts that may be left out and that `records` have."""
    try:
        return detect(records, place, columns.columns, columns.format)
    except OgiveError:
        return columns
