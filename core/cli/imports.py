"""Make another family's checkpoint a model of this workspace.

ogive import ~/models/SmolLM-135M --name smol
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from core.errors import OgiveError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="a Hugging Face folder of a Llama, Qwen, GPT-2, ..."
    )
    parser.add_argument("--name", help="what it is called here (default: the folder's name)")


def run(args: argparse.Namespace) -> int:
    from core.models.importing import import_model

    name = args.name or args.folder.expanduser().resolve().name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise OgiveError(f"A model cannot be called {name!r}.", "Use letters, digits, dots and dashes: --name smol")
    out = args.workspace.checkpoints / name
    parameters = import_model(args.folder.expanduser(), out)
    if args.json:
        print(json.dumps({"name": name, "folder": str(out), "parameters": parameters}, indent=2))
    else:
        print(f"{name}: {parameters:,} parameters, in {out}\nnext: ogive chat {name}")
    return 0
