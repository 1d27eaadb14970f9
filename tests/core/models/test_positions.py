"""How place is told: what each scheme does and does not see, and the sliding window."""

from __future__ import annotations

import math

import pytest
import torch
from transformers.models.bloom.modeling_bloom import _get_alibi_slopes

from core.models.positions import RotaryPositions, SinusoidalPositions, YarnPositions, alibi_slopes
from core.settings.model import ModelSettings

IDS = torch.randint(101, (1, 40), generator=torch.Generator().manual_seed(4))


@torch.no_grad()
def test_without_positions_one_layer_sees_a_set(make):
    swapped = torch.cat((IDS[:, :20].flip(1), IDS[:, 20:]), dim=1)
    blind = make(layers=1, positions="none")
    assert (blind(swapped)[:, -1] - blind(IDS)[:, -1]).abs().max() < 1e-5
    for positions in ("rope", "yarn", "learned", "sinusoidal", "alibi"):
        decoder = make(layers=1, positions=positions)
        assert (decoder(swapped)[:, -1] - decoder(IDS)[:, -1]).abs().max() > 1e-3, positions


@torch.no_grad()
@pytest.mark.parametrize("positions", ["rope", "yarn", "alibi", "none"])
def test_relative_schemes_do_not_ask_where_a_text_begins(make, positions):
    decoder = make(positions=positions)
    places = torch.arange(40)[None]
    assert (decoder(IDS, positions=places + 17) - decoder(IDS, positions=places)).abs().max() < 1e-4


@torch.no_grad()
@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
def test_absolute_schemes_do(make, positions):
    decoder = make(positions=positions)
    places = torch.arange(40)[None]
    assert (decoder(IDS, positions=places + 17) - decoder(IDS, positions=places)).abs().max() > 1e-3


def test_waves_are_those_of_the_paper():
    waves = SinusoidalPositions(16, 4, 4, 50, scale=0.5).waves
    for place, pair in ((0, 0), (7, 3), (49, 7)):
        angle = place / 10000 ** (2 * pair / 16)
        assert waves[place, 2 * pair].item() == pytest.approx(0.5 * math.sin(angle), abs=1e-6)
        assert waves[place, 2 * pair + 1].item() == pytest.approx(0.5 * math.cos(angle), abs=1e-6)


@pytest.mark.parametrize("heads", [1, 2, 3, 6, 8, 12, 20, 32])
def test_slopes_are_those_of_the_paper(heads):
    assert alibi_slopes(heads) == pytest.approx(_get_alibi_slopes(heads, torch.device("cpu")).tolist(), rel=1e-6)


def test_yarn_keeps_fast_pairs_and_slows_slow_ones():
    options = {"theta": 10000.0, "factor": 8.0, "original": None, "temperature": None}
    yarn = YarnPositions(64, 64, 1, 2048, **options, beta_fast=16.0, beta_slow=1.0)
    plain, stretched = RotaryPositions(64, 64, 1, 2048, 10000.0).frequencies(), yarn.frequencies()
    turns = 256 * plain / (2 * math.pi)
    ratio = plain / stretched
    assert (turns > 24).sum() > 1 < (turns < 0.5).sum()
    assert torch.allclose(ratio[turns > 24], torch.tensor(1.0))
    assert torch.allclose(ratio[turns < 0.5], torch.tensor(8.0))
    assert ((ratio[1:] - ratio[:-1]) > -1e-6).all()
    assert yarn.scale == pytest.approx(0.1 * math.log(8) + 1)
    still = YarnPositions(64, 64, 1, 64, **{**options, "factor": 1.0}, beta_fast=32.0, beta_slow=1.0)
    assert torch.allclose(still.cosine, RotaryPositions(64, 64, 1, 64, 10000.0).cosine, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
def test_a_window_ends_what_a_token_sees(make, layers, static):
    decoder = make(layers=layers, window=6)
    changed = IDS.clone()
    changed[:, 10] = (changed[:, 10] + 1) % 101
    reach = layers * (6 - 1)
    for logits in (lambda ids: decoder(ids), lambda ids: _stepwise(decoder, ids, static)):
        gap = (logits(changed) - logits(IDS)).abs().amax(dim=(0, 2))
        assert gap[:10].max() == 0
        assert gap[10 : 10 + reach + 1].min() > 1e-5
        assert gap[10 + reach + 1 :].max() < 1e-5


def _stepwise(decoder, ids, static):
    cache = decoder.new_cache(1, 48, static=static)
    steps = [decoder(ids[:, :12], cache=cache), decoder(ids[:, 12:20], cache=cache)]
    return torch.cat(steps + [decoder(ids[:, i : i + 1], cache=cache) for i in range(20, 40)], dim=1)


@torch.no_grad()
def test_a_window_as_wide_as_the_context_changes_nothing(make):
    decoder = make(window=64)
    wide = decoder(IDS)
    decoder.settings = decoder.settings.model_copy(update={"window": None})
    assert torch.equal(decoder(IDS), wide)


def test_attention_dropout_by_itself(make):
    decoder = make(attention_dropout=0.5).train()
    assert (decoder(IDS) - decoder(IDS)).abs().max() > 1e-3
    assert torch.equal(decoder.eval()(IDS), decoder(IDS))
    assert ModelSettings(dropout=0.2).attention_dropout_resolved == 0.2
    assert ModelSettings(dropout=0.2, attention_dropout=0.0).attention_dropout_resolved == 0.0


def test_biases_are_where_they_are_switched_on(make):
    decoder = make(qkv_bias=True, ffn_bias=True, norm="layernorm", norm_bias=False)
    names = {name for name, _ in decoder.named_parameters() if name.endswith("bias")}
    kinds = {".".join(name.split(".")[-3:]) for name in names}
    assert kinds == {"attention.qkv.bias", "feedforward.up.bias", "feedforward.down.bias"}
    decoder = make(bias=True, out_bias=False, norm="layernorm")
    assert not any(name.endswith("attention.out.bias") for name, _ in decoder.named_parameters())
    assert decoder.norm.bias is not None
