"""Mistral: Llama without biases and with a sliding window where one is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.models.native import llama
from core.models.native.family import ANY, Family
from core.models.native.parts import window_of
from core.settings.model import ModelSettings


def _config(settings: ModelSettings) -> dict[str, Any]:
    return llama.sizes(settings) | {"sliding_window": settings.window}


def _settings(config: Mapping[str, Any]) -> ModelSettings:
    return ModelSettings.model_validate(llama.common(config) | {"window": window_of(config)})


FAMILY = Family(
    "mistral",
    "MistralForCausalLM",
    lambda settings: llama.unlike(settings, window=ANY),
    _config,
    _settings,
    llama.LAYOUT.give,
    llama.LAYOUT.take,
)
