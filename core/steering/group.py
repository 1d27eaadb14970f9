"""A group: the variants drawn for one prompt, in the blind order they are shown in. Plain data: no torch, no screen."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from core.files import to_json


@dataclass(frozen=True)
class Variant:
    """One continuation of the prompt. `index` is its place in generation: variant i drew with seed (group.seed, i).

    `ended` is why it ended: "stop" (its last token is a stop token), "turn" (it began a turn that is not its own;
    what came after was cut), "length", "context", "cancelled" (it was not finished), or "written" (a person wrote it).
    """

    index: int
    tokens: tuple[int, ...]
    text: str
    ended: str

    @property
    def finished(self) -> bool:
        return self.ended != "cancelled"

    def to_json(self) -> dict[str, Any]:
        return {"index": self.index, "tokens": list(self.tokens), "text": self.text, "ended": self.ended}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Variant:
        return cls(int(data["index"]), tuple(map(int, data["tokens"])), str(data["text"]), str(data["ended"]))


@dataclass(frozen=True)
class Group:
    """What was shown at one node. `order[slot]` is the index of the variant in that slot: shuffled, so that a pick is
    blind. `prompt` is as typed, `prompt_ids` what the model read, `weights` the node whose weights drew it, `alike` the
    largest likeness of two variants (0 to 1)."""

    id: str
    prompt: str
    prompt_ids: tuple[int, ...]
    variants: tuple[Variant, ...]
    order: tuple[int, ...]
    sampling: dict[str, Any] = field(hash=False)
    seed: int
    alike: float
    weights: int

    def slot(self, number: int) -> Variant:
        """The variant in a slot, counted from 0."""
        return self.variants[self.order[number]]

    @property
    def finished(self) -> bool:
        return all(variant.finished for variant in self.variants)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "prompt": self.prompt,
            "prompt_ids": list(self.prompt_ids),
            "variants": [variant.to_json() for variant in self.variants],
            "order": list(self.order),
            "sampling": self.sampling,
            "seed": self.seed,
            "alike": self.alike,
            "weights": self.weights,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Group:
        return cls(
            str(data["id"]),
            str(data["prompt"]),
            tuple(map(int, data["prompt_ids"])),
            tuple(Variant.from_json(each) for each in data["variants"]),
            tuple(map(int, data["order"])),
            dict(data["sampling"]),
            int(data["seed"]),
            float(data["alike"]),
            int(data["weights"]),
        )


def make_group(
    prompt: str,
    prompt_ids: Sequence[int],
    variants: Sequence[Variant],
    order: Sequence[int],
    sampling: Mapping[str, Any],
    seed: int,
    weights: int,
) -> Group:
    """A group with its likeness and its id, which is a hash of its content: equal ids are equal groups."""
    drawn = [list(variant.tokens) for variant in variants]
    content = to_json([prompt, list(prompt_ids), drawn, list(order), dict(sampling), seed, weights])
    number = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    alike = likeness([variant.text for variant in variants])
    return Group(number, prompt, tuple(prompt_ids), tuple(variants), tuple(order), dict(sampling), seed, alike, weights)


def derived(seed: int, *parts: str | int) -> int:
    """A seed (31 bits) for one purpose, far from those for others and from those that other seeds give."""
    written = "/".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.blake2b(written.encode(), digest_size=4).digest(), "little") & 0x7FFFFFFF


def blind_order(seed: int, size: int) -> tuple[int, ...]:
    """Which variant stands in which slot; drawn from the group's seed."""
    order = list(range(size))
    random.Random(f"order/{seed}").shuffle(order)
    return tuple(order)


def likeness(texts: Sequence[str]) -> float:
    """The largest likeness of two of the texts, rounded to four places."""
    grams = [_grams(text) for text in texts]
    pairs = [_dice(grams[i], grams[j]) for i in range(len(grams)) for j in range(i)]
    return round(max(pairs, default=0.0), 4)


def _grams(text: str) -> dict[tuple[str, ...], int]:
    """How often each word and each pair of neighbouring words occurs, case aside."""
    words = text.casefold().split()[:2000]
    found: dict[tuple[str, ...], int] = {}
    for gram in [*((word,) for word in words), *pairwise(words)]:
        found[gram] = found.get(gram, 0) + 1
    return found


def _dice(a: Mapping[tuple[str, ...], int], b: Mapping[tuple[str, ...], int]) -> float:
    """Dice's coefficient of two bags: 1.0 for equal ones (two empty ones too), 0.0 with nothing in common."""
    total = sum(a.values()) + sum(b.values())
    return 1.0 if not total else 2 * sum(min(count, b.get(gram, 0)) for gram, count in a.items()) / total
