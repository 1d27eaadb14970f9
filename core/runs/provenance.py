"""Where a result comes from: the program's commit, versions of what it stands on, the machine, the command."""

from __future__ import annotations

import functools
import os
import platform
import socket
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from core import __version__

PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "datasets", "peft", "triton")


def collect(command: list[str] | None = None) -> dict[str, Any]:
    """`git`, `versions`, `host`, `platform`, `command`: fit to be put in run.json. Imports no heavy package."""
    return {
        "git": git_commit(Path(__file__).resolve().parent.parent.parent),
        "versions": versions(),
        "host": socket.gethostname(),
        "platform": f"{platform.system()} {platform.machine()} {os.cpu_count()} CPUs",
        "command": list(sys.argv) if command is None else list(command),
    }


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = [("ogive", __version__), ("python", platform.python_version())]
    for package in PACKAGES:
        try:
            found.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


def versions() -> dict[str, str]:
    """Installed versions by package name; packages that are absent are left out."""
    return dict(_versions())


@functools.cache
def _git_commit(folder: Path) -> tuple[str, bool] | None:
    if not (folder / ".git").exists():
        return None
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        dirty = bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None
    return commit, dirty


def git_commit(folder: Path) -> dict[str, Any] | None:
    """`{"commit", "dirty"}` of the source tree `folder`; None when it is no git checkout or git is absent."""
    found = _git_commit(folder)
    return None if found is None else {"commit": found[0], "dirty": found[1]}


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, timeout=5, check=True)
    return done.stdout.strip()
