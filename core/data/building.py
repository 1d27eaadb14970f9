"""A folder that is whole or absent: made beside its place, renamed into it, swept away when its maker was killed."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path
from types import TracebackType

from core.files import os_failure, sync_folder


class Building:
    """A folder made beside its place and renamed into it when it is whole; removed when it is not."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.path = place.with_name(f".{place.name}.{os.getpid()}.{time.monotonic_ns():x}.building")

    def __enter__(self) -> Building:
        try:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            for left in self.place.parent.glob(".*.building"):
                if not _alive(left.name):
                    shutil.rmtree(left, ignore_errors=True)
            self.path.mkdir()
        except OSError as error:
            raise os_failure("write", self.place.parent, error) from error
        return self

    def finish(self, replace: bool = True) -> None:
        """Put the folder in its place, instead of a damaged one that is there. Without `replace`, FileExistsError when
        another process has put one there meanwhile."""
        try:
            if self.place.exists():
                if not replace:
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self.place))
                aside = self.path.with_name(self.path.name.replace(".building", ".old.building"))
                self.place.rename(aside)
                shutil.rmtree(aside, ignore_errors=True)
            self.path.rename(self.place)
        except FileExistsError:
            raise
        except OSError as error:
            raise os_failure("write", self.place, error) from error
        sync_folder(self.place.parent)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _alive(name: str) -> bool:
    """Whether the process that made the building folder `name` still runs."""
    try:
        os.kill(int(name.removesuffix(".building").removesuffix(".old").split(".")[-2]), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError, IndexError):
        return True
    return True
