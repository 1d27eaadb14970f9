"""Two states side by side on the same prompts and seeds."""

from __future__ import annotations
