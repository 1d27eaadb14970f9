"""Every pair of bricks works together: trains, recomputes, saves and loads, decodes from its cache, carries an adapter.

`cover` picks few combinations in which every two choices of different kinds meet; the whole product is walked by
`tests/benchmarks/every_combination.py`, with the same `check`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch

from core import adapters, bricks
from core.errors import OgiveError
from core.models.decoder import Decoder
from core.models.folder import load_decoder, save_model
from core.optim.base import build_optimizer
from core.settings.adapter import LoraSettings
from core.settings.model import ModelSettings
from core.settings.training import TrainingSettings
from core.training.objectives.base import Batch
from core.training.objectives.language import Language
from core.training.step import Stepper

VOCAB, CONTEXT, TIME, STEPS = 50, 16, 12, 3
TOPK = {"name": "topk", "count": 3, "active": 2}
Choice = Mapping[str, Any]


def usable(table: bricks.Table) -> list[str]:
    """The optimizers that this machine can run."""
    found = []
    for name in table:
        try:
            build_optimizer(
                Decoder(ModelSettings(layers=1, hidden_size=16, heads=2), VOCAB), TrainingSettings(optimizer=name)
            )
        except OgiveError:
            continue
        found.append(name)
    return found


FACTORS: dict[str, list[Any]] = {
    "positions": [*bricks.POSITIONS, {"name": "rope", "recency": 1.0}],
    "feedforward": list(bricks.FEEDFORWARDS),
    "norm": list(bricks.NORMS),
    "kv_heads": [4, 2, 1],
    "experts": ["none", TOPK, {**TOPK, "active": 1, "renormalise": False}],
    "window": [None, 5],
    "qk_norm": [False, True],
    "embedding_norm": [False, True],
    "tied": [True, False],
    "bias": [False, True],
    "qkv_bias": [None, True],
    "dropout": [0.0, 0.1],
    "attention_dropout": [None, 0.2],
    "z_loss": [0.0, 1e-3],
    "zero_init": [False, True],
    "ffn_size": [None, 33],
    "optimizer": usable(bricks.OPTIMIZERS),
}


def cover(factors: Mapping[str, list[Any]], seed: int = 0, tries: int = 40) -> Iterator[Choice]:
    """Combinations in which every two values of different factors meet: each the best of a few greedy drafts."""
    draw = random.Random(seed)
    names = list(factors)
    missing = {
        ((a, i), (b, j))
        for a, b in itertools.combinations(names, 2)
        for i in range(len(factors[a]))
        for j in range(len(factors[b]))
    }

    def gained(row: Mapping[str, int]) -> int:
        return sum(pair in missing for pair in _pairs(row, names))

    while missing:
        best: dict[str, int] = {}
        for _ in range(tries):
            (first, i), (second, j) = draw.choice(sorted(missing))
            row = {first: i, second: j}
            for name in draw.sample(names, len(names)):
                if name not in row:
                    options = list(range(len(factors[name])))
                    draw.shuffle(options)
                    row[name] = max(options, key=lambda option, name=name: gained({**row, name: option}))
            if not best or gained(row) > gained(best):
                best = row
        missing -= set(_pairs(best, names))
        yield {name: factors[name][best[name]] for name in names}


def _pairs(row: Mapping[str, int], names: list[str]) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    given = [(name, row[name]) for name in names if name in row]
    return itertools.combinations(given, 2)


def label(choice: Choice) -> str:
    """The choices that are not the first of their kind, in few letters."""
    shown = []
    for name, value in choice.items():
        if value != FACTORS[name][0]:
            text = "-".join(map(str, value.values())) if isinstance(value, dict) else str(value)
            shown.append(text if isinstance(value, str | dict) else name if value is True else f"{name}={text}")
    return ",".join(shown) or "plain"


class Rows(Language):
    """The language objective on rows that are given."""

    def __init__(self) -> None:
        self.rows = 2


def settings_of(choice: Choice) -> ModelSettings:
    shape = {"layers": 2, "hidden_size": 32, "heads": 4, "context": CONTEXT}
    return ModelSettings.model_validate(shape | {key: value for key, value in choice.items() if key != "optimizer"})


def check(choice: Choice, folder: Any) -> None:
    """All that must hold of one combination; AssertionError where it does not."""
    torch.manual_seed(1)
    decoder = Decoder(settings_of(choice), VOCAB).train()
    ids = torch.randint(VOCAB, (2, TIME + 1), generator=torch.Generator().manual_seed(2))
    batch = Batch((ids[:, :-1].contiguous(), ids[:, 1:].contiguous()), 2 * TIME, 2 * TIME)
    _trains(decoder, batch, choice.get("optimizer", "adamw"))
    _recomputes(decoder, batch)
    with torch.no_grad():
        _decodes(decoder.eval(), ids)
        save_model(decoder, None, folder)
        assert torch.equal(load_decoder(folder)(ids), decoder(ids)), "a saved model computes something else"
    _adapts(decoder, ids)


def _trains(decoder: Decoder, batch: Batch, optimizer: str) -> None:
    before = {name: weight.detach().clone() for name, weight in decoder.named_parameters()}
    training = TrainingSettings.model_validate({"optimizer": optimizer, "lr": 0.01})
    stepper = Stepper(
        decoder,
        Rows(),
        build_optimizer(decoder, training),
        device=torch.device("cpu"),
        precision="fp32",
        clip=1.0,
        micro=2,
    )
    losses = [stepper.step(batch, 1.0) for _ in range(STEPS)]
    assert all(figures[0].isfinite() and figures[2] == 0 for figures in losses), "a step was not finite"
    assert losses[-1][0] < losses[0][0], "the loss did not fall"
    still = [name for name, weight in decoder.named_parameters() if torch.equal(before[name], weight)]
    assert not still, f"never trained: {still}"
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert decoder.loss(*batch.tensors)[0].isfinite(), "bf16 is not finite"


def _recomputes(decoder: Decoder, batch: Batch) -> None:
    grads = []
    for decoder.gradient_checkpointing in (False, True):
        decoder.zero_grad()
        torch.manual_seed(5)
        decoder.loss(*batch.tensors)[0].backward()
        grads.append([weight.grad for weight in decoder.parameters()])
    decoder.gradient_checkpointing = False
    decoder.zero_grad()
    assert all(_near(one, other, 1e-4) for one, other in zip(*grads, strict=True)), "recomputed gradients differ"


def _decodes(decoder: Decoder, ids: torch.Tensor) -> None:
    whole = decoder(ids)
    for static in (False, True):
        cache = decoder.new_cache(2, CONTEXT, static=static)
        steps = [decoder(ids[:, :7], cache=cache), decoder(ids[:, 7:10], cache=cache)]
        steps += [decoder(ids[:, i : i + 1], cache=cache) for i in range(10, TIME + 1)]
        assert _near(torch.cat(steps, dim=1), whole), f"{'static ' if static else ''}cache and no cache differ"
    uneven = decoder.new_cache(2, CONTEXT)
    decoder(ids[:, :9], cache=uneven)
    uneven.set_lengths(torch.tensor([9, 4]))
    step = decoder(ids[:, 9:12], cache=uneven)
    alone = torch.cat((ids[1, :4], ids[1, 9:12]))[None]
    assert _near(step[1:], decoder(alone)[:, 4:]), "rows of unequal length differ from a row alone"


def _adapts(decoder: Decoder, ids: torch.Tensor) -> None:
    with torch.no_grad():
        plain = decoder(ids)
    model: Any = adapters.attach(decoder, LoraSettings(rank=2, dropout=0.0))
    assert _near(model(input_ids=ids).logits, plain), "a fresh adapter changes the model"
    decoder.gradient_checkpointing = True
    model.train()(input_ids=ids, labels=ids).loss.backward()
    decoder.gradient_checkpointing = False
    model.eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                assert weight.grad is not None
                weight.add_(torch.randn_like(weight), alpha=0.2)
        changed = model(input_ids=ids).logits
        assert not _near(changed, plain), "an adapter changes nothing"
        with adapters.reference(model):
            assert torch.equal(model(input_ids=ids).logits, plain), "an adapter that is off changes the model"
        assert _near(adapters.merged(model, keep=False)(ids), changed, 1e-3), "merged and not merged differ"


def _near(one: torch.Tensor, other: torch.Tensor, tolerance: float = 3e-5) -> bool:
    return bool((one - other).abs().max() <= tolerance * max(1.0, float(other.abs().max())))


COVER = list(cover(FACTORS))


def test_every_two_choices_meet():
    met = {(a, str(row[a]), b, str(row[b])) for row in COVER for a, b in itertools.combinations(FACTORS, 2)}
    wanted = {
        (a, str(x), b, str(y)) for a, b in itertools.combinations(FACTORS, 2) for x in FACTORS[a] for y in FACTORS[b]
    }
    assert met == wanted
    assert len(COVER) < 90


@pytest.mark.parametrize("choice", COVER, ids=label)
def test_a_combination_works_in_every_way(choice, tmp_path):
    check(choice, tmp_path)


def test_what_is_not_legal_is_said():
    for changes, told in (
        ({"head_size": 7}, "even head size"),
        ({"positions": "yarn", "head_size": 7}, "yarn needs an even head size"),
        ({"positions": "sinusoidal", "hidden_size": 33, "heads": 3}, "even hidden_size"),
        ({"experts": {"name": "topk", "count": 2, "active": 3}}, "more than experts.count"),
        ({"experts": {"name": "topk", "active": 1}}, "renormalise off"),
        ({"heads": 4, "kv_heads": 3}, "not a multiple of kv_heads"),
    ):
        with pytest.raises(ValueError, match=told):
            ModelSettings(**changes)
