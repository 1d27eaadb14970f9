"""The picture of a session that a screen draws, made anew when something changed and kept until then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.steering.rows import rows
from core.steering.tree import Node
from core.steering.view import Control, TreeRow, View

if TYPE_CHECKING:
    from core.steering.session import Session


class Picture:
    """Makes `View`s; the rows of the tree are drawn again only when the tree changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._drawn: tuple[tuple[int, int], tuple[TreeRow, ...]] | None = None

    def view(self) -> View:
        session, tree = self._session, self._session.tree
        path, group = tree.path(), session.group()
        node = tree.node
        return View(
            id=session.id,
            name=session.name,
            model=session.policy.name,
            branch=tree.branches[tree.branch].name,
            node=node.id,
            depth=sum(each.taught for each in path),
            prompt=node.prompt or "",
            place=session.prompts.told(max(0, node.place - 1)),
            group=group,
            alike=group is not None and group.alike >= session.settings.alike,
            kl=node.kl,
            kl_budget=float(session.settings.update.options.get("kl_budget") or 0.0),
            drift=node.drift,
            margin=node.margin,
            control=_control(session.settings.control_prompt, path),
            tree=self._rows(),
            trail="; ".join(filter(None, (session.trail, session.problem))),
            pending=tree.pending,
            bookmarks={each.bookmark: each.id for each in tree.walk() if each.bookmark},
            branches={branch.name: branch.tip for branch in tree.branches.values()},
            can_undo=node.parent is not None and tree.pending is None,
            can_redo=node.last is not None and tree.pending is None,
            disk=session.states.bytes,
        )

    def _rows(self) -> tuple[TreeRow, ...]:
        session = self._session
        key = (session.tree.version, session.states.version)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, rows(session.tree, session.states.kept()))
        return self._drawn[1]


def _control(prompt: str, path: list[Node]) -> Control:
    answered = tuple((node.id, node.control) for node in path if node.control is not None)
    return Control(prompt, path[0].control or "", path[-1].control or "", answered)
