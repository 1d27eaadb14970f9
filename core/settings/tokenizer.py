"""How text becomes tokens."""

from __future__ import annotations

from core import bricks
from core.settings.base import BrickChoice


class TokenizerSettings(BrickChoice):
    """One tokenizer by name with its options, e.g. `{name: bpe, vocab_size: 1024}`."""

    table = bricks.TOKENIZERS
