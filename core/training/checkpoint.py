"""Checkpoints of a run: whole folders with a manifest of hashes, or nothing; never a pickle.

A folder `step-00001000/` is written beside its place, synced and renamed. Reading one verifies every file first; a
torn or altered one is named and the one before it is used.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError

from core.errors import OgiveError
from core.files import library_failure, os_failure, read_json, sha256, sync_folder, to_json, write_atomic
from core.models.names import MANIFEST

START = "start"
"""The folder in a run that holds the checkpoint it began from, when it began from one."""
BASE = "base"
"""The folder in a fine-tuning run that holds the model it began with."""
FORMAT = 1
_NAME = re.compile(r"step-(\d{8,})")


def folder_name(step: int) -> str:
    return f"step-{step:08d}"


def steps(run: Path) -> list[int]:
    """Steps of which a checkpoint folder exists, oldest first."""
    found = (_NAME.fullmatch(path.name) for path in run.iterdir() if path.is_dir())
    return sorted(int(match[1]) for match in found if match)


def write(run: Path, step: int, fill: Callable[[Path], None]) -> Path:
    """Make the checkpoint of `step`: `fill(folder)` writes its files, then hashes, sync and rename make it real.

    Raises OgiveError when the disk is full or the folder cannot be written; nothing half-written stays.
    """
    target = run / folder_name(step)
    temporary = run / f".{target.name}.tmp"
    try:
        remove(temporary)
        temporary.mkdir()
        fill(temporary)
        files = sorted(path for path in temporary.rglob("*") if path.is_file())
        for path in files:
            _sync(path)
        hashes = {
            str(path.relative_to(temporary)): {"sha256": sha256(path), "bytes": path.stat().st_size} for path in files
        }
        manifest = temporary / MANIFEST
        manifest.write_text(to_json({"format": FORMAT, "step": step, "files": hashes}, indent=2) + "\n")
        _sync(manifest)
        sync_folder(temporary)
        if target.exists():
            old = run / f".{target.name}.old"
            remove(old)
            target.rename(old)
        temporary.rename(target)
        sync_folder(run)
        remove(run / f".{target.name}.old")
    except OSError as error:
        _discard(temporary)
        raise os_failure("save the checkpoint", target, error) from error
    except SafetensorError as error:
        _discard(temporary)
        raise library_failure("save the checkpoint", target, error) from error
    except OgiveError as error:
        _discard(temporary)
        raise OgiveError(error.message.replace(str(temporary), str(target)), error.hint) from error
    return target


def verify(folder: Path) -> None:
    """Raise OgiveError naming the first file of the checkpoint that is missing, torn or altered."""
    manifest = read_json(folder / MANIFEST)
    hint = "The checkpoint before it will be used."
    if (
        not isinstance(manifest, dict)
        or manifest.get("format") != FORMAT
        or not isinstance(manifest.get("files"), dict)
    ):
        raise OgiveError(f"{folder / MANIFEST} is not a manifest of this program.", hint)
    for name, known in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise OgiveError(f"Checkpoint {folder.name} has lost {name}.", hint)
        if path.stat().st_size != known["bytes"] or sha256(path) != known["sha256"]:
            raise OgiveError(f"Checkpoint {folder.name} is damaged: {name} is not what was written.", hint)


@dataclass(frozen=True)
class Found:
    """The newest checkpoint that is whole (None: there is none), and what is wrong with newer ones."""

    step: int
    folder: Path | None
    damaged: list[str]


def last_good(run: Path) -> Found:
    """Verify checkpoints from the newest back until one is whole."""
    damaged: list[str] = []
    for step in reversed(steps(run)):
        folder = run / folder_name(step)
        try:
            verify(folder)
        except OgiveError as error:
            damaged.append(error.message)
            continue
        return Found(step, folder, damaged)
    return Found(0, None, damaged)


def point(run: Path, name: str, step: int) -> None:
    """Let `latest`, `best` or `final` name the checkpoint of `step`."""
    write_atomic(run / name, folder_name(step) + "\n")


def pointed(run: Path, name: str) -> Path | None:
    """The folder that a pointer names, when both exist."""
    try:
        folder = run / (run / name).read_text().strip()
    except OSError:
        return None
    return folder if _NAME.fullmatch(folder.name) and folder.is_dir() else None


def prune(run: Path, keep: int, spare: Iterable[str] = ("best", "latest", "final")) -> list[str]:
    """Delete all but the newest `keep` checkpoints and those that pointers name; the names of the deleted."""
    spared = {folder.name for name in spare if (folder := pointed(run, name)) is not None}
    others = [folder_name(step) for step in steps(run) if folder_name(step) not in spared]
    gone = others[: max(0, len(others) - keep)]
    for name in gone:
        remove(run / name)
    return gone


def sweep(run: Path) -> None:
    """Remove what a killed save left behind."""
    for path in run.glob(".step-*"):
        remove(path)


def remove(folder: Path) -> None:
    """Delete a folder, first out of sight so that a delete cut short leaves no torn checkpoint."""
    if not folder.exists():
        return
    if not folder.name.startswith("."):
        hidden = folder.with_name(f".{folder.name}.gone")
        if hidden.exists():
            shutil.rmtree(hidden)
        folder.rename(hidden)
        folder = hidden
    shutil.rmtree(folder)


def _discard(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
