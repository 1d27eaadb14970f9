"""Files that are whole or absent: atomic writes, JSON, hashes, and logs of one JSON object per line."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from core.errors import OgiveError

_CAUSES = {
    errno.ENOSPC: ("the disk is full", "Free some space and try again."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space and try again."),
    errno.EFBIG: ("the file would pass the size limit set for this process", "Raise the limit (ulimit -f)."),
    errno.EROFS: ("the file system is read-only", "Choose a folder you can write to (--workspace)."),
    errno.EACCES: ("you may not write or read there", "Choose another folder (--workspace) or mend its permissions."),
    errno.EPERM: ("you may not write or read there", "Choose another folder (--workspace) or mend its permissions."),
    errno.ENOENT: ("it does not exist", "Check the path."),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Check the path."),
    errno.EISDIR: ("it is a folder, not a file", "Check the path."),
    errno.EMFILE: ("too many files are open", "Raise the limit (ulimit -n)."),
}


def os_failure(doing: str, path: str | os.PathLike[str], error: OSError) -> OgiveError:
    """The sentence for an operating system's refusal, e.g. `Cannot write runs/x/run.json: the disk is full.`"""
    cause, hint = _CAUSES.get(error.errno or 0, (str(error.strerror or error).lower(), ""))
    return OgiveError(f"Cannot {doing} {path}: {cause}.", hint)


def library_failure(doing: str, path: str | os.PathLike[str], error: Exception) -> OgiveError:
    """As `os_failure`, for a library that tells the system's refusal only in words, such as `... (os error 28)`."""
    number = re.search(r"os error (\d+)", str(error))
    if number is None:
        return OgiveError(f"Cannot {doing} {path}: {error}.")
    return os_failure(doing, path, OSError(int(number[1]), os.strerror(int(number[1]))))


def to_json(obj: Any, indent: int | None = None) -> str:
    """JSON text; a number that is not finite becomes null, since JSON has no word for it."""
    separators = None if indent else (",", ":")
    try:
        return json.dumps(obj, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    except ValueError:
        return json.dumps(_finite(obj), ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)


def _finite(obj: Any) -> Any:
    if isinstance(obj, float) and not math.isfinite(obj):
        return None
    if isinstance(obj, dict):
        return {key: _finite(value) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        return [_finite(value) for value in obj]
    return obj


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_atomic(path: str | os.PathLike[str], data: bytes | str, sync: bool = True) -> None:
    """Write beside `path`, sync, rename: a reader sees the old content or the new, never a part.

    Without `sync` a power cut (not a killed program) may leave an empty file.
    Raises OgiveError when the disk is full or the folder cannot be written; the old content then stands.
    """
    target = Path(path)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(_encode(data) if isinstance(data, str) else data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise os_failure("write", target, error) from error
    if sync:
        sync_folder(target.parent)


def write_json(path: str | os.PathLike[str], obj: Any) -> None:
    """`obj` as indented JSON, atomically."""
    write_atomic(path, to_json(obj, indent=2) + "\n")


def read_json(path: str | os.PathLike[str]) -> Any:
    """The JSON value in `path`; OgiveError names a file that is missing, unreadable or torn."""
    try:
        return json.loads(Path(path).read_bytes())
    except OSError as error:
        raise os_failure("read", path, error) from error
    except ValueError as error:
        raise OgiveError(f"{path} is not whole JSON: {error}.") from error


def sha256(path: str | os.PathLike[str]) -> str:
    """The file's SHA-256 in hexadecimal."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise os_failure("read", path, error) from error


class LineFile:
    """An append-only file of JSON lines, kept open. Every line is whole or absent, also with several writers.

    Each line goes out in one write at the end of the file, under a lock. A line that a full disk cuts is taken back; a
    torn line that a killed writer left is closed with a newline first, so that it spoils nothing after it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise os_failure("write", self.path, error) from error

    def append(self, obj: Any) -> None:
        """Add one object as one line."""
        line = _encode(to_json(obj)) + b"\n"
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            try:
                size = os.fstat(self._handle).st_size
                if size and os.pread(self._handle, 1, size - 1) != b"\n":
                    line = b"\n" + line
                self._write(line, size)
            finally:
                fcntl.flock(self._handle, fcntl.LOCK_UN)
        except OSError as error:
            raise os_failure("write", self.path, error) from error

    def _write(self, line: bytes, size: int) -> None:
        written = 0
        try:
            while written < len(line):
                written += os.write(self._handle, line[written:])
        except OSError:
            if written:
                os.ftruncate(self._handle, size)
            raise

    def sync(self) -> None:
        """Make what was appended survive a power cut."""
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise os_failure("write", self.path, error) from error

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> LineFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def append_line(path: str | os.PathLike[str], obj: Any) -> None:
    """Append `obj` to `path` as one whole JSON line; the file is made when it is not there."""
    with LineFile(path) as file:
        file.append(obj)


def whole_folder(target: Path, fill: Callable[[Path], Any], *, replace: bool = False) -> Any:
    """Make the folder `target`: `fill(folder)` writes its files beside it, then it is renamed. What `fill` returned.

    Raises OgiveError when `target` is there and holds something (with `replace` it is replaced), or cannot be written;
    nothing half-written stays.
    """
    making = target.with_name(f".{target.name}.new")
    old = target.with_name(f".{target.name}.old")
    try:
        if target.exists() and not replace and (not target.is_dir() or any(target.iterdir())):
            raise OgiveError(f"{target} is there already.", "Name another folder, or remove it first.")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        result = fill(making)
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        making.rename(target)
        sync_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise os_failure("write", target, error) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return result
