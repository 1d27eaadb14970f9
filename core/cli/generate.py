"""Continue a text with a model, in one or several variants.

ogive generate tale --prompt "Once upon a time" --num-samples 4 --seed 1
echo "Who keeps the mill?" | ogive generate tale --prompt - --chat
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from core.cli.sampling import add_sampling, sampling_from
from core.errors import OgiveError

MAX_SAMPLES = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="?", metavar="MODEL", help="default: the newest; a name, folder or id")
    parser.add_argument("--prompt", "-p", metavar="TEXT", required=True, help="the text to go on from; - reads it")
    parser.add_argument("--num-samples", "-n", type=int, default=1, metavar="N", help="variants, side by side (1)")
    parser.add_argument("--chat", action="store_true", help="the prompt is a message to the model, not a text's start")
    parser.add_argument("--system", default="", metavar="TEXT", help="with --chat: what the model is told before all")
    add_model_options(parser)
    add_sampling(parser)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Where a model runs, and whether its own code may."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument("--trust-remote-code", action="store_true", help="run code that the model's author wrote")


def load_model(args: argparse.Namespace, name: str | None) -> Any:
    """The `LoadedModel` that a name means in this workspace."""
    from core.hardware import pick_device
    from core.models.catalog import resolve_model
    from core.models.loading import load

    entry = resolve_model(args.workspace, name)
    loaded = load(entry.location, pick_device(args.device), trust_remote_code=args.trust_remote_code)
    loaded.name = entry.name
    return loaded


def run(args: argparse.Namespace) -> int:
    sampling = sampling_from(args)
    if not 1 <= args.num_samples <= MAX_SAMPLES:
        raise OgiveError(f"--num-samples cannot be {args.num_samples}.", f"It is 1 to {MAX_SAMPLES}.")
    prompt = sys.stdin.read() if args.prompt == "-" else args.prompt
    loaded = load_model(args, args.model)
    from core.generation.decode import complete, generate
    from core.generation.sampling import pinned
    from core.generation.stream import TextStream

    sampling = pinned(sampling)
    ids = prompt_ids(loaded, prompt, args)
    shown = "" if args.chat else prompt
    if args.num_samples == 1 and not args.json:
        stream = TextStream(loaded.tokenizer)
        sys.stdout.write(shown)
        for piece in generate(loaded, ids, sampling):
            if piece.tokens[0] is not None and piece.ended[0] != "stop":
                sys.stdout.write(stream.push(piece.tokens[0]))
                sys.stdout.flush()
        print(stream.finish())
        return 0
    began = time.monotonic()
    rows = complete(loaded, ids, sampling, args.num_samples)
    seconds = time.monotonic() - began
    texts = [_text(loaded.tokenizer, row.content) for row in rows]
    if args.json:
        samples = [
            {"text": text, "tokens": len(row.tokens), "ended": row.ended} for text, row in zip(texts, rows, strict=True)
        ]
        drawn = sum(len(row.tokens) for row in rows)
        record = {
            "model": loaded.name,
            "prompt": prompt,
            "prompt_tokens": len(ids),
            "sampling": sampling.model_dump(),
            "samples": samples,
            "seconds": round(seconds, 4),
            "tokens_per_s": round(drawn / seconds, 1) if seconds else None,
        }
        print(json.dumps(record, ensure_ascii=False, indent=2))
        return 0
    for number, text in enumerate(texts, 1):
        print(f"--- {number} (seed {sampling.seed}, variant {number}) ---\n{shown}{text}\n")
    return 0


def prompt_ids(loaded: Any, prompt: str, args: argparse.Namespace) -> list[int]:
    """The prompt as tokens: by the chat template, or as the start of a text (nothing given: the start itself)."""
    tokenizer = loaded.tokenizer
    if args.chat:
        from core.generation.conversation import Conversation

        conversation = Conversation.new(system=args.system)
        conversation.say(prompt.strip())
        return conversation.prompt(tokenizer, loaded.context, 1).ids
    begin = [tokenizer.bos_id] if tokenizer.bos_id is not None else []
    return begin + tokenizer.encode(prompt) or [tokenizer.eos_id]


def _text(tokenizer: Any, ids: list[int]) -> str:
    return b"".join(tokenizer.token_bytes(number) for number in ids).decode("utf-8", "replace")
