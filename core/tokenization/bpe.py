"""Byte-level BPE trained on our own data (Sennrich et al. 2016; the byte alphabet and word pattern of GPT-2).

The alphabet holds all 256 bytes and there is no normaliser, so every text and every sequence of bytes comes back as it
was, and no unknown token is needed.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as Backend

from core.errors import OgiveError
from core.tokenization.merges import learn
from core.tokenization.specials import SPECIALS, byte_characters
from core.tokenization.tokenizer import Tokenizer
from core.tokenization.words import count_words


def train(texts: Iterable[str], vocab_size: int = 1024, min_frequency: int = 2) -> Tokenizer:
    """Learn up to `vocab_size` tokens (specials and the 256 bytes included) from `texts`.

    The vocabulary is smaller when fewer pairs are seen `min_frequency` times. The same texts give the same tokenizer.
    """
    words = count_words(texts)
    if not words:
        raise OgiveError("There is no text to train a tokenizer on.", "Check the data with `ogive data show`.")
    vocabulary = {name: number for number, name in enumerate([*SPECIALS, *sorted(byte_characters())])}
    merges = learn(words, vocabulary, vocab_size, min_frequency)
    backend = Backend(models.BPE(vocab=vocabulary, merges=merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIALS])
    return Tokenizer(backend, "bpe")
