"""What an adapter reads: the leading directions of its layers' inputs, each with the same energy."""

from __future__ import annotations

import pytest
import torch

from core import adapters
from core.models.decoder import Decoder
from core.settings.model import ModelSettings
from core.settings.steering import SteeringAdapter
from core.steering import directions
from core.steering.lesson import Lesson


def adapted(hidden: int = 48, rank: int = 4):
    torch.manual_seed(0)
    model = Decoder(ModelSettings(layers=2, hidden_size=hidden, heads=2, ffn_size=96, context=64), 300).eval()
    return adapters.attach(model, SteeringAdapter(rank=rank)).eval()


def texts(count: int = 6, length: int = 40) -> list[Lesson]:
    draw = torch.Generator().manual_seed(1)
    return [Lesson((5,), (tuple(torch.randint(300, (length,), generator=draw).tolist()),), None) for _ in range(count)]


def inputs_of(model, lessons) -> dict[str, torch.Tensor]:
    found, hooks = {}, []
    for name, module in model.named_modules():
        if hasattr(module, "lora_A"):

            def keep(_, arguments, name=name):
                found[name] = arguments[0].detach().flatten(0, -2).double()

            hooks.append(module.register_forward_pre_hook(keep))
    with torch.no_grad():
        directions.Scorer(model)(lessons)
    for hook in hooks:
        hook.remove()
    return found


def test_rows_are_the_leading_directions_and_read_with_equal_energy():
    model, lessons = adapted(), texts()
    seen = inputs_of(model, lessons)
    layers = dict(model.named_modules())
    energy = {}
    for name, x in seen.items():
        energy[name] = float((x @ layers[name].lora_A["default"].weight.detach().double().t()).square().sum(-1).mean())
    directions.aim(model, lessons)
    for name, x in seen.items():
        matrix = layers[name].lora_A["default"].weight.detach().double()
        read = (x @ matrix.t()).square().mean(0)
        assert read.sum() == pytest.approx(energy[name], rel=0.02)
        assert read.max() < 1.1 * read.min()
        exact = torch.linalg.svd(x, full_matrices=False).Vh[:4]
        unit = matrix / matrix.norm(dim=1, keepdim=True)
        # All that the exact vectors hold of the inputs is held by the rows, though close ones may be mixed.
        assert (x @ unit.t()).square().sum() > 0.99 * (x @ exact.t()).square().sum()


def test_the_adapter_still_changes_nothing_and_is_the_same_again():
    model, again, lessons = adapted(), adapted(), texts()
    with torch.no_grad():
        plain = directions.Scorer(model)(lessons)[0].logps
        for one in (model, again):
            torch.manual_seed(3)
            directions.aim(one, lessons)
        assert torch.equal(directions.Scorer(model)(lessons)[0].logps, plain)
    state, other = adapters.adapter_state(model), adapters.adapter_state(again)
    assert all(torch.equal(state[name], other[name]) for name in state)


def test_a_rank_beyond_the_inputs_keeps_the_other_rows():
    model = adapted(hidden=16, rank=24)
    before = adapters.adapter_state(model)
    directions.aim(model, texts())
    after = adapters.adapter_state(model)
    name = next(name for name in after if "lora_A" in name and after[name].shape[1] == 16)
    assert torch.equal(after[name][16:], before[name][16:])
    assert not torch.equal(after[name][:16], before[name][:16])
    assert all(tensor.isfinite().all() for tensor in after.values())
