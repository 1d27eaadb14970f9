"""How a run stands, in one line. `--tmux` is short: set -g status-right '#(ogive --workspace DIR status --tmux)'."""

from __future__ import annotations

import argparse
import json

from core.cli.tables import count, duration
from core.runs import registry
from core.runs.info import RunInfo

GLYPHS = {"finished": "✓", "failed": "✗", "stopped": "○", "lost": "✗", "paused": "○", "damaged": "✗"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", help="a run (default: those at work, else the latest)")
    parser.add_argument("--tmux", action="store_true", help="one short line for a status bar, never an error")


def run(args: argparse.Namespace) -> int:
    from core.cli.runs import as_json

    if args.run:
        found = [registry.resolve(args.workspace, args.run)]
    else:
        every = registry.list_runs(args.workspace)
        found = [info for info in every if info.live] or every[:1]
    if args.json:
        print(json.dumps([as_json(info) for info in found], indent=2))
    elif args.tmux:
        print(short(found[0]) if found else "no runs")
    elif not found:
        print(f"no runs in {args.workspace.checkpoints}")
    else:
        print("\n".join(line(info) for info in found))
    return 0


def line(info: RunInfo) -> str:
    """`1120-0931-tale-demo  training  step 412/900 (46 %)  loss 1.42  best 1.45 bpb  1m12s left`."""
    state = info.state
    parts = [info.id, state, f"step {info.step}/{info.steps} ({info.progress:.0%})".replace("%", " %")]
    if info.last_loss is not None:
        parts.append(f"loss {info.last_loss:.4g}")
    if info.best and info.best.get("eval_bpb") is not None:
        parts.append(f"best {info.best['eval_bpb']:.4g} bpb")
    if info.tokens:
        parts.append(f"{count(info.tokens)} tokens")
    if info.live and info.eta_s is not None:
        parts.append(f"{duration(info.eta_s)} left")
    if state == "failed" and info.error:
        parts.append(info.error.get("message", ""))
    return "  ".join(parts)


def short(info: RunInfo) -> str:
    """At most some 40 characters: `● tale-demo 412/900 1.42 1m12s`."""
    glyph = GLYPHS.get(info.state, "●")
    parts = [glyph, info.name[:20], f"{info.step}/{info.steps}"]
    if info.last_loss is not None:
        parts.append(f"{info.last_loss:.3g}")
    parts.append(duration(info.eta_s) if info.live and info.eta_s is not None else info.state)
    # tmux reads `#` as the start of a format.
    return " ".join(parts).replace("#", "##")
