"""Tokenizers: train one and keep it, list, measure, compare several on the same text, look up tokens.

TOKENIZER is a kept tokenizer (NAME or NAME@VERSION), a tokenizer or model folder, a run, a name of settings (such as
tales), or bpe, bytes, characters. DATA is a name from `ogive data list` (such as demo), or a path.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.naming import add_data, opened
from core.cli.tables import count, table
from core.errors import OgiveError, nearest
from core.settings.data import DataSettings
from core.settings.names import list_settings

if TYPE_CHECKING:
    from core.data.corpus import Corpus
    from core.tokenization.report import TokenizerReport
    from core.tokenization.search import Search


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    one = commands.add_parser("list", help="the tokenizers kept here with their parents, and what else there is")
    one = commands.add_parser("train", help="learn a tokenizer from data and keep it under a name")
    one.add_argument("tokenizer", nargs="?", default="bpe", help="a name of settings, or bpe (default), characters")
    add_data(one)
    one.add_argument("--name", help="what to keep it as; a name that is taken gets a new version, child of the last")
    one.add_argument("--parent", metavar="NAME@N", help="the version it comes from, when not the last of its name")
    one.add_argument("--out", metavar="DIR", help="write the folder here instead of keeping it in the workspace")
    one.add_argument("--vocab-size", type=int, metavar="N", help="entries, special tokens included (bpe)")
    one.add_argument(
        "--option", action="append", default=[], metavar="a=b", help="change an option, such as split_digits=true"
    )
    one = commands.add_parser("report", help="bytes per token, coverage, common, long and unused tokens")
    one.add_argument("tokenizer")
    add_data(one)
    one.add_argument("--top", type=int, default=15, metavar="N", help="tokens in each list (default 15)")
    one = commands.add_parser("compare", help="several tokenizers on the same text, side by side")
    one.add_argument("tokenizers", nargs="+", metavar="TOKENIZER")
    _on(one, "demo", "the text (default demo)")
    one.add_argument("--text", default="", help="the text that is shown cut into tokens (default: from the data)")
    one.add_argument("--top", type=int, default=8, metavar="N", help="tokens in each list (default 8)")
    one = commands.add_parser("search", help="the tokens that hold some text or bytes, and how often they come")
    one.add_argument("tokenizer")
    one.add_argument("wanted", help="text (a space may be written ␣), bytes as 0x2074, or a number as #512")
    _on(one, None, "count in this text (default: what it was trained on, else demo)")
    one.add_argument("--top", type=int, default=40, metavar="N", help="tokens shown (default 40)")
    for name in ("report", "compare", "search"):
        commands.choices[name].add_argument(
            "--limit", type=int, default=2000, metavar="N", help="documents read (default 2000; 0: all)"
        )
    one = commands.add_parser("delete", help="remove a kept version for good")
    one.add_argument("tokenizer", metavar="NAME@N")
    one.add_argument("--yes", action="store_true", help="really")


def _on(parser: argparse.ArgumentParser, default: str | None, help: str) -> None:
    parser.add_argument("--on", dest="data", default=default, metavar="DATA", help=help)
    parser.add_argument("--column", default="", help="the one column to read (default: found out)")
    parser.set_defaults(documents="", format="", map=[], subset="", split="", streaming=False, revision="", set=[])


def run(args: argparse.Namespace) -> int:
    return _ACTIONS[args.action](args)


def _texts(corpus: Corpus, limit: int) -> list[str]:
    from core.data.tokenizers import sample_texts

    return sample_texts(corpus, limit, 0)


def _list(args: argparse.Namespace) -> int:
    from core.data.tokenizers import list_named
    from core.tokenization.library import list_kept

    kept = list_kept(args.workspace)
    others = [one for one in list_named(args.workspace) if one.kind != "kept"]
    if args.json:
        print(json.dumps({"kept": [k.as_json() for k in kept], "others": [o.as_json() for o in others]}, indent=2))
        return 0
    if kept:
        rows = []
        for one in kept:
            made = [one.kind, str(one.vocab_size), one.created_at[:10], one.problem or one.trained_on]
            rows.append([one.name, str(one.version), one.parent or "-", *made])
        print(table(["kept", "version", "parent", "kind", "tokens", "made", "trained on"], rows) + "\n")
    print(table(["name", "from", "description"], [[one.name, one.kind, one.note] for one in others]))
    return 0


def _train(args: argparse.Namespace) -> int:
    from core.data.corpus import Corpus
    from core.data.prepare import make_tokenizer
    from core.data.tokenizers import TRAINED, changed, find_tokenizer, settings_named, train_kept

    settings = settings_named(args.workspace, args.tokenizer)
    if settings is None or settings.name not in TRAINED:
        known = [item.name for item in list_settings(args.workspace, "tokenizer")]
        hint = nearest(args.tokenizer, [*TRAINED, *known]) if settings is None else "It needs no training."
        raise OgiveError(f"{args.tokenizer!r} is not a tokenizer that is trained.", hint)
    given = [*args.option, *([f"vocab_size={args.vocab_size}"] if args.vocab_size is not None else [])]
    settings = changed(settings, given)
    corpus = Corpus(opened(args, args.data), workspace=args.workspace)
    about: dict[str, Any]
    if args.out:
        made = make_tokenizer(settings, corpus, args.workspace)
        folder = Path(args.out).expanduser()
        made.save(folder)
        about = {"folder": str(folder), "kind": made.kind, "vocab_size": made.vocab_size, "sha256": made.fingerprint}
        name, losses = str(folder), made.losses
    else:
        name = args.name or _default_name(args.tokenizer, args.data)
        kept = train_kept(args.workspace, settings, corpus, name, trained_on=args.data, parent=args.parent)
        about, name = kept.as_json(), kept.reference
        losses = find_tokenizer(args.workspace, name).losses
    if args.json:
        print(json.dumps(about | {"losses": losses}, indent=2, ensure_ascii=False))
        return 0
    child = f", child of {about['parent']}" if about.get("parent") else ""
    print(f"{name}: {about['kind']} tokenizer of {about['vocab_size']} tokens{child}\n{about['folder']}")
    if losses:
        print(f"not lossless: {'; '.join(losses)}")
    print(f"next: ogive tokenizer report {name} {args.data}")
    print(f"use it: ogive train demo --set tokenizer={{name: pretrained, path: {about['folder']}}}")
    return 0


def _default_name(tokenizer: str, data: str) -> str:
    from core.bricks import TOKENIZERS

    if tokenizer not in TOKENIZERS:
        return tokenizer.partition("@")[0]
    stem = "".join(char if char.isascii() and char.isalnum() else "-" for char in Path(data).stem).strip("-")
    return f"{stem or 'my'}-{tokenizer}"


def _report(args: argparse.Namespace) -> int:
    from core.data.corpus import Corpus
    from core.data.tokenizers import find_tokenizer
    from core.tokenization.report import report

    corpus = Corpus(opened(args, args.data), workspace=args.workspace)
    found = report(find_tokenizer(args.workspace, args.tokenizer, corpus), _texts(corpus, args.limit), args.top)
    if args.json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
        return 0
    print("\n".join(f"{name:22}{value}" for name, value in zip(MEASURES, figures(found), strict=True)))
    rows = [
        [common.name, count(common.count), f"{common.share:.1%}", long.name, count(long.count)]
        for common, long in zip(found.top, found.longest, strict=False)
    ]
    print("\n" + table(["common", "times", "share", "longest", "times"], rows))
    if found.unused_examples:
        print(f"\nnever used here: {'  '.join(found.unused_examples[: args.top])}")
    return 0


MEASURES = (
    "kind", "vocabulary", "lossless", "bytes per token", "characters per token", "vocabulary used", "unknown", "text"
)  # fmt: skip


def figures(found: TokenizerReport) -> list[str]:
    """The values of `MEASURES`, in words."""
    return [
        found.kind,
        f"{found.vocab_size} tokens",
        "yes" if found.lossless else f"no: {'; '.join(found.losses)}",
        f"{found.bytes_per_token:.3f}",
        f"{found.characters_per_token:.3f}",
        f"{found.coverage:.1%} ({found.unused} unused)",
        f"{found.unknown_rate:.2%}",
        f"{count(found.documents)} documents, {count(found.bytes)}B",
    ]


def _compare(args: argparse.Namespace) -> int:
    from core.data.corpus import Corpus
    from core.data.tokenizers import find_tokenizer
    from core.tokenization.report import compare

    corpus = Corpus(opened(args, args.data), workspace=args.workspace)
    tokenizers = {name: find_tokenizer(args.workspace, name, corpus) for name in args.tokenizers}
    found = compare(tokenizers, _texts(corpus, args.limit), sample=args.text)
    if args.json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
        return 0
    columns = [figures(one) for one in found.reports]
    print(table(["", *found.names], [[name, *row] for name, row in zip(MEASURES, zip(*columns), strict=True)]))
    lists = {
        "most frequent": [[item.name for item in one.top] for one in found.reports],
        "longest": [[item.name for item in one.longest] for one in found.reports],
        "unused": [one.unused_examples[::-1] for one in found.reports],
    }
    for title, names in lists.items():
        rows = [[title if at == 0 else "", *(column[at] if at < len(column) else "" for column in names)]
                for at in range(min(args.top, max(map(len, names))))]  # fmt: skip
        if rows:
            print("\n" + table(["", *found.names], rows))
    for name, cut in zip(found.names, found.segments, strict=True):
        print(f"\n{name} ({len(cut)} tokens)")
        _show_cut(cut)
    return 0


_GROUNDS = ("on grey23", "on dark_cyan", "on grey35", "on dark_goldenrod")


def _show_cut(cut: list[str]) -> None:
    """A text cut into tokens: neighbours on different grounds on a terminal, with bars between them elsewhere."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal or console.no_color:
        print("|".join(cut))
        return
    text = Text()
    for at, name in enumerate(cut):
        text.append(name, style=f"white {_GROUNDS[at % len(_GROUNDS)]}")
        if name.endswith("⏎"):
            text.append("\n")
    console.print(text)


def _search(args: argparse.Namespace) -> int:
    from core.data.corpus import Corpus
    from core.data.tokenizers import find_tokenizer
    from core.tokenization.library import find_kept
    from core.tokenization.search import frequencies, search

    kept = None if args.data else find_kept(args.workspace, args.tokenizer)
    if kept is not None and kept.data is not None:
        settings, text = DataSettings.model_validate(kept.data), kept.trained_on
    else:
        text = args.data or "demo"
        settings = opened(args, text)
    corpus = Corpus(settings, workspace=args.workspace)
    tokenizer = find_tokenizer(args.workspace, args.tokenizer, corpus)
    found: Search = search(tokenizer, args.wanted, frequencies(tokenizer, _texts(corpus, args.limit)), args.top)
    if args.json:
        told = {"total": found.total, "counted_in": text, "tokens": [token.as_json() for token in found.tokens]}
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return 0
    if not found.tokens:
        print(f"no token of {args.tokenizer} holds {args.wanted!r}")
        return 0
    rows = [[str(t.id), t.name, t.hex or "special", count(t.count)] for t in found.tokens]
    print(table(["id", "token", "bytes", "times"], rows))
    print(f"\n{found.total} found, counted in {text}" + (f"; {args.top} shown" if found.total > args.top else ""))
    return 0


def _delete(args: argparse.Namespace) -> int:
    from core.tokenization.library import delete_kept, find_kept

    kept = find_kept(args.workspace, args.tokenizer)
    if kept is not None and not args.yes:
        raise OgiveError(f"This removes {kept.reference} ({kept.folder}) for good.", "Say --yes to do it.")
    gone = delete_kept(args.workspace, args.tokenizer)
    print(json.dumps(gone.as_json(), indent=2) if args.json else f"deleted {gone.reference}")
    return 0


_ACTIONS = {
    "list": _list, "train": _train, "report": _report, "compare": _compare, "search": _search, "delete": _delete
}  # fmt: skip
