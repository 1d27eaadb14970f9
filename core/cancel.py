"""How a long job is told to stop, and where it lets shorter ones through."""

from __future__ import annotations

import threading
from collections.abc import Callable

from core.errors import OgiveError


class Stopped(OgiveError):
    """A job ended because it was asked to, before it had a result."""


class Cancel:
    """A token that a job checks at every step and every generated token.

    `request(reason)` may be called from any thread and from a signal handler. `yield_point()` is called by the job
    itself, between two units of work, on the thread that owns the accelerator: the owner may run short jobs there.
    """

    def __init__(self, between: Callable[[], None] | None = None) -> None:
        self._event = threading.Event()
        self._between = between
        self.reason = ""

    def request(self, reason: str = "asked to stop") -> None:
        """Ask the job to stop at its next check; the first reason is kept."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep up to `seconds`, less if a stop is asked for; True when it is."""
        return self._event.wait(seconds)

    def check(self, doing: str) -> None:
        """Raise Stopped, naming what was being done, when a stop is asked for."""
        if self.requested:
            raise Stopped(f"{doing} was stopped: {self.reason}.")

    def yield_point(self) -> None:
        if self._between is not None:
            self._between()
