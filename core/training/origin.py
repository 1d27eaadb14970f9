"""The model a fine-tuning run begins with, found when the run is made and kept with it. No torch."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import OgiveError
from core.files import read_json
from core.models.base import identify, parts
from core.models.catalog import list_models, resolve_model
from core.models.names import ADAPTER_CONFIG, CONFIG, MODEL_TYPE
from core.runs.info import HEADER
from core.settings.model import ModelSettings
from core.settings.run import RunSettings
from core.workspace import Workspace

COPY_UP_TO = 1 << 30
"""Bytes up to which a model is copied into the run when it cannot be linked (it lies on another disk)."""


@dataclass(frozen=True)
class Begun:
    """`base` is what run.json says of the model, `folder` where it is (None: in the Hugging Face cache), `parent` the
    run it came from."""

    base: dict[str, Any]
    folder: Path | None
    parent: str | None

    def keep(self, place: Path) -> None:
        """Link the model's files into the run, so that it may be deleted where it was. A large model on another disk
        stays where it is."""
        if self.folder is None:
            return
        files = [path for path in self.folder.iterdir() if path.is_file() and not path.name.startswith("trainer.")]
        try:
            place.mkdir()
            for path in files:
                os.link(path, place / path.name)
        except OSError:
            shutil.rmtree(place, ignore_errors=True)
            if sum(path.stat().st_size for path in files) <= COPY_UP_TO:
                link(self.folder, place)


def begun_with(settings: RunSettings, workspace: Workspace) -> tuple[RunSettings, Begun]:
    """`settings` with the base model settled (its place, and its shape where it is ours), and that model.

    Raises OgiveError when there is no such model, or it is an adapter.
    """
    entry = resolve_model(workspace, settings.base.model or _newest(workspace))
    base = settings.base.model_copy(update={"model": entry.location})
    if entry.source == "hub":
        told = {"name": entry.name, "path": entry.location, "files": {}}
        return settings.model_copy(update={"base": base}), Begun(told, None, None)
    folder = Path(entry.location).resolve()
    if (folder / ADAPTER_CONFIG).is_file():
        raise OgiveError(
            f"{entry.name} is an adapter, and a run begins with a whole model.",
            f"Merge it first (`ogive merge {entry.name} --out DIR`), or go on with it: `ogive fork`.",
        )
    if not any(path.name != CONFIG for path in parts(folder)):
        raise OgiveError(f"{folder} holds no weights as safetensors.", "Choose another model.")
    settings = settings.model_copy(update={"base": base.model_copy(update={"model": str(folder)})})
    config = read_json(folder / CONFIG)
    if config.get("model_type") == MODEL_TYPE:
        try:
            shape = ModelSettings.model_validate(config["model"])
        except (KeyError, ValidationError):
            raise OgiveError(f"{folder / CONFIG} is damaged.", "Choose another model.") from None
        if "dropout" in settings.model.model_fields_set:
            shape = shape.model_copy(update={"dropout": settings.model.dropout})
        settings = settings.model_copy(update={"model": shape})
    parent = f"{folder.parent.name}/{folder.name}" if (folder.parent / HEADER).is_file() else None
    return settings, Begun({"name": entry.name, **identify(folder).as_json()}, folder, parent)


def _newest(workspace: Workspace) -> str | None:
    """The newest model that is whole: adapters do not count."""
    for entry in list_models(workspace):
        if (Path(entry.location) / CONFIG).is_file() and (
            entry.source != "run" or {"best", "final"} & set(entry.marks)
        ):
            return entry.location
    return None


def link(source: Path, target: Path) -> None:
    """The same files under another name, without a second copy where the disk can; they are never changed."""
    try:
        shutil.copytree(source, target, copy_function=_link_or_copy)
    except (OSError, shutil.Error) as error:
        raise OgiveError(f"Cannot copy {source} to {target}: {error}.") from error


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
