"""Random operations on a session against a model of the tree: every node that is seen again has the same bytes of
weights and the same group as when it was first seen, and the tree is the one the operations make."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from core.errors import OgiveError
from core.steering.session import Session
from core.steering.states import content_hash
from core.steering.view import TEACHING, Decision

WORDS = ("moon", "old stone", "a bell", "rain again", "no")


@dataclass
class Twin:
    """What a node must be: noted when it is made, compared whenever one stands there."""

    parent: int | None
    prompt: str
    weights: str
    branch: str = "main"
    group: dict[str, Any] | None = None
    children: list[int] = field(default_factory=list)
    last: int | None = None


class Model:
    """The tree as a plain table, written apart from the tree under test."""

    def __init__(self, weights: str, prompt: str) -> None:
        self.nodes = {0: Twin(None, prompt, weights)}
        self.here = 0
        self.tips = {"main": 0}
        self.on = "main"
        self.next = 1

    def grow(self, prompt: str, weights: str) -> None:
        if self.tips[self.on] != self.here:
            head, dash, number = self.on.rpartition("-")
            stem = head if dash and number.isdecimal() else self.on
            number = 2
            while f"{stem}-{number}" in self.tips:
                number += 1
            self.on = f"{stem}-{number}"
        number, self.next = self.next, self.next + 1
        self.nodes[number] = Twin(self.here, prompt, weights, self.on)
        self.nodes[self.here].children.append(number)
        self.tips[self.on] = number
        self.move(number)

    def move(self, number: int) -> None:
        self.here = number
        while (parent := self.nodes[number].parent) is not None:
            self.nodes[parent].last = number
            number = parent

    def go(self, number: int) -> None:
        """Move without naming a branch: one stays on the current one where it leads through the node."""
        if number not in self.path(self.tips[self.on]):
            self.on = self.nodes[number].branch
        self.move(number)

    def path(self, number: int) -> list[int]:
        found: list[int] = [number]
        while (parent := self.nodes[found[-1]].parent) is not None:
            found.append(parent)
        return found


def abandon(session: Session) -> None:
    """What a kill leaves behind, in this process: nothing is closed, flushed or said; only the system's lock goes."""
    session.states._waiting.clear()
    lock, session._lock = session._lock, None
    assert lock is not None
    os.close(lock._handle)
    lock._handle = -1


class Run:
    """One session with its model, and the operations on both."""

    def __init__(self, steer: Any, seed: int, **settings: Any) -> None:
        self.steer, self.draw = steer, random.Random(seed)
        self.session = steer.begin(**settings)
        self.model = Model(self.weights(), self.session.view().prompt)
        self.counts: dict[str, int] = {}

    def weights(self) -> str:
        return content_hash(self.session.policy.tensors())

    def check(self) -> None:
        """Where one stands is what was there at first, in the view, in the tree and in the policy."""
        session, twin = self.session, self.model.nodes[self.model.here]
        assert session.tree.here == self.model.here
        assert self.weights() == twin.weights == session.tree.node.state
        assert session.view().prompt == twin.prompt
        group = session.tree.node.group
        assert (None if group is None else group.to_json()) == twin.group
        assert {branch.name: branch.tip for branch in session.tree.branches.values()} == self.model.tips
        assert session.view().branch == self.model.on
        assert session.tree.node.last == twin.last

    def step(self) -> None:
        name = self.draw.choice(OPERATIONS)
        if getattr(self, name)() is False:
            return
        self.counts[name] = self.counts.get(name, 0) + 1
        self.check()

    def shown(self) -> None:
        *_, last = self.session.propose()
        assert last.group is not None
        twin = self.model.nodes[self.model.here]
        if twin.group is None:
            twin.group = last.group.to_json()
        assert last.group.to_json() == twin.group

    def decided(self, decision: Decision) -> None:
        kept = self.weights()
        self.session.update(decision)
        after = self.weights()
        assert decision.kind in TEACHING or after == kept
        self.model.grow(self.session.view().prompt, after)

    def pick(self) -> None:
        self.shown()
        self.decided(Decision.pick(self.draw.randrange(4)))

    def none(self) -> None:
        self.shown()
        self.decided(Decision.none())

    def write(self) -> None:
        self.shown()
        self.decided(Decision.write(self.draw.choice(WORDS)))

    def skip(self) -> None:
        self.decided(Decision.skip())

    def edit(self) -> None:
        self.decided(Decision.edit(f"About {self.draw.choice(WORDS)}?"))

    def regenerate(self) -> None:
        self.decided(Decision.regenerate(self.draw.random() < 0.5))

    def retaste(self) -> bool | None:
        if not any(self.session.tree.nodes[number].taught for number in self.model.path(self.model.here)):
            with pytest.raises(OgiveError):
                self.session.acknowledge(Decision.retaste())
            return False
        self.decided(Decision.retaste())
        return None

    def undo(self) -> bool | None:
        parent = self.model.nodes[self.model.here].parent
        if parent is None:
            with pytest.raises(OgiveError):
                self.session.undo()
            return False
        self.session.undo()
        self.model.go(parent)
        return None

    def redo(self) -> bool | None:
        last = self.model.nodes[self.model.here].last
        if last is None:
            with pytest.raises(OgiveError):
                self.session.redo()
            return False
        self.session.redo()
        self.model.go(last)
        return None

    def checkout(self) -> None:
        number = self.draw.choice(sorted(self.model.nodes))
        self.session.checkout(number)
        self.model.go(number)

    def checkout_branch(self) -> None:
        name = self.draw.choice(sorted(self.model.tips))
        self.session.checkout(name)
        self.model.on = name
        self.model.move(self.model.tips[name])

    def branch(self) -> None:
        name = f"line {len(self.model.tips)}"
        self.session.branch(name)
        self.model.tips[name] = self.model.here
        self.model.on = name

    def reopen(self) -> None:
        self.session = self.steer.again(self.session)

    def kill(self) -> None:
        """End without a word in the middle of a drawing, after one, or with a pick acknowledged and not learned."""
        moment = self.draw.randrange(3)
        if moment == 0 and self.model.nodes[self.model.here].group is None:
            next(self.session.propose())
        elif moment:
            self.shown()
        slot = self.draw.randrange(4)
        if moment == 2:
            self.session.acknowledge(Decision.pick(slot))
        abandon(self.session)
        self.session = self.steer.again(self.session.id)
        if moment == 2:
            assert self.session.tree.node.decision == Decision.pick(slot)
            self.model.grow(self.session.view().prompt, self.weights())

    def forget(self) -> None:
        """States come from the disk, not from memory."""
        self.session.states.forget()


OPERATIONS = (
    *("pick",) * 6,
    *("undo",) * 4,
    *("none", "write", "skip", "edit", "regenerate", "retaste", "redo", "redo"),
    *("checkout", "checkout", "checkout_branch", "branch", "reopen", "kill", "forget"),
)


def play(run: Run, operations: int) -> None:
    for _ in range(operations):
        run.step()
    for number in sorted(run.model.nodes):  # and at last every node once more, from the disk
        run.session.states.forget()
        run.session.checkout(number)
        run.model.go(number)
        run.check()


@pytest.mark.parametrize(("seed", "keep"), [(1, 0), (2, 3)])
def test_forty_operations(steer, seed, keep):
    run = Run(steer, seed, keep_states=keep)
    play(run, 40)
    assert len(run.model.nodes) > 10


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("seed", "keep"), [(seed, keep) for seed in range(3, 9) for keep in (0, 4)])
def test_two_hundred_operations(steer, seed, keep):
    run = Run(steer, seed, keep_states=keep)
    play(run, 200)
    assert set(OPERATIONS) <= run.counts.keys()
