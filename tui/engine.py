"""The engine: one daemon thread that owns the accelerator and does every job that is not painting.

A job is a callable that takes a `JobContext` and returns a value. Long jobs (training) pass
`context.cancel` down; at each of its yield points the engine runs the short jobs that wait (load, generate, count),
with the random generators forked around them so that a watched run equals an unwatched one. Jobs speak to the
interface by typed messages; telemetry that is only worth its newest value goes through `context.show(value)`,
which the interface reads from `handle.latest` when it likes.
"""

from __future__ import annotations

import contextlib
import logging
import random
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from textual.message import Message
from textual.message_pump import MessagePump

from core.cancel import Cancel
from core.errors import OgiveError

T = TypeVar("T")
log = logging.getLogger("ogive.engine")


@dataclass(eq=False)
class JobHandle(Generic[T]):
    """What the interface holds of a job; every attribute may be read from any thread."""

    name: str
    long: bool
    cancel: Cancel
    target: MessagePump
    work: Callable[[JobContext], T]
    state: str = "waiting"
    """waiting, running, done, failed or dropped."""
    latest: Any = None
    """The newest value the job gave to `context.show`."""
    future: Future[T] = field(default_factory=Future)

    @property
    def alive(self) -> bool:
        return self.state in ("waiting", "running")

    def wait(self, seconds: float | None = None) -> bool:
        """Block (never on the UI thread) until the job has ended; False when time ran out first."""
        try:
            self.future.exception(timeout=seconds)
        except TimeoutError:
            return False
        except Exception:  # noqa: BLE001 - a cancelled future has ended too
            return True
        return True


@dataclass
class JobContext:
    """What a job sees of its surroundings."""

    handle: JobHandle[Any]
    engine: Engine

    @property
    def cancel(self) -> Cancel:
        return self.handle.cancel

    def show(self, value: Any) -> None:
        """Put `value` in the latest-value slot; older values that nobody read are lost, as meant."""
        self.handle.latest = value

    def post(self, message: Message) -> None:
        """Send a typed message to whoever submitted the job, or to the app when they have gone."""
        self.engine.post(message, self.handle.target)


class JobMessage(Message):
    """Something happened to `handle`."""

    def __init__(self, handle: JobHandle[Any]) -> None:
        super().__init__()
        self.handle = handle


class JobStarted(JobMessage):
    """The job left the queue."""


class JobDone(JobMessage):
    """The job returned; its value is in `result`."""

    def __init__(self, handle: JobHandle[Any], result: Any) -> None:
        super().__init__(handle)
        self.result = result


class JobFailed(JobMessage):
    """The job raised. The app shows a panel unless the screen that submitted it stops the message."""

    def __init__(self, handle: JobHandle[Any], cause: str, hint: str, log_path: Path | None, defect: bool) -> None:
        super().__init__(handle)
        self.cause = cause
        self.hint = hint
        self.log_path = log_path
        self.defect = defect


class Engine:
    """One thread, one queue. The app holds it; screens submit to it."""

    def __init__(self, app: MessagePump, log_path: Path | None = None) -> None:
        self._app = app
        self.log_path = log_path
        self._jobs: deque[JobHandle[Any]] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._long: JobHandle[Any] | None = None

    @property
    def long_job(self) -> JobHandle[Any] | None:
        """The long job that runs now, if one does."""
        return self._long

    @property
    def thread_id(self) -> int | None:
        return self._thread.ident if self._thread else None

    def submit(
        self,
        work: Callable[[JobContext], T],
        *,
        name: str,
        long: bool = False,
        to: MessagePump | None = None,
    ) -> JobHandle[T]:
        """Queue a job; callable from any thread. Messages about it go to `to` (default: the app).

        A short job runs at once when the engine is idle, else at the running long job's next yield point. Long jobs
        run one after another.
        """
        cancel = Cancel(between=self._run_short_jobs) if long else Cancel()
        handle = JobHandle(name, long, cancel, to or self._app, work)
        with self._wake:
            if self._closing:
                raise OgiveError("The program is closing; no new work is taken.")
            self._jobs.append(handle)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
                self._thread.start()
            self._wake.notify()
        return handle

    def close(self, reason: str = "the program is closing", seconds: float = 60.0) -> bool:
        """Ask every job to stop, drop those that wait, and wait for the running one; False if it did not end."""
        with self._wake:
            self._closing = True
            for handle in self._jobs:
                self._drop(handle)
            self._jobs.clear()
            self._wake.notify()
        self.interrupt(reason)
        thread = self._thread
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(seconds)
            return not thread.is_alive()
        return True

    def interrupt(self, reason: str) -> None:
        """Ask what runs now to stop; safe in a signal handler."""
        for handle in (self._long, self._current):
            if handle is not None:
                handle.cancel.request(reason)

    _current: JobHandle[Any] | None = None

    def _work(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._jobs or self._closing)
                if not self._jobs:
                    return
                handle = self._take(any_job=True)
            if handle is not None:
                self._run(handle)

    def _take(self, *, any_job: bool) -> JobHandle[Any] | None:
        """The next job: short ones first, as they are what somebody waits for."""
        for handle in self._jobs:
            if not handle.long:
                self._jobs.remove(handle)
                return handle
        return self._jobs.popleft() if any_job and self._jobs else None

    def _run_short_jobs(self) -> None:
        """The long job's yield point: everything short that waits is done now."""
        if not self._jobs:
            return
        while True:
            with self._wake:
                handle = None if self._closing else self._take(any_job=False)
            if handle is None:
                return
            with forked_randomness():
                self._run(handle)

    def _run(self, handle: JobHandle[Any]) -> None:
        if handle.cancel.requested and not handle.long:
            self._drop(handle)
            return
        outer, self._current = self._current, handle
        if handle.long:
            self._long = handle
        handle.state = "running"
        self.post(JobStarted(handle), handle.target)
        message: Message
        try:
            result = handle.work(JobContext(handle, self))
        except OgiveError as error:
            handle.state = "failed"
            log.warning("%s: %s", handle.name, error)
            message = JobFailed(handle, error.message, error.hint, self.log_path, defect=False)
            handle.future.set_exception(error)
        except Exception as error:
            handle.state = "failed"
            log.exception("%s died", handle.name)
            message = JobFailed(handle, *explain(error), self.log_path, defect=True)
            handle.future.set_exception(error)
        else:
            handle.state = "done"
            message = JobDone(handle, result)
            handle.future.set_result(result)
        finally:
            self._current = outer
            if handle.long:
                self._long = None
        self.post(message, handle.target)

    def _drop(self, handle: JobHandle[Any]) -> None:
        handle.state = "dropped"
        handle.future.cancel()

    def post(self, message: Message, target: MessagePump | None = None) -> None:
        """Send to `target`, or to the app when it has gone; nothing happens when both have."""
        with contextlib.suppress(RuntimeError):
            if target is not None and target is not self._app and target.post_message(message):
                return
            self._app.post_message(message)


def explain(error: Exception) -> tuple[str, str]:
    """Cause and next step, in plain words, for an exception that is not an OgiveError."""
    name = type(error).__name__
    text = str(error).strip().splitlines()[0] if str(error).strip() else name
    if name == "OutOfMemoryError" or "out of memory" in text.lower() or isinstance(error, MemoryError):
        return f"Memory ran out: {text}", "Use a smaller batch_size, context or model, or stop what else uses memory."
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror}{where}.", "Check the disk's space and the folder's permissions, then try again."
    return f"{name}: {text}", "This is a defect of ours; the log holds the whole story. The app is still usable."


@contextlib.contextmanager
def forked_randomness() -> Generator[None]:
    """Put every random generator back as it was: Python's, and NumPy's and torch's when they are loaded."""
    python = random.getstate()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    numpy_state = numpy.random.get_state() if numpy is not None else None
    try:
        if torch is None:
            yield
        else:
            devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []
            with torch.random.fork_rng(devices=list(devices)):
                yield
    finally:
        random.setstate(python)
        if numpy is not None:
            numpy.random.set_state(numpy_state)
