"""The journal of steering sessions. A session is named by its id, its name, the start of either, a path, or `latest`.

ogive journal show latest --tree                 ogive journal export latest --what story --out story.md
ogive journal export latest --what preferences --out picks.jsonl
ogive journal export latest --what adapter --out my-adapter --at bookmark
ogive journal compare latest main main-2 --prompt "Who keeps the mill?"
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from core.cli.tables import count, duration, table
from core.errors import OgiveError
from core.steering import catalog, journal
from core.steering.journal import Record
from core.steering.markdown import safe
from core.steering.rows import rows
from core.steering.view import TreeRow

WHAT = ("story", "journal", "preferences", "adapter", "merged")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    commands.add_parser("list", help="every session, the last used first")
    one = commands.add_parser("show", help="the story of a session, or its tree")
    one.add_argument("session", nargs="?", default="latest")
    one.add_argument("--at", metavar="STATE", help="up to this state, branch or bookmark (default: where it stands)")
    one.add_argument("--tree", action="store_true", help="all states instead of the story")
    one = commands.add_parser("stats", help="picks by slot, margins, KL and drift, time per pick")
    one.add_argument("session", nargs="?", default="latest")
    one = commands.add_parser("export", help="write the story, the picks, the adapter or the merged model")
    one.add_argument("session", nargs="?", default="latest")
    one.add_argument("--what", choices=WHAT, default="story", help="default: story")
    one.add_argument("--out", metavar="PATH", required=True, help="a file; a new folder for adapter and merged")
    one.add_argument("--at", metavar="STATE", help="of this state, branch or bookmark (default: where it stands)")
    one.add_argument("--all", action="store_true", help="preferences of the whole tree, not of the path alone")
    one = commands.add_parser("compare", help="two states on the same prompts and seeds, side by side")
    one.add_argument("session")
    one.add_argument("a", help="a state, branch or bookmark")
    one.add_argument("b", help="a state, branch or bookmark")
    one.add_argument("--prompt", action="append", metavar="TEXT", help="ask this (repeatable; default: the session's)")
    one = commands.add_parser("delete", help="remove sessions with all their states for good")
    one.add_argument("sessions", nargs="+", metavar="session")
    one.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    actions = {
        "list": _list,
        "show": _show,
        "stats": _stats,
        "export": _export,
        "compare": _compare,
        "delete": _delete,
    }
    return actions[args.action](args)


def _list(args: argparse.Namespace) -> int:
    found = catalog.sessions(args.workspace)
    if args.json:
        print(json.dumps([each.as_json() for each in found], indent=2, ensure_ascii=False))
        return 0
    if not found:
        print(f"no sessions in {args.workspace.journal}; `ogive steer` begins the first")
        return 0
    lines = [
        [
            each.id,
            safe(each.name),
            each.model,
            str(each.picks),
            str(each.branches),
            f"{each.kl:.4f}",
            f"{each.drift:.3f}",
            f"{each.disk / 1e6:.1f} MB",
            each.updated_at[:16].replace("T", " "),
            each.damage or (f"open in {each.open_by}" if each.open_by else ""),
        ]
        for each in found
    ]
    print(table(["session", "name", "model", "picks", "branches", "KL", "drift", "disk", "last used", ""], lines))
    return 0


def _read(args: argparse.Namespace) -> Record:
    return journal.read(catalog.find(args.workspace, args.session))


def _node(record: Record, given: str | None) -> int:
    return record.tree.here if given is None else record.tree.find(given).id


def _show(args: argparse.Namespace) -> int:
    record = _read(args)
    number = _node(record, args.at)
    if args.json:
        print(json.dumps(_told(record, number), indent=2, ensure_ascii=False))
    elif args.tree:
        for row in rows(record.tree):
            print(_drawn(row))
    else:
        from core.steering.story import story

        print(story(record.about, record.tree, number), end="")
    return 0


def _told(record: Record, number: int) -> dict[str, Any]:
    """A session as JSON: what it began with, every node, and where one stands."""
    tree = record.tree
    nodes = [
        {
            "state": node.id,
            "parent": node.parent,
            "branch": tree.branches[node.branch].name,
            "decision": None if node.decision is None else node.decision.to_json(),
            "picked": tree.picked(node),
            "prompt": node.prompt,
            "weights": node.state,
            "kl": node.kl,
            "drift": node.drift,
            "report": node.report,
            "bookmark": node.bookmark,
            "control": node.control,
            "at": node.at,
        }
        for node in tree.walk()
    ]
    return {
        "id": record.id,
        **record.about,
        "here": tree.here,
        "path": [node.id for node in tree.path(number)],
        "branches": {branch.name: branch.tip for branch in tree.branches.values()},
        "waiting": None if tree.pending is None else tree.pending.decision.to_json(),
        "nodes": nodes,
    }


def _drawn(row: TreeRow) -> str:
    """One line of the tree in plain characters."""
    rails = "".join("| " if passes else "  " for passes in row.rails[: row.column - row.fork])
    joint = "|-" if row.fork else ""
    mark = "@" if row.here else "*" if row.on_path else "o"
    names = "".join(f" [{name}]" for name in row.tips) + (f" <{row.bookmark}>" if row.bookmark else "")
    figures = f"  KL {row.kl:.4f}  drift {row.drift:.3f}" if row.kl is not None and row.drift is not None else ""
    return safe(f"{rails}{joint}{mark} {row.node}  {row.label}{names}{figures}  {row.prompt}")


def _stats(args: argparse.Namespace) -> int:
    from core.steering.statistics import statistics

    found = statistics(_read(args))
    if args.json:
        print(json.dumps(found.as_json(), indent=2))
        return 0
    figures = [
        ("decisions", ", ".join(f"{number} {kind}" for kind, number in found.kinds.items()) or "none yet"),
        ("picks by slot", ", ".join(f"{slot}: {number}" for slot, number in enumerate(found.slots, 1)) or "-"),
        ("chance alone", f"{found.expected:.1f} each"),
        ("mean margin", "-" if found.margin is None else f"{found.margin:+.3f} nats per token"),
        ("mean length", "-" if found.length is None else f"{found.length:.0f} tokens"),
        ("alike groups", str(found.alike)),
        (
            "time per pick",
            duration(found.thought) if found.thought is None or found.thought >= 1 else f"{found.thought:.2f}s",
        ),
        ("update", "-" if found.update is None else f"{found.update:.2f}s"),
        ("states", f"{found.states} in {found.branches} branch{'es' if found.branches > 1 else ''}"),
    ]
    print("\n".join(f"{name:14} {value}" for name, value in figures))
    lines = [
        [
            str(point.node),
            str(point.picks),
            f"{point.kl:.4f}",
            f"{point.drift:.4f}",
            "-" if point.margin is None else f"{point.margin:+.3f}",
        ]
        for point in found.curve
    ]
    print("\n" + table(["state", "picks", "KL", "drift", "margin"], lines))
    return 0


def _export(args: argparse.Namespace) -> int:
    record = _read(args)
    number = _node(record, args.at)
    out = Path(args.out).expanduser()
    told: dict[str, Any] = {"session": record.id, "state": number, "what": args.what, "path": str(out)}
    if args.what in ("adapter", "merged"):
        told |= _weights(args, record, number, out)
    elif args.what == "preferences":
        from core.steering.preferences import pairs, write_pairs

        told["rows"] = write_pairs(out, pairs(record.about, record.tree, number, whole_tree=args.all))
    else:
        from core.files import write_atomic
        from core.steering.story import Narrator, story

        whole = args.what == "journal"
        text = Narrator(record.folder, record.about).text() if whole else story(record.about, record.tree, number)
        write_atomic(out, text)
    if args.json:
        print(json.dumps(told, indent=2))
    else:
        rows_told = f", {count(told['rows'])} rows" if "rows" in told else ""
        print(f"{args.what} of session {record.id}, state {number}: {out}{rows_told}")
    return 0


def _weights(args: argparse.Namespace, record: Record, number: int, out: Path) -> dict[str, Any]:
    """Save the adapter or the merged model of a state; the session is left standing where it was."""
    from core.steering.session import Session

    with Session.open(args.workspace, str(record.folder)) as session:
        here = session.tree.here
        if number != here:
            session.checkout(number)
        try:
            if args.what == "adapter":
                session.save_adapter(out)
                return {}
            return {"check": session.merge(out).as_json()}
        finally:
            if number != here:
                session.checkout(here)


def _compare(args: argparse.Namespace) -> int:
    from core.steering.session import Session

    folder = catalog.find(args.workspace, args.session)
    tree = journal.read(folder).tree
    sides = tree.find(args.a).id, tree.find(args.b).id  # a wrong name is told before the model is loaded
    with Session.open(args.workspace, str(folder)) as session:
        found = session.compare(*sides, args.prompt)
    if args.json:
        print(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
        return 0
    drifts = f"drift {found.drift_a:.4f} and {found.drift_b:.4f}, {found.distance:.4f} between them"
    print(f"states {found.a} and {found.b}, apart since {found.common}: {drifts}")
    for pair in found.pairs:
        print(f"\n> {safe(pair.prompt)}")
        for name, answer in ((args.a, pair.a), (args.b, pair.b)):
            both = "" if answer.own is None else f"  ({answer.own:.3f} nats per token here, {answer.other:.3f} there)"
            print(f"[{name}]{both}\n{safe(answer.text)}")
    return 0


def _delete(args: argparse.Namespace) -> int:
    found = list(dict.fromkeys(catalog.find(args.workspace, name) for name in args.sessions))
    if not args.yes:
        if not sys.stdin.isatty():
            raise OgiveError("Deleting sessions needs a yes.", "Add --yes.")
        names = ", ".join(folder.name for folder in found)
        if input(f"delete {names} with all states? [y/N] ").strip().lower() not in ("y", "yes"):
            print("nothing deleted")
            return 0
    for folder in found:
        catalog.delete(args.workspace, str(folder))
        if not args.json:
            print(f"deleted {folder.name}")
    if args.json:
        print(json.dumps({"deleted": [folder.name for folder in found]}))
    return 0
