"""One document of a corpus, and what every source of documents offers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypedDict, runtime_checkable

from core.errors import OgiveError

Part = Literal["train", "held-out"]
Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how many documents are done, and of how many (None: not known)."""


class Gone(OgiveError):
    """What a source names is not there: a file, a folder, a snapshot, a data set."""


class Message(TypedDict):
    """One turn of a conversation."""

    role: str
    content: str


class Input(TypedDict):
    """One thing that was read: where it is, how large (bytes), and the sha256 of its content."""

    path: str
    bytes: int
    sha256: str


@dataclass(slots=True)
class Document:
    """Plain text, or a conversation; exactly one of the two is given.

    `origin` says where it came from, for people (`tales.txt`, `talk.jsonl:17`, `demo:42`). A very long text comes in
    pieces: `continues` is true on each but the last, and only the last is followed by an end-of-text token.
    """

    text: str | None = None
    messages: list[Message] | None = None
    origin: str = ""
    continues: bool = False

    def plain(self) -> str:
        """The words alone: the text, or the turns' contents with an empty line between them."""
        if self.text is not None:
            return self.text
        return "\n\n".join(message["content"] for message in self.messages or [])

    def key(self, seed: int) -> int:
        """64 bits of a hash of the content and `seed`: equal documents have equal keys, wherever they came from."""
        digest = hashlib.blake2b(digest_size=8, key=(seed & (1 << 64) - 1).to_bytes(8, "little"))
        if self.text is not None:
            digest.update(self.text.encode("utf-8", "surrogatepass"))
        else:
            for message in self.messages or []:
                for part in (message["role"], message["content"]):
                    raw = part.encode("utf-8", "surrogatepass")
                    digest.update(len(raw).to_bytes(8, "little") + raw)
        return int.from_bytes(digest.digest(), "little")


@runtime_checkable
class Source(Protocol):
    """Where documents come from. A brick of the SOURCES table is called with its options and gives one of these.

    `own_split` is true when the source itself knows documents that share nothing with its training documents; then
    `documents("held-out", share)` gives them. Otherwise `documents("train")` gives all and the corpus splits them.
    """

    own_split: bool

    def documents(self, part: Part = "train", share: float = 0.0) -> Iterator[Document]:
        """The documents, the same ones in the same order at every call; `share` is the share wanted as held-out."""
        ...

    def inputs(self) -> list[Input]:
        """What is read, with sizes and sha256; empty for text that is made, not read."""
        ...

    def fingerprint(self) -> str:
        """A hash of all that decides the documents' content: equal fingerprints give equal documents."""
        ...
