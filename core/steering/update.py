"""The rules by which a pick changes the model: pure functions of log-probabilities, and the rules built from them.

Notation, for a group of n replies to one prompt: `policy` and `reference` `(n, time)` are the log-probabilities of the
replies' tokens under the model with its adapter and with the adapter off, 0 past a reply's end; `mask` `(n, time)` is
True on a reply's tokens, its stop token among them, so where to stop is learned; `pick` is the chosen row, None when
none of them was wanted.

The log-probabilities are those of the distribution that was sampled from as far as it is one fixed distribution: the
logits are divided by the temperature before the softmax (temperature 0, the likeliest token, counts as 1). The filters
that cut a tail off (top-k, top-p, min-p) are left out. What they keep depends on the very weights that change, a reply
typed by hand or drawn before an earlier pick may lie outside, and then its probability would be 0 and its ratio to the
reference none at all. So is the repetition penalty, which would need the whole vocabulary's history at every token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

GRPO_CLIP = 0.2
STRIDE = 0.9
"""How far one inner step goes at strength 1, in standard deviations of the log-probability of the model's own replies
along it (core.steering.modes)."""
STEP = 8.5e-3
"""The same where the model's modes are not known: as the root of the mean square of the weights' changes."""


# Parts


def token_logps(logits: Tensor, tokens: Tensor, temperature: float | Tensor = 1.0) -> Tensor:
    """Log-probability of each of `tokens` `(...)` under logits `(..., vocab)` at `temperature` (0 counts as 1)."""
    scaled = logits.float() if logits.dtype != torch.float64 else logits
    if isinstance(temperature, Tensor):
        scaled = scaled / temperature.to(scaled.dtype).to(scaled.device).unsqueeze(-1)
    elif temperature not in (0.0, 1.0):
        scaled = scaled / temperature
    return scaled.gather(-1, tokens.unsqueeze(-1)).squeeze(-1) - scaled.logsumexp(-1)


def rewards(policy: Tensor, reference: Tensor, mask: Tensor, beta: float) -> Tensor:
    """The implicit reward of each reply, `(n,)`: beta times its log-ratio, per token of the group's mean length.

    DPO (Rafailov et al. 2023) takes the sum, whose size goes with how long replies are; SimPO (Meng et al. 2024)
    divides each by its own length. That makes a token of a short reply weigh more than one of a long reply, and costs
    a sixth more distance to the base for the same shift (measured); one length for the whole group does not.
    """
    return beta * ((policy - reference) * mask).sum(-1) / _length(mask)


def _length(mask: Tensor) -> Tensor:
    """Tokens of a group's replies, in the mean."""
    return mask.sum() / len(mask)


def k3(policy: Tensor, reference: Tensor, mask: Tensor) -> Tensor:
    """An estimate of KL(policy || reference) per token from tokens that the policy drew: exp(d) - d - 1 with
    d = reference - policy (Schulman's k3). Never negative, 0 where both agree or nothing was drawn."""
    d = (reference - policy) * mask
    return (d.exp() - d - 1.0).sum() / mask.sum().clamp_min(1)


def advantages(count: int, pick: int | None, like: Tensor) -> Tensor:
    """One-hot rewards of a pick, less their mean, over their population standard deviation, `(count,)`; all -1 for
    none. For four replies: 1.732 for the pick, -0.577 for each of the others."""
    if pick is None:
        return torch.full((count,), -1.0, dtype=like.dtype, device=like.device)
    chosen = torch.zeros(count, dtype=like.dtype, device=like.device)
    chosen[pick] = 1.0
    return (chosen - chosen.mean()) / (chosen.std(correction=0) + 1e-8)


# Losses


def plackett_luce(reward: Tensor, pick: int) -> Tensor:
    """-log softmax(reward)[pick]: how surprising it is that this one of n was taken first (Plackett 1975, Luce 1959).

    A reject's gradient is its share of the softmax, so one that was unlikely to win is left alone.
    """
    return reward.logsumexp(-1) - reward[pick]


def none_of_these(reward: Tensor) -> Tensor:
    """Mean of sigmoid(reward): pushes every reply down, less and less as it goes down, never below 0.

    The rejected half of APO-zero (D'Oosterlinck et al. 2024). Plain unlikelihood has no bottom.
    """
    return reward.sigmoid().mean()


def unlikelihood(policy: Tensor, mask: Tensor, pick: int) -> Tensor:
    """Minus the log-probability of the pick, per token of the group's mean length: lower as the pick itself becomes
    likelier, whatever becomes of the others."""
    return -(policy[pick] * mask[pick]).sum() / _length(mask)


def dpo(reward: Tensor, pick: int) -> Tensor:
    """Mean over the rejects of -log sigmoid(reward of the pick - reward of the reject) (Rafailov et al. 2023)."""
    others = torch.cat((reward[:pick], reward[pick + 1 :]))
    return F.softplus(others - reward[pick]).mean()


def grpo(policy: Tensor, old: Tensor, mask: Tensor, advantage: Tensor, clip: float = GRPO_CLIP) -> Tensor:
    """The clipped surrogate of GRPO (Shao et al. 2024) per token, mean over a reply's tokens, then over replies.

    `old (n, time)` are the log-probabilities when the pick was made; at the first inner step the ratio is 1 and the
    gradient that of REINFORCE with a baseline.
    """
    ratio = ((policy - old) * mask).exp()
    advantage = advantage[:, None]
    gain = torch.minimum(ratio * advantage, ratio.clamp(1.0 - clip, 1.0 + clip) * advantage)
    return -((gain * mask).sum(-1) / mask.sum(-1)).mean()


def reinforce(policy: Tensor, reference: Tensor, mask: Tensor, advantage: Tensor, kl_weight: float) -> Tensor:
    """Trellis's rule exactly: -mean(advantage * summed log-probability) + kl_weight * (mean log-ratio)^2.

    The mean is over all tokens of the group, so differences of opposite sign cancel in it; sums favour long replies;
    and with every advantage -1 nothing bounds the push. It is here to be compared with.
    """
    gain = (advantage * (policy * mask).sum(-1)).mean()
    distance = ((policy - reference) * mask).sum() / mask.sum()
    return kl_weight * distance.square() - gain


# Rules: each is built from the options of its line in core/bricks.py


@dataclass(frozen=True)
class Terms:
    """One lesson as a rule sees it; `old` are the log-probabilities from before the update, for the lesson at hand;
    `drawn` `(n, time)` is the mask without a reply that a person typed."""

    policy: Tensor
    reference: Tensor
    old: Tensor
    mask: Tensor
    drawn: Tensor
    pick: int | None


class Rule(Protocol):
    """What `core.steering.learner` asks of a rule. `inner_steps` are made for each pick, each on the pick at hand and
    `replay` earlier ones; `bounded` rules stay inside kl_per_pick, kl_budget and probe_rise, and go `stride` along the
    model's `modes`, or `lr` where there are none; a `lasting` rule goes by Adam at `lr`, keeps its optimizer's state
    from pick to pick, and is scored without temperature."""

    inner_steps: int
    replay: int
    bounded: bool
    lasting: bool
    lr: float
    stride: float
    modes: int
    kl_per_pick: float
    kl_budget: float
    probe_rise: float

    def loss(self, terms: Terms) -> Tensor: ...


class _Bounded:
    """What plackett-luce, dpo and grpo share: steps of one length, the pull towards the pick and to the base, replay,
    and the bounds."""

    bounded, lasting = True, False

    def __init__(
        self,
        *,
        strength: float,
        modes: int,
        inner_steps: int,
        replay: int,
        kl_weight: float,
        kl_per_pick: float,
        kl_budget: float,
        probe_rise: float,
        follow: float,
        beta: float = 0.0,
    ) -> None:
        self.lr = strength * STEP
        self.stride = strength * STRIDE
        self.modes = modes
        self.inner_steps = inner_steps
        self.replay = replay
        self.beta = beta
        self.follow = follow
        self.kl_weight = kl_weight
        self.kl_per_pick = kl_per_pick
        self.kl_budget = kl_budget
        self.probe_rise = probe_rise

    def loss(self, terms: Terms) -> Tensor:
        """The rule's own loss, the pull towards the pick, and the pull to the base on every reply."""
        total = self.preference(terms) + self.kl_weight * k3(terms.policy, terms.reference, terms.drawn)
        if terms.pick is None or not self.follow:
            return total
        return total + self.follow * unlikelihood(terms.policy, terms.mask, terms.pick)

    def preference(self, terms: Terms) -> Tensor:
        reward = rewards(terms.policy, terms.reference, terms.mask, self.beta)
        return none_of_these(reward) if terms.pick is None else self.of_pick(reward, terms.pick)

    def of_pick(self, reward: Tensor, pick: int) -> Tensor:
        raise TypeError(f"{type(self).__name__} has no loss of its own.")


class PlackettLuce(_Bounded):
    """The likelihood of "this one of these", on length-normalised implicit rewards."""

    def of_pick(self, reward: Tensor, pick: int) -> Tensor:
        return plackett_luce(reward, pick)


class DPO(_Bounded):
    """The pick against each of the others by itself."""

    def of_pick(self, reward: Tensor, pick: int) -> Tensor:
        return dpo(reward, pick)


class GRPO(_Bounded):
    """One-hot advantages on the clipped ratio to the log-probabilities from before the update; a replayed group, whose
    tokens an older policy drew, is taken at ratio 1."""

    def preference(self, terms: Terms) -> Tensor:
        advantage = advantages(len(terms.policy), terms.pick, terms.policy)
        return grpo(terms.policy, terms.old, terms.mask, advantage)


class Reinforce:
    """Trellis's rule: one AdamW step per pick on the summed log-probability, the optimizer's state kept."""

    bounded, lasting = False, True
    inner_steps, replay, modes = 1, 0, 0
    stride = 0.0
    kl_per_pick = kl_budget = probe_rise = 0.0

    def __init__(self, *, lr: float, kl_weight: float) -> None:
        self.lr = lr
        self.kl_weight = kl_weight

    def loss(self, terms: Terms) -> Tensor:
        advantage = advantages(len(terms.policy), terms.pick, terms.policy)
        return reinforce(terms.policy, terms.reference, terms.mask, advantage, self.kl_weight)
