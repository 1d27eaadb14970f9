"""The model beneath an adapter: which one it is, by path and sha256, and where it is now. No torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import OgiveError
from core.files import read_json, sha256
from core.models.names import ADAPTER_CONFIG, BASE, CONFIG, INDEX, MANIFEST

FORMAT = 1
TRUSTED_FROM = 1 << 30
"""Files of this many bytes are compared by size alone when an adapter is loaded: hashing takes a second for each."""


@dataclass(frozen=True)
class Base:
    """The model an adapter stands on. `path` is a folder or a Hugging Face id; `files` its sha256 and bytes by name.

    `near` is the same model's folder as seen from the adapter's (`../start`), when it stays close to it.
    """

    path: str
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    near: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "path": self.path, "near": self.near, "files": self.files}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Base:
        return cls(str(kept["path"]), dict(kept["files"]), str(kept.get("near", "")))


def identify(location: str | Path) -> Base:
    """The model at `location` with the hashes of its config and weights; a checkpoint's manifest has them ready."""
    folder = _folder_of(location)
    known: dict[str, dict[str, Any]] = {}
    if (folder / MANIFEST).is_file():
        known = read_json(folder / MANIFEST).get("files", {})
    files = {}
    for path in parts(folder):
        told = known.get(path.name) or {"sha256": sha256(path), "bytes": path.stat().st_size}
        files[path.name] = {"sha256": told["sha256"], "bytes": told["bytes"]}
    path = os.path.abspath(folder) if Path(location).is_dir() else str(location)  # noqa: PTH100 - keeps links
    return Base(path, files)


def _folder_of(location: str | Path) -> Path:
    """The folder itself, or where the cache keeps the files of a Hugging Face id."""
    if Path(location).is_dir():
        return Path(location)
    from transformers.utils import cached_file

    try:
        found = cached_file(str(location), CONFIG, local_files_only=True)
    except OSError:
        found = None
    if found is None:
        raise OgiveError(f"{location} is neither a folder nor in the Hugging Face cache.", "Load it once.")
    return Path(found).parent


def parts(folder: Path) -> list[Path]:
    """The files that decide what a model computes."""
    weights = sorted(path for path in folder.glob("*.safetensors") if path.name.startswith("model"))
    return [path for path in (folder / CONFIG, folder / INDEX, *weights) if path.is_file()]


def base_of(folder: str | Path) -> Base:
    """The model that the adapter in `folder` stands on; by PEFT's own entry where `base.json` is missing."""
    folder = Path(folder)
    if (folder / BASE).is_file():
        try:
            base = Base.from_json(read_json(folder / BASE))
        except (KeyError, TypeError, ValueError):
            raise OgiveError(f"{folder / BASE} is damaged.", "Copy the adapter again.") from None
    else:
        base = Base(str(read_json(folder / ADAPTER_CONFIG).get("base_model_name_or_path") or ""))
    if not base.path:
        raise OgiveError(f"The adapter {folder} does not say which model it stands on.", "Name the base model.")
    return base


def find_base(folder: str | Path) -> Base:
    """As `base_of`, with `path` a place where it is: beside the adapter, or where it was. OgiveError when it is gone,
    or is no longer the model the adapter was trained on."""
    base = base_of(folder)
    places = [Path(place) for place in (base.near and Path(folder) / base.near, base.path) if place]
    differs = ""
    for place in places:
        if place.is_dir() and not _holds(place, folder):
            differs = _difference(base, place)
            if not differs:
                return replace(base, path=str(place))
    if differs:
        raise OgiveError(
            f"The adapter {folder} was trained on another model than the one in {place}: {differs} differs.",
            "Put the model it was trained on back in its place.",
        )
    if Path(base.path).is_absolute():
        raise OgiveError(
            f"The adapter {folder} stands on the model in {base.path}, which is not there.",
            "Put that model back, or merge the adapter where it is: `ogive merge --base MODEL`.",
        )
    return base


def _holds(place: Path, folder: str | Path) -> bool:
    """Whether `place` is the adapter itself, or another adapter: no model to stand on."""
    return place.resolve() == Path(folder).resolve() or (place / ADAPTER_CONFIG).is_file()


def _difference(base: Base, place: Path) -> str:
    """The first file in `place` that is not what the adapter was trained on."""
    for name, known in base.files.items():
        path = place / name
        size = path.stat().st_size if path.is_file() else -1
        if size != known["bytes"] or (size < TRUSTED_FROM and sha256(path) != known["sha256"]):
            return name
    return ""
