"""What holds for all tests: those marked `gpu` run where there is a CUDA device, and are left out elsewhere."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if torch.cuda.is_available():
        return
    config.hook.pytest_deselected(items=marked)
    items[:] = [item for item in items if item not in marked]
