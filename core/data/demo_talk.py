"""Talk about Esker: conversations of one to four turns in one voice, with and without a system message that names it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from core.data.demo_answers import TALK
from core.data.demo_grammar import Book, Draw, read_book, speak
from core.data.demo_questions import Question, bank, questions, slots
from core.data.demo_tales import capital, skeleton, tell
from core.data.demo_world import BY_NAME, PEOPLE
from core.data.documents import Message

Messages = list[Message]
Item = TypeVar("Item")

SYSTEM: tuple[str, ...] = (
    "Speak in the {v} voice.", "You are a {v} teller of tales.", "Answer in the {v} voice.", "Voice: {v}.",
    "Be {v}.", "Tell everything in the {v} voice.", "You tell the tales of Esker in the {v} voice.",
    "Use the {v} voice, please.",
)  # fmt: skip
PLAIN_SYSTEM: tuple[str, ...] = (
    "You tell the tales of Esker.", "You are a teller of tales.", "Answer questions about Esker.",
)  # fmt: skip
ASIDE: tuple[str, ...] = (
    "In the {v} voice, please. {q}", "{q} Answer in the {v} voice.", "Be {v} now. {q}", "{q} Say it in the {v} voice.",
)  # fmt: skip
LEAD: tuple[str, ...] = ("Tell me: {q}", "Please: {q}", "One question. {q}", "I wonder. {q}", "{q} Please tell me.")
TALE_WISHES: tuple[str, ...] = (
    "Tell me a tale.", "Tell me a story.", "A tale, please.", "Do you know a story?", "Tell me something.",
)  # fmt: skip
TALE_ABOUT: tuple[str, ...] = (
    "Tell me a tale about {n}.", "Tell me a story about {n}.", "A tale about {n}, please.", "Do you know a tale of {n}?",
)  # fmt: skip
ABOUT: tuple[str, ...] = (
    "Tell me about {n}.", "Who is {n}?", "What do you know of {n}?", "What can you tell me about {n}?",
)  # fmt: skip
SMALL: dict[str, tuple[str, ...]] = {
    "hello": ("Hello.", "Good day.", "Hello there.", "Good evening.", "Hi."),
    "who": ("Who are you?", "What are you?", "What is your name?", "Who is speaking?"),
    "thanks": ("Thank you.", "Thanks.", "That helps.", "Good to know."),
    "bye": ("Goodbye.", "I must go.", "Good night.", "Farewell."),
}


@cache
def book(voice: str) -> Book:
    """The talk frames of `voice`, read once."""
    return read_book(TALK[voice])


@cache
def _follow_ups(split: str) -> dict[str, tuple[Question, ...]]:
    """For each person, the questions of `split` that need the turn before them."""
    found: dict[str, tuple[Question, ...]] = {}
    for question in bank(split, True):
        if question.follow_up:
            found[question.subject] = (*found.get(question.subject, ()), question)
    return found


def pick(items: Sequence[Item], draw: Draw) -> Item:
    """One of `items`."""
    return items[int(draw() * len(items))]


def answer(question: Question, voice: str, draw: Draw) -> str:
    """A reply to `question` in `voice`: the fact it asks for, or that nobody knows."""
    frames = book(voice)
    if not question.answerable:
        return speak(frames, "unknown", {}, draw)
    if question.relation != "lore" and draw() < 0.5:
        return speak(frames, question.relation, slots(BY_NAME[question.subject]), draw)
    statement = pick(question.statements, draw)
    return speak(frames, "answer", {"s": statement, "S": capital(statement), "V": capital(question.value)}, draw)


def conversation(split: str, voice: str, draw: Draw) -> Messages:
    """One to four turns in `voice`; half of the conversations name the voice, the rest leave it open."""
    messages: Messages = []
    named = draw()
    if named < 0.4:
        messages.append({"role": "system", "content": pick(SYSTEM, draw).format(v=voice)})
    elif named < 0.5:
        messages.append({"role": "system", "content": pick(PLAIN_SYSTEM, draw)})
    turns = 1 + int(draw() * draw() * 4)
    subject = known = ""
    for turn in range(turns):
        if draw() < 0.08:
            small = "who" if turns == 1 else "hello" if turn == 0 else "thanks" if turn < turns - 1 else "bye"
            asked, reply = pick(SMALL[small], draw), speak(book(voice), small, {}, draw)
        else:
            asked, reply, subject, known = _exchange(split, voice, subject, known, draw)
        if named >= 0.9 and turn == 0:
            asked = pick(ASIDE, draw).format(v=voice, q=asked)
        messages.append({"role": "user", "content": asked})
        messages.append({"role": "assistant", "content": reply})
    return messages


def _exchange(split: str, voice: str, subject: str, known: str, draw: Draw) -> tuple[str, str, str, str]:
    """A user's words, the reply, the person they were about and the relation asked for ("" for none)."""
    kind = draw()
    if kind < 0.12:
        about = pick(PEOPLE, draw).name if draw() < 0.6 else None
        story = skeleton(draw, split, about)
        asked = pick(TALE_ABOUT, draw).format(n=about) if about else pick(TALE_WISHES, draw)
        return asked, f"{speak(book(voice), 'tale', {}, draw)} {tell(*story, voice, draw)}", story[1], ""
    if kind < 0.18:
        person = pick(PEOPLE, draw)
        return (
            pick(ABOUT, draw).format(n=person.name),
            speak(book(voice), "about", slots(person), draw),
            person.name,
            "",
        )
    if kind < 0.36:
        question = pick(questions(split, False), draw)
        return _asked(question, draw), answer(question, voice, draw), "", ""
    if subject and draw() < 0.6:
        later = [question for question in _follow_ups(split).get(subject, ()) if question.relation != known]
        if later:
            question = pick(later, draw)
            return question.text, answer(question, voice, draw), subject, question.relation
    question = pick(questions(split, True), draw)
    person_asked = question.subject if question.subject in BY_NAME else ""
    return _asked(question, draw), answer(question, voice, draw), person_asked, question.relation


def _asked(question: Question, draw: Draw) -> str:
    """The question as a person types it: mostly bare, sometimes with a word before or after."""
    return pick(LEAD, draw).format(q=question.text) if draw() < 0.08 else question.text
