"""What a session tells and takes, as plain immutable data: decisions, what streams, and the picture a screen draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.steering.group import Group

Kind = Literal["pick", "none", "write", "skip", "edit", "regenerate", "retaste"]
KINDS: tuple[Kind, ...] = ("pick", "none", "write", "skip", "edit", "regenerate", "retaste")
TEACHING = ("pick", "none", "write")
"""The kinds that change weights; each of the others also makes a node, with the weights of its parent."""


@dataclass(frozen=True)
class Decision:
    """What a person decides about the card shown. Made by the class methods, which say what each needs.

    `group` is the id of the group it was made about ("" = whatever is current): a decision about another group than the
    current one is refused, so that a key typed early never acts on a group not seen.
    """

    kind: Kind
    slot: int | None = None
    text: str = ""
    hotter: bool = False
    group: str = ""

    @classmethod
    def pick(cls, slot: int, group: str = "") -> Decision:
        """Take the variant in `slot` (from 0)."""
        return cls("pick", slot=slot, group=group)

    @classmethod
    def none(cls, group: str = "") -> Decision:
        """None of these: all variants become less likely, within bounds."""
        return cls("none", group=group)

    @classmethod
    def write(cls, text: str, group: str = "") -> Decision:
        """The reply one wanted, written by hand: one more variant, and the pick."""
        return cls("write", text=text, group=group)

    @classmethod
    def skip(cls) -> Decision:
        """On to the next prompt; no weight changes. Needs no group."""
        return cls("skip")

    @classmethod
    def edit(cls, prompt: str) -> Decision:
        """Another prompt in place of the current one. Needs no group; the old one stays in the tree."""
        return cls("edit", text=prompt)

    @classmethod
    def regenerate(cls, hotter: bool = False) -> Decision:
        """Other variants for the same prompt; `hotter` draws them at a higher temperature."""
        return cls("regenerate", hotter=hotter)

    @classmethod
    def retaste(cls) -> Decision:
        """The prompt of the last pick again, with the weights as they are now; the current prompt comes after it."""
        return cls("retaste")

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"kind": self.kind}
        if self.slot is not None:
            found["slot"] = self.slot
        if self.text:
            found["text"] = self.text
        if self.hotter:
            found["hotter"] = True
        return found

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Decision:
        slot = data.get("slot")
        kind: Any = data["kind"]
        return cls(kind, None if slot is None else int(slot), str(data.get("text", "")), bool(data.get("hotter")))


@dataclass(frozen=True)
class Pending:
    """A decision that is in the journal and not yet done. `node` is the number its node will have."""

    node: int
    parent: int
    decision: Decision
    group: Group | None

    @property
    def teaches(self) -> bool:
        """Whether applying it changes weights (and takes as long as an update)."""
        return self.decision.kind in TEACHING


@dataclass(frozen=True)
class Stream:
    """Where a group stands after one more step; everything in slot order. `group` is set on the last one only."""

    texts: tuple[str, ...]
    tokens: tuple[int, ...]
    ended: tuple[str, ...]
    group: Group | None = None


@dataclass(frozen=True)
class TreeRow:
    """One node as a line of the drawn tree, rows from the root down.

    A chain goes on in its column; where a node has several children, all but the oldest open the next column to the
    right, drawn before the oldest. `rails[i]` tells whether a line passes through column i beside this row, `fork`
    that the row is the first of its column (joined to `column` - 1).
    """

    node: int
    parent: int | None
    column: int
    rails: tuple[bool, ...]
    fork: bool
    here: bool
    on_path: bool
    kind: str
    label: str
    prompt: str
    branch: str
    tips: tuple[str, ...] = ()
    bookmark: str = ""
    drift: float | None = None
    kl: float | None = None
    margin: float | None = None
    stored: bool = True
    at: str = ""


@dataclass(frozen=True)
class Control:
    """The control prompt's answers: at the root, now ("" = not answered at this node yet), and all on the path."""

    prompt: str
    root: str = ""
    now: str = ""
    history: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class View:
    """All that a screen shows of a session, at one moment."""

    id: str
    name: str
    model: str
    branch: str
    node: int
    depth: int
    """States on the path that a pick made (0 at the root)."""
    prompt: str
    place: str
    """Such as "13/200"; "" when prompts are typed as one goes."""
    group: Group | None
    alike: bool
    """The variants shown are near-identical."""
    kl: float
    kl_budget: float
    drift: float
    margin: float | None
    control: Control
    tree: tuple[TreeRow, ...] = field(repr=False)
    trail: str
    """What just happened, such as "pick 3 -> update 0.8 s -> state 12"."""
    pending: Pending | None
    bookmarks: dict[str, int] = field(default_factory=dict)
    branches: dict[str, int] = field(default_factory=dict)
    """Name -> the node at its tip."""
    can_undo: bool = False
    can_redo: bool = False
    disk: int = 0
    """Bytes of all stored states."""
