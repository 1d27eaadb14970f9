"""Qwen: Llama with biases of queries, keys and values (Qwen2), or with normalised queries and keys (Qwen3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.models.native import llama
from core.models.native.family import ANY, Family
from core.models.native.parts import window_of
from core.settings.model import ModelSettings

LAYOUT = replace(
    llama.LAYOUT,
    inside={
        **llama.LAYOUT.inside,
        "attention.q_norm": "self_attn.q_norm",
        "attention.k_norm": "self_attn.k_norm",
    },
)
HEAD_SIZE = 128
"""Qwen3's own when config.json names none."""


def _window(settings: ModelSettings) -> dict[str, Any]:
    if settings.window is None:
        return {"use_sliding_window": False}
    return {"use_sliding_window": True, "sliding_window": settings.window, "max_window_layers": 0}


def _settings2(config: Mapping[str, Any]) -> ModelSettings:
    window = window_of(config, "use_sliding_window")
    return ModelSettings.model_validate(llama.common(config) | {"window": window, "qkv_bias": True})


def _config3(settings: ModelSettings) -> dict[str, Any]:
    return llama.sizes(settings) | _window(settings) | {"attention_bias": settings.has_bias("qkv")}


def _settings3(config: Mapping[str, Any]) -> ModelSettings:
    bias = bool(config.get("attention_bias"))
    window = window_of(config, "use_sliding_window")
    more = {"window": window, "qk_norm": True, "bias": bias, "ffn_bias": False if bias else None}
    return ModelSettings.model_validate(llama.common({"head_dim": HEAD_SIZE, **config}) | more)


QWEN2 = Family(
    "qwen2",
    "Qwen2ForCausalLM",
    lambda settings: llama.unlike(settings, window=ANY, qkv_bias=True, heads_x_head_size=settings.hidden_size),
    lambda settings: llama.sizes(settings) | _window(settings),
    _settings2,
    llama.LAYOUT.give,
    llama.LAYOUT.take,
)
QWEN3 = Family(
    "qwen3",
    "Qwen3ForCausalLM",
    lambda settings: llama.unlike(settings, window=ANY, qk_norm=True, qkv_bias=ANY, out_bias=settings.has_bias("qkv")),
    _config3,
    _settings3,
    LAYOUT.give,
    LAYOUT.take,
)
