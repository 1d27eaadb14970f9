"""The whole product of bricks, each combination checked as in `tests/core/models/test_combinations.py`.

    python tests/benchmarks/every_combination.py [--part 1/4] [--sample 500] [--factors positions,norm,...]

Prints how many passed, the time, and each failure with its choices; exit status 1 when there is one. Without options
every value of the model's bricks meets every other (`FULL`); `--sample` draws that many of the product of all factors.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from tests.core.models.test_combinations import FACTORS, Choice, check, label

FULL = ("positions", "feedforward", "norm", "kv_heads", "experts", "window", "qk_norm", "tied", "bias")
"""The bricks and switches whose whole product is walked; the other factors stay at their first value."""


def product(names: list[str]) -> Iterator[Choice]:
    first = {name: values[0] for name, values in FACTORS.items()}
    for values in itertools.product(*(FACTORS[name] for name in names)):
        yield first | dict(zip(names, values, strict=True))


def drawn(count: int) -> Iterator[Choice]:
    draw = random.Random(0)
    for _ in range(count):
        yield {name: draw.choice(values) for name, values in FACTORS.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", default="1/1", help="which share of the combinations: 1/4 is every fourth")
    parser.add_argument("--sample", type=int, help="so many at random of all factors, in place of the product")
    parser.add_argument("--factors", default=",".join(FULL))
    args = parser.parse_args()
    number, parts = map(int, args.part.split("/"))
    names = args.factors.split(",")
    whole = args.sample or math.prod(len(FACTORS[name]) for name in names)
    mine = itertools.islice(drawn(args.sample) if args.sample else product(names), number - 1, None, parts)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    begun, passed, failed = time.monotonic(), 0, []
    with tempfile.TemporaryDirectory() as folder:
        for choice in mine:
            try:
                check(choice, folder)
                passed += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, the rest is still walked and it is reported
                failed.append(choice)
                print(f"FAILED {label(choice)}: {type(error).__name__}: {error}", flush=True)
                traceback.print_exc(limit=-2)
            done = passed + len(failed)
            if done % 100 == 0:
                print(f"{done} of {-(-whole // parts)}, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"part {args.part} of {whole}: {passed} passed, {len(failed)} failed, {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
