"""Make a workspace: a folder with the shipped settings to edit, and places for runs and the journal."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from core.errors import OgiveError
from core.files import os_failure, write_atomic
from core.workspace import SHIPPED, Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="the folder; what is in it is kept")


def run(args: argparse.Namespace) -> int:
    made, kept = init(Workspace(Path(args.folder).expanduser().resolve()))
    if args.json:
        print(json.dumps({"made": [str(path) for path in made], "kept": [str(path) for path in kept]}, indent=2))
        return 0
    print(f"{args.folder}: {len(made)} settings files" + (f", {len(kept)} of yours kept" if kept else ""))
    print(f"next: cd {args.folder} && ogive demo")
    return 0


def init(workspace: Workspace) -> tuple[list[Path], list[Path]]:
    """Copy the shipped settings into `workspace`; (files written, files that were there and differ, left alone)."""
    if workspace.root.exists() and not workspace.root.is_dir():
        raise OgiveError(f"{workspace.root} is a file, not a folder.", "Choose another place.")
    made: list[Path] = []
    kept: list[Path] = []
    try:
        for folder in (workspace.configs, workspace.checkpoints, workspace.journal):
            folder.mkdir(parents=True, exist_ok=True)
        for source in sorted(SHIPPED.rglob("*.yaml")):
            target = workspace.configs / source.relative_to(SHIPPED)
            content = source.read_bytes()
            if target.exists():
                if target.read_bytes() != content:
                    kept.append(target)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(target, content)
            made.append(target)
    except OSError as error:
        raise os_failure("make a workspace in", workspace.root, error) from error
    return made, kept
