"""What holds for all tests: those marked `gpu` run where there is a CUDA device, and are left out elsewhere; those that
drive the real program against the clock may lose a race on a busy machine once, but not twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Two workers share two cores: more threads in each would only wait for one another. Processes they start see it too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

TIMED = {Path(__file__).parent / "terminal", Path(__file__).parent / "tui"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if TIMED & set(item.path.parents):
            item.add_marker(pytest.mark.flaky(reruns=1))
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if torch.cuda.is_available():
        return
    config.hook.pytest_deselected(items=marked)
    items[:] = [item for item in items if item not in marked]
