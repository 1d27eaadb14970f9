"""SIGTERM, SIGHUP and SIGINT ask a run to save and stop; a second one ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from core.cancel import Cancel

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def saving_on_signals(cancel: Cancel) -> Generator[None]:
    """Inside, the first signal requests a stop and the handlers that were there come back, so a second one is final.

    Only the main thread can take signals; elsewhere this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in HEARD}
    # What is ignored stays ignored: nohup asks for that.
    before = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def heard(number: int, frame: FrameType | None) -> None:
        cancel.request(signal.Signals(number).name)
        restore()

    for number in before:
        signal.signal(number, heard)
    try:
        yield
    finally:
        restore()
