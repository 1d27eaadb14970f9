"""How long it takes to learn 4096 tokens from 100 MB, and how much memory: aim under 2 minutes on 2 cores.

    python tests/benchmarks/tokenizer.py [--megabytes 100] [--vocab-size 4096] [FILE ...]

Two texts are tried, both made here, every document different: the built-in corpus (few different words), and random
words by Zipf's law (very many different words, which is what makes merging slow). Files given are read instead. Each
text is measured in a process of its own; what is counted is the training alone, the text being at hand in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.data.demo import documents
from core.tokenization import bpe


def demo(size: int) -> Iterator[str]:
    """The built-in corpus, seed after seed."""
    for seed in count(1):
        for document in documents(seed, 20_000):
            text = document.plain()
            size -= len(text.encode())
            yield text
            if size <= 0:
                return


def zipf(size: int, different: int = 500_000) -> Iterator[str]:
    """Documents of 400 words out of `different` random ones, the n-th as often as 1/n."""
    draw = random.Random(1)
    syllables = [a + b + c for a in "bdfgklmnprstvwz" for b in "aeiou" for c in ("", "n", "r", "s", "th")]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 4))) for _ in range(different)]
    total, weights = 0.0, []
    for rank in range(1, different + 1):
        total += 1 / rank
        weights.append(total)
    while size > 0:
        text = " ".join(draw.choices(words, cum_weights=weights, k=400)) + ".\n"
        size -= len(text)
        yield text


TEXTS = {"demo": demo, "zipf": zipf}


def measure(name: str, megabytes: float, vocab_size: int, files: list[Path], options: dict[str, object]) -> dict:
    size = int(megabytes * 1e6)
    texts = [path.read_text("utf-8", "replace") for path in files] if files else list(TEXTS[name](size))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load, begun, busy = os.getloadavg()[0], time.perf_counter(), time.process_time()
    made = bpe.train(texts, vocab_size, **options)  # type: ignore[arg-type]
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    words: set[str] = set()
    for text in texts:
        words.update(text.split())
    return {
        "text": "files" if files else name,
        "megabytes": round(sum(len(text.encode()) for text in texts) / 1e6, 1),
        "documents": len(texts),
        "different_documents": len(set(texts)),
        "different_words": len(words),
        "vocab_size": made.vocab_size,
        "options": options,
        "seconds": round(seconds, 1),
        "core_seconds": round(busy, 1),
        "memory_added_MB": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024),
        "load_before": round(load, 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--options", default="{}", help='options of the tokenizer, such as {"split_digits": true}')
    args = parser.parse_args()
    if args.one or args.files:
        found = measure(args.one or "", args.megabytes, args.vocab_size, args.files, json.loads(args.options))
        print(json.dumps(found))
        return 0
    for name in TEXTS:
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--one", name], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
