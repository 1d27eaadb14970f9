"""Mixtral: Mistral with experts. On disk each expert's three matrices stand by themselves: w1 gate, w3 up, w2 down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from core.models.native import llama
from core.models.native.family import ANY, Family, State, no_brick
from core.models.native.parts import window_of
from core.settings.model import ModelSettings

LAYOUT = replace(llama.LAYOUT, inside={**llama.NORMS, "attention.out": "self_attn.o_proj"}, fused=llama.QKV)
THETA = 1e6


def _unlike(settings: ModelSettings) -> str:
    found = llama.unlike(settings, experts="topk", window=ANY)
    if not found and not settings.experts["renormalise"]:
        return "experts.renormalise is False, not True"
    return found


def _config(settings: ModelSettings) -> dict[str, Any]:
    experts = settings.experts
    return llama.sizes(settings) | {
        "sliding_window": settings.window,
        "num_local_experts": experts["count"],
        "num_experts_per_tok": experts["active"],
        "router_aux_loss_coef": experts["balance"],
    }


def _settings(config: Mapping[str, Any]) -> ModelSettings:
    if config.get("router_jitter_noise"):
        raise no_brick("Its router draws noise while training")
    experts = {
        "name": "topk",
        "count": config.get("num_local_experts", 8),
        "active": config.get("num_experts_per_tok", 2),
        "balance": float(config.get("router_aux_loss_coef", 0.001)),
        "z_loss": 0.0,
    }
    return ModelSettings.model_validate(
        llama.common(config, theta=THETA) | {"window": window_of(config), "experts": experts}
    )


def _give(state: State, settings: ModelSettings) -> State:
    theirs = LAYOUT.give(state, settings)
    count, inner = settings.experts["count"], settings.ffn_size_resolved
    for layer in range(settings.layers):
        own, other = f"blocks.{layer}.feedforward.", f"model.layers.{layer}.block_sparse_moe."
        theirs[f"{other}gate.weight"] = state[f"{own}router.weight"]
        ups = state[f"{own}up.weight"].split(inner)
        downs = state[f"{own}down.weight"].split(settings.hidden_size)
        for expert in range(count):
            named = (("w1", ups[2 * expert]), ("w3", ups[2 * expert + 1]), ("w2", downs[expert]))
            theirs |= {f"{other}experts.{expert}.{name}.weight": matrix for name, matrix in named}
    return theirs


def _take(state: State, settings: ModelSettings) -> State:
    ours = LAYOUT.take(state, settings)
    for layer in range(settings.layers):
        own, there = f"blocks.{layer}.feedforward.", f"model.layers.{layer}."
        if f"{there}mlp.experts.gate_up_proj" in state:  # As transformers 5 holds them in memory: one tensor each.
            ours[f"{own}router.weight"] = state[f"{there}mlp.gate.weight"]
            ours[f"{own}up.weight"] = state[f"{there}mlp.experts.gate_up_proj"].flatten(0, 1)
            ours[f"{own}down.weight"] = state[f"{there}mlp.experts.down_proj"].flatten(0, 1)
            continue
        other = f"{there}block_sparse_moe."
        experts = [f"{other}experts.{expert}" for expert in range(settings.experts["count"])]
        ours[f"{own}router.weight"] = state[f"{other}gate.weight"]
        ups = [state[f"{expert}.{name}.weight"] for expert in experts for name in ("w1", "w3")]
        ours[f"{own}up.weight"] = torch.cat(ups)
        ours[f"{own}down.weight"] = torch.cat([state[f"{expert}.w2.weight"] for expert in experts])
    return ours


FAMILY = Family("mixtral", "MixtralForCausalLM", _unlike, _config, _settings, _give, _take)
