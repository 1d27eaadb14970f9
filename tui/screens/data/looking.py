"""What is about to be added, as jobs: a look at its beginning, then the snapshot. Runs off the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.workspace import Workspace
from tui.engine import JobContext
from tui.screens.data.work import Shown, shown
from tui.screens.working import progress

ROWS = 3


@dataclass(frozen=True)
class Look:
    """The beginning of a source as it is understood. `roles` are (role, column, needed) of its format; a role that no
    column plays has an empty one; there are none where there are no columns. `problem` says why no row could be read
    by these columns, which are named all the same so that others can be chosen."""

    format: str
    kind: str
    columns: tuple[str, ...]
    roles: tuple[tuple[str, str, bool], ...]
    rows: tuple[Shown, ...]
    others: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Other ways to read it: format, and (role, column) pairs."""
    files: int = 0
    size: int = 0
    problem: str = ""


def look_into(workspace: Workspace, source: dict[str, Any]) -> Callable[[JobContext], Look]:
    """Read the first rows of a source. OgiveError when it cannot be read, or not by these columns."""

    def work(context: JobContext) -> Look:
        from core.data.adding import preview
        from core.errors import OgiveError

        made = opened(workspace, source)
        files = getattr(made, "files", [])
        size = sum(path.stat().st_size for path in files)
        try:
            found = preview(made, ROWS)
        except OgiveError as error:
            columns = _columns(made)
            if not columns:
                raise
            given = dict(part.split("=", 1) for part in str(source.get("map") or "").split(",") if "=" in part)
            format = str(source.get("format") or "auto")
            roles = _roles(format, given) if format != "auto" else ()
            return Look(format, "", columns, roles, (), _others(made), len(files), size, error.message)
        mapping = found.mapping
        return Look(
            mapping.format if mapping is not None else "",
            found.kind,
            tuple(found.columns),
            _roles(mapping.format, mapping.columns) if mapping is not None else (),
            tuple(shown(row) for row in found.rows),
            tuple((each.format, tuple(each.columns.items())) for each in found.alternatives),
            len(files),
            size,
        )

    return work


def _columns(made: Any) -> tuple[str, ...]:
    """The columns of the first records; empty when not even those can be read."""
    from core.errors import OgiveError

    try:
        records = made.sample(8)
    except OgiveError:
        return ()
    return tuple(dict.fromkeys(str(name) for record in records for name in record))


def _others(made: Any) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    from core.data.formats import alternatives

    return tuple((each.format, tuple(each.columns.items())) for each in alternatives(made.sample(8)))


def _roles(format: str, columns: dict[str, str]) -> tuple[tuple[str, str, bool], ...]:
    from core.data.formats import FORMATS

    return tuple((role, columns.get(role, ""), about.needed) for role, about in FORMATS[format].roles.items())


def add(workspace: Workspace, source: dict[str, Any], name: str) -> Callable[[JobContext], tuple[str, bool]]:
    """Make the snapshot and the settings that name it; its reference, and whether it is new."""

    def work(context: JobContext) -> tuple[str, bool]:
        from core.data.adding import add
        from core.settings.store import save_version
        from tui.screens.data.work import settings_of

        told = str(source.get("path") or source.get("id") or "")
        made = opened(workspace, source)
        found = add(workspace, name, [made], cancel=context.cancel, progress=progress(context), description=told)
        settings = settings_of({"sources": [{"name": "snapshot", "snapshot": found.name}]})
        save_version(settings, workspace, subject="data", name=name, description=told)
        return found.reference, found.fresh

    return work


def opened(workspace: Workspace, source: dict[str, Any]) -> Any:
    """The source that these settings describe."""
    from core.data.sources import make
    from core.settings.data import SourceSettings
    from core.settings.load import validate

    return make(validate(SourceSettings, source, "source"), workspace)
