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
    qk_norm: bool = setting(False, "Normalise queries and keys per head: steadier at high learning rates")
    tied: bool = setting(True, "The output head shares the embedding's weights")
    bias: bool = setting(False, "Biases in linear layers and in LayerNorm")
    dropout: float = setting(0.0, "Share of activations dropped while training", ge=0.0, lt=1.0)
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
        if self.positions.name == "rope" and self.head_size_resolved % 2:
            raise ValueError(f"rope needs an even head size, not {self.head_size_resolved}")
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
        if self.feedforward.brick.facts.get("gated"):
            return -(-8 * self.hidden_size // 24) * 8
        return 4 * self.hidden_size
