"""TensorBoard writes real event files; a logger that is not installed is told."""

import sys

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


def test_weights_and_biases_keeps_an_offline_run(make, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    writer = make()
    (logger,) = open_loggers([Logger(name="wandb")], RunInfo.read(writer.path))
    for step in (1, 2):
        logger.log(step, {"step": step, "loss": 3.0 / step, "skipped": True})
    logger.text(2, "sample", "The crow said")
    logger.close()
    (kept,) = writer.path.glob("wandb/offline-run-*/*.wandb")
    data = kept.read_bytes()
    assert b"loss" in data
    assert b"The crow said" in data
    assert writer.header["id"].encode() in data


def test_a_logger_that_is_not_installed_is_told(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(OgiveError, match="wandb needs a package that is not installed"):
        open_loggers([Logger(name="wandb")], RunInfo.read(make().path))
