"""Small decoders with weights large enough that a mistake shows."""

from __future__ import annotations

import pytest
import torch

from core.models.decoder import Decoder
from core.settings.model import ModelSettings

SHAPES = {
    "llama": {},
    "gpt2": {"positions": "learned", "norm": "layernorm", "feedforward": "gelu", "bias": True},
    "gqa": {"kv_heads": 2, "qk_norm": True, "tied": False},
    "mqa": {"kv_heads": 1, "feedforward": "relu2", "tied": False, "head_size": 8},
    "recency": {"positions": {"name": "rope", "theta": 100.0, "recency": 1.0}, "kv_heads": 2},
    "alibi": {"positions": "alibi", "feedforward": "relu", "heads": 6, "hidden_size": 72, "kv_heads": 3, "window": 11},
    "experts": {"experts": {"name": "topk", "count": 5, "active": 2}, "positions": "none", "feedforward": "geglu"},
    "yarn": {"positions": "yarn", "feedforward": "reglu", "window": 9, "embedding_norm": True, "norm_bias": True},
    "odd-experts": {
        "positions": "sinusoidal",
        "hidden_size": 60,
        "ffn_size": 33,
        "feedforward": "leakyrelu",
        "bias": True,
        "norm": "layernorm",
        "experts": {"name": "topk", "count": 4, "active": 1, "renormalise": False},
    },
    "layernorm": {"norm": "layernorm", "qk_norm": True, "kv_heads": 2},
}


def build(vocab_size: int = 101, seed: int = 0, **changes) -> Decoder:
    """A decoder of three layers whose weights are far from their start."""
    torch.manual_seed(seed)
    settings = ModelSettings(**{"layers": 3, "hidden_size": 64, "heads": 4, "context": 64, **changes})
    decoder = Decoder(settings, vocab_size).eval()
    with torch.no_grad():
        for weight in decoder.parameters():
            weight.add_(torch.randn_like(weight), alpha=0.1)
    return decoder


@pytest.fixture(params=SHAPES)
def decoder(request) -> Decoder:
    return build(**SHAPES[request.param])


@pytest.fixture
def make():
    return build
