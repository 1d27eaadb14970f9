"""How the next token is drawn from logits: the filters, in their fixed order, and the seeded draw.

The order is repetition penalty, temperature, top-k, top-p, min-p; each filter sees what the one before left. All work
on whole batches, logits `(rows, vocab)` float32, and mark a removed token with -inf. With distinct logits they equal
the processors of `transformers`; tokens that tie at a threshold are all kept.

A row draws with its own generator, seeded by (seed, row), one uniform number per token, and by inverting the
cumulative distribution. So a row's text depends on neither the number of rows, nor the device, nor the global RNG.
"""

from __future__ import annotations

import math
import secrets

import numpy as np
import torch
from torch import Tensor

from core.settings.sampling import SamplingSettings

_UNIFORM_BLOCK = 1024


def penalise_repetition(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Make the tokens marked in `seen (rows, vocab)` bool less likely (CTRL, Keskar et al. 2019).

    Positive logits are divided by the penalty and negative ones multiplied, so that both go down.
    """
    return torch.where(seen, torch.where(logits < 0, logits * penalty, logits / penalty), logits)


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Remove all but the `k` likeliest tokens (k = 0 or k >= vocab: none)."""
    if k <= 0 or k >= logits.shape[-1]:
        return logits
    threshold = logits.topk(k).values[..., -1:]
    return logits.masked_fill(logits < threshold, -math.inf)


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the fewest likeliest tokens whose probabilities reach `p`, the one that crosses it included.

    Nucleus sampling (Holtzman et al. 2020).
    """
    if p >= 1.0:
        return logits
    if logits.device.type == "cpu":  # numpy's vectorised sort takes a tenth of the time of torch's
        ascending = torch.from_numpy(np.sort(logits.float().numpy()))
    else:
        ascending = logits.sort().values
    reached = ascending.softmax(-1).cumsum(-1)
    first = (reached <= 1.0 - p).sum(-1, keepdim=True).clamp_(max=logits.shape[-1] - 1)
    return logits.masked_fill(logits < ascending.gather(-1, first), -math.inf)


def keep_min_p(logits: Tensor, p: float) -> Tensor:
    """Remove tokens less than `p` times as likely as the likeliest (Nguyen et al. 2024)."""
    if p <= 0.0:
        return logits
    return logits.masked_fill(logits < logits.amax(-1, keepdim=True) + math.log(p), -math.inf)


def filter_logits(logits: Tensor, settings: SamplingSettings, seen: Tensor | None = None) -> Tensor:
    """All filters in their order: logits `(rows, vocab)` whose softmax is what the next token is drawn from.

    `seen (rows, vocab)` bool marks the tokens of prompt and reply; it is needed only with a repetition penalty.
    """
    logits = logits.float()
    if settings.repetition_penalty != 1.0 and seen is not None:
        logits = penalise_repetition(logits, seen, settings.repetition_penalty)
    if settings.temperature == 0.0:
        return keep_top_k(logits, 1)
    if settings.temperature != 1.0:
        logits = logits / settings.temperature
    return keep_min_p(keep_top_p(keep_top_k(logits, settings.top_k), settings.top_p), settings.min_p)


def draw(logits: Tensor, uniform: Tensor) -> Tensor:
    """Token ids `(rows,)` from filtered logits `(rows, vocab)` and numbers in [0, 1) `(rows,)` float64.

    A removed token has no width in the cumulative distribution, so it cannot be drawn. Logits that are not numbers
    give an id past the vocabulary.
    """
    weights = (logits - logits.amax(-1, keepdim=True)).exp()
    reached = weights.cumsum(-1, dtype=torch.float64)
    total = reached[:, -1:]
    place = torch.minimum(uniform[:, None] * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(reached, place, right=True).squeeze(-1)


def pinned(settings: SamplingSettings) -> SamplingSettings:
    """The settings with a seed: a fresh one where none is given, so that what it draws can be drawn again."""
    return settings if settings.seed is not None else settings.model_copy(update={"seed": secrets.randbits(31)})


class Sampler:
    """Draws one token per row and step, and remembers what each row has used.

    `settings.seed` None takes a fresh seed, kept in `seed` so that the text can be drawn again.
    """

    def __init__(
        self, settings: SamplingSettings, prompt_ids: list[int], rows: int, device: torch.device | str = "cpu"
    ) -> None:
        self.settings = settings = pinned(settings)
        self.seed = settings.seed or 0
        self._device = torch.device(device)
        if self._device.type == "mps":
            self._device = torch.device("cpu")
        self._rows = rows
        self._prompt_ids = prompt_ids
        self._seen: Tensor | None = None
        self._generators = [torch.Generator().manual_seed(_row_seed(self.seed, row)) for row in range(rows)]
        self._uniforms = torch.empty(0)
        self._next = 0

    def __call__(self, logits: Tensor) -> Tensor:
        """Ids `(rows,)` int64 drawn from `logits (rows, vocab)`, on the logits' device."""
        settings, device = self.settings, logits.device
        if device.type == "mps":  # it has no float64, which the draw needs
            logits = logits.cpu()
        if settings.repetition_penalty != 1.0 and self._seen is None:
            self._seen = torch.zeros(logits.shape, dtype=torch.bool, device=logits.device)
            self._seen[:, torch.tensor(self._prompt_ids, dtype=torch.long, device=logits.device)] = True
        if settings.temperature == 0.0:
            if self._seen is not None:
                logits = penalise_repetition(logits.float(), self._seen, settings.repetition_penalty)
            ids = logits.argmax(-1)
        else:
            ids = draw(filter_logits(logits, settings, self._seen), self._uniform())
        if self._seen is not None:
            self._seen.scatter_(1, ids[:, None], True)
        return ids.to(device)

    def _uniform(self) -> Tensor:
        """The next number of each row, `(rows,)` float64."""
        if self._next == self._uniforms.shape[-1]:
            drawn = [torch.rand(_UNIFORM_BLOCK, dtype=torch.float64, generator=row) for row in self._generators]
            self._uniforms = torch.stack(drawn).to(self._device)
            self._next = 0
        self._next += 1
        return self._uniforms[:, self._next - 1]


def _row_seed(seed: int, row: int) -> int:
    """A seed for each row, far apart for neighbouring seeds and rows (splitmix64's mixing)."""
    mask = (1 << 64) - 1
    value = (seed + row * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return (value ^ (value >> 31)) & mask
