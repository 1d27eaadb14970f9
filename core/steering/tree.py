"""The tree of states: nodes, branches, bookmarks, and where one stands. Rebuilt from the journal; nothing is deleted.

A node is what a decision made: the weights after it (by the hash of their content) and the card shown there: the
prompt asked, the group drawn for it, the place in the prompt source. Picking, none and writing make a node with other
weights; skipping, editing, drawing anew and tasting again make one with the weights of its parent and another card. So
undo is always a step to the parent, and brings back exactly what was on the screen.

The tree changes by events only, plain JSON objects that the journal keeps in order: `apply` is the one way in, so a
tree that is read back is the tree that was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import OgiveError, nearest
from core.steering.group import Group
from core.steering.view import TEACHING, Decision, Pending

MAIN = "main"
Event = Mapping[str, Any]


@dataclass
class Node:
    """One state and its card. `place` is the index in the prompt source of the next fresh prompt; `heat` a factor on
    the temperature of this card; `kl` and `drift` describe the weights, `report` what the update did."""

    id: int
    parent: int | None
    branch: int
    decision: Decision | None
    state: str
    prompt: str | None
    place: int
    heat: float
    seed: int
    drift: float
    kl: float
    at: str
    report: dict[str, Any] = field(default_factory=dict)
    group: Group | None = None
    children: list[int] = field(default_factory=list)
    last: int | None = None
    """The most recently visited child: where redo goes."""
    bookmark: str = ""
    control: str | None = None
    """The control prompt's answer here; None while it is not answered."""

    @property
    def taught(self) -> bool:
        """Whether the decision that made it changed weights."""
        return self.decision is not None and self.decision.kind in TEACHING

    @property
    def margin(self) -> float | None:
        value = self.report.get("margin")
        return None if value is None else float(value)


@dataclass
class Branch:
    """A named line of nodes: `start` is where it left another, `tip` its newest node."""

    id: int
    name: str
    start: int
    tip: int


class Tree:
    """Nodes by id, which count from 0 (the root) in the order of their decisions; branches by id; the place `here`."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.branches: dict[int, Branch] = {}
        self.here = 0
        self.branch = 0
        self.pending: Pending | None = None
        self._next = 0
        self._before = (0, False)
        self.version = 0
        """Counts changes, so that what is drawn from the tree can be kept until it changes."""

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def node(self) -> Node:
        """Where one stands."""
        return self.nodes[self.here]

    @property
    def next_id(self) -> int:
        """The number of the next decision. A decision that is withdrawn keeps its number."""
        return self._next

    def get(self, number: int) -> Node:
        """The node with this number; OgiveError when there is none."""
        try:
            return self.nodes[number]
        except KeyError:
            raise OgiveError(
                f"There is no state {number} in this session.", f"They go up to {max(self.nodes)}."
            ) from None

    def find(self, name: str | int) -> Node:
        """A node by number, by bookmark, or a branch's tip by its name."""
        if isinstance(name, int):
            return self.get(name)
        text = name.strip()
        if text.isdecimal():
            return self.get(int(text))
        for branch in self.branches.values():
            if branch.name == text:
                return self.nodes[branch.tip]
        for node in self.nodes.values():
            if node.bookmark and node.bookmark == text:
                return node
        known = [branch.name for branch in self.branches.values()]
        known += [node.bookmark for node in self.nodes.values() if node.bookmark]
        raise OgiveError(f"There is no branch, bookmark or state {name!r}.", nearest(text, known))

    def branch_named(self, name: str) -> Branch:
        """The branch of this name; OgiveError names the nearest."""
        for branch in self.branches.values():
            if branch.name == name:
                return branch
        raise OgiveError(f"There is no branch {name!r}.", nearest(name, [each.name for each in self.branches.values()]))

    def path(self, number: int | None = None) -> list[Node]:
        """The nodes from the root to `number` (None: to where one stands)."""
        node: Node | None = self.nodes[self.here if number is None else number]
        found: list[Node] = []
        while node is not None:
            found.append(node)
            node = None if node.parent is None else self.nodes[node.parent]
        return found[::-1]

    def shown(self, number: int) -> Group:
        """The group that was drawn at a node; OgiveError when there is none."""
        group = self.get(number).group
        if group is None:
            raise OgiveError(f"No variants were drawn at state {number}.")
        return group

    def common(self, a: int, b: int) -> Node:
        """The last node that the paths to `a` and `b` share."""
        mine = {node.id for node in self.path(a)}
        return next(node for node in reversed(self.path(b)) if node.id in mine)

    def walk(self) -> Iterator[Node]:
        """Every node, parents before children, in the order of their numbers."""
        return iter(self.nodes[number] for number in sorted(self.nodes))

    def search(self, words: str) -> list[int]:
        """Numbers of nodes whose prompt, decision, pick, branch or bookmark hold all the words, case aside."""
        wanted = words.casefold().split()
        return [node.id for node in self.walk() if all(word in self._text(node) for word in wanted)]

    def _text(self, node: Node) -> str:
        parts = [node.prompt or "", node.bookmark, self.branches[node.branch].name, str(node.id)]
        if node.decision is not None:
            parts += [node.decision.kind, node.decision.text, self.picked(node)]
        return "\n".join(parts).casefold()

    def picked(self, node: Node) -> str:
        """The text that the decision which made `node` took or wrote; "" for none and the rest."""
        if node.decision is None or node.parent is None:
            return ""
        if node.decision.kind == "write":
            return node.decision.text
        group = self.nodes[node.parent].group
        if node.decision.kind == "pick" and group is not None and node.decision.slot is not None:
            return group.slot(node.decision.slot).text
        return ""

    # -- planning: which events a wish comes to ---------------------------------------------------------------------

    def plan_decision(self) -> dict[str, Any]:
        """The branch that a decision here grows: the current one at its tip, else a new one with a name of its own."""
        branch = self.branches[self.branch]
        if branch.tip == self.here:
            return {"branch": branch.id}
        stem = re.sub(r"-\d+$", "", branch.name)
        names = {each.name for each in self.branches.values()}
        number = next(n for n in range(2, len(names) + 3) if f"{stem}-{n}" not in names)
        return {"branch": max(self.branches) + 1, "branch_name": f"{stem}-{number}"}

    def check_branch_name(self, name: str) -> str:
        """`name` trimmed; OgiveError when it is empty, a number, or taken."""
        text = " ".join(name.split())
        if not text or not text.isprintable() or len(text) > 60:
            raise OgiveError(f"{name!r} cannot be a branch's name.", "Use a few letters.")
        if text.isdecimal():
            raise OgiveError(f"{text} is a state's number, not a name.", "Use at least one letter.")
        if any(branch.name == text for branch in self.branches.values()):
            raise OgiveError(f"There is a branch {text!r} already.", "Take another name, or rename that one.")
        return text

    def check_label(self, label: str) -> str:
        """A bookmark's label trimmed; OgiveError when it cannot be one. "" takes a bookmark away."""
        text = " ".join(label.split())
        if text.isdecimal() or (text and not text.isprintable()) or len(text) > 60:
            raise OgiveError(f"{label!r} cannot be a bookmark's label.", "Use a few letters.")
        return text

    # -- events -----------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Do what one line of the journal says. Kinds that do not concern the tree are passed over."""
        handler = getattr(self, f"_on_{event['kind']}", None)
        if handler is not None:
            handler(event)
            self.version += 1

    def _on_root(self, event: Event) -> None:
        self.branches = {0: Branch(0, MAIN, 0, 0)}
        self.nodes = {0: _node(event, None, 0, None)}
        self.here = self.branch = 0
        self._next = 1

    def _on_group(self, event: Event) -> None:
        self.nodes[int(event["node"])].group = Group.from_json(event["group"])

    def _on_decide(self, event: Event) -> None:
        number, parent = int(event["id"]), int(event["node"])
        decision = Decision.from_json(event["decision"])
        came_from, self.here, self.branch = self.branch, parent, int(event["branch"])
        new = self.branch not in self.branches
        if new:
            self.branches[self.branch] = Branch(self.branch, str(event["branch_name"]), parent, parent)
        self._next = number + 1
        self._before = (came_from, new)
        self.pending = Pending(number, parent, decision, self.nodes[parent].group)

    def _on_withdraw(self, event: Event) -> None:
        came_from, new = self._before
        if self.pending is not None and new:
            del self.branches[self.branch]
        if self.pending is not None:
            self.branch = came_from
        self.pending = None

    def _on_node(self, event: Event) -> None:
        pending = self.pending
        if pending is None or pending.node != int(event["id"]):
            raise OgiveError(f"The journal tells of state {event['id']} without the decision that made it.")
        parent = self.nodes[pending.parent]
        node = _node(event, pending.parent, self.branch, pending.decision)
        self.nodes[node.id] = node
        parent.children.append(node.id)
        self.branches[self.branch].tip = node.id
        self.pending = None
        self._visit(node.id)

    def _on_move(self, event: Event) -> None:
        self.branch = int(event["branch"])
        self._visit(int(event["to"]))

    def _on_branch(self, event: Event) -> None:
        number = int(event["id"])
        self.branches[number] = Branch(number, str(event["name"]), self.here, self.here)
        self.branch = number

    def _on_rename(self, event: Event) -> None:
        self.branches[int(event["branch"])].name = str(event["name"])

    def _on_bookmark(self, event: Event) -> None:
        label = str(event["label"])
        for node in self.nodes.values():
            if label and node.bookmark == label:
                node.bookmark = ""
        self.nodes[int(event["node"])].bookmark = label

    def _on_control(self, event: Event) -> None:
        self.nodes[int(event["node"])].control = str(event["text"])

    def _visit(self, number: int) -> None:
        """Stand at a node; the way there becomes what redo follows."""
        self.here = number
        node = self.nodes[number]
        while node.parent is not None:
            self.nodes[node.parent].last = node.id
            node = self.nodes[node.parent]

    def branch_for(self, number: int) -> int:
        """The branch one is on after going to a node: the current one when it leads through there, else the node's."""
        tip = self.branches[self.branch].tip
        return self.branch if number in {node.id for node in self.path(tip)} else self.nodes[number].branch


def _node(event: Event, parent: int | None, branch: int, decision: Decision | None) -> Node:
    prompt = event.get("prompt")
    return Node(
        id=int(event.get("id", 0)),
        parent=parent,
        branch=branch,
        decision=decision,
        state=str(event["state"]),
        prompt=None if prompt is None else str(prompt),
        place=int(event["place"]),
        heat=float(event.get("heat", 1.0)),
        seed=int(event["seed"]),
        drift=float(event.get("drift") or 0.0),
        kl=float(event.get("kl") or 0.0),
        at=str(event.get("at", "")),
        report=dict(event.get("report") or {}),
    )
