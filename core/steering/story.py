"""The journal for people: `journal.md`, written along with every event, and the story from the root to a node."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.files import os_failure, write_atomic
from core.steering import journal
from core.steering.markdown import inline, quoted
from core.steering.rows import asked, cut, label
from core.steering.tree import Node, Tree

LONGEST = 4000
"""Characters of a prompt or reply in the story; the JSONL holds all of it."""


class Narrator:
    """Keeps `journal.md` beside the events. It is made anew from them when a session is opened, so it cannot drift."""

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        self._folder, self._about = folder, about
        self._path = folder / journal.STORY

    def text(self) -> str:
        """The whole file from the events."""
        tree, parts = Tree(), [head(self._about)]
        for event in journal.events(self._folder):
            tree.apply(event)
            parts.append(told(tree, event))
        return "\n\n".join(filter(None, parts)) + "\n"

    def rewrite(self) -> None:
        """Write the whole file."""
        write_atomic(self._path, self.text(), sync=False)

    def tell(self, tree: Tree, event: Mapping[str, Any]) -> None:
        """Add what an event that has just been applied comes to."""
        text = told(tree, event)
        if not text:
            return
        try:
            with self._path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"\n{text}\n")
        except OSError as error:
            raise os_failure("write", self._path, error) from error


def head(about: Mapping[str, Any]) -> str:
    """The title and what the session began with."""
    settings, model = about.get("settings") or {}, about.get("model") or {}
    shaping = settings.get("shaping") or {}
    lines = [
        f"# {inline(str(about.get('name') or 'Session'), 120)}",
        "",
        f"- Model: {inline(str(model.get('name', '')), 200)}",
        f"- Begun: {inline(str(about.get('created_at', ''))[:16].replace('T', ' '))} UTC",
        f"- Update rule: {inline(str((settings.get('update') or {}).get('name', '')))}",
    ]
    lines += [
        f"- {key.capitalize()}: {inline(str(shaping[key]), 400)}"
        for key in ("system", "prefix", "suffix")
        if shaping.get(key)
    ]
    if settings.get("control_prompt"):
        lines.append(f"- Control prompt: {inline(str(settings['control_prompt']), 400)}")
    return "\n".join(lines)


def told(tree: Tree, event: Mapping[str, Any]) -> str:
    """One event as Markdown, "" for those that people need not read. `tree` is as after the event."""
    kind, at = event["kind"], clock(str(event.get("at", "")))
    if kind == "node":
        return step(tree, tree.nodes[int(event["id"])])
    if kind == "move":
        return f"*{at}* {inline(str(event['how']))} to state {int(event['to'])}"
    if kind == "branch":
        return f"*{at}* branch **{inline(str(event['name']))}** begins at state {tree.here}"
    if kind == "rename":
        return f"*{at}* a branch is now called **{inline(str(event['name']))}**"
    if kind == "bookmark":
        name = inline(str(event["label"]))
        return f"*{at}* state {int(event['node'])} is marked **{name}**" if name else ""
    if kind == "withdraw":
        return f"*{at}* the decision was taken back"
    if kind == "control":
        return f"*{at}* control prompt at state {int(event['node'])}:\n\n{quoted(str(event['text']), LONGEST)}"
    if kind == "saved":
        return (
            f"*{at}* {inline(str(event['what']))} of state {int(event['node'])} saved to {inline(str(event['folder']))}"
        )
    return ""


def step(tree: Tree, node: Node) -> str:
    """The decision that made a node, with what was asked and answered."""
    title = f"### State {node.id}: {inline(label(node.decision))}"
    parts = [title, f"{clock(node.at)}, branch {inline(tree.branches[node.branch].name)}{_figures(node)}"]
    decision = node.decision
    if decision is None or node.parent is None:
        return "\n\n".join(parts)
    if decision.kind in ("pick", "none", "write", "skip"):
        parts.append(quoted(asked(tree, node), LONGEST))
    if decision.kind == "edit":
        parts += ["New prompt:", quoted(decision.text, LONGEST)]
    picked = tree.picked(node)
    if decision.kind in ("pick", "write"):
        parts += ["Taken:" if decision.kind == "pick" else "Written by hand:", quoted(picked, LONGEST)]
    group = tree.nodes[node.parent].group
    if decision.kind in ("pick", "none", "write") and group is not None:
        left = [
            variant
            for slot, variant in ((s, group.slot(s)) for s in range(len(group.order)))
            if decision.kind != "pick" or slot != decision.slot
        ]
        parts.append("Not taken:")
        parts.append("\n".join(f"- {inline(variant.text, 300) or '(nothing)'}" for variant in left))
    return "\n\n".join(parts)


def _figures(node: Node) -> str:
    if not node.taught:
        return ""
    report = node.report
    margin = "" if node.margin is None else f", margin {node.margin:+.3f} nats per token"
    return (
        f", update {float(report.get('seconds') or 0.0):.2f} s{margin}, KL to the base {node.kl:.4f} nats per token"
        f"{cut(report, ', ')}, drift {node.drift:.4f}"
    )


def story(about: Mapping[str, Any], tree: Tree, number: int | None = None) -> str:
    """From the root to a node (None: where one stands): what was asked, taken and left, and what came of it."""
    path = tree.path(number)
    last = path[-1]
    taught = [node for node in path if node.taught]
    kinds = [node.decision.kind for node in path if node.decision is not None]
    summary = (
        f"From the start to state {last.id} on branch {inline(tree.branches[last.branch].name)}: "
        f"{kinds.count('pick')} picked, {kinds.count('none')} none of these, {kinds.count('write')} written by hand, "
        f"{kinds.count('skip')} skipped. KL to the base {last.kl:.4f} nats per token, drift {last.drift:.4f}."
    )
    parts = [head(about), summary]
    parts += [
        step(tree, node)
        for node in path
        if node.decision is not None and (node in taught or node.decision.kind == "edit")
    ]
    answered = [node for node in path if node.control is not None]
    if answered:
        parts.append("## The control prompt")
        for node in dict.fromkeys((answered[0].id, answered[-1].id)):
            parts += [f"At state {node}:", quoted(tree.nodes[node].control or "", LONGEST)]
    return "\n\n".join(parts) + "\n"


def clock(at: str) -> str:
    """`19:04:11` of an ISO time; its own text when it is not one."""
    day, _, time = at.partition("T")
    return time[:8] if day and len(time) >= 8 else inline(at)
