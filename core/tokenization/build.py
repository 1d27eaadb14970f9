"""A tokenizer from its settings: trained on texts, made from nothing, or fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.cancel import Cancel
from core.settings.tokenizer import TokenizerSettings
from core.tokenization.tokenizer import Tokenizer


def build(settings: TokenizerSettings, texts: Iterable[str], cancel: Cancel | None = None) -> Tokenizer:
    """The tokenizer that `settings` describes. `texts` is only read by those that are trained.

    Raises OgiveError when there is no text to train on, and Stopped when `cancel` is requested meanwhile.
    """
    return settings.brick.load()(_checked(texts, cancel), **settings.options)


def _checked(texts: Iterable[str], cancel: Cancel | None) -> Iterator[str]:
    for text in texts:
        if cancel is not None:
            cancel.check("Training the tokenizer")
        yield text
