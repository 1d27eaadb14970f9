"""What a foreign family is, which settings it can express, and how names are changed layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from core.errors import OgiveError
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


@dataclass(frozen=True)
class AnyOf:
    """Several values that will do."""

    values: tuple[Any, ...] = ()

    def __contains__(self, value: Any) -> bool:
        return value in self.values or not self.values

    def __str__(self) -> str:
        return " or ".join(map(str, self.values))


ANY = AnyOf()
ROTARY = AnyOf(("rope", "yarn"))


def why_unlike(settings: ModelSettings, **needed: Any) -> str:
    """The first way in which settings are not as `needed`, as a short sentence; what is not named there must be off.

    A needed value is that value, an `AnyOf`, or a text that is the reason itself when it is not empty.
    """
    s = settings
    given = {
        "positions": s.positions.name,
        "positions.recency": s.positions.options.get("recency", 0.0),
        "norm": s.norm.name,
        "gated": s.gated,
        "experts": s.experts.name,
        "window": s.window,
        "qk_norm": s.qk_norm,
        "embedding_norm": s.embedding_norm,
        "qkv_bias": s.has_bias("qkv"),
        "out_bias": s.has_bias("out"),
        "ffn_bias": s.has_bias("ffn"),
        "norm_bias": s.has_bias("norm"),
        "tied": s.tied,
        "kv_heads": s.kv_heads_resolved,
        "heads x head_size": s.heads * s.head_size_resolved,
        "ffn_size": s.ffn_size_resolved,
    }
    off = {"positions.recency": 0.0, "experts": "none", "window": None, "qk_norm": False, "embedding_norm": False}
    off |= {"qkv_bias": False, "out_bias": False, "ffn_bias": False, "norm_bias": False}
    wanted = off | {name.replace("__", " ").replace("_x_", " x "): value for name, value in needed.items()}
    for name, value in wanted.items():
        fits = given[name] in value if isinstance(value, AnyOf) else given[name] == value
        if not fits:
            return f"{name} is {given[name]}, not {value}"
    return ""


def no_brick(what: str) -> OgiveError:
    """The error for a part of a foreign model that nothing here computes."""
    return OgiveError(f"{what}, which no brick here has.", "It runs through transformers instead.")


PARTS = {"attention.qkv": "qkv", "attention.out": "out", "feedforward.up": "ffn", "feedforward.down": "ffn"}


@dataclass(frozen=True)
class Layout:
    """Our modules' names and the family's: `outside` the blocks, `inside` each of them (after `layers` with the
    number put in), and `fused`: matrices that stand apart there. `turned`: their matrices are inputs x outputs."""

    outside: Mapping[str, str]
    layers: str
    inside: Mapping[str, str]
    fused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    turned: bool = False

    def give(self, state: State, settings: ModelSettings) -> State:
        """Ours as theirs."""
        theirs = {f"{there}.{kind}": state[f"{here}.{kind}"] for here, there, kind in self._outside(settings)}
        for layer in range(settings.layers):
            own, other = f"blocks.{layer}.", self.layers.format(layer)
            for here, there in self.inside.items():
                for kind in kinds(settings, here):
                    theirs[f"{other}{there}.{kind}"] = self._turn(state[f"{own}{here}.{kind}"])
            for here, parts in self.fused.items():
                for kind in kinds(settings, here):
                    pieces = state[f"{own}{here}.{kind}"].split(rows(settings, here))
                    theirs |= {f"{other}{part}.{kind}": piece for part, piece in zip(parts, pieces, strict=True)}
        return theirs

    def take(self, state: State, settings: ModelSettings) -> State:
        """Theirs as ours; KeyError names what is missing. Saved from the bare base model, names lack its prefix."""
        first = f"{self.outside['embedding']}.weight"
        prefix = first.partition(".")[0] + "."
        if first not in state and first.removeprefix(prefix) in state:
            state = {f"{prefix}{name}": tensor for name, tensor in state.items()}
        ours = {f"{here}.{kind}": state[f"{there}.{kind}"] for here, there, kind in self._outside(settings)}
        for layer in range(settings.layers):
            own, other = f"blocks.{layer}.", self.layers.format(layer)
            for here, there in self.inside.items():
                for kind in kinds(settings, here):
                    ours[f"{own}{here}.{kind}"] = self._turn(state[f"{other}{there}.{kind}"]).contiguous()
            for here, parts in self.fused.items():
                for kind in kinds(settings, here):
                    ours[f"{own}{here}.{kind}"] = torch.cat([state[f"{other}{part}.{kind}"] for part in parts])
        return ours

    def _outside(self, settings: ModelSettings) -> list[tuple[str, str, str]]:
        names = [(here, there) for here, there in self.outside.items() if here != "head" or not settings.tied]
        return [(here, there, kind) for here, there in names for kind in kinds(settings, here)]

    def _turn(self, tensor: Tensor) -> Tensor:
        return tensor.t() if self.turned and tensor.dim() == 2 else tensor


def kinds(settings: ModelSettings, module: str) -> tuple[str, ...]:
    """The tensors of one of our modules: its weight, and its bias where it has one."""
    part = PARTS.get(module, "norm" if module.endswith("norm") else "")
    return ("weight", "bias") if part and settings.has_bias(part) else ("weight",)


def rows(settings: ModelSettings, module: str) -> tuple[int, ...]:
    """The rows of the matrices that our fused `module` holds."""
    if module == "attention.qkv":
        query, key = (n * settings.head_size_resolved for n in (settings.heads, settings.kv_heads_resolved))
        return query, key, key
    return settings.ffn_size_resolved, settings.ffn_size_resolved
