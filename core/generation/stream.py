"""Tokens to text as they come: whole characters only, never a broken one, and an end before a turn that is not ours."""

from __future__ import annotations

import codecs
from typing import Protocol


class HasTokenBytes(Protocol):
    """What a stream needs of a tokenizer."""

    def token_bytes(self, number: int) -> bytes:
        """The bytes this token stands for; empty for a special token."""
        ...


class TextStream:
    """An incremental detokenizer. What `push` and `finish` return, joined, is the bytes of the tokens as UTF-8, with
    U+FFFD where they are not UTF-8; a character split over tokens comes out when its last byte is there.

    With `stop` the text ends before the first of these strings: text that may be the beginning of one is held back.
    `stopped` tells that one was found; what is pushed after that comes to nothing.
    """

    def __init__(self, tokenizer: HasTokenBytes, stop: tuple[str, ...] = ()) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self.stopped = False

    def push(self, token: int) -> str:
        """The text that this token completes, perhaps none."""
        return self._pass(self._decoder.decode(self._tokenizer.token_bytes(token)))

    def finish(self) -> str:
        """The text that was held back; a character that never became whole shows as U+FFFD."""
        text = self._pass(self._decoder.decode(b"", True))
        held, self._held = self._held, ""
        return text + ("" if self.stopped else held)

    def _pass(self, text: str) -> str:
        if self.stopped:
            return ""
        if not self._stop:
            return text
        text = self._held + text
        found = [place for stop in self._stop if (place := text.find(stop)) >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        keep = max(_overlap(text, stop) for stop in self._stop)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]


def _overlap(text: str, stop: str) -> int:
    """The length of the longest end of `text` that begins `stop`."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
