"""Documents as token ids, many at a time: text as it is, conversations by the tokenizer's chat template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.data.documents import Document
from core.tokenization.tokenizer import Tokenizer


def encode(documents: Sequence[Document], tokenizer: Tokenizer) -> list[list[int]]:
    """The ids of each document, with an end-of-text token after each that does not go on in the next."""
    texts = iter(tokenizer.encode_batch([document.text for document in documents if document.text is not None]))
    talks = [document.messages or [] for document in documents if document.text is None]
    rendered: Iterable[list[int]] = iter(tokenizer.render_batch(talks) if talks else [])
    found = []
    for document in documents:
        ids = next(iter(texts if document.text is not None else rendered))
        if not document.continues:
            ids.append(tokenizer.eos_id)
        found.append(ids)
    return found
