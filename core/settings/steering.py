"""All that one steering session needs: model, adapter, how variants are drawn, what a pick does, the prompts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core import bricks
from core.settings.adapter import LoraSettings
from core.settings.base import BrickChoice, Settings, setting
from core.settings.sampling import SamplingSettings


class UpdateRule(BrickChoice):
    table = bricks.UPDATE_RULES


class PromptSource(BrickChoice):
    table = bricks.PROMPT_SOURCES


class ShapingSettings(Settings):
    """From what was typed to what the model reads: prefix + prompt + suffix is the user's turn, the system text a turn
    before it, then the chat template, then the think tag. Raw: prefix + prompt + suffix and nothing else."""

    prefix: str = setting("", "Stands before every prompt")
    suffix: str = setting("", "Stands after every prompt")
    system: str = setting("", "What the model is told before all else")
    think_tag: str = setting("", "Stands after the assistant's header, such as <think> (empty: none)")
    raw: bool = setting(
        False, "The prompt is a text to go on from: no turns, no template; written special tokens count"
    )


class PromptSettings(Settings):
    """Where prompts come from, and in which order."""

    source: PromptSource = Field(default="demo", validate_default=True, description="Where prompts come from")
    typed: list[str] = setting([], "The prompts of source `typed`, in order (empty: each is typed as one goes)")
    shuffle: bool = setting(True, "Take them in an order drawn by the seed; each once before any comes again")
    seed: int = setting(1, "Chooses that order", ge=0)


class SteeringAdapter(LoraSettings):
    """LoRA as one steers with it: wide enough for a voice, and without dropout, so that an update can be repeated."""

    rank: int = setting(16, "Width of the adapter", ge=1, le=1024)
    dropout: float = setting(0.0, "Share of the adapter's inputs dropped while learning", ge=0.0, lt=1.0)


class SteeringSampling(SamplingSettings):
    """Sampling that shows what the model may say: nothing cut off but the least likely."""

    temperature: float = setting(1.0, "0 takes the likeliest token; above 1 is wilder", ge=0.0, le=5.0)
    top_p: float = setting(1.0, "Keep the likeliest tokens that together reach this probability", gt=0.0, le=1.0)
    min_p: float = setting(0.05, "Keep tokens at least this likely relative to the likeliest", ge=0.0, lt=1.0)
    max_new_tokens: int = setting(120, "Longest reply", unit="tokens", ge=1, le=1_000_000)


class SteeringSettings(Settings):
    """A steering recipe. Saving an edited copy makes a child: version + 1, parent = name@version of its origin."""

    name: str = setting(
        "untitled", "What the session is called; letters, digits, dots and dashes", pattern=r"^[A-Za-z0-9._-]+$"
    )
    version: int = setting(1, "Counts saved edits", ge=1)
    parent: str | None = setting(None, "name@version this was made from")
    created_at: str | None = setting(None, "When this version was saved (ISO 8601, UTC)")
    description: str = setting("", "One line for the list")
    model: str = setting("", "A run, a model's name or folder, or a Hugging Face id (empty: the bundled chat model)")
    precision: Literal["auto", "fp32", "bf16", "8bit", "4bit"] = setting(
        "auto", "Numbers the frozen weights are kept in (auto: bf16 on a GPU, fp32 on a CPU)"
    )
    device: str = setting("auto", "auto, cpu, cuda, cuda:1 or mps")
    trust_remote_code: bool = setting(False, "Run code that the model's author wrote")
    adapter: SteeringAdapter = Field(default_factory=SteeringAdapter, description="What a pick changes")
    group_size: int = setting(4, "Variants shown for each prompt", unit="variants", ge=2, le=8)
    sampling: SteeringSampling = Field(default_factory=SteeringSampling, description="How variants are drawn")
    update: UpdateRule = Field(default="plackett-luce", validate_default=True, description="What a pick does")
    shaping: ShapingSettings = Field(default_factory=ShapingSettings, description="From a prompt to what is read")
    prompts: PromptSettings = Field(default_factory=PromptSettings, description="What is asked")
    control_prompt: str = setting("", "Answered at the start and after every pick, to see the change (empty: none)")
    alike: float = setting(0.9, "Two variants are said to be alike from this share of common words on", gt=0.0, le=1.0)
    keep_states: int = setting(
        0, "States kept on disk; older ones are built again from the journal at need (0: all)", unit="states", ge=0
    )
    seed: int = setting(1337, "Fixes the adapter's first weights and every variant drawn", ge=0)
