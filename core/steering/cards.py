"""The card shown at a node: which decisions it admits, and which card follows each of them."""

from __future__ import annotations

from typing import Any

from core.errors import OgiveError
from core.steering.drawing import HOTTER
from core.steering.group import Group
from core.steering.lessons import lesson_of
from core.steering.prompts import Prompts
from core.steering.shaping import Shaper
from core.steering.tree import Node, Tree
from core.steering.view import TEACHING, Decision

MOST_TEXT = 200_000
"""Characters of a prompt or reply typed by hand."""


def clean(decision: Decision) -> Decision:
    """The decision with text that can be written to a file: lone halves of surrogate pairs become `?`."""
    text = decision.text.encode("utf-8", "replace").decode("utf-8")
    return Decision(decision.kind, decision.slot, text, decision.hotter, decision.group)


def check(decision: Decision, tree: Tree, group: Group | None, prompts: Prompts, shaper: Shaper, context: int) -> None:
    """OgiveError when the card at `tree.node`, with `group` drawn on it, does not admit the decision."""
    kind, node = decision.kind, tree.node
    if kind in TEACHING:
        if group is None:
            raise OgiveError("There are no variants to decide about yet.", "Draw them first.")
        if decision.group and decision.group != group.id:
            raise OgiveError("That was decided about variants that are not shown any more.", "Look again.")
        if kind == "pick" and (decision.slot is None or not 0 <= decision.slot < len(group.order)):
            told = "that" if decision.slot is None else str(decision.slot + 1)
            raise OgiveError(f"There is no variant {told}.", f"There are {len(group.order)}.")
    if kind in ("write", "edit"):
        what = "reply" if kind == "write" else "prompt"
        if not decision.text.strip():
            raise OgiveError(f"The {what} is empty.", f"Write the {what} you want.")
        if len(decision.text) > MOST_TEXT:
            raise OgiveError(f"The {what} is longer than {MOST_TEXT} characters.", "Shorten it.")
    if kind in TEACHING and group is not None:
        lesson = lesson_of(group, decision, shaper)
        longest = len(lesson.prompt_ids) + max(map(len, lesson.completions))
        if longest > context:
            raise OgiveError(
                f"Prompt and reply are {longest} tokens; the model sees at most {context}.", "Write a shorter reply."
            )
    if kind == "edit":
        _fits(shaper.ids(decision.text), context)
    if kind == "regenerate" and node.prompt is None:
        raise OgiveError("There is no prompt to draw for.", "Type one.")
    if kind == "skip" and not len(prompts):
        raise OgiveError("There is no next prompt to skip to.", "Type one.")
    if kind == "retaste" and tasted(tree) is None:
        raise OgiveError("Nothing was picked on this path yet.", "Pick first; then taste the same prompt again.")


def _fits(ids: list[int], context: int) -> None:
    if len(ids) >= context:
        raise OgiveError(
            f"The prompt is {len(ids)} tokens long; the model sees at most {context}, reply included.",
            "Shorten the prompt.",
        )


def following(tree: Tree, parent: Node, decision: Decision, prompts: Prompts) -> dict[str, Any]:
    """The card after a decision: the prompt asked, the place of the next fresh one, the heat."""
    if decision.kind == "edit":
        return {"prompt": decision.text, "place": parent.place, "heat": 1.0}
    if decision.kind == "regenerate":
        heat = parent.heat * HOTTER if decision.hotter else parent.heat
        return {"prompt": parent.prompt, "place": parent.place, "heat": round(heat, 6)}
    if decision.kind == "retaste":
        place = parent.place if _returned(tree, parent) else max(0, parent.place - 1)
        return {"prompt": tasted(tree, parent.id), "place": place, "heat": 1.0}
    return {"prompt": prompts.at(parent.place), "place": parent.place + 1, "heat": 1.0}


def _returned(tree: Tree, node: Node) -> bool:
    """Whether the prompt that was next when one began to taste again is still to be asked after this card."""
    while node.parent is not None and node.decision is not None and node.decision.kind in ("edit", "regenerate"):
        node = tree.nodes[node.parent]
    return node.decision is not None and node.decision.kind == "retaste"


def tasted(tree: Tree, number: int | None = None) -> str | None:
    """The prompt of the last decision on the path to a node that changed weights; None when there is none."""
    taught = [node for node in tree.path(number) if node.taught and node.parent is not None]
    return tree.nodes[taught[-1].parent or 0].prompt if taught else None
