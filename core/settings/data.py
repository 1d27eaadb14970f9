"""What a model reads, and what is held out to measure it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core import bricks
from core.settings.base import BrickChoice, Settings, setting


class SourceSettings(BrickChoice):
    table = bricks.SOURCES


class DataSettings(Settings):
    """Sources of documents, and the leak-free split between training and held-out text."""

    sources: list[SourceSettings] = Field(
        default=["demo"], validate_default=True, min_length=1, description="Where documents come from, in order"
    )
    held_out: float = setting(0.05, "Share of the text kept for measuring", gt=0.0, le=0.5)
    split_by: Literal["auto", "document", "position"] = setting(
        "auto", "Hold out whole documents, or the tail of the text (auto: documents when there are at least 20)"
    )
    exhausted: Literal["repeat", "drop", "stop"] = setting(
        "repeat",
        "Weighted sources: one that is read out begins again (repeat), is left out until all are read (drop), "
        "or ends the epoch for all (stop)",
    )
    streaming: bool = setting(False, "Turn text into tokens while training: for data too large to pack first")
    seed: int = setting(1, "Chooses the held-out documents", ge=0)

    @property
    def weights(self) -> list[float] | None:
        """The sources' weights when any is given, those left out as 1; None when every document is read once."""
        given = [source.options.get("weight") for source in self.sources]
        return None if all(weight is None for weight in given) else [1.0 if one is None else one for one in given]
