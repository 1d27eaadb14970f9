"""What a brick is: a name, where its class lives, one line of help, its options, and a table of such bricks.

Nothing is imported until `Brick.load()`, so settings, forms and help can list and check choices without torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import OgiveError, nearest


@dataclass(frozen=True)
class Option:
    """One setting that belongs to a single brick; its type is the type of its default unless `kind` says otherwise."""

    default: Any
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    kind: type | None = None

    @property
    def value_type(self) -> type:
        return self.kind or type(self.default)

    def check(self, value: Any, where: str) -> Any:
        """`value` in this option's type and bounds, else a ValueError that says which rule it breaks."""
        if value is None and self.default is None:
            return None
        kind = self.value_type
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{where} must be {kind.__name__}, not {value!r}")
        if isinstance(value, list):
            wrong = [item for item in value if not isinstance(item, str)]
            if wrong:
                raise ValueError(f"{where} must be a list of texts; {wrong[0]!r} is not one")
            return list(value)
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f"{where} must be at least {self.minimum:g}, not {value:g}")
        if self.maximum is not None and value > self.maximum:
            raise ValueError(f"{where} must be at most {self.maximum:g}, not {value:g}")
        if self.choices and value not in self.choices:
            raise ValueError(f"{where} must be one of {', '.join(self.choices)}, not {value!r}")
        return value


@dataclass(frozen=True)
class Brick:
    """A name, `package.module:Class`, one line of help, the options only this brick has, and plain facts about it.

    Facts let sizes be counted and rules be checked without importing the class: a feed-forward's `gated` (its first
    matrix is twice as wide) and `keeps` (numbers per inner one that the backward pass needs), a norm's `centred` (it
    has a bias where biases are on), a position scheme's `table` (one vector per place), `rotary` (it turns pairs of
    numbers of a head) and `biased` (it adds to the scores of each head), `routed` experts, an optimizer's `moments` and
    `hidden_moments` (numbers kept per weight, and per weight of hidden matrices) and `state_bytes` (of each, 4 when not
    given). `defaults` are values of fields beside the brick's own that suit it; a field left empty takes them.
    """

    name: str
    path: str
    help: str
    options: Mapping[str, Option] = field(default_factory=dict)
    facts: Mapping[str, int] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=dict)

    def load(self) -> Any:
        """Import and return the class or function."""
        module, _, attribute = self.path.partition(":")
        return getattr(importlib.import_module(module), attribute)


class Table(Mapping[str, Brick]):
    """The bricks of one kind, by name, in the order a person should meet them."""

    def __init__(self, title: str, *bricks: Brick) -> None:
        self.title = title
        self._bricks = {brick.name: brick for brick in bricks}

    def __getitem__(self, name: str) -> Brick:
        try:
            return self._bricks[name]
        except KeyError:
            raise OgiveError(f"There is no {self.title} named {name!r}.", nearest(name, self._bricks)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._bricks

    def __iter__(self) -> Iterator[str]:
        return iter(self._bricks)

    def __len__(self) -> int:
        return len(self._bricks)
