"""Two nodes side by side: same prompts, same seeds, how likely each finds the other's answers, how far apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.cancel import Cancel
from core.errors import OgiveError
from core.settings.sampling import SamplingSettings
from core.settings.steering import SteeringSettings
from core.steering.drawing import answer
from core.steering.group import Variant, derived
from core.steering.opening import Steered
from core.steering.prompts import Prompts
from core.steering.shaping import Shaper
from core.steering.tree import Node, Tree
from core.steering.weights import Weights

Progress = Callable[[str, int, int | None], None]
MOST = 64
"""Prompts compared at once."""


@dataclass(frozen=True)
class Answer:
    """One side's answer. `own` and `other` are its mean log-probabilities per token, in nats, under the weights that
    drew it and under those of the other side; None for an answer without a token."""

    text: str
    tokens: int
    ended: str
    own: float | None
    other: float | None


@dataclass(frozen=True)
class Pair:
    """Both answers to one prompt, drawn with the same seed."""

    prompt: str
    seed: int
    a: Answer
    b: Answer

    @property
    def same(self) -> bool:
        return self.a.text == self.b.text


@dataclass(frozen=True)
class Comparison:
    """Two nodes on the same prompts. `distance` is the norm of the difference of their weight changes; `drift_a` and
    `drift_b` those of the changes themselves; `apart_a` the mean over prompts of own - other for a's answers (nats per
    token): how foreign b finds what a says."""

    a: int
    b: int
    common: int
    drift_a: float
    drift_b: float
    distance: float
    pairs: tuple[Pair, ...]

    @property
    def apart_a(self) -> float | None:
        return _apart([pair.a for pair in self.pairs])

    @property
    def apart_b(self) -> float | None:
        return _apart([pair.b for pair in self.pairs])

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"apart_a": self.apart_a, "apart_b": self.apart_b}


def _apart(answers: Sequence[Answer]) -> float | None:
    gaps = [each.own - each.other for each in answers if each.own is not None and each.other is not None]
    return sum(gaps) / len(gaps) if gaps else None


def compare(
    policy: Steered,
    weights: Weights,
    shaper: Shaper,
    sides: tuple[Node, Node],
    common: int,
    prompts: Sequence[str],
    sampling: SamplingSettings,
    seed: int,
    cancel: Cancel | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Draw and score; the policy ends at one of the sides. Prompt i is drawn with the i-th seed that `seed` gives.

    Raises OgiveError when there is no prompt, and Stopped when `cancel` is requested.
    """
    if not prompts:
        raise OgiveError("There is no prompt to compare on.", "Give at least one.")
    if len(prompts) > MOST:
        raise OgiveError(f"{len(prompts)} prompts are too many to compare at once.", f"Give at most {MOST}.")
    seeds = [derived(seed, "compare", number) for number in range(len(prompts))]
    total, done = 6 * len(prompts), 0
    drawn: list[list[Variant]] = []
    drifts: list[float] = []
    distance = 0.0
    scores: dict[tuple[int, int, int], float | None] = {}

    def step(doing: str) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(doing, done, total)
        if cancel is not None:
            cancel.check("The comparison")

    def score(answerer: int, judge: int) -> None:
        for number, (prompt, variant) in enumerate(zip(prompts, drawn[answerer], strict=True)):
            found = policy.logp(shaper.ids(prompt), variant.tokens, sampling.temperature) if variant.tokens else None
            scores[answerer, judge, number] = found
            step("scoring")

    for side, node in enumerate(sides):
        weights.stand(node)
        drifts.append(policy.drift())
        mine: list[Variant] = []
        for prompt, its in zip(prompts, seeds, strict=True):
            mine.append(answer(policy, shaper, prompt, sampling, seed=its, weights=node.id, cancel=cancel))
            step("answering")
        drawn.append(mine)
        score(side, side)
        if side == 1:
            distance = policy.drift(weights.tensors(sides[0]))
            weights.stand(node)
            score(0, 1)
    weights.stand(sides[0])
    score(1, 0)
    pairs = []
    for number, (prompt, its) in enumerate(zip(prompts, seeds, strict=True)):
        answers = [
            Answer(
                drawn[side][number].text,
                len(drawn[side][number].tokens),
                drawn[side][number].ended,
                scores[side, side, number],
                scores[side, 1 - side, number],
            )
            for side in (0, 1)
        ]
        pairs.append(Pair(prompt, its, *answers))
    return Comparison(sides[0].id, sides[1].id, common, drifts[0], drifts[1], distance, tuple(pairs))


def usual_prompts(tree: Tree, settings: SteeringSettings, prompts: Prompts) -> list[str]:
    """What two nodes are compared on unless it is said: this card's prompt, the control prompt, the next of the source;
    four at most."""
    place = tree.node.place
    found = [tree.node.prompt, settings.control_prompt, *map(prompts.at, range(place, place + 3))]
    return list(dict.fromkeys(text for text in found if text))[:4]
