"""How fast text becomes tokens and tokens become batches, the tokenizers library's own way beside ours.

    python tests/benchmarks/data.py [TEXT_FILE]

Times are the best of three, in one process.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from tokenizers import AddedToken, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from core.data.demo import documents
from core.data.order import BatchOrder
from core.data.prepare import prepare
from core.settings.data import DataSettings
from core.settings.tokenizer import TokenizerSettings
from core.tokenization import bpe
from core.tokenization.specials import SPECIALS
from core.workspace import Workspace


def best(job: Callable[[], Any], times: int = 3) -> float:
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        job()
        found.append(time.perf_counter() - begun)
    return min(found)


def library(texts: list[str], vocab_size: int) -> None:
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = [AddedToken(name, special=True, normalized=False) for name in SPECIALS]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(texts, trainer)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", nargs="?", type=Path)
    args = parser.parse_args()
    texts = [args.text.read_text()] if args.text else [document.plain() for document in documents(1, 20_000)]
    size = sum(len(text.encode()) for text in texts) / 1e6
    tokenizer = bpe.train(texts, 1024)
    found: dict[str, float] = {
        "megabytes": round(size, 2),
        "train_1024_s": best(lambda: bpe.train(texts, 1024)),
        "train_1024_library_s": best(lambda: library(texts, 1024), 1),
        "encode_MB_per_s": size / best(lambda: [tokenizer.encode(text) for text in texts]),
        "encode_library_MB_per_s": size / best(lambda: tokenizer.backend.encode_batch_fast(texts), 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        sources = [{"name": "files", "path": str(args.text)}] if args.text else ["demo"]
        data, wanted = DataSettings.model_validate({"sources": sources}), TokenizerSettings.model_validate("bpe")
        workspace = Workspace(Path(folder))
        found["prepare_cold_s"] = best(lambda: prepare(data, wanted, workspace), 1)
        found["prepare_warm_s"] = best(lambda: prepare(data, wanted, workspace))
        packed = prepare(data, wanted, workspace)
        found["tokens"] = len(packed.train.tokens)
        found["bytes_per_token"] = packed.held_out.bytes / len(packed.held_out.tokens)
        for rows, context in ((12, 64), (32, 256), (8, 1024)):
            order = BatchOrder(packed.train.tokens, context, 1)
            steps = np.arange(0, 1000 * rows, rows).tolist()
            seconds = best(lambda order=order, rows=rows, steps=steps: [order.batch(step, rows) for step in steps])
            found[f"batch_{rows}x{context}_us"] = seconds * 1e3
    print(json.dumps({name: round(value, 3) for name, value in found.items()}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
