"""Run a chain of stages. What is done is skipped, what was broken off goes on, what changed is done anew.

ogive pipeline tale-chat
ogive pipeline tale-chat --set sft.training.steps=200
ogive pipeline tale-chat --status
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cancel import Cancel, Stopped
from core.cli.progress import Lines
from core.cli.tables import duration, table
from core.pipeline import Record, open_pipeline
from core.pipeline import run as run_pipeline
from core.training.signals import saving_on_signals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", metavar="CONFIG", help="a pipeline: its name under configs/pipeline, or a file")
    parser.add_argument("--status", action="store_true", help="only say how each stage stands")
    parser.add_argument("--again", metavar="STAGE", default="", help="do this stage anew, and what follows from it")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.A.B=C",
        dest="overrides",
        help="change a setting of a stage's recipe, e.g. sft.training.steps=500 (may be given again)",
    )


def run(args: argparse.Namespace) -> int:
    pipeline = open_pipeline(args.config, args.workspace, args.overrides)
    if args.status:
        _show(list(pipeline.records().values()), args.json)
        return 0
    lines: dict[str, Lines] = {}

    def told(stage: str, kind: str, figures: dict[str, Any]) -> None:
        if args.json:
            return
        if kind in ("begin", "skip", "end"):
            print(f"[{stage}] {_said(kind, figures)}", flush=True)
        elif "run" in figures:
            if stage not in lines:
                lines[stage] = Lines(Path(figures["run"]))
            lines[stage](kind, figures)

    cancel = Cancel()
    try:
        with saving_on_signals(cancel):
            records = run_pipeline(pipeline, cancel, told, args.again)
    except Stopped as stopped:
        _show(list(pipeline.records().values()), args.json)
        if not args.json:
            print(f"{stopped.message}\nnext: ogive pipeline {args.config}")
        return 130 if cancel.reason == "SIGINT" else 0
    if args.json:
        _show(list(records.values()), True)
        return 0
    models = [record.output["model"] for record in records.values() if "model" in record.output]
    if models:
        print(f"\nnext: ogive chat {models[-1]}")
    return 0


def _said(kind: str, figures: dict[str, Any]) -> str:
    if kind == "begin":
        return f"{figures['kind']} begins"
    return f"{'done before' if kind == 'skip' else 'done'}: {_outcome(Record.from_json(figures))}"


def _outcome(record: Record) -> str:
    """What a stage made, in a few words."""
    if record.error:
        return record.error
    best = (record.figures.get("best") or {}).get("eval_loss")
    parts = [str(record.output.get("run") or record.output.get("tokenizer") or record.output.get("model") or "")]
    parts += [f"held-out loss {best:.4f}"] if best is not None else []
    for name in ("train_documents", "bytes", "accuracy", "loss", "gap", "vocab_size"):
        if isinstance(record.figures.get(name), int | float):
            parts.append(f"{name.replace('_', ' ')} {record.figures[name]:.4g}")
    return ", ".join(filter(None, parts))


def _show(records: list[Record], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"stages": [asdict(record) for record in records]}, indent=2))
        return
    rows = [[record.name, record.kind, record.status, duration(record.seconds), _outcome(record)] for record in records]
    print(table(["stage", "kind", "status", "time", "outcome"], rows))
