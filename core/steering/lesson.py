"""What one pick teaches, and what learning it did. No torch here: the tree and the screens read these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from core.errors import OgiveError

TokenIds = tuple[int, ...]


@dataclass(frozen=True)
class Lesson:
    """One decision on one group of replies.

    `completions` are the replies in the order they were drawn, each with its stop token if that ended it, so that
    where to stop is learned too. A reply that the person typed is one more completion, and the pick. `pick` is its
    place, None for "none of these". `temperature` is the one they were drawn at. `typed` says that the pick was written
    by a person: the distance to another model is estimated on replies the model drew, so that one is left out of it.
    """

    prompt_ids: TokenIds
    completions: tuple[TokenIds, ...]
    pick: int | None
    temperature: float = 1.0
    typed: bool = False

    def __post_init__(self) -> None:
        if not self.prompt_ids:
            raise OgiveError("There is no prompt to learn from.", "Give at least one token of text.")
        if not self.completions or not all(self.completions):
            raise OgiveError("A reply without a token cannot be learned from.", "Leave empty replies out.")
        if self.pick is not None and not 0 <= self.pick < len(self.completions):
            raise OgiveError(f"There is no reply {self.pick} among {len(self.completions)}.")

    def only(self, places: tuple[int, ...]) -> Lesson:
        """The same decision with only the completions at `places`, the pick among them."""
        pick = None if self.pick is None else places.index(self.pick)
        return replace(self, completions=tuple(self.completions[place] for place in places), pick=pick)

    def distinct(self) -> tuple[int, ...]:
        """The places of replies that differ: of equal ones the pick stays, else the first."""
        kept: dict[TokenIds, int] = {}
        for place, tokens in enumerate(self.completions):
            if tokens not in kept or place == self.pick:
                kept[tokens] = place
        return tuple(sorted(kept.values()))


@dataclass(frozen=True)
class Report:
    """What one update did.

    `margin` is by how many nats per token the pick gained on the mean of the others against the base, `gained` by how
    many nats per token it became likelier in this update; both are 0 for "none of these", where `gained` is that of
    the rejected. `kl` is the distance to the base after the update and `kl_spent` that from before the update, both in
    nats per token; `moved` the share of probability that moved among the group's replies; `probe` by which share the
    cross-entropy of the probe text has risen over the base. `kept` is the share of the change that its bounds left; a
    change of which nothing is left leaves the weights as they were, with `steps` 0.
    """

    margin: float
    gained: float
    kl: float
    kl_spent: float
    moved: float
    probe: float
    seconds: float
    kept: float
    steps: int
    loss: float

    def to_json(self) -> dict[str, Any]:
        """Plain numbers for the journal."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}
