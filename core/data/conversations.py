"""All conversations of a run's data as token ids with their learned tokens marked: in files, cached by content."""

from __future__ import annotations

import hashlib
import json
import os
import time
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.cancel import Cancel
from core.data.building import Building
from core.data.corpus import Corpus
from core.data.documents import Document, Input, Part, Progress
from core.data.turns import Rules, talks
from core.errors import OgiveError
from core.files import os_failure, read_json, sha256, write_json
from core.settings.data import DataSettings
from core.tokenization.tokenizer import Tokenizer
from core.workspace import Workspace

FORMAT = 1
_BATCH = 1024
_NAMES: dict[Part, str] = {"train": "train", "held-out": "held_out"}


@dataclass(frozen=True)
class TalkStream:
    """One side of the split: `ids` (uint16 or uint32) and `learned` (uint8) of all conversations, one after another;
    conversation i is `starts[i]` to `starts[i + 1]`."""

    ids: np.ndarray
    learned: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def lengths(self) -> np.ndarray:
        """Tokens of each conversation."""
        return np.diff(self.starts)

    def talk(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Ids and marks of one conversation."""
        place = slice(self.starts[number], self.starts[number + 1])
        return self.ids[place], self.learned[place]


@dataclass(frozen=True)
class TalkData:
    """What a fine-tuning run reads, and the manifest of what it was made from."""

    folder: Path
    meta: dict[str, Any]
    train: TalkStream
    held_out: TalkStream
    tokenizer: Tokenizer
    rules: Rules

    @property
    def inputs(self) -> list[Input]:
        """Every file that was read, with its sha256 then."""
        return self.meta["inputs"]

    @property
    def key(self) -> str:
        """A hash of the data's content, the split, the tokenizer with its template, and the rules."""
        return self.meta["key"]

    @cached_property
    def token_bytes(self) -> np.ndarray:
        """How many bytes of text each token stands for (int64, by id)."""
        return np.array([len(self.tokenizer.token_bytes(number)) for number in range(self.tokenizer.vocab_size)])

    def facts(self) -> dict[str, Any]:
        """What a person should know of it: conversations, tokens, and what was left out and why."""
        train, held_out = self.meta["train"], self.meta["held_out"]
        return {
            "tokens": train["tokens"],
            "held_out_tokens": held_out["tokens"],
            "documents": train["conversations"],
            "learned_tokens": train["learned"],
            **{key: train[key] + held_out[key] for key in ("shortened", "left_out", "not_talk", "lost_turns")},
            "vocab_size": self.tokenizer.vocab_size,
        }


@dataclass
class Counts:
    """Of one side: conversations kept, their tokens, those learned, and what became of the rest.

    `endless` conversations do not teach the model to stop; `left_out` were too long or had no reply; `not_talk` are
    documents that are plain text; `lost_turns` replies that the template rewrites once others follow.
    """

    conversations: int = 0
    tokens: int = 0
    learned: int = 0
    turns: int = 0
    endless: int = 0
    shortened: int = 0
    left_out: int = 0
    not_talk: int = 0
    lost_turns: int = 0


def gather(
    data: DataSettings,
    tokenizer: Tokenizer,
    rules: Rules,
    workspace: Workspace,
    cancel: Cancel | None = None,
    progress: Progress | None = None,
) -> TalkData:
    """The conversations of `data`, from the cache under data/talks when the same were gathered before.

    Whole conversations are held out. Raises OgiveError when there are none, Stopped when `cancel` is requested;
    nothing half-written is left in the cache's place.
    """
    corpus = Corpus(by_conversation(data), cancel, progress, workspace)
    content = json.dumps([FORMAT, corpus.fingerprint, tokenizer.fingerprint, asdict(rules)])
    key = hashlib.sha256(content.encode()).hexdigest()[:16]
    place = talks_folder(workspace, key)
    found = open_talks(place, tokenizer, rules) if place.exists() else None
    if found is not None:
        return found
    with Building(place) as building:
        _write(building.path, key, corpus, tokenizer, rules)
        building.finish()
    found = open_talks(place, tokenizer, rules)
    if found is None:
        raise OgiveError(f"The conversations in {place} were damaged as they were written.", "Check the disk.")
    return found


def by_conversation(data: DataSettings) -> DataSettings:
    """The same data, split by whole documents whatever it says: half a conversation is no fair question."""
    return data.model_copy(update={"split_by": "document"})


def talks_folder(workspace: Workspace, key: str) -> Path:
    """Where the conversations named `key` are kept."""
    return workspace.data / "talks" / key


def open_talks(folder: Path, tokenizer: Tokenizer, rules: Rules) -> TalkData | None:
    """What is in `folder`, or None when it is not whole."""
    try:
        meta = read_json(folder / "meta.json")
        if meta["format"] != FORMAT or any(sha256(folder / name) != known for name, known in meta["sha256"].items()):
            return None
        streams = {part: _stream(folder, name, meta) for part, name in _NAMES.items()}
    except (OgiveError, KeyError, TypeError, ValueError, OSError):
        return None
    return TalkData(folder, meta, streams["train"], streams["held-out"], tokenizer, rules)


def _stream(folder: Path, name: str, meta: dict[str, Any]) -> TalkStream:
    ids = np.memmap(folder / f"{name}.bin", dtype=meta["dtype"], mode="r")
    learned = np.memmap(folder / f"{name}.learned", dtype=np.uint8, mode="r")
    ends = np.fromfile(folder / f"{name}.ends", dtype="<u8").astype(np.int64)
    if not len(ids) == len(learned) == meta[name]["tokens"] or len(ends) != meta[name]["conversations"]:
        raise ValueError("counts differ")
    # As plain arrays over the same memory: slicing a memmap costs several times as much.
    return TalkStream(
        np.frombuffer(ids, ids.dtype), np.frombuffer(learned, np.uint8), np.concatenate((np.zeros(1, np.int64), ends))
    )


@dataclass
class _Side:
    """Files of one side that are being written."""

    ids: BinaryIO
    learned: BinaryIO
    dtype: str
    counts: Counts = field(default_factory=Counts)
    ends: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, documents: list[Document], tokenizer: Tokenizer, rules: Rules) -> None:
        counts = self.counts
        spoken = [document for document in documents if document.messages is not None]
        counts.not_talk += len(documents) - len(spoken)
        for talk in talks(spoken, tokenizer, rules):
            if talk is None:
                counts.left_out += 1
                continue
            self.ids.write(np.array(talk.ids, dtype=self.dtype).tobytes())
            self.learned.write(bytes(talk.learned))
            counts.conversations += 1
            counts.tokens += len(talk.ids)
            counts.learned += talk.count
            counts.turns += talk.turns
            counts.lost_turns += talk.lost
            counts.shortened += talk.shortened
            counts.endless += not talk.ends(tokenizer.stop_ids)
            self.ends.append(counts.tokens)


def _write(folder: Path, key: str, corpus: Corpus, tokenizer: Tokenizer, rules: Rules) -> None:
    started = time.monotonic()
    dtype = "<u2" if tokenizer.vocab_size <= 1 << 16 else "<u4"
    sides: dict[Part, _Side] = {}
    try:
        for part, name in _NAMES.items():
            sides[part] = _Side((folder / f"{name}.bin").open("wb"), (folder / f"{name}.learned").open("wb"), dtype)
        for batch in _batches(corpus):
            for part, side in sides.items():
                side.add([document for where, document in batch if where == part], tokenizer, rules)
        for part, name in _NAMES.items():
            (folder / f"{name}.ends").write_bytes(np.array(sides[part].ends, dtype="<u8").tobytes())
        for side in sides.values():
            for file in (side.ids, side.learned):
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise os_failure("write", folder.parent, error) from error
    finally:
        for side in sides.values():
            side.ids.close()
            side.learned.close()
    _check(sides, tokenizer, rules)
    files = [f"{name}.{kind}" for name in _NAMES.values() for kind in ("bin", "learned", "ends")]
    meta = {
        "format": FORMAT,
        "key": key,
        "dtype": dtype,
        "vocab_size": tokenizer.vocab_size,
        "tokenizer": {"kind": tokenizer.kind, "sha256": tokenizer.fingerprint},
        "data": corpus.settings.model_dump(mode="json"),
        "rules": asdict(rules),
        **{name: asdict(sides[part].counts) for part, name in _NAMES.items()},
        "inputs": corpus.inputs(),
        "sha256": {name: sha256(folder / name) for name in files},
        "seconds": round(time.monotonic() - started, 3),
    }
    write_json(folder / "meta.json", meta)


def _batches(corpus: Corpus) -> Iterator[list[tuple[Part, Document]]]:
    stream = corpus.tagged("Reading conversations")
    while batch := list(islice(stream, _BATCH)):
        yield batch


def _check(sides: dict[Part, _Side], tokenizer: Tokenizer, rules: Rules) -> None:
    """OgiveError when there is nothing to learn, or nothing that would teach the model to stop."""
    train, held_out = sides["train"].counts, sides["held-out"].counts
    if not train.conversations and train.not_talk and not train.left_out:
        raise OgiveError(
            "The data holds plain text and no conversations, so there are no replies to learn.",
            "Give records with `messages`; plain text is for stage pretrain.",
        )
    for counts, name in ((train, "training"), (held_out, "held-out")):
        if not counts.conversations:
            raise OgiveError(
                f"No {name} conversation is left: {counts.left_out} have no reply or none that fits into "
                f"{rules.longest - 1} tokens.",
                "Raise training.context, set training.objective.truncate=cut, or add conversations.",
            )
    if train.endless == train.conversations:
        raise OgiveError(
            "No reply in the data ends in a token that ends a turn, so the model would never learn to stop.",
            "The conversations are cut: raise training.context, or set training.objective.truncate=turns.",
        )
