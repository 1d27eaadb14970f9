"""Byte-level BPE trained on our own data (Sennrich et al. 2016; the byte alphabet and word pattern of GPT-2).

The alphabet holds all 256 bytes and there is no normaliser, so every text and every sequence of bytes comes back as it
was, and no unknown token is needed.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from core.errors import OgiveError
from core.tokenization.specials import SPECIALS
from core.tokenization.tokenizer import Tokenizer


def train(texts: Iterable[str], vocab_size: int = 1024, min_frequency: int = 2) -> Tokenizer:
    """Learn up to `vocab_size` tokens (specials and the 256 bytes included) from `texts`.

    The vocabulary is smaller when fewer pairs are seen `min_frequency` times. The same texts give the same tokenizer.
    """
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        special_tokens=[AddedToken(name, special=True, normalized=False) for name in SPECIALS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    seen = 0

    def counted() -> Iterable[str]:
        nonlocal seen
        for text in texts:
            seen += len(text)
            yield text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")

    backend.train_from_iterator(counted(), trainer)
    if not seen:
        raise OgiveError("There is no text to train a tokenizer on.", "Check the data with `ogive data show`.")
    return Tokenizer(backend, "bpe")
