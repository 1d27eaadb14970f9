"""Backward passes by hand against PyTorch's own, and only where they are meant to run."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from core.models import eager


@pytest.mark.parametrize("shape", [(7, 16), (2, 5, 3, 8)])
def test_gradients_equal_those_of_the_plain_operations(shape):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(*shape, generator=generator, requires_grad=True)
    weight = torch.randn(shape[-1], generator=generator, requires_grad=True)
    grad = torch.randn(*shape, generator=generator)
    expected = F.rms_norm(x, weight.shape, weight, 1e-5)
    found = eager.rms_norm(x, weight, 1e-5)
    assert torch.allclose(found, expected, atol=1e-6)
    for one, other in zip(
        torch.autograd.grad(found, (x, weight), grad), torch.autograd.grad(expected, (x, weight), grad)
    ):
        assert torch.allclose(one, other, atol=1e-5)
    expected, found = F.relu(x).square(), eager.relu_squared(x)
    assert torch.equal(found, expected)
    assert torch.allclose(torch.autograd.grad(found, x, grad)[0], torch.autograd.grad(expected, x, grad)[0])


def test_a_second_derivative_is_refused_not_wrong():
    x = torch.randn(3, 4, requires_grad=True)
    scale = torch.ones(3, 4, requires_grad=True)
    (grad,) = torch.autograd.grad((eager.relu_squared(x) * scale).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()


def test_it_runs_only_for_eager_fp32_training_on_cpu():
    x = torch.randn(3, 4, requires_grad=True)
    assert eager.pays(x)
    assert not eager.pays(x.detach())
    assert not eager.pays(x.to(torch.bfloat16))
    assert torch.compile(lambda y: y + 1 if eager.pays(y) else y + 2, backend="eager")(x)[0, 0] == x[0, 0] + 2


def test_a_whole_model_s_gradients_are_the_same(make, monkeypatch):
    ids = torch.randint(101, (2, 40), generator=torch.Generator().manual_seed(1))
    grads = []
    for by_hand in (True, False):
        decoder = make(feedforward="relu2", qk_norm=True, kv_heads=2).train()
        if not by_hand:
            monkeypatch.setattr(eager, "pays", lambda x: False)
        decoder.loss(ids, ids.roll(-1, dims=1))[0].backward()
        grads.append([weight.grad for weight in decoder.parameters()])
    for one, other in zip(*grads):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-4)
