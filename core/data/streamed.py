"""What a run reads when its data is not packed first: the stream to learn from, and a held-out part kept in a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core.data.building import Building
from core.data.corpus import Corpus
from core.data.cursor import Cursor, held_out_limit
from core.data.documents import Document, Input, Source
from core.data.mixing import mix_of
from core.data.order import HeldOutOrder
from core.data.packed import StreamWriter, TokenStream, read_stream, token_bytes
from core.data.sources import rows
from core.data.splitting import row_key
from core.data.stream import RowStream, StreamOrder
from core.data.typed import as_document, plain
from core.errors import OgiveError
from core.files import os_failure, read_json, sha256, write_json
from core.settings.data import DataSettings
from core.tokenization.tokenizer import Tokenizer
from core.workspace import Workspace

FORMAT = 1
HELD_OUT_TOKENS = 1 << 18
"""About so many tokens are held out to measure on, the first ones found; more of the data is never read for it."""
TOKENIZER_CHARACTERS = 50_000_000
"""A tokenizer is trained on so much of the beginning of the stream."""
_HELD_OUT = "held_out"


@dataclass(frozen=True)
class StreamedData:
    """The corpus and its tokenizer; `order` gives the training windows, `held_out_order` those to measure on."""

    folder: Path
    meta: dict[str, Any]
    corpus: Corpus
    held_out: TokenStream
    tokenizer: Tokenizer

    @property
    def inputs(self) -> list[Input]:
        """What is read; files without a hash of their content, which would take a reading of its own."""
        return self.meta["inputs"]

    @property
    def key(self) -> str:
        """A hash of the data as it is recognised (sizes, beginnings and ends of files), the split, the tokenizer."""
        return self.meta["key"]

    def facts(self) -> dict[str, Any]:
        """What a person should know of it; how much there is to learn from is not known."""
        return {
            "tokens": None,
            "held_out_tokens": len(self.held_out.tokens),
            "documents": None,
            "vocab_size": self.tokenizer.vocab_size,
        }

    @cached_property
    def token_bytes(self) -> np.ndarray:
        """How many bytes of text each token stands for (int64, by id)."""
        return token_bytes(self.tokenizer)

    def order(self, context: int, seed: int) -> StreamOrder:
        """The training windows of `context` tokens in the order that `seed` gives."""
        return StreamOrder(row_stream(self.corpus, seed), self.tokenizer, context, seed)

    def held_out_order(self, context: int, limit: int | None = None) -> HeldOutOrder:
        """The fixed held-out windows of `context` tokens, about `limit` tokens of them (None: all)."""
        return HeldOutOrder(self.held_out.tokens, context, self.tokenizer.eos_id, self.token_bytes, limit)


def row_stream(corpus: Corpus, seed: int) -> RowStream:
    """The training rows of the corpus without end."""
    settings = corpus.settings
    cursors = [
        Cursor(source, settings.held_out, seed + 7919 * number, settings.seed)
        for number, source in enumerate(corpus.sources)
    ]
    return RowStream(cursors, mix_of(settings))


def first_texts(corpus: Corpus) -> Iterator[str]:
    """The words of the first training rows, for the training of a tokenizer: TOKENIZER_CHARACTERS, or one epoch of
    a source that has fewer."""
    settings, size = corpus.settings, 0
    cursors = [Cursor(source, settings.held_out, 0, settings.seed) for source in corpus.sources]
    left = list(cursors)
    while left and size < TOKENIZER_CHARACTERS:
        for cursor in list(left):
            row = cursor.next()
            if row is None:
                left.remove(cursor)
                continue
            text = plain(row)
            size += len(text)
            yield text


def open_streamed(corpus: Corpus, tokenizer: Tokenizer, workspace: Workspace) -> StreamedData:
    """The data of `corpus` to be read while training. The held-out part is taken from its beginning, once."""
    content = json.dumps(["streamed", FORMAT, corpus.fingerprint, tokenizer.fingerprint])
    key = hashlib.sha256(content.encode()).hexdigest()[:16]
    place = workspace.data / "packed" / key
    found = _open(place, corpus, tokenizer) if place.exists() else None
    if found is None:
        with Building(place) as building:
            _write(building.path, key, corpus, tokenizer)
            building.finish()
        found = _open(place, corpus, tokenizer)
    if found is None:
        raise OgiveError(f"The held-out data in {place} was damaged as it was written.", "Check the disk.")
    return found


def _open(folder: Path, corpus: Corpus, tokenizer: Tokenizer) -> StreamedData | None:
    try:
        meta = read_json(folder / "meta.json")
        if meta["format"] != FORMAT or any(sha256(folder / name) != known for name, known in meta["sha256"].items()):
            return None
        held_out = read_stream(folder, _HELD_OUT, meta["dtype"], meta[_HELD_OUT])
    except (OgiveError, KeyError, TypeError, ValueError, OSError):
        return None
    return StreamedData(folder, meta, corpus, held_out, tokenizer)


def _write(folder: Path, key: str, corpus: Corpus, tokenizer: Tokenizer) -> None:
    dtype = "<u2" if tokenizer.vocab_size <= 1 << 16 else "<u4"
    mix = mix_of(corpus.settings)
    shares = mix.shares if mix else [1 / len(corpus.sources)] * len(corpus.sources)
    try:
        with (folder / f"{_HELD_OUT}.bin").open("wb") as file:
            writer = StreamWriter(file, dtype, tokenizer)
            wanted = 0.0
            for source, share in zip(corpus.sources, shares, strict=True):
                wanted += HELD_OUT_TOKENS * share
                held_out = _held_out(source, corpus.settings)
                while writer.tokens < wanted and (batch := list(islice(held_out, 64))):
                    for document in batch:
                        writer.add(document)
                    writer.flush()
            writer.finish()
        (folder / f"{_HELD_OUT}.ends").write_bytes(np.array(writer.ends, dtype="<u8").tobytes())
    except OSError as error:
        raise os_failure("write", folder.parent, error) from error
    if not writer.tokens:
        raise OgiveError("No row of the data is held out.", "Raise data.held_out, or set data.streaming to false.")
    meta = {
        "format": FORMAT,
        "key": key,
        "dtype": dtype,
        "vocab_size": tokenizer.vocab_size,
        "tokenizer": {"kind": tokenizer.kind, "sha256": tokenizer.fingerprint},
        "data": corpus.settings.model_dump(mode="json"),
        "streamed": True,
        _HELD_OUT: writer.counts(),
        "inputs": corpus.inputs(),
        "sha256": {name: sha256(folder / name) for name in (f"{_HELD_OUT}.bin", f"{_HELD_OUT}.ends")},
    }
    write_json(folder / "meta.json", meta)


def _held_out(source: Source, settings: DataSettings) -> Iterator[Document]:
    if source.own_split:
        yield from source.documents("held-out", settings.held_out)
        return
    limit = held_out_limit(settings.held_out)
    for row in rows(source):
        if row_key(row, settings.seed) <= limit:
            document = as_document(row)
            document.continues = False
            yield document
