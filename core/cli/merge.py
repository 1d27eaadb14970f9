"""Merge an adapter into its base, in fp32, as a whole model, and say how far the two are apart on the same prompts.

ogive merge 1130-0900-sft --out checkpoints/merged
"""

from __future__ import annotations

import argparse
import json

from core.cli.tables import count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("adapter", metavar="ADAPTER", help="a run trained through an adapter, or an adapter's folder")
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder of the merged model, which is made")
    parser.add_argument("--base", metavar="MODEL", help="the model to merge into (default: the one it was trained on)")
    parser.add_argument("--prompt", action="append", metavar="TEXT", help="compare on this text (may be given again)")
    parser.add_argument("--device", default="cpu", help="where to merge (default: cpu)")
    parser.add_argument("--trust-remote-code", action="store_true", help="run code that the model's author wrote")


def run(args: argparse.Namespace) -> int:
    from core.hardware import pick_device
    from core.merging import PROMPTS, merge
    from core.models.catalog import resolve_model

    entry = resolve_model(args.workspace, args.adapter)
    base = resolve_model(args.workspace, args.base).location if args.base else None
    report = merge(
        entry.location,
        args.out,
        base=base,
        device=pick_device(args.device),
        prompts=args.prompt or PROMPTS,
        trust_remote_code=args.trust_remote_code,
    )
    if args.json:
        print(json.dumps(report.as_json(), indent=2))
        return 0
    print(f"merged {entry.name} into {report.base}: {count(report.parameters)} parameters in fp32")
    print(
        f"largest logit gap {report.gap:.2e} (logits reach {report.largest:.1f}) over {report.tokens} tokens; "
        f"the same token is likeliest at {report.same_choice:.1%}"
    )
    print(f"next: ogive chat {args.out}")
    return 0
