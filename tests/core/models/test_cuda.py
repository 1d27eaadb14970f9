"""The decoder on a CUDA device beside itself on the CPU: logits, loss by chunks, caches, recomputed activations."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from core.models import decoder as decoders
from core.models import loss as losses

pytestmark = pytest.mark.gpu

IDS = torch.randint(101, (2, 40), generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_logits_equal_those_of_the_cpu(decoder):
    expected = decoder(IDS)
    found = decoder.cuda()(IDS.cuda())
    assert found.shape == expected.shape
    assert (found.cpu() - expected).abs().max() < 1e-3


@torch.no_grad()
def test_bf16_stays_near_fp32(decoder):
    expected = decoder(IDS)
    decoder.cuda()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        rough = decoder(IDS.cuda())
    whole = decoder.to(torch.bfloat16)(IDS.cuda())
    for found in (rough, whole):
        assert F.cosine_similarity(expected.flatten(), found.float().cpu().flatten(), dim=0) > 0.995


@pytest.mark.parametrize("autocast", [False, True])
def test_loss_by_chunks_has_the_gradients_of_the_whole(make, monkeypatch, autocast):
    grads, totals = [], []
    for above in (1 << 40, 0):
        monkeypatch.setattr(decoders, "CHUNK_ABOVE", above)
        monkeypatch.setattr(losses, "CHUNK", 128 * 17)
        decoder = make().cuda().train()
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=autocast):
            total, count = decoder.loss(IDS.cuda(), IDS.roll(-1, dims=1).cuda())
        (total / count).backward()
        totals.append(total.item())
        grads.append(torch.cat([weight.grad.flatten() for weight in decoder.parameters()]))
    assert totals[1] == pytest.approx(totals[0], rel=1e-2 if autocast else 1e-5)
    if autocast:
        assert F.cosine_similarity(grads[0], grads[1], dim=0) > 0.999
    else:
        assert torch.allclose(grads[0], grads[1], atol=1e-5, rtol=1e-4)


def test_loss_by_chunks_never_holds_all_logits(make):
    decoder = make(vocab_size=60_000).cuda().train()
    ids = torch.randint(60_000, (80, 64), device="cuda")
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    decoder.loss(ids, ids)[0].backward()
    whole = 4 * ids.numel() * 60_032
    assert ids.numel() * 60_032 > decoders.CHUNK_ABOVE
    assert torch.cuda.max_memory_allocated() - before < 1.1 * whole


@torch.no_grad()
@pytest.mark.parametrize("static", [False, True])
def test_cached_logits_equal_uncached(decoder, static):
    decoder.cuda()
    ids = IDS.cuda()
    cache = decoder.new_cache(2, 48, static=static)
    steps = [decoder(ids[:, :7], cache=cache)]
    steps += [decoder(ids[:, i : i + 1], cache=cache) for i in range(7, 40)]
    assert (torch.cat(steps, dim=1) - decoder(ids)).abs().max() < 1e-3


@torch.no_grad()
def test_a_captured_step_equals_an_uncaptured_one(decoder):
    decoder.cuda()
    ids = IDS.cuda()
    cache = decoder.new_cache(2, 48, static=True)
    decoder(ids[:, :7], cache=cache)
    token = ids[:, 7:8].clone()
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        decoder(token, cache=cache)
    torch.cuda.current_stream().wait_stream(side)
    cache.crop(7)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        logits = decoder(token, cache=cache)
    # A capture records and does not run: the host counted a token that the device did not read.
    cache.length = 7
    found = []
    for place in range(7, 20):
        token.copy_(ids[:, place : place + 1])
        graph.replay()
        cache.note(1)
        found.append(logits.clone())
    assert cache.length == 20
    assert (torch.cat(found, dim=1) - decoder(ids)[:, 7:20]).abs().max() < 1e-3
