"""The one training loop: steps, measurements, samples, checkpoints, requests, recovery, for every objective.

A step is an optimizer step. Everything that decides what happens next is a function of the settings and of
`TrainerState`, so a run that is killed and resumed makes the same steps as one that is not.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from core.cancel import Cancel
from core.errors import OgiveError
from core.optim.base import Optimizer
from core.runs.control import Request
from core.settings.run import RunSettings
from core.training import checkpoint, rng
from core.training.evaluate import evaluate
from core.training.objectives.base import Batch
from core.training.records import Records
from core.training.samples import write_samples
from core.training.state import TrainerState, write_trainer
from core.training.step import Stepper
from core.training.telemetry import Pace, Telemetry, memory_used
from core.training.weights import Weights

FLUSH_EVERY = 0.2  # seconds between two writes of step lines
ROLLBACKS = 3
CHANGE_EVERY = 10  # steps between two measurements of what one step changes in the weights: it takes a copy of them


@dataclass
class Loop:
    """All that one run needs while it trains; `run()` returns `finished` or `stopped`."""

    settings: RunSettings
    records: Records
    stepper: Stepper
    optimizer: Optimizer
    weights: Weights
    state: TrainerState
    choices: dict[str, Any]
    cancel: Cancel
    saved: int = -1
    """The step of the checkpoint that was last written or restored; -1: none."""
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self.training = self.settings.training
        self.team = self.stepper.team
        self.path: Path = self.records.writer.path
        self._schedule = self.training.schedule.brick.load()
        self._telemetry = Telemetry(self.stepper.device)
        self._next: Batch | None = None
        self._lines: list[dict[str, Any]] = []
        self._flushed = 0.0
        self._asked: list[Request] = []
        self._evaluation: dict[str, Any] | None = None
        self._frozen = False
        self._took: dict[str, float] = {}

    # The whole

    def run(self) -> str:
        """Train until the last step or until asked to stop; a checkpoint is saved either way."""
        steps, state = self.training.steps, self.state
        self.records.update(status="training")
        self.stepper.model.train()
        try:
            if state.measured < state.step:
                self._milestones()
            while state.step < steps and not self._stopping():
                self._step()
                self._milestones()
            return self._end("finished" if state.step >= steps and state.measured >= state.step else "stopped")
        finally:
            self._flush()
            if self._frozen:
                gc.unfreeze()

    def _stopping(self) -> bool:
        """Between two steps: let short jobs through, hear requests, wait while paused."""
        self.cancel.yield_point()
        requests = self._requests()
        if requests:
            self._hear(requests)
        return self.cancel.requested

    def _requests(self) -> list[Request]:
        return self.team.hear(self.records.writer.requests())

    def _end(self, outcome: str) -> str:
        self._settle(everything=True)
        self._flush()
        if self.state.step and self.saved != self.state.step:
            self.save()
        if outcome == "finished":
            if self.team.leads:
                checkpoint.point(self.path, "final", self.state.step)
            self.records.event("finished", step=self.state.step, tokens=self.state.tokens)
        else:
            self.records.event("stopped", step=self.state.step, reason=self.cancel.reason)
        self._answer("stop", "done", step=self.state.step)
        self._progress()
        self.records.update(status=outcome, eta_s=0.0 if outcome == "finished" else self.records.writer.header["eta_s"])
        return outcome

    # One step

    def _step(self) -> None:
        begun = time.perf_counter()
        state, training = self.state, self.training
        batch = self._next or self._fetch()
        share = state.lr_scale * self._schedule(state.step, training.steps, **training.schedule.options)
        every = self.optimizer.curvature_every
        bend = every > 0 and state.step % every == 0
        figures = self.stepper.step(batch, share, measure=state.step % CHANGE_EVERY == 0, bend=bend)
        state.step += 1
        state.position += training.batch_size
        state.tokens += batch.tokens
        record = {
            "step": state.step,
            "tokens": state.tokens,
            "time": time.time(),
            "lr": training.lr_resolved * share,
            **({"epoch": round(state.position / rows, 4)} if (rows := self.stepper.objective.rows) else {}),
        }
        self._telemetry.push(record, figures)
        self._next = self._fetch()  # while the device is still at work
        settled = self._telemetry.take()
        seconds = time.perf_counter() - begun
        record["step_ms"] = round(1e3 * seconds, 3)
        record["tokens_per_s"] = round(batch.tokens / seconds, 1)
        if self._frozen:
            self.pace.add(seconds)
        else:
            self._freeze()
        self._note(settled)

    def _fetch(self) -> Batch:
        batch = self.stepper.objective.batch(self.state.position, self.training.batch_size)
        return self.team.share(batch).to(self.stepper.device)

    def _freeze(self) -> None:
        """After the first step all that lives long is there: keep the garbage collector from walking it again.

        Only young garbage is collected first; a whole collection would hold the interface up.
        """
        gc.collect(1)
        gc.freeze()
        self._frozen = True

    def _settle(self, everything: bool = False) -> None:
        self._note(self._telemetry.take(everything))

    def _note(self, settled: list[tuple[dict[str, Any], float, float, bool, float | None]]) -> None:
        """Take in the figures of steps that the device has made; roll back when too many in a row were skipped."""
        state = self.state
        for record, loss, norm, skipped, change in settled:
            record["loss"] = None if skipped else loss
            record["grad_norm"] = norm if math.isfinite(norm) else None
            if change is not None:
                record["weight_change"] = change
                self._tell_unchanged(record, change, skipped)
            self._lines.append(record)
            if skipped:
                record["skipped"] = True
                self._tell_skipped(record, loss)
                if state.row >= self.training.nonfinite_limit:
                    self._roll_back()
                    return
            else:
                state.row = 0
                record["loss_ema"] = round(state.smooth(loss), 6)
                if state.rollbacks and record["step"] > state.broke_at:
                    state.rollbacks = 0
        if time.perf_counter() - self._flushed > FLUSH_EVERY:
            self._flush()

    def _flush(self) -> None:
        """Write the lines of settled steps, in order."""
        self._flushed = time.perf_counter()
        lines, self._lines = self._lines, []
        if lines:
            lines[-1]["memory_bytes"] = memory_used(self.stepper.device)
        for line in lines:
            self.records.metrics(line)
        if lines:
            self._progress(lines[-1]["loss"])

    def _progress(self, loss: float | None = None) -> None:
        state = self.state
        left = (self.training.steps - state.step) * self.pace.seconds
        fields = {"step": state.step, "tokens": state.tokens, "eta_s": round(left, 1) if self.pace.seconds else None}
        self.records.writer.heartbeat(**fields, **({} if loss is None else {"last_loss": loss}))

    # When numbers break

    def _tell_skipped(self, record: dict[str, Any], loss: float) -> None:
        state = self.state
        state.row += 1
        state.skipped += 1
        what = "gradient" if math.isfinite(loss) else "loss"
        self.records.alert(
            "nonfinite",
            f"Step {record['step']}: the {what} is not finite; the step was skipped and the weights are as before.",
            f"After {self.training.nonfinite_limit} in a row the run goes back to its last checkpoint at half the "
            "learning rate. A lower training.lr, a longer warm-up, model.qk_norm or precision fp32 make it steadier.",
            step=record["step"],
            in_a_row=state.row,
            skipped=state.skipped,
        )

    def _tell_unchanged(self, record: dict[str, Any], change: float, skipped: bool) -> None:
        """A step that was made and changed nothing is no training, however good the loss looks."""
        if change == 0.0 and not skipped and record["lr"] > 0.0:
            self.records.alert(
                "unchanged",
                f"Step {record['step']} changed no weight.",
                "Raise training.lr: the change is lost in rounding.",
                step=record["step"],
            )

    def _roll_back(self) -> None:
        """Return to the last good checkpoint at half the learning rate, past the data that broke it.

        The step count goes back with the weights; the place in the data does not, so the same rows are not met in the
        same state again.
        """
        state, limit = self.state, self.training.nonfinite_limit
        self._flush()
        if state.rollbacks >= ROLLBACKS:
            raise OgiveError(
                f"{limit} steps in a row are not finite, after {ROLLBACKS} roll-backs, at step {state.step}.",
                f"Lower training.lr (now {self.training.lr_resolved * state.lr_scale:g}), lengthen the warm-up, turn "
                "model.qk_norm on or set training.precision=fp32, and fork from the last checkpoint.",
            )
        broke_at, position, tokens = state.step, state.position, state.tokens
        rollbacks, lr_scale, skipped = state.rollbacks + 1, state.lr_scale / 2, state.skipped
        self._telemetry.take(everything=True)
        self._next = None
        found = checkpoint.last_good(self.path)
        kept = self.weights.restore(found.folder, self.optimizer)
        for name, value in vars(kept).items():
            setattr(state, name, value)
        state.position, state.tokens, state.skipped = position, tokens, skipped
        state.rollbacks, state.lr_scale, state.broke_at, state.row = rollbacks, lr_scale, broke_at, 0
        self.records.alert(
            "rolled-back",
            f"{limit} steps in a row were not finite: back to "
            f"{f'the checkpoint of step {found.step}' if found.folder else 'the start'}, "
            f"with the learning rate halved to {self.training.lr_resolved * lr_scale:g}.",
            "The rows that broke it are left out. If it happens again, lower training.lr for the next run.",
            step=state.step,
            from_step=broke_at,
            lr_scale=lr_scale,
        )

    # What happens at certain steps

    def _milestones(self) -> None:
        """Measure, write samples and save when the step, the end or a request asks for it; then answer requests."""
        state, training = self.state, self.training
        step, last = state.step, state.step >= training.steps
        save = last or step % training.save_every == 0
        if state.row and not last:
            save = False  # Amid steps that break: the checkpoint before them is the one to return to.
        measure = save or step % training.eval_every == 0
        sample = training.sample_every > 0 and (last or step % training.sample_every == 0)
        if not (measure or sample or self._asked):
            state.measured = step
            return
        self._settle(everything=True)
        if state.step != step:
            return  # It was rolled back.
        self._flush()
        fresh = state.measured < step
        if self._wanted("evaluate") or (measure and fresh):
            if self._measure() is None:
                return  # Asked to stop meanwhile: this step's measurements come after the restart.
            self._answer("evaluate", "done", **(self._evaluation or {}))
        if self._wanted("sample") or (sample and fresh):
            self._sample()
            if self.cancel.requested:
                return
            self._answer("sample", "done", step=step)
        state.measured = step
        if self._wanted("save") or (save and fresh):
            folder = self.save()
            self._answer("save", "done", step=step, folder=folder.name)
        self._asked = [asked for asked in self._asked if asked.kind == "stop"]

    def _measure(self) -> dict[str, Any] | None:
        with self._doing("evaluating"):
            begun = time.perf_counter()
            found = evaluate(self.stepper, self.cancel)
            if found is not None:
                self._evaluation = {"step": self.state.step, **found}
                seconds = round(time.perf_counter() - begun, 3)
                self.records.metrics({"tokens": self.state.tokens, **self._evaluation, "eval_s": seconds})
        return found

    def _sample(self) -> None:
        with self._doing("evaluating"), rng.kept():
            speaker, cancel = self.weights.speaker(), self.team.own(self.cancel)
            if speaker is not None:
                write_samples(self.records, speaker, self.weights.tokenizer, self.settings, self.state.step, cancel)
        self.cancel.yield_point()

    def save(self) -> Path:
        """Write a checkpoint of this very step, move the pointers, drop what is too old."""
        state = self.state
        with self._doing("saving"):
            begun = time.perf_counter()
            self.records.writer.sync()
            best = self._is_best()
            if best:
                state.best = {key: value for key, value in (self._evaluation or {}).items() if not key.endswith("_s")}
            model = self.weights.whole()
            trainer = self.team.gathered(self.optimizer.state_tensors()) | self.team.generators()
            folder, gone = self.path / checkpoint.folder_name(state.step), []
            if self.team.leads:
                checkpoint.write(self.path, state.step, lambda folder: self._fill(folder, model, trainer))
                checkpoint.point(self.path, "latest", state.step)
                if best:
                    checkpoint.point(self.path, "best", state.step)
                gone = checkpoint.prune(self.path, self.training.keep)
            self.saved = state.step
            seconds = round(time.perf_counter() - begun, 3)
            self.records.writer.header["best"] = state.best
            self.records.event(
                "checkpoint", step=state.step, folder=folder.name, best=best, seconds=seconds, deleted=gone
            )
        return folder

    def _fill(self, folder: Path, model: dict[str, torch.Tensor], trainer: dict[str, torch.Tensor]) -> None:
        self.weights.save(folder, model)
        write_trainer(
            folder,
            trainer,
            {
                "format": checkpoint.FORMAT,
                "state": self.state.to_json(),
                "rng": rng.host_state(),
                "optimizer": self.training.optimizer.name,
                "choices": self.choices,
            },
            self.stepper.objective.place(self.state.position),
        )

    def _is_best(self) -> bool:
        """Whether this step was measured and no checkpoint before it was better."""
        found, best = self._evaluation, self.state.best
        if found is None or found["step"] != self.state.step:
            return False
        return best is None or best.get("step") == self.state.step or found["eval_loss"] < best["eval_loss"]

    @contextmanager
    def _doing(self, status: str) -> Generator[None]:
        """Show `status` meanwhile, unless the last time was too short for anybody to see; it is not a step's time."""
        before, begun = self.records.writer.header["status"], time.perf_counter()
        shown = self._took.get(status, 1.0) > 0.5
        if shown:
            self.records.update(status=status, step=self.state.step, tokens=self.state.tokens)
        yield
        self._took[status] = time.perf_counter() - begun
        if shown:
            self.records.update(status=before)

    # Requests

    def _hear(self, requests: list[Request]) -> None:
        for asked in requests:
            if asked.kind == "pause":
                self._pause(asked)
            elif asked.kind == "resume":
                self.records.writer.answer(asked, "refused", reason="the run is not paused")
            else:
                if asked.kind == "stop":
                    self.cancel.request(f"asked by {asked.origin or 'a request'}")
                self._asked.append(asked)

    def _pause(self, asked: Request) -> None:
        """Wait, saving nothing and losing nothing, until asked to go on; other requests are heard meanwhile."""
        writer = self.records.writer
        self._settle(everything=True)
        self._flush()
        self.records.update(status="paused", step=self.state.step)
        self.records.event("paused", step=self.state.step, by=asked.origin)
        writer.answer(asked, "done", step=self.state.step)
        while not self.cancel.wait(0.05):
            self.cancel.yield_point()
            writer.heartbeat()
            if self._resumed(self._requests()):
                break
            if any(other.kind != "stop" for other in self._asked):
                self._milestones()
        self.records.event("resumed", step=self.state.step)
        self.records.update(status="training")

    def _resumed(self, requests: list[Request]) -> bool:
        go_on = False
        for asked in requests:
            if asked.kind == "resume":
                self.records.writer.answer(asked, "done", step=self.state.step)
                go_on = True
            elif asked.kind == "pause":
                self.records.writer.answer(asked, "done", step=self.state.step)
            else:
                self._hear([asked])
        return go_on

    def _wanted(self, kind: str) -> bool:
        return any(asked.kind == kind for asked in self._asked)

    def _answer(self, kind: str, outcome: str, **fields: Any) -> None:
        for asked in self._asked:
            if asked.kind == kind:
                self.records.writer.answer(asked, outcome, **fields)
        self._asked = [asked for asked in self._asked if asked.kind != kind]
