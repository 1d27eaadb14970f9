"""A session is opened; a group streams into the panes, is stopped, or gives way to what the person does instead."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import on
from textual.timer import Timer

from core.cancel import Cancel
from tui.engine import JobFailed, JobHandle
from tui.screens.steer import work as jobs
from tui.screens.steer.view import SteerView
from tui.steering import Picture

if TYPE_CHECKING:
    from core.settings.steering import SteeringSettings
    from core.steering.view import Stream, View

STREAM_EVERY = 0.04
SEEN = 0.2
"""Seconds that a group stands on the screen before a key can be about it: nobody reads and decides sooner."""
ON_ITS_WAY = "the group is on its way"


class Drawing(SteerView):
    """Opening and streaming. All work on the session is the engine's; see `work`."""

    def __init__(self) -> None:
        super().__init__()
        self.asides: dict[JobHandle[Any], Callable[[Any], object]] = {}
        self._then: Callable[[], None] | None = None
        """What the person wants done when the writing has ended."""
        self._timer: Timer | None = None
        self._seen_at: float | None = None
        """When the group at hand was first painted."""

    # Opening

    def begin(self, settings: SteeringSettings) -> None:
        """A new session with these settings; the one at hand is closed, all of it kept."""
        work = jobs.begin(self.bench, self.ogive.workspace, settings)
        self._load(work, settings.model or "the newest model", f"beginning {settings.name}")

    def resume(self, session_id: str, node: int | str | None = None) -> None:
        """Go on with a session of the journal."""
        work = jobs.resume(self.bench, self.ogive.workspace, session_id, node)
        self._load(work, session_id, f"opening {session_id}")

    def _load(self, work: Callable[[jobs.JobContext], Picture], wanted: str, name: str) -> None:
        self.abandon()
        self._deciding = self._moving = None
        self.failure, self._wanted = None, wanted
        self.phase = "loading"
        self.variants.zoom(False)
        self.remove_class("-zoomed")
        self._loading = self.ogive.engine.submit(work, name=name, to=self)
        self._tick(0.1, self._watch_load)
        self.draw_frame()

    def _watch_load(self) -> None:
        handle = self._loading
        if handle is not None and handle.state == "dropped":
            self._not_loaded("It was stopped before it began.", "")
        elif handle is not None:
            self.draw_frame()

    def loaded(self, picture: Picture) -> None:
        """The session is open: its card as it was, or a first group."""
        self._loading = None
        self._tick()
        self.variants.clear()
        self.take_card(picture)
        self.trail(picture.view.trail or f"{picture.view.model} is loaded", "good")

    def forget(self) -> None:
        """The session is closed, and perhaps gone."""
        self.abandon()
        self._deciding = self._moving = self.picture = None
        self.phase = "empty"
        self.variants.clear()
        self.draw_frame()

    def _not_loaded(self, cause: str, hint: str) -> None:
        self._loading = None
        self._tick()
        self.failure = (cause, hint)
        self.picture = None
        self.phase = "empty"
        self.variants.clear()
        self.draw_frame()

    # Streaming

    def take_card(self, picture: Picture) -> None:
        """Stand at another card: show its group as it was, or draw it."""
        self.picture = picture
        if picture.view.group is not None:
            self.phase = "choosing"
            self.show_card()
            self.draw_frame()
            self._look_soon()
            self.ask_control()
        elif picture.view.prompt:
            self.draw_group(jobs.How())
        else:
            self.phase = "choosing"
            self.variants.clear()
            self.draw_frame()
            self.trail("there is no prompt: e types one")

    def draw_group(self, how: jobs.How) -> None:
        """Have a group written; the panes change when its first words come."""
        self.hush_control()
        self._stop = Cancel()
        self._then = None
        self._seen_at = None
        self.phase = "writing"
        self._drawing = self.ogive.engine.submit(
            jobs.draw(self.bench, self._stop, how), name="writing variants", to=self
        )
        self._tick(STREAM_EVERY, self._stream)
        self.draw_frame()

    def _tick(self, every: float = 0.0, deed: Callable[[], None] | None = None) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_interval(every, deed) if deed is not None else None

    @on(jobs.Began)
    def _began(self, event: jobs.Began) -> None:
        event.stop()
        if event.handle is self._drawing and self.phase == "writing":
            self.picture = event.picture
            self.variants.begin(event.picture.settings.group_size)
            self._focus_variant()
            self.draw_frame()

    def _focus_variant(self) -> None:
        """The mark on the first variant of a new group, unless something else has the focus."""
        if self.app.screen is self and self.variants.count:
            self.variants.mark(self.variants.marked if self.variants.zoomed else 1)

    def _stream(self) -> None:
        """Show what has come since the last look."""
        handle = self._drawing
        if handle is None:
            return
        if handle.state == "dropped":
            self.drawn(None)
        elif handle.latest is not None and self.variants.count:
            self._show_stream(handle.latest)

    def _show_stream(self, stream: Stream) -> None:
        before = [pane.ended for pane in self.variants.shown]
        self.variants.show(stream.texts, stream.tokens, stream.ended)
        if self._seen_at is None and any(stream.texts):
            self._look_soon()
        if [pane.ended for pane in self.variants.shown] != before:
            self._draw_said()

    def _look_soon(self) -> None:
        """What the panes show now will have been painted in a moment."""
        self.call_after_refresh(self._seen_now)

    def _seen_now(self) -> None:
        self._seen_at = monotonic()

    def drawn(self, picture: Picture | None) -> None:
        """The group is whole, stopped, or given up (None)."""
        handle, self._drawing = self._drawing, None
        self._tick()
        then, self._then = self._then, None
        if picture is not None:
            self.picture = picture
            if handle is not None and handle.latest is not None:
                if not self.variants.count:
                    self.variants.begin(len(handle.latest.texts))
                self._show_stream(handle.latest)
            elif picture.view.group is not None:
                self.show_card()
            if self._seen_at is None:
                self._look_soon()
        if self.phase == "writing":
            self.phase = "choosing"
        self.draw_frame()
        if then is not None:
            then()
            return
        self.ask_control()

    def not_drawn(self, event: JobFailed) -> None:
        """The writing died; the session stands where it was."""
        self._drawing = self._then = None
        self._tick()
        self.variants.paint_pick(None)
        self.phase = "choosing"
        self.trail(f"{event.cause} {event.hint} r tries again".replace("  ", " "), "bad")
        self.refresh_picture()
        self.draw_frame()

    def refresh_picture(self) -> None:
        """Look at the session anew, when the engine comes to it."""
        if self.bench.session is not None:
            bench = self.bench
            self._control = self.ogive.engine.submit(lambda _: bench.look(), name="looking", to=self)

    # Giving up and stopping

    def after_writing(self, deed: Callable[[], None], *, keep: bool = False) -> None:
        """Do `deed` once nothing is being written: what is, is given up, or with `keep` ended as it stands."""
        if self._drawing is None:
            deed()
            return
        self._then = deed
        if keep:
            self._stop.request("stopped by hand")
        else:
            self._drawing.cancel.request("given up")

    def abandon(self) -> None:
        """Give up the writing and whatever was to come after it."""
        self._then = None
        self.hush_control()
        if self._drawing is not None:
            self._drawing.cancel.request("given up")
            self._drawing = None
            self._tick()

    def interrupt(self) -> bool:
        if self.phase == "loading" and self._loading is not None:
            self._loading.cancel.request("stopped by hand")
            self.trail("stopping")
            return True
        if self.phase == "writing" and self._drawing is not None:
            self._stop.request("stopped by hand")
            self.trail("stopped: what is there can be picked, r draws again")
            return True
        if self.phase == "deciding":
            self.trail("the update is being made; u takes it back when it is done")
            return True
        return False

    # The control prompt

    def ask_control(self) -> None:
        """Have the control prompt answered at this state, while the person reads."""
        view = self.picture.view if self.picture is not None else None
        if view is None or self.phase != "choosing" or not view.control.prompt or answered(view):
            self.prepare()
            return
        if self._control is None or not self._control.alive:
            self._control = self.ogive.engine.submit(
                jobs.control(self.bench), name="answering the control prompt", to=self
            )

    def prepare(self) -> None:
        """Have what the update will need computed ahead, while the person reads."""
        if self.phase == "choosing" and self.picture is not None and self.picture.view.group is not None:
            self.aside(jobs.prepare(self.bench), "looking ahead", lambda _: None)

    def aside(self, job: Callable[[jobs.JobContext], Any], name: str, then: Callable[[Any], object]) -> JobHandle[Any]:
        """A job that changes nothing about the card at hand; `then` gets what it returns."""
        handle = self.ogive.engine.submit(job, name=name, to=self)
        self.asides[handle] = then
        return handle

    def hush_control(self) -> None:
        """Nothing must wait for the control prompt, except at the root: there it is what all is compared with."""
        at_root = self.picture is not None and self.picture.view.node == 0
        if self._control is not None and self._control.alive and not at_root:
            self._control.cancel.request("something else came first")

    def is_control(self, handle: JobHandle[object]) -> bool:
        return handle is self._control

    def controlled(self, picture: Picture) -> None:
        """It was answered, or the session was looked at: newer than what shows, unless something has begun since."""
        if self.phase == "choosing":
            self.show(picture)
            self.prepare()


def answered(view: View) -> bool:
    """Whether the control prompt has been answered at this state."""
    return any(node == view.node for node, _ in view.control.history)
