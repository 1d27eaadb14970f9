"""Lion, Sophia and Adafactor against other implementations and against their formulas, in fp32 and fp64."""

import pytest
import torch
from pytorch_optimizer import Lion as TheirLion
from pytorch_optimizer import SophiaH
from torch import nn

from core.optim.adafactor import Adafactor
from core.optim.lion import Lion
from core.optim.parameters import SortedParameters
from core.optim.sophia import Sophia

TOLERANCE = {torch.float32: {"rtol": 1e-5, "atol": 1e-6}, torch.float64: {"rtol": 1e-11, "atol": 1e-12}}
STEPS = 12


def parameters(dtype):
    """Two matrices of one shape, one of another, a table and a vector."""
    draw = torch.Generator().manual_seed(4)
    shapes = {"a": (6, 10), "b": (6, 10), "c": (12, 5), "table": (9, 6), "bias": (7,)}
    made = {name: nn.Parameter(torch.randn(shape, generator=draw, dtype=dtype)) for name, shape in shapes.items()}
    hidden = {name: made[name] for name in "abc"}
    return made, SortedParameters(hidden, {name: made[name] for name in ("table", "bias")})


def draw_gradients(made, seed, spread=1.0):
    draw = torch.Generator().manual_seed(seed)
    return {
        name: spread * torch.randn(p.shape, generator=draw, dtype=torch.float64).to(p.dtype) for name, p in made.items()
    }


def give(made, found):
    for name, parameter in made.items():
        parameter.grad = found[name].clone()


def groups(made, decay):
    return [
        {"params": [made[name] for name in "abc"], "weight_decay": decay},
        {"params": [made["table"], made["bias"]], "weight_decay": 0.0},
    ]


def share(step):
    return 1.0 - step / (2 * STEPS)


def equal(mine, theirs, dtype):
    for name, parameter in mine.items():
        torch.testing.assert_close(parameter, theirs[name], **TOLERANCE[dtype], msg=lambda text, name=name: name + text)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lion_equals_another(dtype):
    mine, sorted_parameters = parameters(dtype)
    theirs, _ = parameters(dtype)
    optimizer = Lion(sorted_parameters, lr=0.01, weight_decay=0.3, beta1=0.92, beta2=0.98)
    reference = TheirLion(groups(theirs, 0.3), lr=0.01, betas=(0.92, 0.98), weight_decouple=True)
    for step in range(STEPS):
        found = draw_gradients(mine, step)
        give(mine, found)
        give(theirs, found)
        for group in reference.param_groups:
            group["lr"] = 0.01 * share(step)
        reference.step()
        optimizer.step(share(step))
    equal(mine, theirs, dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sophia_equals_another(dtype):
    """SophiaH with the Gauss-Newton-Bartlett estimate handed to it, and a clip at 1: rho scales the curvature."""
    mine, sorted_parameters = parameters(dtype)
    theirs, _ = parameters(dtype)
    count, rho = 128, 0.04
    optimizer = Sophia(sorted_parameters, lr=0.01, weight_decay=0.2, rho=rho, every=3, eps=1e-12)
    reference = SophiaH(groups(theirs, 0.2), lr=0.01, betas=(0.965, 0.99), p=1.0, update_period=3, eps=1e-12)
    clipped = 0
    for step in range(STEPS):
        estimate = None
        if step % optimizer.curvature_every == 0:
            drawn = draw_gradients(mine, 500 + step, spread=0.5)
            give(mine, drawn)
            optimizer.curvature(count)
            order = [name for group in (("a", "b", "c"), ("table", "bias")) for name in group]
            estimate = [rho * count * drawn[name].square() for name in order]
        found = draw_gradients(mine, step)
        before = mine["table"].detach().clone()
        give(mine, found)
        give(theirs, found)
        for group in reference.param_groups:
            group["lr"] = 0.01 * share(step)
        reference.step(hessian=estimate)
        optimizer.step(share(step))
        moved = ((mine["table"].detach() - before) / (0.01 * share(step))).abs()
        assert moved.max() < 1.0 + 1e-4
        clipped += int((moved > 1.0 - 1e-4).sum())
    equal(mine, theirs, dtype)
    assert 0 < clipped < STEPS * mine["table"].numel()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("lr", [0.01, 0.9])
def test_adafactor_equals_torch(dtype, lr):
    """At 0.9 the bound 1 / sqrt(step) on the relative step takes hold."""
    mine, sorted_parameters = parameters(dtype)
    theirs, _ = parameters(dtype)
    optimizer = Adafactor(sorted_parameters, lr=lr, weight_decay=0.1, beta2_decay=-0.7, threshold=1.1, smallest=1e-2)
    reference = torch.optim.Adafactor(groups(theirs, 0.1), lr=lr, beta2_decay=-0.7, d=1.1, eps=(None, 1e-2))
    for step in range(STEPS):
        found = draw_gradients(mine, step, spread=1.0 if step % 4 else 30.0)
        found["bias"] *= 1e-3
        give(mine, found)
        give(theirs, found)
        for group in reference.param_groups:
            group["lr"] = lr * share(step)
        reference.step()
        optimizer.step(share(step))
    equal(mine, theirs, dtype)


def test_adafactor_keeps_rows_and_columns_only():
    _, sorted_parameters = parameters(torch.float32)
    state = Adafactor(sorted_parameters, lr=0.01).state_tensors()
    assert state["adafactor.rows.a"].shape == (6, 1)
    assert state["adafactor.columns.a"].shape == (1, 10)
    assert state["adafactor.square.bias"].shape == (7,)
    assert sum(tensor.numel() for tensor in state.values()) == 1 + 2 * 16 + 17 + 15 + 7


def test_adafactor_after_a_first_step_that_was_skipped():
    mine, sorted_parameters = parameters(torch.float32)
    theirs, others = parameters(torch.float32)
    gated, plain = Adafactor(sorted_parameters, lr=0.01), Adafactor(others, lr=0.01)
    give(mine, {name: torch.full_like(p, float("nan")) for name, p in mine.items()})
    gated.step(1.0, skip=torch.tensor(1.0))
    for step in range(2):
        found = draw_gradients(mine, step)
        give(mine, found)
        give(theirs, found)
        gated.step(1.0, skip=torch.tensor(0.0))
        plain.step(1.0)
    equal(mine, theirs, torch.float32)
