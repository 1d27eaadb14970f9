"""The one place that knows the names other families give the same weights: Llama, Qwen3, GPT-2, both ways.

A family maps settings to its `config.json` and back, and a state dict to its names and back. Vocabulary rows that only
pad our matrices are dropped on the way out and added as zeros on the way in. Rotary weights need no reordering: the
families here pair dimension i with i + head_size / 2, as we do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from core.errors import OgiveError
from core.models.counting import padded
from core.settings.model import ModelSettings

State = dict[str, Tensor]


@dataclass(frozen=True)
class Family:
    """A foreign architecture: `unlike` says why settings are not of it (empty when they are)."""

    model_type: str
    architecture: str
    unlike: Callable[[ModelSettings], str]
    config: Callable[[ModelSettings], dict[str, Any]]
    settings: Callable[[Mapping[str, Any]], ModelSettings]
    give: Callable[[State, ModelSettings], State]
    take: Callable[[State, ModelSettings], State]


def families_of(settings: ModelSettings) -> list[Family]:
    """The families whose own code computes exactly what these settings do."""
    return [family for family in FAMILIES.values() if not family.unlike(settings)]


def native_config(family: Family, settings: ModelSettings, vocab_size: int) -> dict[str, Any]:
    """The family's `config.json` for a model of these settings."""
    return {
        "model_type": family.model_type,
        "architectures": [family.architecture],
        "vocab_size": vocab_size,
        "tie_word_embeddings": settings.tied,
        **family.config(settings),
    }


def to_native(family: Family, state: State, settings: ModelSettings, vocab_size: int) -> State:
    """Our state dict under the family's names, without the padding of the vocabulary."""
    state = dict(state)
    for name in ("embedding.weight", "head.weight"):
        if name in state:
            state[name] = state[name][:vocab_size]
    return {name: tensor.contiguous() for name, tensor in family.give(state, settings).items()}


def from_native(family: Family, state: State, settings: ModelSettings, vocab_size: int) -> State:
    """The family's state dict under our names, vocabulary padded; OgiveError names a weight that is missing."""
    try:
        ours = family.take(state, settings)
    except KeyError as error:
        raise OgiveError(
            f"The {family.model_type} checkpoint has no weight {error.args[0]!r}.", "Is a part of it missing?"
        ) from None
    if settings.tied:
        ours.pop("head.weight", None)
    for name in ("embedding.weight", "head.weight"):
        if name in ours:
            ours[name] = F.pad(ours[name], (0, 0, 0, padded(vocab_size) - ours[name].shape[0]))
    return ours


def settings_from(config: Mapping[str, Any]) -> tuple[Family, ModelSettings]:
    """The family and our settings for a foreign `config.json`; OgiveError when some part of it has no brick here."""
    family = FAMILIES.get(str(config.get("model_type")))
    if family is None:
        known = ", ".join(FAMILIES)
        raise OgiveError(
            f"A model of type {config.get('model_type')!r} cannot be read into Ogive's decoder.",
            f"These can: {known}. Others run through transformers.",
        )
    return family, family.settings(config)


# -- Llama and Qwen3 -------------------------------------------------------------------------------------------------


def _unlike_llama(settings: ModelSettings, qk_norm: bool) -> str:
    wanted = {
        "positions": (settings.positions.name, "rope"),
        "norm": (settings.norm.name, "rmsnorm"),
        "feedforward": (settings.feedforward.name, "swiglu"),
        "qk_norm": (settings.qk_norm, qk_norm),
    }
    if settings.positions.name == "rope":
        wanted["positions.recency"] = (settings.positions["recency"], 0.0)
    for key, (given, needed) in wanted.items():
        if given != needed:
            return f"{key} is {given}, not {needed}"
    return "it has biases in linear layers" if qk_norm and settings.bias else ""


def _llama_config(settings: ModelSettings) -> dict[str, Any]:
    return {
        "hidden_size": settings.hidden_size,
        "intermediate_size": settings.ffn_size_resolved,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.heads,
        "num_key_value_heads": settings.kv_heads_resolved,
        "head_dim": settings.head_size_resolved,
        "max_position_embeddings": settings.context,
        "rms_norm_eps": settings.norm["eps"],
        "rope_parameters": {"rope_type": "default", "rope_theta": settings.positions["theta"]},
        "hidden_act": "silu",
        "attention_bias": settings.bias,
        "mlp_bias": settings.bias,
        "attention_dropout": 0.0,
    }


def _rope_theta(config: Mapping[str, Any]) -> float:
    """From `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (4)."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise OgiveError(f"Its rotary positions are of type {kind!r}, which no brick here has.")
    return float(rope.get("rope_theta", config.get("rope_theta", 10000.0)))


def _llama_settings(config: Mapping[str, Any]) -> ModelSettings:
    act, bias = config.get("hidden_act", "silu"), bool(config.get("attention_bias", False))
    if act != "silu":
        raise OgiveError(f"Its feed-forward is gated by {act!r}, which no brick here has.")
    if bias != bool(config.get("mlp_bias", False)):
        raise OgiveError("It has biases in one of attention and feed-forward only, which no brick here has.")
    if config.get("use_sliding_window"):
        raise OgiveError("It uses sliding-window attention, which no brick here has.")
    return ModelSettings(
        layers=config["num_hidden_layers"],
        hidden_size=config["hidden_size"],
        heads=config["num_attention_heads"],
        kv_heads=config.get("num_key_value_heads"),
        head_size=config.get("head_dim"),
        ffn_size=config["intermediate_size"],
        context=config["max_position_embeddings"],
        positions={"name": "rope", "theta": _rope_theta(config)},
        norm={"name": "rmsnorm", "eps": config.get("rms_norm_eps", 1e-6)},
        feedforward={"name": "swiglu"},
        qk_norm=config.get("model_type") == "qwen3",
        tied=config.get("tie_word_embeddings", False),
        bias=bias,
    )


_LLAMA_OUTSIDE = {
    "embedding.weight": "model.embed_tokens.weight",
    "norm.weight": "model.norm.weight",
    "head.weight": "lm_head.weight",
}


def _kinds(settings: ModelSettings) -> tuple[str, ...]:
    return ("weight", "bias") if settings.bias else ("weight",)


def _llama_inside(settings: ModelSettings) -> dict[str, str]:
    names = {
        "attention_norm.weight": "input_layernorm.weight",
        "feedforward_norm.weight": "post_attention_layernorm.weight",
    }
    if settings.qk_norm:
        names["attention.q_norm.weight"] = "self_attn.q_norm.weight"
        names["attention.k_norm.weight"] = "self_attn.k_norm.weight"
    for kind in _kinds(settings):
        names[f"attention.out.{kind}"] = f"self_attn.o_proj.{kind}"
        names[f"feedforward.down.{kind}"] = f"mlp.down_proj.{kind}"
    return names


def _llama_parts(settings: ModelSettings) -> dict[str, tuple[tuple[str, ...], tuple[int, ...]]]:
    """Our fused matrices: the family's names of their parts and the rows of each."""
    size = settings.head_size_resolved
    query, key = settings.heads * size, settings.kv_heads_resolved * size
    inner = settings.ffn_size_resolved
    return {
        "attention.qkv": (("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), (query, key, key)),
        "feedforward.up": (("mlp.gate_proj", "mlp.up_proj"), (inner, inner)),
    }


def _give_llama(state: State, settings: ModelSettings) -> State:
    theirs = {other: state[own] for own, other in _LLAMA_OUTSIDE.items() if own in state}
    for layer in range(settings.layers):
        own, other = f"blocks.{layer}.", f"model.layers.{layer}."
        for name, foreign in _llama_inside(settings).items():
            theirs[other + foreign] = state[own + name]
        for name, (parts, rows) in _llama_parts(settings).items():
            for kind in _kinds(settings):
                for part, tensor in zip(parts, state[f"{own}{name}.{kind}"].split(rows)):
                    theirs[f"{other}{part}.{kind}"] = tensor
    return theirs


def _take_llama(state: State, settings: ModelSettings) -> State:
    ours = {own: state[other] for own, other in _LLAMA_OUTSIDE.items() if own != "head.weight" or not settings.tied}
    for layer in range(settings.layers):
        own, other = f"blocks.{layer}.", f"model.layers.{layer}."
        for name, foreign in _llama_inside(settings).items():
            ours[own + name] = state[other + foreign]
        for name, (parts, _) in _llama_parts(settings).items():
            for kind in _kinds(settings):
                ours[f"{own}{name}.{kind}"] = torch.cat([state[f"{other}{part}.{kind}"] for part in parts])
    return ours


# -- GPT-2 -----------------------------------------------------------------------------------------------------------


def _unlike_gpt2(settings: ModelSettings) -> str:
    wanted = {
        "positions": (settings.positions.name, "learned"),
        "norm": (settings.norm.name, "layernorm"),
        "feedforward": (settings.feedforward.name, "gelu"),
        "qk_norm": (settings.qk_norm, False),
        "bias": (settings.bias, True),
        "kv_heads": (settings.kv_heads_resolved, settings.heads),
        "heads x head_size": (settings.heads * settings.head_size_resolved, settings.hidden_size),
    }
    for key, (given, needed) in wanted.items():
        if given != needed:
            return f"{key} is {given}, not {needed}"
    return ""


_GPT2_GELU = {"tanh": "gelu_new", "none": "gelu"}


def _gpt2_config(settings: ModelSettings) -> dict[str, Any]:
    return {
        "n_embd": settings.hidden_size,
        "n_layer": settings.layers,
        "n_head": settings.heads,
        "n_inner": settings.ffn_size_resolved,
        "n_positions": settings.context,
        "layer_norm_epsilon": settings.norm["eps"],
        "activation_function": _GPT2_GELU[settings.feedforward["approximate"]],
        "resid_pdrop": settings.dropout,
        "embd_pdrop": settings.dropout,
        "attn_pdrop": settings.dropout,
    }


def _gpt2_settings(config: Mapping[str, Any]) -> ModelSettings:
    names = {other: own for own, other in _GPT2_GELU.items()} | {"gelu_pytorch_tanh": "tanh", "gelu_fast": "tanh"}
    act = config.get("activation_function", "gelu_new")
    if act not in names:
        raise OgiveError(f"Its feed-forward uses {act!r}, which no brick here has.")
    if not config.get("scale_attn_weights", True) or config.get("scale_attn_by_inverse_layer_idx", False):
        raise OgiveError("It scales its attention in a way that no brick here has.")
    return ModelSettings(
        layers=config["n_layer"],
        hidden_size=config["n_embd"],
        heads=config["n_head"],
        ffn_size=config.get("n_inner"),
        context=config.get("n_positions", 1024),
        positions={"name": "learned"},
        norm={"name": "layernorm", "eps": config.get("layer_norm_epsilon", 1e-5)},
        feedforward={"name": "gelu", "approximate": names[act]},
        tied=config.get("tie_word_embeddings", True),
        bias=True,
    )


_GPT2_OUTSIDE = {
    "embedding.weight": "transformer.wte.weight",
    "positions.table.weight": "transformer.wpe.weight",
    "norm.weight": "transformer.ln_f.weight",
    "norm.bias": "transformer.ln_f.bias",
    "head.weight": "lm_head.weight",
}
_GPT2_INSIDE = {
    f"{ours}.{kind}": f"{theirs}.{kind}"
    for ours, theirs in {
        "attention_norm": "ln_1",
        "feedforward_norm": "ln_2",
        "attention.qkv": "attn.c_attn",
        "attention.out": "attn.c_proj",
        "feedforward.up": "mlp.c_fc",
        "feedforward.down": "mlp.c_proj",
    }.items()
    for kind in ("weight", "bias")
}


def _turn(tensor: Tensor) -> Tensor:
    """GPT-2's matrices stand the other way round."""
    return tensor.t() if tensor.dim() == 2 else tensor


def _give_gpt2(state: State, settings: ModelSettings) -> State:
    theirs = {other: state[own] for own, other in _GPT2_OUTSIDE.items() if own in state}
    for layer in range(settings.layers):
        for own, other in _GPT2_INSIDE.items():
            theirs[f"transformer.h.{layer}.{other}"] = _turn(state[f"blocks.{layer}.{own}"])
    return theirs


def _take_gpt2(state: State, settings: ModelSettings) -> State:
    if "wte.weight" in state:  # The base model alone was saved.
        state = {f"transformer.{name}": tensor for name, tensor in state.items()}
    ours = {own: state[other] for own, other in _GPT2_OUTSIDE.items() if own != "head.weight" or not settings.tied}
    for layer in range(settings.layers):
        for own, other in _GPT2_INSIDE.items():
            ours[f"blocks.{layer}.{own}"] = _turn(state[f"transformer.h.{layer}.{other}"]).contiguous()
    return ours


FAMILIES: dict[str, Family] = {
    family.model_type: family
    for family in (
        Family(
            "llama",
            "LlamaForCausalLM",
            lambda settings: _unlike_llama(settings, qk_norm=False),
            _llama_config,
            _llama_settings,
            _give_llama,
            _take_llama,
        ),
        Family(
            "qwen3",
            "Qwen3ForCausalLM",
            lambda settings: _unlike_llama(settings, qk_norm=True),
            _llama_config,
            _llama_settings,
            _give_llama,
            _take_llama,
        ),
        Family("gpt2", "GPT2LMHeadModel", _unlike_gpt2, _gpt2_config, _gpt2_settings, _give_gpt2, _take_gpt2),
    )
}
