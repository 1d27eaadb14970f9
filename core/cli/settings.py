"""Settings by subject (training, model, tokenizer, data, sampling): what there is, what each means, new versions."""

from __future__ import annotations

import argparse
import json
from typing import Any

from pydantic import BaseModel

from core.cli.tables import table
from core.errors import OgiveError, nearest
from core.settings import forms, load, names, store, text
from core.settings.run import RunSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    one = commands.add_parser("list", help="every settings file, shipped and yours")
    one.add_argument("subject", nargs="?", help=f"one of: {', '.join(names.SUBJECTS)}")
    one = commands.add_parser("show", help="a settings file in full, with parts and defaults filled in")
    one.add_argument("name", help="a name, name@version or file; SUBJECT/NAME for a subject other than training")
    _set(one)
    one = commands.add_parser("explain", help="what a setting means: its type, bounds, unit and default")
    one.add_argument("path", nargs="?", default="", help="for example training.lr, or model")
    one = commands.add_parser("new", help="a new version, or a new name, from what there is")
    one.add_argument("name", help="a name; SUBJECT/NAME for a subject other than training")
    one.add_argument("--from", dest="parent", help="what to start from (default: NAME itself)")
    one.add_argument("--description", help="one line for the list")
    _set(one)
    one = commands.add_parser("compare", help="the settings in which two differ")
    one.add_argument("a")
    one.add_argument("b")


def _set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", action="append", default=[], metavar="a.b=c", help="change one setting (repeatable)")


def run(args: argparse.Namespace) -> int:
    return {"list": _list, "show": _show, "explain": _explain, "new": _new, "compare": _compare}[args.action](args)


def _split(given: str) -> tuple[str, str]:
    """`model/tiny` as (model, tiny); a bare name or a file is of the subject training."""
    subject, slash, name = given.partition("/")
    return (subject, name) if slash and subject in names.SUBJECTS else ("training", given)


def _locate(args: argparse.Namespace, given: str) -> tuple[str, str]:
    """As `_split`; a bare name that no recipe has but exactly one other subject does means that one."""
    subject, name = _split(given)
    if subject == "training" and "/" not in given and not given.endswith((".yaml", ".yml")):
        stem = name.partition("@")[0]
        owners = [item.subject for item in names.list_settings(args.workspace) if item.name == stem]
        if owners and "training" not in owners:
            if len(set(owners)) > 1:
                options = " or ".join(f"{owner}/{name}" for owner in dict.fromkeys(owners))
                raise OgiveError(f"{name!r} is a name in several subjects.", f"Say {options}.")
            return owners[0], name
        if not owners:
            every = {item.name for item in names.list_settings(args.workspace)}
            raise OgiveError(f"There are no settings named {given!r}.", nearest(stem, every))
    return subject, name


def _load(args: argparse.Namespace, given: str, overrides: list[str] | None = None) -> tuple[str, BaseModel]:
    subject, name = _locate(args, given)
    return subject, load.load_subject(subject, name, args.workspace, overrides or [])


def _list(args: argparse.Namespace) -> int:
    found = names.list_settings(args.workspace, args.subject)
    if args.json:
        print(json.dumps([item.as_json() for item in found], indent=2))
        return 0
    rows = [
        [item.subject, item.name, str(item.version), "shipped" if item.shipped else "yours", item.description]
        for item in found
    ]
    print(table(["subject", "name", "version", "from", "description"], rows))
    return 0


def _show(args: argparse.Namespace) -> int:
    _, settings = _load(args, args.name, args.set)
    tree = settings.model_dump(mode="json")
    print(json.dumps(tree, indent=2) if args.json else text.write(tree, forms.comments(settings)))
    return 0


def _explain(args: argparse.Namespace) -> int:
    subject, slash, rest = args.path.partition("/")
    known = slash and subject in names.SUBJECTS
    found = forms.explain(rest, names.SUBJECTS[subject]) if known else forms.explain(args.path, RunSettings)
    if args.json:
        print(json.dumps([info.as_json() for info in found], indent=2))
    elif len(found) > 8:
        print(table(["setting", "default", "unit", "help"], [[i.path, _say(i.default), i.unit, i.help] for i in found]))
    else:
        print("\n\n".join(_paragraph(info) for info in found))
    return 0


def _say(value: Any) -> str:
    return "(empty)" if value is None or value == "" else text.write({"x": value}).removeprefix("x: ")


def _default(info: forms.FieldInfo) -> str:
    return _say(info.default) + ("" if info.stands_for is None else f", which is {_say(info.stands_for)}")


def _paragraph(info: forms.FieldInfo) -> str:
    lines = [info.path, f"  {info.help}."]
    kind = f"{info.kind}{' or empty' if info.optional else ''}"
    limits = f", {info.bounds}" if str(info.bounds) else ""
    lines.append(f"  {kind}{limits}{f', in {info.unit}' if info.unit else ''}; default {_default(info)}")
    if info.choice_help:
        width = max(map(len, info.choices))
        lines += [f"    {name:{width}}  {help}" for name, help in zip(info.choices, info.choice_help, strict=True)]
    elif info.choices:
        lines.append(f"  one of: {', '.join(info.choices)}")
    return "\n".join(lines)


def _new(args: argparse.Namespace) -> int:
    if args.parent:
        subject, settings = _load(args, args.parent, args.set)
        name = _split(args.name)[1]
    else:
        subject, name = _locate(args, args.name)
        settings = load.load_subject(subject, name, args.workspace, args.set)
    parent = names.find(args.workspace, subject, _split(args.parent or args.name)[1])
    name = name.partition("@")[0]
    kept = parent.description if name == parent.name else ""
    before = {item.path for item in names.list_settings(args.workspace, subject)}
    path = store.save_version(
        settings,
        args.workspace,
        subject=subject,
        name=name,
        parent=parent.reference,
        description=kept if args.description is None else args.description,
    )
    saved = names.find(args.workspace, subject, path)
    if args.json:
        print(json.dumps(saved.as_json(), indent=2))
    elif path in before:
        print(f"nothing is different from {subject}/{saved.reference}: {path}")
    else:
        print(f"saved {subject}/{saved.reference} (from {parent.reference}): {path}")
    return 0


def _compare(args: argparse.Namespace) -> int:
    (subject, a), (other, b) = _load(args, args.a), _load(args, args.b)
    if subject != other:
        raise OgiveError(f"{args.a} is of subject {subject}, {args.b} of {other}.", "Compare two of one subject.")
    found = store.compare(a, b)
    if args.json:
        print(json.dumps([{"path": item.path, "a": item.a, "b": item.b} for item in found], indent=2))
    elif found:
        print(table(["setting", args.a, args.b], [[item.path, _say(item.a), _say(item.b)] for item in found]))
    else:
        print("the two say the same")
    return 0
