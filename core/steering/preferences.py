"""The picks of a session as a preference data set: prompt, chosen, rejected, one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import OgiveError
from core.files import to_json, write_atomic
from core.steering.tree import Node, Tree


def pairs(
    about: Mapping[str, Any], tree: Tree, number: int | None = None, *, whole_tree: bool = False
) -> list[dict[str, Any]]:
    """A row for each pick and each variant it was preferred to, on the path to a node or in the whole tree.

    `prompt`, `chosen` and `rejected` are lists of turns (texts in raw mode). Variants that read the same as the chosen
    one, that were not finished or are empty are left out; "none of these" gives no row, since nothing was preferred.
    """
    nodes: Iterator[Node] = tree.walk() if whole_tree else iter(tree.path(number))
    shaping = (about.get("settings") or {}).get("shaping") or {}
    found: list[dict[str, Any]] = []
    for node in nodes:
        if node.decision is None or node.parent is None or node.decision.kind not in ("pick", "write"):
            continue
        group = tree.shown(node.parent)
        chosen = tree.picked(node)
        if not chosen.strip():
            continue
        taken = None if node.decision.kind == "write" else group.order[node.decision.slot or 0]
        rejected = [
            v.text for v in group.variants if v.index != taken and v.finished and v.text.strip() and v.text != chosen
        ]
        for text in dict.fromkeys(rejected):
            found.append(_row(shaping, group.prompt, chosen, text) | {"state": node.id})
    return found


def _row(shaping: Mapping[str, Any], prompt: str, chosen: str, rejected: str) -> dict[str, Any]:
    text = f"{shaping.get('prefix', '')}{prompt}{shaping.get('suffix', '')}"
    if shaping.get("raw"):
        return {"prompt": text, "chosen": chosen, "rejected": rejected}
    system = shaping.get("system") or ""
    turns = [{"role": "system", "content": system}] if system else []
    return {
        "prompt": [*turns, {"role": "user", "content": text}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


def write_pairs(path: Path, rows: list[dict[str, Any]]) -> int:
    """One row a line, atomically; how many. OgiveError when there are none."""
    if not rows:
        raise OgiveError("There is no pick to export yet.", "Pick a variant first; none of these prefers nothing.")
    write_atomic(path, "".join(to_json(row) + "\n" for row in rows))
    return len(rows)
