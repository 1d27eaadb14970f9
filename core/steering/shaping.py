"""From a prompt as typed to the tokens that the model reads: prefix and suffix, system text, template, think tag."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import OgiveError
from core.generation.conversation import PLAIN_STOPS, SYSTEM, USER, Message, plain_text
from core.settings.steering import ShapingSettings
from core.tokenization.tokenizer import Tokenizer


class Shaper:
    """Shapes prompts for one tokenizer.

    `stop` are strings that end a reply because another's turn begins; only a model without a chat template needs them,
    since it was never told how a turn ends. `end_id` ends a reply that a person writes.
    """

    def __init__(self, tokenizer: Tokenizer, settings: ShapingSettings) -> None:
        self.tokenizer, self.settings = tokenizer, settings
        plain = not settings.raw and not tokenizer.has_chat_template
        self.stop: tuple[str, ...] = PLAIN_STOPS if plain else ()

    @property
    def end_id(self) -> int:
        """The token that ends a turn; that ends a text, where there are no turns."""
        talks = self.tokenizer.has_chat_template and not self.settings.raw
        return self.tokenizer.end_id if talks else self.tokenizer.eos_id

    def ids(self, prompt: str) -> list[int]:
        """What the model reads. OgiveError when its chat template takes no system text."""
        s, tokenizer = self.settings, self.tokenizer
        text = f"{s.prefix}{prompt}{s.suffix}"
        begin = [tokenizer.bos_id] if tokenizer.bos_id is not None else []
        if s.raw:
            ids = tokenizer.encode(text, allow_special=True)
            ids = ids if ids[: len(begin)] == begin else begin + ids
            return ids or [tokenizer.eos_id]
        if tokenizer.has_chat_template:
            ids = self._turns(text)
        else:
            ids = begin + tokenizer.encode(plain_text(s.system, [Message(USER, text)]))
        return ids + self._think()

    def _turns(self, text: str) -> list[int]:
        turn = [{"role": USER, "content": text}]
        if not self.settings.system:
            return self.tokenizer.render(turn, add_generation_prompt=True)
        try:
            return self.tokenizer.render([{"role": SYSTEM, "content": self.settings.system}, *turn], True)
        except OgiveError as error:
            raise OgiveError(
                error.message, "If it knows no system text, clear shaping.system and use shaping.prefix."
            ) from error

    def _think(self) -> list[int]:
        tag = self.settings.think_tag
        return self.tokenizer.encode(tag, allow_special=True) if tag else []

    def reply_ids(self, text: str) -> list[int]:
        """The tokens of a reply written by hand, its end included."""
        return [*self.tokenizer.encode(text), self.end_id]

    def shown(self, prompt: str) -> str:
        """The shaped prompt for people, with special tokens by their names."""
        return visible(self.tokenizer, self.ids(prompt))


def visible(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """Text with special tokens by their names; stray bytes as U+FFFD."""
    parts: list[bytes] = []
    for number in ids:
        special = number in tokenizer.special_ids
        parts.append(tokenizer.token_name(number).encode() if special else tokenizer.token_bytes(number))
    return b"".join(parts).decode("utf-8", "replace")
