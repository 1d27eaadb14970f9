"""BLOOM: ALiBi, LayerNorm (also of the embedded tokens), tanh GELU, biases everywhere; q, k and v stand by heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.models.native.family import Family, Layout, State, no_brick, why_unlike
from core.models.native.parts import act_of
from core.settings.model import ModelSettings

LAYOUT = Layout(
    {
        "embedding": "transformer.word_embeddings",
        "embedding_norm": "transformer.word_embeddings_layernorm",
        "norm": "transformer.ln_f",
        "head": "lm_head",
    },
    "transformer.h.{}.",
    {
        "attention_norm": "input_layernorm",
        "feedforward_norm": "post_attention_layernorm",
        "attention.qkv": "self_attention.query_key_value",
        "attention.out": "self_attention.dense",
        "feedforward.up": "mlp.dense_h_to_4h",
        "feedforward.down": "mlp.dense_4h_to_h",
    },
)
CONTEXT = 2048
"""BLOOM's own when config.json names no length."""


def _unlike(settings: ModelSettings) -> str:
    found = why_unlike(
        settings,
        positions="alibi",
        norm="layernorm",
        gated=False,
        embedding_norm=True,
        qkv_bias=True,
        out_bias=True,
        ffn_bias=True,
        norm_bias=True,
        kv_heads=settings.heads,
        heads_x_head_size=settings.hidden_size,
        ffn_size=4 * settings.hidden_size,
    )
    if not found and act_of(settings) != "gelu_pytorch_tanh":
        return f"its activation is {act_of(settings) or settings.feedforward.name}, not gelu with approximate tanh"
    return found


def _config(settings: ModelSettings) -> dict[str, Any]:
    return {
        "hidden_size": settings.hidden_size,
        "n_layer": settings.layers,
        "n_head": settings.heads,
        "seq_length": settings.context,
        "layer_norm_epsilon": settings.norm["eps"],
        "hidden_dropout": settings.dropout,
        "attention_dropout": settings.attention_dropout_resolved,
    }


def _settings(config: Mapping[str, Any]) -> ModelSettings:
    if config.get("apply_residual_connection_post_layernorm"):
        raise no_brick("Its residual stream starts after each norm")
    return ModelSettings(
        layers=config.get("n_layer") or config["num_hidden_layers"],
        hidden_size=config.get("hidden_size") or config["n_embed"],
        heads=config.get("n_head") or config["num_attention_heads"],
        context=config.get("seq_length") or CONTEXT,
        positions={"name": "alibi"},
        norm={"name": "layernorm", "eps": config.get("layer_norm_epsilon", 1e-5)},
        feedforward={"name": "gelu", "approximate": "tanh"},
        embedding_norm=True,
        tied=config.get("tie_word_embeddings", True),
        bias=True,
        dropout=float(config.get("hidden_dropout") or 0.0),
        attention_dropout=float(config.get("attention_dropout") or 0.0),
    )


def _turned(state: State, settings: ModelSettings, name: str, outer: int, inner: int) -> State:
    """`state` with the rows of every `name`, `(outer, inner, head_size)`, in the order `(inner, outer, head_size)`."""

    def turn(tensor: Tensor) -> Tensor:
        split = tensor.view(outer, inner, settings.head_size_resolved, *tensor.shape[1:])
        return split.transpose(0, 1).reshape(tensor.shape)

    return {key: turn(tensor) if name in key else tensor for key, tensor in state.items()}


def _give(state: State, settings: ModelSettings) -> State:
    return _turned(LAYOUT.give(state, settings), settings, "query_key_value", 3, settings.heads)


def _take(state: State, settings: ModelSettings) -> State:
    return LAYOUT.take(_turned(state, settings, "query_key_value", settings.heads, 3), settings)


FAMILY = Family("bloom", "BloomForCausalLM", _unlike, _config, _settings, _give, _take)
