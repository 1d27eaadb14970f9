"""The tree as lines to be drawn, and decisions in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.steering.tree import Node, Tree
from core.steering.view import Decision, TreeRow


def rows(tree: Tree, stored: frozenset[str] | None = None) -> tuple[TreeRow, ...]:
    """Every node, from the root down; `stored` are the states whose bytes are on disk (None: all)."""
    path = {node.id for node in tree.path()}
    tips: dict[int, list[str]] = {}
    for branch in tree.branches.values():
        tips.setdefault(branch.tip, []).append(branch.name)
    found: list[TreeRow] = []
    # Depth first without recursion, since a session may be thousands of picks deep. Rails: the columns to the left
    # that go on below this row.
    todo: list[tuple[int, tuple[bool, ...], bool]] = [(0, (), False)]
    while todo:
        number, rails, fork = todo.pop()
        node = tree.nodes[number]
        found.append(
            TreeRow(
                node=number,
                parent=node.parent,
                column=len(rails),
                rails=rails,
                fork=fork,
                here=number == tree.here,
                on_path=number in path,
                kind="root" if node.decision is None else node.decision.kind,
                label=label(node.decision),
                prompt=_line(asked(tree, node)),
                branch=tree.branches[node.branch].name,
                tips=tuple(tips.get(number, ())),
                bookmark=node.bookmark,
                drift=node.drift,
                kl=node.kl,
                margin=node.margin,
                stored=stored is None or node.state in stored,
                at=node.at,
            )
        )
        if node.children:
            oldest, *others = node.children
            todo.append((oldest, rails, False))
            # The newest side branch stands next to its parent: the last pushed is drawn first.
            todo += [(child, (*rails, True), True) for child in others]
    return tuple(found)


def label(decision: Decision | None) -> str:
    """A decision in a few words, such as `pick 3`."""
    if decision is None:
        return "start"
    if decision.kind == "pick":
        return f"pick {(decision.slot or 0) + 1}"
    return {
        "none": "none of these",
        "write": "written by hand",
        "skip": "skip",
        "edit": "prompt edited",
        "regenerate": "drawn again, hotter" if decision.hotter else "drawn again",
        "retaste": "tasted again",
    }[decision.kind]


def outcome(node: Node) -> str:
    """What a decision came to, such as `pick 3 -> update 0.8 s -> state 12`."""
    words = label(node.decision)
    if not node.taught:
        return f"{words} -> state {node.id}"
    seconds = float(node.report.get("seconds") or 0.0)
    return f"{words} -> update {seconds:.1f} s{cut(node.report, ', ')} -> state {node.id}"


def cut(report: Mapping[str, Any], before: str) -> str:
    """`before` and how much of an update its bounds left, in words; "" when that was all of it."""
    kept = float(report.get("kept", 1.0))
    return "" if kept >= 1.0 else f"{before}cut to {kept:.0%}"


def asked(tree: Tree, node: Node) -> str:
    """The prompt that the decision which made `node` was about; at the root, the first prompt."""
    source = node if node.parent is None else tree.nodes[node.parent]
    return source.prompt or ""


def _line(text: str, most: int = 200) -> str:
    flat = " ".join(text[: 4 * most].split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
