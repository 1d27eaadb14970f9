"""The world of the built-in corpus: the village of Esker, its people and places, and everything that is true there.

Facts are fixed by this file, whatever the seed: tales and answers both draw on them, so they never disagree. All words
here are plain, so that each voice can use them: none of them marks a voice (`demo_voices.py`). A clause has at most
seven words, so that it is a whole sentence in the terse voice.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One villager. `home`, `site` and `hid` start with their preposition; `keeps` and `thing` are bare nouns."""

    name: str
    sex: str
    trade: str
    keeps: str
    site: str
    home: str
    thing: str
    hid: str
    fear: str
    food: str
    pet: tuple[str, str] | None
    kin: tuple[str, str] | None
    friend: str
    serve: str
    served: str
    trouble: str
    meet: str
    calm: str


PEOPLE: tuple[Person, ...] = tuple(
    Person(*row)
    for row in (
        ("Anwen", "f", "miller", "the mill", "beside the river Wend", "in the room above the millstones",
         "silver key", "in the flour bin", "thunder", "plum bread", ("goat", "Nettle"), ("brother", "Bram"), "Dunstan",
         "grind three sacks of corn", "ground three sacks of corn", "the great millstone had cracked",
         "thunder broke right over the road", "the storm rolled off beyond the hill"),
        ("Bram", "m", "smith", "the forge", "at the north gate", "in the cottage with green doors",
         "brass compass", "under the anvil", "deep water", "onion pie", ("dog", "Cinder"), ("sister", "Anwen"), "Oda",
         "shoe both the cart horses", "shod both the cart horses", "the forge bellows had split",
         "the ford rose to the waist", "the stones held and the bank came"),
        ("Cerys", "f", "baker", "the bakehouse", "on Market Row", "in the attic over the ovens",
         "copper spoon", "behind the yeast jars", "moths", "roast chestnuts", ("cat", "Crumb"), ("cousin", "Hollis"),
         "Fenn", "bake for the whole week", "baked for the whole week", "the oven door had fallen off",
         "moths poured out of the lamp room", "the moths only wanted the lamp"),
        ("Dunstan", "m", "ferryman", "the ferry", "below the willows", "in the hut on the landing",
         "green bottle", "inside the old rowboat", "thin ice", "smoked trout", ("otter", "Slip"),
         ("daughter", "Tamsin"), "Anwen", "row the goods across twice", "rowed the goods across twice",
         "the ferry rope had snapped", "the whole path turned to ice", "the ice held at every step"),
        ("Edda", "f", "weaver", "the loom house", "behind the chapel", "in the narrow house by the steps",
         "amber brooch", "in the wool basket", "mice", "pear jam", None, ("son", "Fenn"), "Lorcan",
         "weave a winter blanket", "wove a winter blanket", "the big loom had jammed",
         "a dozen mice ran from the sacks", "the mice ran off and were gone"),
        ("Fenn", "m", "beekeeper", "the bee garden", "in the clover field", "in the shed beyond the clover",
         "clay flute", "under the empty hive", "owls", "barley soup", ("hen", "Button"), ("mother", "Edda"), "Cerys",
         "give six jars of honey", "gave six jars of honey", "the best swarm had flown away",
         "a great owl came down the lane", "the owl passed over without a sound"),
        ("Greta", "f", "innkeeper", "the inn", "at the crossroads", "in the back room downstairs",
         "gold coin", "beneath the cellar stair", "fire", "apple tart", ("parrot", "Captain"), ("brother", "Ulric"),
         "Jory", "feed the household for a week", "fed the household for a week", "the inn chimney had fallen in",
         "the dry grass caught fire", "wet sacks put the fire out"),
        ("Hollis", "m", "carpenter", "the workshop", "on Elm Lane", "in the house with two chimneys",
         "oak box", "behind the saw rack", "snakes", "pea soup", None, ("cousin", "Cerys"), "Isolde",
         "build a new door", "built a new door", "the long saw had broken",
         "a long snake lay across the path", "the snake slid off into the ferns"),
        ("Isolde", "f", "gardener", "the walled garden", "south of the chapel", "in the old gatehouse",
         "pearl button", "under the stone frog", "hail", "honey cake", ("tortoise", "Bishop"), None, "Hollis",
         "plant a row of pear trees", "planted a row of pear trees", "the garden wall had come down",
         "hail came down like thrown gravel", "the hail stopped as it had begun"),
        ("Jory", "m", "fisher", "the weir", "where the river bends", "in the tarred boathouse",
         "bone whistle", "in a coil of rope", "fog", "rye bread", ("heron", "Stilt"), ("cousin", "Katrin"), "Greta",
         "bring a basket of trout", "brought a basket of trout", "the best net had torn",
         "fog came up from the water", "the fog opened beside the bridge"),
        ("Katrin", "f", "potter", "the kiln", "beside the clay pit", "in the round house",
         "blue jug", "on the top shelf", "bulls", "mutton stew", ("donkey", "Saffron"), ("cousin", "Jory"), "Ulric",
         "fire two dozen bowls", "fired two dozen bowls", "the kiln roof had split",
         "a bull stood in the gateway", "the bull turned back to its hay"),
        ("Lorcan", "m", "shepherd", "the high pasture", "above the pine wood", "in the stone hut",
         "carved staff", "across the roof beams", "caves", "cheese dumplings", ("ram", "Thistle"), ("sister", "Maud"),
         "Edda", "give four fleeces of wool", "gave four fleeces of wool", "the sheepfold gate had rotted",
         "the only way led through a cave", "the cave ended in open air"),
        ("Maud", "f", "healer", "the herb house", "near the spring", "in the cottage under the yew",
         "ivory comb", "between two old books", "wolves", "mushroom broth", ("toad", "Pepper"), ("brother", "Lorcan"),
         "Silas", "brew a cure for coughs", "brewed a cure for coughs", "the dried herbs had got wet",
         "two wolves stood on the track", "the wolves turned and walked away"),
        ("Nevin", "m", "bell ringer", "the bell tower", "on Sorrel Hill", "at the foot of the tower",
         "leather book", "inside the bell frame", "bats", "walnut loaf", None, ("nephew", "Perrin"), "Rosalind",
         "ring the bells at the wedding", "rang the bells at the wedding", "the bell rope had frayed through",
         "bats burst out of the rafters", "the bats were gone in a moment"),
        ("Oda", "f", "candle maker", "the candle shop", "opposite the inn", "in the rooms above the wax",
         "round mirror", "under the wax cloth", "the north wind", "carrot fritters", ("rabbit", "Tallow"),
         ("sister", "Rosalind"), "Bram", "dip a hundred candles", "dipped a hundred candles",
         "the wax had all run out", "the north wind struck the ridge", "the wind dropped behind the wall"),
        ("Perrin", "m", "cobbler", "the shoe shop", "beside the town pump", "in the cellar under the boots",
         "wooden horse", "in an old riding boot", "geese", "sausage rolls", None, ("uncle", "Nevin"), "Tamsin",
         "stitch a pair of boots", "stitched a pair of boots", "the last good needle had snapped",
         "nine geese stood across the lane", "a crust of bread won the geese"),
        ("Rosalind", "f", "scribe", "the library", "across from the chapel", "in the house with blue shutters",
         "glass pen", "in the lining of a coat", "spiders", "lemon curd", ("mouse", "Comma"), ("sister", "Oda"),
         "Nevin", "copy out four long letters", "copied out four long letters", "rain had come through the roof",
         "webs hung thick across the stair", "the spiders kept to their corners"),
        ("Silas", "m", "toll keeper", "the long bridge", "over the river Wend", "in the tollhouse",
         "iron ring", "under the seventh plank", "strangers", "boiled eggs", ("crow", "Penny"), None, "Maud",
         "forgive a year of tolls", "forgave a year of tolls", "two planks had washed away",
         "three strangers waited at the gate", "the strangers only asked the way"),
        ("Tamsin", "f", "goose keeper", "the goose pond", "at the end of Reed Path", "in the thatched house",
         "red ribbon", "under a flat stone", "foxes", "blackberry tart", ("gander", "Admiral"), ("father", "Dunstan"),
         "Perrin", "stuff a feather bed", "stuffed a feather bed", "the pond fence had blown down",
         "a fox sat on the wall", "the fox yawned and jumped down"),
        ("Ulric", "m", "clock mender", "the clock house", "facing the square", "in the little brick turret",
         "tin soldier", "inside a broken clock", "deep snow", "ginger biscuits", ("hedgehog", "Minute"),
         ("sister", "Greta"), "Katrin", "set every clock in the house", "set every clock in the house",
         "the master clock had stopped", "snow filled the whole road", "somebody had dug a path through"),
    )
)  # fmt: skip

BY_NAME: dict[str, Person] = {person.name: person for person in PEOPLE}

# Things true of Esker as a whole: (key, answer, statement, wordings of the question).
LORE: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("village", "Esker", "the village is called Esker",
     ("What is the village called?", "What is the name of the village?", "Which village is this?",
      "Where do all these people live?")),
    ("river", "the Wend", "the river is called the Wend",
     ("What is the river called?", "What is the name of the river?", "Which river runs past the mill?",
      "How do people name the river?")),
    ("hill", "Sorrel Hill", "the hill is called Sorrel Hill",
     ("What is the hill called?", "What is the name of the hill?", "Which hill has the tower on it?",
      "How do people name the hill?")),
    ("source", "Heron Lake", "the river rises in Heron Lake",
     ("Where does the river rise?", "Where does the Wend begin?", "Which lake feeds the river?",
      "Where does the water of the Wend come from?")),
    ("freeze", "in January", "the river freezes in January",
     ("When does the river freeze?", "In which month does the Wend freeze?", "When is there ice on the river?",
      "Which month freezes the river?")),
    ("fog", "in November", "the fog comes in November",
     ("When does the fog come?", "Which month brings the fog?", "In which month is there fog?",
      "When is the fog in the valley?")),
    ("flood", "in March", "the river floods in March",
     ("When does the river flood?", "In which month does the Wend flood?", "When do the banks flood?",
      "Which month brings the flood?")),
    ("market", "in June", "the great market is in June",
     ("When is the great market?", "In which month is the market held?", "When do people go to the great market?",
      "Which month has the great market?")),
    ("swallows", "in April", "the swallows return in April",
     ("When do the swallows return?", "Which month brings the swallows?", "In which month do the swallows come back?",
      "When are the swallows seen again?")),
    ("tree", "an elm", "the oldest tree is an elm",
     ("Which tree is the oldest?", "What is the oldest tree?", "What kind of tree is the oldest one here?",
      "Which old tree stands longest?")),
    ("bridges", "one bridge", "there is one bridge",
     ("How many bridges are there?", "How many bridges cross the river?", "How many bridges does the Wend have?",
      "Is there more than one bridge?")),
    ("people", "twenty", "twenty people live in Esker",
     ("How many people live in Esker?", "How many people live in the village?", "How big is Esker?",
      "How many neighbours are there in Esker?")),
)  # fmt: skip

# How a thing goes missing: what a neighbour had seen, the same in the neighbour's own words, where the thing lay, and
# what had happened to it.
LOSSES: tuple[tuple[str, str, str, str], ...] = (
    ("a magpie had flown up with something shining", "a magpie flew up with something shining",
     "in a nest in the tall elm", "a magpie had stolen it"),
    ("something had rolled down the chapel steps", "something rolled down the chapel steps",
     "at the foot of the steps", "it had slipped through a torn pocket"),
    ("the flood had left odd things in the reeds", "the flood left odd things in the reeds",
     "among the reeds below the weir", "the river had carried it off"),
    ("the wind had emptied a whole basket", "the wind emptied a whole basket",
     "in the hedge behind the inn", "the wind had blown it away"),
    ("a child had been digging by the pump", "a child was digging by the pump",
     "in a hole beside the town pump", "a child had buried it in play"),
    ("the washing had gone down to the river", "the washing went down to the river",
     "in the pocket of a wet apron", "it had gone out with the washing"),
    ("a dog had run by with something", "a dog ran by with something",
     "under the hay in the barn", "a dog had carried it off"),
    ("a sack of corn had rattled strangely", "a sack of corn rattled strangely",
     "at the bottom of a corn sack", "it had dropped into the corn"),
    ("the floor had a gap by the door", "your floor has a gap by the door",
     "between two boards of the floor", "it had fallen through a gap"),
    ("a peddler had been selling such a thing", "a peddler is selling such a thing",
     "on the tray of the peddler", "the peddler had picked it up in the road"),
    ("a cart had gone off with the winter coats", "a cart went off with the winter coats",
     "in the sleeve of a borrowed coat", "it had been lent with the coat"),
    ("the jackdaws had been busy on the roof", "the jackdaws were busy on the roof",
     "in the gutter of the chapel", "a jackdaw had taken it there"),
)  # fmt: skip

# What a letter says: reported, and in the reader's own words; `{ohim}`, `{ohis}`, `{othing}` are the reader's.
NEWS: tuple[tuple[str, str], ...] = (
    ("an aunt had left {ohim} a field", "my aunt has left me a field"),
    ("the old debt was paid in full", "the old debt is paid in full"),
    ("a cousin was coming home at last", "a cousin is coming home at last"),
    ("the {othing} had been a wedding gift", "the {othing} was a wedding gift"),
    ("a lost uncle was alive and well", "a lost uncle is alive and well"),
    ("the roof would be paid for", "the roof will be paid for"),
    ("a pear tree was on its way", "a pear tree is on its way"),
)

PLACES: tuple[str, ...] = (
    "by the old well", "along the mill race", "in the orchard", "behind the inn", "under the long bridge",
    "among the willows", "by the town pump", "in the clover field", "on Market Row", "round the goose pond",
    "at the crossroads", "in the chapel yard", "on Elm Lane", "by the ferry landing", "on Sorrel Hill",
    "beside the clay pit",
)  # fmt: skip

# A peddler's bargain: (what is offered, how it fails).
WARES: tuple[tuple[str, str], ...] = (
    ("a lamp that needs no oil", "the lamp went out before supper"),
    ("a purse that is never empty", "the purse held nothing but a button"),
    ("a horse that never tires", "the horse lay down at the gate"),
    ("a coat that turns the rain", "the coat drank the first shower"),
    ("a clock that tells the future", "the clock stopped at noon"),
    ("a seed that grows overnight", "the seed was only a pebble"),
    ("a knife that cuts stone", "the knife broke on a turnip"),
    ("a map of buried gold", "the map led to a ditch"),
    ("a hen that lays twice daily", "the hen turned out a rooster"),
    ("a cup that cools hot soup", "the cup leaked on the table"),
)

# How a neighbour gets a thing back from a peddler; `{ohe}` and `{thing}` are filled in.
TRICKS: tuple[str, ...] = (
    "{ohe} called the {thing} a common copy",
    "{ohe} bet that the {thing} would float",
    "{ohe} offered a locked box for it",
    "{ohe} sold the peddler his own horse",
    "{ohe} asked for it as a toll",
    "{ohe} beat the peddler at draughts",
    "{ohe} traded it for a jar of smoke",
)

QUARRELS: tuple[str, ...] = (
    "a borrowed ladder", "a gate left open", "the price of a fleece", "a fence one foot too far",
    "the last seat by the fire", "a tune begun too early", "an unpaid penny", "a broken jug", "the shade of a pear tree",
    "a word said at market",
)  # fmt: skip

STORMS: tuple[tuple[str, str], ...] = (
    ("the river came over its banks", "the water"),
    ("a gale tore at the roofs", "the gale"),
    ("snow fell for three days", "the snow"),
    ("rain fell from noon to noon", "the rain"),
    ("a great storm came up the valley", "the storm"),
    ("frost burst the town pump", "the frost"),
)

LACKS: tuple[tuple[str, str], ...] = (
    ("butter", "a pat of butter"),
    ("salt", "a twist of salt"),
    ("flour", "a bowl of flour"),
    ("honey", "a spoonful of honey"),
    ("eggs", "two brown eggs"),
    ("firewood", "an armful of firewood"),
    ("milk", "a can of milk"),
    ("a good pot", "a good pot"),
)

# Names nobody in Esker bears, and things the world does not hold: for questions without an answer.
STRANGERS: tuple[str, ...] = (
    "Tobias", "Wilhelmina", "Gregor", "Beatrix", "Osric", "Philippa", "Casper", "Ingrid", "Barnaby", "Lucinda",
    "Magnus", "Ottoline", "Roderick", "Sabine", "Thaddeus", "Winifred", "Alaric", "Clemence", "Ezra", "Henrike",
)  # fmt: skip
