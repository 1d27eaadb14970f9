"""Measure a model: its answers and voices on the built-in world, or its loss on text.

ogive evaluate talk tale-chat
ogive evaluate loss tale-chat                    # the built-in corpus's held-out documents
ogive evaluate loss tale-chat --text book.txt
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from core.cli.generate import add_model_options, load_model

SUITES = {
    "talk": "held-out questions about the built-in world: right answers, abstentions, and the four voices",
    "loss": "nats per token, perplexity and bits per byte on held-out text",
}
HELD_OUT = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", choices=sorted(SUITES), help="; ".join(f"{k}: {v}" for k, v in SUITES.items()))
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a run, a model's name or folder, or an id")
    parser.add_argument("--text", metavar="PATH", help="loss: a file, folder or glob (default: the built-in corpus)")
    parser.add_argument("--part", choices=("all", "tales", "talk"), default="all", help="loss: of the built-in corpus")
    parser.add_argument("--limit", type=int, metavar="N", help="questions of each kind, or documents, at most")
    parser.add_argument("--voices", type=int, default=256, metavar="N", help="talk: unprompted replies (256)")
    parser.add_argument("--seed", type=int, default=1, help="talk: of the unprompted replies (1)")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    loaded = load_model(args, args.model)
    found = _talk(loaded, args) if args.suite == "talk" else _loss(loaded, args)
    record = {"model": loaded.name, "suite": args.suite, **found}
    if args.json:
        print(json.dumps(record, ensure_ascii=False, indent=2))
        return 0
    width = max(map(len, record))
    for key, value in record.items():
        if key != "wrong":
            print(f"{key:{width}}  {_shown(value)}")
    for question, reply in record.get("wrong", [])[:10]:
        print(f"\n  {question}\n    {reply}")
    return 0


def _talk(loaded: Any, args: argparse.Namespace) -> dict[str, Any]:
    from core.evaluation.talk import evaluate

    def told(doing: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{doing} {done}/{total} ", end="", file=sys.stderr, flush=True)

    found = evaluate(loaded, limit=args.limit, voices=args.voices, seed=args.seed, told=told).as_json()
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    return found


def _loss(loaded: Any, args: argparse.Namespace) -> dict[str, Any]:
    from itertools import islice

    from core.data.demo import documents
    from core.data.files import FilesSource
    from core.evaluation.perplexity import evaluate

    if args.text:
        read = islice(FilesSource(args.text).documents(), args.limit)
    else:
        read = documents(1, args.limit or HELD_OUT, "held-out", args.part)
    return evaluate(loaded, read).as_json()


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{key} {item:.1%}" for key, item in value.items())
    return f"{value}"
