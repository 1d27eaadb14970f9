"""Model sizes by one dial: from a depth follow width, heads, learning rate, batch and length of training. No torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.errors import OgiveError
from core.models.counting import count
from core.settings.model import ModelSettings

DEEPEST = 64
TOKENS_PER_PARAMETER = 20
"""What trains a model of a given cost best (Hoffmann et al. 2022)."""


@dataclass(frozen=True)
class Preset:
    """A model and how to train it from nothing with AdamW; `tokens` in all, `steps` of `batch_size` sequences of the
    model's context each."""

    depth: int
    model: ModelSettings
    parameters: int
    lr: float
    batch_size: int
    tokens: int
    steps: int
    warmup: int

    @property
    def training(self) -> dict[str, object]:
        """As settings under `training`."""
        return {
            "steps": self.steps,
            "batch_size": self.batch_size,
            "lr": self.lr,
            "weight_decay": 0.1,
            "optimizer": "adamw",
            "schedule": {"name": "cosine", "warmup": self.warmup, "floor": 0.1},
        }


def by_depth(depth: int, vocab_size: int = 1024, context: int | None = None) -> Preset:
    """The preset with `depth` blocks.

    - Width 64 x depth. Heads of 32 up to a width of 256, of 64 up to 1024, of 128 above where that divides it; from
      depth 8 on two query heads share a key head where the heads are even.
    - Feed-forward 8/3 of the width, up to whole 64s; head tied up to depth 12.
    - Context 256, 512 from depth 6, 1024 from 8, 2048 from 16.
    - Learning rate 6e-4 at width 768, elsewhere in inverse proportion (maximal update, Yang et al. 2022), at most 4e-3.
    - 20 tokens per parameter (Hoffmann et al. 2022), in batches of about 5 sqrt(tokens) tokens, as a power of two of
      sequences: the batch that is worth it grows with the length of training.
    """
    if not 1 <= depth <= DEEPEST:
        raise OgiveError(f"There is no preset of depth {depth}.", f"Depths go from 1 to {DEEPEST}.")
    width = 64 * depth
    heads = width // (32 if width <= 256 else 64 if width <= 1024 or width % 128 else 128)
    settings = ModelSettings(
        layers=depth,
        hidden_size=width,
        heads=heads,
        kv_heads=heads // 2 if depth >= 8 and heads % 2 == 0 else None,
        ffn_size=-(-8 * width // 192) * 64,
        context=context or (256 if depth < 6 else 512 if depth < 8 else 1024 if depth < 16 else 2048),
        qk_norm=True,
        tied=depth <= 12,
        zero_init=True,
    )
    parameters = count(settings, vocab_size).parameters
    tokens = TOKENS_PER_PARAMETER * parameters
    sequences = 2 ** max(2, round(math.log2(5 * math.sqrt(tokens) / settings.context)))
    steps = -(-tokens // (sequences * settings.context))
    return Preset(
        depth,
        settings,
        parameters,
        lr=float(f"{min(4e-3, 6e-4 * 768 / width):.2g}"),
        batch_size=sequences,
        tokens=steps * sequences * settings.context,
        steps=steps,
        warmup=min(2000, max(20, steps // 50)),
    )
