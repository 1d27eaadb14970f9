"""Data: what there is to learn from, how much, and a look at it.

DATA is a name from `ogive data list` (such as demo), or a path: a file, a folder or a glob of .txt, .md, .jsonl, .json,
.csv and .parquet; or the id of a Hugging Face data set, such as roneneldan/TinyStories.

ogive data add talk chat.jsonl                  ogive data add asked questions.csv --map prompt=question
ogive data add tales 'books/**/*.txt'           ogive data preview org/name --subset en --split train
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from core.cli.check import add_check, check
from core.cli.naming import add_data, opened
from core.cli.tables import count, table
from core.cli.tell import tell_preview
from core.errors import OgiveError
from core.files import read_json
from core.settings import names
from core.settings.load import load_run
from core.workspace import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    commands.add_parser("list", help="the data of this workspace: settings, snapshots, and what is packed")
    one = commands.add_parser("show", help="counts, sizes, lengths and a few documents")
    add_data(one)
    one.add_argument("--tokenizer", metavar="T", help="count tokens too: a name, a folder or a run")
    one.add_argument("--samples", type=int, default=3, metavar="N", help="documents of each kind to show (default 3)")
    one = commands.add_parser("preview", help="how the columns are understood, and the first rows")
    add_data(one)
    one.add_argument("--count", type=int, default=3, metavar="N", help="rows to show (default 3)")
    one = commands.add_parser("check", help="what a recipe would learn: one sample with its loss mask")
    one.add_argument("config", metavar="CONFIG", help="a recipe: its name (`tale-talk`) or a file")
    add_check(one)
    one.add_argument("--set", action="append", default=[], metavar="A.B=C", dest="overrides", help="change a setting")
    one = commands.add_parser("splits", help="the subsets and splits of a Hugging Face data set")
    one.add_argument("data", metavar="DATA", help="an id, or a folder that the datasets library reads")
    one.add_argument("--subset", default="", help="of this subset only")
    one = commands.add_parser("add", help="keep a copy under a name, for use in recipes: `data: NAME`")
    one.add_argument("name", help="letters, digits, dots and dashes")
    add_data(one, "path", several=True)
    one.add_argument("--description", default="", help="one line for the list")
    one.add_argument("--link", action="store_true", help="keep no copy: read it where it is, each time")
    one.add_argument("--yes", action="store_true", help="do not ask")
    one = commands.add_parser("delete", help="remove data that was added, for good")
    one.add_argument("names", nargs="+", metavar="name", help="a name (all its versions), or name@version")
    one.add_argument("--yes", action="store_true", help="do not ask")
    one.add_argument("--force", action="store_true", help="also when a run that is not finished reads it")


def run(args: argparse.Namespace) -> int:
    actions = {
        "list": _list,
        "show": _show,
        "preview": _preview,
        "check": _check,
        "splits": _splits,
        "add": _add,
        "delete": _delete,
    }
    return actions[args.action](args)


def _check(args: argparse.Namespace) -> int:
    return check(load_run(args.config, args.workspace, args.overrides), args)


def _list(args: argparse.Namespace) -> int:
    from core.data.snapshots import list_snapshots

    found = names.list_settings(args.workspace, "data")
    kept, packed = list_snapshots(args.workspace), packings(args.workspace)
    if args.json:
        shown = {
            "data": [item.as_json() for item in found],
            "snapshots": [one.to_dict() for one in kept],
            "packed": packed,
        }
        print(json.dumps(shown, indent=2))
        return 0
    rows = [[item.name, str(item.version), "shipped" if item.shipped else "yours", item.description] for item in found]
    print(table(["name", "version", "from", "description"], rows))
    if kept:
        rows = [
            [one.reference, one.damage, "", "", ""]
            if one.damage
            else [one.reference, one.kind, count(one.documents), count(one.bytes) + "B", one.id]
            for one in kept
        ]
        print("\n" + table(["snapshot", "kind", "documents", "text", "id"], rows))
    if packed:
        rows = [
            [p["key"], p["sources"], p["tokenizer"], count(p["tokens"]), count(p["disk_bytes"]) + "B"] for p in packed
        ]
        print("\n" + table(["packed", "sources", "tokenizer", "tokens", "on disk"], rows))
    return 0


def packings(workspace: Workspace) -> list[dict[str, Any]]:
    """What is packed in the workspace: its key, sources, tokenizer, tokens and bytes on disk."""
    found = []
    for path in sorted((workspace.data / "packed").glob("*/meta.json")):
        try:
            meta = read_json(path)
            sources = [
                one.get("path") or one.get("id") or one.get("snapshot") or one["name"]
                for one in meta["data"]["sources"]
            ]
            found.append(
                {
                    "key": meta["key"],
                    "sources": ", ".join(sources),
                    "tokenizer": f"{meta['tokenizer']['kind']} {meta['vocab_size']}",
                    "tokens": meta["train"]["tokens"] + meta["held_out"]["tokens"],
                    "disk_bytes": sum(file.stat().st_size for file in path.parent.iterdir()),
                }
            )
        except (OgiveError, KeyError, TypeError):
            continue  # not whole: packing will make it again
    return found


def _show(args: argparse.Namespace) -> int:
    from core.data.corpus import Corpus
    from core.data.survey import survey
    from core.data.tokenizers import find_tokenizer

    corpus = Corpus(opened(args, args.data), workspace=args.workspace)
    tokenizer = find_tokenizer(args.workspace, args.tokenizer, corpus) if args.tokenizer else None
    found = survey(corpus, tokenizer, max(0, args.samples))
    if args.json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
        return 0
    head = ["side", "documents", "talks", "characters", "bytes"] + (["tokens"] if tokenizer else [])
    rows = []
    for name, side in (("train", found.train), ("held out", found.held_out)):
        row = [name, count(side.documents), count(side.conversations), count(side.characters), count(side.bytes)]
        rows.append(row + ([count(side.tokens)] if tokenizer else []))
    print(table(head, rows))
    lengths = ", ".join(f"{name} {count(value)}" for name, value in found.lengths.items())
    print(f"\ncharacters in a document: {lengths}")
    if found.token_lengths:
        lengths = ", ".join(f"{name} {count(value)}" for name, value in found.token_lengths.items())
        print(f"tokens in a document: {lengths}")
    print(f"split: {', '.join(dict.fromkeys(found.split_by))}")
    if found.files:
        print(f"files: {found.files}, {count(found.file_bytes)}B")
    if tokenizer and found.train.tokens:
        print(f"tokenizer: {tokenizer.kind}, {found.train.bytes / found.train.tokens:.2f} bytes per token")
    for shown in found.samples:
        print("\n" + _shown(shown))
    return 0


def _shown(sample: Any) -> str:
    if sample.messages is None:
        cut = "…" if sample.characters > len(sample.text) else ""
        return f"-- {sample.origin}\n{sample.text.rstrip()}{cut}"
    turns = [f"{turn['role']:>9}  {turn['content']}" for turn in sample.messages]
    return "\n".join([f"-- {sample.origin}", *turns])


def _preview(args: argparse.Namespace) -> int:
    from core.data.adding import preview
    from core.data.corpus import Corpus

    corpus = Corpus(opened(args, args.data), workspace=args.workspace)
    found = [preview(source, max(1, args.count)) for source in corpus.sources]
    if args.json:
        print(json.dumps([one.to_dict() for one in found], indent=2, ensure_ascii=False))
        return 0
    for number, one in enumerate(found):
        print(("\n" if number else "") + tell_preview(one))
    return 0


def _splits(args: argparse.Namespace) -> int:
    from core.data.hub import configs, splits

    subsets = [args.subset] if args.subset else configs(args.data)
    found = {subset: splits(args.data, subset) for subset in subsets}
    if args.json:
        print(json.dumps(found, indent=2))
        return 0
    print(table(["subset", "splits"], [[subset, ", ".join(each)] for subset, each in found.items()]))
    return 0


def _add(args: argparse.Namespace) -> int:
    from core.cli.adding import add

    return add(args)


def _delete(args: argparse.Namespace) -> int:
    from core.cli.adding import delete

    return delete(args)
