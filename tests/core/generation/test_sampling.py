"""The filters beside transformers' own processors, and the draw beside the distribution it should follow."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import Tensor
from transformers.generation.logits_process import (
    LogitsProcessor,
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from core.generation.sampling import (
    Sampler,
    draw,
    filter_logits,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    penalise_repetition,
)
from core.settings.sampling import SamplingSettings

VOCAB = 700


def logits(seed: int, spread: float = 3.0, rows: int = 5, vocab: int = VOCAB) -> Tensor:
    return torch.randn(rows, vocab, generator=torch.Generator().manual_seed(seed)) * spread


def same(ours: Tensor, theirs: Tensor) -> None:
    assert torch.equal(ours.isinf(), theirs.isinf())
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("spread", [0.1, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("k", [1, 7, 300, VOCAB, 5000])
def test_top_k_equals_transformers(k: int, spread: float) -> None:
    scores = logits(k, spread)
    same(keep_top_k(scores, k), TopKLogitsWarper(k)(torch.zeros(5, 1, dtype=torch.long), scores))


@pytest.mark.parametrize("spread", [0.1, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("p", [0.001, 0.3, 0.9, 0.999])
def test_top_p_equals_transformers(p: float, spread: float) -> None:
    scores = logits(int(p * 1000), spread)
    same(keep_top_p(scores, p), TopPLogitsWarper(p)(torch.zeros(5, 1, dtype=torch.long), scores))


@pytest.mark.parametrize("spread", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("p", [0.01, 0.1, 0.9])
def test_min_p_equals_transformers(p: float, spread: float) -> None:
    scores = logits(int(p * 1000), spread)
    same(keep_min_p(scores, p), MinPLogitsWarper(p)(torch.zeros(5, 1, dtype=torch.long), scores))


@pytest.mark.parametrize("penalty", [0.7, 1.3, 2.0])
def test_repetition_penalty_equals_transformers_and_lowers_negative_logits(penalty: float) -> None:
    scores = logits(3)
    ids = torch.randint(0, VOCAB, (5, 40), generator=torch.Generator().manual_seed(1))
    seen = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, ids, True)
    ours = penalise_repetition(scores, seen, penalty)
    torch.testing.assert_close(ours, RepetitionPenaltyLogitsProcessor(penalty)(ids, scores.clone()))
    if penalty > 1.0:
        assert (ours[seen] < scores[seen]).all()


@pytest.mark.parametrize(
    "chosen",
    [
        SamplingSettings(),
        SamplingSettings(temperature=1.0, top_p=1.0),
        SamplingSettings(temperature=1.7, top_k=50, top_p=0.8, min_p=0.05, repetition_penalty=1.2),
        SamplingSettings(temperature=0.3, top_p=0.5, repetition_penalty=0.8),
    ],
)
def test_all_filters_in_order_equal_the_chain_of_transformers(chosen: SamplingSettings) -> None:
    scores = logits(9)
    ids = torch.randint(0, VOCAB, (5, 30), generator=torch.Generator().manual_seed(2))
    seen = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, ids, True)
    chain: list[LogitsProcessor] = [
        RepetitionPenaltyLogitsProcessor(chosen.repetition_penalty),
        TemperatureLogitsWarper(chosen.temperature),
    ]
    if chosen.top_k:
        chain.append(TopKLogitsWarper(chosen.top_k))
    chain += [TopPLogitsWarper(chosen.top_p), MinPLogitsWarper(chosen.min_p)]
    same(filter_logits(scores, chosen, seen), LogitsProcessorList(chain)(ids, scores.clone()))


@hypothesis_settings(max_examples=60, deadline=None)
@given(values=st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=400, unique=True), p=st.floats(0.01, 0.999))
def test_top_p_keeps_the_fewest_tokens_that_reach_p(values: list[float], p: float) -> None:
    kept = ~keep_top_p(torch.tensor([values]), p)[0].isinf()
    chances = torch.tensor(values, dtype=torch.float64).softmax(-1)
    inside = chances[kept].sum().item()
    assert kept.any()
    assert inside >= p - 1e-5
    assert inside - chances[kept].min().item() < p + 1e-5
    if not kept.all():
        assert chances[kept].min() >= chances[~kept].max()


def test_a_token_that_crosses_the_threshold_is_kept() -> None:
    scores = torch.tensor([[0.6, 0.3, 0.1]]).log()
    assert (~keep_top_p(scores, 0.7)[0].isinf()).tolist() == [True, True, False]
    assert (~keep_top_p(scores, 0.5)[0].isinf()).tolist() == [True, False, False]


def test_draws_follow_the_distribution() -> None:
    chances = torch.tensor([0.5, 0.0, 0.3, 0.2, 0.0])
    uniforms = torch.rand(200_000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ids = draw(chances.log().expand(200_000, -1), uniforms)
    shares = torch.bincount(ids, minlength=5) / 200_000
    assert shares[[1, 4]].tolist() == [0.0, 0.0]
    torch.testing.assert_close(shares, chances, atol=0.005, rtol=0)


def test_the_edges_of_the_uniform_never_draw_a_removed_token() -> None:
    scores = torch.tensor([[-math.inf, 1.0, -math.inf, 2.0, -math.inf]]).expand(2, -1)
    assert draw(scores, torch.tensor([0.0, 1.0 - 2**-53], dtype=torch.float64)).tolist() == [1, 3]


def sequence(sampler: Sampler, steps: int) -> list[list[int]]:
    return [sampler(logits(step, rows=sampler._rows)).tolist() for step in range(steps)]


def test_a_seed_draws_the_same_tokens_whatever_the_global_state() -> None:
    chosen = SamplingSettings(seed=5, temperature=1.0)
    first = sequence(Sampler(chosen, [1], 3), 20)
    torch.manual_seed(123)
    assert sequence(Sampler(chosen, [1], 3), 20) == first
    assert sequence(Sampler(chosen.model_copy(update={"seed": 6}), [1], 3), 20) != first


def test_drawing_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    sequence(Sampler(SamplingSettings(), [1], 3), 5)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_row_draws_the_same_with_more_rows_beside_it() -> None:
    chosen = SamplingSettings(seed=5, temperature=1.0)
    same_rows = logits(0, rows=1).expand(6, -1)
    two, six = Sampler(chosen, [1], 2), Sampler(chosen, [1], 6)
    for _ in range(1100):  # past the block of numbers drawn at once
        assert two(same_rows[:2]).tolist() == six(same_rows).tolist()[:2]


def test_greedy_takes_the_likeliest_and_the_penalty_still_counts() -> None:
    scores = torch.tensor([[3.0, 2.9, -1.0]])
    assert Sampler(SamplingSettings(temperature=0.0), [2], 1)(scores).tolist() == [0]
    sampler = Sampler(SamplingSettings(temperature=0.0, repetition_penalty=1.5), [0], 1)
    assert [sampler(scores).item() for _ in range(2)] == [1, 0]


def test_a_fresh_seed_can_be_drawn_again() -> None:
    fresh = Sampler(SamplingSettings(temperature=1.0), [1], 2)
    drawn = sequence(fresh, 10)
    again = Sampler(SamplingSettings(temperature=1.0, seed=fresh.seed), [1], 2)
    assert sequence(again, 10) == drawn
