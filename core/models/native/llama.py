"""Llama: rope or yarn, RMSNorm, a gated feed-forward, biases of attention and feed-forward each on or off.

The sizes and names here are also those of its relatives (Mistral, Qwen, Arcee, Mixtral).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.models.native.family import ANY, ROTARY, Family, Layout, why_unlike
from core.models.native.parts import act_of, feedforward_of, positions_of, rope_parameters, unnamed_act
from core.settings.model import ModelSettings

OUTSIDE = {"embedding": "model.embed_tokens", "norm": "model.norm", "head": "lm_head"}
NORMS = {"attention_norm": "input_layernorm", "feedforward_norm": "post_attention_layernorm"}
QKV = {"attention.qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")}
LAYOUT = Layout(
    OUTSIDE,
    "model.layers.{}.",
    NORMS | {"attention.out": "self_attn.o_proj", "feedforward.down": "mlp.down_proj"},
    QKV | {"feedforward.up": ("mlp.gate_proj", "mlp.up_proj")},
)


def unlike(settings: ModelSettings, **needed: Any) -> str:
    """Why settings are not of this kind; `needed` is what a relative asks for besides."""
    common = {"positions": ROTARY, "norm": "rmsnorm", "gated": True}
    found = why_unlike(settings, **common | needed) or unnamed_act(settings)
    if not found and settings.hidden_size % settings.heads:
        return f"hidden_size {settings.hidden_size} is not a multiple of heads {settings.heads}"
    return found


def sizes(settings: ModelSettings) -> dict[str, Any]:
    """The entries of `config.json` that this family and its relatives share."""
    return {
        "hidden_size": settings.hidden_size,
        "intermediate_size": settings.ffn_size_resolved,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.heads,
        "num_key_value_heads": settings.kv_heads_resolved,
        "head_dim": settings.head_size_resolved,
        "max_position_embeddings": settings.context,
        "rms_norm_eps": settings.norm["eps"],
        "rope_parameters": rope_parameters(settings),
        "hidden_act": act_of(settings),
        "attention_dropout": settings.attention_dropout_resolved,
    }


def common(config: Mapping[str, Any], gated: bool = True, theta: float = 10000.0) -> dict[str, Any]:
    """Our settings for those entries."""
    return {
        "layers": config["num_hidden_layers"],
        "hidden_size": config["hidden_size"],
        "heads": config["num_attention_heads"],
        "kv_heads": config.get("num_key_value_heads"),
        "head_size": config.get("head_dim"),
        "ffn_size": config["intermediate_size"],
        "context": config["max_position_embeddings"],
        "positions": positions_of(config, theta),
        "norm": {"name": "rmsnorm", "eps": config.get("rms_norm_eps", 1e-6)},
        "feedforward": feedforward_of(config.get("hidden_act", "silu"), gated),
        "tied": bool(config.get("tie_word_embeddings", False)),
        "attention_dropout": float(config.get("attention_dropout") or 0.0),
    }


def biases(settings: ModelSettings) -> dict[str, Any]:
    """The two switches of Llama and Arcee."""
    return {"attention_bias": settings.has_bias("qkv"), "mlp_bias": settings.has_bias("ffn")}


def biases_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Our switches for those two."""
    attention, inner = bool(config.get("attention_bias")), bool(config.get("mlp_bias"))
    return {"bias": attention, "ffn_bias": None if inner == attention else inner}


def _unlike(settings: ModelSettings) -> str:
    return unlike(settings, qkv_bias=ANY, out_bias=settings.has_bias("qkv"), ffn_bias=ANY)


def _settings(config: Mapping[str, Any]) -> ModelSettings:
    return ModelSettings.model_validate(common(config) | biases_of(config))


FAMILY = Family(
    "llama",
    "LlamaForCausalLM",
    _unlike,
    lambda settings: sizes(settings) | biases(settings),
    _settings,
    LAYOUT.give,
    LAYOUT.take,
)
