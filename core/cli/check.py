"""How a pre-flight is told on a terminal: one sample, what is learned of it in colour, and whether its end is."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from core.cli.progress import data_line
from core.errors import OgiveError
from core.settings.run import RunSettings

LEARNED, SPECIAL, SEEN, PLAIN = "\x1b[1;32m", "\x1b[1;33m", "\x1b[2m", "\x1b[0m"


def add_check(parser: argparse.ArgumentParser) -> None:
    """Which sample is shown."""
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="the sample that is shown (default 0)")


def check(settings: RunSettings, args: argparse.Namespace) -> int:
    """Show the pre-flight of a run; OgiveError when it finds a problem."""
    from core.training.preflight import preflight

    found = preflight(settings, args.workspace, args.sample)
    if args.json:
        print(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        print(data_line(found.facts))
        print(f"sample {found.number} of {found.of}, {found.learned} of {found.tokens} tokens learned:\n")
        print(drawn(found.stretches, sys.stdout.isatty() and "NO_COLOR" not in os.environ))
        stop = " or ".join(found.stop)
        print(f"\nthis one teaches to stop ({stop}): {'yes' if found.ends else 'no'}; of all {found.ending:.1%} do")
        if found.template:
            print(f"chat template: {found.template}")
    if not found.ok:
        raise OgiveError(found.problems[0], "Look at the data, training.context and training.objective.truncate.")
    return 0


def drawn(stretches: Any, colour: bool) -> str:
    """The sample: learned words bright and the rest dim; without colour, learned words stand between «guillemets»."""
    parts = []
    for each in stretches:
        # Text of a file is data: whatever would steer a terminal is shown, not sent.
        text = "".join(c if c == "\n" or c.isprintable() else f"\\x{ord(c):02x}" for c in each.text)
        if colour:
            paint = (SPECIAL if each.special else LEARNED) if each.learned else SEEN
            parts.append(f"{paint}{text}{PLAIN}")
        else:
            parts.append(f"«{text}»" if each.learned else text)
    return "".join(parts)
