"""The state of every random generator that training draws from: taken, put back, and kept over a restart."""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def seed_all(seed: int) -> None:
    """Seed Python, numpy and torch on every device."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def device_state() -> dict[str, torch.Tensor]:
    """torch's generators: `rng.cpu`, and `rng.cuda.N` for each device once CUDA is in use."""
    state = {"rng.cpu": torch.get_rng_state()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        state |= {f"rng.cuda.{number}": each for number, each in enumerate(torch.cuda.get_rng_state_all())}
    return state


def restore_device_state(state: Mapping[str, torch.Tensor]) -> None:
    """Put back what `device_state` gave; generators of devices that are not here are left out."""
    torch.set_rng_state(state["rng.cpu"])
    for name, each in state.items():
        kind, _, number = name.removeprefix("rng.").partition(".")
        if kind == "cuda" and torch.cuda.is_available() and int(number) < torch.cuda.device_count():
            torch.cuda.set_rng_state(each, int(number))


def host_state() -> dict[str, Any]:
    """The generators of Python and numpy as JSON."""
    version, internal, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": [version, list(internal), gauss],
        "numpy": [kind, np.asarray(keys).tolist(), int(position), int(has_gauss), float(cached)],
    }


def restore_host_state(state: Mapping[str, Any]) -> None:
    """Put back what `host_state` gave."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    kind, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, has_gauss, cached))


@contextmanager
def kept() -> Generator[None]:
    """Leave all generators as they were found, whatever is drawn inside."""
    device, host = device_state(), host_state()
    try:
        yield
    finally:
        restore_device_state(device)
        restore_host_state(host)
