"""One pick's update from beginning to end: inner steps with replay, then the bounds it has to stay inside.

Only the B matrices of the adapter are learned; A is drawn once and stays (LoRA-FA, Zhang et al. 2023). So what a pick
adds to the weights is linear in what is learned, a part of the change is exactly that part, and a state is half as
large.
The steps follow the gradient, weighed by the model's modes where they are known (core.steering.modes), and have one
length, whatever the loss is scaled by: nothing has to be kept, and an update depends on the adapter, the modes, the
lesson and the lessons before it alone. After the steps B is rounded to bfloat16, which is what a state holds, before
anything is measured.
"""

from __future__ import annotations

import math
import random
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from core import adapters
from core.cancel import Cancel
from core.steering.lesson import Lesson, Report
from core.steering.modes import Modes
from core.steering.scoring import Scorer, Scores
from core.steering.update import Rule, Terms, k3

KEPT_REFERENCES = 512
MOST_CUTS = 8
UNDER = 0.95
"""How far under a bound a cut aims, since what is measured does not quite go with the change's square."""
NONE_STEP = 0.5
"""The share of a step that "none of these" makes where no modes are known: it tells less than a pick does."""
BETAS = (0.9, 0.999)


class Learner:
    """Learns lessons on one adapted model. `parameters` are what it changes, by name."""

    def __init__(self, model: nn.Module, rule: Rule, seed: int, probe: Lesson | None) -> None:
        self._model = model
        self._rule = rule
        self._seed = seed
        self._scorer = Scorer(model)
        self.modes: Modes | None = None
        self._references: OrderedDict[tuple[object, ...], Tensor] = OrderedDict()
        self._probe = probe
        self.parameters = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        if not rule.lasting:
            for name, weight in list(self.parameters.items()):
                if ".lora_A." in name:
                    weight.requires_grad_(False)
                    del self.parameters[name]
        self.moments: dict[str, Tensor] = {}
        if rule.lasting:
            for name, weight in self.parameters.items():
                self.moments[f"mean.{name}"] = torch.zeros_like(weight)
                self.moments[f"square.{name}"] = torch.zeros_like(weight)
            self.moments["count"] = torch.zeros((), device=next(iter(self.parameters.values())).device)

    # What it learns from

    @torch.no_grad()
    def reference(self, lesson: Lesson) -> Tensor:
        """Log-probabilities `(n, time)` of a lesson's replies with the adapter off; each lesson's are computed once,
        by itself, so that they are the same bits whenever that is."""
        key = (lesson.prompt_ids, lesson.completions, lesson.temperature)
        if key not in self._references:
            with adapters.reference(self._model):
                self._references[key] = self._scorer([lesson])[0].logps
            while len(self._references) > KEPT_REFERENCES:
                self._references.popitem(last=False)
        self._references.move_to_end(key)
        return self._references[key]

    def _replayed(self, replay: Sequence[Lesson], step: int) -> list[tuple[Lesson, Lesson, tuple[int, ...]]]:
        """Earlier lessons for one step: what is scored of each, the whole of it, and the places that were taken.

        Of a pick it takes the pick and one reject, of "none of these" two replies; drawn from the seed, the number of
        lessons and the step, and from nothing else.
        """
        draw = random.Random(f"{self._seed}/{len(replay)}/{step}")
        found = []
        for lesson in draw.sample(replay, min(len(replay), self._rule.replay)):
            others = [place for place in lesson.distinct() if place != lesson.pick]
            if lesson.pick is None:
                places = tuple(sorted(draw.sample(others, min(2, len(others)))))
            else:
                places = tuple(sorted((lesson.pick, draw.choice(others))))
            found.append((lesson.only(places), lesson, places))
        return found

    # The update

    def learn(self, lesson: Lesson, replay: Sequence[Lesson], cancel: Cancel | None = None) -> Report:
        """Learn one lesson, and report. A cancelled or failed update leaves everything as it was."""
        started = time.perf_counter()
        before = {name: weight.detach().clone() for name, weight in self.parameters.items()}
        moments = {name: tensor.clone() for name, tensor in self.moments.items()}
        try:
            report = self._learn(lesson, replay, before, cancel)
        except BaseException:
            self._put(before)
            for name, tensor in moments.items():
                self.moments[name].copy_(tensor)
            raise
        return replace(report, seconds=time.perf_counter() - started)

    def _learn(
        self, lesson: Lesson, replay: Sequence[Lesson], before: Mapping[str, Tensor], cancel: Cancel | None
    ) -> Report:
        rule = self._rule
        if not rule.lasting:
            lesson = lesson.only(lesson.distinct())
            replay = [one for one in replay if one.pick is None or len(one.distinct()) > 1]
        else:
            lesson = _untempered(lesson)
        reference = self.reference(lesson)
        teaches = lesson.pick is None or len(lesson.completions) > 1
        first: Scores | None = None
        loss, steps = 0.0, 0
        weights = list(self.parameters.values())
        stepper: _Adam | _Natural | _Steady
        if rule.lasting:
            stepper = _Adam(weights, rule.lr, self.moments, list(self.parameters))
        elif self.modes is not None:
            stepper = _Natural(weights, self.modes, rule.stride)
        else:
            stepper = _Steady(weights, rule.lr * (NONE_STEP if lesson.pick is None else 1.0))
        for step in range(rule.inner_steps if teaches else 0):
            if cancel is not None:
                cancel.check("The update")
            earlier = self._replayed(replay, step)
            scores = self._scorer([lesson, *(part for part, _, _ in earlier)])
            now = scores[0]
            if first is None:
                first = Scores(now.logps.detach(), now.mask)
            losses = [rule.loss(Terms(now.logps, reference, first.logps, now.mask, _drawn(lesson, now), lesson.pick))]
            for found, (part, whole, places) in zip(scores[1:], earlier, strict=True):
                against = self.reference(whole)[list(places), : found.logps.shape[1]]
                drawn = _drawn(part, found)
                losses.append(
                    rule.loss(Terms(found.logps, against, found.logps.detach(), found.mask, drawn, part.pick))
                )
            total = torch.stack(losses).mean()
            loss = float(total.detach()) if step == 0 else loss
            total.backward()
            finite = stepper.step()
            if not finite:
                self._put(before)
                break
            steps += 1
        return self._bounded(lesson, reference, first, before, steps, loss)

    @torch.no_grad()
    def _bounded(
        self,
        lesson: Lesson,
        reference: Tensor,
        first: Scores | None,
        before: Mapping[str, Tensor],
        steps: int,
        loss: float,
    ) -> Report:
        """Measure what the steps did, and cut the change until it is inside the bounds of the rule."""
        rule = self._rule
        if not rule.lasting:
            self._round()
        if first is None:
            first = self._scorer([lesson])[0]
        base_probe = self._probe_loss_of_base()
        kept, cuts = 1.0, 0
        drawn = _drawn(lesson, first)
        kl_before = float(k3(first.logps, reference, drawn))
        whole = {name: weight - before[name] for name, weight in self.parameters.items()} if steps else {}
        while True:
            asked = [lesson] if self._probe is None else [lesson, self._probe]
            now, *rest = self._scorer(asked)
            spent = float(k3(first.logps, now.logps, drawn))
            kl = float(k3(now.logps, reference, drawn))
            rise = -float(rest[0].mean()[0]) / base_probe - 1.0 if rest else 0.0
            part = 1.0
            if rule.bounded and steps:
                part = min(
                    _part(spent, rule.kl_per_pick),
                    _part(kl, rule.kl_budget) if kl > kl_before else 1.0,
                    _part(rise, rule.probe_rise),
                )
            if part == 1.0:
                break
            kept, cuts = kept * part, cuts + 1
            if cuts > MOST_CUTS:
                self._put(before)
                steps, kept = 0, 0.0
                now, spent, kl = first, 0.0, kl_before
                break
            for name, weight in self.parameters.items():
                weight.copy_(before[name] + kept * whole[name])
            self._round()
        return _report(lesson, reference, first, now, kl, spent, rise, kept, steps, loss)

    @torch.no_grad()
    def _probe_loss_of_base(self) -> float:
        if self._probe is None:
            return 1.0
        total = self.reference(self._probe)
        return -float(total.sum()) / len(self._probe.completions[0])

    @torch.no_grad()
    def _put(self, tensors: Mapping[str, Tensor]) -> None:
        for name, weight in self.parameters.items():
            weight.copy_(tensors[name])

    @torch.no_grad()
    def _round(self) -> None:
        for weight in self.parameters.values():
            weight.copy_(weight.bfloat16())


class _Steady:
    """Steps against the gradient in which the mean square of all weights' changes is `lr` squared. Adam, which gives
    each weight a step of about one length, spends more of the distance to the base on the same shift (measured)."""

    def __init__(self, weights: list[nn.Parameter], lr: float) -> None:
        self._weights: list[Tensor] = list(weights)
        self._lr = lr
        self._numbers = sum(weight.numel() for weight in weights)

    @torch.no_grad()
    def step(self) -> bool:
        """One step, and the gradients dropped; False, with nothing changed, when they are no numbers."""
        gradients = _taken(self._weights)
        norm = float(torch.nn.utils.get_total_norm(gradients))
        if not math.isfinite(norm):
            return False
        if norm > 0.0:
            torch._foreach_add_(self._weights, gradients, alpha=-self._lr * math.sqrt(self._numbers) / norm)
        return True


class _Natural:
    """Steps against the gradient as the model's modes weigh it, all of one length in its own replies' spread."""

    def __init__(self, weights: list[nn.Parameter], modes: Modes, stride: float) -> None:
        self._weights: list[Tensor] = list(weights)
        self._modes = modes
        self._stride = stride

    @torch.no_grad()
    def step(self) -> bool:
        """One step, and the gradients dropped; False, with nothing changed, when they are no numbers."""
        gradients = _taken(self._weights)
        if not bool(torch.nn.utils.get_total_norm(gradients).isfinite()):
            return False
        parts = self._modes.step(gradients)
        if parts is not None:
            torch._foreach_add_(self._weights, parts, alpha=-self._stride)
        return True


class _Adam:
    """AdamW without decay through torch's fused kernel, on moments that begin at 0 or are carried on."""

    def __init__(self, weights: list[nn.Parameter], lr: float, moments: Mapping[str, Tensor], names: list[str]) -> None:
        self._weights: list[Tensor] = list(weights)
        self._lr = lr
        if moments:
            self._means = [moments[f"mean.{name}"] for name in names]
            self._squares = [moments[f"square.{name}"] for name in names]
            self._count = moments["count"]
        else:
            self._means = [torch.zeros_like(weight) for weight in weights]
            self._squares = [torch.zeros_like(weight) for weight in weights]
            self._count = torch.zeros((), device=weights[0].device)

    @torch.no_grad()
    def step(self) -> bool:
        """One step, and the gradients dropped; False, with nothing changed, when they are no numbers."""
        gradients = _taken(self._weights)
        if not bool(torch.nn.utils.get_total_norm(gradients).isfinite()):
            return False
        self._count.add_(1.0)
        torch._fused_adamw_(
            self._weights,
            gradients,
            self._means,
            self._squares,
            [],
            [self._count] * len(self._weights),
            lr=self._lr,
            beta1=BETAS[0],
            beta2=BETAS[1],
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
        return True


def _taken(weights: Sequence[Tensor]) -> list[Tensor]:
    """The gradients, zeros where there are none, and dropped from the weights."""
    gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
    for weight in weights:
        weight.grad = None
    return gradients


def _untempered(lesson: Lesson) -> Lesson:
    return replace(lesson, temperature=1.0)


def _drawn(lesson: Lesson, scores: Scores) -> Tensor:
    """The mask of the replies that the model drew, `(n, time)`."""
    if not lesson.typed or lesson.pick is None:
        return scores.mask
    drawn = scores.mask.clone()
    drawn[lesson.pick] = False
    return drawn


def _part(value: float, limit: float) -> float:
    """The part of a change that brings `value`, taken to go with its square, to `limit` (0: there is none): from 1/16
    to nearly 1, and 1 when nothing has to be cut."""
    if not limit or value <= limit:
        return 1.0
    return max(1 / 16, UNDER * math.sqrt(limit / value)) if math.isfinite(value) else 1 / 16


def _report(
    lesson: Lesson,
    reference: Tensor,
    first: Scores,
    now: Scores,
    kl: float,
    spent: float,
    rise: float,
    kept: float,
    steps: int,
    loss: float,
) -> Report:
    count, pick = len(lesson.completions), lesson.pick
    ratio = Scores(now.logps - reference, now.mask).mean()
    change = Scores(now.logps - first.logps, now.mask)
    others = [place for place in range(count) if place != pick]
    margin = 0.0
    if pick is not None and others:
        margin = float(ratio[pick] - ratio[others].mean())
    gained = float(change.mean()[others if pick is None else pick].mean())
    # The replies were drawn alike often, so before the update each stands for 1/n of them.
    share = change.logps.sum(-1).softmax(-1)
    moved = 0.5 * float((share - 1.0 / count).abs().sum())
    return Report(margin, gained, kl, spent, moved, rise, 0.0, kept, steps, loss)
