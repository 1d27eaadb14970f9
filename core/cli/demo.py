"""From nothing to a trained model on the built-in corpus: in the app, or with plain lines without a terminal."""

from __future__ import annotations

import argparse
import sys

from core.cli.progress import train_here
from core.runs.info import RunInfo
from core.runs.registry import list_runs
from core.settings.load import load_run
from core.settings.run import RunSettings
from core.training.job import create_run
from core.workspace import Workspace

RECIPE = "demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--new", action="store_true", help="begin another, also when one was interrupted")
    parser.add_argument("--plain", action="store_true", help="print progress lines instead of opening the app")
    parser.add_argument(
        "--set", action="append", default=[], metavar="A.B=C", dest="overrides", help="change one setting"
    )


def run(args: argparse.Namespace) -> int:
    settings = load_run(RECIPE, args.workspace, args.overrides)
    found = None if args.new else unfinished(args.workspace, settings)
    in_app = args.open_app is not None and not (args.plain or args.json) and sys.stdin.isatty() and sys.stdout.isatty()
    if found is not None and found.live:
        if in_app:
            return args.open_app("monitor", workspace=args.workspace, run=found.path)
        print(f"run {found.id} is {found.state}\nnext: ogive status {found.id}\n      ogive demo --new")
        return 0
    folder = found.path if found is not None else create_run(settings, args.workspace)
    if in_app:
        return args.open_app("monitor", workspace=args.workspace, run=folder, start=True)
    if not args.json:
        print(f"run {folder.name}" + ("" if found is None else " (continued)"), flush=True)
    return train_here(folder, args.json)


def unfinished(workspace: Workspace, settings: RunSettings) -> RunInfo | None:
    """The newest run of these very settings that is not finished."""
    wanted = settings.model_dump(mode="json")
    for info in list_runs(workspace):
        if info.settings == wanted and info.state not in ("finished", "damaged"):
            return info
    return None
