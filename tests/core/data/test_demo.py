"""The built-in corpus: deterministic, split without a leak, true to its world, and written without slips."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections import Counter
from itertools import chain, pairwise

import pytest

from core.data.demo import (
    VOICES,
    DemoSource,
    classify_voice,
    document,
    documents,
    is_abstention,
    is_correct,
    preview,
    questions,
)
from core.data.demo_answers import TALK
from core.data.demo_grammar import read_book, variants
from core.data.demo_questions import RELATIONS, bank, plain, slots
from core.data.demo_tales import _HERO, _NEIGHBOUR, BOOKS, PLOTS, skeleton
from core.data.demo_talk import answer
from core.data.demo_voices import MARKERS, voice_errors, voice_of_sentence
from core.data.demo_world import (
    BY_NAME,
    LACKS,
    LORE,
    LOSSES,
    NEWS,
    PEOPLE,
    PLACES,
    QUARRELS,
    STORMS,
    TRICKS,
    WARES,
    Person,
)
from core.data.documents import Document
from core.errors import OgiveError

SIZE = 6000


def _said(document: Document) -> list[str]:
    """What the corpus's voice says in a document: the tale, or the replies."""
    if document.text is not None:
        return [document.text]
    assert document.messages is not None
    return [message["content"] for message in document.messages if message["role"] == "assistant"]


def _asked(document: Document) -> list[str]:
    return [message["content"] for message in document.messages or [] if message["role"] == "user"]


@pytest.fixture(scope="module")
def train() -> list[Document]:
    return list(documents(3, SIZE))


@pytest.fixture(scope="module")
def held() -> list[Document]:
    return list(documents(3, SIZE // 4, "held-out"))


def test_the_same_seed_writes_the_same_corpus_in_another_process():
    script = (
        "import hashlib; from core.data.demo import documents\n"
        "print(hashlib.sha256(repr(list(documents(5, 300))).encode()).hexdigest())\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    assert list(documents(5, 40))[17] == document(5, 17)
    assert document(5, 17) != document(6, 17)


def test_the_grammar_needs_no_heavy_import():
    script = "import sys, core.data.demo; print([m for m in ('torch', 'numpy', 'transformers') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_marker_belongs_to_two_voices():
    words = list(chain.from_iterable(MARKERS.values()))
    assert len(words) == len(set(words))


def test_the_world_speaks_in_no_voice():
    texts = [repr(PEOPLE), repr(LORE), repr(LOSSES), repr(NEWS), repr(PLACES), repr(QUARRELS), repr(STORMS)]
    texts += [repr(WARES), repr(TRICKS), repr(LACKS)]
    words = {word.lower() for text in texts for word in re.findall(r"[A-Za-z]+", text)}
    assert not words & set(chain.from_iterable(MARKERS.values()))


@pytest.mark.parametrize("voice", VOICES)
def test_every_frame_is_used_and_every_plot_has_its_beats(voice):
    beats = {beat.strip("()") for beats in PLOTS.values() for beat in beats} | {"factpet", "factkin"}
    assert set(read_book(BOOKS[voice].TALES)) == beats
    assert set(read_book(TALK[voice])) == {
        "answer", "unknown", "hello", "who", "thanks", "bye", "tale", "about", *(set(RELATIONS)),
    }  # fmt: skip


def _told_of(hero: Person, other: Person) -> dict[str, str]:
    """Slots for every tale frame: two people, and plain words for what a plot adds."""
    plain_words = dict.fromkeys(("clue", "said", "found", "cause", "ware", "flaw", "trick", "matter"), "a plain word")
    plain_words |= dict.fromkeys(("storm", "flood", "lack", "some", "news", "told", "p1", "p2"), "a plain word")
    plain_words |= {name.capitalize(): "A plain word" for name in plain_words}
    return {**_HERO[hero.name], **_NEIGHBOUR[other.name], **plain_words}


@pytest.mark.parametrize("voice", VOICES)
def test_every_way_to_say_every_frame_shows_its_voice_and_no_other(voice):
    errors = set()
    for hero, other in pairwise(PEOPLE):
        told, answered = _told_of(hero, other), {**slots(hero), "s": "it is so", "S": "It is so", "V": "So"}
        for book, filled in ((read_book(BOOKS[voice].TALES), told), (read_book(TALK[voice]), answered)):
            for beat, frames in book.items():
                for frame in frames:
                    for variant in frame:
                        text = variant.format_map({name: said or "Moss" for name, said in filled.items()})
                        errors.update((beat, wrong) for wrong in voice_errors(text, voice))
    assert not errors, sorted(errors)[:10]


def test_every_sentence_shows_its_voice_and_no_other(train, held):
    errors = []
    for item in chain(train, held):
        voice = item.origin.rsplit("/", 1)[1]
        for text in _said(item):
            errors += [(voice, sentence) for sentence in voice_errors(text, voice)]
            assert classify_voice(text) == voice, text
    assert not errors, errors[:10]


def test_the_classifier_judges_imperfect_text_by_its_majority():
    assert classify_voice("") is None
    assert classify_voice("zxq " * 30) is None
    assert classify_voice("The dark came. The shadows came. He was merry.") == "gothic"
    assert classify_voice("Hurrah, it was jolly. The grave was cold.") is None
    assert classify_voice("Anwen. The mill.") == "terse"
    assert classify_voice("The noble lord bowed and the gra") == "courtly"
    assert voice_of_sentence("The merry grave.") is None


def test_the_voices_are_equally_common_where_none_is_asked_for(train):
    open_talk = [item for item in train if item.messages and item.messages[0]["role"] == "user"]
    open_talk = [item for item in open_talk if not any(voice in _asked(item)[0] for voice in VOICES)]
    counts = Counter(item.origin.rsplit("/", 1)[1] for item in open_talk)
    assert all(0.22 < counts[voice] / len(open_talk) < 0.28 for voice in VOICES), counts


def test_no_held_out_text_occurs_in_training(train, held):
    seen = {text for item in train for text in _said(item) if item.text}
    assert not [item for item in held if item.text in seen]
    asked = "\n".join(text for item in train for text in _asked(item))
    for answerable in (True, False):
        for question in questions("held-out", answerable):
            leaked = question.text in asked
            assert not leaked, question.text


def test_no_held_out_story_and_no_held_out_question_is_in_the_other_split():
    draw = random.Random("split").random
    told = {skeleton(draw, "train") for _ in range(20_000)}
    assert not told & {skeleton(draw, "held-out") for _ in range(4000)}
    for answerable in (True, False):
        train, held = bank("train", answerable), bank("held-out", answerable)
        texts = {question.text for question in train if not question.follow_up}
        assert not texts & {question.text for question in held if not question.follow_up}
        assert 0.05 < len(held) / len(train) < 0.15


def test_every_fact_asked_in_the_held_out_questions_is_told_in_training_in_other_words():
    train = {(question.relation, question.subject) for question in questions("train")}
    assert {(question.relation, question.subject) for question in questions("held-out")} <= train


def test_the_checker_accepts_every_answer_and_refuses_all_others():
    draw = random.Random("check").random
    pool = [*bank("train", True), *bank("held-out", True)]
    unknown = bank("train", False)
    for question in pool:
        voice = VOICES[int(draw() * 4)]
        reply = answer(question, voice, draw)
        assert is_correct(question, reply), (question, reply)
        assert not is_abstention(reply)
        other = pool[int(draw() * len(pool))]
        wrong = answer(other, voice, draw)
        if is_correct(question, wrong):  # only when the other answer says the same thing
            assert any(plain(accepted) in plain(wrong) for accepted in question.accepted)
            assert not any(plain(rival) in plain(wrong) for rival in question.rivals)
        nobody = answer(unknown[int(draw() * len(unknown))], voice, draw)
        assert is_abstention(nobody)
        assert not is_correct(question, nobody)
    for question in unknown:
        assert is_correct(question, answer(question, "gothic", draw))
        assert not is_correct(question, "Anwen keeps the mill.")


def test_a_rival_of_the_same_relation_is_wrong():
    for question in questions("held-out"):
        for rival in list(question.rivals)[:5]:
            assert not is_correct(question, f"It is {rival}.")
            assert not is_correct(question, f"It is {question.accepted[0]} or {rival}.")


def test_only_abstentions_say_that_nobody_knows(train):
    for item in train:
        if item.text:
            assert not is_abstention(item.text)


def test_the_world_agrees_with_itself():
    for field in ("name", "trade", "keeps", "home", "thing", "hid", "fear", "food"):
        values = [getattr(person, field) for person in PEOPLE]
        assert len(set(values)) == len(values), field
    names = [person.pet[1] for person in PEOPLE if person.pet]
    kinds = [person.pet[0] for person in PEOPLE if person.pet]
    assert len(set(names)) == len(names)
    assert len(set(kinds)) == len(kinds)
    back = {"brother", "sister"}, {"cousin"}, {"daughter", "son", "mother", "father"}, {"nephew", "uncle"}
    for person in PEOPLE:
        assert BY_NAME[person.friend].friend == person.name
        assert BY_NAME[person.friend].sex != person.sex
        if person.kin:
            word, relative = person.kin
            assert BY_NAME[relative].kin is not None
            returned, again = BY_NAME[relative].kin
            assert again == person.name
            assert any({word, returned} <= group for group in back)
            female = {"sister", "mother", "daughter", "cousin"}
            assert (word in female and BY_NAME[relative].sex == "f") or (
                word in {"brother", "father", "son", "uncle", "nephew", "cousin"} and BY_NAME[relative].sex == "m"
            )


def test_tales_keep_to_the_facts(train):
    """A tale that says where someone lives, or what a person's animal is called, says what the world says."""
    trades = {person.trade.split()[0] for person in PEOPLE}
    kinds = {person.pet[1]: person.pet[0] for person in PEOPLE if person.pet}
    for item in train:
        for name, word in re.findall(r"([A-Z][a-z]+) the ([a-z]+)", item.text or ""):
            if name in BY_NAME and word in trades:
                assert word == BY_NAME[name].trade.split()[0], item.text
            if name in kinds and word in kinds.values():
                assert word == kinds[name], item.text


SLIPS = (
    (r"\b(\w+) \1\b", "a doubled word"),
    (r"  |\s[.,;!?]", "a stray space"),
    (r"\b[Aa] [aeio]\w+", "a for an"),
    (r"\b[Aa]n [bcdfgjklmnpqrstvwxyz]\w+", "an for a"),
    (r"[{}\[\]|_]", "a slot left open"),
    (r"[.!?] [a-z]", "a small letter after a full stop"),
    (r",,|\.\.|,\.|;\.", "doubled stops"),
)
ALLOWED = re.compile(r"\b(?:had had|hullo hullo|tra la la|[Hh]ey hey)\b|a one|[!?]\" [a-z]")


@pytest.mark.parametrize(("pattern", "what"), SLIPS)
def test_the_prose_has_no_slips(train, pattern, what):
    found = []
    for item in train:
        for text in _said(item) + _asked(item):
            found += [hit.group() for hit in re.finditer(pattern, ALLOWED.sub("x", text))]
    assert not found, (what, Counter(found).most_common(10))


def test_documents_end_and_begin_as_sentences(train):
    for item in train:
        for text in _said(item):
            assert text[0].isupper() or text[0] == '"', text
            assert text[-1] in '.!?"', text


def test_tales_are_not_told_twice(train):
    tales = [item.text for item in train if item.text]
    assert len(set(tales)) > 0.995 * len(tales)


def test_the_source_is_named_by_what_it_yields():
    source = DemoSource(documents=400, seed=2)
    assert len(list(source.documents())) == 400
    assert len(list(source.documents("held-out", 0.1))) == 40
    assert source.inputs() == []
    assert source.fingerprint() == DemoSource(documents=400, seed=2).fingerprint()
    assert source.fingerprint() != DemoSource(documents=400, seed=3).fingerprint()
    assert source.fingerprint() != DemoSource(documents=400, seed=2, part="talk").fingerprint()
    talk = DemoSource(documents=50, part="talk").documents()
    assert all(item.messages for item in talk)
    with pytest.raises(OgiveError, match="no split 'test'"):
        documents(1, 1, "test")


def test_a_preview_shows_each_voice_in_tales_and_talk():
    shown = preview(8)
    assert [item.origin.rsplit("/", 1)[1] for item in shown] == [*VOICES, *VOICES]
    assert all(item.text for item in shown[:4])
    assert all(item.messages for item in shown[4:])


def test_the_corpus_is_written_quickly():
    started = time.perf_counter()
    written = sum(len(text) for item in documents(9, 3000) for text in _said(item) + _asked(item))
    assert written / (time.perf_counter() - started) > 300_000


def test_frames_lay_out_their_choices():
    assert variants("a [b|c] d") == ("a b d", "a c d")
    assert read_book("@x\nhi [you|me]\n@y\nbye") == {"x": (("hi you", "hi me"),), "y": (("bye",),)}
