"""Where a run is: the few numbers that, with weights, optimizer and generators, let it go on exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from core.errors import OgiveError
from core.files import read_json, to_json

TENSORS = "trainer.safetensors"
STATE = "trainer.json"
EMA = 0.95


@dataclass
class TrainerState:
    """`step` counts optimizer steps made, `position` rows read, `tokens` tokens read.

    `lr_scale` shrinks all rates after roll-backs. `row` counts steps in a row whose loss or gradient was not finite,
    `skipped` all of them; `rollbacks` counts returns to a checkpoint since the run last got past where it broke.
    `micro` is the micro-batch in use; `measured` the last step whose evaluation and samples are done; `best` the step
    and figures of the best checkpoint; `ema / ema_weight` the smoothed loss.
    """

    step: int = 0
    position: int = 0
    tokens: int = 0
    lr_scale: float = 1.0
    row: int = 0
    skipped: int = 0
    rollbacks: int = 0
    broke_at: int = 0
    micro: int | None = None
    measured: int = 0
    best: dict[str, Any] | None = None
    ema: float = 0.0
    ema_weight: float = 0.0

    def smooth(self, loss: float) -> float:
        """Take one more loss into the exponential mean, freed of its bias towards the start, and return it."""
        self.ema = EMA * self.ema + (1 - EMA) * loss
        self.ema_weight = EMA * self.ema_weight + (1 - EMA)
        return self.ema / self.ema_weight

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainerState:
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})


Place = tuple[dict[str, Any], dict[str, np.ndarray]]
"""A place in the data as an objective gives it: JSON, and tensors whose names begin with `data.`."""


def write_trainer(
    folder: Path, tensors: Mapping[str, torch.Tensor], state: Mapping[str, Any], place: Place = ({}, {})
) -> None:
    """Add the trainer's part to a checkpoint being filled: optimizer and generators, counters and choices, and the
    place in the data."""
    where, arrays = place
    kept = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    kept |= {name: torch.from_numpy(array) for name, array in arrays.items()}
    save_file(kept, folder / TENSORS)
    (folder / STATE).write_text(to_json({**state, "data": where}) + "\n")


def read_place(folder: Path) -> Place:
    """The place in the data that a checkpoint keeps."""
    place = read_json(folder / STATE).get("data") or {}
    try:
        with safe_open(folder / TENSORS, framework="np") as file:
            names = [name for name in file.keys() if name.startswith("data.")]  # noqa: SIM118 - no mapping
            return place, {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise OgiveError(f"The trainer state in {folder} cannot be read: {error}.") from error


def read_trainer(folder: Path, device: torch.device | str = "cpu") -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """What `write_trainer` wrote: tensors by name, and the state."""
    state = read_json(folder / STATE)
    try:
        with safe_open(folder / TENSORS, framework="pt", device=str(device)) as file:
            return {name: file.get_tensor(name) for name in file.keys()}, state  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise OgiveError(f"The trainer state in {folder} cannot be read: {error}.") from error
