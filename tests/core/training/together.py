"""What each of several processes does in test_parallel: train runs, one after another, as torchrun's workers do.

`together.py JOBS.json`: a list of objects with `run`, and where something should happen: `stop` (step at which the
first process is asked to stop), `ask` (requests by step), `poison` (steps whose gradient the last process spoils).
"""

import json
import math
import sys
from pathlib import Path

from core.cancel import Cancel
from core.errors import OgiveError
from core.runs.control import request
from core.training import parallel
from core.training.job import execute
from core.training.processes import place

spoil = {"at": [], "seen": 0}


def spoiling(take):
    def taken(self, model, training):
        take(self, model, training)
        spoil["seen"] = 0
        if spoil["at"] and self.here.rank == self.size - 1:
            model.norm.weight.register_hook(spoilt)

    return taken


def spoilt(gradient):
    spoil["seen"] += 1
    return gradient * math.nan if spoil["seen"] in spoil["at"] else gradient


def listener(job, cancel):
    asked = dict(job.get("ask") or {})

    def listen(kind, record):
        if kind == "metrics" and "loss" in record:
            if job.get("stop") and record["step"] >= job["stop"]:
                cancel.request("test")
            for word in asked.pop(str(record["step"]), []):
                request(job["run"], word)
        elif kind == "event" and record["kind"] == "paused":
            request(job["run"], "resume")

    return listen


def main():
    parallel.Processes.take = spoiling(parallel.Processes.take)
    leave, parallel.Processes.leave = parallel.Processes.leave, lambda self: None  # They meet once for all runs.
    for job in json.loads(Path(sys.argv[1]).read_text()):
        spoil["at"] = job.get("poison") or []
        cancel = Cancel()
        try:
            execute(job["run"], cancel, listener(job, cancel) if place().leads else None)
        except OgiveError as error:
            sys.stderr.write(f"process {place().rank}: {error}\n")
    leave(parallel.team())


main()
