"""The heap is kept while a model trains, and given back after."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from core import heap

FAULTS = """
import ctypes, resource
from core import heap

library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]

def faults(rounds=20, size=8 << 20):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        pointers = [library.malloc(size) for _ in range(4)]
        for pointer in pointers:
            ctypes.memset(pointer, 1, size)
        for pointer in pointers:
            library.free(pointer)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

with heap.kept():
    faults(1)
    inside = faults()
print(inside, faults())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_freed_buffers_stay_while_it_lasts_and_no_longer():
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    inside, outside = map(int, done.stdout.split())
    pages = 20 * 4 * (8 << 20) // 4096
    assert inside < pages / 50
    assert outside > pages / 4


def test_what_fails_inside_comes_out():
    with pytest.raises(KeyError), heap.kept():
        raise KeyError
