"""One reply in a conversation: the prompt that fits, the tokens drawn, the text as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from core.cancel import Cancel
from core.generation.conversation import Conversation
from core.generation.decode import generate, stop_ids_of
from core.generation.sampling import pinned
from core.generation.stream import TextStream
from core.settings.sampling import SamplingSettings

if TYPE_CHECKING:
    from core.models.loading import LoadedModel


@dataclass(frozen=True)
class Said:
    """The reply after one more token: `text` is what is new, the rest is where things stand.

    `used` counts the tokens of prompt and reply in a context of `context`, `dropped` the oldest messages that no
    longer fit. `ended` is "" until the last one, then why: stop, length, context or cancelled.
    """

    text: str
    tokens: int
    used: int
    context: int
    dropped: int
    seed: int
    seconds: float
    ended: str = ""


def reply(
    loaded: LoadedModel, conversation: Conversation, sampling: SamplingSettings, cancel: Cancel | None = None
) -> Iterator[Said]:
    """Draw the model's next turn; the conversation itself is not changed. The last `Said` has `ended` set."""
    sampling = pinned(sampling)
    prompt = conversation.prompt(loaded.tokenizer, loaded.context, sampling.max_new_tokens)
    stream = TextStream(loaded.tokenizer, prompt.stop)
    stops = stop_ids_of(loaded)
    began = monotonic()
    count = 0
    for piece in generate(loaded, prompt.ids, sampling, stop_ids=stops, cancel=cancel):
        token, ended = piece.tokens[0], piece.ended[0]
        text = ""
        if token is not None:
            count += 1
            text = "" if token in stops else stream.push(token)
        if stream.stopped:
            ended = "stop"
        if ended:
            text += stream.finish()
        used = len(prompt.ids) + count
        seed = sampling.seed or 0
        yield Said(text, count, used, loaded.context, prompt.dropped, seed, monotonic() - began, ended)
        if ended:
            return
