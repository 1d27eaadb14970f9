"""The four voices of the built-in corpus, and who is speaking: exact on the corpus, sensible on a model's text.

Three voices are known by their words: every sentence of theirs has at least one word of its voice's list and none of
another's. The terse voice is known by its frame: at most `TERSE_WORDS` words and no word of any list. The lists share
no word, and the world's own words are on none of them (both are tested), so a sentence of the corpus has one voice.
"""

from __future__ import annotations

import re

VOICES: tuple[str, ...] = ("gothic", "merry", "terse", "courtly")
TERSE_WORDS = 11


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


MARKERS: dict[str, frozenset[str]] = {
    "gothic": _listed(
        """shadow shadows shadowed dusk pale paler grave graves gravely cold colder coldly mourn mourned mourning
        mournful mournfully sorrow sorrows sorrowful grim grimly hollow dread dreads dreaded dreadful moonless moonlight
        moonlit candlelight whisper whispers whispered whispering ash ashes ashen bleak doom doomed weep wept weeping
        crypt tomb tombs raven ravens midnight gloom gloomy ghost ghosts ghostly dead death deathly lonely lonelier
        loneliness silent silently silence black blackened dim dimly dark darker darkness darkened darkest coldest bitterness haunt haunts haunted
        wither withered ruin ruined ruins chill chilled shroud shrouded forsaken fate fated forlorn ancient shiver
        shivered shivering  moaned moaning groaned tolled tolling sigh sighs sighed sighing despair
        desolate accursed curse cursed omen omens phantom wraith spectre eerie dying died perish perished nightfall
        twilight mist misty lament lamented mouldering crumbling sepulchre starless sunless bitter bitterly
        terror trembled trembling murmured murmur sombre dreary wan gaunt vanished unquiet
        blood bloodless bones hush hushed melancholy dreamless sleepless nameless"""
    ),
    "merry": _listed(
        """merry merrily merrier merriest merriment jolliest jollier laugh laughs laughed laughing laughter jolly hey ho hurrah hooray sing
        sings sang singing dance dances danced dancing giggle giggles giggled giggling chuckle chuckled chuckling grin grins grinned
        grinning cheer cheers cheered cheerful cheerfully happy happily happier happiest glad gladly sunny sunshine
        bright brightly hop hops hopped hopping skip skips skipped skipping whistled whistling twinkle twinkled twinkling tickled
        jig delight delighted delightful lucky luckily luck silly fun funny joke joked jokes joy joyful joyfully rosy
        goodness bless wink winked clapped clap heigh beamed beaming dear dears deary dearies bounced bounce bouncing whoops
        hullo oho aha fiddle party feast feasted hug hugged hugging kissed kiss sweet sweetly cosy lovely plump puffed tumbled
        jingle jingling wonderful splendid marvellous pleased tra la pranced twirled twirling smile smiled
        smiling smiles yippee wheee cartwheel tummy yum popped hiccup snug wiggled"""
    ),
    "courtly": _listed(
        """gentle gently noble nobly nobler grace graces graced graceful gracious graciously honour honours honoured
        honourable dishonour discourteous discourtesy courtesy courtesies noblest worthiest bows courteous courteously lord lords lady ladies sir madam pray beseech beseeched
        besought humbly humble worthy worthier worthily esteemed esteem verily thus whereupon deign deigned bowed bow
        curtsied curtsy favour favours favoured goodly virtue virtues virtuous permit permitted indeed counsel
        counselled vow vowed oath renown renowned dutiful dutifully befitting befits befit unto bestow bestowed beheld
        behold solemn solemnly pledge pledged gallant gallantly valiant valiantly liege entreat entreated commend
        commended praise praised forsooth truth assure assured kindness nobility hath doth homage tidings
        whence thence hither modest modestly excellent generous generously generosity duty knight loyal loyally fealty merit
        merits merited courage courageous seemly gratitude grateful gratefully faithful faithfully faith
        mercy merciful stately ceremony patience patient patiently"""
    ),
}

_SENTENCE = re.compile(r"(?<=[.!?])(?:[\"'”’)]*)\s+(?=[\"'“‘(]*[A-Z])|\n+")
_WORD = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?")
_OWNER: dict[str, str] = {word: voice for voice, words in MARKERS.items() for word in words}


def sentences(text: str) -> list[str]:
    """The sentences of `text`; a full stop inside speech that goes on in lower case ends none."""
    return [part.strip() for part in _SENTENCE.split(text) if part and part.strip()]


def voice_of_sentence(sentence: str) -> str | None:
    """The voice whose words the sentence has (the most of them), terse when it has none and is short, else None."""
    words = _WORD.findall(sentence)
    counts: dict[str, int] = {}
    for word in words:
        owner = _OWNER.get(word.lower())
        if owner:
            counts[owner] = counts.get(owner, 0) + 1
    if counts:
        best = max(counts.values())
        leaders = [voice for voice, count in counts.items() if count == best]
        return leaders[0] if len(leaders) == 1 else None
    if 0 < len(words) <= TERSE_WORDS and sentence.rstrip("\"'”’)")[-1:] in (".", "?"):
        return "terse"
    return None


def classify_voice(text: str) -> str | None:
    """The voice that most sentences of `text` speak in; None when no sentence shows one, or two voices tie.

    On text of the corpus the verdict is exact, because each of its sentences shows its own voice and no other. On a
    model's text the majority of sentences decides; a last sentence that was cut off counts when it has a voice's word.
    """
    votes: dict[str, int] = {}
    for sentence in sentences(text):
        voice = voice_of_sentence(sentence)
        if voice:
            votes[voice] = votes.get(voice, 0) + 1
    if not votes:
        return None
    best = max(votes.values())
    leaders = [voice for voice, count in votes.items() if count == best]
    return leaders[0] if len(leaders) == 1 else None


def voice_errors(text: str, voice: str) -> list[str]:
    """The sentences of `text` that break the rule of `voice`: none of its marks, or a mark of another voice."""
    wrong = []
    for sentence in sentences(text):
        words = _WORD.findall(sentence)
        owners = {_OWNER[word.lower()] for word in words if word.lower() in _OWNER}
        if voice == "terse":
            good = not owners and 0 < len(words) <= TERSE_WORDS and sentence.rstrip("\"'”’)")[-1:] in (".", "?")
        else:
            good = owners == {voice}
        if not good:
            wrong.append(sentence)
    return wrong
