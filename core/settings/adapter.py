"""A trainable adapter beside frozen weights: its rank, its strength, and which matrices it stands beside."""

from __future__ import annotations

from typing import Literal

from core.settings.base import Settings, setting


class LoraSettings(Settings):
    """Low-rank adapters (LoRA, Hu et al. 2021)."""

    rank: int = setting(16, "Width of the adapter", ge=1, le=1024)
    alpha: float = setting(16.0, "Strength: the adapter's change is scaled by alpha / rank", gt=0.0)
    dropout: float = setting(0.0, "Share of the adapter's inputs dropped while training", ge=0.0, lt=1.0)
    preset: Literal["all", "attention", "feed-forward", "custom"] = setting(
        "all", "Which linear layers it stands beside"
    )
    modules: list[str] = setting([], "With preset custom: names of linear layers, such as q_proj")
    rslora: bool = setting(False, "Scale by alpha / sqrt(rank)")
    dora: bool = setting(False, "Train the magnitude of each weight row apart (DoRA)")
