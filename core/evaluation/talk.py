"""How a chat model does on the built-in world: right answers, honest abstentions, and which voice it speaks in.

All questions are held out: their wordings about their facts are in no training corpus, whatever its seed. Answers are
drawn greedily and judged by the corpus's own exact checker; voices by its exact classifier, on replies drawn at
temperature 1 with nothing said about a voice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.cancel import Cancel
from core.data.demo import classify_voice, is_abstention, is_correct, questions
from core.data.demo_questions import Question
from core.data.demo_voices import VOICES
from core.errors import OgiveError
from core.generation.conversation import Conversation
from core.generation.decode import complete
from core.settings.sampling import SamplingSettings

if TYPE_CHECKING:
    from core.models.loading import LoadedModel

UNPROMPTED: tuple[str, ...] = ("Hello.", "Who are you?", "Tell me a tale.", "Tell me something.", "Good evening.")
"""What is said to hear the voice of a model, besides held-out questions; nothing in it names a voice."""

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Talk:
    """What was found. Shares are of all replies; `voices` holds the four, and "none" for replies that show no voice."""

    answered: int
    right: int
    unanswerable: int
    abstained: int
    false_abstentions: int
    voices: dict[str, float]
    replies: int
    wrong: tuple[tuple[str, str], ...]

    @property
    def accuracy(self) -> float:
        return self.right / max(1, self.answered)

    @property
    def entropy(self) -> float:
        """Of the four voices, in bits; 2 is an even mixture."""
        shares = [share for voice, share in self.voices.items() if voice in VOICES and share > 0]
        total = sum(shares)
        return -sum(share / total * math.log2(share / total) for share in shares) if total else 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "answerable": self.answered,
            "right": self.right,
            "accuracy": round(self.accuracy, 4),
            "unanswerable": self.unanswerable,
            "abstained": self.abstained,
            "abstention": round(self.abstained / max(1, self.unanswerable), 4),
            "false_abstentions": self.false_abstentions,
            "voices": {voice: round(share, 4) for voice, share in self.voices.items()},
            "voice_entropy_bits": round(self.entropy, 4),
            "voice_replies": self.replies,
            "wrong": [list(pair) for pair in self.wrong],
        }


def evaluate(
    loaded: LoadedModel,
    *,
    limit: int | None = None,
    voices: int = 256,
    seed: int = 1,
    cancel: Cancel | None = None,
    told: Told | None = None,
) -> Talk:
    """Ask up to `limit` held-out questions of each kind (None: all), and draw about `voices` unprompted replies.

    Raises OgiveError for a model without a chat template, Stopped when cancelled.
    """
    if not loaded.tokenizer.has_chat_template:
        raise OgiveError(f"{loaded.name} has no chat template, so it cannot be asked.", "Choose a chat model.")
    answerable, unanswerable = questions()[:limit], questions(answerable=False)[:limit]
    greedy = SamplingSettings(temperature=0.0, top_p=1.0, max_new_tokens=80)
    right = abstained = false_abstentions = 0
    wrong: list[tuple[str, str]] = []
    for number, question in enumerate((*answerable, *unanswerable)):
        reply = _say(loaded, question.text, greedy, 1)[0]
        correct = is_correct(question, reply)
        if question.answerable:
            right += correct
            false_abstentions += is_abstention(reply)
            if not correct:
                wrong.append((question.text, reply))
        else:
            abstained += correct
        _go_on(cancel, told, "questions", number + 1, len(answerable) + len(unanswerable))
    counts, replies = _voices(loaded, answerable, voices, seed, cancel, told)
    return Talk(
        len(answerable),
        right,
        len(unanswerable),
        abstained,
        false_abstentions,
        {voice: count / max(1, replies) for voice, count in counts.items()},
        replies,
        tuple(wrong),
    )


def _voices(
    loaded: LoadedModel,
    asked: Sequence[Question],
    wanted: int,
    seed: int,
    cancel: Cancel | None,
    told: Told | None,
) -> tuple[dict[str, int], int]:
    """How often each voice speaks, four replies to each of as many prompts as that takes."""
    counts = dict.fromkeys((*VOICES, "none"), 0)
    step = max(1, len(asked) // max(1, wanted // 4 - len(UNPROMPTED)))
    prompts = [*UNPROMPTED, *(question.text for question in asked[::step])][: max(1, wanted // 4)]
    for number, prompt in enumerate(prompts):
        sampling = SamplingSettings(temperature=1.0, top_p=1.0, max_new_tokens=80, seed=seed + number)
        for reply in _say(loaded, prompt, sampling, 4):
            counts[classify_voice(reply) or "none"] += 1
        _go_on(cancel, told, "voices", number + 1, len(prompts))
    return counts, 4 * len(prompts)


def _say(loaded: LoadedModel, text: str, sampling: SamplingSettings, variants: int) -> list[str]:
    conversation = Conversation.new()
    conversation.say(text)
    ids = conversation.prompt(loaded.tokenizer, loaded.context, sampling.max_new_tokens).ids
    rows = complete(loaded, ids, sampling, variants)
    return [loaded.tokenizer.decode(row.content) for row in rows]


def _go_on(cancel: Cancel | None, told: Told | None, doing: str, done: int, total: int) -> None:
    if told is not None:
        told(doing, done, total)
    if cancel is not None:
        cancel.check(doing)
