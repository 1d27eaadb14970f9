"""The files of a session when it begins and when it is gone on with; what a session needs of a model."""

from __future__ import annotations

import re
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import safetensors
import safetensors.torch
from torch import Tensor

from core import __version__
from core.cancel import Cancel
from core.errors import OgiveError
from core.files import os_failure, sha256, sync_folder, whole_folder, write_atomic
from core.settings.sampling import SamplingSettings
from core.settings.steering import SteeringSettings
from core.steering import journal
from core.steering.lesson import Lesson, Report
from core.steering.prompts import Prompts
from core.steering.shaping import Shaper
from core.steering.states import States
from core.training.checkpoint import remove
from core.workspace import Workspace

Progress = Callable[[str, int, int | None], None]

MODES = "modes.safetensors"
LISTENED = 96
"""Prompts of a session that its model is listened to on."""
_LEFT_BEHIND = 3600.0
"""Seconds after which a hidden folder is nobody's work any more."""
_SMALL = 1 << 28
"""Files of a model up to this many bytes are known by their hash, larger ones by their size."""


class Steered(Protocol):
    """A model that can be steered, as a session sees it: `core.steering.policy.Policy`."""

    name: str
    path: str
    context: int
    tokenizer: Any
    stop_ids: frozenset[int]
    modes: Any

    @property
    def parameters(self) -> int: ...
    def modes_of(self, tensors: dict[str, Tensor]) -> Any: ...
    def listen(
        self, asked: Sequence[Sequence[int]], cancel: Cancel | None = None, progress: Progress | None = None
    ) -> Any: ...
    def draw(
        self, prompt_ids: Sequence[int], sampling: SamplingSettings, variants: int, seed: int, cancel: Cancel | None
    ) -> Iterator[Any]: ...
    def prepare(self, prompt_ids: Sequence[int], completions: Sequence[Sequence[int]], temperature: float) -> None: ...
    def learn(self, lesson: Lesson, replay: Sequence[Lesson], cancel: Cancel | None = None) -> Report: ...
    def tensors(self) -> dict[str, Tensor]: ...
    def reset(self) -> None: ...
    def restore(self, tensors: Mapping[str, Tensor]) -> None: ...
    def drift(self, against: Mapping[str, Tensor] | None = None) -> float: ...
    def logp(self, prompt_ids: Sequence[int], completion_ids: Sequence[int], temperature: float = 1.0) -> float: ...
    def save_adapter(self, folder: str | Path) -> None: ...
    def merge(self, folder: str | Path) -> Any: ...


def listen(
    policy: Steered, prompts: Prompts, shaper: Shaper, cancel: Cancel | None = None, progress: Progress | None = None
) -> Any:
    """The modes of the model's own replies to the first prompts of a session (None: none are to be had)."""
    places = range(min(LISTENED, len(prompts)))
    asked = [shaper.ids(prompts.at(place) or "") for place in places]
    return policy.listen([ids for ids in asked if len(ids) < policy.context - 1], cancel, progress)


def kept_modes(folder: Path, policy: Steered) -> Any:
    """The modes that a session keeps; None when it has none. OgiveError when their file is damaged."""
    file = folder / MODES
    if not file.exists():
        return None
    try:
        return policy.modes_of(safetensors.torch.load_file(file))
    except (OSError, safetensors.SafetensorError):
        raise OgiveError(f"{file} is damaged.", "Restore it from a copy.") from None


def begin(
    workspace: Workspace,
    settings: SteeringSettings,
    name: str,
    policy: Steered,
    prompts: Prompts,
    seed: int,
    modes: Any = None,
) -> Path:
    """Make a session's folder with its root, whole or not at all; its path."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "session"
    number = f"{datetime.now():%Y%m%d-%H%M%S}-{slug}"
    folder = workspace.journal / number
    count = 1
    while folder.exists():
        count += 1
        folder = workspace.journal / f"{number}-{count}"
    _sweep(workspace.journal)
    making = folder.with_name(f".{folder.name}.new")
    try:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        states = States(making / "states")
        state = states.put(policy.tensors())
        states.close()
        prompts.save(making)
        if modes is not None:
            write_atomic(making / MODES, safetensors.torch.save(modes.tensors()))
        book = journal.Journal(making, 0)
        book.write(
            {
                "kind": "root",
                "state": state,
                "prompt": prompts.at(0),
                "place": 1,
                "seed": seed,
                "drift": 0.0,
                "kl": 0.0,
            },
            sync=True,
        )
        book.close()
        about = {
            "name": name,
            "created_at": journal.stamp(),
            "ogive": __version__,
            "model": {"name": policy.name, "path": policy.path, "files": model_files(policy.path)},
            "adapter_parameters": policy.parameters,
            "settings": settings.model_dump(mode="json"),
        }
        journal.write_about(making, about)
        making.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        raise os_failure("make the session", folder, error) from error
    except OgiveError:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return folder


def _sweep(root: Path) -> None:
    """Remove what a beginning or a deletion that was killed left behind; younger ones may still be under way."""
    for pattern in (".*.new", ".*.gone"):
        for left in root.glob(pattern):
            if time.time() - left.stat().st_mtime > _LEFT_BEHIND:
                shutil.rmtree(left, ignore_errors=True)


def model_files(path: str) -> dict[str, str]:
    """What tells the weights of a model folder from others: hash or size of each file; {} for an id of the hub."""
    folder = Path(path)
    if not folder.is_dir():
        return {}
    files = [each for each in sorted(folder.iterdir()) if each.suffix == ".safetensors" or each.name == "config.json"]
    sizes = {each: each.stat().st_size for each in files}
    return {each.name: sha256(each) if size <= _SMALL else f"{size} bytes" for each, size in sizes.items()}


def check_model(about: Mapping[str, Any], policy: Steered) -> None:
    """OgiveError when the model is not the one whose changes the session holds."""
    known = (about.get("model") or {}).get("files") or {}
    found = model_files(policy.path)
    changed = [name for name in known if found and found.get(name) != known[name]]
    if changed:
        raise OgiveError(
            f"The model in {policy.path} is not the one this session steers: {changed[0]} has changed.",
            "Put the old files back, or begin a new session with these settings.",
        )


def save(
    session: Path, what: str, number: int, folder: str | Path | None, write: Callable[[Path], Any]
) -> tuple[Path, Any]:
    """Let `write(folder)` make a folder of a node's weights, whole or not at all; where it is, and what `write` gave.

    Without a `folder` it is in the session's own, by the node's number, and replaces one that was made of it before.
    """
    name = f"{'adapter' if what == 'adapter' else 'merged'}-{number}"
    target = session / name if folder is None else Path(folder).expanduser().absolute()
    if what == "adapter":
        return target, whole_folder(target, write, replace=folder is None)
    if folder is None and target.exists():
        remove(target)
    return target, write(target)  # merging is whole or absent by itself


def load(settings: SteeringSettings, workspace: Workspace, cancel: Cancel | None, progress: Progress | None) -> Steered:
    """The model that the settings name, with a fresh adapter."""
    from core.steering.policy import Policy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # libraries telling each other what they will rename
        return Policy.load(settings, workspace, cancel, progress)
