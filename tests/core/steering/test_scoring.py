"""Groups scored in one row equal replies scored one at a time, for every kind of place and for foreign models."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.models.decoder import Decoder
from core.settings.model import ModelSettings
from core.steering.lesson import Lesson
from core.steering.scoring import Scorer

VOCAB = 61
LESSONS = (
    Lesson((1, 2, 3), ((4, 5, 6, 7, 8), (9, 10), (11, 12, 13)), 1, 0.8),
    Lesson((14, 15), ((16, 17, 18), (19,)), None, 1.2),
    Lesson((20,), ((21, 22, 23, 24),), 0, 0.0),
)


def decoder(**changes) -> Decoder:
    torch.manual_seed(0)
    settings = ModelSettings(layers=2, hidden_size=32, heads=4, ffn_size=64, context=16, **changes)
    model = Decoder(settings, VOCAB).double().eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(10.0)
    return model


def llama() -> nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCAB,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config).double().eval()


def alone(model: nn.Module, lesson: Lesson) -> list[list[float]]:
    """Each token's log-probability, one reply at a time by the plain forward pass."""
    found = []
    for reply in lesson.completions:
        ids = torch.tensor([lesson.prompt_ids + reply])
        output = model(ids) if isinstance(model, Decoder) else model(input_ids=ids).logits
        logps = (output[0] / (lesson.temperature or 1.0)).log_softmax(-1)
        start = len(lesson.prompt_ids) - 1
        found.append([logps[start + t, token].item() for t, token in enumerate(reply)])
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kv_heads": 2, "qk_norm": True},
        {"positions": "learned", "norm": "layernorm", "feedforward": "gelu", "bias": True, "tied": False},
        {"positions": {"name": "rope", "recency": 0.5}},
        {"positions": "sinusoidal"},
        {"positions": "alibi"},
        {"window": 3},
        None,
    ],
    ids=["plain", "grouped", "gpt2", "recency", "sinusoidal", "alibi", "window", "llama"],
)
@pytest.mark.parametrize("lessons", [LESSONS, LESSONS[:1], LESSONS[1:]], ids=["three", "one", "two"])
def test_together_as_alone(changes, lessons):
    model = llama() if changes is None else decoder(**changes)
    scores = Scorer(model)(lessons)
    for found, lesson in zip(scores, lessons, strict=True):
        for row, logps in enumerate(alone(model, lesson)):
            assert found.mask[row].sum() == len(logps)
            assert found.logps[row][found.mask[row]].tolist() == pytest.approx(logps, abs=1e-9)
            assert found.logps[row][~found.mask[row]].abs().sum() == 0.0


def test_gradients_together_as_alone():
    model = decoder(kv_heads=2)
    Scorer(model)(LESSONS)[0].mean()[1].backward()
    together = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    Scorer(model)([Lesson((1, 2, 3), ((9, 10),), 0, 0.8)])[0].mean()[0].backward()
    for name, weight in model.named_parameters():
        assert torch.allclose(together[name], weight.grad, atol=1e-10), name


def test_a_group_longer_than_the_context_still_fits_in_one_row():
    model = decoder()
    lesson = Lesson(tuple(range(1, 7)), tuple(tuple(range(k, k + 10)) for k in range(10, 14)), 0)
    assert len(lesson.prompt_ids) + sum(map(len, lesson.completions)) > model.settings.context
    found = Scorer(model)([lesson])[0]
    assert found.logps[2].tolist() == pytest.approx(alone(model, lesson)[2], abs=1e-9)
