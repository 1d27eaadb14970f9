"""Sizes by one dial, and shapes of other projects."""

from __future__ import annotations

import re

import pytest
import torch

from core.errors import OgiveError
from core.models.counting import count
from core.models.decoder import Decoder
from core.models.presets import DEEPEST, by_depth
from core.settings.load import load_run, load_subject
from core.settings.names import list_settings
from core.workspace import Workspace

SHIPPED = Workspace.find("/nonexistent")


@pytest.mark.parametrize("depth", [*range(1, 33), 40, DEEPEST])
def test_the_dial_turns_everything_one_way(depth):
    less, more = by_depth(depth, 4096), by_depth(min(depth + 1, DEEPEST), 4096)
    assert less.model.hidden_size == less.model.heads * less.model.head_size_resolved == 64 * depth
    assert less.parameters == count(less.model, 4096).parameters <= more.parameters
    assert less.lr >= more.lr > 0
    assert 20 * less.parameters <= less.tokens <= 20.2 * less.parameters
    assert less.tokens == less.steps * less.batch_size * less.model.context
    assert less.warmup < less.steps / 5


def test_the_ends_of_the_dial():
    assert 1e6 < by_depth(3).parameters < 2e6
    assert 0.9e9 < by_depth(28, 32768).parameters < 1.3e9
    with pytest.raises(OgiveError, match="depth 0"):
        by_depth(0)


def test_shipped_presets_are_the_dial_s():
    found = {}
    for stored in list_settings(SHIPPED, "model"):
        said = re.search(r"vocabulary of (\d+); the dial at depth (\d+)", stored.description)
        if said:
            found[int(said[2])] = by_depth(int(said[2]), int(said[1])).parameters
            assert load_subject("model", stored.name, SHIPPED) == by_depth(int(said[2]), int(said[1])).model
    assert min(found.values()) < 2e6
    assert max(found.values()) > 1e9
    assert len(found) >= 8


@pytest.mark.parametrize(
    ("name", "vocab_size", "parameters"),
    [
        ("gothic", 4096, 27_533_824),  # 8 x 12 x 512^2 + (4096 + 512) x 512 + 17 x 512
        ("nanogpt", 50304, 123_587_328 + 1024 * 768),  # as it prints, which leaves places out
        ("nanogpt-characters", 65, 10_646_784 + 256 * 384 + 63 * 384),  # as it prints; places; 65 padded to 128
        ("llm-lab", 151936, 494_032_768 - 24 * (896 + 2 * 128) + 24 * 2 * 64),  # Qwen2.5's, its biases, our QK-norm
    ],
)
def test_shapes_of_other_projects_are_exact(name, vocab_size, parameters):
    settings = load_subject("model", name, SHIPPED)
    assert count(settings, vocab_size).parameters == parameters
    with torch.device("meta"):
        assert sum(weight.numel() for weight in Decoder(settings, vocab_size).parameters()) == parameters


def test_a_preset_trains(tmp_path):
    preset = by_depth(1, 300)
    torch.manual_seed(0)
    decoder = Decoder(preset.model, 300).train()
    optimizer = torch.optim.AdamW(decoder.parameters(), preset.lr)
    ids = torch.randint(300, (4, 33), generator=torch.Generator().manual_seed(1))
    losses = []
    for _ in range(12):
        loss, number = decoder.loss(ids[:, :-1], ids[:, 1:])
        (loss / number).backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item() / number.item())
    assert losses[-1] < losses[0] - 0.5
    recipe = load_run("demo", SHIPPED)
    tree = recipe.model_dump()
    tree["training"] |= preset.training
    assert type(recipe).model_validate(tree).training.lr == preset.lr
