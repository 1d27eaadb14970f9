"""Byte-level BPE trained on our own data (Sennrich et al. 2016; the byte alphabet and word pattern of GPT-2).

The alphabet holds all 256 bytes and there is no normaliser, so every text and every sequence of bytes comes back as it
was, and no unknown token is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from core.errors import OgiveError
from core.tokenization.specials import SPECIALS, byte_characters
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
        initial_alphabet=sorted(byte_characters()),
        show_progress=False,
    )
    seen = Seen(texts)
    backend.train_from_iterator(seen, trainer)
    if not seen.characters:
        raise OgiveError("There is no text to train a tokenizer on.", "Check the data with `ogive data show`.")
    return Tokenizer(backend, "bpe")


class Seen:
    """Passes texts on and counts their characters; what cannot be written as UTF-8 is replaced."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self.characters = 0

    def __iter__(self) -> Iterator[str]:
        for text in self._texts:
            self.characters += len(text)
            yield text.encode("utf-8", "replace").decode("utf-8")
