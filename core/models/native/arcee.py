"""Arcee: Llama with a feed-forward of two matrices, by default with squared ReLU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.models.native import llama
from core.models.native.family import ANY, Family
from core.settings.model import ModelSettings

LAYOUT = replace(llama.LAYOUT, inside={**llama.LAYOUT.inside, "feedforward.up": "mlp.up_proj"}, fused=llama.QKV)


def _unlike(settings: ModelSettings) -> str:
    return llama.unlike(settings, gated=False, qkv_bias=ANY, out_bias=settings.has_bias("qkv"), ffn_bias=ANY)


def _settings(config: Mapping[str, Any]) -> ModelSettings:
    config = {"hidden_act": "relu2", "rms_norm_eps": 1e-5, **config}
    return ModelSettings.model_validate(llama.common(config, gated=False) | llama.biases_of(config))


FAMILY = Family(
    "arcee",
    "ArceeForCausalLM",
    _unlike,
    lambda settings: llama.sizes(settings) | llama.biases(settings),
    _settings,
    LAYOUT.give,
    LAYOUT.take,
)
