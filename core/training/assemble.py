"""From a run's settings to a loop that is ready: data, tokenizer, model, optimizer, the last good checkpoint."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import torch

from core.adapters import trainable_count
from core.cancel import Cancel
from core.data.documents import Gone
from core.errors import OgiveError
from core.files import os_failure
from core.hardware import describe_device, pick_device
from core.models.quantised import count
from core.optim.base import build_optimizer
from core.runs.info import RunInfo
from core.runs.loggers import open_loggers
from core.settings.run import RunSettings
from core.tokenization.tokenizer import Tokenizer, load
from core.training import checkpoint
from core.training.build import Origin, build, context_of, open_origin, recompute
from core.training.loop import Loop
from core.training.objectives.base import Data
from core.training.parallel import Team
from core.training.precision import choose
from core.training.preflight import training_tokenizer
from core.training.records import Records
from core.training.state import TrainerState, read_place
from core.training.step import Stepper, check_fit
from core.workspace import Workspace

TOKENIZER = "tokenizer"


def assemble(records: Records, cancel: Cancel, team: Team | None = None) -> Loop:
    """The loop for the run that `records` writes, put back to where its last good checkpoint left it; one for each
    process of `team`."""
    team = team or Team()
    writer = records.writer
    settings = RunSettings.model_validate(writer.header["settings"])
    training = settings.training
    device = pick_device(training.device)
    _deterministic(training.deterministic, device)
    if team.leads:
        records.loggers = open_loggers(training.loggers, RunInfo.build(writer.path, writer.header))
        checkpoint.sweep(writer.path)
    where = describe_device(device)
    records.update(device=where, steps=training.steps)

    found = team.first(lambda: checkpoint.last_good(writer.path))
    for message in found.damaged:
        used = f"step {found.step}" if found.folder else "the start"
        records.alert("damaged-checkpoint", message, f"The run goes on from {used}.")

    begun = writer.path / checkpoint.START
    start = begun if begun.is_dir() else None
    if settings.stage != "pretrain":
        records.event("phase", name="base")
    origin = open_origin(settings, writer.path, writer.header, device)
    context = context_of(settings, origin)
    brick = training.objective.brick.load()
    data = team.first(lambda: _data(records, settings, brick, origin, context, cancel, found.folder))
    objective = brick(data, training, context)

    records.event("phase", name="model")
    go_on = bool((writer.header.get("init") or {}).get("go_on"))
    weights = build(settings, data.tokenizer, origin, start, go_on, device, team)
    trainable = trainable_count(weights.model)
    recompute(weights.model, training.gradient_checkpointing)
    optimizer = build_optimizer(weights.model, training)
    check_fit(optimizer, objective)
    state = TrainerState()
    if found.folder is not None or weights.start is not None:
        state = weights.restore(found.folder, optimizer)
    if found.folder is not None:
        records.event("continued", step=state.step, folder=found.folder.name)
    placed = found.folder or (weights.start if go_on else None)
    if placed is not None:
        objective.restore(*read_place(placed))

    stepper = Stepper(
        weights.model,
        objective,
        optimizer,
        device=device,
        precision="fp32",
        clip=training.clip,
        micro=state.micro or training.micro_batch_size or training.batch_size // team.size,
        halved=lambda rows: _halved(records, state, choices, training.batch_size, rows),
        team=team,
    )
    earlier = _earlier(writer.header, where)
    choices: dict[str, Any] = objective.suit(weights.model, earlier)
    records.event("phase", name="trial")
    choices |= choose(
        stepper,
        training,
        lambda: team.share(objective.batch(state.position, training.batch_size)).to(device),
        training.steps - state.step,
        {**earlier, **choices},
        lambda what: records.event("phase", name=what),
    )
    for name, choice in choices.items():
        records.event("choice", name=name, **choice)
    records.update(
        choices={**earlier, **choices},
        chosen_on=where,
        parameters=count(weights.model),
        trainable=trainable,
        **({} if team.size == 1 else {"device": f"{where}, {team.size} processes ({team.kind})"}),
        processes=team.size,
        parallel=team.kind,
        inputs={"packed": data.key, "files": data.inputs},
        **({} if origin is None else {"base": origin.base.as_json()}),
    )
    saved = -1 if found.folder is None else state.step
    return Loop(settings, records, stepper, optimizer, weights, state, choices, team.agreed(cancel), saved)


def _earlier(header: dict[str, Any], device: str) -> dict[str, Any]:
    """What was chosen when the run began, unless it was on another device."""
    return (header.get("choices") or {}) if header.get("chosen_on") == device else {}


def _deterministic(wanted: bool, device: torch.device) -> None:
    if wanted != torch.are_deterministic_algorithms_enabled():  # The call itself loads the compiler, 2 s of imports.
        torch.use_deterministic_algorithms(wanted)
    if wanted and device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def _data(
    records: Records,
    settings: RunSettings,
    brick: Any,
    origin: Origin | None,
    context: int,
    cancel: Cancel,
    saved: Path | None,
) -> Data:
    """What the objective reads; a run that began keeps the tokenizer and the data it began with."""
    writer = records.writer
    kept = _kept_tokenizer(writer.path, saved)
    tokenizer = training_tokenizer(settings, origin.loaded.tokenizer) if kept is None and origin is not None else kept
    progress = _Progress(records, cancel)
    workspace, before = Workspace(writer.path.parent.parent), writer.header.get("inputs", {}).get("packed")
    try:
        data = brick.prepare(settings, tokenizer, workspace, context, cancel, progress)
    except Gone as error:
        data = brick.reopen(settings, kept, workspace, context, before) if before and kept else None
        if data is None:
            raise
        records.alert("sources-gone", error.message, "The run goes on from the copy of its data that was kept.")
    if before is not None and before != data.key:
        raise OgiveError(
            f"The data of run {writer.path.name} has changed since it began.",
            "Put it back to go on, or fork the run to train on the new data.",
        )
    if kept is None:
        _keep_tokenizer(writer.path, data.tokenizer)
    records.event("phase", name="data", **data.facts())
    return data


def _kept_tokenizer(run: Path, saved: Path | None) -> Tokenizer | None:
    """The tokenizer the run began with, from `saved`, a checkpoint found whole, when there is one."""
    for folder in (saved, run / TOKENIZER, run / checkpoint.START):
        if folder is not None and folder.is_dir():
            return load(folder)
    return None


def _keep_tokenizer(run: Path, tokenizer: Tokenizer) -> None:
    beside = run / f".{TOKENIZER}.tmp"
    try:
        checkpoint.remove(beside)
        tokenizer.save(beside)
        beside.rename(run / TOKENIZER)
    except OSError as error:
        raise os_failure("write", run / TOKENIZER, error) from error


def _halved(records: Records, state: TrainerState, choices: dict[str, Any], batch: int, rows: int) -> None:
    state.micro = rows
    choices["micro_batch_size"] = {"chosen": rows, "why": "memory ran out with more"}
    records.alert(
        "out-of-memory",
        f"Memory ran out: now {rows} sequences at once, accumulated {-(-batch // rows)} times. Step, data and maths "
        "stay the same.",
        "Set training.micro_batch_size to start with that.",
        micro_batch_size=rows,
    )
    records.update(choices={**(records.writer.header.get("choices") or {}), **choices})


class _Progress:
    """Tells how far the preparation is, once a second, and lets short jobs through."""

    def __init__(self, records: Records, cancel: Cancel) -> None:
        self._records, self._cancel = records, cancel
        self._told, self._doing = 0.0, ""

    def __call__(self, doing: str, done: int, total: int | None) -> None:
        self._cancel.yield_point()
        now = time.monotonic()
        if doing != self._doing or now - self._told > 1.0:
            self._doing, self._told = doing, now
            self._records.event("phase", name=doing, done=done, total=total)
            self._records.writer.heartbeat()
