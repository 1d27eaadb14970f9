"""The terse voice: frames of its tales. Each sentence is short and has no word of another voice (`demo_voices.py`)."""

TALES = """
@open
{h} was the {trade}. {He} kept {keeps}. [It was hard work.|It stood {site}.|That was enough.]
This is about {h}. {H} was {a_trade}. {He} lived {home}.
{h} kept {keeps}. [Nobody else wanted to.|It was early.|It was late.] [{He} worked.|{He} did not mind.]
{h} lived {home}. [{He} lived well enough.|The roof leaked.|The door stuck.] {He} was the {trade}.
One man was up early. It was not {h}. {h} had not slept.
@weather
[It rained.|Wind from the west.|No wind.|Frost.] [Nothing new.|Bad roads.|The river rose.]
It was market day. [Few came.|Everyone came.]
[Spring.|Autumn.|Winter.] [Mud.|Grey sky.|Short days.]
@lose
The {thing} was gone. {He} kept it {hid}. [{He} looked twice.|Not now.|The place was empty.]
{He} had one {thing}. {He} looked {hid}. Nothing.
No {thing} {hid}. [{He} looked again.|{He} sat down.] [Still none.|{He} stood up.]
@search
{He} looked {p1}. Nothing. {He} looked {p2}. [The same.|Less than nothing.|Only rain.]
{He} tried {p1}. {He} tried {p2}. [No use.|No {thing}.|Not there.]
First {p1}. Then {p2}. [{He} found a nail.|{He} found a boot.|{He} found nothing.]
@ask
{He} asked {o}. {o} was the {otrade}. "{Said}," said {o}.
{o} had eyes. {o} used them. "{Said}."
{He} met {o} the {otrade}. {o} had seen something. "{Said}," said {o}.
@find
{He} went. It lay {found}. {Cause}.
There it was. It lay {found}. [Simple.|As easy as that.] {Cause}.
{He} looked {found}. The {thing} was there. {Cause}.
@kept
It went back {hid}. [It stays there.|{He} checks it daily.|{He} said thanks once.]
{h} put it back {hid}. {o} got {ofood}. [Fair trade.|Even.]
{He} kept it {hid}. {He} bought a lock. [Late.|Better.]
@call
{h} feared {fear}. [Nothing else.|Everyone knew.] Then {o} fell ill. The road was long.
{o} sent for help. {h} read the note. The way meant {fear}. {h} feared {fear}.
{h} had one fear. It was {fear}. {o} needed {him}. {He} went.
@meet
Halfway there it came. {Meet}.
{Meet}. [{He} stopped.|Of course.|{His} mouth went dry.]
Then it happened. {Meet}.
@stand
{He} could turn back. {He} did not. [One step.|{He} counted steps.] [Then one more.|It helped.]
{He} thought of {o}. {He} walked on.
"No," said {h}. {He} went on anyway.
@calm
{Calm}. [That was all.|{He} breathed.|So much for that.]
{He} waited. {Calm}.
@feared
{o} got well. {h} got {ofood}. {He} still fears {fear}. [Less.|Not much.]
{He} got there. {o} was awake. [They talked.|They said little.] [It was enough.|The fever broke.]
{h} did the job. {He} went home. [Same road.|By the same road.] [No trouble.|Faster.]
@stray
{pet} was gone. {pet} was {his} {kind}. [The gate stood open.|The bowl was full.]
{h} had {a_kind} named {pet}. That day {he} had none.
Supper came. {pet} the {kind} did not. [Odd.|That was new.]
@petsearch
{He} called {p1}. No answer. {He} called {p2}. [No answer.|An echo.]
{He} found a track {p1}. It led on. {He} looked {p2}.
{He} took a lamp. {He} tried {p1}. {He} tried {p2}.
@petfound
{o} the {otrade} had it. {pet} lay {ohome}. It was full of {ofood}.
{o} opened the door. {pet} was inside. It was eating {ofood}.
There was a window. {pet} sat behind it. {o} was feeding it {ofood}.
@petend
"It eats well," said {o}. {h} agreed. {He} stayed for supper.
{h} took it home. It went back. [{h} went along.|So did {h}.]
They share it now. [{pet} does not mind.|{pet} is fatter.]
@bargain
{h} needed {o}. The job was plain. {o} should {oserve}.
{h} had a job for {o}. {o} had a price.
@price
"Give me the {thing}," said {o}.
The price was the {thing}. [{o} would not move.|{o} meant it.]
{o} wanted the {thing}. Nothing less.
@offer
{h} said no. The {thing} stayed {hid}. {He} would {serve}. That was the offer.
"Not that," said {h}. "I will {serve}."
{He} thought about it. {He} kept the {thing}. {He} would {serve}.
@deal
They shook on it. {h} {served}. {o} {oserved}. [Done.|Nobody lost.]
{o} took it. {h} {served}. {o} {oserved}. [A good week.|Both slept well.]
{o} nodded. {h} {served}. Then {o} {oserved}.
@peddler
A peddler came. He had {ware}. He wanted the {thing}.
A man sold {h} {ware}. The price was the {thing}.
@swap
{h} took the deal. [Bad idea.|{He} was tired.|It was late.]
They traded. The peddler left fast. [Too fast.|He did not stop.]
@flaw
{Flaw}. [So it goes.|{h} said one word.|No one was surprised.]
Then {flaw}. [The peddler was gone.|The road was empty.]
@trick
{o} heard about it. {o} caught the peddler. {Trick}. It worked.
{o} went after him. {Trick}. [He fell for it.|The man gave up.]
@peddlerend
{o} gave back the {thing}. {h} put it {hid}. [Lesson learned.|It cost nothing.]
The {thing} is home. It lies {hid}. [No more peddlers.|The door is shut now.]
{h} owed {o} one. {He} paid in {ofood}.
@quarrel
{h} and {o} had words. It was about {matter}. [A small thing.|It lasted a year.]
{h} stopped talking to {o}. The reason was {matter}.
@apart
{He} took the other road. So did {o}.
Neither said sorry. [Weeks went by.|Both waited.]
{o} shut the door. {h} shut {his} own.
@storm
Then {storm}. {Trouble}.
{Storm}. It got worse. {Trouble}.
{Storm}. {Keeps} was hit. {Trouble}.
@help
{h} worked alone. Then {o} came. {o} brought a rope.
Someone knocked. It was {o}. {o} had tools.
{o} came unasked. {o} held the other end.
@mend
It held by morning. So did they. [No one mentioned {matter}.|They ate {ofood}.]
"Sorry," said {h}. "Me too," said {o}. [That was that.|They ate {ofood}.]
They fixed it. They shared {ofood}. [The quarrel was over.|Nobody kept score.]
@rise
{Storm}. {h} got up. {He} ran to {keeps}.
{Storm}. No warning. {h} found {his} boots.
@broke
{Trouble}. [Not good.|It was late.|{He} had seen worse.]
{He} got there. {Trouble}.
@saved
{He} called for {o}. {o} came. They held it all night.
Two could do it. One could not. {o} came.
@savedend
{Keeps} still stands. [It stands {site}.|A bit crooked.] {o} got {food}.
Morning came. {Keeps} was safe. {h} {served}. {o} was paid.
It cost one boot. [Cheap.|{h} bought new ones.] They ate {ofood}.
@ill
{o} was ill. {o} liked {ofood}. {h} knew that.
{o} stayed in bed. {h} made a plan. The plan was {ofood}.
@lack
There was no {lack}. [None at all.|The shop was shut.]
{He} needed {some}. {He} had none.
@barter
A neighbour had {some}. {h} {served}. Fair.
{He} swapped a scarf for {some}.
@giftend
{o} ate it all. {o} got up. [It worked.|The plate came back clean.]
{h} left it at the door. {He} knocked. {He} walked off. {o} guessed.
They ate together. They said little. It was good.
@noise
{h} woke. There was a noise. It came from {keeps}.
Three nights of scratching. {h} had heard enough.
@guess
Thieves maybe. {h} took a stick.
[A wolf.|A thief.|Rats.] That was {his} guess. {He} was wrong.
@look
{He} took a lamp. {He} opened the door. Two eyes.
{He} went down. {He} waited. Something moved.
@noiseend
It was {opet}. {opet} was {o}'s {okind}. It was hungry. {h} walked it home.
Only {opet} the {okind}. {h} fed it. {o} came for it later.
@letter
A letter came for {o}. {h} carried it.
{h} found a letter {p1}. {o}'s name was on it.
@temptread
{He} could have read it. {He} did not.
The seal was loose. {He} pressed it shut.
@deliver
{o} read it. {News}. [{o} sat down.|{o} read it twice.]
"{Told}," said {o}. [{h} nodded.|{Ohe} put it down.|{Ohe} poured two cups.]
@letterend
{h} got {ofood} for it. Good pay.
{o} thanked {him}. {h} went home. [It was late.|The road felt short.]
{h} slept well. {o} did not. [Good news does that.|Such is news.]
@stumble
{o} reached {hid}. There lay the {thing}. It was {h}'s.
{o} dropped a nail. {o} found the {thing}. It lay {hid}.
@tempt
No one saw. {o} held it. {o} thought.
{o} had {a_othing}. This was better. {o} waited.
@giveback
{o} put it back. {o} told {h}.
It was not {ohis} to keep. {o} gave it back.
@hiddenend
{h} nodded. Now two people know.
"Good," said {h}. They ate {food}.
{h} did not move it. [That is trust.|{o} was safe with it.]
@close
[That is all.|The end.|Nothing more to tell.]
[Esker is small.|People talk.] [This is what they say.|Now you know.]
"""
