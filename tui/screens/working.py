"""A screen that gives the engine work and goes on when it is done: what data and tokenizers have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from textual.timer import Timer

from tui import words
from tui.engine import JobContext, JobDone, JobFailed, JobHandle
from tui.glyphs import DOT
from tui.screens.base import OgiveScreen

T = TypeVar("T")
Failed = Callable[[str, str], None]
PULSE = 0.25
"""Seconds between looks at how far a job is."""


class WorkingScreen(OgiveScreen):
    """`give` submits a job; its result comes to `then` on the UI thread. A newer job of the same group takes the older
    one's place, whose result is then forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self._timer: Timer | None = None
        self._waiting: dict[str, tuple[JobHandle[Any], Callable[[Any], None], Failed | None, str]] = {}

    def give(
        self,
        group: str,
        work: Callable[[JobContext], T],
        then: Callable[[T], None],
        *,
        doing: str = "",
        failed: Failed | None = None,
    ) -> None:
        """Do `work` in the engine. `doing` is shown while it lasts; `failed` gets cause and hint instead of a panel."""
        self.drop(group)
        handle = self.ogive.engine.submit(work, name=doing or group, to=self)
        self._waiting[group] = (handle, then, failed, doing)
        if doing:
            self.trail(f"{doing} ...")
        if self._timer is None:
            self._timer = self.set_interval(PULSE, self._pulse)
        self.key_line.refresh_keys()

    def drop(self, group: str) -> None:
        """Ask the job of this group to stop, and forget what comes of it."""
        given = self._waiting.pop(group, None)
        if given is not None:
            given[0].cancel.request("no longer wanted")

    def working(self, group: str = "") -> bool:
        """Whether a job (of this group) is waited for."""
        return group in self._waiting if group else bool(self._waiting)

    def interrupt(self) -> bool:
        """Ctrl+C: stop what is being done."""
        stopped = [doing for _, _, _, doing in self._waiting.values() if doing]
        for group in list(self._waiting):
            if self._waiting[group][3]:
                self.drop(group)
        if stopped:
            self.trail(f"stopped: {stopped[-1]}")
        return bool(stopped)

    def _pulse(self) -> None:
        if not self._waiting and self._timer is not None:
            self._timer.stop()
            self._timer = None
        for handle, _, _, doing in self._waiting.values():
            if doing and isinstance(handle.latest, tuple) and self.showing:
                said, done, total = handle.latest
                of = f" of {words.count(total)}" if total else ""
                self.trail(f"{doing} {DOT} {said.lower()}: {words.count(done)}{of} {DOT} ctrl+c stops")

    def _taken(self, handle: JobHandle[Any]) -> tuple[Callable[[Any], None], Failed | None] | None:
        for group, (known, then, failed, doing) in list(self._waiting.items()):
            if known is handle:
                del self._waiting[group]
                if doing and not handle.cancel.requested:
                    self.trail("")
                self.key_line.refresh_keys()
                return then, failed
        return None

    def on_job_done(self, message: JobDone) -> None:
        message.stop()
        found = self._taken(message.handle)
        if found is not None:
            found[0](message.result)

    def on_job_failed(self, message: JobFailed) -> None:
        found = self._taken(message.handle)
        if found is None:
            if message.handle.cancel.requested:
                message.stop()
        elif found[1] is not None and not message.defect:
            message.stop()
            found[1](message.cause, message.hint)


def progress(context: JobContext) -> Callable[[str, int, int | None], None]:
    """What core's readers tell how far they are, put where the screen looks."""
    return lambda doing, done, total: context.show((doing, done, total))
