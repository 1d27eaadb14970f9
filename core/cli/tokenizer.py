"""Tokenizers: train one, measure one, compare several on the same text.

TOKENIZER is a tokenizer or model folder, a run, a name of settings (such as tales), or bpe, bytes, characters.
DATA is a name from `ogive data list` (such as demo), or a path.
"""

from __future__ import annotations

import argparse
import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from core.bricks import TOKENIZERS
from core.cli.data import add_data, opened
from core.cli.tables import count, table
from core.errors import OgiveError, nearest
from core.runs import registry
from core.settings import load, names
from core.settings.tokenizer import TokenizerSettings
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.data.corpus import Corpus
    from core.tokenization.report import TokenizerReport
    from core.tokenization.tokenizer import Tokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    one = commands.add_parser("train", help="learn a tokenizer from data and keep it in a folder")
    one.add_argument("tokenizer", help="a name of settings, or bpe, characters")
    add_data(one)
    one.add_argument("--out", metavar="DIR", help="where to keep it (default: data/tokenizers/NAME in the workspace)")
    one.add_argument("--vocab-size", type=int, metavar="N", help="entries, special tokens included (bpe)")
    one = commands.add_parser("report", help="bytes per token, coverage, common, long and unused tokens")
    one.add_argument("tokenizer")
    add_data(one)
    one.add_argument("--top", type=int, default=15, metavar="N", help="tokens in each list (default 15)")
    one = commands.add_parser("compare", help="several tokenizers on the same text, side by side")
    one.add_argument("tokenizers", nargs="+", metavar="TOKENIZER")
    one.add_argument("--on", dest="data", default="demo", metavar="DATA", help="the text (default demo)")
    one.add_argument("--column", default="text", help="JSONL: the field with the text (default text)")
    one.set_defaults(documents="auto", set=[])
    for name in ("report", "compare"):
        commands.choices[name].add_argument(
            "--limit", type=int, default=2000, metavar="N", help="documents read (default 2000; 0: all)"
        )


def run(args: argparse.Namespace) -> int:
    return {"train": _train, "report": _report, "compare": _compare}[args.action](args)


def find_tokenizer(workspace: Workspace, name: str, corpus: Corpus | None = None) -> Tokenizer:
    """The tokenizer a person means by `name`. One that has to be trained is trained on `corpus`, and cached."""
    from core.tokenization.tokenizer import load as load_folder

    for folder in (Path(name).expanduser(), workspace.data / "tokenizers" / name):
        if (folder / "tokenizer.json").exists():
            return load_folder(folder)
    settings = _settings(workspace, name)
    if settings is not None:
        from core.data.prepare import make_tokenizer
        from core.tokenization.build import build

        return build(settings, ()) if corpus is None else make_tokenizer(settings, corpus, workspace)
    folder = _of_run(workspace, name)
    if folder is not None:
        return load_folder(folder)
    known = [*TOKENIZERS, *(item.name for item in names.list_settings(workspace, "tokenizer"))]
    raise OgiveError(
        f"There is no tokenizer {name!r}: no folder, settings or run is called that.", nearest(name, known)
    )


def _settings(workspace: Workspace, name: str) -> TokenizerSettings | None:
    if name in {item.name for item in names.list_settings(workspace, "tokenizer")}:
        found = load.load_subject("tokenizer", name, workspace)
        assert isinstance(found, TokenizerSettings)
        return found
    return TokenizerSettings.model_validate(name) if name in TOKENIZERS and name != "pretrained" else None


def _of_run(workspace: Workspace, name: str) -> Path | None:
    try:
        path = registry.resolve(workspace, name).path
    except OgiveError:
        return None
    for pointer in ("final", "best", "latest"):
        if (path / pointer).is_file():
            folder = path / (path / pointer).read_text().strip()
            if (folder / "tokenizer.json").exists():
                return folder
    return None


def _texts(corpus: Corpus, limit: int) -> list[str]:
    texts = (document.plain() for _, document in corpus.tagged())
    return list(islice(texts, limit) if limit else texts)


def _train(args: argparse.Namespace) -> int:
    from core.data.corpus import Corpus
    from core.data.prepare import make_tokenizer

    settings = _settings(args.workspace, args.tokenizer)
    if settings is None or settings.name not in ("bpe", "characters"):
        known = [item.name for item in names.list_settings(args.workspace, "tokenizer")]
        hint = nearest(args.tokenizer, ["bpe", "characters", *known]) if settings is None else "It needs no training."
        raise OgiveError(f"{args.tokenizer!r} is not a tokenizer that is trained.", hint)
    if args.vocab_size is not None:
        changed = {**settings.model_dump(), "vocab_size": args.vocab_size}
        settings = load.validate(TokenizerSettings, changed, "--vocab-size")
        assert isinstance(settings, TokenizerSettings)
    corpus = Corpus(opened(args, args.data), workspace=args.workspace)
    made = make_tokenizer(settings, corpus, args.workspace)
    folder = Path(args.out).expanduser() if args.out else args.workspace.data / "tokenizers" / args.tokenizer
    made.save(folder)
    about = {"folder": str(folder), "kind": made.kind, "vocab_size": made.vocab_size, "sha256": made.fingerprint}
    if args.json:
        print(json.dumps(about, indent=2))
        return 0
    print(f"{made.kind} tokenizer of {made.vocab_size} tokens in {folder}")
    print(f"next: ogive tokenizer report {folder} {args.data}")
    return 0


def _report(args: argparse.Namespace) -> int:
    from core.data.corpus import Corpus
    from core.tokenization.report import report

    corpus = Corpus(opened(args, args.data), workspace=args.workspace)
    found = report(find_tokenizer(args.workspace, args.tokenizer, corpus), _texts(corpus, args.limit), args.top)
    if args.json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
        return 0
    print("\n".join(f"{name:22}{value}" for name, value in zip(_MEASURES, _figures(found), strict=True)))
    rows = [
        [common.name, count(common.count), f"{common.share:.1%}", long.name, count(long.count)]
        for common, long in zip(found.top, found.longest, strict=False)
    ]
    print("\n" + table(["common", "times", "share", "longest", "times"], rows))
    if found.unused_examples:
        print(f"\nnever used here: {'  '.join(found.unused_examples[: args.top])}")
    return 0


_MEASURES = (
    "kind", "vocabulary", "lossless", "bytes per token", "characters per token", "vocabulary used", "unknown", "text"
)  # fmt: skip


def _figures(found: TokenizerReport) -> list[str]:
    return [
        found.kind,
        f"{found.vocab_size} tokens",
        "yes" if found.lossless else "no",
        f"{found.bytes_per_token:.3f}",
        f"{found.characters_per_token:.3f}",
        f"{found.coverage:.1%} ({found.unused} unused)",
        f"{found.unknown_rate:.2%}",
        f"{count(found.documents)} documents, {count(found.bytes)}B",
    ]


def _compare(args: argparse.Namespace) -> int:
    from core.data.corpus import Corpus
    from core.tokenization.report import compare

    corpus = Corpus(opened(args, args.data), workspace=args.workspace)
    tokenizers = {name: find_tokenizer(args.workspace, name, corpus) for name in args.tokenizers}
    found = compare(tokenizers, _texts(corpus, args.limit))
    if args.json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
        return 0
    columns = [_figures(one) for one in found.reports]
    print(table(["", *found.names], [[name, *row] for name, row in zip(_MEASURES, zip(*columns), strict=True)]))
    for name, cut in zip(found.names, found.segments, strict=True):
        print(f"\n{name} ({len(cut)} tokens)\n{'|'.join(cut)}")
    return 0
