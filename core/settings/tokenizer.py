"""How text becomes tokens."""

from __future__ import annotations

import re

from pydantic import model_validator

from core import bricks
from core.settings.base import BrickChoice


class TokenizerSettings(BrickChoice):
    """One tokenizer by name with its options, e.g. `{name: bpe, vocab_size: 1024}`."""

    table = bricks.TOKENIZERS

    @model_validator(mode="after")
    def _specials(self) -> TokenizerSettings:
        if "" in self.options.get("special_tokens", ()):
            raise ValueError("special_tokens holds an empty text")
        try:
            re.compile(self.options.get("special_pattern", ""))
        except re.error as error:
            raise ValueError(f"special_pattern is not a regular expression: {error}") from None
        return self
