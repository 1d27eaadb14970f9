"""Train a model by a recipe: a file, or a name under configs/training/. Ctrl+C saves and stops."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from core.cli.check import add_check, check
from core.cli.progress import detach, train_here, train_together
from core.cli.tell import tell_data
from core.errors import OgiveError
from core.settings.load import load_run
from core.training.job import create_run
from core.training.processes import place


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", metavar="CONFIG", help="a recipe: its name (`demo`) or a file")
    parser.add_argument("--check", action="store_true", help="train nothing: show a sample and what is learned of it")
    add_check(parser)
    add_common(parser)


def add_common(parser: argparse.ArgumentParser) -> None:
    """What train and fork share."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="A.B=C",
        dest="overrides",
        help="change one setting, e.g. training.steps=500 (may be given again)",
    )
    parser.add_argument("--name", help="what the run is called (default: the recipe's name)")
    add_where(parser)


def add_where(parser: argparse.ArgumentParser) -> None:
    """Where a run is trained."""
    parser.add_argument("--device", help="auto, cpu, cuda, cuda:1 or mps (short for --set training.device=...)")
    parser.add_argument("--detach", action="store_true", help="train in a process that outlives this terminal")
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="train in N processes on this machine, under torchrun: one for each GPU (see training.parallel)",
    )


def overrides(args: argparse.Namespace) -> list[str]:
    """`--set`s, and `--device` as one of them."""
    return [*args.overrides, *([f"training.device={args.device}"] if args.device else [])]


def run(args: argparse.Namespace) -> int:
    settings = load_run(args.config, args.workspace, overrides(args))
    if args.check:
        return check(settings, args)

    def make() -> Path:
        folder = create_run(settings, args.workspace, args.name)
        if not args.json:
            print(tell_data(settings.data, args.workspace), end="", flush=True)
        return folder

    return start(args, make)


def start(args: argparse.Namespace, make: Callable[[], Path]) -> int:
    """Make a run and train it where `args` say; what train, resume and fork share.

    Started by torchrun, the first process makes the run and the others join it.
    """
    if args.processes < 1:
        raise OgiveError(f"--processes {args.processes} is not a number of processes.", "Give 1 or more.")
    if place().size > 1:
        if args.detach or args.processes > 1:
            raise OgiveError("torchrun has started the processes already.", "Leave out --detach and --processes.")
        from core.training.parallel import team

        together = team()
        folder = Path(together.tell(lambda: str(make())))
        return train_here(folder, args.json, quiet=not together.leads)
    folder = make()
    if args.detach:
        return detach(folder, args.json, args.processes)
    if not args.json:
        print(f"run {folder.name}", flush=True)
    return train_here(folder, args.json) if args.processes == 1 else train_together(folder, args.json, args.processes)
