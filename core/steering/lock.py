"""One writer for a session: a lock that the system lets go of when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from core.errors import OgiveError
from core.files import os_failure

NAME = "lock"


class Lock:
    """Held from `take` to `release`. `stale` tells that the holder before died without letting go."""

    def __init__(self, handle: int, stale: bool) -> None:
        self._handle = handle
        self.stale = stale

    @classmethod
    def take(cls, folder: Path) -> Lock:
        """Lock a session's folder; OgiveError says who holds it."""
        path = folder / NAME
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise os_failure("write", path, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise os_failure("lock", path, error) from error
            holder = _read(path)
            who = f"process {holder['pid']} on {holder['host']}" if holder else "another process"
            raise OgiveError(
                f"Session {folder.name} is open in {who}.", "Leave it there first; two cannot write one tree."
            ) from None
        stale = bool(_read(path))
        content = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}).encode()
        os.ftruncate(handle, 0)
        os.pwrite(handle, content, 0)
        return cls(handle, stale)

    def release(self) -> None:
        """Let go; twice is harmless."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1


def holder(folder: Path) -> dict[str, Any] | None:
    """Who has the session open for writing (`pid`, `host`, `since`); None when nobody has."""
    path = folder / NAME
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read(path) or {"pid": 0, "host": "", "since": 0.0}
    finally:
        os.close(handle)
    return None


def _read(path: Path) -> dict[str, Any]:
    """What the holder wrote of itself; {} when nothing whole stands there."""
    try:
        data = json.loads(path.read_bytes() or b"{}")
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) and {"pid", "host"} <= data.keys() else {}
