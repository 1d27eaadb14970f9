"""Everything one training run needs, in one file: the subjects together, with name, version and parent."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from core.settings.base import Settings, setting
from core.settings.data import DataSettings
from core.settings.model import ModelSettings
from core.settings.sampling import SamplingSettings
from core.settings.start import AdapterSettings, StartSettings
from core.settings.tokenizer import TokenizerSettings
from core.settings.training import TrainingSettings

STAGES = {"pretrain": ("language",), "sft": ("sft",)}
"""The objectives of each stage, its usual one first."""


class RunSettings(Settings):
    """A recipe. Saving an edited copy makes a child: version + 1, parent = name@version of what it came from."""

    name: str = setting(
        "untitled", "What the run is called; letters, digits, dots and dashes", pattern=r"^[A-Za-z0-9._-]+$"
    )
    version: int = setting(1, "Counts saved edits", ge=1)
    parent: str | None = setting(None, "name@version this was made from")
    created_at: str | None = setting(None, "When this version was saved (ISO 8601, UTC)")
    description: str = setting("", "One line for the list")
    stage: Literal["pretrain", "sft"] = setting("pretrain", "What kind of training this is")
    base: StartSettings = Field(default_factory=StartSettings, description="Fine-tuning: the model it begins with")
    adapter: AdapterSettings = Field(default_factory=AdapterSettings, description="Fine-tuning: what is trained of it")
    model: ModelSettings = Field(default_factory=ModelSettings, description="The decoder (fine-tuning: that of `base`)")
    tokenizer: TokenizerSettings = Field(
        default="bpe", validate_default=True, description="Text to tokens (fine-tuning: that of `base`)"
    )
    data: DataSettings = Field(default_factory=DataSettings, description="What is read")
    training: TrainingSettings = Field(default_factory=TrainingSettings, description="How weights change")
    sampling: SamplingSettings = Field(default_factory=SamplingSettings, description="How samples are drawn")

    @model_validator(mode="before")
    @classmethod
    def _objective(cls, value: Any) -> Any:
        """A stage names its objective, so that a recipe need not."""
        if isinstance(value, dict) and value.get("stage") in STAGES and isinstance(value.get("training", {}), dict):
            training = value.get("training", {})
            if "objective" not in training:
                return {**value, "training": {**training, "objective": STAGES[value["stage"]][0]}}
        return value

    @model_validator(mode="after")
    def _fits(self) -> RunSettings:
        wanted, objective = self.training.context, self.training.objective.name
        if objective not in STAGES[self.stage]:
            raise ValueError(
                f"stage {self.stage} trains by the objective {' or '.join(STAGES[self.stage])}, not {objective}"
            )
        if self.stage != "pretrain":
            if self.data.weights is not None or self.data.streaming:
                raise ValueError(
                    f"stage {self.stage} reads every row once: weights of sources and data.streaming are for pretrain"
                )
            if self.base.precision in ("8bit", "4bit") and not self.adapter.wanted:
                raise ValueError(f"a base in {self.base.precision} can only be trained through an adapter; set one")
            return self
        if self.adapter.wanted:
            raise ValueError("an adapter needs a trained model: it is for stage sft, not pretrain")
        if wanted is not None and wanted > self.model.context:
            raise ValueError(f"training.context {wanted} is longer than model.context {self.model.context}")
        return self
