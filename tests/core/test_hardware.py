"""The machine's description: plain errors, no torch where none is needed, rows as the driver gives them."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from core import hardware
from core.errors import OgiveError


def test_auto_is_what_torch_has():
    expected = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert hardware.pick_device("auto").type == expected
    assert hardware.pick_device("cpu") == torch.device("cpu")


def test_a_device_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OgiveError, match="'cuda:1' is not there"):
        hardware.pick_device("cuda:1")
    with pytest.raises(OgiveError, match="Did you mean 'cuda'"):
        hardware.pick_device("cudda")
    with pytest.raises(OgiveError, match="does not run on 'xpu'"):
        hardware.pick_device("xpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(OgiveError, match="cuda:0 to cuda:1"):
        hardware.pick_device("cuda:5")


def test_memory_and_cores_are_of_this_machine():
    assert 0 < hardware.memory_available() <= hardware.memory_total()
    assert hardware.cpu_count() >= 1
    assert hardware.cpu_features() <= set(hardware.FEATURES)
    assert hardware.cpu_name() in hardware.describe_device("cpu")


def test_bf16_pays_only_with_its_own_arithmetic(monkeypatch):
    cpu = torch.device("cpu")
    monkeypatch.setattr(hardware, "cpu_features", lambda: frozenset({"avx2", "avx512f"}))
    assert not hardware.bf16_pays(cpu)
    monkeypatch.setattr(hardware, "cpu_features", lambda: frozenset({"avx512_bf16"}))
    assert hardware.bf16_pays(cpu)


class Driver:
    """An absent GPU's stand-in for NVML with one device that does not tell its power."""

    class NVMLError(Exception):
        pass

    NVML_TEMPERATURE_GPU = 0
    nvmlDeviceGetCount = staticmethod(lambda: 1)
    nvmlDeviceGetHandleByIndex = staticmethod(lambda index: index)
    nvmlDeviceGetName = staticmethod(lambda handle: "NVIDIA Test")
    nvmlDeviceGetMemoryInfo = staticmethod(lambda handle: SimpleNamespace(used=3 << 30, total=8 << 30))
    nvmlDeviceGetUtilizationRates = staticmethod(lambda handle: SimpleNamespace(gpu=71))
    nvmlDeviceGetTemperature = staticmethod(lambda handle, kind: 55)

    @staticmethod
    def nvmlDeviceGetPowerUsage(handle):
        raise Driver.NVMLError

    nvmlDeviceGetEnforcedPowerLimit = nvmlDeviceGetPowerUsage


def test_rows_come_from_the_driver(monkeypatch):
    monkeypatch.setattr(hardware, "_started", [Driver])
    (row,) = hardware.device_rows()
    assert (row.name, row.busy, row.temperature, row.power) == ("NVIDIA Test", 71, 55, None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert hardware.describe_device("cuda:0") == "NVIDIA Test, 8 GiB"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert hardware.cpu_name() in hardware.describe_device()
    monkeypatch.setattr(Driver, "nvmlDeviceGetCount", staticmethod(lambda: Driver.nvmlDeviceGetPowerUsage(0)))
    assert hardware.device_rows() == []


def test_no_driver_means_no_rows_and_no_torch():
    code = (
        "import sys; from core import hardware; hardware.device_rows(); hardware.describe_device();"
        "hardware.memory_available(); assert not {'torch', 'numpy'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
