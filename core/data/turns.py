"""A conversation as token ids with a mark on each that is to be learned: the assistant's words and what ends them.

Which tokens those are is proved, not guessed: a chat template is asked for the conversation up to a reply, and for the
conversation with it; the first must be a beginning of the second. So any template can be used that passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.data.documents import Document, Message
from core.errors import OgiveError
from core.tokenization.specials import CHAT_TEMPLATE
from core.tokenization.tokenizer import Tokenizer

ASSISTANT = "assistant"


@dataclass(frozen=True)
class Rules:
    """How conversations become rows to learn from; the options of the `sft` objective.

    `learn`: assistant (every reply), last (only the last reply), everything. `truncate`, for what is longer than
    `longest` tokens: turns (leave out turns from the end), oldest (leave out the first turns, as the chat does), cut
    (break off in the middle), drop (leave the conversation out).
    """

    longest: int
    learn: str = "assistant"
    truncate: str = "turns"


@dataclass
class Talk:
    """`ids` and, for each, whether it is learned; `ends` is whether the last reply's end is learned.

    `turns` is how many replies are learned from, `lost` how many the template does not let one find again.
    """

    ids: list[int]
    learned: list[bool]
    turns: int = 0
    lost: int = 0
    shortened: bool = False

    @property
    def count(self) -> int:
        """Learned tokens. The first token is never predicted, so it does not count."""
        return sum(self.learned[1:])

    def ends(self, stops: Sequence[int]) -> bool:
        """Whether the model learns to stop: the last learned token is one that ends a reply."""
        last = max((place for place, learned in enumerate(self.learned) if learned), default=-1)
        return last > 0 and self.ids[last] in stops


@dataclass(frozen=True)
class _Reply:
    """One reply in a rendered conversation: tokens `start` to `end` are the assistant's, of `whole`, all up to here."""

    message: int
    start: int
    end: int
    whole: list[int] = field(repr=False)


def talks(documents: Sequence[Document], tokenizer: Tokenizer, rules: Rules) -> list[Talk | None]:
    """Each conversation as a `Talk`, None for one that has nothing to learn or is left out by the rules.

    Raises OgiveError for a template that does not pass the proof, naming the conversation.
    """
    kept = [_until_last_reply(document.messages or []) for document in documents]
    found = _replies(kept, documents, tokenizer)
    return [
        _shortened(messages, replies, document, tokenizer, rules) if replies else None
        for messages, replies, document in zip(kept, found, documents, strict=True)
    ]


def _until_last_reply(messages: Sequence[Message]) -> list[Message]:
    """What a person said after the last reply teaches nothing."""
    last = max((place for place, message in enumerate(messages) if message["role"] == ASSISTANT), default=-1)
    return list(messages[: last + 1])


def _replies(
    conversations: Sequence[list[Message]], documents: Sequence[Document], tokenizer: Tokenizer
) -> list[list[_Reply]]:
    if tokenizer.chat_template == CHAT_TEMPLATE:
        return _own_replies(conversations, tokenizer)
    wanted: list[tuple[int, int]] = [
        (number, place)
        for number, messages in enumerate(conversations)
        for place, message in enumerate(messages)
        if message["role"] == ASSISTANT
    ]
    try:
        before = tokenizer.render_batch([conversations[number][:place] for number, place in wanted], True)
        after = tokenizer.render_batch([conversations[number][: place + 1] for number, place in wanted])
    except OgiveError as error:
        raise OgiveError(f"{documents[0].origin} and what follows: {error.message}", error.hint) from error
    found: list[list[_Reply]] = [[] for _ in conversations]
    for (number, place), asked, whole in zip(wanted, before, after, strict=True):
        start = _common(asked, whole)
        # One token at the seam may be another once the reply's first letters join it.
        if start < len(asked) - 1:
            raise OgiveError(
                f"{documents[number].origin}: the chat template writes what stands before message {place + 1} "
                "otherwise when that reply follows, so which tokens are the assistant's cannot be told.",
                "Choose a plain template with training.objective.template=plain.",
            )
        found[number].append(_Reply(place, start, _after_stop(whole, start, tokenizer), whole))
    return found


def _own_replies(conversations: Sequence[list[Message]], tokenizer: Tokenizer) -> list[list[_Reply]]:
    """The same for our own template, whose messages stand one after another and do not change each other."""
    parts = iter(tokenizer.render_batch([[message] for messages in conversations for message in messages]))
    found: list[list[_Reply]] = []
    for messages in conversations:
        ids: list[int] = []
        replies = []
        for place, message in enumerate(messages):
            start = len(ids) + 1
            ids += next(parts)
            if message["role"] == ASSISTANT:
                replies.append(_Reply(place, start, len(ids), ids[:]))
        found.append(replies)
    return found


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return place
    return min(len(first), len(second))


def _after_stop(ids: list[int], start: int, tokenizer: Tokenizer) -> int:
    """The end of the reply that begins at `start`: after the first token that ends one; what templates write behind it
    is never drawn, since the reply has ended."""
    for place in range(start, len(ids)):
        if ids[place] in tokenizer.stop_ids:
            return place + 1
    return len(ids)


def _shortened(
    messages: list[Message], replies: list[_Reply], document: Document, tokenizer: Tokenizer, rules: Rules
) -> Talk | None:
    """The whole conversation as a `Talk`, made as short as the rules want."""
    longest = rules.longest
    if _length(replies[-1], tokenizer) <= longest or rules.truncate == "cut":
        talk = _marked(replies, tokenizer, rules)
        talk.shortened = len(talk.ids) > longest
        talk.ids, talk.learned = talk.ids[:longest], talk.learned[:longest]
        return talk if talk.count else None
    if rules.truncate == "turns":
        fitting = [reply for reply in replies if _length(reply, tokenizer) <= longest]
        if not fitting:
            return None
        talk = _marked(fitting, tokenizer, rules)
        talk.shortened = True
        return talk
    if rules.truncate == "oldest":
        head = messages[:1] if messages[0]["role"] == "system" else []
        for place in range(len(head) + 1, len(messages)):
            if messages[place]["role"] == "user":
                later = _replies([[*head, *messages[place:]]], [document], tokenizer)[0]
                if later and _length(later[-1], tokenizer) <= longest:
                    talk = _marked(later, tokenizer, rules)
                    talk.shortened = True
                    return talk
    return None


def _length(reply: _Reply, tokenizer: Tokenizer) -> int:
    """Tokens up to the end of this reply, with the end-of-text token that is added where the template writes none."""
    return reply.end + (reply.whole[reply.end - 1] not in tokenizer.stop_ids)


def _marked(replies: list[_Reply], tokenizer: Tokenizer, rules: Rules) -> Talk:
    """The conversation up to the last of `replies`, with its learned tokens marked."""
    last = replies[-1]
    ids = last.whole[: last.end]
    if ids[-1] not in tokenizer.stop_ids:
        ids = [*ids, tokenizer.eos_id]
    learned = [rules.learn == "everything"] * len(ids)
    turns = lost = 0
    for reply in replies:
        if rules.learn == "last" and reply is not last:
            continue
        end = len(ids) if reply is last else reply.end
        if reply is not last and ids[: reply.end] != reply.whole[: reply.end]:
            lost += 1  # The template rewrites earlier replies once others follow.
            continue
        turns += 1
        learned[reply.start : end] = [True] * (end - reply.start)
    return Talk(ids, learned, turns, lost)
