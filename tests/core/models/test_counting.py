"""Counted before it is built, exactly as it is when built."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core import bricks
from core.models.counting import HEAP, count, inference_memory, padded, training_memory
from core.models.decoder import Decoder
from core.settings.model import ModelSettings
from core.settings.training import Optimizer


@st.composite
def shapes(draw):
    heads = draw(st.sampled_from([1, 2, 4, 6]))
    return ModelSettings(
        layers=draw(st.integers(1, 4)),
        heads=heads,
        hidden_size=heads * draw(st.sampled_from([8, 16, 24])),
        kv_heads=draw(st.sampled_from([None, 1, heads])),
        head_size=draw(st.sampled_from([None, 4, 32])),
        ffn_size=draw(st.sampled_from([None, 8, 40])),
        context=draw(st.integers(8, 100)),
        positions=draw(st.sampled_from(list(bricks.POSITIONS))),
        norm=draw(st.sampled_from(list(bricks.NORMS))),
        feedforward=draw(st.sampled_from(list(bricks.FEEDFORWARDS))),
        qk_norm=draw(st.booleans()),
        experts=draw(
            st.sampled_from(["none", {"name": "topk", "count": 3}, {"name": "topk", "count": 4, "active": 3}])
        ),
        embedding_norm=draw(st.booleans()),
        tied=draw(st.booleans()),
        bias=draw(st.booleans()),
        qkv_bias=draw(st.sampled_from([None, True, False])),
        out_bias=draw(st.sampled_from([None, True, False])),
        ffn_bias=draw(st.sampled_from([None, True, False])),
        norm_bias=draw(st.sampled_from([None, True, False])),
    )


@given(shapes(), st.integers(1, 300))
@hypothesis_settings(max_examples=150, deadline=None)
def test_parameters_equal_the_built_model_s(settings, vocab_size):
    with torch.device("meta"):
        decoder = Decoder(settings, vocab_size)
    counted = count(settings, vocab_size)
    assert counted.parameters == sum(weight.numel() for weight in decoder.parameters())
    by_part = {part.name: part.parameters for part in counted.parts}
    inside = sum(weight.numel() for block in decoder.blocks for weight in block.parameters())
    outside = (decoder.norm, *((decoder.embedding_norm,) if settings.embedding_norm else ()))
    norms = by_part["norms"] - sum(weight.numel() for norm in outside for weight in norm.parameters())
    feedforward = by_part["experts"] + by_part["router"] if settings.routed else by_part["feed-forward"]
    assert by_part["attention"] + feedforward + norms == inside
    assert (counted.active < counted.parameters) == settings.routed


def test_experts_cost_what_a_token_uses_of_them():
    one = count(ModelSettings(ffn_size=64), 512)
    many = count(ModelSettings(ffn_size=64, experts={"name": "topk", "count": 8, "active": 2}), 512)
    feedforward = next(part for part in one.parts if part.name == "feed-forward")
    router = 6 * 8 * 256
    assert many.parameters == one.parameters + 7 * feedforward.parameters + router
    assert many.active == one.parameters + feedforward.parameters + router
    assert many.forward_flops == one.forward_flops + feedforward.flops + 2 * router
    near = count(ModelSettings(window=16), 512)
    assert count(ModelSettings(), 512).forward_flops - near.forward_flops == 6 * 4 * 256 * (256 - 16)


def test_arithmetic_is_six_n_and_attention():
    settings = ModelSettings(
        layers=12, hidden_size=768, heads=12, context=1024, positions="learned", feedforward="gelu"
    )
    counted = count(settings, 50304)
    matrices = 12 * 12 * 768 * 768 + 50304 * 768
    assert counted.training_flops == 6 * matrices + 12 * 12 * 768 * 1024
    assert counted.parameters == matrices + 1024 * 768 + 25 * 768
    assert count(settings, 50304, context=512).training_flops == 6 * matrices + 12 * 12 * 768 * 512


@pytest.mark.parametrize("context", [64, 320])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_memory_of_a_step_is_what_autograd_keeps(decoder, precision, context):
    """Activations against the bytes of the tensors that PyTorch really keeps for the backward pass."""
    settings = decoder.settings.model_copy(update={"context": context})
    decoder = Decoder(settings, 64).train()
    batch, time = 4, context
    weights = {weight.untyped_storage().data_ptr() for weight in decoder.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor):
        if tensor.untyped_storage().data_ptr() not in weights:
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    ids = torch.randint(64, (batch, time))
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"),
    ):
        decoder.hidden(ids).sum()
    measured = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    terms = training_memory(settings, 64, batch=batch, context=time, precision=precision).terms
    copies = terms["weights"] - 4 * count(settings, 64).parameters
    assert terms["activations"] / HEAP + copies == pytest.approx(measured, rel=0.15)


def test_memory_terms():
    settings = ModelSettings(layers=12, hidden_size=768, heads=12, context=1024)
    total = count(settings, 50257).parameters
    memory = training_memory(settings, 50257, batch=8, precision="bf16", device="cuda")
    assert memory.terms["gradients"] == 4 * total
    assert memory.terms["optimizer"] == 8 * total
    assert memory.total == sum(memory.terms.values()) - 4 * total
    halves = training_memory(settings, 50257, batch=8, precision="bf16", device="cuda", accumulated=True)
    assert halves.total == memory.total + 4 * total
    small = training_memory(settings, 50257, batch=1, context=8)
    assert small.spared == small.terms["activations"] + small.terms["logits"] < 4 * total
    assert memory.largest == "activations"
    muon = training_memory(settings, 50257, batch=8, optimizer=Optimizer.model_validate("muon"))
    assert 4 * total < muon.terms["optimizer"] < 8 * total
    shallow = settings.model_copy(update={"layers": 2})
    assert training_memory(shallow, 50257, batch=8).largest == "logits"
    less = training_memory(settings, 50257, batch=8, precision="bf16", device="cuda", checkpointing=True)
    assert less.terms["activations"] < memory.terms["activations"] / 3
    reading = inference_memory(settings, 50257, batch=4, width=2)
    assert reading.terms["cache"] == 2 * 2 * 12 * 4 * 1024 * 768
    assert reading.total == sum(reading.terms.values())


def test_the_cache_takes_what_was_counted(make):
    decoder = make(kv_heads=2)
    cache = decoder.new_cache(3, 40)
    counted = inference_memory(decoder.settings, 101, batch=3, length=40).terms["cache"]
    assert counted == cache.keys.nbytes + cache.values.nbytes


def test_counting_needs_no_torch():
    code = (
        "import sys; from core.models.counting import count; from core.settings.model import ModelSettings\n"
        "count(ModelSettings(), 512); assert not {'torch', 'numpy', 'transformers'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert padded(65) == 128
