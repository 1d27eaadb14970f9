"""What is found on this machine, and what could be better: versions, device, memory, disk, terminal, extras."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from core import __version__, hardware
from core.cli.model import size
from core.errors import OgiveError
from core.workspace import Workspace

EXTRAS = {
    "bitsandbytes": ("gpu", "8-bit optimizers and 4-bit models"),
    "tensorboard": ("loggers", "the tensorboard logger"),
    "wandb": ("loggers", "the wandb logger"),
}
LITTLE_DISK = 2 * hardware.GIB
LITTLE_MEMORY = 2 * hardware.GIB


@dataclass(frozen=True)
class Finding:
    """One line of the report; `advice` is empty where all is well."""

    name: str
    value: str
    advice: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="leave out what needs torch to be loaded")


def run(args: argparse.Namespace) -> int:
    findings = examine(args.workspace, quick=args.quick)
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
        return 0
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{finding.name:{width}}  {finding.value}")
    advice = [finding for finding in findings if finding.advice]
    print()
    for finding in advice:
        print(f"{finding.name}: {finding.advice}")
    if not advice:
        print("Nothing to mend.")
    return 0


def examine(workspace: Workspace, quick: bool = False) -> list[Finding]:
    """Every finding, in the order a person should read them. Without `quick` torch is loaded (seconds)."""
    return [
        Finding("ogive", __version__),
        _python(),
        _version("torch"),
        _version("transformers"),
        *([] if quick else _device()),
        _processor(),
        *_accelerators(),
        _memory(),
        _disk(workspace),
        _compiler(),
        _terminal(),
        _tmux(),
        *(_extra(name, *about) for name, about in EXTRAS.items()),
    ]


def _python() -> Finding:
    value = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", value, "" if sys.version_info >= (3, 11) else "Ogive needs Python 3.11 or later.")


def _version(package: str) -> Finding:
    try:
        return Finding(package, metadata.version(package))
    except metadata.PackageNotFoundError:
        return Finding(package, "missing", f"Install it: `pip install {package}`.")


def _device() -> list[Finding]:
    try:
        device = hardware.pick_device("auto")
    except (OgiveError, ImportError) as error:
        return [Finding("device", "none", f"torch does not load: {error}")]
    advice = ""
    if device.type == "cpu" and hardware.device_rows():
        advice = "There is an NVIDIA device, but torch cannot use it: install torch's CUDA build."
    precision = "bf16 is fast" if hardware.bf16_pays(device) else "fp32; bf16 is not faster"
    return [Finding("device", f"{device}: {hardware.describe_device(device)}; {precision}", advice)]


def _processor() -> Finding:
    features = ", ".join(sorted(hardware.cpu_features())) or "no features told"
    return Finding("processor", f"{hardware.cpu_name()}, {hardware.cpu_count()} usable cores; {features}")


def _accelerators() -> list[Finding]:
    return [
        Finding(
            f"gpu {row.index}",
            f"{row.name}, {size(row.memory_total - row.memory_used)} free of {size(row.memory_total)}",
            "Little memory is free: another program uses it." if row.memory_used > 0.8 * row.memory_total else "",
        )
        for row in hardware.device_rows()
    ]


def _memory() -> Finding:
    free, total = hardware.memory_available(), hardware.memory_total()
    advice = "Little memory is free: choose a smaller model or micro-batch." if free < LITTLE_MEMORY else ""
    return Finding("memory", f"{size(free)} free of {size(total)}", advice)


def _disk(workspace: Workspace) -> Finding:
    folder = workspace.root
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    advice = ""
    if not os.access(folder, os.W_OK):
        advice = f"{folder} cannot be written: choose another folder with --workspace."
    elif free < LITTLE_DISK:
        advice = "Little disk is free: delete runs with `ogive runs delete`, or choose another --workspace."
    return Finding("workspace", f"{workspace.root}, {size(free)} free on disk", advice)


def _compiler() -> Finding:
    found = next((name for name in ("g++", "c++", "clang++") if shutil.which(name)), None)
    if found:
        return Finding("compiler", f"{found}: torch.compile can be used")
    return Finding(
        "compiler", "none", "Without a C++ compiler `compile: auto` stays off; install g++ for faster steps."
    )


def _terminal() -> Finding:
    term, colour = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    if not term or term == "dumb":
        return Finding("terminal", term or "none", "This is no full terminal: the app needs one; commands do not.")
    if colour in ("truecolor", "24bit"):
        return Finding("terminal", f"{term}, 16 million colours")
    if "256" in term or term in ("xterm-kitty", "alacritty", "foot"):
        return Finding("terminal", f"{term}, 256 colours")
    return Finding(
        "terminal", f"{term}, few colours", "For full colour set TERM=xterm-256color where the terminal can."
    )


def _tmux() -> Finding:
    inside = bool(os.environ.get("TMUX"))
    if not shutil.which("tmux"):
        return Finding("tmux", "not installed", "" if inside else "Runs survive a closed terminal with --detach, too.")
    done = subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=False, timeout=5)
    version = done.stdout.strip() or "tmux"
    advice = ""
    if inside and "256" not in os.environ.get("TERM", "") and not os.environ.get("TERM", "").startswith("tmux"):
        advice = "Add `set -g default-terminal tmux-256color` to ~/.tmux.conf for full colour."
    return Finding("tmux", f"{version}{', and this is inside it' if inside else ''}", advice)


def _extra(package: str, extra: str, use: str) -> Finding:
    if importlib.util.find_spec(package) is None:
        needed = package != "bitsandbytes" or Path("/proc/driver/nvidia").exists()
        return Finding(package, "not installed", f"For {use}: `pip install 'ogive[{extra}]'`." if needed else "")
    return Finding(package, metadata.version(package))
