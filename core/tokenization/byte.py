"""The byte tokenizer: ids 0..255 are the bytes themselves, then the special tokens; nothing to train."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as Backend

from core.tokenization.specials import SPECIALS, byte_characters
from core.tokenization.tokenizer import Tokenizer


def build(texts: Iterable[str] = ()) -> Tokenizer:
    """The byte tokenizer; `texts` is taken for the sake of the other tokenizers and not read."""
    vocabulary = {character: byte for byte, character in enumerate(byte_characters())}
    backend = Backend(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIALS])
    return Tokenizer(backend, "bytes")
