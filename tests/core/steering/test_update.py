"""The rules against closed forms and autograd in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from core.steering import update

LENGTHS = (3, 5, 2, 4)
MEAN_LENGTH = 3.5


@pytest.fixture
def group() -> tuple[Tensor, Tensor, Tensor]:
    """policy (with gradient), reference `(4, 5)` float64, 0 past the ends, and the mask."""
    draw = torch.Generator().manual_seed(3)
    mask = torch.arange(5)[None] < torch.tensor(LENGTHS)[:, None]
    policy = -torch.rand(4, 5, dtype=torch.float64, generator=draw) * mask
    reference = -torch.rand(4, 5, dtype=torch.float64, generator=draw) * mask
    return policy.requires_grad_(), reference, mask


def gradient(loss: Tensor, policy: Tensor) -> Tensor:
    return torch.autograd.grad(loss, policy)[0]


def means(policy: Tensor, reference: Tensor, beta: float) -> list[float]:
    """Rewards by plain Python."""
    return [
        beta * sum((policy[row, t] - reference[row, t]).item() for t in range(length)) / MEAN_LENGTH
        for row, length in enumerate(LENGTHS)
    ]


def test_rewards_are_per_token_of_the_groups_mean_length(group):
    policy, reference, mask = group
    found = update.rewards(policy, reference, mask, 2.0)
    assert found.tolist() == pytest.approx(means(policy, reference, 2.0), abs=1e-12)


@pytest.mark.parametrize("pick", range(4))
def test_plackett_luce_value_and_gradient(group, pick):
    policy, reference, mask = group
    beta = 3.0
    loss = update.plackett_luce(update.rewards(policy, reference, mask, beta), pick)
    weights = [math.exp(value) for value in means(policy, reference, beta)]
    share = [weight / sum(weights) for weight in weights]
    assert loss.item() == pytest.approx(-math.log(share[pick]), abs=1e-12)
    slope = [beta / MEAN_LENGTH * (share[row] - (row == pick)) for row in range(4)]
    expected = torch.tensor(slope, dtype=torch.float64)[:, None] * mask
    assert torch.allclose(gradient(loss, policy), expected, atol=1e-12)


def test_equal_replies_teach_nothing(group):
    policy, reference, mask = group
    same = policy[:1].repeat(4, 1)
    loss = update.plackett_luce(update.rewards(same, reference[:1].repeat(4, 1), mask[:1].repeat(4, 1), 3.0), 2)
    assert gradient(loss, policy).abs().max() < 1e-15


@pytest.mark.parametrize("pick", range(4))
def test_dpo_value_and_gradient(group, pick):
    policy, reference, mask = group
    beta = 2.5
    loss = update.dpo(update.rewards(policy, reference, mask, beta), pick)
    reward = means(policy, reference, beta)
    others = [row for row in range(4) if row != pick]
    gaps = {row: 1 / (1 + math.exp(reward[pick] - reward[row])) for row in others}
    expected = sum(-math.log(1 - gap) for gap in gaps.values()) / 3
    assert loss.item() == pytest.approx(expected, abs=1e-12)
    slope = [gaps[row] / 3 if row != pick else -sum(gaps.values()) / 3 for row in range(4)]
    rows = torch.tensor([beta / MEAN_LENGTH * slope[row] for row in range(4)], dtype=torch.float64)
    assert torch.allclose(gradient(loss, policy), rows[:, None] * mask, atol=1e-12)


def test_dpo_and_plackett_luce_start_where_they_must(group):
    policy, _, mask = group
    reward = update.rewards(policy, policy.detach(), mask, 0.1)
    assert update.dpo(reward, 1).item() == pytest.approx(math.log(2), abs=1e-12)
    assert update.plackett_luce(reward, 1).item() == pytest.approx(math.log(4), abs=1e-12)
    assert update.none_of_these(reward).item() == pytest.approx(0.5, abs=1e-12)
    assert update.k3(policy, policy.detach(), mask).item() == 0.0


def test_two_replies_make_dpo_and_plackett_luce_one(group):
    policy, reference, mask = group
    reward = update.rewards(policy, reference, mask, 4.0)[:2]
    assert update.dpo(reward, 0).item() == pytest.approx(update.plackett_luce(reward, 0).item(), abs=1e-12)


def test_none_of_these_is_bounded_and_pushes_down(group):
    policy, reference, mask = group
    loss = update.none_of_these(update.rewards(policy, reference, mask, 2.0))
    reward = torch.tensor(means(policy, reference, 2.0), dtype=torch.float64)
    share = reward.sigmoid()
    assert loss.item() == pytest.approx(share.mean().item(), abs=1e-12)
    slope = share * (1 - share) / 4 * 2.0 / MEAN_LENGTH
    assert torch.allclose(gradient(loss, policy), slope[:, None] * mask, atol=1e-12)
    far = update.none_of_these(update.rewards(policy - 1000.0, reference, mask, 2.0))
    assert 0.0 <= far.item() < 1e-12
    assert gradient(far, policy).abs().max() < 1e-12


def test_k3_value_gradient_and_sign(group):
    policy, reference, mask = group
    loss = update.k3(policy, reference, mask)
    total, count = 0.0, sum(LENGTHS)
    for row, length in enumerate(LENGTHS):
        for t in range(length):
            d = (reference[row, t] - policy[row, t]).item()
            total += math.exp(d) - d - 1
    assert loss.item() == pytest.approx(total / count, abs=1e-12)
    expected = (1 - (reference - policy).exp()) / count * mask
    assert torch.allclose(gradient(loss, policy), expected, atol=1e-12)


def test_k3_estimates_the_kl_of_what_is_drawn():
    logits = torch.tensor([0.5, -1.0, 0.2, 1.1], dtype=torch.float64)
    other = torch.tensor([0.1, -0.4, 0.6, 0.9], dtype=torch.float64)
    p, q = logits.log_softmax(-1), other.log_softmax(-1)
    exact = (p.exp() * (p - q)).sum().item()
    drawn = torch.multinomial(p.exp(), 200_000, True, generator=torch.Generator().manual_seed(0))
    found = update.k3(p[drawn][None], q[drawn][None], torch.ones(1, len(drawn), dtype=torch.bool))
    assert found.item() == pytest.approx(exact, rel=0.03)


def test_advantages_of_four():
    like = torch.zeros(1, dtype=torch.float64)
    assert update.advantages(4, 1, like).tolist() == pytest.approx([-0.57735, 1.73205, -0.57735, -0.57735], abs=1e-5)
    assert update.advantages(4, None, like).tolist() == [-1.0] * 4


@pytest.mark.parametrize("pick", [0, 3, None])
def test_reinforce_is_the_rule_of_trellis(group, pick):
    policy, reference, mask = group
    advantage = update.advantages(4, pick, policy)
    loss = update.reinforce(policy, reference, mask, advantage, 0.03)
    sums = [sum(policy[row, t].item() for t in range(length)) for row, length in enumerate(LENGTHS)]
    distance = (
        sum((policy[row, t] - reference[row, t]).item() for row, length in enumerate(LENGTHS) for t in range(length))
    ) / sum(LENGTHS)
    expected = -sum(a * s for a, s in zip(advantage.tolist(), sums, strict=True)) / 4 + 0.03 * distance**2
    assert loss.item() == pytest.approx(expected, abs=1e-12)
    slope = (-advantage[:, None] / 4 + 0.03 * 2 * distance / sum(LENGTHS)) * mask
    assert torch.allclose(gradient(loss, policy), slope, atol=1e-12)


@pytest.mark.parametrize("pick", [2, None])
def test_grpo_value_and_gradient_with_clipping(group, pick):
    policy, _, mask = group
    old = (policy.detach() + torch.linspace(-0.5, 0.5, 20, dtype=torch.float64).view(4, 5)) * mask
    advantage = update.advantages(4, pick, policy)
    loss = update.grpo(policy, old, mask, advantage, 0.2)
    total, slope = 0.0, torch.zeros(4, 5, dtype=torch.float64)
    for row, length in enumerate(LENGTHS):
        for t in range(length):
            ratio, a = math.exp((policy[row, t] - old[row, t]).item()), advantage[row].item()
            clipped = min(max(ratio, 0.8), 1.2)
            total -= min(ratio * a, clipped * a) / length / 4
            if ratio * a <= clipped * a:  # the unclipped side is the smaller: it alone has a slope
                slope[row, t] = -ratio * a / length / 4
    assert loss.item() == pytest.approx(total, abs=1e-12)
    assert torch.allclose(gradient(loss, policy), slope, atol=1e-12)


def test_grpo_on_policy_is_reinforce_with_a_baseline(group):
    policy, _, mask = group
    advantage = update.advantages(4, 1, policy)
    found = gradient(update.grpo(policy, policy.detach(), mask, advantage), policy)
    lengths = torch.tensor(LENGTHS, dtype=torch.float64)[:, None]
    assert torch.allclose(found, -advantage[:, None] / lengths / 4 * mask, atol=1e-12)


@pytest.mark.parametrize(
    "loss",
    [
        lambda p, r, m: update.plackett_luce(update.rewards(p, r, m, 3.0), 1),
        lambda p, r, m: update.none_of_these(update.rewards(p, r, m, 3.0)),
        lambda p, r, m: update.dpo(update.rewards(p, r, m, 3.0), 1),
        lambda p, r, m: update.k3(p, r, m),
        lambda p, r, m: update.reinforce(p, r, m, update.advantages(4, 1, p), 0.03),
        lambda p, r, m: update.grpo(p, r, m, update.advantages(4, 1, p)),
    ],
    ids=["plackett-luce", "none", "dpo", "k3", "reinforce", "grpo"],
)
def test_gradients_agree_with_finite_differences(group, loss):
    policy, reference, mask = group
    assert torch.autograd.gradcheck(lambda p: loss(p, reference, mask), (policy,), atol=1e-7)


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0, 1.4])
def test_token_logps_are_those_of_the_tempered_distribution(temperature):
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 11, dtype=torch.float64, generator=draw)
    tokens = torch.randint(0, 11, (6,), generator=draw)
    expected = F.log_softmax(logits / (temperature or 1.0), -1)[torch.arange(6), tokens]
    assert torch.allclose(update.token_logps(logits, tokens, temperature), expected, atol=1e-12)
    each = torch.full((6,), temperature or 1.0, dtype=torch.float64)
    assert torch.allclose(update.token_logps(logits, tokens, each), expected, atol=1e-12)
