"""The C library's heap while a model trains on the CPU.

glibc gives a large buffer back to the system as soon as it is freed, and the next step pays for fresh, zeroed pages.
"""

from __future__ import annotations

import ctypes
from collections.abc import Generator
from contextlib import contextmanager

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Parameters of mallopt(3)."""
LARGEST = 32 << 20
"""The largest threshold that glibc takes: buffers up to this stay in the heap."""
SPARE = 512 << 20
"""Free bytes at the heap's end that are kept."""
_USUAL = 128 << 10


@contextmanager
def kept() -> Generator[None]:
    """While this lasts, freed buffers stay with the process; then what is free goes back. Without glibc: nothing."""
    library = ctypes.CDLL(None)
    if not (hasattr(library, "mallopt") and hasattr(library, "malloc_trim")):
        yield
        return
    for parameter, value in ((_MMAP_THRESHOLD, LARGEST), (_TRIM_THRESHOLD, SPARE), (_TOP_PAD, LARGEST)):
        library.mallopt(parameter, value)
    try:
        yield
    finally:
        for parameter, value in ((_MMAP_THRESHOLD, _USUAL), (_TRIM_THRESHOLD, _USUAL), (_TOP_PAD, _USUAL)):
            library.mallopt(parameter, value)
        library.malloc_trim(0)
