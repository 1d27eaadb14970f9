"""What a recipe will cost, before anything is built: parameters, memory by term, and time against past runs here."""

from __future__ import annotations

import json
import socket
import statistics
import textwrap
from dataclasses import dataclass
from pathlib import Path

from core.hardware import cpu_count
from core.models.counting import Count, Memory, count, training_memory
from core.models.diagram import WIDTH, diagram
from core.settings.run import RunSettings
from core.settings.tokenizer import TokenizerSettings
from core.workspace import Workspace
from tui import words

SPECIALS = 6
GUESS = (1e10, 8e10)
"""Floating-point operations per second and core that a small model reaches on today's CPUs: from slow to fast."""


@dataclass(frozen=True)
class Speed:
    """What training reached in past runs on this machine, in floating-point operations per second."""

    device: str
    rate: float
    runs: int


@dataclass(frozen=True)
class Estimate:
    """All of it; a time that is a guess is a range, a time that cannot be told is None with the reason."""

    count: Count
    memory: Memory
    vocab_size: int
    vocab_known: bool
    tokens_per_step: int
    steps: int
    seconds: tuple[float, float] | None
    basis: str

    @property
    def total_flops(self) -> float:
        return float(self.count.training_flops) * self.tokens_per_step * self.steps


def vocabulary(tokenizer: TokenizerSettings) -> tuple[int, bool]:
    """Entries that the tokenizer will have, and whether that is certain before it is built."""
    if tokenizer.name == "bpe":
        return int(tokenizer["vocab_size"]), True
    if tokenizer.name == "bytes":
        return 256 + SPECIALS, True
    if tokenizer.name == "characters":
        return 96 + SPECIALS, False
    return 32_000, False


def estimate(settings: RunSettings, speed: Speed | None = None, *, cuda: bool = False) -> Estimate:
    """Costs of a valid recipe; pure arithmetic, well under a millisecond."""
    model, training = settings.model, settings.training
    size, known = vocabulary(settings.tokenizer)
    context = training.context or model.context
    counted = count(model, size, context)
    memory = training_memory(
        model,
        size,
        batch=training.micro_batch_size or training.batch_size,
        context=context,
        precision="bf16" if training.precision == "bf16" or (cuda and training.precision == "auto") else "fp32",
        optimizer=training.optimizer,
        device="cuda" if cuda else "cpu",
        checkpointing=training.gradient_checkpointing,
        accumulated=bool(training.micro_batch_size) and training.micro_batch_size != training.batch_size,
    )
    per_step = training.batch_size * context
    work = float(counted.training_flops) * per_step * training.steps
    seconds: tuple[float, float] | None
    if speed is not None:
        rough = 1.0 if speed.runs > 2 else 1.5
        seconds = (work / speed.rate / rough, work / speed.rate * rough)
        basis = f"as {speed.runs} past run{'s' if speed.runs > 1 else ''} here: {speed.rate / 1e9:.0f} GFLOP/s"
    elif cuda:
        seconds, basis = None, "no run has been timed on this GPU yet"
    else:
        cores = cpu_count()
        seconds = (work / (GUESS[1] * cores), work / (GUESS[0] * cores))
        basis = f"a guess for {cores} cores; no run has been timed here yet"
    return Estimate(counted, memory, size, known, per_step, training.steps, seconds, basis)


def picture(settings: RunSettings) -> list[str]:
    """The recipe's model as a diagram, and its memory while training, at most 76 columns wide."""
    found = estimate(settings)
    memory = found.memory
    terms = [f"{name} {words.memory(held).strip()}" for name, held in memory.terms.items()]
    told = f"memory {words.memory(memory.total).strip()}: {', '.join(terms)}; most for {memory.largest}"
    lines = diagram(settings.model, found.vocab_size, settings.training.context)
    return [*lines, "", *textwrap.wrap(told, WIDTH)]


def measured(workspace: Workspace, most: int = 6) -> list[Speed]:
    """Speeds of the newest runs that this host trained, by device; reads the disk, so not on the UI thread."""
    from core.runs.registry import list_runs

    rates: dict[str, list[float]] = {}
    host = socket.gethostname()
    for info in list_runs(workspace):
        if info.host != host or sum(map(len, rates.values())) >= most:
            continue
        tokens_per_s = _tokens_per_second(info.path / "metrics.jsonl")
        if tokens_per_s is None:
            continue
        try:
            settings = RunSettings.model_validate(info.settings)
        except ValueError:
            continue
        size, _ = vocabulary(settings.tokenizer)
        per_token = count(settings.model, size, settings.training.context).training_flops
        rates.setdefault(info.device, []).append(tokens_per_s * per_token)
    return [Speed(device, statistics.median(found), len(found)) for device, found in rates.items()]


def _tokens_per_second(path: Path, tail: int = 65_536) -> float | None:
    """The median speed in the last lines of a run's metrics."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - tail))
            lines = file.read().splitlines()[1:]
    except OSError:
        return None
    found: list[float] = []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        value = record.get("tokens_per_s") if isinstance(record, dict) else None
        if isinstance(value, (int, float)) and value > 0:
            found.append(float(value))
    return statistics.median(found) if len(found) >= 3 else None
