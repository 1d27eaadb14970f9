"""What steering asks of the engine, as jobs: the only part of the screens that touches a session. Off the UI thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from core.cancel import Cancel
from core.workspace import Workspace
from tui.engine import JobContext, JobHandle, JobMessage
from tui.steering import Bench, Picture

if TYPE_CHECKING:
    from core.settings.steering import SteeringSettings
    from core.steering.group import Group
    from core.steering.view import Decision, Pending


@dataclass(frozen=True)
class Loading:
    """How far a load has come; `whole` is None where that is not known."""

    doing: str
    done: int
    whole: int | None


@dataclass(frozen=True)
class Decided:
    """A decision has been done: the session after it, and how long it took."""

    picture: Picture
    node: int
    seconds: float


class Began(JobMessage):
    """The variants begin to come: the card they are for."""

    def __init__(self, handle: JobHandle[Any], picture: Picture) -> None:
        super().__init__(handle)
        self.picture = picture


class Acknowledged(JobMessage):
    """The decision is in the journal, synced: it is not lost any more."""

    def __init__(self, handle: JobHandle[Any], pending: Pending) -> None:
        super().__init__(handle)
        self.pending = pending


def begin(bench: Bench, workspace: Workspace, settings: SteeringSettings) -> Callable[[JobContext], Picture]:
    """Close the session at hand, load the model and begin a new one."""

    def work(context: JobContext) -> Picture:
        from core.steering.session import Session

        bench.close()
        return bench.hold(
            Session.create(workspace, settings, cancel=context.cancel, progress=_progress(context)),
        )

    return work


def resume(
    bench: Bench, workspace: Workspace, session_id: str, node: int | str | None = None
) -> Callable[[JobContext], Picture]:
    """Go on with a kept session; the one at hand is closed first, unless it is that one."""

    def work(context: JobContext) -> Picture:
        from core.steering.session import Session

        if bench.session is not None and bench.session.id == session_id:
            if node is not None:
                bench.session.checkout(node)
            return bench.look()
        bench.close()
        return bench.hold(
            Session.open(workspace, session_id, node=node, cancel=context.cancel, progress=_progress(context))
        )

    return work


def _progress(context: JobContext) -> Callable[[str, int, int | None], None]:
    return lambda doing, done, whole: context.show(Loading(doing, done, whole))


@dataclass(frozen=True)
class How:
    """Which group to draw: that of the card at hand, or one that a decision of its own makes first."""

    prompt: str | None = None
    again: bool = False
    hotter: bool = False
    retaste: bool = False


def draw(bench: Bench, stop: Cancel, how: How) -> Callable[[JobContext], Picture | None]:
    """Stream a group. `stop` ends the variants as they are; the job's own cancel leaves no trace of them (None)."""

    def work(context: JobContext) -> Picture | None:
        session = bench.the_session()
        if how.retaste:
            streams = session.retaste(stop)
        else:
            streams = session.propose(stop, prompt=how.prompt, again=how.again, hotter=how.hotter)
        begun = False
        for stream in streams:
            if not begun:
                context.post(Began(context.handle, bench.look()))
                begun = True
            context.show(stream)
            if context.cancel.requested and stream.group is None:
                streams.close()  # ty: ignore[missing-attribute]
                return None
        return bench.look()

    return work


def decide(bench: Bench, decision: Decision) -> Callable[[JobContext], Decided]:
    """Into the journal, then the update, then the state."""

    def work(context: JobContext) -> Decided:
        session = bench.the_session()
        began = monotonic()
        pending = session.acknowledge(decision)
        context.post(Acknowledged(context.handle, pending))
        node = session.apply(pending, context.cancel)
        return Decided(bench.look(), node.id, monotonic() - began)

    return work


def apply_again(bench: Bench) -> Callable[[JobContext], Decided]:
    """Do the decision that waits."""

    def work(context: JobContext) -> Decided:
        session = bench.the_session()
        began = monotonic()
        pending = session.tree.pending
        node = session.tree.node if pending is None else session.apply(pending, context.cancel)
        return Decided(bench.look(), node.id, monotonic() - began)

    return work


def move(bench: Bench, deed: str, *values: Any) -> Callable[[JobContext], Picture]:
    """`undo`, `redo`, `checkout`, `branch`, `bookmark`, `rename_branch`, `withdraw`, `start_over`: moments each."""

    def work(context: JobContext) -> Picture:
        getattr(bench.the_session(), deed)(*values)
        return bench.look()

    return work


def branch_at(bench: Bench, node: int, name: str) -> Callable[[JobContext], Picture]:
    """Go to a node and let a branch begin there."""

    def work(context: JobContext) -> Picture:
        session = bench.the_session()
        if session.tree.here != node:
            session.checkout(node)
        session.branch(name)
        return bench.look()

    return work


def control(bench: Bench) -> Callable[[JobContext], Picture]:
    """Answer the control prompt at this state."""

    def work(context: JobContext) -> Picture:
        bench.the_session().control(context.cancel)
        return bench.look()

    return work


def read_prompt(bench: Bench, group: Group) -> Callable[[JobContext], str]:
    """The prompt of a group as the model reads it, special tokens visible."""

    def work(context: JobContext) -> str:
        return bench.the_session().policy.tokenizer.decode(group.prompt_ids, skip_special=False)

    return work


def prepare(bench: Bench) -> Callable[[JobContext], None]:
    """Compute ahead what an update about the group at hand needs; it changes no result."""
    return lambda _: bench.the_session().prepare()


def compare(bench: Bench, a: int | str, b: int | str, prompts: Sequence[str] | None) -> Callable[[JobContext], Any]:
    """Two states on the same prompts and seeds."""

    def work(context: JobContext) -> Any:
        return bench.the_session().compare(a, b, prompts, cancel=context.cancel, progress=_progress(context))

    return work
