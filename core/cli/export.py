"""A model for other programs.

ogive export tale-chat --out DIR                      # a folder that plain transformers loads, proved
ogive export tale-chat --format gguf --out tale.gguf  # one file for llama.cpp
ogive export tale-chat --out DIR --push owner/name    # and put it on the Hugging Face Hub
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.errors import OgiveError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a run, a model's name or folder")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="PATH", help="the folder (hf) or file (gguf) to write"
    )
    parser.add_argument("--format", choices=("hf", "gguf"), default="hf", help="hf: a folder (default); gguf: one file")
    parser.add_argument(
        "--form",
        choices=("auto", "native", "code"),
        default="auto",
        help="hf: as another family's model, or with our own code (auto: the former where the bricks are the same)",
    )
    parser.add_argument("--type", choices=("f32", "f16", "q8_0"), default="f32", help="gguf: of the numbers (f32)")
    parser.add_argument("--push", metavar="OWNER/NAME", help="hf: upload the folder to the Hugging Face Hub")
    parser.add_argument("--public", action="store_true", help="with --push: for everybody to see (else private)")


def run(args: argparse.Namespace) -> int:
    from core.models.catalog import resolve_model

    if args.push and args.format != "hf":
        raise OgiveError("--push goes with --format hf.")
    entry = resolve_model(args.workspace, args.model)
    source = Path(entry.location)
    if not source.is_dir():
        raise OgiveError(f"{entry.name} is not a model on this machine.", "`ogive model list` shows those that are.")
    record = _gguf(args, source) if args.format == "gguf" else _folder(args, source, entry)
    if args.json:
        print(json.dumps(record, ensure_ascii=False, indent=2))
    return 0


def _folder(args: argparse.Namespace, source: Path, entry: Any) -> dict[str, Any]:
    from core.models.export.card import provenance
    from core.models.export.huggingface import export
    from core.runs.info import HEADER, RunInfo

    run = entry.run or (RunInfo.read(source) if (source / HEADER).is_file() else None)
    about = {} if run is None else provenance(run, entry.step)
    done = export(source, args.out, args.form, about)
    record = done.as_json()
    if args.push:
        from core.models.export.hub import push

        record["pushed"] = push(args.out, args.push, private=not args.public)
    if not args.json:
        print(f"{done.folder}: {done.proof.loaded_as}, {done.parameters:,} parameters ({done.why})")
        print(f"loaded without Ogive, its logits differ by at most {done.proof.gap:.1e}")
        if args.push:
            print(f"pushed to {record['pushed']}")
    return record


def _gguf(args: argparse.Namespace, source: Path) -> dict[str, Any]:
    from core.models.export.gguf import export

    done = export(source, args.out, args.type)
    if not args.json:
        size = f"{done.bytes / 1e6:.1f} MB"
        print(f"{done.path}: {done.architecture}, {done.kind}, {done.tensors} tensors, {size}")
        print(f"read back, its numbers differ by at most {done.largest_difference:.1e} of a tensor's largest")
    return done.as_json()
