"""Data: what there is to learn from, how much, and a look at it.

DATA is a name from `ogive data list` (such as demo), or a path: a file, a folder or a glob of .txt, .md and .jsonl.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.cli.tables import count, table
from core.errors import OgiveError, nearest
from core.files import read_json
from core.settings import load, names, store
from core.settings.data import DataSettings
from core.workspace import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    commands.add_parser("list", help="the data settings of this workspace, and what is packed")
    one = commands.add_parser("show", help="counts, sizes, lengths and a few documents")
    add_data(one)
    one.add_argument("--tokenizer", metavar="T", help="count tokens too: a name, a folder or a run")
    one.add_argument("--samples", type=int, default=3, metavar="N", help="documents of each kind to show (default 3)")
    one = commands.add_parser("preview", help="the first documents as they were understood")
    add_data(one)
    one.add_argument("--count", type=int, default=5, metavar="N", help="documents to show (default 5)")
    one = commands.add_parser("add", help="keep a path under a name, for use in recipes: `data: NAME`")
    one.add_argument("name", help="letters, digits, dots and dashes")
    add_data(one, "path")


def add_data(parser: argparse.ArgumentParser, name: str = "data") -> None:
    """The arguments that name data: what `opened` reads."""
    parser.add_argument(name, metavar=name.upper(), help="a name, or a file, folder or glob")
    parser.add_argument("--column", default="text", help="JSONL: the field with the text or messages (default text)")
    parser.add_argument(
        "--documents", default="auto", choices=("auto", "file", "line", "blank-line"), help="what one document is"
    )
    parser.add_argument("--set", action="append", default=[], metavar="a=b", help="change a data setting (repeatable)")


def opened(args: argparse.Namespace, what: str) -> DataSettings:
    """The data settings that `what` means: a name of the workspace, else a path."""
    known = {item.name for item in names.list_settings(args.workspace, "data")}
    if what.partition("@")[0] in known or what.endswith((".yaml", ".yml")):
        settings = load.load_subject("data", what, args.workspace, args.set)
        assert isinstance(settings, DataSettings)
        return settings
    if not any(mark in what for mark in "/*?[.~") and not Path(what).exists():
        raise OgiveError(f"There is no data named {what!r}, and no such path.", nearest(what, known))
    source = {"name": "files", "path": what, "column": args.column, "documents": args.documents}
    settings = load.validate(DataSettings, {"sources": [source], **_changes(args.set)}, "--set")
    assert isinstance(settings, DataSettings)
    return settings


def _changes(given: list[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for path, value, text in load.parse_overrides(given):
        if len(path) != 1:
            raise OgiveError(f"--set {text}: of a path only whole settings can be changed.", "Such as held_out=0.1.")
        changes[str(path[0])] = value
    return changes


def run(args: argparse.Namespace) -> int:
    return {"list": _list, "show": _show, "preview": _preview, "add": _add}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    found = names.list_settings(args.workspace, "data")
    packed = packings(args.workspace)
    if args.json:
        print(json.dumps({"data": [item.as_json() for item in found], "packed": packed}, indent=2))
        return 0
    rows = [[item.name, str(item.version), "shipped" if item.shipped else "yours", item.description] for item in found]
    print(table(["name", "version", "from", "description"], rows))
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
            found.append(
                {
                    "key": meta["key"],
                    "sources": ", ".join(source.get("path") or source["name"] for source in meta["data"]["sources"]),
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

    corpus = Corpus(opened(args, args.data))
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
    from itertools import islice

    from core.data.corpus import Corpus
    from core.data.survey import sample

    corpus = Corpus(opened(args, args.data))
    documents = (document for source in corpus.sources for document in source.documents())
    found = [sample("train", document, 600) for document in islice(documents, max(1, args.count))]
    if args.json:
        shown = [
            {"origin": s.origin, "text": s.text, "messages": s.messages, "characters": s.characters} for s in found
        ]
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return 0
    print("\n\n".join(_shown(shown) for shown in found))
    return 0


def _add(args: argparse.Namespace) -> int:
    from core.data.corpus import Corpus
    from core.data.survey import survey

    path = args.path if any(mark in args.path for mark in "*?[") else str(Path(args.path).expanduser().resolve())
    settings = opened(argparse.Namespace(**{**vars(args), "path": path}), path)
    found = survey(Corpus(settings), samples=0)
    saved = store.save_version(settings, args.workspace, subject="data", name=args.name, description=args.path)
    if args.json:
        print(json.dumps({"name": args.name, "path": str(saved), **found.to_dict()}, indent=2))
        return 0
    documents = found.train.documents + found.held_out.documents
    print(f"added {args.name}: {count(documents)} documents, {count(found.train.bytes + found.held_out.bytes)}B")
    print(f"use it: ogive train demo --set data={args.name}")
    return 0
