"""MPT: ALiBi with a power of two of heads, LayerNorm, exact GELU, no bias anywhere, feed-forward four times as wide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.models.native.family import Family, Layout, no_brick, why_unlike
from core.models.native.parts import act_of
from core.settings.model import ModelSettings

LAYOUT = Layout(
    {"embedding": "transformer.wte", "norm": "transformer.norm_f", "head": "lm_head"},
    "transformer.blocks.{}.",
    {
        "attention_norm": "norm_1",
        "feedforward_norm": "norm_2",
        "attention.qkv": "attn.Wqkv",
        "attention.out": "attn.out_proj",
        "feedforward.up": "ffn.up_proj",
        "feedforward.down": "ffn.down_proj",
    },
)


def _unlike(settings: ModelSettings) -> str:
    found = why_unlike(
        settings,
        positions="alibi",
        norm="layernorm",
        gated=False,
        tied=True,
        kv_heads=settings.heads,
        heads_x_head_size=settings.hidden_size,
        ffn_size=4 * settings.hidden_size,
    )
    if not found and act_of(settings) != "gelu":
        return f"its activation is {act_of(settings) or settings.feedforward.name}, not exact gelu"
    return found or _slopes(settings.heads)


def _slopes(heads: int) -> str:
    return f"heads is {heads}: MPT's ALiBi has other slopes where it is no power of two" if heads & (heads - 1) else ""


def _config(settings: ModelSettings) -> dict[str, Any]:
    return {
        "d_model": settings.hidden_size,
        "n_layers": settings.layers,
        "n_heads": settings.heads,
        "expansion_ratio": 4,
        "max_seq_len": settings.context,
        "layer_norm_epsilon": settings.norm["eps"],
        "resid_pdrop": settings.dropout,
        "emb_pdrop": settings.dropout,
        "no_bias": True,
        "attn_config": {"alibi": True},
    }


def _settings(config: Mapping[str, Any]) -> ModelSettings:
    attention = config.get("attn_config") or {}
    if not attention.get("alibi", True) or attention.get("alibi_bias_max", 8) != 8 or _slopes(config["n_heads"]):
        raise no_brick("Its attention has no ALiBi, or one with other slopes")
    for key, usual in (("clip_qkv", None), ("softmax_scale", None), ("prefix_lm", False), ("qk_ln", False)):
        if attention.get(key, usual) not in (usual, None):
            raise no_brick(f"Its attention has {key}")
    if not config.get("no_bias", True) or config.get("logit_scale") or config.get("expansion_ratio", 4) != 4:
        raise no_brick("It has biases, scaled logits or another width than MPT's")
    return ModelSettings(
        layers=config["n_layers"],
        hidden_size=config["d_model"],
        heads=config["n_heads"],
        context=config.get("max_seq_len", 2048),
        positions={"name": "alibi"},
        norm={"name": "layernorm", "eps": config.get("layer_norm_epsilon", 1e-5)},
        feedforward={"name": "gelu"},
        tied=config.get("tie_word_embeddings", True),
    )


FAMILY = Family("mpt", "MptForCausalLM", _unlike, _config, _settings, LAYOUT.give, LAYOUT.take)
