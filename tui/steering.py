"""The one steering session that is open in this program. It belongs to the app: screens come and go.

Everything here that touches the session runs on the engine's thread, inside a job, or after the engine has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.widgets.branches import TreeNode

if TYPE_CHECKING:
    from core.settings.steering import SteeringSettings
    from core.steering.session import Session
    from core.steering.tree import Node, Tree
    from core.steering.view import Decision, View

KINDS: dict[str, str] = {
    "none": "none",
    "write": "written",
    "skip": "skip",
    "edit": "edit",
    "regenerate": "again",
    "retaste": "re-taste",
}
"""What a decision is called on the screen; a pick also has its number."""


def called(decision: Decision | None) -> str:
    """A decision in a word or two: `pick 3`, `none`, `again`, `hotter`."""
    if decision is None:
        return "root"
    if decision.kind == "pick":
        return f"pick {(decision.slot or 0) + 1}"
    if decision.kind == "regenerate" and decision.hotter:
        return "hotter"
    return KINDS.get(decision.kind, decision.kind)


@dataclass(frozen=True)
class Picture:
    """All that the screens draw of a session at one moment: plain, immutable, free of tensors."""

    view: View
    nodes: tuple[TreeNode, ...]
    settings: SteeringSettings
    last: dict[str, Any]
    """The report of the decision that led here; empty at the root."""
    drifts: tuple[float, ...] = ()
    kls: tuple[float, ...] = ()
    margins: tuple[float, ...] = ()
    """Along the path, states that taught only."""
    revealed: tuple[tuple[str, str], ...] = ()
    """How the group decided about last was drawn: told only after the decision."""


class Bench:
    """Holds the session, and looks at it for the screens."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self._nodes: tuple[int, tuple[TreeNode, ...]] = (-1, ())

    def hold(self, session: Session) -> Picture:
        """This session is the open one from now on."""
        self.session = session
        self._nodes = (-1, ())
        return self.look()

    def the_session(self) -> Session:
        if self.session is None:
            from core.errors import OgiveError

            raise OgiveError("No steering session is open.", "s on the home screen begins one.")
        return self.session

    def look(self) -> Picture:
        """The session as it is now. On the engine's thread."""
        session = self.the_session()
        tree = session.tree
        if self._nodes[0] != tree.version:
            self._nodes = (tree.version, nodes_of(session))
        taught = [node for node in tree.path() if node.taught]
        return Picture(
            session.view(),
            self._nodes[1],
            session.settings,
            dict(tree.node.report),
            tuple(node.drift for node in taught),
            tuple(node.kl for node in taught),
            tuple(node.margin for node in taught if node.margin is not None),
            reveal(tree),
        )

    def close(self) -> list[str]:
        """Let go of the session; lines for the normal screen that say how to go on with it."""
        session, self.session = self.session, None
        if session is None:
            return []
        view = session.view()
        session.close()
        states = f"state {view.node}, branch {view.branch}"
        return [
            f"{view.name}: {states}; every pick is in the journal",
            f"  folder  {session.folder}",
            f"  resume  ogive steer --resume {session.id}",
        ]


def nodes_of(session: Session) -> tuple[TreeNode, ...]:
    """The tree for drawing."""
    tree = session.tree
    found = []
    # By number, so that of a node's children the oldest is the first.
    for row in sorted(session.view().tree, key=lambda row: row.node):
        node = tree.get(row.node)
        found.append(
            TreeNode(
                str(row.node),
                None if row.parent is None else str(row.parent),
                row.node,
                called(node.decision),
                row.prompt,
                ", ".join(row.tips),
                row.bookmark,
                row.drift,
                row.kl,
                row.margin,
                row.stored,
                None if node.last is None else str(node.last),
                facts_of(tree, node),
            )
        )
    return tuple(found)


def reveal(tree: Tree) -> tuple[tuple[str, str], ...]:
    """How the group was drawn that the last decision was about, and which place was which draw."""
    node = tree.node
    group = None if node.parent is None else tree.get(node.parent).group
    if group is None:
        return ()
    places = ", ".join(f"{slot + 1} was draw {index + 1}" for slot, index in enumerate(group.order))
    sampling = [(name.replace("_", " "), f"{value:g}") for name, value in group.sampling.items() if _number(value)]
    report = [(name, f"{value:.3g}") for name, value in node.report.items() if _number(value)]
    return (
        ("decision", called(node.decision)),
        ("places", places),
        *sampling,
        ("seed", str(group.seed)),
        ("alike", f"{group.alike:.2f}"),
        ("weights", f"of state {group.weights}"),
        *report,
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def facts_of(tree: Tree, node: Node) -> tuple[tuple[str, str], ...]:
    """What a pane tells of a state: (label, value)."""
    decision = node.decision
    before = None if node.parent is None else tree.get(node.parent)
    seconds = node.report.get("seconds")
    margin = f"{node.margin:+.2f}" if node.margin else ""
    asked = before.prompt if before is not None else None
    rows = [
        ("decision", called(decision)),
        ("asked", asked or ""),
        ("took", tree.picked(node)),
        ("margin", margin),
        ("KL", f"{node.kl:.3f}"),
        ("drift", f"{node.drift:.3f}"),
        ("update", "" if seconds is None or not node.taught else f"{seconds:.1f} s"),
        ("at", node.at.replace("T", " ")[:16]),
        ("next card", node.prompt or ""),
    ]
    return tuple((label, value) for label, value in rows if value)
