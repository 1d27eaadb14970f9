"""The runs of a workspace. A run is named by its id, its name, the start of either, a path, or `latest`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from typing import Any

from core.cli.tables import count, duration, table
from core.errors import OgiveError
from core.runs import control, registry
from core.runs.info import RunInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    commands.add_parser("list", help="every run, newest first")
    one = commands.add_parser("show", help="all that is known of a run")
    one.add_argument("run", nargs="?", default="latest")
    one = commands.add_parser("compare", help="results, and the settings in which runs differ")
    one.add_argument("runs", nargs="+", metavar="run")
    one = commands.add_parser("stop", help="save a checkpoint after this step and end")
    one.add_argument("run", nargs="?", default="latest")
    one.add_argument("--wait", type=float, default=10.0, metavar="SECONDS", help="how long to wait for the answer")
    one = commands.add_parser("delete", help="remove runs and their checkpoints for good")
    one.add_argument("runs", nargs="+", metavar="run")
    one.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    return {"list": _list, "show": _show, "compare": _compare, "stop": _stop, "delete": _delete}[args.action](args)


def as_json(info: RunInfo) -> dict[str, Any]:
    """A run as JSON shows it: run.json's keys, with `state` and `path`."""
    keys = {key: value for key, value in vars(info).items() if key not in ("path", "extra")}
    return {"state": info.state, **keys, **info.extra, "path": str(info.path)}


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _list(args: argparse.Namespace) -> int:
    found = registry.list_runs(args.workspace)
    if args.json:
        print(json.dumps([as_json(info) for info in found], indent=2))
        return 0
    if not found:
        print(f"no runs in {args.workspace.checkpoints}; `ogive demo` makes the first")
        return 0
    rows = [
        [
            info.id,
            info.stage,
            info.state,
            f"{info.step}/{info.steps}" if info.steps else str(info.step),
            _figure(info.last_loss),
            _figure((info.best or {}).get("eval_bpb")),
            count(info.parameters),
            duration(info.elapsed),
        ]
        for info in found
    ]
    print(table(["run", "stage", "state", "step", "loss", "best bpb", "parameters", "time"], rows))
    return 0


def _show(args: argparse.Namespace) -> int:
    info = registry.resolve(args.workspace, args.run)
    if args.json:
        print(json.dumps(as_json(info), indent=2))
        return 0
    best = info.best or {}
    started = datetime.fromtimestamp(info.started_at).astimezone().isoformat(" ", "seconds")
    rows = [
        ("run", info.id),
        ("name", info.name),
        ("state", f"{info.state}, step {info.step}/{info.steps}"),
        ("started", f"{started}, {duration(info.elapsed)} long"),
        ("loss", _figure(info.last_loss)),
        ("best", f"{_figure(best.get('eval_loss'))} at step {best.get('step')}" if best else "-"),
        ("parameters", f"{count(info.parameters)}, {count(info.trainable)} of them trained"),
        ("tokens", count(info.tokens)),
        ("device", f"{info.device or '-'} on {info.host}"),
        ("parents", ", ".join(info.parents) or "-"),
        ("commit", (info.git or {}).get("commit", "-")[:12]),
        ("command", " ".join(info.command)),
        ("folder", str(info.path)),
    ]
    rows += [(f"auto {key}", str(value)) for key, value in info.choices.items()]
    if info.error:
        rows.append(("error", f"{info.error.get('message', '')} {info.error.get('hint', '')}".strip()))
    width = max(len(name) for name, _ in rows)
    print("\n".join(f"{name:{width}}  {value}" for name, value in rows))
    return 0


def _compare(args: argparse.Namespace) -> int:
    found = [registry.resolve(args.workspace, name) for name in args.runs]
    rows = registry.compare(found)
    if args.json:
        ids = [info.id for info in found]
        print(json.dumps({path: dict(zip(ids, values, strict=True)) for path, values in rows}, indent=2))
        return 0
    print(table(["", *(info.id for info in found)], [[path, *map(_cell, values)] for path, values in rows]))
    return 0


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "-" if value is None else str(value)


def _stop(args: argparse.Namespace) -> int:
    info = registry.resolve(args.workspace, args.run)
    identity = control.request(info.path, "stop")
    answer = control.wait_for_answer(info.path, identity, args.wait)
    outcome = (answer or {}).get("outcome", "asked")
    if args.json:
        print(json.dumps({"run": info.id, "request": identity, "outcome": outcome, "answer": answer}))
    elif answer is None:
        print(f"{info.id}: asked to stop after this step; it has not answered within {duration(args.wait)}")
    else:
        print(f"{info.id}: {'stopped' if outcome == 'done' else outcome}")
    return 0


def _delete(args: argparse.Namespace) -> int:
    found = list({info.path: info for info in (registry.resolve(args.workspace, name) for name in args.runs)}.values())
    if not args.yes:
        if not sys.stdin.isatty():
            raise OgiveError("Deleting runs needs a yes.", "Add --yes.")
        names = ", ".join(info.id for info in found)
        if input(f"delete {names} with all checkpoints? [y/N] ").strip().lower() not in ("y", "yes"):
            print("nothing deleted")
            return 0
    for info in found:
        heirs = registry.children(args.workspace, info)
        registry.delete(args.workspace, info)
        if not args.json:
            note = f" ({', '.join(heir.id for heir in heirs)} came from it and keeps its own weights)" if heirs else ""
            print(f"deleted {info.id}{note}")
    if args.json:
        print(json.dumps({"deleted": [info.id for info in found]}))
    return 0
