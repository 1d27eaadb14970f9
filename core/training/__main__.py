"""A trainer in a process of its own: `python -m core.training RUN_FOLDER`; see `job.start_detached`."""

from __future__ import annotations

import sys

from core.cancel import Cancel
from core.errors import OgiveError
from core.training.job import execute
from core.training.signals import saving_on_signals


def main() -> int:
    """Train the run named on the command line; the exit status is 0 when it was finished or stopped in order."""
    cancel = Cancel()
    try:
        with saving_on_signals(cancel):
            execute(sys.argv[1], cancel)
    except OgiveError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
