"""The tokenizers a workspace keeps by name, in versions that have parents: `data/tokenizers/<name>`, `<name>@2`, ...

Each is a folder that `AutoTokenizer` reads, with `about.json` beside the files: what it was made from, by which
settings, and when. A version is never written over.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import OgiveError, nearest
from core.files import os_failure, read_json, write_json
from core.tokenization.tokenizer import Tokenizer, load
from core.workspace import Workspace

ABOUT = "about.json"
_CACHED = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Kept:
    """One version. `settings` made it, `data` is the settings of what it was trained on, `trained_on` says so in words;
    `problem` tells why it cannot be used."""

    name: str
    version: int
    folder: Path
    kind: str = ""
    vocab_size: int = 0
    parent: str | None = None
    created_at: str = ""
    sha256: str = ""
    trained_on: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] | None = None
    problem: str = ""

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"folder": str(self.folder), "reference": self.reference}


def place(workspace: Workspace) -> Path:
    """The folder of all kept tokenizers; those cached for runs, named by a hash, lie there too."""
    return workspace.data / "tokenizers"


def check_name(name: str) -> str:
    """`name` itself; OgiveError when it cannot be a tokenizer's name."""
    if not _NAME.fullmatch(name) or _CACHED.fullmatch(name):
        raise OgiveError(f"{name!r} cannot be the name of a tokenizer.", "Use letters, digits, dots and dashes.")
    return name


def list_kept(workspace: Workspace) -> list[Kept]:
    """Every kept version, by name and version; one that is damaged says so in `problem`."""
    found = []
    for folder in _folders(place(workspace)):
        name, _, number = folder.name.partition("@")
        if folder.name.startswith(".") or _CACHED.fullmatch(folder.name) or not (number or "1").isdecimal():
            continue
        found.append(_read(folder, name, int(number or 1)))
    return sorted(found, key=lambda kept: (kept.name, kept.version))


def find_kept(workspace: Workspace, reference: str) -> Kept | None:
    """`name` (its newest version) or `name@version`; None when nothing of that name is kept.

    Raises OgiveError for a version that there is not, of a name that there is.
    """
    name, _, number = reference.partition("@")
    fitting = [kept for kept in list_kept(workspace) if kept.name == name]
    if not fitting:
        return None
    if not number:
        return fitting[-1]
    wanted = [kept for kept in fitting if str(kept.version) == number]
    if not wanted:
        raise OgiveError(
            f"There is no tokenizer {reference!r}.", nearest(reference, [kept.reference for kept in fitting])
        )
    return wanted[0]


def keep(
    tokenizer: Tokenizer,
    workspace: Workspace,
    name: str,
    *,
    settings: dict[str, Any],
    data: dict[str, Any] | None = None,
    trained_on: str = "",
    parent: str | None = None,
) -> Kept:
    """Save as the next version of `name`, the child of the one before unless `parent` says another.

    A tokenizer equal to the newest version is not saved again. Raises OgiveError when the disk cannot be written.
    """
    check_name(name)
    earlier = [kept for kept in list_kept(workspace) if kept.name == name]
    if earlier and earlier[-1].sha256 == tokenizer.fingerprint:
        return earlier[-1]
    version = earlier[-1].version + 1 if earlier else 1
    folder = place(workspace) / (name if version == 1 else f"{name}@{version}")
    kept = Kept(
        name,
        version,
        folder,
        kind=tokenizer.kind,
        vocab_size=tokenizer.vocab_size,
        parent=parent or (earlier[-1].reference if earlier else None),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        sha256=tokenizer.fingerprint,
        trained_on=trained_on,
        settings=settings,
        data=data,
    )
    about = {key: value for key, value in asdict(kept).items() if key not in ("folder", "problem")}
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.{time.monotonic_ns():x}")
    try:
        tokenizer.save(beside)
        write_json(beside / ABOUT, about)
        beside.rename(folder)
    except OSError as error:
        raise os_failure("write", folder, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return kept


def delete_kept(workspace: Workspace, reference: str) -> Kept:
    """Remove one version for good, and give back what it was. Later versions stay, and go on naming it as parent."""
    kept = find_kept(workspace, reference)
    if kept is None:
        known = [one.reference for one in list_kept(workspace)]
        raise OgiveError(f"There is no tokenizer {reference!r}.", nearest(reference, known) if known else "")
    doomed = kept.folder.with_name(f".deleted-{kept.folder.name}-{time.monotonic_ns():x}")
    try:
        # The name goes first, so that a delete cut short never leaves half a tokenizer in the list.
        kept.folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise os_failure("delete", kept.folder, error) from error
    return kept


def open_kept(kept: Kept) -> Tokenizer:
    """The tokenizer itself. Raises OgiveError when its files are missing or damaged."""
    return load(kept.folder)


def _folders(root: Path) -> list[Path]:
    try:
        return [path for path in root.iterdir() if (path / "tokenizer.json").is_file()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise os_failure("read", root, error) from error


def _read(folder: Path, name: str, version: int) -> Kept:
    if not (folder / ABOUT).exists():
        return Kept(name, version, folder, trained_on="not said")
    try:
        about = read_json(folder / ABOUT)
        known: dict[str, Any] = {key: value for key, value in about.items() if key in _TOLD}
    except OgiveError as error:
        return Kept(name, version, folder, problem=error.message)
    except AttributeError:
        return Kept(name, version, folder, problem=f"{folder / ABOUT} holds no mapping.")
    return Kept(name, version, folder, **known)


_TOLD = frozenset(Kept.__dataclass_fields__) - {"name", "version", "folder", "problem"}
