"""From a decision on a group to what the update learns from; and the lessons on a path, which are its replay set."""

from __future__ import annotations

from core.errors import OgiveError
from core.steering.group import Group
from core.steering.lesson import Lesson
from core.steering.shaping import Shaper
from core.steering.tree import Tree
from core.steering.view import Decision


def lesson_of(group: Group, decision: Decision, shaper: Shaper) -> Lesson:
    """What a pick, none or a written reply teaches. Variants without a token (stopped before their first) are left out.

    Raises OgiveError when nothing is left to learn from.
    """
    shown = [variant for variant in group.variants if variant.tokens]
    completions = [variant.tokens for variant in shown]
    pick: int | None = None
    if decision.kind == "write":
        completions.append(tuple(shaper.reply_ids(decision.text)))
        pick = len(completions) - 1
    elif decision.kind == "pick":
        chosen = group.slot(decision.slot or 0)
        if not chosen.tokens:
            raise OgiveError("That variant has no text yet.", "Wait for its first words.")
        pick = [variant.index for variant in shown].index(chosen.index)
    if not completions:
        raise OgiveError("No variant has any text yet.", "Wait for the first words.")
    temperature = float(group.sampling["temperature"])
    return Lesson(group.prompt_ids, tuple(completions), pick, temperature, typed=decision.kind == "write")


def lessons_on(tree: Tree, number: int, shaper: Shaper) -> list[Lesson]:
    """The lessons on the path from the root to a node, oldest first."""
    found = []
    for node in tree.path(number):
        if node.taught and node.decision is not None and node.parent is not None:
            group = tree.nodes[node.parent].group
            assert group is not None
            found.append(lesson_of(group, node.decision, shaper))
    return found
