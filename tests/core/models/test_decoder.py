"""The decoder: causality, cache, masks, padding of the vocabulary, loss and its gradients, start of the weights."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from core.errors import OgiveError
from core.models import loss as losses
from core.models.counting import padded
from core.models.decoder import Decoder
from core.settings.model import ModelSettings

IDS = torch.randint(101, (2, 40), generator=torch.Generator().manual_seed(1))


def close(a, b, tolerance=1e-5):
    assert (a - b).abs().max().item() < tolerance


@torch.no_grad()
def test_no_token_sees_the_future(decoder):
    changed = IDS.clone()
    changed[:, 20:] = (changed[:, 20:] + 1) % 101
    close(decoder(changed)[:, :20], decoder(IDS)[:, :20])
    assert (decoder(changed)[:, 20:] - decoder(IDS)[:, 20:]).abs().max() > 1e-2


@torch.no_grad()
@pytest.mark.parametrize("static", [False, True])
def test_cached_logits_equal_uncached(decoder, static):
    cache = decoder.new_cache(2, 48, static=static)
    steps = [decoder(IDS[:, :7], cache=cache)]
    steps += [decoder(IDS[:, i : i + 1], cache=cache) for i in range(7, 30)]
    steps += [decoder(IDS[:, 30:], cache=cache)]
    close(torch.cat(steps, dim=1), decoder(IDS))
    assert cache.length == 40


@torch.no_grad()
def test_one_prefill_serves_many_variants(decoder):
    prompt = decoder.new_cache(1, 48)
    decoder(IDS[:1, :10], cache=prompt)
    variants = prompt.expand(3)
    tails = torch.randint(101, (3, 5), generator=torch.Generator().manual_seed(2))
    logits = torch.cat([decoder(tails[:, i : i + 1], cache=variants) for i in range(5)], dim=1)
    whole = torch.cat((IDS[:1, :10].expand(3, -1), tails), dim=1)
    close(logits, decoder(whole)[:, 10:])
    assert prompt.length == 10


@torch.no_grad()
def test_rows_of_unequal_length_share_a_cache(decoder):
    lengths = torch.tensor([12, 5])
    cache = decoder.new_cache(2, 48)
    decoder(IDS[:, :12], cache=cache)  # The second row's last seven tokens stand for padding.
    cache.set_lengths(lengths)
    step = decoder(IDS[:, 20:23], cache=cache)
    for row, length in enumerate(lengths):
        alone = torch.cat((IDS[row, :length], IDS[row, 20:23]))[None]
        close(step[row], decoder(alone)[0, length:])


@torch.no_grad()
def test_a_cropped_cache_goes_on_from_there(decoder):
    cache = decoder.new_cache(2, 48)
    decoder(IDS, cache=cache)
    cache.crop(9)
    close(decoder(IDS[:, 9:12], cache=cache), decoder(IDS[:, :12])[:, 9:])
    kept = cache.select(torch.tensor([1]))
    close(decoder(IDS[1:, 12:14], cache=kept), decoder(IDS[1:, :14])[:, 12:])


def test_a_full_cache_and_a_long_text_are_plain_errors(make):
    decoder = make()
    with pytest.raises(OgiveError, match="room for 8"):
        decoder(IDS, cache=decoder.new_cache(2, 8))
    with pytest.raises(OgiveError, match="context of 64"):
        decoder(torch.zeros(1, 65, dtype=torch.int64))


@torch.no_grad()
def test_left_padding_is_masked_by_place_not_by_id(decoder):
    padded_ids = torch.cat((torch.zeros(2, 3, dtype=torch.int64), IDS[:, :10]), dim=1)
    positions = (torch.arange(13) - 3).clamp(min=0).expand(2, -1)
    mask = (torch.arange(13) >= 3).expand(2, -1)
    close(decoder(padded_ids, positions=positions, mask=mask)[:, 3:], decoder(IDS[:, :10]))


@torch.no_grad()
def test_packed_documents_do_not_see_each_other(decoder):
    document = torch.tensor([0] * 15 + [1] * 25)
    positions = torch.cat((torch.arange(15), torch.arange(25))).expand(2, -1)
    mask = (document[:, None] == document[None, :]).expand(2, -1, -1)
    logits = decoder(IDS, positions=positions, mask=mask)
    close(logits[:, :15], decoder(IDS[:, :15]))
    close(logits[:, 15:], decoder(IDS[:, 15:]))


@torch.no_grad()
def test_plain_products_equal_the_fused_kernel(make, monkeypatch):
    for changes in ({}, {"kv_heads": 2}, {"kv_heads": 1}):
        decoder = make(**changes)
        plain = decoder(IDS)
        monkeypatch.setattr("core.models.decoder.PLAIN_UP_TO", 0)
        close(decoder(IDS), plain)
        monkeypatch.undo()


def test_loss_is_the_sum_of_nats_over_real_labels(decoder):
    labels = IDS.roll(-1, dims=1).clone()
    labels[:, -9:] = -100
    total, count = decoder.loss(IDS, labels)
    logits = decoder(IDS)
    assert logits.shape == (2, 40, 101)
    expected = F.cross_entropy(logits.reshape(-1, 101), labels.reshape(-1), reduction="sum")
    assert count.item() == 2 * 31
    assert total.item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("z_loss", [0.0, 0.01])
@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_chunked_loss_has_the_same_gradients(chunk, z_loss):
    generator = torch.Generator().manual_seed(3)
    hidden = torch.randn(80, 32, generator=generator, requires_grad=True)
    weight = torch.randn(128, 32, generator=generator, requires_grad=True)
    labels = torch.randint(101, (80,), generator=generator)
    labels[::5] = -100
    plain = losses.cross_entropy(hidden @ weight[:101].t(), labels, -100, z_loss)
    expected = torch.autograd.grad(plain * 0.37, (hidden, weight))
    chunked = losses.chunked_cross_entropy(hidden, weight, labels, -100, 101, chunk, z_loss)
    got = torch.autograd.grad(chunked * 0.37, (hidden, weight))
    assert chunked.item() == pytest.approx(plain.item(), rel=1e-6)
    for one, other in zip(got, expected):
        close(one, other, 2e-5)
    assert got[1][101:].abs().max() == 0


def test_weights_start_the_same_from_the_same_seed():
    def first(**changes):
        torch.manual_seed(5)
        return Decoder(ModelSettings(layers=4, hidden_size=64, heads=4, **changes), 101)

    one, two = first(), first()
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters()))
    assert one.embedding.weight.shape[0] == padded(101) == 128
    assert one.embedding.weight[101:].abs().max() == 0
    assert one.blocks[0].attention.qkv.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert one.blocks[0].attention.out.weight.std().item() == pytest.approx(0.02 / math.sqrt(8), rel=0.05)
    still = first(zero_init=True)
    x = still.embedding(IDS)
    assert torch.equal(still.hidden(IDS), still.norm(x))


def test_recomputing_activations_changes_no_gradient(make):
    decoder = make().train()
    grads = []
    for checkpointing in (False, True):
        decoder.zero_grad()
        decoder.gradient_checkpointing = checkpointing
        decoder.loss(IDS, IDS.roll(-1, dims=1))[0].backward()
        grads.append([weight.grad.clone() for weight in decoder.parameters()])
    for one, other in zip(*grads):
        close(one, other)


def test_dropout_acts_only_while_training(make):
    decoder = make(dropout=0.3)
    close(decoder(IDS), decoder(IDS), 1e-9)
    decoder.train()
    assert (decoder(IDS) - decoder(IDS)).abs().max() > 1e-3


def test_bf16_stays_near_fp32(decoder):
    with torch.no_grad():
        exact = decoder(IDS)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = decoder(IDS)
    assert F.cosine_similarity(exact.flatten(), rough.float().flatten(), dim=0) > 0.995
    decoder.to(torch.bfloat16)
    with torch.no_grad():
        cast = decoder(IDS)
    assert cast.dtype == torch.bfloat16
    assert F.cosine_similarity(exact.flatten(), cast.float().flatten(), dim=0) > 0.995


def test_the_loss_is_one_graph_for_the_compiler(make):
    decoder = make(layers=1, kv_heads=2, qk_norm=True, feedforward="relu2").train()
    expected, _ = decoder.loss(IDS, IDS)
    compiled = torch.compile(decoder.loss, backend="eager", fullgraph=True, dynamic=False)
    found, count = compiled(IDS, IDS)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    assert count.item() == IDS.numel()
