"""Sessions killed at random moments, in short; `tests/benchmarks/steer_kill.py` is the long form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "steer_kill.py"


def test_nothing_acknowledged_is_lost_in_six_kills():
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--kills", "6", "--seed", "3", "--json"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] == 6
    assert told["decisions_acknowledged"] >= 6
    assert told["decisions_lost"] == 0
    assert told["states_compared"] >= 6
