"""A low-rank adapter: where it sits on a model and how wide it is."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from core.settings.base import Settings, setting


class LoraSettings(Settings):
    """LoRA (Hu et al. 2021): beside a frozen matrix W stands (alpha / rank) B A, and only A and B are trained."""

    preset: Literal["minimal", "attention_only", "ffn_only", "all", "custom"] = setting(
        "all", "Which matrices: queries and values, attention, feed-forward, both, or `modules` (experts take none)"
    )
    modules: list[str] = setting([], "With preset custom: names or ends of names of linear layers, such as q_proj")
    rank: int = setting(8, "Width of the adapter", ge=1, le=1024)
    alpha: float = setting(16.0, "Strength: what B A gives is multiplied by alpha / rank", gt=0.0)
    dropout: float = setting(0.05, "Share of the adapter's inputs dropped while training", ge=0.0, lt=1.0)
    rslora: bool = setting(False, "Divide alpha by the root of the rank instead (rsLoRA): steadier at high ranks")
    dora: bool = setting(
        False, "Learn each row's length apart from its direction (DoRA): closer to full training, slower"
    )

    @model_validator(mode="after")
    def _named(self) -> LoraSettings:
        if self.preset == "custom" and not self.modules:
            raise ValueError("preset custom needs names in `modules`, such as [q_proj, v_proj]")
        if self.preset != "custom" and self.modules:
            raise ValueError(f"`modules` is for preset custom, not {self.preset}")
        return self
