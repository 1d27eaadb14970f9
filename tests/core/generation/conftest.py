"""Tiny models with random weights: ours, and transformers' own of several kinds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from core.models.decoder import Decoder
from core.models.huggingface import DecoderConfig, DecoderForCausalLM
from core.settings.model import ModelSettings

VOCAB = 300
CONTEXT = 96


def decoder_settings(**changes: Any) -> ModelSettings:
    given = {"layers": 3, "hidden_size": 64, "heads": 4, "kv_heads": 2, "context": CONTEXT}
    return ModelSettings.model_validate(given | changes)


def build(kind: str) -> Any:
    """A model of this kind, weights spread enough that its greedy text is not one token over and over."""
    torch.manual_seed(0)
    shape: dict[str, Any] = {
        "vocab_size": VOCAB,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": None,
    }
    if kind == "ours":
        model: Any = DecoderForCausalLM(DecoderConfig(decoder_settings(), VOCAB))
    elif kind == "ours-gpt2":
        changes = {"positions": "learned", "norm": "layernorm", "feedforward": "gelu", "bias": True, "kv_heads": 4}
        model = DecoderForCausalLM(DecoderConfig(decoder_settings(**changes), VOCAB))
    elif kind == "llama":
        model = LlamaForCausalLM(LlamaConfig(**shape))
    elif kind == "gpt2":
        model = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=VOCAB, n_embd=64, n_layer=3, n_head=4, n_positions=CONTEXT, bos_token_id=0, eos_token_id=0
            )
        )
    elif kind == "mistral-sliding":
        model = MistralForCausalLM(MistralConfig(**shape, sliding_window=16))
    else:
        model = MambaForCausalLM(MambaConfig(vocab_size=VOCAB, hidden_size=64, num_hidden_layers=3, state_size=8))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2 and "A_log" not in name:
                weight.normal_(std=0.15)
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    return model.eval()


@pytest.fixture
def models() -> SimpleNamespace:
    """`build(kind)` and the sizes of what it builds."""
    return SimpleNamespace(build=build, VOCAB=VOCAB, CONTEXT=CONTEXT)


@pytest.fixture
def decoder() -> Decoder:
    torch.manual_seed(0)
    made = Decoder(decoder_settings(), VOCAB)
    with torch.no_grad():
        for weight in made.parameters():
            if weight.dim() == 2:
                weight.normal_(std=0.15)
    return made.eval()
