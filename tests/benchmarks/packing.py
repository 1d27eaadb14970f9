"""How fast text in files becomes packed token files, beside the tokenizers library's own batch call on the same texts.

    python tests/benchmarks/packing.py [--megabytes 100] [--rounds 3]

Ours is the whole way: files read and hashed, split, encoded, written, synced, hashed. The library's call has the texts
in memory already and its result is thrown away. Rounds are interleaved; figures are medians of wall time, and the
ratio is the median of the rounds' own ratios. Peak memory is of processes that pack a quarter and the whole.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.data.demo import documents
from core.data.files import FilesSource
from core.data.packed import pack
from core.data.typed import plain
from core.settings.data import DataSettings
from core.tokenization import bpe
from core.tokenization.tokenizer import Tokenizer, load
from core.workspace import Workspace

BATCH = 1024


def write(path: Path, size: int) -> None:
    """About `size` bytes of lines, none twice."""
    texts = [document.plain().replace("\n", " ") for document in documents(1, 20_000)]
    draw = random.Random(1)
    with path.open("w") as file:
        while file.tell() < size:
            file.writelines(f"{text} {draw.randrange(10**9)}\n" for text in draw.sample(texts, 500))


def seconds(job: Callable[[], object]) -> float:
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


def ours(text: Path, unit: str, tokenizer: Tokenizer, place: Path) -> None:
    source = {"name": "files", "path": str(text), "documents": unit}
    with tempfile.TemporaryDirectory(dir=place) as folder:
        pack(DataSettings.model_validate({"sources": [source]}), tokenizer, Workspace(Path(folder)))


def library(texts: list[str], tokenizer: Tokenizer) -> None:
    stream = iter(texts)
    while batch := list(islice(stream, BATCH)):
        tokenizer.backend.encode_batch(batch, add_special_tokens=False)


def peak(text: Path, unit: str, tokenizer: Path, place: Path) -> float:
    """Peak resident megabytes of a process that packs `text`."""
    words = [sys.executable, __file__, "--peak", str(text), unit, str(tokenizer), str(place)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peak", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak:
        text, unit, tokenizer, place = args.peak
        ours(Path(text), unit, load(tokenizer), Path(place))
        # Not ru_maxrss, which begins with what the parent had when it forked.
        status = Path("/proc/self/status").read_text()
        print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
        return 0
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(measure(Path(name), args.megabytes, args.rounds), indent=1))
    return 0


def measure(place: Path, megabytes: int, rounds: int) -> dict[str, object]:
    text, quarter = place / "text.txt", place / "quarter.txt"
    write(text, megabytes * 1_000_000)
    write(quarter, megabytes * 250_000)
    tokenizer = bpe.train(text.read_text()[:10_000_000].split("\n"), 4096)
    tokenizer.save(place / "tokenizer")
    found: dict[str, object] = {"cores": len(os.sched_getaffinity(0)), "load_before": round(os.getloadavg()[0], 1)}
    for unit in ("line", "file"):
        texts = [plain(row) for row in FilesSource(str(text), documents=unit).rows()]
        size = sum(len(one.encode()) for one in texts) / 1e6
        times: list[tuple[float, float]] = []
        for _ in range(rounds):
            times.append(
                (
                    seconds(lambda texts=texts: library(texts, tokenizer)),
                    seconds(lambda unit=unit: ours(text, unit, tokenizer, place)),
                )
            )
            theirs, mine = times[-1]
            print(f"{unit}: {size / theirs:.2f} and {size / mine:.2f} MB/s", file=sys.stderr, flush=True)
        found[unit] = {
            "documents": len(texts) if unit == "line" else 1,
            "library_MB_per_s": round(size / statistics.median(one for one, _ in times), 2),
            "ours_MB_per_s": round(size / statistics.median(one for _, one in times), 2),
            "ratio": round(statistics.median(theirs / mine for theirs, mine in times), 3),
            "ratios": [round(theirs / mine, 3) for theirs, mine in times],
            "peak_MB": round(peak(text, unit, place / "tokenizer", place)),
            "peak_MB_of_a_quarter": round(peak(quarter, unit, place / "tokenizer", place)),
        }
        del texts
    return found | {"load_after": round(os.getloadavg()[0], 1)}


if __name__ == "__main__":
    sys.exit(main())
