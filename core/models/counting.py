"""What a model costs, before it is built: parameters by part, arithmetic per token, memory by term. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from core.settings.model import ModelSettings
from core.settings.training import Optimizer

CHUNK_ABOVE = 1 << 28
"""Logits (tokens x vocabulary) above which a CUDA loss goes by chunks: 1 GiB in fp32."""
CHUNK = 1 << 26
"""Logits of one such chunk."""


def padded(vocab_size: int) -> int:
    """Rows of the embedding: the vocabulary up to a multiple of 64, which matrix units like."""
    return -(-vocab_size // 64) * 64


@dataclass(frozen=True)
class Part:
    """One kind of layer over the whole model; `flops` is a forward pass for one token, in floating-point operations.

    `idle` are the parameters that a token does not use: the experts it is not sent to.
    """

    name: str
    parameters: int
    flops: int
    idle: int = 0


@dataclass(frozen=True)
class Count:
    """Parameters exactly as the built model has them, and the arithmetic of one token within `context` tokens."""

    parts: tuple[Part, ...]
    context: int

    @property
    def parameters(self) -> int:
        return sum(part.parameters for part in self.parts)

    @property
    def active(self) -> int:
        """Parameters that one token uses; fewer than all where a router chooses among experts."""
        return self.parameters - sum(part.idle for part in self.parts)

    @property
    def forward_flops(self) -> int:
        """Per token read or written."""
        return sum(part.flops for part in self.parts)

    @property
    def training_flops(self) -> int:
        """Per token trained on: forward, and twice as much backward."""
        return 3 * self.forward_flops


def count(settings: ModelSettings, vocab_size: int, context: int | None = None) -> Count:
    """Parameters and arithmetic by part.

    A matrix costs 2 operations per entry; attention costs 4 per head dimension and key, all `context` keys counted, or
    all within the window (Chowdhery et al. 2022, appendix B): training is 6N + 12 * layers * heads * head_size *
    context, with N the entries of matrices, the head's among them also when it is tied. Of experts, those count that a
    token is sent to.
    """
    s = settings
    context = context or s.context
    rows = padded(vocab_size)
    query, key = s.heads * s.head_size_resolved, s.kv_heads_resolved * s.head_size_resolved
    qkv = query + 2 * key
    inner = s.ffn_size_resolved
    first = 2 * inner if s.gated else inner
    vectors = 2 if s.has_bias("norm") else 1
    experts, used = expert_counts(s)

    projections = s.hidden_size * (qkv + query)
    attention = projections + qkv * s.has_bias("qkv") + s.hidden_size * s.has_bias("out")
    if s.qk_norm:
        attention += 2 * vectors * s.head_size_resolved
    matrices = s.hidden_size * (first + inner)
    feedforward = matrices + (first + s.hidden_size) * s.has_bias("ffn")
    router = experts * s.hidden_size if s.routed else 0
    places = s.context * s.hidden_size if s.positions.brick.facts.get("table") else 0
    parts = (
        Part("embedding", rows * s.hidden_size, 0),
        Part("positions", places, 0),
        Part(
            "attention",
            s.layers * attention,
            s.layers * (2 * projections + 4 * query * min(context, s.window or context)),
        ),
        Part(
            "experts" if s.routed else "feed-forward",
            s.layers * experts * feedforward,
            s.layers * used * 2 * matrices,
            s.layers * (experts - used) * feedforward,
        ),
        Part("router", s.layers * router, s.layers * 2 * router),
        Part("norms", (2 * s.layers + 1 + s.embedding_norm) * vectors * s.hidden_size, 0),
        Part("head", 0 if s.tied else rows * s.hidden_size, 2 * rows * s.hidden_size),
    )
    return Count(parts, context)


def expert_counts(settings: ModelSettings) -> tuple[int, int]:
    """How many feed-forwards a block has, and how many of them one token goes through."""
    return (settings.experts["count"], settings.experts["active"]) if settings.routed else (1, 1)


@dataclass(frozen=True)
class Memory:
    """Bytes by term, the largest named. `spared` is what is never held together with the rest: of the terms' sum,
    `total` is the most at any one time."""

    terms: dict[str, int]
    spared: int = 0

    @property
    def total(self) -> int:
        return sum(self.terms.values()) - self.spared

    @property
    def largest(self) -> str:
        return max(self.terms, key=lambda name: self.terms[name])


def training_memory(
    settings: ModelSettings,
    vocab_size: int,
    *,
    batch: int,
    context: int | None = None,
    precision: str = "fp32",
    optimizer: Optimizer | None = None,
    device: str = "cpu",
    checkpointing: bool = False,
    accumulated: bool = False,
) -> Memory:
    """Bytes that training on `batch` sequences at once adds to the program, without compilation (which lowers the
    activations).

    Weights, gradients and the optimizer's moments are fp32; with bf16 the matrices have a second copy and activations
    are half as wide, except the residual stream. `device` decides whether attention keeps its weights and whether the
    loss goes by chunks. Gradients come as activations go, so only the larger of both counts, unless a step is
    `accumulated` from several batches. Compared with what is measured by `tests/benchmarks/memory.py`.
    """
    s = settings
    context = context or s.context
    counted = count(s, vocab_size, context)
    total = counted.parameters
    hidden = s.layers * s.hidden_size * _matrix_width(s)
    facts = (optimizer or Optimizer.model_validate("adamw")).brick.facts
    moments = facts.get("moments", 2)
    numbers = facts.get("hidden_moments", moments) * hidden + moments * (total - hidden)
    state = facts.get("state_bytes", 4) * numbers
    narrow = 2 if precision == "bf16" else 4
    tokens = batch * context
    plain = device == "cpu" and context <= PLAIN_UP_TO
    layer = tokens * (_kept_per_token(s, context, narrow, plain) + _dropped_per_token(s, context, narrow, device))
    stream = 4 * tokens * s.hidden_size
    logits = tokens * padded(vocab_size)
    if device.startswith("cuda") and logits > CHUNK_ABOVE:
        held = (8 + narrow) * CHUNK + 4 * padded(vocab_size) * s.hidden_size
    else:
        held = 12 * logits  # Log-probabilities, their gradient and that of the logits, all fp32.
    kept = layer + s.layers * stream if checkpointing else s.layers * layer
    kept += 3 * stream + (0 if plain else narrow * _mask(s, context))
    terms = {
        "weights": 4 * total + (2 * hidden if narrow == 2 else 0),
        "gradients": 4 * total,
        "optimizer": state,
        "activations": round((HEAP if device == "cpu" else 1.0) * kept),
        "logits": held,
    }
    return Memory(terms, 0 if accumulated else min(terms["gradients"], terms["activations"] + terms["logits"]))


def inference_memory(
    settings: ModelSettings, vocab_size: int, *, batch: int = 1, length: int | None = None, width: int = 4
) -> Memory:
    """Bytes while writing `batch` texts of up to `length` tokens with numbers of `width` bytes."""
    s = settings
    length = length or s.context
    return Memory(
        {
            "weights": width * count(s, vocab_size).parameters,
            "cache": width * 2 * s.layers * batch * length * s.kv_heads_resolved * s.head_size_resolved,
            "logits": (width + 4) * batch * padded(vocab_size),
        }
    )


HEAP = 1.35
"""Memory that a CPU's activations take for each byte of them: freed ones leave gaps in the C library's heap that the
next do not fill. Measured: 1.2 to 1.5; giving each back at once takes a third more time."""

PLAIN_UP_TO = 64
"""Keys up to which attention on CPU goes by plain products, which keep their weights for the backward pass.

Forward and backward at 64 keys: as fast as the fused kernel on one processor, faster on another and under
torch.compile, which fuses the mask into the softmax; from 128 keys on the fused kernel wins (by 8 %, at 256 by 30 %).
"""


def _matrix_width(s: ModelSettings) -> int:
    """Entries of one layer's matrices, per number of the stream."""
    query, key = s.heads * s.head_size_resolved, s.kv_heads_resolved * s.head_size_resolved
    experts, _ = expert_counts(s)
    router = experts if s.routed else 0
    return 2 * query + 2 * key + router + experts * (3 if s.gated else 2) * s.ffn_size_resolved


def _kept_per_token(s: ModelSettings, context: int, narrow: int, plain: bool) -> int:
    """Bytes one layer keeps of each token for the backward pass, as PyTorch's operations keep them."""
    query, key = s.heads * s.head_size_resolved, s.kv_heads_resolved * s.head_size_resolved
    # A norm keeps its input or the quotient, and what the next matrix reads.
    norm = s.hidden_size * (4 + narrow)
    turned = query + key if s.positions.brick.facts.get("rotary") else 0
    attention = narrow * (query + 2 * key + query)
    attention += narrow * s.heads * context if plain else narrow * turned
    if s.qk_norm and not s.norm.brick.facts.get("centred"):
        attention += (4 if narrow == 4 else 8) * (query + key)
    feedforward = narrow * s.ffn_size_resolved * s.feedforward.brick.facts["keeps"]
    if s.routed:
        # Sorted rows in and out of each expert; the router's shares in fp32, sorted places as 64-bit numbers.
        count, active = expert_counts(s)
        feedforward = active * (feedforward + 2 * narrow * s.hidden_size + 40) + 12 * count
    return 2 * norm + attention + feedforward


def _dropped_per_token(s: ModelSettings, context: int, narrow: int, device: str) -> int:
    """Bytes that dropout keeps of each token in one layer: a number for each it may drop, on CUDA a byte; in attention
    on the CPU, which then goes by plain products, also the weights before and after."""
    cuda = device.startswith("cuda")
    kept = 2 * s.hidden_size * (1 if cuda else narrow) if s.dropout else 0
    if s.attention_dropout_resolved and not cuda:
        kept += narrow * s.heads * context * (2 if context <= PLAIN_UP_TO else 3)
    return kept


def _mask(s: ModelSettings, context: int) -> int:
    """Numbers of the mask that all layers share: one per query and key, for each head where the scheme is biased."""
    if s.positions.brick.facts.get("biased") or s.positions.options.get("recency"):
        return s.heads * context * context
    return context * context if s.window is not None and s.window < context else 0
