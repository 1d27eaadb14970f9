"""Documents as one stream of token ids in a file: memory-mapped, an end-of-text token after each document, cached by
the content of the data and of the tokenizer."""

from __future__ import annotations

import hashlib
import json
import os
import time
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.cancel import Cancel
from core.data.building import Building
from core.data.corpus import Corpus
from core.data.documents import Document, Input, Part, Progress
from core.data.order import BatchOrder, HeldOutOrder
from core.errors import OgiveError
from core.files import os_failure, read_json, sha256, write_json
from core.settings.data import DataSettings
from core.tokenization.tokenizer import Tokenizer
from core.workspace import Workspace

FORMAT = 1
_BATCH_DOCUMENTS, _BATCH_CHARACTERS = 1024, 1 << 20
_NAMES: dict[Part, str] = {"train": "train", "held-out": "held_out"}


@dataclass(frozen=True)
class TokenStream:
    """One side of the split: `tokens` (uint16 or uint32, memory-mapped) and where each document ends in it.

    `bytes` and `characters` count the text itself, without end-of-text and role tokens.
    """

    tokens: np.ndarray
    ends: np.ndarray
    bytes: int
    characters: int

    @property
    def documents(self) -> int:
        return len(self.ends)


@dataclass(frozen=True)
class PackedData:
    """What a run reads: both streams, and the manifest of what they were made from."""

    folder: Path
    meta: dict[str, Any]
    train: TokenStream
    held_out: TokenStream
    tokenizer: Tokenizer

    @property
    def inputs(self) -> list[Input]:
        """Every file that was read, with its sha256 then."""
        return self.meta["inputs"]

    @property
    def key(self) -> str:
        """The name of this packing: a hash of the data's content, the split and the tokenizer."""
        return self.meta["key"]

    @cached_property
    def token_bytes(self) -> np.ndarray:
        """How many bytes of text each token stands for (int64, by id)."""
        return np.array([len(self.tokenizer.token_bytes(number)) for number in range(self.tokenizer.vocab_size)])

    def order(self, context: int, seed: int) -> BatchOrder:
        """The training windows of `context` tokens in the order that `seed` gives."""
        return BatchOrder(self.train.tokens, context, seed)

    def held_out_order(self, context: int, limit: int | None = None) -> HeldOutOrder:
        """The fixed held-out windows of `context` tokens, about `limit` tokens of them (None: all)."""
        return HeldOutOrder(self.held_out.tokens, context, self.tokenizer.eos_id, self.token_bytes, limit)


def pack(
    data: DataSettings | Corpus,
    tokenizer: Tokenizer,
    workspace: Workspace,
    cancel: Cancel | None = None,
    progress: Progress | None = None,
) -> PackedData:
    """The data as tokens, from the cache under the workspace's data/packed when the same was packed before.

    Needs little memory whatever the size. Raises OgiveError for data that cannot be read or a disk that cannot be
    written, Stopped when `cancel` is requested; nothing half-written is left in the cache's place.
    """
    corpus = data if isinstance(data, Corpus) else Corpus(data, cancel, progress, workspace)
    content = json.dumps([FORMAT, corpus.fingerprint, tokenizer.fingerprint])
    key = hashlib.sha256(content.encode()).hexdigest()[:16]
    place = workspace.data / "packed" / key
    found = _open(place, tokenizer) if place.exists() else None
    if found is not None:
        return found
    with Building(place) as building:
        _write(building.path, key, corpus, tokenizer)
        building.finish()
    found = _open(place, tokenizer)
    if found is None:
        raise OgiveError(f"The packed data in {place} was damaged as it was written.", "Check the disk and try again.")
    return found


def _open(folder: Path, tokenizer: Tokenizer) -> PackedData | None:
    """The packing in `folder`, or None when it is not whole: a file missing, cut short or altered."""
    try:
        meta = read_json(folder / "meta.json")
        if meta["format"] != FORMAT or any(sha256(folder / name) != known for name, known in meta["sha256"].items()):
            return None
        streams = {part: _stream(folder, name, meta) for part, name in _NAMES.items()}
    except (OgiveError, KeyError, TypeError, ValueError, OSError):
        return None
    return PackedData(folder, meta, streams["train"], streams["held-out"], tokenizer)


def _stream(folder: Path, name: str, meta: dict[str, Any]) -> TokenStream:
    tokens = np.memmap(folder / f"{name}.bin", dtype=meta["dtype"], mode="r")
    ends = np.fromfile(folder / f"{name}.ends", dtype="<u8").astype(np.int64)
    about = meta[name]
    if len(tokens) != about["tokens"] or len(ends) != about["documents"]:
        raise ValueError("counts differ")
    return TokenStream(tokens, ends, about["bytes"], about["characters"])


def _write(folder: Path, key: str, corpus: Corpus, tokenizer: Tokenizer) -> None:
    started = time.monotonic()
    dtype = "<u2" if tokenizer.vocab_size <= 1 << 16 else "<u4"
    try:
        with (folder / "train.bin").open("wb") as train, (folder / "held_out.bin").open("wb") as held_out:
            writers = {
                "train": _StreamWriter(train, dtype, tokenizer),
                "held-out": _StreamWriter(held_out, dtype, tokenizer),
            }
            for part, document in corpus.tagged("Packing"):
                writers[part].add(document)
            for writer in writers.values():
                writer.finish()
        for part, name in _NAMES.items():
            with (folder / f"{name}.ends").open("wb") as file:
                file.write(np.array(writers[part].ends, dtype="<u8").tobytes())
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise os_failure("write", folder.parent, error) from error
    for part, writer in writers.items():
        if not writer.tokens:
            raise OgiveError(
                f"No {'held-out' if part == 'held-out' else 'training'} text is left after the split.",
                "Add text, or change data.held_out.",
            )
    files = [f"{name}.{kind}" for name in _NAMES.values() for kind in ("bin", "ends")]
    meta = {
        "format": FORMAT,
        "key": key,
        "dtype": dtype,
        "vocab_size": tokenizer.vocab_size,
        "tokenizer": {"kind": tokenizer.kind, "sha256": tokenizer.fingerprint},
        "data": corpus.settings.model_dump(mode="json"),
        "split": [{"by": split.by, "documents": split.documents} for split in corpus.splits],
        **{name: writers[part].counts() for part, name in _NAMES.items()},
        "inputs": corpus.inputs(),
        "sha256": {name: sha256(folder / name) for name in files},
        "seconds": round(time.monotonic() - started, 3),
    }
    write_json(folder / "meta.json", meta)


class _StreamWriter:
    """Encodes documents in batches and appends their ids to a file."""

    def __init__(self, file: BinaryIO, dtype: str, tokenizer: Tokenizer) -> None:
        self._file, self._dtype, self._tokenizer = file, dtype, tokenizer
        self._waiting: list[Document] = []
        self._size = 0
        self.ends = array("Q")
        self.tokens = self.bytes = self.characters = 0

    def add(self, document: Document) -> None:
        self._waiting.append(document)
        text = document.plain() if document.text is not None else ""
        self._size += len(text)
        for words in [text] if document.messages is None else [turn["content"] for turn in document.messages]:
            self.characters += len(words)
            self.bytes += len(words) if words.isascii() else len(words.encode("utf-8", "surrogatepass"))
        if len(self._waiting) >= _BATCH_DOCUMENTS or self._size >= _BATCH_CHARACTERS:
            self._flush()

    def finish(self) -> None:
        self._flush()
        self._file.flush()
        os.fsync(self._file.fileno())

    def counts(self) -> dict[str, int]:
        return {
            "tokens": self.tokens,
            "documents": len(self.ends),
            "bytes": self.bytes,
            "characters": self.characters,
        }

    def _flush(self) -> None:
        texts = iter(self._tokenizer.encode_batch([doc.text for doc in self._waiting if doc.text is not None]))
        talks = [doc.messages for doc in self._waiting if doc.text is None]
        rendered: Iterable[list[int]] = iter(
            self._tokenizer.render_batch([talk or [] for talk in talks]) if talks else []
        )
        ids: list[int] = []
        for document in self._waiting:
            ids += next(iter(texts if document.text is not None else rendered))
            if not document.continues:
                ids.append(self._tokenizer.eos_id)
                self.ends.append(self.tokens + len(ids))
        self._file.write(np.array(ids, dtype=self._dtype).tobytes())
        self.tokens += len(ids)
        self._waiting.clear()
        self._size = 0
