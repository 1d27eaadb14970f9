"""A new run from another run's checkpoint: its weights, or with --continue everything, under changed settings."""

from __future__ import annotations

import argparse

from core.cli.train import add_common, overrides, start
from core.runs.registry import resolve
from core.settings.load import change
from core.settings.run import RunSettings
from core.training.job import fork


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="RUN", help="a run's id, name or folder")
    parser.add_argument("--step", type=int, help="the checkpoint to begin from (default: the newest)")
    parser.add_argument(
        "--continue",
        action="store_true",
        dest="go_on",
        help="also take over optimizer, step count and place in the data, as if the run had gone on",
    )
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    info = resolve(args.workspace, args.source)
    settings = change(RunSettings.model_validate(info.settings), overrides(args))
    name = args.name or f"{info.name}-fork"
    return start(args, lambda: fork(info, args.workspace, settings, name, args.step, args.go_on))
