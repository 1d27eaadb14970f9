"""Documents as one stream of token ids in a file: memory-mapped, an end-of-text token after each document, cached by
the content of the data and of the tokenizer."""

from __future__ import annotations

import hashlib
import json
import os
import time
from array import array
from collections import deque
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.cancel import Cancel
from core.data.building import Building
from core.data.corpus import Corpus
from core.data.documents import Document, Input, Progress
from core.data.encoding import encode
from core.data.mixing import Mix, MixedOrder, mix_of
from core.data.order import BatchOrder, HeldOutOrder
from core.data.typed import as_document
from core.errors import OgiveError
from core.files import os_failure, read_json, sha256, write_json
from core.settings.data import DataSettings
from core.tokenization.tokenizer import Tokenizer
from core.workspace import Workspace

FORMAT = 1
_BATCH_DOCUMENTS, _BATCH_CHARACTERS = 2048, 1 << 21
_TRAIN, _HELD_OUT = "train", "held_out"


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
    parts: tuple[TokenStream, ...]
    """What is learned from: one stream, or one for each source when `mix` says how they are read together."""
    held_out: TokenStream
    tokenizer: Tokenizer
    mix: Mix | None = None

    @property
    def train(self) -> TokenStream:
        """The training stream of data that is not mixed."""
        assert self.mix is None, "mixed data has several streams"
        return self.parts[0]

    @property
    def train_tokens(self) -> int:
        """Tokens of all training streams."""
        return sum(len(part.tokens) for part in self.parts)

    @property
    def train_documents(self) -> int:
        """Documents of all training streams."""
        return sum(part.documents for part in self.parts)

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
        return token_bytes(self.tokenizer)

    def facts(self) -> dict[str, Any]:
        """What a person should know of it."""
        return {
            "tokens": self.train_tokens,
            "held_out_tokens": len(self.held_out.tokens),
            "documents": self.train_documents,
            "vocab_size": self.tokenizer.vocab_size,
        }

    def order(self, context: int, seed: int) -> BatchOrder | MixedOrder:
        """The training windows of `context` tokens in the order that `seed` gives."""
        if self.mix is not None:
            return MixedOrder([part.tokens for part in self.parts], self.mix, context, seed)
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
    mix = mix_of(corpus.settings)
    content = json.dumps([FORMAT, corpus.fingerprint, tokenizer.fingerprint, *(["by source"] if mix else [])])
    key = hashlib.sha256(content.encode()).hexdigest()[:16]
    place = packed_folder(workspace, key)
    found = open_packed(place, tokenizer, mix) if place.exists() else None
    if found is not None:
        return found
    with Building(place) as building:
        _write(building.path, key, corpus, tokenizer, mix is not None)
        building.finish()
    found = open_packed(place, tokenizer, mix)
    if found is None:
        raise OgiveError(f"The packed data in {place} was damaged as it was written.", "Check the disk and try again.")
    return found


def packed_folder(workspace: Workspace, key: str) -> Path:
    """Where the packing named `key` is kept."""
    return workspace.data / "packed" / key


def open_packed(folder: Path, tokenizer: Tokenizer, mix: Mix | None = None) -> PackedData | None:
    """The packing in `folder`, or None when it is not whole: a file missing, cut short or altered."""
    try:
        meta = read_json(folder / "meta.json")
        if meta["format"] != FORMAT or any(sha256(folder / name) != known for name, known in meta["sha256"].items()):
            return None
        if meta["tokenizer"]["sha256"] != tokenizer.fingerprint or bool(meta.get("parts")) != (mix is not None):
            return None
        parts = [read_stream(folder, name, meta["dtype"], about) for name, about in _parts(meta).items()]
        held_out = read_stream(folder, _HELD_OUT, meta["dtype"], meta[_HELD_OUT])
    except (OgiveError, KeyError, TypeError, ValueError, OSError):
        return None
    return PackedData(folder, meta, tuple(parts), held_out, tokenizer, mix)


def _parts(meta: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Training streams by the names of their files, with their counts."""
    parts = meta.get("parts")
    return {f"{_TRAIN}.{number}": about for number, about in enumerate(parts)} if parts else {_TRAIN: meta[_TRAIN]}


def read_stream(folder: Path, name: str, dtype: str, about: dict[str, Any]) -> TokenStream:
    """The tokens in `folder` under `name`; ValueError when there are not as many as `about` counts."""
    tokens = np.memmap(folder / f"{name}.bin", dtype=dtype, mode="r")
    ends = np.fromfile(folder / f"{name}.ends", dtype="<u8").astype(np.int64)
    if len(tokens) != about["tokens"] or len(ends) != about["documents"]:
        raise ValueError("counts differ")
    return TokenStream(tokens, ends, about["bytes"], about["characters"])


def _write(folder: Path, key: str, corpus: Corpus, tokenizer: Tokenizer, mixed: bool) -> None:
    started = time.monotonic()
    dtype = "<u2" if tokenizer.vocab_size <= 1 << 16 else "<u4"
    names = [f"{_TRAIN}.{number}" for number in range(len(corpus.sources))] if mixed else [_TRAIN]
    writers: dict[str, StreamWriter] = {}
    try:
        with ExitStack() as stack:
            ahead = stack.enter_context(ThreadPoolExecutor(2, "packing"))
            for name in [*names, _HELD_OUT]:
                file = stack.enter_context((folder / f"{name}.bin").open("wb"))
                writers[name] = StreamWriter(file, dtype, tokenizer, ahead)
            for number, part, row in corpus.placed("Packing"):
                writers[_HELD_OUT if part == "held-out" else names[number if mixed else 0]].add(as_document(row))
            for writer in writers.values():
                writer.flush(everything=False)
            for writer in writers.values():
                writer.finish()
        for name, writer in writers.items():
            with (folder / f"{name}.ends").open("wb") as file:
                file.write(np.array(writer.ends, dtype="<u8").tobytes())
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise os_failure("write", folder.parent, error) from error
    _check(writers, corpus)
    counts = {name: writer.counts() for name, writer in writers.items()}
    train = {kind: sum(counts[name][kind] for name in names) for kind in counts[_HELD_OUT]}
    files = [f"{name}.{kind}" for name in writers for kind in ("bin", "ends")]
    meta = {
        "format": FORMAT,
        "key": key,
        "dtype": dtype,
        "vocab_size": tokenizer.vocab_size,
        "tokenizer": {"kind": tokenizer.kind, "sha256": tokenizer.fingerprint},
        "data": corpus.settings.model_dump(mode="json"),
        "split": [{"by": split.by, "documents": split.documents} for split in corpus.splits],
        _TRAIN: train,
        _HELD_OUT: counts[_HELD_OUT],
        **({"parts": [counts[name] for name in names]} if mixed else {}),
        "inputs": corpus.inputs(),
        "sha256": {name: sha256(folder / name) for name in files},
        "seconds": round(time.monotonic() - started, 3),
    }
    write_json(folder / "meta.json", meta)


def _check(writers: dict[str, StreamWriter], corpus: Corpus) -> None:
    """OgiveError when a stream is empty."""
    for name, writer in writers.items():
        if not writer.tokens:
            part = "held-out" if name == _HELD_OUT else "training"
            number = name.partition(".")[2]
            where = f" of source {int(number) + 1} ({corpus.settings.sources[int(number)].name})" if number else ""
            raise OgiveError(f"No {part} text{where} is left after the split.", "Add text, or change data.held_out.")


class StreamWriter:
    """Encodes documents in batches and appends their ids to a file. With `ahead` (a pool of two threads) a batch is
    encoded, on all cores, while the one before it becomes bytes and the next one is read."""

    def __init__(self, file: BinaryIO, dtype: str, tokenizer: Tokenizer, ahead: Executor | None = None) -> None:
        self._file, self._dtype, self._tokenizer, self._ahead = file, dtype, tokenizer, ahead
        self._waiting: list[Document] = []
        self._size = 0
        self._begun: deque[Future[tuple[bytes, list[int]]]] = deque()
        self.ends = array("Q")
        self.tokens = self.bytes = self.characters = 0

    def add(self, document: Document) -> None:
        self._waiting.append(document)
        texts = [document.text] if document.text is not None else [turn["content"] for turn in document.messages or []]
        for words in texts:
            length = len(words)
            self._size += length
            self.characters += length
            self.bytes += length if words.isascii() else len(words.encode("utf-8", "surrogatepass"))
        if len(self._waiting) >= _BATCH_DOCUMENTS or self._size >= _BATCH_CHARACTERS:
            self.flush(everything=False)

    def finish(self) -> None:
        self.flush()
        self._file.flush()
        os.fsync(self._file.fileno())

    def counts(self) -> dict[str, int]:
        return {
            "tokens": self.tokens,
            "documents": len(self.ends),
            "bytes": self.bytes,
            "characters": self.characters,
        }

    def flush(self, everything: bool = True) -> None:
        """Encode what waits; without `everything` some may still be on its way."""
        documents, self._waiting, self._size = self._waiting, [], 0
        if self._ahead is None:
            self._take(_encoded(documents, self._tokenizer, self._dtype))
            return
        self._begun.append(self._ahead.submit(_encoded, documents, self._tokenizer, self._dtype))
        while len(self._begun) > (0 if everything else 2):
            self._take(self._begun.popleft().result())

    def _take(self, encoded: tuple[bytes, list[int]]) -> None:
        ids, ends = encoded
        self._file.write(ids)
        self.ends.extend(self.tokens + end for end in ends)
        self.tokens += len(ids) // np.dtype(self._dtype).itemsize


def _encoded(documents: list[Document], tokenizer: Tokenizer, dtype: str) -> tuple[bytes, list[int]]:
    """The ids of all documents as bytes, and where each document ends among them."""
    ids: list[int] = []
    ends: list[int] = []
    for document, found in zip(documents, encode(documents, tokenizer), strict=True):
        ids += found
        if not document.continues:
            ends.append(len(ids))
    return np.array(ids, dtype=dtype).tobytes(), ends


def token_bytes(tokenizer: Tokenizer) -> np.ndarray:
    """How many bytes of text each token stands for (int64, by id)."""
    return np.array([len(tokenizer.token_bytes(number)) for number in range(tokenizer.vocab_size)])
