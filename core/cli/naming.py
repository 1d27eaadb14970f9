"""How data is named on the command line: a name, a path or an id, and the options that say how it is read."""

from __future__ import annotations

import argparse
from typing import Any

from core.settings.data import DataSettings

_SOURCE = ("column", "documents", "format", "map", "subset", "split", "streaming", "revision")


def add_data(parser: argparse.ArgumentParser, name: str = "data", several: bool = False) -> None:
    """The arguments that name data: what `opened` reads."""
    many: dict[str, Any] = {"nargs": "+"} if several else {}
    parser.add_argument(name, metavar=name.upper(), help="a name, a file, folder or glob, or a Hugging Face id", **many)
    parser.add_argument("--column", default="", help="the one column to read, as text or turns (default: found out)")
    parser.add_argument("--format", default="", metavar="F", help="text, messages, alpaca, prompt-completion, ...")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="ROLE=COLUMN",
        help="which column plays a part, such as prompt=question (repeatable)",
    )
    parser.add_argument(
        "--documents",
        default="",
        choices=("auto", "file", "line", "blank-line"),
        help="what one document of a text file is",
    )
    parser.add_argument("--subset", default="", help="Hugging Face: the configuration")
    parser.add_argument("--split", default="", help="Hugging Face: the split, or a slice such as train[:5%%]")
    parser.add_argument("--streaming", action="store_true", help="Hugging Face: read row by row, keep nothing on disk")
    parser.add_argument("--revision", default="", help="Hugging Face: a commit of the data set")
    parser.add_argument("--set", action="append", default=[], metavar="a=b", help="change a data setting (repeatable)")


def opened(args: argparse.Namespace, what: str) -> DataSettings:
    """The data settings that `what` means: a name of the workspace, a path, or a Hugging Face id."""
    from core.data.reading import data_settings

    options = {key: getattr(args, key, "") for key in _SOURCE if key != "map"}
    mapping = ",".join(getattr(args, "map", []))
    return data_settings(what, args.workspace, args.set, map=mapping, **options)
