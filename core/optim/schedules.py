"""Learning-rate schedules: pure functions of the step, as a share of the peak rate.

`step` counts optimizer steps already made, so the first step is made at `schedule(0, steps)`; the floor is reached at
`steps`, one past the last, so no step is made at a rate of zero.
"""

from __future__ import annotations

import math


def warm(step: int, warmup: int) -> float:
    """Share of the peak during a linear warm-up of `warmup` steps: 1 / (warmup + 1) at step 0, 1 from `warmup` on."""
    return min(1.0, (step + 1) / (warmup + 1))


def constant(step: int, steps: int, *, warmup: int = 100) -> float:
    """Warm-up, then the peak to the end."""
    return warm(step, warmup)


def linear(step: int, steps: int, *, warmup: int = 100, floor: float = 0.0) -> float:
    """Warm-up, then a straight line from 1 to `floor`."""
    return polynomial(step, steps, warmup=warmup, power=1.0, floor=floor)


def polynomial(step: int, steps: int, *, warmup: int = 100, power: float = 2.0, floor: float = 0.0) -> float:
    """Warm-up, then from 1 to `floor` by the share of the steps left raised to `power`."""
    if step < warmup:
        return warm(step, warmup)
    left = max(0.0, (steps - step) / max(1, steps - warmup))
    return floor + (1.0 - floor) * min(1.0, left) ** power


def cosine(step: int, steps: int, *, warmup: int = 100, floor: float = 0.1) -> float:
    """Warm-up, then half a cosine from 1 to `floor` (SGDR, Loshchilov & Hutter 2017, without restarts)."""
    if step < warmup:
        return warm(step, warmup)
    progress = min(1.0, (step - warmup) / max(1, steps - warmup))
    return floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * progress))


def warmup_stable_decay(step: int, steps: int, *, warmup: int = 100, decay: float = 0.3, floor: float = 0.0) -> float:
    """Warm-up, a flat stretch at the peak, then a straight line to `floor` over the last `decay` share of the steps
    (WSD, Hu et al. 2024, MiniCPM)."""
    falling = max(1, round(decay * steps))
    left = (steps - step) / falling if decay > 0 else 1.0
    return min(warm(step, warmup), floor + (1.0 - floor) * min(1.0, max(0.0, left)))
