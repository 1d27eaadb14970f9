"""Tiny tales of Esker: small plots with causes and consequences, told in one voice from the frames of that voice.

A tale is chosen first as a skeleton (plot, hero, neighbour, and the one circumstance the plot turns on), then told. The
skeleton alone decides whether the tale is for training or held out, so no held-out story is ever told in training.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from zlib import crc32

from core.data import demo_courtly, demo_gothic, demo_merry, demo_terse
from core.data.demo_grammar import Book, Draw, read_book, speak
from core.data.demo_voices import VOICES
from core.data.demo_world import BY_NAME, LACKS, LOSSES, NEWS, PEOPLE, PLACES, QUARRELS, STORMS, TRICKS, WARES, Person

BOOKS: dict[str, ModuleType] = dict(zip(VOICES, (demo_gothic, demo_merry, demo_terse, demo_courtly)))
HELD_OUT_ONE_IN = 12

# Each plot and its beats; a beat in brackets is told only sometimes.
PLOTS: dict[str, tuple[str, ...]] = {
    "lost": ("open", "(weather)", "(fact)", "lose", "search", "ask", "find", "kept", "(close)"),
    "fear": ("open", "(weather)", "(fact)", "call", "meet", "stand", "calm", "feared", "(close)"),
    "stray": ("open", "(weather)", "(fact)", "stray", "petsearch", "petfound", "petend", "(close)"),
    "bargain": ("open", "(weather)", "(fact)", "bargain", "price", "offer", "deal", "(close)"),
    "peddler": ("open", "(fact)", "peddler", "swap", "flaw", "trick", "peddlerend", "(close)"),
    "quarrel": ("quarrel", "apart", "storm", "help", "mend", "(close)"),
    "flood": ("open", "(fact)", "rise", "broke", "saved", "savedend", "(close)"),
    "gift": ("open", "(weather)", "(fact)", "ill", "lack", "barter", "giftend", "(close)"),
    "noise": ("open", "(weather)", "(fact)", "noise", "guess", "look", "noiseend", "(close)"),
    "letter": ("open", "(weather)", "(fact)", "letter", "temptread", "deliver", "letterend", "(close)"),
    "hidden": ("open", "(weather)", "(fact)", "stumble", "tempt", "giveback", "hiddenend", "(close)"),
}
_FACTS = ("fact", "factpet", "factkin")
_FACT_SLOT = {"fact": "friend", "factpet": "pet", "factkin": "kin"}
# How many circumstances a plot can turn on; the other plots turn on their people alone.
_TURNS = {
    "lost": len(LOSSES),
    "peddler": len(WARES),
    "quarrel": len(QUARRELS),
    "flood": len(STORMS),
    "gift": len(LACKS),
    "letter": len(NEWS),
}
_PLOT_NAMES = tuple(PLOTS)
_PRONOUNS = {
    "m": {"he": "he", "him": "him", "his": "his", "himself": "himself"},
    "f": {"he": "she", "him": "her", "his": "her", "himself": "herself"},
}
_OTHERS: dict[str, tuple[Person, ...]] = {
    sex: tuple(person for person in PEOPLE if person.sex != sex) for sex in ("m", "f")
}


@cache
def book(voice: str) -> Book:
    """The tale frames of `voice`, read once."""
    return read_book(BOOKS[voice].TALES)


def capital(text: str) -> str:
    """`text` with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def with_article(noun: str) -> str:
    """`noun` after "a" or "an" (no noun of the world begins with a silent h or a spoken "yoo")."""
    return ("an " if noun[0] in "aeiouAEIOU" else "a ") + noun


def _person_slots(person: Person, prefix: str) -> dict[str, str]:
    """What frames may say of a person: the hero's slots have no prefix, the neighbour's have `o`."""
    pronouns = _PRONOUNS[person.sex]
    slots = {prefix + word: said for word, said in pronouns.items()}
    slots |= {capital(prefix + word): capital(said) for word, said in pronouns.items()}
    slots |= {"o" if prefix else "h": person.name, "O" if prefix else "H": person.name}
    for field in ("trade", "keeps", "site", "home", "thing", "hid", "fear", "food", "serve", "served"):
        slots[prefix + field] = getattr(person, field)
    kind, pet = person.pet or ("", "")
    slots |= {f"{prefix}kind": kind, f"{prefix}pet": pet, f"{prefix}trouble": person.trouble}
    kin, relative = person.kin or ("", "")
    slots |= {f"{prefix}kin": kin, f"{prefix}relative": relative, f"{prefix}friend": person.friend}
    slots[f"a_{prefix}thing"] = with_article(person.thing)
    slots |= {f"a_{prefix}trade": with_article(person.trade), f"a_{prefix}kind": with_article(kind) if kind else ""}
    if not prefix:
        slots |= {"meet": person.meet, "calm": person.calm}
    for field in ("trouble", "meet", "calm", "keeps", "fear", "food", "a_trade"):
        if prefix + field in slots:
            slots[capital(prefix + field)] = capital(slots[prefix + field])
    return slots


_HERO = {person.name: _person_slots(person, "") for person in PEOPLE}
_NEIGHBOUR = {person.name: _person_slots(person, "o") for person in PEOPLE}


def is_held_out(key: str) -> bool:
    """Whether the story or question named `key` is kept out of training, whatever the seed (one in twelve is)."""
    return crc32(key.encode()) % HELD_OUT_ONE_IN == 0


def skeleton(draw: Draw, split: str, about: str | None = None) -> tuple[str, str, str, int]:
    """A story of `split`: plot, hero, neighbour and the number of the circumstance it turns on."""
    wanted = split == "held-out"
    while True:
        hero = BY_NAME[about] if about else PEOPLE[int(draw() * len(PEOPLE))]
        plot = _PLOT_NAMES[int(draw() * len(_PLOT_NAMES))]
        if plot == "fear":
            other = BY_NAME[hero.friend]
        else:
            others = _OTHERS[hero.sex]
            other = others[int(draw() * len(others))]
        if (plot == "stray" and not hero.pet) or (plot == "noise" and not other.pet):
            continue
        turn = int(draw() * _TURNS.get(plot, 1))
        if is_held_out(f"{plot}/{hero.name}/{other.name}/{turn}") == wanted:
            return plot, hero.name, other.name, turn


def tell(plot: str, hero: str, other: str, turn: int, voice: str, draw: Draw) -> str:
    """The story of a skeleton, in `voice`; frames, places and small matters are drawn."""
    slots = {**_HERO[hero], **_NEIGHBOUR[other]}
    first = int(draw() * len(PLACES))
    second = (first + 1 + int(draw() * (len(PLACES) - 1))) % len(PLACES)
    slots["p1"], slots["p2"] = PLACES[first], PLACES[second]
    slots["P1"], slots["P2"] = capital(PLACES[first]), capital(PLACES[second])
    if plot == "lost":
        for name, text in zip(("clue", "said", "found", "cause"), LOSSES[turn]):
            slots[name] = text
            slots[capital(name)] = capital(text)
    elif plot == "peddler":
        slots["ware"], slots["flaw"] = WARES[turn]
        slots["trick"] = TRICKS[int(draw() * len(TRICKS))].format_map(slots)
        slots["Flaw"], slots["Trick"] = capital(slots["flaw"]), capital(slots["trick"])
    elif plot in ("quarrel", "flood"):
        if plot == "quarrel":
            slots["matter"] = QUARRELS[turn]
        slots["storm"], slots["flood"] = STORMS[turn if plot == "flood" else int(draw() * len(STORMS))]
        slots["Storm"] = capital(slots["storm"])
    elif plot == "gift":
        slots["lack"], slots["some"] = LACKS[turn]
    elif plot == "letter":
        reported, spoken = NEWS[turn]
        slots["news"], slots["Told"] = reported.format_map(slots), capital(spoken.format_map(slots))
        slots["News"] = capital(slots["news"])
    frames = book(voice)
    told = []
    for beat in PLOTS[plot]:
        if beat[0] == "(":
            if draw() < 0.6:
                continue
            beat = beat[1:-1]
            if beat == "fact":
                beat = _FACTS[int(draw() * 3)]
                if not slots[_FACT_SLOT[beat]]:
                    beat = "fact"
        told.append(speak(frames, beat, slots, draw))
    return " ".join(told)
