"""The shape of a decoder and the bricks it is built from."""

from __future__ import annotations

from pydantic import Field, model_validator

from core import bricks
from core.settings.base import BrickChoice, Settings, setting


class Positions(BrickChoice):
    table = bricks.POSITIONS


class Norm(BrickChoice):
    table = bricks.NORMS


class FeedForward(BrickChoice):
    table = bricks.FEEDFORWARDS


class Experts(BrickChoice):
    table = bricks.EXPERTS


ONLY_TRAINING = ("dropout", "attention_dropout", "z_loss", "zero_init")
"""Settings that do not change what a built model computes, only how it is trained or drawn."""


class ModelSettings(Settings):
    """A decoder-only transformer; the vocabulary's size comes from the tokenizer."""

    layers: int = setting(6, "Blocks, one after another", ge=1, le=512)
    hidden_size: int = setting(256, "Width of the residual stream", ge=8, le=65536)
    heads: int = setting(8, "Query heads; each sees hidden_size / heads numbers", ge=1, le=512)
    kv_heads: int | None = setting(None, "Key and value heads: all = MHA, fewer = GQA, 1 = MQA (empty: as heads)", ge=1)
    head_size: int | None = setting(None, "Numbers per head (empty: hidden_size / heads)", ge=2)
    ffn_size: int | None = setting(None, "Width inside the feed-forward (empty: 4x, or 8/3x when gated)", ge=8)
    context: int = setting(256, "Longest text the model sees at once", unit="tokens", ge=8, le=1_048_576)
    positions: Positions = Field(default="rope", validate_default=True, description="How place is told to attention")
    norm: Norm = Field(default="rmsnorm", validate_default=True, description="Normalisation before each part")
    feedforward: FeedForward = Field(default="swiglu", validate_default=True, description="The part between attentions")
    experts: Experts = Field(
        default="none", validate_default=True, description="Whether a router chooses among several feed-forwards"
    )
    window: int | None = setting(
        None, "Sliding window: how far back a token sees, itself counted (empty: all)", unit="tokens", ge=1
    )
    qk_norm: bool = setting(False, "Normalise queries and keys per head: steadier at high learning rates")
    embedding_norm: bool = setting(False, "Normalise the embedded tokens before the first block, as in BLOOM")
    tied: bool = setting(True, "The output head shares the embedding's weights")
    bias: bool = setting(False, "Biases in linear layers and in LayerNorm; the four settings below may differ")
    qkv_bias: bool | None = setting(None, "Biases of queries, keys and values (empty: as bias)")
    out_bias: bool | None = setting(None, "Bias of attention's output (empty: as bias)")
    ffn_bias: bool | None = setting(None, "Biases of the feed-forward (empty: as bias)")
    norm_bias: bool | None = setting(None, "Biases of LayerNorm; RMSNorm has none (empty: as bias)")
    dropout: float = setting(0.0, "Share of activations dropped while training", ge=0.0, lt=1.0)
    attention_dropout: float | None = setting(
        None, "Share of attention weights dropped while training (empty: as dropout)", ge=0.0, lt=1.0
    )
    z_loss: float = setting(0.0, "Weight of the squared log-normaliser in the loss; 1e-4 is usual", ge=0.0, le=1.0)
    zero_init: bool = setting(False, "Output projections start at zero, so each block starts as identity")

    @model_validator(mode="after")
    def _shapes(self) -> ModelSettings:
        if self.head_size is None and self.hidden_size % self.heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is not a multiple of heads {self.heads}; "
                f"use {self.hidden_size // self.heads * self.heads or self.heads} or give head_size"
            )
        if self.heads % self.kv_heads_resolved:
            raise ValueError(f"heads {self.heads} is not a multiple of kv_heads {self.kv_heads}")
        if self.positions.brick.facts.get("rotary") and self.head_size_resolved % 2:
            raise ValueError(f"{self.positions.name} needs an even head size, not {self.head_size_resolved}")
        if self.positions.name == "sinusoidal" and self.hidden_size % 2:
            raise ValueError(f"sinusoidal needs an even hidden_size, not {self.hidden_size}")
        if self.routed:
            count, active = self.experts["count"], self.experts["active"]
            if active > count:
                raise ValueError(f"experts.active {active} is more than experts.count {count}")
            if active == 1 and self.experts["renormalise"]:
                raise ValueError(
                    "experts.active 1 needs experts.renormalise off: a share of always 1 teaches no router"
                )
        return self

    @property
    def head_size_resolved(self) -> int:
        return self.head_size or self.hidden_size // self.heads

    @property
    def kv_heads_resolved(self) -> int:
        return self.kv_heads or self.heads

    @property
    def ffn_size_resolved(self) -> int:
        """As given, else 4x hidden_size; 8/3x when gated, up to a multiple of 8, so that both cost the same."""
        if self.ffn_size is not None:
            return self.ffn_size
        if self.gated:
            return -(-8 * self.hidden_size // 24) * 8
        return 4 * self.hidden_size

    @property
    def attention_dropout_resolved(self) -> float:
        return self.dropout if self.attention_dropout is None else self.attention_dropout

    @property
    def gated(self) -> bool:
        return bool(self.feedforward.brick.facts.get("gated"))

    @property
    def routed(self) -> bool:
        return bool(self.experts.brick.facts.get("routed"))

    def has_bias(self, part: str) -> bool:
        """Whether `part` (qkv, out, ffn or norm) has biases; of norms, only those that are centred ever do."""
        if part == "norm" and not self.norm.brick.facts.get("centred"):
            return False
        given = getattr(self, f"{part}_bias")
        return self.bias if given is None else given

    def differs(self, other: ModelSettings) -> list[str]:
        """Keys in which the weights or what is computed from them differ; dropout and the like do not count."""
        return [key for key in type(self).model_fields if key not in ONLY_TRAINING and self._of(key) != other._of(key)]

    def _of(self, key: str) -> object:
        if key in ("head_size", "kv_heads", "ffn_size"):
            return getattr(self, f"{key}_resolved")
        if key.endswith("bias"):
            return self.has_bias(key.removesuffix("_bias")) if key != "bias" else None
        if key == "experts":
            return {name: value for name, value in self.experts.options.items() if name not in ("balance", "z_loss")}
        value = getattr(self, key)
        return value.model_dump() if isinstance(value, BrickChoice) else value
