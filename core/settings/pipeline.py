"""A chain of stages, each with its recipe: from data to a model one can talk to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from core.bricks import PIPELINE_STAGES
from core.errors import nearest
from core.settings.base import Settings, setting

PREVIOUS = "previous"


class StageSettings(Settings):
    """One stage. What it makes is known to later stages by its name."""

    name: str = setting("", "What the stage is called", pattern=r"^[A-Za-z0-9_-]+$")
    kind: str = setting("train", "What is done: data, tokenizer, train, merge or evaluate")
    recipe: str = setting("", "Settings by name or file; of an evaluation, its suite")
    set: list[str] = setting([], "Changes to the recipe, each such as training.steps=500")
    base: str = setting(
        PREVIOUS, "The model it begins with or looks at: previous, an earlier stage's name, or any model's name"
    )
    checkpoint: Literal["best", "final"] = setting("best", "Which checkpoint of a training stage later ones take")
    data: str = setting("", "An earlier data stage, or data settings by name, in place of the recipe's")
    tokenizer: str = setting("", "An earlier tokenizer stage whose tokenizer is used in place of the recipe's")

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in PIPELINE_STAGES:
            raise ValueError(f"there is no kind of stage {kind!r}. {nearest(kind, PIPELINE_STAGES)}")
        return kind


class PipelineSettings(Settings):
    """Stages in order; each may use what earlier ones made."""

    stages: list[StageSettings] = Field(default=[], description="What is done, one after another")

    @model_validator(mode="after")
    def _names(self) -> PipelineSettings:
        names = [stage.name for stage in self.stages]
        if not names:
            raise ValueError("a pipeline needs at least one stage")
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"two stages are called {twice[0]!r}")
        return self
