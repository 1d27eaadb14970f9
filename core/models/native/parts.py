"""Parts that several families write alike: activations by transformers' names, rotary positions, common sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.models.native.family import no_brick
from core.models.positions import yarn_original, yarn_temperature
from core.settings.model import ModelSettings

_PLAIN = {"relu": "relu", "relu2": "relu2", "silu": "silu", "swish": "silu", "leaky_relu": "leakyrelu"}
_GATED = {"silu": "swiglu", "swish": "swiglu", "relu": "reglu"}
_GELU = {"gelu": "none", "gelu_python": "none"}
_GELU |= dict.fromkeys(("gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_python_tanh"), "tanh")
TORCH_SLOPE = 0.01


def act_of(settings: ModelSettings) -> str:
    """What transformers calls the feed-forward's activation; empty when it has no name there."""
    brick = settings.feedforward
    if brick.name in ("gelu", "geglu"):
        return "gelu_pytorch_tanh" if brick["approximate"] == "tanh" else "gelu"
    if brick.name == "leakyrelu":
        return "leaky_relu" if brick["slope"] == TORCH_SLOPE else ""
    return {"swiglu": "silu", "reglu": "relu"}.get(brick.name, brick.name)


def unnamed_act(settings: ModelSettings) -> str:
    """Why the activation cannot be written down for transformers; empty when it can."""
    return "" if act_of(settings) else f"feedforward.slope is {settings.feedforward['slope']:g}, not {TORCH_SLOPE:g}"


def feedforward_of(act: str, gated: bool) -> dict[str, Any]:
    """The feed-forward brick for transformers' name of an activation."""
    if act in _GELU:
        return {"name": "geglu" if gated else "gelu", "approximate": _GELU[act]}
    known = _GATED if gated else _PLAIN
    if act not in known:
        raise no_brick(f"Its feed-forward {'is gated by' if gated else 'uses'} {act!r}")
    return {"name": known[act]}


def rope_parameters(settings: ModelSettings) -> dict[str, Any]:
    """The `rope_parameters` of transformers 5 for rope or yarn."""
    p = settings.positions
    if p.name == "rope":
        return {"rope_type": "default", "rope_theta": p["theta"]}
    temperature = yarn_temperature(p["factor"]) if p["temperature"] is None else p["temperature"]
    return {
        "rope_type": "yarn",
        "rope_theta": p["theta"],
        "factor": p["factor"],
        "original_max_position_embeddings": p["original"] or yarn_original(settings.context, p["factor"]),
        "attention_factor": temperature,
        "beta_fast": p["beta_fast"],
        "beta_slow": p["beta_slow"],
    }


def positions_of(config: Mapping[str, Any], theta: float = 10000.0) -> dict[str, Any]:
    """The position brick from `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (4)."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    theta = float(rope.get("rope_theta") or config.get("rope_theta") or theta)
    if rope.get("partial_rotary_factor", config.get("partial_rotary_factor") or 1.0) not in (None, 1.0):
        raise no_brick("Only a part of each of its heads is rotated")
    if kind == "default":
        return {"name": "rope", "theta": theta}
    if kind != "yarn" or rope.get("truncate") is False:
        raise no_brick(f"Its rotary positions are of type {kind!r}{' without truncation' if kind == 'yarn' else ''}")
    original = int(rope.get("original_max_position_embeddings") or config["max_position_embeddings"])
    factor = float(rope.get("factor") or config["max_position_embeddings"] / original)
    temperature = rope.get("attention_factor")
    if temperature is None and rope.get("mscale") and rope.get("mscale_all_dim"):
        one, all_dims = ((yarn_temperature(factor) - 1) * rope[key] + 1 for key in ("mscale", "mscale_all_dim"))
        temperature = one / all_dims
    return {
        "name": "yarn",
        "theta": theta,
        "factor": factor,
        "original": None if original == yarn_original(config["max_position_embeddings"], factor) else original,
        "temperature": None if temperature in (None, yarn_temperature(factor)) else float(temperature),
        "beta_fast": float(rope.get("beta_fast") or 32),
        "beta_slow": float(rope.get("beta_slow") or 1),
    }


def window_of(config: Mapping[str, Any], switch: str = "") -> int | None:
    """The sliding window of all layers; `switch` is the entry that turns it on, where a family has one."""
    if not config.get("sliding_window") or (switch and not config.get(switch)):
        return None
    types = set(config.get("layer_types") or ())
    if switch and not types:
        begin = config.get("max_window_layers", 0)
        types = {"sliding_attention"} if begin == 0 else {"sliding_attention", "full_attention"}
        if begin >= config["num_hidden_layers"]:
            return None
    if types == {"full_attention"}:
        return None
    if len(types) > 1:
        raise no_brick("Only some of its layers have a sliding window")
    return int(config["sliding_window"])
