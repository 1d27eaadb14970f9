"""The terse voice: frames of its tales. Each sentence is short and has no word of another voice (`demo_voices.py`)."""

TALES = """
@open
{h} was the {trade}. {He} kept {keeps}. [It was hard work.|It stood {site}.|That was enough.]
This is about {h}. {H} was {a_trade}. {He} lived {home}.
{h} kept {keeps}. [Nobody else wanted to.|It was early.|It was late.] [{He} worked.|{He} did not mind.]
{h} lived {home}. [{He} lived well enough.|The roof leaked.|The door stuck.] {He} was the {trade}.
One man was up early. It was not {h}. {h} had not slept.
Take {h}. {A_trade}. [Good hands.|Few words.|Bad sleep.] {He} kept {keeps}.
{h} had a trade. {He} was {a_trade}. {He} had one friend. That was {friend}.
{Keeps} is {site}. {h} keeps it. [This happened there.|Remember that.]
{h} ate {food}. {He} locked {keeps}. [A usual day.|So far so good.]
Someone was up early. It was {h} the {trade}. [Work waits.|{He} had work.]
@weather
[It rained.|Wind from the west.|No wind.|Frost.] [Nothing new.|Bad roads.|The river rose.]
It was market day. [Few came.|Everyone came.]
[Spring.|Autumn.|Winter.] [Mud.|Grey sky.|Short days.]
[No moon.|Half a moon.] [The Wend was high.|The lanes were empty.]
[It was hot.|Dry weather.] [Dust.|The well was low.|Even the ducks sat down.]
Snow came. [It stayed.|It went.]
@fact
{h} had {a_thing}. {He} kept it {hid}.
{He} liked {food}. [Most days {he} had some.|There was some.]
{He} feared {fear}. [It rarely came up.|Few knew.]
{His} friend was {friend}. [That helped.|One is enough.]
@factpet
{pet} came along. {pet} was {his} {kind}.
{He} fed {pet}. Then {he} fed {himself}. {pet} is {a_kind}.
@factkin
{relative} is {his} {kin}. [They talk on Sundays.|They are alike.]
@lose
The {thing} was gone. {He} kept it {hid}. [{He} looked twice.|Not now.|The place was empty.]
{He} had one {thing}. {He} looked {hid}. Nothing.
No {thing} {hid}. [{He} looked again.|{He} sat down.] [Still none.|{He} stood up.]
{He} put {his} hand {hid}. No {thing}. [{He} checked again.|That was wrong.]
The {thing} had been {hid}. [Not today.|Then it was not.]
@search
{He} looked {p1}. Nothing. {He} looked {p2}. [The same.|Less than nothing.|Only rain.]
{He} tried {p1}. {He} tried {p2}. [No use.|No {thing}.|Not there.]
First {p1}. Then {p2}. [{He} found a nail.|{He} found a boot.|{He} found nothing.]
{He} asked {p1}. {He} asked {p2}. [Shrugs.|Nobody knew.]
Mud {p1}. {He} dug. Worse {p2}.
@ask
{He} asked {o}. {o} was the {otrade}. "{Said}," said {o}.
{o} had eyes. {o} used them. "{Said}."
{He} met {o} the {otrade}. {o} had seen something. "{Said}," said {o}.
{o} was up a ladder. "Lost something?" said {o}. "{Said}."
{o} the {otrade} sold {him} a hint. The price was {food}. "{Said}," said {o}.
{o} pointed. "{Said}." {o} did not say more.
@find
{He} went. It lay {found}. {Cause}.
There it was. It lay {found}. [Simple.|As easy as that.] {Cause}.
{He} looked {found}. The {thing} was there. {Cause}.
It was {found}. [All that walking.|Of course it was.] {Cause}.
{o} was right. {He} found it {found}.
@kept
It went back {hid}. [It stays there.|{He} checks it daily.|{He} said thanks once.]
{h} put it back {hid}. {o} got {ofood}. [Fair trade.|Even.]
{He} kept it {hid}. {He} bought a lock. [Late.|Better.]
{He} took it home. {He} put it {hid}. [Same place.|Deeper this time.] Then {he} slept.
{He} paid {o} with {food}. [{o} ate it there.|{o} took two.]
@call
{h} feared {fear}. [Nothing else.|Everyone knew.] Then {o} fell ill. The road was long.
{o} sent for help. {h} read the note. The way meant {fear}. {h} feared {fear}.
{h} had one fear. It was {fear}. {o} needed {him}. {He} went.
A note came. {o} was hurt. {Fear} lay between. [{h} found {his} boots.|{h} read it twice.]
{o} had helped {him} once. Now {o} was ill. The road had {fear}. {h} packed.
@meet
Halfway there it came. {Meet}.
{Meet}. [{He} stopped.|Of course.|{His} mouth went dry.]
Then it happened. {Meet}.
{He} heard it first. Then {he} saw it. {Meet}.
It was late. {Meet}. [{He} did not run.|{He} wanted to run.]
@stand
{He} could turn back. {He} did not. [One step.|{He} counted steps.] [Then one more.|It helped.]
{He} thought of {o}. {He} walked on.
"No," said {h}. {He} went on anyway.
{He} said {his} own name. {He} walked.
[{His} knees shook.|{His} hands shook.] {He} let them. {He} went on.
{o} was waiting. That settled it.
@calm
{Calm}. [That was all.|{He} breathed.|So much for that.]
{He} waited. {Calm}.
{Calm}. [{He} sat down.|{He} had wasted a year on that.|Was that all?]
It took a minute. {Calm}.
@feared
{o} got well. {h} got {ofood}. {He} still fears {fear}. [Less.|Not much.]
{He} got there. {o} was awake. [They talked.|They said little.] [It was enough.|The fever broke.]
{h} did the job. {He} went home. [Same road.|By the same road.] [No trouble.|Faster.]
"You took that road?" said {o}. "I did," said {h}.
{o} lived. {h} went back by daylight. [It was a short road.|It looked small.]
@stray
{pet} was gone. {pet} was {his} {kind}. [The gate stood open.|The bowl was full.]
{h} had {a_kind} named {pet}. That day {he} had none.
Supper came. {pet} the {kind} did not. [Odd.|That was new.]
The gate was open. {h} counted. One {kind} short. It was {pet}.
@petsearch
{He} called {p1}. No answer. {He} called {p2}. [No answer.|An echo.]
{He} found a track {p1}. It led on. {He} looked {p2}.
{He} took a lamp. {He} tried {p1}. {He} tried {p2}.
{P1} there was fur. {P2} there were crumbs. {He} followed the crumbs.
@petfound
{o} the {otrade} had it. {pet} lay {ohome}. It was full of {ofood}.
{o} opened the door. {pet} was inside. It was eating {ofood}.
There was a window. {pet} sat behind it. {o} was feeding it {ofood}.
{o} had a guest. It had four feet or two. It was {pet}. It ate {ofood}.
@petend
"It eats well," said {o}. {h} agreed. {He} stayed for supper.
{h} took it home. It went back. [{h} went along.|So did {h}.]
They share it now. [{pet} does not mind.|{pet} is fatter.]
"Keep it tonight," said {h}. {o} kept it. {h} came for breakfast.
@bargain
{h} needed {o}. The job was plain. {o} should {oserve}.
{h} had a job for {o}. {o} had a price.
{h} could do most things. {He} could not {oserve}. {o} could.
@price
"Give me the {thing}," said {o}.
The price was the {thing}. [{o} would not move.|{o} meant it.]
{o} wanted the {thing}. Nothing less.
"What will you give?" said {h}. "Nothing yet," said {o}. "I want the {thing}."
@offer
{h} said no. The {thing} stayed {hid}. {He} would {serve}. That was the offer.
"Not that," said {h}. "I will {serve}."
{He} thought about it. {He} kept the {thing}. {He} would {serve}.
{h} thought of it {hid}. "I will {serve}," {he} said.
@deal
They shook on it. {h} {served}. {o} {oserved}. [Done.|Nobody lost.]
{o} took it. {h} {served}. {o} {oserved}. [A good week.|Both slept well.]
{o} nodded. {h} {served}. Then {o} {oserved}.
"Done," said {o}. {o} {oserved}. {h} {served}. [No tricks.|It took a week.]
@peddler
A peddler came. He had {ware}. He wanted the {thing}.
A man sold {h} {ware}. The price was the {thing}.
There was a knock. A peddler. "This is {ware}," he said. He wanted the {thing}.
@swap
{h} took the deal. [Bad idea.|{He} was tired.|It was late.]
They traded. The peddler left fast. [Too fast.|He did not stop.]
{h} said yes. [{He} knew better.|One word is enough.]
@flaw
{Flaw}. [So it goes.|{h} said one word.|No one was surprised.]
Then {flaw}. [The peddler was gone.|The road was empty.]
It lasted an hour. {Flaw}. [{h} had been warned.|No refund.]
@trick
{o} heard about it. {o} caught the peddler. {Trick}. It worked.
{o} went after him. {Trick}. [He fell for it.|The man gave up.]
"Which road?" said {o}. {h} pointed. {o} ran. {Trick}. Done.
@peddlerend
{o} gave back the {thing}. {h} put it {hid}. [Lesson learned.|It cost nothing.]
The {thing} is home. It lies {hid}. [No more peddlers.|The door is shut now.]
{h} owed {o} one. {He} paid in {ofood}.
"Here," said {o}. It was the {thing}. "Do not sell it again."
@quarrel
{h} and {o} had words. It was about {matter}. [A small thing.|It lasted a year.]
{h} stopped talking to {o}. The reason was {matter}.
{h} and {o} were friends. Then came {matter}. [Then they were not.|That ended it.]
@apart
{He} took the other road. So did {o}.
Neither said sorry. [Weeks went by.|Both waited.]
{o} shut the door. {h} shut {his} own.
They met at market. [They looked at turnips.|They looked away.] {h} bought one. {o} bought one.
@storm
Then {storm}. {Trouble}.
{Storm}. It got worse. {Trouble}.
{Storm}. {Keeps} was hit. {Trouble}.
The sky went yellow. {Storm}. {Trouble}.
@help
{h} worked alone. Then {o} came. {o} brought a rope.
Someone knocked. It was {o}. {o} had tools.
{o} came unasked. {o} held the other end.
{h} needed two more hands. They came. They were {o}'s.
@mend
It held by morning. So did they. [No one mentioned {matter}.|They ate {ofood}.]
"Sorry," said {h}. "Me too," said {o}. [That was that.|They ate {ofood}.]
They fixed it. They shared {ofood}. [The quarrel was over.|Nobody kept score.]
{o} held. {h} hammered. At dawn {h} said it. "I was wrong."
@rise
{Storm}. {h} got up. {He} ran to {keeps}.
{Storm}. No warning. {h} found {his} boots.
The dogs barked. {Storm}. {h} thought of {keeps}.
@broke
{Trouble}. [Not good.|It was late.|{He} had seen worse.]
{He} got there. {Trouble}.
{He} ran. Too late. {Trouble}.
@saved
{He} called for {o}. {o} came. They held it all night.
Two could do it. One could not. {o} came.
{o} lived close. {o} brought rope. They tied it down. They sat on it.
@savedend
{Keeps} still stands. [It stands {site}.|A bit crooked.] {o} got {food}.
Morning came. {Keeps} was safe. {h} {served}. {o} was paid.
It cost one boot. [Cheap.|{h} bought new ones.] They ate {ofood}.
It held. [They slept till noon.|They did not shake hands.] Then {h} {served}. {o} had asked for nothing.
@ill
{o} was ill. {o} liked {ofood}. {h} knew that.
{o} stayed in bed. {h} made a plan. The plan was {ofood}.
{o} had a fever. [Bad one.|Day four.] {h} asked what helps. "{Ofood}," said {o}.
@lack
There was no {lack}. [None at all.|The shop was shut.]
{He} needed {some}. {He} had none.
Pot. Fire. Time. No {lack}.
@barter
A neighbour had {some}. {h} {served}. Fair.
{He} swapped a scarf for {some}.
{h} knocked. "I will {serve}," {he} said. "For {some}." [They said yes.|The door opened.]
@giftend
{o} ate it all. {o} got up. [It worked.|The plate came back clean.]
{h} left it at the door. {He} knocked. {He} walked off. {o} guessed.
They ate together. They said little. It was good.
{o} ate. {o} slept. {o} was up by Friday.
@noise
{h} woke. There was a noise. It came from {keeps}.
Three nights of scratching. {h} had heard enough.
Something fell. Then nothing. Then steps. They came from {keeps}.
@guess
Thieves maybe. {h} took a stick.
[A wolf.|A thief.|Rats.] That was {his} guess. {He} was wrong.
{h} owed money. {He} thought of that. {He} took the poker.
@look
{He} took a lamp. {He} opened the door. Two eyes.
{He} went down. {He} waited. Something moved.
"Who is there?" said {h}. [Breathing.|No answer.]
@noiseend
It was {opet}. {opet} was {o}'s {okind}. It was hungry. {h} walked it home.
Only {opet} the {okind}. {h} fed it. {o} came for it later.
{opet} came out. {opet} is {a_okind}. {o} was looking for it. {h} got {ofood}. Then {he} slept.
@letter
A letter came for {o}. {h} carried it.
{h} found a letter {p1}. {o}'s name was on it.
"For {o}," said the rider. He gave it to {h}. He left.
@temptread
{He} could have read it. {He} did not.
The seal was loose. {He} pressed it shut.
It was a long walk. It was a thin seal. {h} counted stones.
@deliver
{o} read it. {News}. [{o} sat down.|{o} read it twice.]
"{Told}," said {o}. [{h} nodded.|{Ohe} put it down.|{Ohe} poured two cups.]
{o} sat down first. Then {o} read. {News}.
@letterend
{h} got {ofood} for it. Good pay.
{o} thanked {him}. {h} went home. [It was late.|The road felt short.]
{h} slept well. {o} did not. [Good news does that.|Such is news.]
"You did not read it?" said {o}. "No," said {h}. {o} cut {him} some {ofood}.
@stumble
{o} reached {hid}. There lay the {thing}. It was {h}'s.
{o} dropped a nail. {o} found the {thing}. It lay {hid}.
{o} took shelter there. {o} leaned {hid}. Something was there. It was the {thing}.
@tempt
No one saw. {o} held it. {o} thought.
{o} had {a_othing}. This was better. {o} waited.
{Ohe} had debts. The {thing} would pay them. {Ohe} knew whose it was.
@giveback
{o} put it back. {o} told {h}.
It was not {ohis} to keep. {o} gave it back.
{Ohe} put it down. {Ohe} went to {h}. "Move it," said {o}. "I found it."
@hiddenend
{h} nodded. Now two people know.
"Good," said {h}. They ate {food}.
{h} did not move it. [That is trust.|{o} was safe with it.]
"You could have kept it," said {h}. "I know," said {o}.
@close
[That is all.|The end.|Nothing more to tell.]
[Esker is small.|People talk.] [This is what they say.|Now you know.]
[Draw your own lesson.|No lesson.|It may help you.]
{h} still keeps {keeps}. [Ask there.|Nothing has changed.]
"""
