"""Everything one training run needs, in one file: the subjects together, with name, version and parent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from core.settings.base import Settings, setting
from core.settings.data import DataSettings
from core.settings.model import ModelSettings
from core.settings.sampling import SamplingSettings
from core.settings.tokenizer import TokenizerSettings
from core.settings.training import TrainingSettings


class RunSettings(Settings):
    """A recipe. Saving an edited copy makes a child: version + 1, parent = name@version of what it came from."""

    name: str = setting(
        "untitled", "What the run is called; letters, digits, dots and dashes", pattern=r"^[A-Za-z0-9._-]+$"
    )
    version: int = setting(1, "Counts saved edits", ge=1)
    parent: str | None = setting(None, "name@version this was made from")
    created_at: str | None = setting(None, "When this version was saved (ISO 8601, UTC)")
    description: str = setting("", "One line for the list")
    stage: Literal["pretrain"] = setting("pretrain", "What kind of training this is")
    model: ModelSettings = Field(default_factory=ModelSettings, description="The decoder")
    tokenizer: TokenizerSettings = Field(default="bpe", validate_default=True, description="Text to tokens")
    data: DataSettings = Field(default_factory=DataSettings, description="What is read")
    training: TrainingSettings = Field(default_factory=TrainingSettings, description="How weights change")
    sampling: SamplingSettings = Field(default_factory=SamplingSettings, description="How samples are drawn")

    @model_validator(mode="after")
    def _context(self) -> RunSettings:
        wanted = self.training.context
        if wanted is not None and wanted > self.model.context:
            raise ValueError(f"training.context {wanted} is longer than model.context {self.model.context}")
        return self
