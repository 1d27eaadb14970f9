"""8-bit AdamW with the real bitsandbytes where it is installed; a plain sentence where it cannot be."""

import importlib.util
import sys

import pytest
import torch
from torch import nn

from core.errors import OgiveError
from core.optim.adamw import AdamW
from core.optim.eightbit import AdamW8bit, PagedAdamW8bit
from core.optim.parameters import sort_parameters

needs_library = pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is None, reason="extra gpu")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(64, 128)
        self.head = nn.Linear(128, 8)

    def forward(self, x):
        return self.head(self.up(x).relu())


def net(device="cpu"):
    torch.manual_seed(0)
    return Net().to(device)


def gradients(model, seed):
    model.zero_grad(set_to_none=True)
    x = torch.randn(16, 64, generator=torch.Generator().manual_seed(seed)).to(model.up.weight.device)
    model(x).square().mean().backward()


def test_it_is_told_when_the_package_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "bitsandbytes.optim", None)
    with pytest.raises(OgiveError, match="bitsandbytes, which is not installed"):
        AdamW8bit(sort_parameters(net()), lr=0.01)


def test_paging_needs_cuda():
    with pytest.raises(OgiveError, match="needs a CUDA device, and this is CPU"):
        PagedAdamW8bit(sort_parameters(net()), lr=0.01)
    with pytest.raises(OgiveError, match="needs a CUDA device, and this is META"):
        AdamW8bit(sort_parameters(net().to("meta")), lr=0.01)


@needs_library
@pytest.mark.parametrize(
    ("make", "device"),
    [
        (AdamW8bit, "cpu"),
        pytest.param(AdamW8bit, "cuda", marks=pytest.mark.gpu),
        pytest.param(PagedAdamW8bit, "cuda", marks=pytest.mark.gpu),
    ],
)
def test_near_adamw_gated_and_resumed(make, device):
    mine, theirs, start = net(device), net(device), net(device)
    optimizer = make(sort_parameters(mine), lr=0.01, weight_decay=0.1)
    exact = AdamW(sort_parameters(theirs), lr=0.01, weight_decay=0.1)
    scale = torch.tensor(2.0, device=device)
    for step in range(6):
        for model, each in ((mine, optimizer), (theirs, exact)):
            gradients(model, step)
            each.step(1.0 - step / 10, scale, torch.tensor(0.0, device=device))
    for a, b, first in zip(mine.parameters(), theirs.parameters(), start.parameters(), strict=True):
        assert (a - b).norm() < 0.1 * (b - first).norm()
    state = {name: tensor.detach().cpu().clone() for name, tensor in optimizer.state_tensors().items()}
    assert state["adamw8bit.state1.up.weight"].dtype == torch.uint8
    assert state["adamw8bit.state1.up.bias"].dtype == torch.float32
    before = [p.detach().clone() for p in mine.parameters()]
    gradients(mine, 9)
    mine.up.weight.grad[0, 0] = float("nan")
    optimizer.step(1.0, skip=torch.tensor(1.0, device=device))
    assert all(torch.equal(a, b) for a, b in zip(before, mine.parameters(), strict=True))
    assert all(torch.equal(state[name], tensor.cpu()) for name, tensor in optimizer.state_tensors().items())

    resumed = net(device)
    resumed.load_state_dict(mine.state_dict())
    other = make(sort_parameters(resumed), lr=0.01, weight_decay=0.1)
    other.load_state_tensors(state)
    for model, each in ((mine, optimizer), (resumed, other)):
        gradients(model, 10)
        each.step(1.0)
    assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), resumed.parameters(), strict=True))
