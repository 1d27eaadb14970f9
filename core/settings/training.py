"""How weights are changed: steps, batch, optimizer, schedule, precision, and what is measured and saved on the way."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from core import bricks
from core.settings.base import BrickChoice, Settings, setting


class Optimizer(BrickChoice):
    table = bricks.OPTIMIZERS


class Schedule(BrickChoice):
    table = bricks.SCHEDULES


class Objective(BrickChoice):
    table = bricks.OBJECTIVES


class Logger(BrickChoice):
    table = bricks.LOGGERS


class TrainingSettings(Settings):
    """A step is an optimizer step, everywhere: `steps`, `save_every` and the rest never count micro-batches."""

    objective: Objective = Field(default="language", validate_default=True, description="What is minimised")
    steps: int = setting(1000, "Optimizer steps", unit="steps", ge=1)
    batch_size: int = setting(32, "Sequences per optimizer step", unit="sequences", ge=1)
    micro_batch_size: int | None = setting(
        None, "Sequences in memory at once; the rest is accumulated (empty: the whole batch)", unit="sequences", ge=1
    )
    context: int | None = setting(
        None, "Length of a training sequence (empty: the model's context)", unit="tokens", ge=8
    )
    lr: float | None = setting(None, "Peak learning rate (empty: what suits the optimizer)", gt=0.0, le=10.0)
    weight_decay: float | None = setting(
        None,
        "Pull of hidden matrices towards zero; norms, biases, embeddings are spared (empty: what suits the optimizer)",
        ge=0.0,
    )
    clip: float = setting(1.0, "Largest gradient norm (0: no clipping)", ge=0.0)
    optimizer: Optimizer = Field(default="adamw", validate_default=True, description="Turns gradients into steps")
    schedule: Schedule = Field(default="cosine", validate_default=True, description="Learning rate over the run")
    precision: Literal["auto", "fp32", "bf16"] = setting("auto", "Arithmetic of the forward and backward pass")
    gradient_checkpointing: bool = setting(
        False, "Compute activations again in the backward pass: less memory, about a third more time"
    )
    parallel: Literal["auto", "none", "ddp", "fsdp"] = setting(
        "auto",
        "Over several processes: ddp copies the model to each, fsdp spreads it (auto: ddp where it fits)",
    )
    compile: Literal["auto", "on", "off"] = setting("auto", "torch.compile: slower to start, faster per step")
    device: str = setting("auto", "auto, cpu, cuda, cuda:1 or mps")
    deterministic: bool = setting(False, "Ask CUDA for bit-for-bit repeatable kernels (slower)")
    eval_every: int = setting(200, "Steps between measurements on held-out text", unit="steps", ge=1)
    eval_tokens: int | None = setting(65_536, "Held-out tokens per measurement (empty: all)", unit="tokens", ge=1)
    save_every: int = setting(500, "Steps between checkpoints", unit="steps", ge=1)
    keep: int = setting(3, "Checkpoints kept besides best, latest and final", ge=1)
    sample_every: int = setting(200, "Steps between samples (0: none)", unit="steps", ge=0)
    sample_prompts: list[str] = setting([""], "What the samples begin with")
    sample_questions: list[str] = setting([], "Messages that samples reply to, by the tokenizer's chat template")
    nonfinite_limit: int = setting(5, "Steps with a non-finite loss or gradient in a row before a roll-back", ge=1)
    seed: int = setting(1337, "Fixes initial weights, order of data and dropout", ge=0)
    loggers: list[Logger] = Field(default=[], description="Where metrics go besides the run folder")

    @model_validator(mode="after")
    def _batch(self) -> TrainingSettings:
        micro = self.micro_batch_size
        if micro is not None and self.batch_size % micro:
            raise ValueError(f"batch_size {self.batch_size} is not a multiple of micro_batch_size {micro}")
        return self

    @property
    def lr_resolved(self) -> float:
        """As given, else the optimizer's own."""
        return self.optimizer.brick.defaults["lr"] if self.lr is None else self.lr

    @property
    def weight_decay_resolved(self) -> float:
        """As given, else the optimizer's own."""
        return self.optimizer.brick.defaults["weight_decay"] if self.weight_decay is None else self.weight_decay
