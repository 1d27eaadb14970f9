"""A tokenizer from its settings: trained on texts, made from nothing, or fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.cancel import Cancel
from core.settings.tokenizer import TokenizerSettings
from core.tokenization.tokenizer import Tokenizer


def build(settings: TokenizerSettings, texts: Iterable[str], cancel: Cancel | None = None) -> Tokenizer:
    """The tokenizer that `settings` describes. `texts` is only read by those that are trained, by some of them twice.

    Raises OgiveError when there is no text to train on, and Stopped when `cancel` is requested meanwhile.
    """
    if cancel is not None:
        texts = _checked(texts, cancel) if iter(texts) is texts else _Checked(texts, cancel)
    return settings.brick.load()(texts, **settings.options)


class _Checked:
    """Texts that can be gone through again and again, with a look at `cancel` before each."""

    def __init__(self, texts: Iterable[str], cancel: Cancel) -> None:
        self._texts = texts
        self._cancel = cancel

    def __iter__(self) -> Iterator[str]:
        return _checked(self._texts, self._cancel)


def _checked(texts: Iterable[str], cancel: Cancel) -> Iterator[str]:
    for text in texts:
        cancel.check("Training the tokenizer")
        yield text
