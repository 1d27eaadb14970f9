"""The ways in which a model's own replies differ from one another, and a pick weighed by them.

Most of what one pick says is chance: these words happened to stand in the reply that was wanted. What a person means
by it is mostly some way in which the model's replies differ anyway, whatever is asked. Those ways can be had before the
first pick: the score of a reply is the gradient of its log-probability by the weights that are learned, and the leading
directions in which the scores of many of the model's own replies spread are its modes.

Along each mode a step is the gradient divided by the scores' variance there: the natural gradient (Amari 1998) for
the distance that counts, the KL of whole replies, which for a small step d is d' C d / 2 with C the scores' covariance.
So a common way costs no more than a rare one. What lies outside of all modes is mostly chance and goes ten times
slower: picks that agree in something there are heard too, later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import OgiveError
from core.steering.estimate import FEWEST
from core.steering.lesson import Lesson
from core.steering.scoring import Scorer

OUTSIDE = 0.1
"""How fast what no mode covers is learned, beside the mode with the least variance."""
LEAST = 1e-4
"""A mode with a smaller share of the first one's variance is rounding."""
_COLUMNS = 1 << 16


@dataclass(frozen=True)
class Modes:
    """`directions` `(modes, numbers)`, orthonormal rows over all learned weights one after another, and the `variance`
    `(modes,)` of the replies' scores along them, in nats squared per unit of weight squared."""

    directions: Tensor
    variance: Tensor

    def step(self, gradients: Sequence[Tensor]) -> list[Tensor] | None:
        """The step up these gradients, for each weight its part, as long as one standard deviation of the replies'
        log-probabilities along it, taking for what lies outside the variance of the least mode; None at no gradient."""
        flat = torch.cat([gradient.flatten() for gradient in gradients]).to(self.directions.dtype)
        along, outside = self.directions @ flat, OUTSIDE / self.variance.min()
        rest = (flat.square().sum() - along.square().sum()).clamp_min(0.0)
        length = float(((along.square() / self.variance).sum() + OUTSIDE * outside * rest).sqrt())
        if not length > 0.0:
            return None
        whole = self.directions.t() @ (along / self.variance - outside * along) + outside * flat
        parts = (whole / length).split([gradient.numel() for gradient in gradients])
        return [part.view_as(gradient).to(gradient.dtype) for part, gradient in zip(parts, gradients, strict=True)]

    def tensors(self) -> dict[str, Tensor]:
        """On the CPU, for a file; exact: the directions are bfloat16 numbers already."""
        return {"directions": self.directions.bfloat16().cpu(), "variance": self.variance.cpu()}

    @classmethod
    def of(cls, tensors: dict[str, Tensor], numbers: int, device: torch.device) -> Modes:
        """Back from `tensors`; OgiveError when they are not of an adapter with so many learned numbers."""
        directions, variance = tensors.get("directions"), tensors.get("variance")
        fits = directions is not None and variance is not None and directions.shape == (len(variance), numbers)
        if not fits or directions is None or variance is None:
            raise OgiveError(
                "The kept modes of this session are not of its model's adapter.",
                "Begin a new session from its settings.",
            )
        return cls(directions.float().to(device), variance.clone().to(device))


def find(
    scorer: Scorer,
    weights: Sequence[nn.Parameter],
    groups: Iterable[Lesson],
    most: int,
    count: int,
    told: Callable[[int], object],
) -> Modes | None:
    """The `count` leading modes of the replies in `groups`, `most` of them; None when they do not spread.

    `scorer` scores with the weights as they are, fresh. For the directions each score counts by the root of its length,
    so that a few odd replies do not make modes of their own; the variances are those of the scores as they are.
    """
    numbers = sum(weight.numel() for weight in weights)
    table = torch.empty(most, numbers, dtype=torch.bfloat16, device=weights[0].device)
    filled = 0
    for group in groups:
        sums = scorer([group])[0].logps.sum(-1)
        for place in range(len(sums)):
            found = torch.autograd.grad(sums[place], weights, retain_graph=place + 1 < len(sums), allow_unused=True)
            parts = [torch.zeros_like(w) if g is None else g for g, w in zip(found, weights, strict=True)]
            score = torch.cat([part.flatten() for part in parts])
            if bool(score.isfinite().all()):
                table[filled] = score
                filled += 1
        told(filled)
    return _leading(table[:filled], count) if filled >= FEWEST else None


@torch.no_grad()
def _leading(table: Tensor, count: int) -> Modes | None:
    """Of scores `(replies, numbers)`, in blocks of columns so that no second copy of them is made."""
    replies, numbers = table.shape
    blocks = [slice(start, start + _COLUMNS) for start in range(0, numbers, _COLUMNS)]
    products = sum((table[:, b].float() @ table[:, b].float().t()).double() for b in blocks)
    assert isinstance(products, Tensor)
    lengths = products.diagonal().clamp_min(1e-30).sqrt()
    centre = torch.eye(replies, dtype=torch.float64, device=table.device) - 1.0 / replies
    mixed = centre @ torch.diag(lengths.rsqrt())  # rows of `mixed @ table` are damped and centred
    strength, shares = torch.linalg.eigh(mixed @ products @ mixed.t())
    order = range(replies - 1, max(-1, replies - 1 - count), -1)
    least = LEAST * max(float(strength[-1]), float(lengths.sum()) / replies)  # replies that are all alike do not spread
    kept = [place for place in order if float(strength[place]) > least]
    if not kept:
        return None
    weigh = (shares[:, kept].t() @ mixed / strength[kept].sqrt()[:, None]).float()
    directions = torch.cat([weigh @ table[:, b].float() for b in blocks], dim=1).bfloat16().float()
    along = sum(table[:, b].float() @ directions[:, b].t() for b in blocks)
    assert isinstance(along, Tensor)
    variance = (along - along.mean(0)).square().mean(0)
    return Modes(directions, variance)
