"""How the next token is drawn."""

from __future__ import annotations

from core.settings.base import Settings, setting


class SamplingSettings(Settings):
    """Filters are applied in this order: repetition penalty, temperature, top-k, top-p, min-p."""

    temperature: float = setting(0.8, "0 takes the likeliest token; above 1 is wilder", ge=0.0, le=5.0)
    top_k: int = setting(0, "Keep the k likeliest tokens (0: all)", unit="tokens", ge=0)
    top_p: float = setting(0.95, "Keep the likeliest tokens that together reach this probability", gt=0.0, le=1.0)
    min_p: float = setting(0.0, "Keep tokens at least this likely relative to the likeliest", ge=0.0, lt=1.0)
    repetition_penalty: float = setting(1.0, "Above 1 makes tokens already used less likely", ge=0.5, le=3.0)
    max_new_tokens: int = setting(200, "Longest reply", unit="tokens", ge=1, le=1_000_000)
    seed: int | None = setting(None, "The same seed draws the same text (empty: a fresh one each time)", ge=0)
