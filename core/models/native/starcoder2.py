"""Starcoder2: rope or yarn, LayerNorm with bias, a feed-forward of two matrices, all linear biases on or all off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.models.native import llama
from core.models.native.family import ANY, ROTARY, Family, Layout, why_unlike
from core.models.native.parts import act_of, feedforward_of, positions_of, rope_parameters, unnamed_act, window_of
from core.settings.model import ModelSettings

LAYOUT = Layout(
    llama.OUTSIDE,
    "model.layers.{}.",
    {
        **llama.NORMS,
        "attention.out": "self_attn.o_proj",
        "feedforward.up": "mlp.c_fc",
        "feedforward.down": "mlp.c_proj",
    },
    llama.QKV,
)


def _unlike(settings: ModelSettings) -> str:
    bias = settings.has_bias("qkv")
    found = why_unlike(
        settings,
        positions=ROTARY,
        norm="layernorm",
        gated=False,
        window=ANY,
        qkv_bias=ANY,
        out_bias=bias,
        ffn_bias=bias,
        norm_bias=True,
        heads_x_head_size=settings.hidden_size,
    )
    return found or unnamed_act(settings)


def _config(settings: ModelSettings) -> dict[str, Any]:
    return {
        "hidden_size": settings.hidden_size,
        "intermediate_size": settings.ffn_size_resolved,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.heads,
        "num_key_value_heads": settings.kv_heads_resolved,
        "max_position_embeddings": settings.context,
        "norm_epsilon": settings.norm["eps"],
        "rope_parameters": rope_parameters(settings),
        "hidden_act": act_of(settings),
        "use_bias": settings.has_bias("qkv"),
        "sliding_window": settings.window,
        "attention_dropout": settings.attention_dropout_resolved,
        "residual_dropout": settings.dropout,
        "embedding_dropout": settings.dropout,
    }


def _settings(config: Mapping[str, Any]) -> ModelSettings:
    bias = bool(config.get("use_bias", True))
    return ModelSettings(
        layers=config["num_hidden_layers"],
        hidden_size=config["hidden_size"],
        heads=config["num_attention_heads"],
        kv_heads=config["num_key_value_heads"],
        ffn_size=config["intermediate_size"],
        context=config["max_position_embeddings"],
        positions=positions_of(config),
        norm={"name": "layernorm", "eps": config.get("norm_epsilon", 1e-5)},
        feedforward=feedforward_of(config.get("hidden_act", "gelu_pytorch_tanh"), gated=False),
        window=window_of(config),
        tied=bool(config.get("tie_word_embeddings", True)),
        bias=bias,
        norm_bias=None if bias else True,
        dropout=float(config.get("residual_dropout") or 0.0),
        attention_dropout=float(config.get("attention_dropout") or 0.0),
    )


FAMILY = Family("starcoder2", "Starcoder2ForCausalLM", _unlike, _config, _settings, LAYOUT.give, LAYOUT.take)
