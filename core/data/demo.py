"""The built-in corpus: tiny tales and talk in four voices, of any length, the same for the same seed on any machine.

Document `index` of a seed is a pure function of (seed, split, index). The split leaks nothing: a tale is held out by
its skeleton (plot, hero, neighbour, circumstance) and a question by its wording about its fact, each by a checksum that
does not depend on the seed. So no held-out story is told, and no held-out question asked, in any training corpus; the
facts that held-out questions ask for are told in training in other words.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from core.data.demo_questions import Question, is_abstention, is_correct, questions
from core.data.demo_tales import skeleton, tell
from core.data.demo_talk import conversation
from core.data.demo_voices import VOICES, classify_voice
from core.data.documents import Document, Input
from core.data.documents import Part as Split
from core.errors import OgiveError, nearest

__all__ = [
    "VOICES",
    "DemoSource",
    "Document",
    "Question",
    "classify_voice",
    "document",
    "documents",
    "is_abstention",
    "is_correct",
    "preview",
    "questions",
]

SPLITS = ("train", "held-out")
PARTS = ("all", "tales", "talk")
TALES_SHARE = 0.5


def document(seed: int, index: int, split: str = "train", part: str = "all") -> Document:
    """Document number `index`: a tale or a conversation, in one voice."""
    draw = random.Random(f"esker/{seed}/{split}/{index}").random
    voice = VOICES[int(draw() * 4)]
    tale = draw() < TALES_SHARE
    if part != "all":
        tale = part == "tales"
    origin = f"demo:{seed}/{split}/{index}/{voice}"
    if tale:
        return Document(tell(*skeleton(draw, split), voice, draw), None, origin)
    return Document(None, conversation(split, voice, draw), origin)


def documents(seed: int, count: int, split: str = "train", part: str = "all") -> Iterator[Document]:
    """The first `count` documents of a seed; `split` is "train" or "held-out", `part` is "all", "tales" or "talk"."""
    for given, known, what in ((split, SPLITS, "split"), (part, PARTS, "part")):
        if given not in known:
            raise OgiveError(f"The built-in corpus has no {what} {given!r}.", nearest(given, known))
    return (document(seed, index, split, part) for index in range(count))


def preview(count: int = 8, seed: int = 1) -> list[Document]:
    """A few documents to read: voices in turn, tales and talk in turn."""
    found = []
    for number in range(count):
        voice, part = VOICES[number % 4], ("tales", "talk")[number // 4 % 2]
        index = number * 1000
        while f"/{voice}" not in (shown := document(seed, index, "train", part)).origin:
            index += 1
        found.append(shown)
    return found


@cache
def _grammar_digest() -> str:
    """A digest of the files the corpus is written by, so that a changed grammar is another corpus."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("demo*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class DemoSource:
    """The built-in corpus as a source of documents, with held-out documents that share nothing with training."""

    own_split = True

    def __init__(self, documents: int = 20_000, seed: int = 1, part: str = "all") -> None:
        self.count, self.seed, self.part = documents, seed, part

    def documents(self, part: Split = "train", share: float = 0.05) -> Iterator[Document]:
        """The documents of a split; held out are `share` times the number of training documents, at least ten."""
        count = self.count if part == "train" else max(10, round(self.count * share))
        return documents(self.seed, count, part, self.part)

    def inputs(self) -> list[Input]:
        """Nothing is read: the corpus is written as it is asked for."""
        return []

    def fingerprint(self) -> str:
        """Names exactly what `documents` yields, without writing it."""
        return f"demo/{self.seed}/{self.count}/{self.part}/{_grammar_digest()}"
