"""The weights a session stands on: from a node to tensors in the policy, by memory, disk, or building them again."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor

from core.cancel import Cancel
from core.errors import OgiveError
from core.steering.lessons import lesson_of, lessons_on
from core.steering.opening import Steered
from core.steering.shaping import Shaper
from core.steering.states import States, content_hash
from core.steering.tree import Node, Tree
from core.steering.view import Decision

_HOLDERS: WeakKeyDictionary[Steered, Weights] = WeakKeyDictionary()
"""Whose weights a policy has: sessions may share one, one after another."""


def fresh(policy: Steered) -> None:
    """Take a policy back to its fresh adapter; whichever session stood on it has to go back to its own weights."""
    _HOLDERS.pop(policy, None)
    policy.reset()


class Weights:
    """Knows which state the policy has, and changes it only in steps that are whole or undone."""

    def __init__(self, policy: Steered, states: States, tree: Tree, shaper: Shaper, modes: Any = None) -> None:
        self._policy, self._states, self._tree, self._shaper = policy, states, tree, shaper
        self._modes = modes
        self._loaded = ""
        """The state whose weights the policy has; "" while that is not certain."""

    def stand(self, node: Node) -> None:
        """Give the policy the weights of a node."""
        if self._loaded != node.state or _HOLDERS.get(self._policy) is not self:
            tensors = self.tensors(node)
            self._loaded = ""
            self._policy.restore(tensors)
            self._policy.modes = self._modes
            _HOLDERS[self._policy] = self
            self._loaded = node.state

    def tensors(self, node: Node) -> dict[str, Tensor]:
        """The tensors of a node. Where their bytes were dropped or damaged they are built again from the journal, which
        leaves the policy at another node until `stand` is called."""
        if node.state in self._states:
            try:
                return self._states.get(node.state)
            except OgiveError:
                if node.state == self._tree.nodes[0].state:
                    raise
                self._states.discard(node.state)
        if node.state == self._tree.nodes[0].state:
            raise OgiveError("The first state of this session is gone.", "Restore its folder from a copy.")
        return self._rebuild(node)

    def _rebuild(self, node: Node) -> dict[str, Tensor]:
        path = self._tree.path(node.id)
        start = next(each for each in reversed(path[:-1]) if each.parent is None or each.state in self._states)
        tensors = self.tensors(start)
        self._loaded = ""
        self._policy.restore(tensors)
        self._policy.modes = self._modes
        for each in path[path.index(start) + 1 :]:
            if not each.taught or each.parent is None or each.decision is None:
                continue
            lesson = lesson_of(self._tree.shown(each.parent), each.decision, self._shaper)
            self._policy.learn(lesson, lessons_on(self._tree, each.parent, self._shaper))
            tensors = self._policy.tensors()
            if content_hash(tensors) != each.state:
                raise OgiveError(
                    f"The weights of state {each.id} are not kept; building them again gives others on this machine.",
                    "Open the session where it was made, or go to a state whose weights are kept.",
                )
        self._states.put(tensors, start.state)
        return tensors

    def teach(self, parent: Node, decision: Decision, cancel: Cancel | None) -> dict[str, object]:
        """Learn one decision about the group of `parent`, and keep the state; what the journal is to tell of it.

        When it is stopped or fails the policy is back at `parent`.
        """
        self.stand(parent)
        lesson = lesson_of(self._tree.shown(parent.id), decision, self._shaper)
        replay = lessons_on(self._tree, parent.id, self._shaper)
        self._loaded = ""
        try:
            report = self._policy.learn(lesson, replay, cancel)
            state = self._states.put(self._policy.tensors(), parent.state)
            drift = self._policy.drift()
        except BaseException:
            self.stand(parent)
            raise
        self._loaded = state
        return {"state": state, "drift": drift, "kl": report.kl, "report": report.to_json()}

    def prune(self, most: int) -> None:
        """Drop the bytes of the oldest states that nothing needs, as long as more than `most` are kept (0: all are)."""
        if not most:
            return
        tree = self._tree
        newest = {node.state: node.id for node in tree.walk()}
        needed = {tree.nodes[0].state, tree.node.state}
        needed |= {tree.nodes[branch.tip].state for branch in tree.branches.values()}
        needed |= {node.state for node in tree.walk() if node.bookmark}
        kept = sorted((state for state in newest if state in self._states), key=lambda state: newest[state])
        spare = [state for state in kept if state not in needed]
        self._states.drop_later(spare[: max(0, len(kept) - most)])
