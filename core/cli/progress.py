"""What a training command prints: a line a second while it trains, then what came of it and what to do next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from core.cancel import Cancel
from core.cli.tables import count, duration
from core.errors import OgiveError
from core.runs.control import request
from core.runs.info import LOG, RunInfo
from core.runs.reader import RunReader
from core.training.job import execute, launch, start_detached
from core.training.signals import saving_on_signals
from core.workspace import Workspace

EVERY = 1.0  # seconds between two lines


class Lines:
    """A listener that prints progress to standard output."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._printed = 0.0
        self._held_out: float | None = None
        self.samples: list[dict[str, Any]] = []
        """Those of the last step that had any."""

    def __call__(self, kind: str, record: dict[str, Any]) -> None:
        if kind == "metrics":
            self._metrics(record)
        elif kind == "sample":
            self.samples = [kept for kept in self.samples if kept["step"] == record["step"]] + [record]
            self._say(f"sample at step {record['step']}: {one_line(sample_text(record), 100)}")
        elif kind == "event":
            self._event(record)

    def _metrics(self, record: dict[str, Any]) -> None:
        if "eval_loss" in record:
            self._held_out = record["eval_loss"]
            bits = record.get("eval_bpb")
            extra = "" if bits is None else f"  {bits:.3f} bits per byte"
            self._say(f"held-out at step {record['step']}: loss {record['eval_loss']:.4f}{extra}")
            return
        now = time.monotonic()
        if now - self._printed < EVERY:
            return
        self._printed = now
        info = RunInfo.read(self._run)
        loss = record.get("loss")
        parts = [
            f"step {record['step']:>{len(str(info.steps))}}/{info.steps}",
            f"{100 * record['step'] / max(1, info.steps):3.0f}%",
            "skipped" if loss is None else f"loss {loss:.4f}",
        ]
        if "loss_ema" in record:
            parts.append(f"ema {record['loss_ema']:.4f}")
        if self._held_out is not None:
            parts.append(f"held-out {self._held_out:.4f}")
        parts.append(f"{count(record.get('tokens_per_s'))} tok/s")
        if info.eta_s is not None:
            parts.append(f"eta {duration(info.eta_s)}")
        self._say("  ".join(parts))

    def _event(self, record: dict[str, Any]) -> None:
        kind = record["kind"]
        if kind == "phase":
            total = record.get("total")
            if record["name"] == "compiling":
                self._say("compiling the model (once; kept in torch's cache)")
            elif record["name"] not in ("base", "model", "trial", "data"):
                self._say(
                    f"{record['name']}: {count(record['done'])}{f' of {count(total)}' if total else ''} documents"
                )
            elif record["name"] == "data":
                self._say(data_line(record))
        elif kind == "choice":
            self._say(f"{record['name']}: {record['chosen']} ({record['why']})")
        elif kind == "alert":
            self._say(f"! {record['message']} {record['advice']}")
        elif kind == "continued":
            self._say(f"continuing from {record['folder']}")
        elif kind in ("paused", "resumed"):
            self._say(f"{kind} at step {record['step']}")

    def _say(self, line: str) -> None:
        print(line, flush=True)


def data_line(facts: dict[str, Any]) -> str:
    """What a run reads, in a line; of conversations also what is learned of them and what became of the rest."""
    learned = "a stream of text" if facts["tokens"] is None else f"{count(facts['tokens'])} tokens"
    line = f"data: {learned} to learn from, {count(facts['held_out_tokens'])} held out"
    if "learned_tokens" in facts:
        line = f"data: {facts['documents']} conversations, {count(facts['tokens'])} tokens, "
        line += f"{count(facts['learned_tokens'])} of them learned, {count(facts['held_out_tokens'])} held out"
        for key, words in (
            ("shortened", "shortened"),
            ("left_out", "left out (too long, or no reply)"),
            ("not_talk", "plain texts left out"),
            ("lost_turns", "earlier replies not learned (the template rewrites them)"),
        ):
            line += f", {facts[key]} {words}" if facts.get(key) else ""
    return f"{line}, vocabulary {facts['vocab_size']}"


def one_line(text: str, limit: int) -> str:
    """`text` on one line, cut at `limit` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def train_here(run: Path, as_json: bool, quiet: bool = False) -> int:
    """Train `run` in this process; SIGINT, SIGTERM and SIGHUP save and stop. The exit status.

    `quiet` processes are helpers of another one that tells.
    """
    cancel = Cancel()
    lines = Lines(run)
    with saving_on_signals(cancel):
        outcome = execute(run, cancel, None if as_json or quiet else lines)
    if not quiet:
        _tell_end(RunInfo.read(run), outcome, cancel.reason, lines, as_json)
    return _status(outcome, cancel)


def train_together(run: Path, as_json: bool, processes: int) -> int:
    """Train `run` in several processes and watch it; SIGINT, SIGTERM and SIGHUP ask them to save and stop.

    What a person should know is read from the run's folder, as the monitor does. The exit status.
    """
    cancel = Cancel()
    lines = Lines(run)
    trainer = launch(run, processes)
    with saving_on_signals(cancel):
        _watch(run, trainer, cancel, None if as_json else lines)
    info = RunInfo.read(run)
    if info.status not in ("finished", "stopped"):
        error = info.error or {"message": f"The trainers of run {info.id} ended before their time.", "hint": ""}
        raise OgiveError(error["message"], error["hint"] or f"What they said is in {run / LOG}.")
    _tell_end(info, info.status, cancel.reason, lines, as_json)
    return _status(info.status, cancel)


def _watch(run: Path, trainer: subprocess.Popen[bytes], cancel: Cancel, lines: Lines | None) -> None:
    """Hand what is new in the run's folder to `lines` until the trainers have gone; a second signal ends them."""
    reader = RunReader(run)
    seen = reader.poll()  # What a resumed run told before is no news.
    asked = False
    try:
        while True:
            gone = trainer.poll() is not None
            seen = reader.poll()
            if lines is not None:
                for kind, records in (("event", seen.events), ("metrics", seen.metrics), ("sample", seen.samples)):
                    for record in records:
                        lines(kind, record)
            if gone and not seen.more:
                return
            if cancel.requested and not asked:
                asked = _asked_to_stop(run)
            time.sleep(0.1)
    except KeyboardInterrupt:
        os.killpg(trainer.pid, signal.SIGTERM)
        raise


def _asked_to_stop(run: Path) -> bool:
    try:
        request(run, "stop")
    except OgiveError:
        return False  # They have not begun; as soon as they have, they are asked.
    return True


def _tell_end(info: RunInfo, outcome: str, reason: str, lines: Lines, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary(info), indent=2))
    elif outcome == "finished":
        tell_finished(info, lines.samples)
    else:
        print(f"stopped at step {info.step} of {info.steps} ({reason or 'asked to'}), saved.")
        print(f"next: ogive resume {info.id}")
    sys.stdout.flush()


def _status(outcome: str, cancel: Cancel) -> int:
    return 130 if cancel.reason == "SIGINT" and outcome != "finished" else 0


def tell_finished(info: RunInfo, samples: list[dict[str, Any]]) -> None:
    """The end of a run for a person: figures, the last samples, the next commands."""
    best = info.best or {}
    print(
        f"finished: {info.steps} steps, {count(info.tokens)} tokens in {duration(info.elapsed)}; "
        f"{count(info.parameters)} parameters, {count(info.trainable)} of them trained"
        + (f"; held-out loss {best['eval_loss']:.4f} at step {best['step']}" if best.get("eval_loss") else "")
    )
    for sample in samples:
        print(f"\n{sample_text(sample)}")
    print()
    print(f"next: ogive chat {info.id}\n      ogive generate {info.id} --prompt '...'\n      ogive monitor {info.id}")


def detach(run: Path, as_json: bool, processes: int = 1) -> int:
    """Train `run` in a process of its own, or several, and say how to watch it."""
    pid = start_detached(run, processes)
    info = RunInfo.read(run)
    if as_json:
        print(json.dumps({**summary(info), "pid": pid}, indent=2))
    else:
        print(f"run {info.id} trains on its own as process {pid}")
        print(f"next: ogive monitor {info.id}\n      ogive status {info.id}\n      ogive runs stop {info.id}")
    return 0


def summary(info: RunInfo) -> dict[str, Any]:
    """What `--json` shows of a run."""
    keys = (
        "id",
        "name",
        "status",
        "device",
        "step",
        "steps",
        "tokens",
        "parameters",
        "trainable",
        "last_loss",
        "best",
        "choices",
    )
    return {**{key: getattr(info, key) for key in keys}, "path": str(info.path), "elapsed_s": round(info.elapsed, 2)}


def run_path(workspace: Workspace, info: RunInfo) -> str:
    """The run's folder as a person in the workspace would type it."""
    try:
        return str(info.path.relative_to(workspace.root))
    except ValueError:
        return str(info.path)


def sample_text(record: dict[str, Any]) -> str:
    """A sample as a person reads it: the prompt gone on with, or what was asked and the reply."""
    between = "\n  " if record.get("reply") else ""
    return f"{record['prompt']}{between}{record['text']}".strip()
