"""One token per distinct character of the data, as in the classic small language models. Not lossless: a character
that the data does not hold becomes <|unk|>."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as Backend

from core.errors import OgiveError
from core.tokenization.specials import SPECIALS, UNKNOWN
from core.tokenization.tokenizer import Names, Tokenizer


def train(texts: Iterable[str]) -> Tokenizer:
    """The special tokens, then the distinct characters of `texts` in the order of their code points."""
    characters: set[str] = set()
    for text in texts:
        characters.update(text)
    if not characters:
        raise OgiveError("There is no text to take characters from.", "Check the data with `ogive data show`.")
    names = (*SPECIALS, UNKNOWN)
    known = sorted(character for character in characters if not "\ud800" <= character <= "\udfff")
    vocabulary = {name: number for number, name in enumerate([*names, *known])}
    backend = Backend(models.WordLevel(vocab=vocabulary, unk_token=UNKNOWN))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    backend.decoder = decoders.Fuse()
    backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    return Tokenizer(backend, "characters", Names(unknown=UNKNOWN))
