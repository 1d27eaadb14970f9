"""GPT-2: learned positions, LayerNorm, two matrices, biases everywhere; its matrices stand the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.models.native.family import Family, Layout, no_brick, why_unlike
from core.models.native.parts import act_of, feedforward_of, unnamed_act
from core.settings.model import ModelSettings

LAYOUT = Layout(
    {
        "embedding": "transformer.wte",
        "positions.table": "transformer.wpe",
        "norm": "transformer.ln_f",
        "head": "lm_head",
    },
    "transformer.h.{}.",
    {
        "attention_norm": "ln_1",
        "feedforward_norm": "ln_2",
        "attention.qkv": "attn.c_attn",
        "attention.out": "attn.c_proj",
        "feedforward.up": "mlp.c_fc",
        "feedforward.down": "mlp.c_proj",
    },
    turned=True,
)


def _unlike(settings: ModelSettings) -> str:
    found = why_unlike(
        settings,
        positions="learned",
        norm="layernorm",
        gated=False,
        qkv_bias=True,
        out_bias=True,
        ffn_bias=True,
        norm_bias=True,
        kv_heads=settings.heads,
        heads_x_head_size=settings.hidden_size,
    )
    return found or unnamed_act(settings)


def _config(settings: ModelSettings) -> dict[str, Any]:
    act = act_of(settings)
    return {
        "n_embd": settings.hidden_size,
        "n_layer": settings.layers,
        "n_head": settings.heads,
        "n_inner": settings.ffn_size_resolved,
        "n_positions": settings.context,
        "layer_norm_epsilon": settings.norm["eps"],
        "activation_function": "gelu_new" if act == "gelu_pytorch_tanh" else act,
        "resid_pdrop": settings.dropout,
        "embd_pdrop": settings.dropout,
        "attn_pdrop": settings.attention_dropout_resolved,
    }


def _settings(config: Mapping[str, Any]) -> ModelSettings:
    if not config.get("scale_attn_weights", True) or config.get("scale_attn_by_inverse_layer_idx", False):
        raise no_brick("It scales its attention in a way of its own")
    dropout, attention = (float(config.get(key, 0.1)) for key in ("resid_pdrop", "attn_pdrop"))
    return ModelSettings(
        layers=config["n_layer"],
        hidden_size=config["n_embd"],
        heads=config["n_head"],
        ffn_size=config.get("n_inner"),
        context=config.get("n_positions", 1024),
        positions={"name": "learned"},
        norm={"name": "layernorm", "eps": config.get("layer_norm_epsilon", 1e-5)},
        feedforward=feedforward_of(config.get("activation_function", "gelu_new"), gated=False),
        tied=config.get("tie_word_embeddings", True),
        bias=True,
        dropout=dropout,
        attention_dropout=None if attention == dropout else attention,
    )


FAMILY = Family("gpt2", "GPT2LMHeadModel", _unlike, _config, _settings, LAYOUT.give, LAYOUT.take)
