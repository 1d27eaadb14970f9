"""Causal self-attention with as many or fewer key heads than query heads: MHA, GQA (Ainslie et al. 2023), MQA."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from core.models import blank
from core.models.cache import Cache


@dataclass(frozen=True)
class Sight:
    """What queries may look at, made once for all layers.

    `mask` is added to the scores, broadcasts to `(batch, heads, queries, keys)` and is None when nothing needs masking
    beyond `causal` (which then means: as many keys as queries, each sees those up to its own place). Keys before
    `begin` lie outside every query's window; `mask` leaves them out.
    """

    causal: bool
    mask: Tensor | None
    plain: bool
    begin: int = 0


def attend(query: Tensor, key: Tensor, value: Tensor, sight: Sight, dropout: float = 0.0) -> Tensor:
    """Softmax(Q K^T / sqrt(head_size)) V. Query `(batch, heads, time, head_size)`, key and value with kv_heads.

    Plain products or the fused kernel, as `sight.plain` says; both give the same numbers to rounding.
    """
    batch, heads, time, size = query.shape
    groups = heads // key.shape[1]
    mask = sight.mask
    if not sight.plain:
        shared = mask is None or mask.shape[-3] == 1
        if groups > 1 and time == 1 and shared:
            # Heads that share keys stand together as more queries of one head: the keys are read once, uncopied.
            folded = query.reshape(batch, key.shape[1], groups, size)
            return F.scaled_dot_product_attention(folded, key, value, attn_mask=mask).reshape(query.shape)
        if groups > 1 and mask is not None and query.is_cuda:
            # With a mask no fused CUDA kernel takes fewer key heads; without this it would fall back to the slow one.
            key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
        return F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            dropout_p=dropout,
            is_causal=sight.causal,
            enable_gqa=query.shape[1] != key.shape[1],
        )
    if groups > 1:
        query = query.reshape(batch, key.shape[1], -1, size)
    scores = (query * (1.0 / math.sqrt(size))) @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores.view(batch, heads, time, -1) + mask
    weights = scores.softmax(dim=-1)
    if dropout:
        weights = F.dropout(weights, dropout)
    if groups > 1:
        weights = weights.view(batch, key.shape[1], -1, key.shape[2])
    return (weights.to(value.dtype) @ value).view(batch, heads, time, size)


class Attention(nn.Module):
    """Queries, keys and values from one matrix `qkv` (rows [q | k | v], heads in order), then `out`."""

    def __init__(
        self,
        size: int,
        heads: int,
        kv_heads: int,
        head_size: int,
        qkv_bias: bool,
        out_bias: bool,
        dropout: float,
        norm: Callable[[int], nn.Module] | None,
    ) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_size, self.dropout = heads, kv_heads, head_size, dropout
        parts = (heads * head_size, kv_heads * head_size, kv_heads * head_size)
        self.qkv = blank.linear(size, sum(parts), bias=qkv_bias, parts=parts)
        self.out = blank.linear(heads * head_size, size, bias=out_bias)
        self.q_norm = norm(head_size) if norm else None
        self.k_norm = norm(head_size) if norm else None

    def forward(
        self,
        x: Tensor,
        rotate: Callable[[Tensor, Any], Tensor],
        prepared: Any,
        sight: Sight,
        cache: Cache | None,
        layer: int,
    ) -> Tensor:
        """`(batch, time, size)` in and out; `rotate` is the position scheme's."""
        batch, time, _ = x.shape
        qkv = self.qkv(x).view(batch, time, self.heads + 2 * self.kv_heads, self.head_size)
        # One split, so that its backward pass is one concatenation.
        query, key, value = qkv.split((self.heads, self.kv_heads, self.kv_heads), dim=2)
        if self.q_norm is not None and self.k_norm is not None:
            query, key = self.q_norm(query), self.k_norm(key)
        # Norms may hand back fp32 under autocast; all three meet in one product, so one dtype.
        query = rotate(query, prepared).to(value.dtype).transpose(1, 2)
        key = rotate(key, prepared).to(value.dtype).transpose(1, 2)
        value = value.transpose(1, 2)
        if cache is not None:
            key, value = cache.update(layer, key, value)
        if sight.begin:
            key, value = key[:, :, sight.begin :], value[:, :, sight.begin :]
        mixed = attend(query, key, value, sight, self.dropout if self.training else 0.0)
        return self.out(mixed.transpose(1, 2).reshape(batch, time, -1))
