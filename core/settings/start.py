"""The model that fine-tuning begins with."""

from __future__ import annotations

from typing import Literal

from core.settings.adapter import LoraSettings
from core.settings.base import Settings, setting


class StartSettings(Settings):
    """Read by stages that begin with a trained model."""

    model: str = setting("", "A run, a model's name or folder, or a Hugging Face id (empty: the newest model)")
    precision: Literal["auto", "fp32", "bf16", "8bit", "4bit"] = setting(
        "auto",
        "Of its weights; 8bit and 4bit need an adapter and bitsandbytes (auto: fp32, bf16 beneath an adapter on CUDA)",
    )
    trust_remote_code: bool = setting(False, "Run code that the model's author wrote")


class AdapterSettings(LoraSettings):
    """A LoRA adapter beside the frozen model, or none: then all weights are trained."""

    # A wider choice than its parent has; whoever takes a LoraSettings has asked `wanted` first.
    preset: Literal[  # ty: ignore[incompatible-attribute-override]
        "none", "minimal", "attention_only", "ffn_only", "all", "custom"
    ] = setting("none", "Which matrices get an adapter (none: train the whole model; custom: those of `modules`)")

    @property
    def wanted(self) -> bool:
        return self.preset != "none"
