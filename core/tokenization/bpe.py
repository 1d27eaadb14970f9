"""Byte-level BPE trained on our own data (Sennrich et al. 2016; the byte alphabet and word pattern of GPT-2).

The alphabet holds all 256 bytes, so no unknown token is needed; without a normaliser and a prefix space every text and
every sequence of bytes comes back as it was. Special tokens of one's own are always one token where they are written,
and come back as text; those of the conversation (`<|end|>` and the like) are never read from text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from core.errors import OgiveError
from core.tokenization.specials import SPECIALS, UNKNOWN, byte_characters
from core.tokenization.tokenizer import Tokenizer

MOST_FOUND = 1000
"""A pattern that finds more different texts than this is taken for a mistake."""
_BATCH = 256
_TAKEN = {*SPECIALS, UNKNOWN}

NORMALIZERS = {
    "nfc": normalizers.NFC,
    "nfkc": normalizers.NFKC,
    "lowercase": normalizers.Lowercase,
    "nfkc-lowercase": lambda: normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()]),
    "strip-accents": lambda: normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.NFC()]),
}


def train(
    texts: Iterable[str],
    vocab_size: int = 1024,
    min_frequency: int = 2,
    split_digits: bool = False,
    prefix_space: bool = False,
    normalizer: str = "none",
    special_tokens: Sequence[str] = (),
    special_pattern: str = "",
) -> Tokenizer:
    """Learn up to `vocab_size` tokens (special tokens and the 256 bytes included) from `texts`.

    The vocabulary is smaller when fewer pairs are seen `min_frequency` times. The same texts give the same tokenizer.
    With `special_pattern` the texts are read twice. Raises OgiveError when there is no text, or no room for the
    special tokens.
    """
    if special_pattern and iter(texts) is texts:
        texts = list(texts)
    marks = marks_of(texts, special_tokens, special_pattern)
    room = vocab_size - len(marks)
    if room < 256 + len(SPECIALS):
        raise OgiveError(
            f"A vocabulary of {vocab_size} has no room for {len(marks)} special tokens beside the bytes.",
            f"Set vocab_size to {256 + len(SPECIALS) + len(marks)} or more.",
        )
    backend = Backend(models.BPE())
    if normalizer != "none":
        backend.normalizer = NORMALIZERS[normalizer]()
    words = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    if split_digits:
        # After the bytes, not before: a prefix space would be put before every digit.
        digits = pre_tokenizers.Split(Regex("[0-9]"), behavior="isolated")
        backend.pre_tokenizer = pre_tokenizers.Sequence([words, digits])
    else:
        backend.pre_tokenizer = words
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=room,
        min_frequency=min_frequency,
        special_tokens=[AddedToken(name, special=True, normalized=False) for name in SPECIALS],
        initial_alphabet=sorted(byte_characters()),
        show_progress=False,
    )
    seen = Seen(texts, marks)
    backend.train_from_iterator(seen, trainer)
    if not seen.characters:
        raise OgiveError("There is no text to train a tokenizer on.", "Check the data with `ogive data show`.")
    backend.add_tokens([AddedToken(name, special=False, normalized=False) for name in marks])
    return Tokenizer(backend, "bpe")


def marks_of(texts: Iterable[str], listed: Sequence[str], pattern: str) -> list[str]:
    """The special tokens of one's own: those listed, then what `pattern` finds in `texts`, sorted.

    The names that conversations use are left out of what is found, so that text cannot end a turn.
    """
    marks = list(dict.fromkeys(listed))
    for name in marks:
        _check(name)
    if not pattern:
        return marks
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise OgiveError(
            f"special_pattern {pattern!r} is not a regular expression: {error}.", r"Such as <\|speaker=[^|]+\|>"
        ) from None
    found: set[str] = set()
    for text in texts:
        found.update(match[0] for match in compiled.finditer(text) if match[0].strip())
        if len(found) > MOST_FOUND:
            some = ", ".join(map(repr, sorted(found)[:3]))
            raise OgiveError(
                f"special_pattern {pattern!r} finds more than {MOST_FOUND} different texts, such as {some}.",
                "Make it narrower.",
            )
    new = sorted(found - _TAKEN - set(marks))
    for name in new:
        _check(name)
    return [*marks, *new]


def _check(name: str) -> None:
    if not name.strip():
        raise OgiveError("A special token is empty.", "Take it out of special_tokens.")
    if name in _TAKEN:
        raise OgiveError(f"{name!r} cannot be a special token: conversations use it.", "Take it out of special_tokens.")
    if not name.isascii():
        # A byte-level decoder takes letters such as ë for the bytes they stand for in its alphabet.
        raise OgiveError(
            f"{name!r} cannot be a special token: it has letters outside ASCII.",
            "Give it another name, or make special_pattern narrower.",
        )


class Seen:
    """Passes texts on in batches, cut at the special tokens, and counts their characters; what cannot be written as
    UTF-8 is replaced."""

    def __init__(self, texts: Iterable[str], marks: Sequence[str] = ()) -> None:
        self._texts = texts
        longest_first = sorted(marks, key=len, reverse=True)
        self._cut = re.compile("|".join(map(re.escape, longest_first))) if marks else None
        self.characters = 0

    def __iter__(self) -> Iterator[list[str]]:
        pieces = self._pieces()
        while batch := list(islice(pieces, _BATCH)):
            yield batch

    def _pieces(self) -> Iterator[str]:
        for text in self._texts:
            self.characters += len(text)
            whole = text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
            if self._cut is None:
                yield whole
            else:
                yield from filter(None, self._cut.split(whole))
