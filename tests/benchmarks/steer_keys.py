"""From the key of a pick to the first words of the next group, in the real program on a pty at 80x24.

    python tests/benchmarks/steer_keys.py [--model NAME] [--picks 30] [--workspace FOLDER]

Between two picks a person's reading is waited for, as long as the program itself asks for. Counted is from the moment
the key is sent until the screen stands at the next state with letters in one of its panes. The journal's own figures
stand beside it: what the update took.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import watch

PANES = slice(4, 18)


def letters(text: str) -> int:
    return sum(character.isalpha() for line in text.splitlines()[PANES] for character in line[3:])


def measure(model: str, picks: int, workspace: Path) -> dict[str, Any]:
    steer = watch.start(workspace, "steer", *([model] if model else []))
    waits = []
    try:
        steer.wait_for(lambda text: "state 0   choose" in text.splitlines()[0], 120)
        for state in range(1, picks + 1):
            time.sleep(1.0)
            began = time.monotonic()
            steer.send(str(1 + state % 4))
            steer.wait_for(lambda text, n=state: f"state {n} " in text.splitlines()[0] and letters(text), 60)
            waits.append(time.monotonic() - began)
            steer.wait_for(lambda text, n=state: f"state {n}   choose" in text.splitlines()[0], 60)
    finally:
        steer.close()
    [journal] = workspace.glob("journal/*/journal.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    reports = [line["report"]["seconds"] for line in lines if isinstance(line.get("report"), dict)]
    ranked = sorted(waits)
    return {
        "picks": picks,
        "key_to_first_words_median_s": round(statistics.median(waits), 3),
        "key_to_first_words_p95_s": round(ranked[int(0.95 * (len(ranked) - 1))], 3),
        "key_to_first_words_max_s": round(ranked[-1], 3),
        "update_median_s": round(statistics.median(reports), 3) if reports else None,
        "load_average": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="")
    parser.add_argument("--picks", type=int, default=30)
    parser.add_argument("--workspace", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(args.model, args.picks, args.workspace or Path(folder))))


if __name__ == "__main__":
    main()
