"""TensorBoard writes real event files; a logger that is not installed is told."""

import importlib.util

import pytest

from core.errors import OgiveError
from core.runs.info import RunInfo
from core.runs.loggers import numbers, open_loggers
from core.settings.training import Logger


def test_numbers_leave_out_what_is_none():
    assert numbers({"step": 1, "time": 2.0, "loss": 1, "skipped": True, "x": None, "y": "a"}) == {"loss": 1.0}


def test_tensorboard_reads_back(make):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    writer = make()
    (logger,) = open_loggers([Logger(name="tensorboard")], RunInfo.read(writer.path))
    logger.log(3, {"step": 3, "loss": 1.5})
    logger.text(3, "sample", "The crow said")
    logger.close()
    events = EventAccumulator(str(writer.path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(3, 1.5)]


def test_weights_and_biases_offline_or_told(make, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    info = RunInfo.read(make().path)
    if importlib.util.find_spec("wandb") is None:
        with pytest.raises(OgiveError, match="not installed"):
            open_loggers([Logger(name="wandb")], info)
    else:
        (logger,) = open_loggers([Logger(name="wandb")], info)
        logger.log(1, {"loss": 1.0})
        logger.close()
        assert list(info.path.glob("wandb/*"))
