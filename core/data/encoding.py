"""Documents as token ids, many at a time: text as it is, conversations by the tokenizer's chat template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.data.documents import Document
from core.data.text import place_to_cut
from core.tokenization.tokenizer import Tokenizer

SEGMENT = 1 << 12
"""Longer texts are cut where a byte-level BPE cuts too: all cores get a part of one, and the tokenizers library takes
a fifth less time over many short texts than over few long ones."""


def encode(documents: Sequence[Document], tokenizer: Tokenizer) -> list[list[int]]:
    """The ids of each document, with an end-of-text token after each that does not go on in the next."""
    texts = iter(encode_texts([document.text for document in documents if document.text is not None], tokenizer))
    talks = [document.messages or [] for document in documents if document.text is None]
    rendered: Iterable[list[int]] = iter(tokenizer.render_batch(talks) if talks else [])
    found = []
    for document in documents:
        ids = next(iter(texts if document.text is not None else rendered))
        if not document.continues:
            ids.append(tokenizer.eos_id)
        found.append(ids)
    return found


def encode_texts(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[int]]:
    """`tokenizer.encode_batch`, faster on long texts; the same ids."""
    if tokenizer.kind != "bpe" or all(len(text) <= 2 * SEGMENT for text in texts):
        return tokenizer.encode_batch(texts)
    parts = [segments(text) for text in texts]
    encoded = iter(tokenizer.encode_batch([segment for part in parts for segment in part]))
    found = []
    for part in parts:
        ids = next(encoded)
        for _ in part[1:]:
            ids += next(encoded)
        found.append(ids)
    return found


def segments(text: str) -> list[str]:
    """The text in parts of at most SEGMENT characters, or of twice as many where nothing else can be cut."""
    found, start = [], 0
    while len(text) - start > 2 * SEGMENT:
        cut = place_to_cut(text, start, start + SEGMENT)
        if cut == start + SEGMENT:  # no place to cut: half a word would have other tokens
            cut = _next_place(text, cut)
        found.append(text[start:cut])
        start = cut
    return [*found, text[start:]] if start < len(text) or not found else found


def _next_place(text: str, start: int) -> int:
    """The first place after `start` where the text can be cut, or its end."""
    place = start
    while (place := text.find(" ", place + 1, len(text) - 1)) > 0:
        if not text[place - 1].isspace() and not text[place + 1].isspace():
            return place
    return len(text)
