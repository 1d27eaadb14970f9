"""The machine: which device to use, what its processor and memory can do, how busy its accelerators are.

torch is imported only by what asks for a torch device, and then only inside the function.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from core.errors import OgiveError, nearest

if TYPE_CHECKING:
    import torch

GIB = 1 << 30
FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "bf16", "asimd", "sve")
"""Processor features that decide how fast training is; `bf16` is ARM's."""
BF16_FEATURES = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


@dataclass(frozen=True)
class DeviceRow:
    """One accelerator at one moment; None where the driver does not tell. Bytes, percent, degrees Celsius, watts."""

    index: int
    name: str
    memory_used: int
    memory_total: int
    busy: int | None = None
    temperature: int | None = None
    power: float | None = None
    power_limit: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


# -- processor and memory: no torch ------------------------------------------------------------------------------------


@functools.cache
def cpu_features() -> frozenset[str]:
    """Those of FEATURES that the processor has, as Linux lists them; empty where it does not tell."""
    for line in _cpuinfo():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(value.split()) & frozenset(FEATURES)
    return frozenset()


@functools.cache
def cpu_name() -> str:
    """The processor's name, such as `AMD EPYC 9R14`."""
    for line in _cpuinfo():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return " ".join(value.split())
    return platform.processor() or platform.machine()


def _cpuinfo() -> list[str]:
    with contextlib.suppress(OSError):
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return []


def cpu_count() -> int:
    """Cores this process may use: its affinity and its control group's share, rounded up."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        cores = min(cores, max(1, -(-int(quota) // int(period))))
    return cores


def memory_total() -> int:
    """Bytes of memory this process may ever use: the machine's, or its control group's limit."""
    total = psutil.virtual_memory().total
    limit = _cgroup_bytes("memory.max")
    return total if limit is None else min(total, limit)


def memory_available() -> int:
    """Bytes of memory that can be had now without swapping."""
    free = psutil.virtual_memory().available
    limit, used = _cgroup_bytes("memory.max"), _cgroup_bytes("memory.current")
    if limit is None or used is None:
        return free
    # Pages of files that were read count as used there but are given back at need.
    return min(free, max(0, limit - used + _cgroup_stat("inactive_file")))


def _cgroup_bytes(name: str) -> int | None:
    try:
        return int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii"))
    except (OSError, ValueError):  # no control group, or the word `max`
        return None


def _cgroup_stat(key: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path("/sys/fs/cgroup/memory.stat").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            if name == key:
                return int(value)
    return 0


# -- accelerators as the driver sees them: no torch --------------------------------------------------------------------


def device_rows() -> list[DeviceRow]:
    """Every NVIDIA device of the machine and how busy it is; empty without driver or library. About 1 ms each."""
    with _nvml() as nvml:
        if nvml is None:
            return []
        rows = []
        for index in range(nvml.nvmlDeviceGetCount()):
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            name = nvml.nvmlDeviceGetName(handle)
            rows.append(
                DeviceRow(
                    index,
                    name.decode() if isinstance(name, bytes) else name,
                    int(memory.used),
                    int(memory.total),
                    _ask(nvml, lambda h=handle: int(nvml.nvmlDeviceGetUtilizationRates(h).gpu)),
                    _ask(nvml, lambda h=handle: int(nvml.nvmlDeviceGetTemperature(h, nvml.NVML_TEMPERATURE_GPU))),
                    _ask(nvml, lambda h=handle: nvml.nvmlDeviceGetPowerUsage(h) / 1000),
                    _ask(nvml, lambda h=handle: nvml.nvmlDeviceGetEnforcedPowerLimit(h) / 1000),
                )
            )
        return rows
    return []


_started: list[Any] = []


@contextlib.contextmanager
def _nvml() -> Generator[Any]:
    """The driver's library, started once; None where there is none."""
    if not _started:
        try:
            import pynvml

            pynvml.nvmlInit()
            _started.append(pynvml)
        except (ImportError, OSError):
            _started.append(None)
        except pynvml.NVMLError:
            _started.append(None)
    nvml = _started[0]
    if nvml is None:
        yield None
        return
    with contextlib.suppress(nvml.NVMLError):  # A driver that is being reloaded shows no devices, not an error.
        yield nvml


def _ask(nvml: Any, question: Any) -> Any:
    try:
        return question()
    except nvml.NVMLError:
        return None


# -- devices as torch sees them ----------------------------------------------------------------------------------------


def pick_device(name: str = "auto") -> torch.device:
    """The torch device a person means: auto (CUDA, else Apple's MPS, else CPU), cpu, cuda, cuda:1 or mps.

    Raises OgiveError when it is not there, and says what is.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise OgiveError(
            f"There is no device {name!r}.", nearest(name, ("auto", "cpu", "cuda", "cuda:0", "mps"))
        ) from None
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise OgiveError(f"Device {name!r} is not there: {_why_no_cuda()}.", "Use `device: auto` or `cpu`.")
        count = torch.cuda.device_count()
        if device.index is not None and device.index >= count:
            raise OgiveError(f"Device {name!r} is not there: this machine has cuda:0 to cuda:{count - 1}.")
        return device if device.index is not None else torch.device("cuda", torch.cuda.current_device())
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise OgiveError(
            "Device 'mps' is not there: it needs a Mac with Apple silicon.", "Use `device: auto` or `cpu`."
        )
    if device.type not in ("cpu", "cuda", "mps"):
        raise OgiveError(f"Ogive does not run on {name!r}.", "Use auto, cpu, cuda or mps.")
    return device


def _why_no_cuda() -> str:
    import torch

    if torch.version.cuda is None:
        return "this torch was built without CUDA"
    return "no NVIDIA device or driver was found"


def bf16_pays(device: torch.device) -> bool:
    """Whether the device has arithmetic of its own for bf16, so that it is faster than fp32 and not emulated."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and bool(BF16_FEATURES & cpu_features())


def describe_device(device: torch.device | str | None = None) -> str:
    """One line such as `NVIDIA H200, 139 GiB` or `AMD EPYC 9R14, 2 cores, avx512_bf16`; None: what auto picks."""
    kind = "auto" if device is None else str(device)
    if kind.startswith("cuda") or kind == "auto":
        rows = device_rows()
        index = _visible(int(kind.partition(":")[2] or 0))
        if index is not None and index < len(rows):
            return f"{rows[index].name}, {rows[index].memory_total / GIB:.0f} GiB"
    if kind.startswith("mps"):
        return f"{cpu_name()}, Apple GPU"
    cores = cpu_count()
    best = [name for name in ("amx_bf16", "avx512_bf16", "bf16", "avx512f", "avx2") if name in cpu_features()]
    return ", ".join([cpu_name(), f"{cores} core{'s' if cores > 1 else ''}", *best[:1]])


def _visible(index: int) -> int | None:
    """The driver's number of torch's device `index`; CUDA_VISIBLE_DEVICES may hide (None) or reorder them."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is None:
        return index
    shown = [part.strip() for part in given.split(",") if part.strip().isdigit()]
    return int(shown[index]) if index < len(shown) else None
