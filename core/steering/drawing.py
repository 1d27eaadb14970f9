"""Drawing a group: all variants at once, streamed in the blind order they will be shown in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from core.cancel import Cancel
from core.generation.stream import HasTokenBytes, TextStream
from core.settings.sampling import SamplingSettings
from core.steering.group import Group, Variant, blind_order, make_group
from core.steering.shaping import Shaper
from core.steering.view import Stream

HOTTER = 1.35
"""What drawing hotter multiplies the temperature by; from 0 it goes to COOL first."""
COOL, HOTTEST = 0.7, 2.0


class Draws(Protocol):
    """What drawing needs of a policy."""

    @property
    def tokenizer(self) -> Any: ...
    @property
    def stop_ids(self) -> frozenset[int]: ...
    def draw(
        self, prompt_ids: Sequence[int], sampling: SamplingSettings, variants: int, seed: int, cancel: Cancel | None
    ) -> Iterator[Any]: ...


class Reply:
    """One variant as it grows: its tokens, its text, and its end."""

    def __init__(self, tokenizer: HasTokenBytes, stop_ids: frozenset[int], stop: tuple[str, ...]) -> None:
        self._tokenizer, self._stop_ids = tokenizer, stop_ids
        self._stream = TextStream(tokenizer, stop)
        self._stops = stop
        self.tokens: list[int] = []
        self.text = ""
        self.ended = ""

    def push(self, token: int | None, ended: str) -> None:
        """Take one step of the decode loop; nothing more once it has ended."""
        if self.ended:
            return
        if token is not None:
            self.tokens.append(token)
            if not (ended == "stop" and token in self._stop_ids):
                self.text += self._stream.push(token)
        if self._stream.stopped:
            self.ended = "turn"
            self._cut()
        elif ended:
            self.ended = ended
            self.text += self._stream.finish()

    def _cut(self) -> None:
        """Drop the tokens that began another's turn: those from the first whose end lies past the kept text."""
        room = len(self.text.encode("utf-8", "replace"))
        kept = 0
        for token in self.tokens:
            room -= len(self._tokenizer.token_bytes(token))
            if room < 0:
                break
            kept += 1
        del self.tokens[kept:]

    def variant(self, index: int) -> Variant:
        if not self.ended:
            self.text += self._stream.finish()
        return Variant(index, tuple(self.tokens), self.text, self.ended or "cancelled")


def draw_group(
    policy: Draws,
    prompt: str,
    prompt_ids: Sequence[int],
    sampling: SamplingSettings,
    *,
    size: int,
    seed: int,
    weights: int,
    stop: tuple[str, ...] = (),
    cancel: Cancel | None = None,
) -> Iterator[Stream]:
    """Stream `size` variants; the last `Stream` carries the group, also when `cancel` ended it early."""
    order = blind_order(seed, size)
    stop_ids = policy.stop_ids
    replies = [Reply(policy.tokenizer, stop_ids, stop) for _ in range(size)]
    pieces = policy.draw(prompt_ids, sampling, size, seed, cancel)
    try:
        for piece in pieces:
            for reply, token, ended in zip(replies, piece.tokens, piece.ended, strict=True):
                reply.push(token, ended)
            if all(reply.ended for reply in replies):
                break
            yield _stream(replies, order)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    variants = [reply.variant(index) for index, reply in enumerate(replies)]
    group = make_group(prompt, prompt_ids, variants, order, sampling.model_dump(), seed, weights)
    yield whole(group)


def whole(group: Group) -> Stream:
    """The last `Stream` of a group."""
    shown = [group.slot(number) for number in range(len(group.order))]
    return Stream(
        tuple(variant.text for variant in shown),
        tuple(len(variant.tokens) for variant in shown),
        tuple(variant.ended for variant in shown),
        group,
    )


def answer(
    policy: Draws,
    shaper: Shaper,
    prompt: str,
    sampling: SamplingSettings,
    *,
    seed: int,
    weights: int,
    cancel: Cancel | None = None,
) -> Variant:
    """One reply, whole; raises Stopped when `cancel` is requested before its end."""
    chosen = sampling.model_copy(update={"seed": seed})
    ids = shaper.ids(prompt)
    *_, last = draw_group(
        policy, prompt, ids, chosen, size=1, seed=seed, weights=weights, stop=shaper.stop, cancel=cancel
    )
    assert last.group is not None
    if not last.group.finished and cancel is not None:
        cancel.check("The answer")
    return last.group.slot(0)


def _stream(replies: Sequence[Reply], order: Sequence[int]) -> Stream:
    shown = [replies[index] for index in order]
    return Stream(
        tuple(reply.text for reply in shown),
        tuple(len(reply.tokens) for reply in shown),
        tuple(reply.ended for reply in shown),
    )


def heated(sampling: SamplingSettings, heat: float, seed: int) -> SamplingSettings:
    """The sampling of one card: the temperature times `heat` (1.0: as it is), and its seed."""
    temperature = sampling.temperature
    if heat > 1.0:
        temperature = round(min(max(HOTTEST, temperature), max(temperature, COOL) * heat), 4)
    return sampling.model_copy(update={"temperature": temperature, "seed": seed})
