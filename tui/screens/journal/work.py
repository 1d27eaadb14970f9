"""What the journal screen has done: reading off the UI thread, and jobs that write files or need a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.workspace import Workspace
from tui.engine import JobContext
from tui.steering import Bench

if TYPE_CHECKING:
    from core.steering.catalog import Summary
    from core.steering.statistics import Statistics


@dataclass(frozen=True)
class Shelf:
    """The sessions of a workspace; `problem` is what kept them from being read."""

    sessions: tuple[Summary, ...]
    problem: str = ""


@dataclass(frozen=True)
class Account:
    """What one session adds up to; `budget` is its KL budget, 0 without one."""

    id: str
    statistics: Statistics | None
    budget: float = 0.0
    rule: str = ""
    problem: str = ""


def read_shelf(workspace: Workspace) -> Shelf:
    from core.errors import OgiveError
    from core.steering.catalog import sessions

    try:
        return Shelf(tuple(sessions(workspace)))
    except OgiveError as error:
        return Shelf((), str(error))


def read_account(session: Summary) -> Account:
    from core.errors import OgiveError
    from core.steering import journal
    from core.steering.statistics import statistics

    try:
        record = journal.read(Path(session.folder))
        found = statistics(record)
    except OgiveError as error:
        return Account(session.id, None, problem=str(error))
    update = (record.about.get("settings") or {}).get("update") or {}
    update = {"name": update} if isinstance(update, str) else update
    return Account(session.id, found, float(update.get("kl_budget") or 0.0), str(update.get("name") or ""))


def story_of(folder: Path) -> Callable[[JobContext], str]:
    """The story from the root to where the session stands."""

    def work(context: JobContext) -> str:
        from core.steering import journal
        from core.steering.story import story

        record = journal.read(folder)
        return story(record.about, record.tree, None)

    return work


def write_story(folder: Path, target: Path) -> Callable[[JobContext], str]:
    def work(context: JobContext) -> str:
        from core.files import write_atomic

        write_atomic(target, story_of(folder)(context))
        return f"the story is in {target}"

    return work


def write_preferences(folder: Path, target: Path) -> Callable[[JobContext], str]:
    """The picks of the path as a data set of prompt, chosen and rejected."""

    def work(context: JobContext) -> str:
        from core.errors import OgiveError
        from core.steering import journal
        from core.steering.preferences import pairs, write_pairs

        record = journal.read(folder)
        found = pairs(record.about, record.tree, None)
        if not found:
            raise OgiveError("There is no pick to export yet.", "Pick a variant first; none of these prefers nothing.")
        write_pairs(target, found)
        return f"{len(found)} preferences are in {target}"

    return work


def take_out(
    bench: Bench, workspace: Workspace, session_id: str, what: str, target: Path
) -> Callable[[JobContext], str]:
    """Save the `adapter` of a session's state, or the `merged` model; a session that is not open is opened for it."""

    def work(context: JobContext) -> str:
        from core.steering.session import Session

        mine = bench.session is not None and bench.session.id == session_id
        session = bench.the_session() if mine else Session.open(workspace, session_id, cancel=context.cancel)
        try:
            report: Any = session.save_adapter(target) if what == "adapter" else session.merge(target)
        finally:
            if not mine:
                session.close()
        if what == "adapter":
            return f"the adapter is in {target}"
        return f"the merged model, its logits within {report.gap:.0e} of the steered one's, is in {target}"

    return work


def clone(workspace: Workspace, session_id: str) -> Callable[[JobContext], Any]:
    """The settings of a session, to begin another with."""

    def work(context: JobContext) -> Any:
        from core.steering.catalog import clone_settings

        return clone_settings(workspace, session_id)

    return work


def delete(bench: Bench, workspace: Workspace, session_id: str) -> Callable[[JobContext], str]:
    """Remove a session for good; the one that is open here is closed first."""

    def work(context: JobContext) -> str:
        from core.steering.catalog import delete as remove

        if bench.session is not None and bench.session.id == session_id:
            bench.close()
        remove(workspace, session_id)
        return f"{session_id} is gone"

    return work
