"""Watch a run, live or finished, of this or another process: curves, samples, device, log, and its controls."""

from __future__ import annotations

import argparse

from core.errors import OgiveError
from core.runs import registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", default="latest", help="id, name, start of either, path (default: latest)")


def run(args: argparse.Namespace) -> int:
    info = registry.resolve(args.workspace, args.run)
    if args.json:
        from core.cli.status import run as status

        args.run, args.tmux = str(info.path), False
        return status(args)
    if args.open_app is None:
        raise OgiveError("The monitor needs the app.", f"`ogive status {info.id}` tells how the run stands.")
    return int(args.open_app("monitor", workspace=args.workspace, run=info.path) or 0)
