"""Mixture of experts: all at once equals one by one, no token is lost, and the router's losses reach training."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from core.models.experts import Experts
from core.models.feedforward import ReLU, SwiGLU
from core.models.grouped import grouped
from core.optim.parameters import sort_parameters

IDS = torch.randint(101, (2, 40), generator=torch.Generator().manual_seed(1))
TOPK = {"name": "topk", "count": 4, "active": 2}


def build(size=24, inner=16, activation=None, bias=False, **options) -> Experts:
    defaults = {"count": 4, "active": 2, "renormalise": True, "balance": 0.01, "z_loss": 0.001}
    torch.manual_seed(0)
    experts = Experts(size, inner, bias, activation or SwiGLU(), **{**defaults, **options})
    for weight in experts.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return experts


def one_by_one(experts: Experts, x: torch.Tensor) -> torch.Tensor:
    """The same, an expert at a time and every expert over every token."""
    shares = experts.router(x).float().softmax(dim=-1)
    best, index = shares.topk(experts.active, dim=-1)
    if experts.renormalise:
        best = best / best.sum(dim=-1, keepdim=True)
    weights = torch.zeros_like(shares).scatter(-1, index, best)
    ups = experts.up.weight.view(experts.count, experts.up.out_features, -1)
    downs = experts.down.weight.view(experts.count, experts.down.out_features, -1)
    total = torch.zeros_like(x)
    for number in range(experts.count):
        up_bias = None if experts.up.bias is None else experts.up.bias.view(experts.count, -1)[number]
        down_bias = None if experts.down.bias is None else experts.down.bias.view(experts.count, -1)[number]
        inner = experts.activation(F.linear(x, ups[number], up_bias))
        total = total + weights[..., number, None] * F.linear(inner, downs[number], down_bias)
    return total


@pytest.mark.parametrize(
    ("size", "inner", "options"),
    [
        (24, 16, {}),
        (24, 16, {"renormalise": False, "active": 1}),
        (24, 16, {"bias": True, "activation": ReLU(), "count": 7, "active": 3}),
        (22, 11, {"bias": True}),  # Rows of no whole 16 bytes: the batched product.
    ],
)
def test_all_at_once_equals_one_by_one(size, inner, options):
    experts = build(size, inner, **options)
    x = torch.randn(2, 33, size, requires_grad=True)
    together, penalty = experts.eval()(x)
    apart = one_by_one(experts, x)
    assert penalty is None
    assert (together - apart).abs().max() < 1e-5
    slope = torch.randn_like(apart)
    wanted = [x, *experts.parameters()]
    for got, expected in zip(
        torch.autograd.grad((together * slope).sum(), wanted), torch.autograd.grad((apart * slope).sum(), wanted)
    ):
        assert (got - expected).abs().max() < 1e-4


def test_the_two_products_are_one():
    torch.manual_seed(0)
    x, weight = torch.randn(50, 16), torch.randn(6, 8, 16)
    owner = torch.tensor([0] * 13 + [2] * 30 + [5] * 7)
    ends = torch.searchsorted(owner, torch.arange(6), right=True)
    expected = torch.stack([x[i] @ weight[owner[i]].t() for i in range(50)])
    assert (grouped(x, weight, ends) - expected).abs().max() < 1e-5
    precise = grouped(x.double(), weight.double(), ends)
    assert precise.dtype == torch.float64
    assert (precise - expected).abs().max() < 1e-5
    odd = grouped(x[:, :15], weight[:, :7, :15], ends)
    assert (odd - torch.stack([x[i, :15] @ weight[owner[i], :7, :15].t() for i in range(50)])).abs().max() < 1e-5


def test_a_token_alone_and_an_expert_without_tokens():
    experts = build(count=64, active=2).eval()
    x = torch.randn(1, 1, 24)
    assert (experts(x)[0] - one_by_one(experts, x)).abs().max() < 1e-5


def test_router_losses_are_those_of_the_papers():
    experts = build(balance=0.5, z_loss=0.25).train()
    x = torch.randn(3, 20, 24)
    _, penalty = experts(x)
    logits = experts.router(x.view(-1, 24))
    shares = logits.softmax(-1)
    chosen = shares.topk(2).indices
    load = torch.stack([(chosen == number).float().sum() / 120 for number in range(4)])
    expected = 0.5 * 4 * (load * shares.mean(0)).sum() + 0.25 * logits.logsumexp(-1).square().mean()
    assert penalty.item() == pytest.approx(expected.item(), rel=1e-5)
    with torch.no_grad():
        experts.router.weight.zero_()
    even, _ = build(balance=1.0, z_loss=0.0).train(), None
    even.router.weight.data.mul_(1e-4)
    assert even(x)[1].item() == pytest.approx(1.0, abs=0.01)


def test_router_losses_reach_the_loss_that_is_trained(make):
    labels = IDS.roll(-1, dims=1)
    plain = make(experts={**TOPK, "balance": 0.0, "z_loss": 0.0})
    asked = make(experts={**TOPK, "balance": 1.0, "z_loss": 0.1})
    nats, count = asked.eval().loss(IDS, labels)
    assert nats.item() == pytest.approx(plain.train().loss(IDS, labels)[0].item(), rel=1e-6)
    total, _ = asked.train().loss(IDS, labels)
    assert total.item() - nats.item() == pytest.approx(count.item() * asked.read(IDS)[1].item(), rel=1e-4)
    name = "blocks.1.feedforward.router.weight"
    slopes = [torch.autograd.grad(d.loss(IDS, labels)[0], d.get_parameter(name))[0] for d in (plain, asked)]
    assert (slopes[0] - slopes[1]).abs().max() > 1e-3


def test_the_z_loss_is_part_of_training_only(make):
    labels = IDS.roll(-1, dims=1)
    decoder = make(z_loss=0.01)
    nats, _ = decoder.eval().loss(IDS, labels)
    added = 0.01 * decoder(IDS).logsumexp(-1).square().sum()
    assert decoder.train().loss(IDS, labels)[0].item() == pytest.approx((nats + added).item(), rel=1e-5)


def test_balance_evens_out_the_load(make):
    decoder = make(layers=1, experts={"name": "topk", "count": 4, "active": 1, "renormalise": False, "balance": 1.0})
    experts = decoder.blocks[0].feedforward.train()
    optimizer = torch.optim.Adam(experts.router.parameters(), 0.01)
    x = torch.randn(4, 64, 64) + 3.0

    def uneven() -> float:
        chosen = experts.router(x).argmax(-1).flatten()
        return (torch.bincount(chosen, minlength=4) / chosen.numel()).max().item()

    before = uneven()
    for _ in range(100):
        optimizer.zero_grad()
        experts(x)[1].backward()
        optimizer.step()
    assert uneven() < before - 0.1


def test_muon_sees_each_expert_s_matrices(make):
    decoder = make(layers=1, experts=TOPK, ffn_bias=True)
    sorted_ = sort_parameters(decoder)
    name = "blocks.0.feedforward.up.weight"
    assert name in sorted_.hidden
    assert sorted_.parts[name] == (176,) * 8
    assert sorted_.parts["blocks.0.feedforward.down.weight"] == (64,) * 4
    assert "blocks.0.feedforward.up.bias" in sorted_.rest
    assert "blocks.0.feedforward.router.weight" in sorted_.hidden


@pytest.mark.parametrize("backend", ["eager", pytest.param("aot_eager", marks=pytest.mark.slow)])
@pytest.mark.parametrize("ffn_size", [40, 33])
def test_the_loss_with_experts_is_one_graph_for_the_compiler(make, ffn_size, backend):
    decoder = make(layers=1, experts=TOPK, window=9, positions="alibi", z_loss=1e-3, ffn_size=ffn_size).train()
    expected, _ = decoder.loss(IDS, IDS)
    expected.backward()
    slopes = [weight.grad.clone() for weight in decoder.parameters()]
    decoder.zero_grad()
    compiled = torch.compile(decoder.loss, backend=backend, fullgraph=True, dynamic=False)
    total, _ = compiled(IDS, IDS)
    total.backward()
    assert total.item() == pytest.approx(expected.item(), rel=1e-5)
    for weight, slope in zip(decoder.parameters(), slopes, strict=True):
        assert (weight.grad - slope).abs().max() < 1e-3 * slope.abs().max() + 1e-5


def test_experts_in_bf16_stay_near_fp32(make):
    decoder = make(experts=TOPK).train()
    exact, count = decoder.loss(IDS, IDS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough, _ = decoder.loss(IDS, IDS)
    rough.backward()
    assert abs(exact.item() - rough.item()) / count.item() < 0.05
    assert decoder.blocks[0].feedforward.up.weight.grad.isfinite().all()
