"""What can be asked about the world: every question with its accepted answers, and an exact checker of replies.

A question is a wording about a fact; the pair decides, whatever the seed, whether it is for training or held out. The
fact itself is learnable in training, from the other wordings and from the tales.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from core.data.demo_tales import capital, is_held_out, with_article
from core.data.demo_world import LORE, PEOPLE, STRANGERS, Person


@dataclass(frozen=True, slots=True)
class Question:
    """`text` is asked; `accepted` are answers of which a reply must hold one, `rivals` the other answers of its kind.

    `statements` say the fact plainly, `value` is the bare answer; both are empty when the world holds no answer.
    `follow_up` is a wording that names nobody and needs the turn before it.
    """

    text: str
    relation: str
    subject: str
    accepted: tuple[str, ...]
    rivals: frozenset[str]
    statements: tuple[str, ...]
    value: str
    follow_up: bool = False

    @property
    def answerable(self) -> bool:
        return bool(self.accepted)


# relation: (wordings, wordings as a follow-up, statements, value). {n} is the person; {he} {him} {his} follow the sex.
RELATIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str]] = {
    "trade": (
        ("What does {n} do?", "What is {n}'s trade?", "What work does {n} do?", "How does {n} earn a living?",
         "What is {n} by trade?", "What kind of work is {n}'s?", "What is {n}'s job?", "What do people know {n} as?"),
        ("What does {he} do?", "And what is {his} trade?"),
        ("{n} is {a_trade}", "{n} is the {trade} of Esker", "{n} works as {a_trade}", "{n} is {a_trade} by trade"),
        "{a_trade}"),
    "keeper": (
        ("Who keeps {keeps}?", "Who looks after {keeps}?", "Who is in charge of {keeps}?", "Whose care is {keeps} in?",
         "Who works at {keeps}?", "Who has the care of {keeps}?", "Which person keeps {keeps}?",
         "Who tends {keeps}?"),
        (),
        ("{n} keeps {keeps}", "{keeps} is kept by {n}", "it is {n} who keeps {keeps}", "{keeps} is in {n}'s care"),
        "{n}"),
    "site": (
        ("Where is {keeps}?", "Where do I find {keeps}?", "Where does one find {keeps}?", "How do I get to {keeps}?",
         "Which way is {keeps}?", "Whereabouts is {keeps}?", "Where should I look for {keeps}?",
         "In what spot is {keeps}?"),
        (),
        ("{keeps} is {site}", "{keeps} lies {site}", "you find {keeps} {site}", "it is {site}"),
        "{site}"),
    "home": (
        ("Where does {n} live?", "Where is {n}'s home?", "Where does {n} sleep at night?", "Where can I find {n} at home?",
         "In what house does {n} live?", "Where is the home of {n}?", "Where would I visit {n}?",
         "Where does {n} spend the evenings?"),
        ("Where does {he} live?", "And where is {his} home?"),
        ("{n} lives {home}", "{n}'s home is {home}", "{he} lives {home}", "{n} sleeps {home}"),
        "{home}"),
    "thing": (
        ("What does {n} treasure?", "What is {n}'s treasure?", "What does {n} value most?", "What thing is precious to {n}?",
         "What would {n} never sell?", "What does {n} own that matters?", "What has {n} got hidden away?",
         "Which thing does {n} prize most?"),
        ("What does {he} treasure?", "And what would {he} never sell?"),
        ("{n} treasures {a_thing}", "{n}'s treasure is {a_thing}", "it is {a_thing}",
         "{n} would never sell the {thing}"),
        "{a_thing}"),
    "hid": (
        ("Where does {n} keep the {thing}?", "Where is {n}'s {thing}?", "Where is the {thing} hidden?",
         "Where does the {thing} lie?", "Where has {n} put the {thing}?", "In what place is {n}'s {thing} kept?",
         "Where would I find the {thing}?", "Where is the {thing} of {n}?"),
        ("Where does {he} keep the {thing}?", "And where does {he} keep the {thing}?"),
        ("{n} keeps the {thing} {hid}", "the {thing} lies {hid}", "it is {hid}", "{n}'s {thing} is {hid}"),
        "{hid}"),
    "owner": (
        ("Who owns the {thing}?", "Whose is the {thing}?", "Who has the {thing}?", "To whom does the {thing} belong?",
         "Whose treasure is the {thing}?", "Who would never sell the {thing}?", "Who treasures the {thing}?",
         "Which person owns the {thing}?"),
        (),
        ("the {thing} belongs to {n}", "it is {n}'s {thing}", "{n} owns the {thing}", "the {thing} is {n}'s own"),
        "{n}"),
    "fear": (
        ("What does {n} fear?", "What is {n} afraid of?", "What frightens {n}?", "What scares {n}?",
         "What is it that {n} fears?", "What makes {n} afraid?", "What does {n} run from?", "What is {n}'s fear?"),
        ("What is {he} afraid of?", "And what frightens {him}?"),
        ("{n} fears {fear}", "{n} is afraid of {fear}", "what {n} fears is {fear}", "{he} is afraid of {fear}"),
        "{fear}"),
    "fearer": (
        ("Who fears {fear}?", "Who is afraid of {fear}?", "Who is scared of {fear}?", "Who runs from {fear}?",
         "Which person fears {fear}?", "Who in Esker fears {fear}?", "Who is frightened of {fear}?",
         "Whose fear is {fear}?"),
        (),
        ("{n} fears {fear}", "it is {n} who fears {fear}", "{n} is afraid of {fear}", "{fear} is what {n} fears"),
        "{n}"),
    "food": (
        ("What does {n} like to eat?", "What is {n}'s best loved food?", "What food does {n} love?",
         "What does {n} want for supper?", "What should I cook for {n}?", "What does {n} eat most gladly?",
         "What dish does {n} like best?", "Which food is {n} fond of?"),
        ("What does {he} like to eat?", "And what should I cook for {him}?"),
        ("{n} likes {food}", "{n} is fond of {food}", "{n} loves {food} best", "{he} eats {food} whenever {he} can"),
        "{food}"),
    "pet": (
        ("What animal does {n} keep?", "What kind of animal has {n} got?", "Which animal lives with {n}?",
         "What creature does {n} keep?", "What animal is {n}'s?", "What sort of pet has {n}?",
         "What animal follows {n} about?", "Which creature belongs to {n}?"),
        ("What animal does {he} keep?", "And what sort of pet has {he}?"),
        ("{n} keeps {a_kind} called {pet}", "{n} has {a_kind} named {pet}", "it is {a_kind} by the name of {pet}",
         "{a_kind} called {pet} lives with {n}"),
        "{a_kind}"),
    "petname": (
        ("What is {n}'s {kind} called?", "What is the name of {n}'s {kind}?", "How is {n}'s {kind} called?",
         "What does {n} call the {kind}?", "What name has {n}'s {kind}?", "What name did {n} give the {kind}?",
         "By what name does the {kind} of {n} go?", "What do I call {n}'s {kind}?"),
        ("What is {his} {kind} called?", "And what is the {kind}'s name?"),
        ("{n}'s {kind} is called {pet}", "the {kind} is called {pet}", "{n} calls the {kind} {pet}",
         "its name is {pet}"),
        "{pet}"),
    "petowner": (
        ("Whose {kind} is {pet}?", "Who keeps {pet} the {kind}?", "To whom does {pet} the {kind} belong?",
         "Who owns {pet}?", "Who feeds {pet} the {kind}?", "Whose is {pet} the {kind}?", "With whom does {pet} live?",
         "Which person keeps {pet}?"),
        (),
        ("{pet} is {n}'s {kind}", "{pet} the {kind} belongs to {n}", "{n} keeps {pet}", "{pet} lives with {n}"),
        "{n}"),
    "kin": (
        ("Who is {n}'s {kin}?", "Who is the {kin} of {n}?", "What is the name of {n}'s {kin}?",
         "How is {n}'s {kin} called?", "What is {n}'s {kin} called?", "Who has {n} for kin?",
         "Which person is {n}'s {kin}?", "Do you know {n}'s {kin}?"),
        ("Who is {his} {kin}?", "And who is kin to {him}?"),
        ("{k} is {n}'s {kin}", "{n}'s {kin} is {k}", "the {kin} of {n} is {k}", "{n} and {k} are kin"),
        "{k}"),
    "friend": (
        ("Who is {n}'s best friend?", "Who is {n}'s friend?", "Whom does {n} trust?", "Who is the best friend of {n}?",
         "Whom does {n} call on in trouble?", "Who would {n} ask for help?", "Which friend does {n} love best?",
         "With whom is {n} friends?"),
        ("Who is {his} best friend?", "And whom does {he} trust?"),
        ("{n}'s best friend is {f}", "{f} is {n}'s best friend", "{n} trusts {f}", "{f} is the friend {n} trusts"),
        "{f}"),
}  # fmt: skip

_ABSENT: tuple[str, ...] = (
    "What colour is {n}'s hair?", "How old is {n}?", "What is the name of {n}'s grandmother?", "Where was {n} born?",
    "What size are {n}'s shoes?", "What is {n}'s family name?", "What did {n} dream last night?",
    "What did {n} learn at school?", "How tall is {n}?", "What is {n}'s lucky number?", "When is {n}'s birthday?",
    "What colour are {n}'s eyes?", "How much money has {n} got?", "What is {n} reading this week?",
    "Which song does {n} know by heart?", "What did {n} say to the king?", "Which city has {n} seen?",
    "What is the name of {n}'s first love?", "What does {n} think of the moon?", "Who taught {n} to swim?",
)  # fmt: skip
_COUNTRIES = (
    "France", "Peru", "Norway", "Japan", "Egypt", "Canada", "Spain", "India", "Kenya", "Brazil", "Poland", "Chile",
    "Turkey", "Greece", "Cuba", "Iceland",
)  # fmt: skip
_ABOUT_COUNTRIES = (
    "What is the capital of {c}?", "Who is the king of {c}?", "How many people live in {c}?",
    "What do people eat in {c}?", "How far is it to {c}?", "Which river runs through {c}?",
)  # fmt: skip
_BEYOND = (
    "How far away is the moon?", "Who wrote the longest book?", "What is the square root of nine?",
    "How does an aeroplane fly?", "Who won the great war?", "What is a computer?", "How deep is the sea?",
    "What is the price of gold?", "Who painted the best picture?", "How do I mend a telephone?",
    "What is seven times eight?", "Who was the first emperor?", "What is electricity?", "When was the telescope made?",
    "How many stars are there?", "What is the fastest train?", "Which planet is the largest?",
    "What language do they speak in the south?", "Who is the mayor of London?", "How hot is the sun?",
    "What is the news from the city?", "Which team won the cup?", "How many bones has a whale?",
    "What is the best film?", "Who discovered iron?", "What do tigers eat?", "Why is the sea salt?",
    "How long is a mile in metres?", "What is the oldest castle?", "Who built the pyramids?",
)  # fmt: skip

# Every reply that says the world holds no answer has exactly one of these, and nothing else in the corpus does.
ABSTENTIONS: tuple[str, ...] = (
    "was never told", "beyond what i was ever told", "do not know", "cannot say", "no tale tells of that",
    "nobody has told me",
)  # fmt: skip

_NOT_LETTERS = re.compile(r"[^a-z']+")
_LEADING = re.compile(r"^(?:(?:in|on|at|by|to|of|under|above|below|behind|beside|beneath|inside|between|near|over|across"
                      r"|opposite|facing|from|south|where|beyond|the|a|an)\s+)+")  # fmt: skip


def plain(text: str) -> str:
    """`text` in lower case, letters and apostrophes only, one space around each word."""
    return f" {_NOT_LETTERS.sub(' ', text.lower().replace('’', chr(39))).replace(chr(39) + 's ', ' ').strip()} "


def _core(answer: str) -> str:
    """The part of an answer that must be said: without article and preposition."""
    return _LEADING.sub("", answer) or answer


@cache
def slots(person: Person) -> dict[str, str]:
    """What questions, statements and profiles may say of a person."""
    kind, pet = person.pet or ("", "")
    kin, relative = person.kin or ("", "")
    he, him, his = ("he", "him", "his") if person.sex == "m" else ("she", "her", "her")
    return {
        "n": person.name, "he": he, "him": him, "his": his, "He": capital(he), "His": capital(his),
        "trade": person.trade, "a_trade": with_article(person.trade), "keeps": person.keeps, "site": person.site,
        "home": person.home, "thing": person.thing, "a_thing": with_article(person.thing),
        "hid": person.hid, "fear": person.fear, "food": person.food, "kind": kind, "pet": pet,
        "a_kind": with_article(kind) if kind else "", "kin": kin, "k": relative, "f": person.friend,
        "serve": person.serve, "Keeps": capital(person.keeps), "A_thing": capital(with_article(person.thing)),
        "A_kind": capital(with_article(kind)) if kind else "", "Fear": capital(person.fear),
        "Food": capital(person.food), "A_trade": capital(with_article(person.trade)),
    }  # fmt: skip


_VALUE_OF = {
    "trade": "trade", "home": "home", "thing": "thing", "hid": "hid", "fear": "fear", "food": "food",
}  # fmt: skip


def _domain(relation: str) -> frozenset[str]:
    """Every answer that a question of `relation` can have, in its core form."""
    if relation == "site":
        return frozenset(person.site for person in PEOPLE)
    if relation in _VALUE_OF:
        return frozenset(_core(getattr(person, _VALUE_OF[relation])) for person in PEOPLE)
    if relation in ("pet", "petname"):
        place = 0 if relation == "pet" else 1
        return frozenset(person.pet[place] for person in PEOPLE if person.pet)
    return frozenset(person.name for person in PEOPLE)


def _holds(person: Person, relation: str) -> bool:
    return not (relation.startswith("pet") and not person.pet) and not (relation == "kin" and not person.kin)


def _about(person: Person, relation: str) -> list[Question]:
    """The questions of one relation about one person, follow-ups last."""
    wordings, follow_ups, statements, value = RELATIONS[relation]
    said = slots(person)
    answer = value.format_map(said)
    core = answer if relation == "site" else _core(answer)  # three places are near the chapel
    others = frozenset(rival for rival in _domain(relation) if rival != core and rival not in core)
    stated = tuple(statement.format_map(said) for statement in statements)
    questions = []
    for wording in (*wordings, *follow_ups):
        text = wording.format_map(said)
        named = plain(text)
        rivals = frozenset(rival for rival in others if plain(rival) not in named and rival != person.name)
        questions.append(
            Question(text, relation, person.name, (core,), rivals, stated, answer, follow_up=wording in follow_ups)
        )
    return questions


def _lore() -> list[Question]:
    """The questions about Esker as a whole."""
    months = frozenset(_core(answer) for _, answer, _, _ in LORE if answer.startswith("in "))
    questions = []
    for key, answer, statement, wordings in LORE:
        core = _core(answer)
        rivals = months - {core} if answer.startswith("in ") else frozenset()
        for text in wordings:
            questions.append(Question(text, "lore", key, (core,), rivals, (statement,), answer))
    return questions


def _unanswerable() -> list[Question]:
    """Plausible questions about known people, questions about strangers, and questions about other worlds."""

    def unknown(text: str, relation: str, subject: str) -> Question:
        return Question(text, relation, subject, (), frozenset(), (), "")

    found = [unknown(text.format(n=person.name), "absent", person.name) for person in PEOPLE for text in _ABSENT]
    for person in PEOPLE:
        if not person.pet:
            found += [unknown(f"What is {person.name}'s {kind} called?", "absent", person.name) for kind in
                      ("dog", "cat", "horse", "goat", "parrot", "hen")]  # fmt: skip
        held = {person.kin[0]} if person.kin else set()
        found += [unknown(f"Who is {person.name}'s {kin}?", "absent", person.name) for kin in
                  ("husband", "wife", "grandfather", "niece", "aunt") if kin not in held]  # fmt: skip
    for name in STRANGERS:
        for relation in ("trade", "home", "thing", "fear", "food", "pet", "friend"):
            wordings = RELATIONS[relation][0]
            found += [unknown(text.format(n=name), "stranger", name) for text in wordings]
        found += [unknown(f"Who is {name}?", "stranger", name), unknown(f"Tell me about {name}.", "stranger", name)]
    found += [unknown(text.format(c=country), "beyond", country) for country in _COUNTRIES for text in _ABOUT_COUNTRIES]
    return found + [unknown(text, "beyond", "") for text in _BEYOND]


@cache
def _all(answerable: bool) -> tuple[Question, ...]:
    if not answerable:
        return tuple(_unanswerable())
    found = [question for person in PEOPLE for relation in RELATIONS if _holds(person, relation)
             for question in _about(person, relation)]  # fmt: skip
    return tuple(found + _lore())


def held_out(question: Question) -> bool:
    """Whether this wording about this fact is kept out of training."""
    return is_held_out(f"{question.relation}/{question.subject}/{question.text}")


@cache
def bank(split: str, answerable: bool) -> tuple[Question, ...]:
    """All questions of a split, follow-ups included."""
    wanted = split == "held-out"
    return tuple(question for question in _all(answerable) if held_out(question) == wanted)


@cache
def questions(split: str = "held-out", answerable: bool = True) -> tuple[Question, ...]:
    """The questions of `split` ("train" or "held-out") that can be asked by themselves."""
    return tuple(question for question in bank(split, answerable) if not question.follow_up)


def is_abstention(reply: str) -> bool:
    """Whether `reply` says that the world holds no answer."""
    said = plain(reply)
    return any(f" {phrase} " in said for phrase in ABSTENTIONS)


def is_correct(question: Question, reply: str) -> bool:
    """Whether `reply` answers `question`: it holds an accepted answer and no rival one, or abstains where it should."""
    if not question.answerable:
        return is_abstention(reply)
    said = plain(reply)
    if is_abstention(reply) or not any(plain(answer) in said for answer in question.accepted):
        return False
    return not any(plain(rival) in said for rival in question.rivals)
