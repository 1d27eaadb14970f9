"""`ogive data add` and `ogive data delete`: what was understood is shown first, then it is copied, or removed."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from core.cli.naming import opened
from core.cli.tables import count
from core.cli.tell import agreed, tell_preview
from core.data import snapshots
from core.data.adding import add as add_snapshot
from core.data.adding import preview
from core.data.corpus import settled
from core.data.documents import Source
from core.data.sources import RowSource, make
from core.errors import OgiveError
from core.settings import names, store
from core.settings.data import DataSettings
from core.settings.load import load_subject, validate
from core.workspace import Workspace


def add(args: argparse.Namespace) -> int:
    """Show the mapping and three rows of each path, then keep a snapshot of all rows under the name."""
    every = [opened(args, path) for path in args.path]
    sources = [make(choice, args.workspace) for settings in every for choice in settings.sources]
    _check_rows(sources)
    found = [preview(source) for source in sources if isinstance(source, RowSource)]
    if not args.json:
        print("\n\n".join(map(tell_preview, found)) + "\n", flush=True)
        if not args.yes and not agreed(f"Add this as {args.name}?"):
            print("nothing was added.")
            return 0
    if args.link:
        return _link(args, every, found)
    progress = _Progress() if sys.stderr.isatty() and not args.json else None
    rows = [source for source in sources if isinstance(source, RowSource)]
    kept = add_snapshot(args.workspace, args.name, rows, progress=progress, description=args.description)
    tree: dict[str, Any] = {**every[0].model_dump(), "sources": [{"name": "snapshot", "snapshot": kept.reference}]}
    settings = validate(DataSettings, tree, args.name)
    described = args.description or f"{kept.kind}: {', '.join(args.path)}"
    saved = store.save_version(settings, args.workspace, subject="data", name=args.name, description=described)
    if args.json:
        shown = {**kept.to_dict(), "path": str(saved), "preview": [one.to_dict() for one in found]}
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return 0
    was = "added" if kept.fresh else "there already:"
    print(f"{was} {kept.reference} ({kept.id}): {count(kept.documents)} documents, {count(kept.bytes)}B of text")
    _next(args.name, kept.kind)
    return 0


def _link(args: argparse.Namespace, every: list[DataSettings], found: list[Any]) -> int:
    """Keep settings that read the data where it is."""
    sources = [choice.model_dump() for settings in every for choice in settings.sources]
    settings = validate(DataSettings, {**every[0].model_dump(), "sources": sources}, args.name)
    assert isinstance(settings, DataSettings)
    settings = settled(settings, args.workspace, rows=True)
    described = args.description or ", ".join(args.path)
    saved = store.save_version(settings, args.workspace, subject="data", name=args.name, description=described)
    if args.json:
        shown = {"name": args.name, "path": str(saved), "preview": [one.to_dict() for one in found]}
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return 0
    print(f"kept {args.name} as a link: {saved}")
    _next(args.name, found[0].kind)
    return 0


def _next(name: str, kind: str) -> None:
    print(f"look at it: ogive data show {name}")
    if kind in ("text", "conversation", "prompt-completion"):
        print(f"use it: ogive train demo --set data={name}")


def _check_rows(sources: list[Source]) -> None:
    if not all(isinstance(source, RowSource) for source in sources):
        raise OgiveError("The built-in corpus needs no copy.", "Use `data: demo` in a recipe.")


def delete(args: argparse.Namespace) -> int:
    """Remove snapshots and the settings that name them."""
    for name in args.names:
        _known(args.workspace, name)
    if not args.json and not args.yes and not agreed(f"Delete {', '.join(args.names)} for good?"):
        print("nothing was deleted.")
        return 0
    gone = [str(path) for name in args.names for path in _delete(args.workspace, name, args.force)]
    if args.json:
        print(json.dumps({"deleted": gone}, indent=2))
        return 0
    print("\n".join(f"deleted {path}" for path in gone))
    return 0


def _known(workspace: Workspace, name: str) -> None:
    stored = [item for item in names.list_settings(workspace, "data") if name in (item.name, item.reference)]
    kept = [one for one in snapshots.list_snapshots(workspace) if name in (one.name, one.reference)]
    if not kept and all(item.shipped for item in stored):
        if stored:
            raise OgiveError(f"{name} is shipped with the program and cannot be deleted.")
        snapshots.find(workspace, name)


def _delete(workspace: Workspace, name: str, force: bool) -> list[Any]:
    """The snapshot folders and settings files that are gone."""
    kept = [one for one in snapshots.list_snapshots(workspace) if name in (one.name, one.reference)]
    gone: list[Any] = snapshots.delete(workspace, name, force) if kept else []
    lost = {one.reference for one in kept}
    for item in names.list_settings(workspace, "data"):
        if item.shipped or item.name != name.partition("@")[0]:
            continue
        if "@" not in name or _reads_only(item, workspace, lost):
            item.path.unlink(missing_ok=True)
            gone.append(item.path)
    return gone


def _reads_only(item: names.Stored, workspace: Workspace, lost: set[str]) -> bool:
    """Whether the settings read nothing but snapshots that are lost."""
    settings = load_subject("data", item.path, workspace)
    return isinstance(settings, DataSettings) and all(
        choice.options.get("snapshot") in lost for choice in settings.sources
    )


class _Progress:
    """Rows done so far, on one line of the terminal."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, doing: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._told > 0.5:
            self._told = now
            sys.stderr.write(f"\r{doing}: {count(done)} rows ")
            sys.stderr.flush()
