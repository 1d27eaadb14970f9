"""What a session's journal adds up to: picks by slot, margins, curves of KL and drift, time per pick. No torch."""

from __future__ import annotations

import statistics as stats
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.steering import journal
from core.steering.journal import Record


@dataclass(frozen=True)
class Point:
    """One state on the path: its number, how many decisions taught before it, and its figures."""

    node: int
    picks: int
    kl: float
    drift: float
    margin: float | None
    seconds: float | None


@dataclass(frozen=True)
class Statistics:
    """Counts over the whole tree, curves along the path to where one stands.

    `slots[i]` counts picks of slot i, `expected` is what chance alone would give each; `variants[i]` counts picks by
    place in generation. `thought` is the median of seconds from the last token to the decision, `update` that of an
    update; None where nothing was measured.
    """

    kinds: dict[str, int]
    slots: tuple[int, ...]
    variants: tuple[int, ...]
    expected: float
    margin: float | None
    thought: float | None
    update: float | None
    length: float | None
    alike: int
    states: int
    branches: int
    curve: tuple[Point, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def statistics(session: Path | Record) -> Statistics:
    """Of a session's folder, or of what `journal.read` gave."""
    record = session if isinstance(session, Record) else journal.read(session)
    tree, threshold = record.tree, float((record.about.get("settings") or {}).get("alike") or 1.0)
    kinds: dict[str, int] = {}
    slots: dict[int, int] = {}
    variants: dict[int, int] = {}
    size, alike = 0, 0
    margins: list[float] = []
    updates: list[float] = []
    lengths: list[int] = []
    for node in tree.walk():
        if node.group is not None:
            size = max(size, len(node.group.order))
            alike += node.group.alike >= threshold
        if node.decision is None or node.parent is None:
            continue
        kinds[node.decision.kind] = kinds.get(node.decision.kind, 0) + 1
        if node.taught and node.report.get("seconds") is not None:
            updates.append(float(node.report["seconds"]))
        if node.decision.kind in ("pick", "write") and node.margin is not None:
            margins.append(node.margin)
        group = tree.nodes[node.parent].group
        if node.decision.kind == "pick" and node.decision.slot is not None and group is not None:
            chosen = group.slot(node.decision.slot)
            slots[node.decision.slot] = slots.get(node.decision.slot, 0) + 1
            variants[chosen.index] = variants.get(chosen.index, 0) + 1
            lengths.append(len(chosen.tokens))
    curve: list[Point] = []
    for node in tree.path():
        picks = (curve[-1].picks if curve else 0) + node.taught
        seconds = float(node.report["seconds"]) if node.report.get("seconds") is not None else None
        curve.append(Point(node.id, picks, node.kl, node.drift, node.margin, seconds))
    thought = [
        seconds for number, seconds in record.thought.items() if number in tree.nodes and tree.nodes[number].taught
    ]
    return Statistics(
        kinds=kinds,
        slots=tuple(slots.get(slot, 0) for slot in range(size)),
        variants=tuple(variants.get(index, 0) for index in range(size)),
        expected=sum(slots.values()) / size if size else 0.0,
        margin=stats.mean(margins) if margins else None,
        thought=stats.median(thought) if thought else None,
        update=stats.median(updates) if updates else None,
        length=stats.mean(lengths) if lengths else None,
        alike=alike,
        states=len({node.state for node in tree.nodes.values()}),
        branches=len(tree.branches),
        curve=tuple(curve),
    )
