"""Decoding beside `transformers`: tokens/s of our loop and of `model.generate` on the same Llama, interleaved.

    python tests/benchmarks/decode.py [--threads 2] [--variants 4] [--tokens 256] [--rounds 3] [--device cpu]

One prompt, `variants` continuations, the same weights on both sides (a Llama of about 30 M parameters read into our
decoder). The peer runs `generate` with its defaults for a batch of the repeated prompt. Greedy text must agree before
anything is timed; both greedy and sampled decoding are measured, and the median over the rounds counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from core.generation.decode import complete
from core.models.decoder import Decoder
from core.models.native import FAMILIES, from_native, settings_from
from core.settings.sampling import SamplingSettings

SHAPE: dict[str, Any] = {
    "vocab_size": 8192,
    "hidden_size": 512,
    "intermediate_size": 1408,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 8,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": True,
    "bos_token_id": None,
    "eos_token_id": None,
}
PROMPT_TOKENS = 64


def build(device: str, dtype: torch.dtype) -> tuple[LlamaForCausalLM, Decoder]:
    """The peer and our decoder with the same weights, a little spread so that greedy text is no single token."""
    torch.manual_seed(0)
    peer = LlamaForCausalLM(LlamaConfig(**SHAPE)).eval()
    with torch.no_grad():
        for weight in peer.parameters():
            if weight.dim() == 2:
                weight.normal_(std=0.06)
    _, settings = settings_from(peer.config.to_dict())
    ours = Decoder(settings, SHAPE["vocab_size"])
    ours.load_state_dict(from_native(FAMILIES["llama"], peer.state_dict(), settings, SHAPE["vocab_size"]))
    return peer.to(device, dtype), ours.to(device, dtype)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--variants", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    peer, ours = build(args.device, getattr(torch, args.dtype))
    prompt = torch.randint(0, SHAPE["vocab_size"], (PROMPT_TOKENS,), generator=torch.Generator().manual_seed(1))
    batch = prompt.to(args.device).expand(args.variants, -1).contiguous()

    def run_peer(tokens: int, sampled: bool) -> list[list[int]]:
        options = (
            {"do_sample": True, "temperature": 0.8, "top_p": 0.95, "top_k": 0} if sampled else {"do_sample": False}
        )
        made = peer.generate(
            batch,
            attention_mask=torch.ones_like(batch),
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            pad_token_id=0,
            **options,
        )
        return made[:, PROMPT_TOKENS:].tolist()

    def run_ours(tokens: int, sampled: bool) -> list[list[int]]:
        chosen = SamplingSettings(temperature=0.8 if sampled else 0.0, top_p=0.95, max_new_tokens=tokens, seed=1)
        return [row.tokens for row in complete(ours, prompt.tolist(), chosen, variants=args.variants)]

    agreed = sum(a == b for a, b in zip(run_peer(64, False)[0], run_ours(64, False)[0], strict=True))
    results: dict[str, Any] = {
        "parameters": sum(weight.numel() for weight in ours.parameters()),
        "greedy_agree": agreed,
    }
    for sampled in (False, True):
        speeds: dict[str, list[float]] = {"ours": [], "generate": []}
        for _ in range(args.rounds):
            for name, run in (("generate", run_peer), ("ours", run_ours)):
                started = time.perf_counter()
                rows = run(args.tokens, sampled)
                speeds[name].append(sum(map(len, rows)) / (time.perf_counter() - started))
        medians = {name: statistics.median(found) for name, found in speeds.items()}
        mode = "sampled" if sampled else "greedy"
        results[mode] = {name: round(value, 1) for name, value in medians.items()}
        results[mode]["ratio"] = round(medians["ours"] / medians["generate"], 2)
        results[mode]["each_round"] = [round(a / b, 2) for a, b in zip(speeds["ours"], speeds["generate"], strict=True)]
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
