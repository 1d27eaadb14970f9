"""From settings to what a run reads, in one call: the tokenizer, trained on the training text, and the tokens."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator

from core.cancel import Cancel
from core.data.corpus import Corpus
from core.data.documents import Progress
from core.data.packed import PackedData, pack
from core.data.streamed import StreamedData, first_texts, open_streamed
from core.errors import OgiveError
from core.files import os_failure
from core.settings.data import DataSettings
from core.settings.tokenizer import TokenizerSettings
from core.tokenization.build import build
from core.tokenization.tokenizer import Tokenizer, load
from core.workspace import Workspace

_TRAINED = ("bpe", "characters")


def prepare(
    data: DataSettings,
    tokenizer: TokenizerSettings | Tokenizer,
    workspace: Workspace,
    cancel: Cancel | None = None,
    progress: Progress | None = None,
) -> PackedData | StreamedData:
    """The packed data, or with `data.streaming` the data to be read while training; its tokenizer is in `.tokenizer`.
    The held-out text is never shown to the tokenizer.

    Give a `Tokenizer` to use one that is there already, as a resumed or forked run does.
    """
    corpus = Corpus(data, cancel, progress, workspace)
    ready = tokenizer if isinstance(tokenizer, Tokenizer) else make_tokenizer(tokenizer, corpus, workspace, cancel)
    if data.streaming:
        return open_streamed(corpus, ready, workspace)
    return pack(corpus, ready, workspace, cancel, progress)


def make_tokenizer(
    settings: TokenizerSettings, corpus: Corpus, workspace: Workspace, cancel: Cancel | None = None
) -> Tokenizer:
    """The tokenizer of `settings`, trained on the training text of `corpus` unless the same was trained before."""
    if settings.name not in _TRAINED:
        return build(settings, (), cancel)
    content = json.dumps([settings.model_dump(mode="json"), corpus.fingerprint])
    place = workspace.data / "tokenizers" / hashlib.sha256(content.encode()).hexdigest()[:16]
    if place.exists():
        try:
            return load(place)
        except OgiveError:
            shutil.rmtree(place, ignore_errors=True)
    made = build(settings, first_texts(corpus) if corpus.settings.streaming else Texts(corpus), cancel)
    beside = place.with_name(f".{place.name}.{os.getpid()}.{time.monotonic_ns():x}")
    try:
        made.save(beside)
        beside.rename(place)
    except OSError as error:
        if not place.exists():  # else another process has just made the same
            raise os_failure("write", place, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return made


class Texts:
    """The words of the training documents of a corpus, read anew each time they are gone through."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def __iter__(self) -> Iterator[str]:
        return self._corpus.texts()
