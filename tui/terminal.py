"""The terminal kept whole: nothing but the app draws on it, and it is put back whatever ends the program.

Textual draws on `sys.__stderr__`. While the app runs, file descriptors 1 and 2 lead to the log, where what C
libraries, progress bars and warnings write cannot harm the picture; Textual gets a descriptor of its own.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import select
import signal
import sys
import tempfile
import termios
from collections.abc import Generator, MutableMapping
from pathlib import Path

RESTORE = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # no mouse reports
    "\x1b[?2004l\x1b[?1004l\x1b[?2048l\x1b[?2026l"  # no bracketed paste, focus, resize reports, synchronised output
    "\x1b[<u\x1b[?7h\x1b[0m\x1b[?25h\x1b[?1049l"  # keyboard protocol, wrap, colours, cursor, normal screen
)


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Textual reads these when it is imported; what the person set stays.

    Nothing in Ogive is animated. Over a network the picture is drawn less often, which a person does not see and the
    line does.
    """
    remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    environ.setdefault("TEXTUAL_FPS", "20" if remote else "60")
    environ.setdefault("ESCDELAY", "50")


def log_file() -> Path:
    """Where the app's log is: the user's state folder, or the temporary one when that cannot be written."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ogive"
    for folder in (state, Path(tempfile.gettempdir()) / f"ogive-{os.getuid()}"):
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / "app-log.txt"
            if path.exists() and path.stat().st_size > 4_000_000:
                path.replace(path.with_suffix(".old.txt"))
            path.touch()
            return path
    return Path(os.devnull)


@contextlib.contextmanager
def drawing_apart(path: Path) -> Generator[None]:
    """Lead descriptors 1 and 2 into the log at `path`; Textual keeps the terminal on a descriptor of its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    screen = os.fdopen(os.dup(2 if os.isatty(2) else 1), "w", encoding="utf-8", errors="replace", newline="")
    sink = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    originals = sys.__stdout__, sys.__stderr__
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    try:
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        sys.__stdout__ = sys.__stderr__ = screen  # type: ignore[misc, assignment]
        root.addHandler(handler)
        logging.getLogger("ogive").setLevel(logging.INFO)
        logging.captureWarnings(True)
        faulthandler.enable(file=sink)
        yield
    finally:
        faulthandler.disable()
        logging.captureWarnings(False)
        root.removeHandler(handler)
        handler.close()
        with contextlib.suppress(OSError, ValueError):
            screen.close()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os.dup2(saved[0], 1)
        os.dup2(saved[1], 2)
        sys.__stdout__, sys.__stderr__ = originals  # type: ignore[misc]
        for descriptor in (*saved, sink):
            os.close(descriptor)


@contextlib.contextmanager
def watched_terminal() -> Generator[None]:
    """Put the terminal back even if this process is killed outright (by the kernel for memory, say).

    A child forked before anything is loaded waits on a pipe. A goodbye on it means all is well; its end without one
    means that we died with the terminal in raw mode, and the child undoes that.
    """
    descriptor = next((fd for fd in (0, 2, 1) if os.isatty(fd)), None)
    if descriptor is None:
        yield
        return
    before = termios.tcgetattr(descriptor)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        _watch(reading, descriptor, before)
    os.close(reading)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.write(writing, b"x")
        os.close(writing)
        with contextlib.suppress(OSError):
            os.waitpid(child, 0)


def _watch(reading: int, descriptor: int, before: list[int | list[bytes | int]]) -> None:
    """The child: wait for the parent's goodbye or its death, then leave without running anything else."""
    parent = os.getppid()
    for name in ("SIGINT", "SIGTERM", "SIGTSTP", "SIGTTOU", "SIGQUIT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    while not (ended := bool(select.select([reading], [], [], 2.0)[0])) and os.getppid() == parent:
        pass
    if not (ended and os.read(reading, 1)):
        with contextlib.suppress(OSError, termios.error):
            os.write(descriptor, RESTORE.encode() + b"\r\nogive: the program was killed; see `ogive runs list`.\r\n")
            termios.tcsetattr(descriptor, termios.TCSANOW, before)
    os._exit(0)
