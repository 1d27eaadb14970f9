"""Where metrics go besides the run folder: one small protocol, TensorBoard and Weights & Biases behind it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from core.errors import OgiveError
from core.runs.info import RunInfo
from core.settings.base import BrickChoice

INSTALL = "Install it with: pip install 'ogive[loggers]', or take it out of training.loggers."


class Logger(Protocol):
    """A place for numbers and texts; a step is an optimizer step."""

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        """Numbers by name; other values are left out."""
        ...

    def text(self, step: int, name: str, text: str) -> None:
        """A sample or a note."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


def open_loggers(choices: Iterable[BrickChoice], info: RunInfo) -> list[Logger]:
    """The chosen loggers for a run, in order; OgiveError when one cannot be had."""
    return [choice.brick.load()(info, **choice.options) for choice in choices]


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """What of a metrics record is a number: no booleans, no texts, no nulls, not the step or the clock."""
    return {
        key: float(value)
        for key, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and key not in ("step", "time")
    }


class TensorBoard:
    """Event files in the run's folder `tensorboard/`."""

    def __init__(self, info: RunInfo) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise OgiveError("The logger tensorboard needs a package that is not installed.", INSTALL) from error
        self.folder = Path(info.path) / "tensorboard"
        try:
            self._writer = SummaryWriter(str(self.folder))
        except OSError as error:
            raise OgiveError(f"TensorBoard cannot write {self.folder}: {error.strerror}.") from error

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        for key, value in numbers(values).items():
            self._writer.add_scalar(key, value, step)

    def text(self, step: int, name: str, text: str) -> None:
        self._writer.add_text(name, text, step)

    def close(self) -> None:
        self._writer.close()


class WeightsAndBiases:
    """A W&B run of the same name, in project WANDB_PROJECT or `ogive`; WANDB_MODE=offline keeps it on this machine."""

    def __init__(self, info: RunInfo) -> None:
        try:
            wandb = importlib.import_module("wandb")
        except ImportError as error:
            raise OgiveError("The logger wandb needs a package that is not installed.", INSTALL) from error
        self._library = wandb
        try:
            self._run = wandb.init(
                project=os.environ.get("WANDB_PROJECT", "ogive"),
                name=info.id,
                config=info.settings,
                dir=str(info.path),
                resume="allow",
                id=info.id,
                settings=wandb.Settings(console="off"),  # It would wrap the terminal's streams.
            )
        except wandb.Error as error:
            raise OgiveError(f"Weights & Biases refused the run: {error}.", "Try WANDB_MODE=offline.") from error

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        self._run.log(numbers(values), step=step)

    def text(self, step: int, name: str, text: str) -> None:
        self._run.log({name: text}, step=step)

    def close(self) -> None:
        self._run.finish()
        self._library.teardown()  # Only now is everything in the files.
