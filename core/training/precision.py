"""Which arithmetic to train in and whether to compile: chosen by a short measured trial, and said why.

A choice is a pair of what and why, kept in run.json and used again on every resume, so that a resumed run computes
what the interrupted one did.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from core.errors import OgiveError
from core.hardware import bf16_pays
from core.settings.training import TrainingSettings
from core.training import rng
from core.training.objectives.base import Batch
from core.training.step import LossFunction, Stepper

Choices = dict[str, Any]
Tell = Callable[[str], None]
"""Told what takes long, before it does."""

TRIAL_STEPS = 5
WARM_STEPS = 2
COMPILE_SECONDS = {"cpu": 45.0, "cuda": 45.0}
"""What a first compilation is taken to cost before it is tried: 24 to 71 s for four layers on two busy cores."""
BACKEND = "inductor"
NOT_TOGETHER = "several processes make no trial: their clocks might disagree"
LIKELY_GAIN = {("cpu", "fp32"): 0.15, ("cpu", "bf16"): 0.35, ("cuda", "fp32"): 0.25, ("cuda", "bf16"): 0.25}
"""The share of a step that compilation is hoped to save before it is tried: on CPU as measured."""


def choose(
    stepper: Stepper,
    training: TrainingSettings,
    fetch: Callable[[], Batch],
    steps_left: int,
    earlier: Choices,
    tell: Tell = lambda what: None,
) -> Choices:
    """Set `stepper` to the arithmetic and the form of the loss to use, and return both choices with their reasons.

    `earlier` are the choices of a run that is resumed; they stand. No weight, gradient or generator is changed.
    """
    trial = Trial(stepper, fetch, tell)
    precision = _precision(stepper.device, training)
    together = stepper.team.size > 1
    if training.precision == "auto":
        precision = earlier.get("precision") or precision
    stepper.use(stepper.plain_loss, precision["chosen"] or "fp32")
    compiled = _compile_without_trial(training)
    if training.compile == "auto":
        compiled = earlier.get("compile") or compiled
    with rng.kept():
        if precision["chosen"] is None and together:
            precision = {"chosen": "fp32", "why": NOT_TOGETHER}
        elif precision["chosen"] is None:
            precision = _measured_precision(trial, steps_left)
            stepper.use(stepper.plain_loss, precision["chosen"])
        if compiled["chosen"] is None and together:
            compiled = {"chosen": "off", "why": NOT_TOGETHER}
        elif compiled["chosen"] is None:
            compiled = _measured_compile(trial, steps_left)
        elif compiled["chosen"] == "on":
            trial.compile()
    return {"precision": precision, "compile": compiled}


class Trial:
    """Times forward and backward passes on one real batch, and compiles."""

    def __init__(self, stepper: Stepper, fetch: Callable[[], Batch], tell: Tell) -> None:
        self.stepper = stepper
        self._fetch = fetch
        self._tell = tell
        self._batch: Batch | None = None
        self.compile_seconds = 0.0

    def seconds(self) -> float:
        """The fastest of a few passes: what a step costs, without the optimizer."""
        times = []
        for number in range(WARM_STEPS + TRIAL_STEPS):
            begun = time.perf_counter()
            self._pass()
            if number >= WARM_STEPS:
                times.append(time.perf_counter() - begun)
        return min(times)

    def compile(self) -> None:
        """Switch the stepper to a compiled loss; OgiveError when this machine cannot compile."""
        if self.stepper.team.kind == "fsdp":
            raise OgiveError(
                "training.compile=on does not go with training.parallel=fsdp, which gathers weights on the way.",
                "Set training.compile=off, or training.parallel=ddp.",
            )
        self._tell("compiling")
        begun = time.perf_counter()
        stepper = self.stepper
        plain = stepper.plain_loss
        compiled: LossFunction = torch.compile(plain, dynamic=False, backend=BACKEND)
        stepper.use(compiled, stepper.precision)
        try:
            self._pass()
        except (RuntimeError, OSError, ImportError) as error:
            stepper.use(plain, stepper.precision)
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise OgiveError(
                f"torch.compile does not work here: {first}",
                "Install a C++ compiler (g++), or set training.compile=off.",
            ) from error
        self.compile_seconds = time.perf_counter() - begun

    def _pass(self) -> None:
        if self._batch is None:
            self._batch = self._fetch()
        self.stepper.gradients(self._batch)
        self.stepper.clear()
        if self.stepper.device.type == "cuda":
            torch.cuda.synchronize(self.stepper.device)


def _precision(device: torch.device, training: TrainingSettings) -> Choices:
    if training.precision != "auto":
        return {"chosen": training.precision, "why": "asked for in the settings"}
    if device.type == "cuda" and bf16_pays(device):
        return {"chosen": "bf16", "why": "the GPU multiplies bfloat16 in hardware"}
    if not bf16_pays(device):
        return {"chosen": "fp32", "why": f"this {device.type.upper()} has no bfloat16 arithmetic"}
    return {"chosen": None, "why": ""}


def _compile_without_trial(training: TrainingSettings) -> Choices:
    if training.compile == "auto":
        return {"chosen": None, "why": ""}
    return {"chosen": training.compile, "why": "asked for in the settings"}


def _measured_precision(trial: Trial, steps_left: int) -> Choices:
    if steps_left < 4 * (WARM_STEPS + TRIAL_STEPS):
        return {"chosen": "fp32", "why": f"only {steps_left} steps: too few for a trial"}
    stepper = trial.stepper
    times = {}
    for precision in ("fp32", "bf16"):
        stepper.use(stepper.plain_loss, precision)
        times[precision] = trial.seconds()
    chosen = min(times, key=lambda name: times[name])
    fp32, bf16 = (1e3 * times[name] for name in ("fp32", "bf16"))
    return {
        "chosen": chosen,
        "why": f"measured: {fp32:.1f} ms a step in fp32, {bf16:.1f} ms in bf16",
        "fp32_ms": round(fp32, 3),
        "bf16_ms": round(bf16, 3),
    }


def _measured_compile(trial: Trial, steps_left: int) -> Choices:
    if steps_left < 4 * (WARM_STEPS + TRIAL_STEPS):
        return {"chosen": "off", "why": f"only {steps_left} steps: compiling would take longer than it saves"}
    stepper = trial.stepper
    plain = trial.seconds()
    cost = COMPILE_SECONDS.get(stepper.device.type, 60.0)
    hoped = LIKELY_GAIN.get((stepper.device.type, stepper.precision), 0.25) * plain * steps_left
    if hoped < cost:
        return {
            "chosen": "off",
            "why": f"{steps_left} steps of {1e3 * plain:.1f} ms: compiling (about {cost:.0f} s) would save at most "
            f"about {hoped:.0f} s",
            "plain_ms": round(1e3 * plain, 3),
        }
    try:
        trial.compile()
    except OgiveError as error:
        return {"chosen": "off", "why": error.message, "plain_ms": round(1e3 * plain, 3)}
    fast = trial.seconds()
    faster = fast < 0.98 * plain
    if not faster:
        stepper.use(stepper.plain_loss, stepper.precision)
    return {
        "chosen": "on" if faster else "off",
        "why": f"measured: {1e3 * plain:.1f} ms a step plain, {1e3 * fast:.1f} ms compiled; compiling took "
        f"{trial.compile_seconds:.1f} s, {steps_left} steps to come",
        "plain_ms": round(1e3 * plain, 3),
        "compiled_ms": round(1e3 * fast, 3),
        "compile_s": round(trial.compile_seconds, 1),
    }
