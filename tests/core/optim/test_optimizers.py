"""AdamW and Muon against torch's own; for every optimizer the gate bit for bit, and states that travel."""

import pytest
import torch
from torch import nn

from core import bricks
from core.errors import OgiveError
from core.optim.adafactor import Adafactor
from core.optim.adamw import AdamW
from core.optim.base import build_optimizer
from core.optim.lion import Lion
from core.optim.muon import Muon, newton_schulz
from core.optim.parameters import SortedParameters, sort_parameters
from core.optim.sophia import Sophia
from core.settings.forms import describe
from core.settings.run import RunSettings
from core.settings.training import TrainingSettings

ALL = [AdamW, Muon, Lion, Adafactor, Sophia]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 16)
        self.layers = nn.ModuleList([nn.Linear(16, 16) for _ in range(3)])
        self.up = nn.Linear(16, 40, bias=False)
        self.down = nn.Linear(40, 16, bias=False)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 11, bias=False)

    def forward(self, ids):
        x = self.embedding(ids)
        for layer in self.layers:
            x = x + layer(x).relu()
        return self.head(self.norm(x + self.down(self.up(x).relu())))


def net(seed=0):
    torch.manual_seed(seed)
    return Net()


def gradients(model, seed):
    model.zero_grad(set_to_none=True)
    ids = torch.randint(11, (4, 9), generator=torch.Generator().manual_seed(seed))
    nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()).backward()


def bend(model, optimizer, seed):
    """What the loop does now and then for an optimizer that asks for it."""
    if optimizer.curvature_every:
        gradients(model, 100 + seed)
        optimizer.curvature(36, torch.tensor(0.0))


def same(left, right):
    return all(torch.equal(a.view(torch.int32), b.view(torch.int32)) for a, b in zip(left, right, strict=True))


def test_roles():
    parts = sort_parameters(net())
    assert set(parts.hidden) == {"layers.0.weight", "layers.1.weight", "layers.2.weight", "up.weight", "down.weight"}
    assert {"embedding.weight", "head.weight", "norm.weight", "norm.bias", "layers.0.bias"} <= set(parts.rest)
    tied = net()
    tied.head.weight = tied.embedding.weight
    assert "head.weight" not in sort_parameters(tied).everything()


def test_adamw_equals_torch():
    mine, theirs = net(), net()
    parts = sort_parameters(theirs)
    reference = torch.optim.AdamW(
        [
            {"params": list(parts.hidden.values()), "weight_decay": 0.1},
            {"params": list(parts.rest.values()), "weight_decay": 0.0},
        ],
        lr=0.01,
        betas=(0.9, 0.95),
        eps=1e-8,
    )
    optimizer = AdamW(sort_parameters(mine), lr=0.01, weight_decay=0.1)
    for step in range(5):
        for model in (mine, theirs):
            gradients(model, step)
        for group in reference.param_groups:
            group["lr"] = 0.01 * (1 - step / 10)
        reference.step()
        optimizer.step(1 - step / 10)
    for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_muon_equals_torch():
    mine, theirs = net(), net()
    parts = sort_parameters(theirs)
    muon = torch.optim.Muon(list(parts.hidden.values()), lr=0.02, weight_decay=0.1, momentum=0.95, ns_steps=5)
    adamw = torch.optim.AdamW(parts.rest.values(), lr=0.002, betas=(0.9, 0.95), weight_decay=0.0)
    # torch orthogonalises in bfloat16 everywhere
    optimizer = Muon(sort_parameters(mine), lr=0.02, weight_decay=0.1, dtype=torch.bfloat16)
    for step in range(4):
        for model in (mine, theirs):
            gradients(model, step)
        muon.step()
        adamw.step()
        optimizer.step(1.0)
    for (name, a), b, start in zip(mine.named_parameters(), theirs.parameters(), net().parameters(), strict=True):
        assert (a - b).norm() < 0.02 * (a - start).norm(), name


def test_matrices_that_share_a_weight_are_orthogonalised_apart():
    joined = nn.Linear(16, 40, bias=False)
    joined.parts = (16, 8, 16)
    apart = nn.ModuleList([nn.Linear(16, rows, bias=False) for rows in joined.parts])
    for layer, part in zip(apart, joined.weight.detach().split(joined.parts), strict=True):
        layer.weight.data.copy_(part)
    one, three = (Muon(sort_parameters(model), lr=0.1, weight_decay=0.1) for model in (nn.ModuleList([joined]), apart))
    for step in range(3):
        joined.weight.grad = torch.randn(40, 16, generator=torch.Generator().manual_seed(step))
        for layer, part in zip(apart, joined.weight.grad.split(joined.parts), strict=True):
            layer.weight.grad = part.clone()
        one.step(1.0)
        three.step(1.0)
    torch.testing.assert_close(joined.weight, torch.cat([layer.weight for layer in apart]))
    state = {name: tensor.clone() for name, tensor in one.state_tensors().items()}
    assert state.keys() == {"muon.momentum.0.weight"}
    one.step(1.0)
    one.load_state_tensors(state)
    assert all(torch.equal(tensor, state[name]) for name, tensor in one.state_tensors().items())


@pytest.mark.parametrize("shape", [(5, 8, 20), (5, 20, 8), (2, 16, 16)])
def test_newton_schulz_squares_the_singular_values(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    u, values, v = torch.linalg.svd(matrices, full_matrices=False)
    found = newton_schulz(matrices, 5)
    inner = u.mT @ found @ v.mT
    diagonal = inner.diagonal(dim1=-2, dim2=-1)
    assert (inner - torch.diag_embed(diagonal)).abs().max() < 1e-4
    assert diagonal[values > 0.05 * values.amax(-1, keepdim=True)].sub(1).abs().max() < 0.5


@pytest.mark.parametrize("make", ALL)
def test_scale_divides_gradients(make):
    left, right = net(), net()
    one, two = (make(sort_parameters(m), lr=0.01, weight_decay=0.1) for m in (left, right))
    for step in range(3):
        bend(left, one, step)
        bend(right, two, step)
        gradients(left, step)
        gradients(right, step)
        for parameter in right.parameters():
            parameter.grad.mul_(8)
        one.step(1.0)
        two.step(1.0, scale=torch.tensor(8.0))
    for a, b in zip(left.parameters(), right.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_a_gated_step_changes_no_bit(make, poison):
    model = net()
    with torch.no_grad():
        model.up.weight[0, 0] = -0.0
    optimizer = make(sort_parameters(model), lr=0.01, weight_decay=0.1)
    bend(model, optimizer, 0)
    gradients(model, 0)
    optimizer.step(1.0, skip=torch.tensor(0.0))
    with torch.no_grad():
        model.up.weight[0, 0] = -0.0
    before = [p.detach().clone() for p in model.parameters()]
    state = {name: tensor.clone() for name, tensor in optimizer.state_tensors().items()}
    gradients(model, 1)
    for parameter in model.parameters():
        parameter.grad.view(-1)[0] = poison
    if optimizer.curvature_every:
        optimizer.curvature(36, torch.tensor(1.0))
    optimizer.step(1.0, scale=torch.tensor(poison), skip=torch.tensor(1.0))
    assert same(before, [p.detach() for p in model.parameters()])
    assert same(state.values(), optimizer.state_tensors().values())


@pytest.mark.parametrize("make", ALL)
def test_state_travels_exactly(make):
    straight = net()
    optimizer = make(sort_parameters(straight), lr=0.01, weight_decay=0.1)
    for step in range(3):
        bend(straight, optimizer, step)
        gradients(straight, step)
        optimizer.step(1.0)
    resumed = net(5)
    resumed.load_state_dict(straight.state_dict())
    other = make(sort_parameters(resumed), lr=0.01, weight_decay=0.1)
    other.load_state_tensors({name: tensor.clone() for name, tensor in optimizer.state_tensors().items()})
    for model, each in ((straight, optimizer), (resumed, other)):
        bend(model, each, 3)
        gradients(model, 3)
        each.step(0.5)
    assert same([p.detach() for p in straight.parameters()], [p.detach() for p in resumed.parameters()])


def test_a_foreign_state_is_refused():
    model = net()
    adamw = AdamW(sort_parameters(model), lr=0.01)
    muon = Muon(sort_parameters(model), lr=0.01)
    with pytest.raises(OgiveError, match=r"muon\.momentum.*missing"):
        muon.load_state_tensors(adamw.state_tensors())
    wrong = {name: torch.zeros(3) for name in adamw.state_tensors()}
    with pytest.raises(OgiveError, match="shape"):
        adamw.load_state_tensors(wrong)


@pytest.mark.parametrize("make", [AdamW, Lion, Adafactor, Sophia])
def test_only_hidden_matrices_decay(make):
    model = net()
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    make(sort_parameters(model), lr=0.1, weight_decay=0.5).step(1.0)
    hidden = sort_parameters(model).hidden
    for name, parameter in model.named_parameters():
        if name in hidden:
            torch.testing.assert_close(parameter.detach(), before[name] * 0.95)
        else:
            assert torch.equal(parameter, before[name])


def test_built_from_settings():
    training = TrainingSettings(optimizer={"name": "muon", "newton_schulz_steps": 3, "adamw_lr": 0.004}, lr=0.03)
    optimizer = build_optimizer(net(), training)
    assert isinstance(optimizer, Muon)
    assert isinstance(build_optimizer(net(), TrainingSettings()), AdamW)
    for name, make in (("lion", Lion), ("adafactor", Adafactor), ("sophia", Sophia)):
        assert type(build_optimizer(net(), TrainingSettings(optimizer=name))) is make
    lonely = Muon(SortedParameters(sort_parameters(net()).hidden, {}), lr=0.1)
    assert all(name.startswith("muon.") for name in lonely.state_tensors())


@pytest.mark.parametrize("make", ALL)
def test_forgetting_is_as_new(make):
    used, fresh = net(), net()
    optimizer, other = (make(sort_parameters(model), lr=0.01) for model in (used, fresh))
    for step in range(2):
        gradients(used, step)
        optimizer.step(1.0)
    used.load_state_dict(fresh.state_dict())
    optimizer.reset()
    for model, each in ((used, optimizer), (fresh, other)):
        bend(model, each, 7)
        gradients(model, 7)
        each.step(1.0)
    assert same([p.detach() for p in used.parameters()], [p.detach() for p in fresh.parameters()])


def test_rates_that_are_left_empty_are_the_optimizers_own():
    for name in bricks.OPTIMIZERS:
        training = TrainingSettings(optimizer=name)
        own = bricks.OPTIMIZERS[name].defaults
        assert (training.lr_resolved, training.weight_decay_resolved) == (own["lr"], own["weight_decay"])
    given = TrainingSettings(optimizer="lion", lr=0.5, weight_decay=0.0)
    assert (given.lr_resolved, given.weight_decay_resolved) == (0.5, 0.0)
    shown = {info.path: info for info in describe(RunSettings(training={"optimizer": "muon"}))}
    assert shown["training.lr"].stands_for == 0.02
    assert shown["training.steps"].stands_for is None
