"""Continue a run that was stopped, paused in a closed terminal, lost or failed, from its last good checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.train import add_where, overrides, start
from core.errors import OgiveError
from core.runs.registry import resolve
from core.settings.load import change
from core.settings.run import RunSettings
from core.training.job import change_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="RUN", nargs="?", default="latest", help="a run's id, name or folder")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="A.B=C",
        dest="overrides",
        help="change a training setting from here on, e.g. training.steps=2000",
    )
    add_where(parser)


def run(args: argparse.Namespace) -> int:
    info = resolve(args.workspace, args.name)
    wanted = overrides(args)
    if info.state == "finished" and not any(item.startswith("training.steps=") for item in wanted):
        raise OgiveError(
            f"Run {info.id} is finished ({info.step} steps).",
            f"`ogive resume {info.id} --set training.steps={2 * info.steps}` trains on.",
        )

    def changed() -> Path:
        if wanted:
            change_settings(info, change(RunSettings.model_validate(info.settings), wanted))
        return info.path

    return start(args, changed)
