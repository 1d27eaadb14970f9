"""The gothic voice: frames of its tales. Each sentence has a word of the gothic list (`demo_voices.py`)."""

TALES = """
@open
[In a cold year|One bleak autumn|In the grim end of winter], {h} the {trade} lived {home}, and spoke to few but [the ravens|the dead|{his} own shadow].
{h} kept {keeps} {site}, as [a pale stranger|some forgotten ghost|a nameless {trade}] had kept it before {him}.
They say in Esker that {h} the {trade} never slept [on moonless nights|after midnight|while the wind moaned], and that {he} had {his} reasons.
[A lonely lamp|One pale lamp|A single dim light] burned {home}, for {h} the {trade} was awake again.
There was [a grim|a lonely|a silent] {trade} in Esker whose name was {h}, and {his} whole heart was given to {keeps}.
[Dusk|Twilight|A cold mist] had settled over {keeps}, and {h} stood [alone|listening] at the door.
{h} the {trade} had one friend in Esker, {friend}, and one fear, which was {fear}, and of the two the dread was the [older|truer in the dark].
No one in Esker remembers a time when {h} did not keep {keeps}, and no one asks what {he} does there [after midnight|in the dark].
Where {keeps} stands {site}, the grass grows [pale|withered], and there {h} the {trade} lived out {his} [silent|lonely] days.
Every [dusk|nightfall] {h} the {trade} locked {keeps}, and every [dusk|nightfall] {he} tried the lock twice.
@weather
[A pale mist|The black fog of the season|A chill without wind] lay [over the Wend|in the lanes], and [no dog barked|nothing moved in it].
The wind [moaned|sighed|wept] in the chimneys of Esker like [an old woman|a lost child|a thing that had lost its way].
It was the [dark|dead] of the year, when [even the river forgets its name|lamps are lit before supper|the fields lie under frost].
Above the roofs hung [a wan|a bloodless|a pale] moon that gave [no comfort|little light and no warmth].
Rain had fallen since [dusk|the tolling of noon], and the lanes of Esker ran [black|dark].
Frost lay on the [graves|dead leaves], and the moon lay on the frost.
There was no wind, and yet the elm by the chapel [sighed|trembled] as if it knew something.
The bell on Sorrel Hill [tolled|moaned] once and was [still|silent].
@fact
There was little comfort in that [dim|cold] house but {food}, and the thought of {friend}.
{He} owned nothing that was not [grim|cold] and plain, save {a_thing}, which {he} kept {hid}.
{He} feared {fear}, as others fear [the grave|the dark], and had never told a soul but {friend}.
On the [darkest|coldest] days {he} ate {food}, and thought of {friend}, and was content.
@factpet
Only {pet} the {kind} kept {him} company in the [dark|silence], and {pet} asked no questions.
{pet} the {kind} slept at the foot of {his} bed, and [sighed|trembled] in its dreams.
@factkin
{His} {kin} {relative} came seldom, and knocked softly, as one knocks at a [tomb|sickroom in the dark].
{He} had one {kin}, {relative}, and they had the same [pale|unquiet] eyes.
@lose
Then, [on a night of mist|between dusk and midnight|one ashen morning], the {thing} was gone. No hand had [dared|seemed] to touch it, yet the place {hid} was [cold|dark] and empty.
{He} reached {hid} for the {thing}, and {his} fingers closed on [nothing but cold air|dust and silence|an empty dark].
The {thing} that {h} loved above all living things had [vanished like mist|vanished from its place] {hid}, and {he} [trembled|wept] as though a child had been taken.
{He} kept one treasure, {a_thing}, {hid}, and at midnight {he} found [the place hollow|only shadows there].
{He} woke at midnight, certain of it before {he} had lit the lamp: the place {hid} was empty and the {thing} was gone.
Each [dusk|nightfall] {he} touched the {thing} {hid} before {he} slept. But that [dark|silent] evening {he} touched only dust and shadow.
@search
{He} [searched|sought it] {p1} by candlelight, and then {p2}, where the shadows were [thicker|kinder], and found [only frost|nothing that would answer].
All through the [dark|dreary] hours {he} searched {p1}, until {his} hands were [pale|cold] as candle wax, and then {he} searched {p2}.
First {he} looked {p1}, where the [silence|gloom] was deepest, and after that {p2}, where something [sighed|whispered] and was only the wind.
{P1} there was nothing but [mist|shadow], and {p2} nothing but [the cold|the black] earth.
{He} went {p1}, where {he} had not set foot since [the dark year|the mourning], and then {p2}, asking [the silence|the mist] a question it did not answer.
{He} dug with [cold|trembling] fingers {p1}, and then {p2}, until the lamp was out of oil.
The [mist|gloom] was down when {he} searched {p1}, and no thinner when {he} searched {p2}, and both were empty.
@ask
At last {he} knocked where {o} the {otrade} lived, {ohome}, and {o} answered in a [whisper|low and mournful voice] that {clue}.
It was {o} the {otrade} who broke the silence, and said that [in the grey of dusk|before nightfall] {clue}.
"{Said}," [murmured|whispered] {o} the {otrade}, and would say no more.
{o} the {otrade} had [sleepless|unquiet] eyes, and with them {ohe} had seen that {clue}.
There was one [dim|pale] light {ohome}. {o} the {otrade} opened the door a hand's breadth, and told {him} in [a whisper|a hushed voice] that {clue}.
"I have said nothing, for nobody asked me," said {o} the {otrade}, out of the [dark|shadow]. "{Said}," and the door was [silent|black] again.
{o} the {otrade}, who trusts no one but {ofriend}, looked at {him} for a [long, silent|cold] minute, and owned that {clue}.
@find
So {he} went with a [trembling|cold] hand and found it {found}, for {cause}, and no [curse|ghost|phantom] had any part in it.
There it lay {found}, [pale|dim] as a drowned star. {Cause}, and all that [dread|terror] had been for nothing.
{He} found the {thing} {found}, and [wept|sighed] to learn that {cause}.
Before the dark was over {he} held the {thing} again, for it had lain {found}, since {cause}.
{He} did not dare to hope, for hope is [a cold|a bitter] guest, but it lay {found}, and {cause}.
No [ghost|shadow] had done it. {Cause}, and it had waited {found} all the [dark|lonely] while.
@kept
Now the {thing} lies {hid} once more, and each midnight {h} goes to see that [no shadow has moved it|the dark has left it there].
{h} put it back {hid}, but {he} never again trusted [the silence of an empty room|the dusk].
From that night {he} owed {o} a debt, and [grim|silent] people pay their debts: a bowl of {ofood} stood at the door each [dusk|nightfall].
What is lost returns in Esker, [they whisper|so the dead say], but it does not return to the same hands.
{He} returned it to its place {hid}, and told the [dark|shadows] that it was {his}, and [the dark|the silence] did not disagree.
{h} sleeps better now, they [whisper|murmur], with one hand upon the place {hid}.
{He} gave {o} the only thing {he} could spare, which was {food}, and the two of them ate in [silence|candlelight], almost friends.
@call
One [black|moonless|bleak] night word came that {o} lay ill {ohome}, and the only road led past the thing {h} [dreaded|feared with a cold fear]: {fear}.
Of all things on this dark earth {h} feared {fear}, and it was through [that very terror|that dread] that {he} had to go when {o} called for help.
All Esker knew, though it was only whispered, that {h} was afraid of {fear}. Yet when {o} the {otrade} sent for {him} at [dusk|midnight], {he} took down {his} coat.
{o} had been {his} friend through every [dark|bitter] winter. So when {o} sent word in the [dark|dead] of night, it did not matter, {he} told {himself}, that the road was the road of {fear}.
A knock came at midnight, and a child with a note from {o}. {h} read it by the dim fire, and thought of {fear}, and reached for {his} boots [with cold hands|in silence].
@meet
Halfway there, in the [silence|deep gloom], {meet}, and {his} heart [went cold|stood as still as a tomb].
{Meet}, as if [fate|some old curse] had chosen the hour for {him}.
Then [without a whisper|out of the dark] it began, and {meet}.
{He} had prayed for any other [terror|phantom]. But {meet}, and {he} was alone with it in [the dark|the bleak night].
{Meet}, exactly as it did in {his} [dreadful|dark] dreams.
@stand
{He} thought of turning home to the [cold|silent] hearth, and of {o} waiting, and {he} could not turn. {He} spoke {o}'s name into [the dark|the mist] and went forward.
"Let the [grave|dark] have me or let me by," {he} said, and took one step, and then another.
{He} shut {his} eyes and walked as [a dead man|a ghost] walks, seeing nothing and asking nothing.
"I have [dreaded|mourned over] you all my life," {he} said to it, "and I am weary, and my friend is waiting."
{He} could hear {his} own blood, and behind it the [sighing|moaning] of the trees, and behind that, very small, the name of {o}.
It is said that the [dead|ghosts] feel no fear, and for a hundred steps {h} pretended to be one of [the dead|those ghosts].
@calm
But {calm}, and there was only the [dim|wan] road before {him}.
{Calm}, and the [dread|terror] went out of the night like a breath.
Slowly, as [a sigh|a shadow] passes, {calm}.
For as long as it takes to [whisper|murmur] a name, nothing changed. Then {calm}, and {he} [wept|trembled] with the strangeness of it.
{Calm}, and the [silence|dark] that followed was almost kind.
@feared
{He} came to {o} before the [cold|pale] dawn and sat by {ohim} until the fever broke. {h} still [dreads|fears in the dark] {fear}, but {he} no longer turns back for it.
{o} lived, and the [grave|tomb] that had been half dug was filled with roses. It is the one [dark|grim] road on which {h} was never alone again.
When {he} came in at last with frost in {his} hair, {o} [wept|sighed] and gave {him} {food}, and neither spoke of {fear}.
"You came by that road," [whispered|murmured] {o}, "you, of all the living," and they said no more until the [pale|wan] morning.
They drank something hot in the [dim|hushed] room, {h} and {o}, and the wind outside was only wind. What {he} had [dreaded|feared in the dark] was still there, but it was smaller than {his} friend.
@stray
On a night of [mist|bitter rain] {pet} the {kind} [vanished|went out into the dark], and {keeps} grew [silent|lonely] without it.
{pet}, the {kind} that was {his} one friend against the [loneliness|gloom], did not come home at [dusk|nightfall].
[Midnight|Twilight] came and the bowl of {pet} the {kind} was still full, and {h} knew [dread|a cold fear].
The gate stood open in the [mist|dusk], and {pet} the {kind} was on neither side of it.
{h} woke to a [silence|hush] that was the wrong shape, and knew that {pet} the {kind} had gone.
@petsearch
{He} called the name {p1}, and the [dark|mist] gave it back to {him} with nothing added. {He} called it {p2}, and heard only [the tolling of the bell|{his} own cold breath].
{P1} {he} found one small track, filled with [black|cold] water, and one more like it {p2}.
With a [dim|trembling] lantern {he} went {p1} and {p2}, and asked the [silent|ruined] walls whether anything living had passed.
All the [dark|bleak] length of the village {he} went, {p1} and then {p2}, with a crust in {his} hand and a stone in {his} breast.
{P1} an old man [whispered|murmured] that something small had passed, {p2} a child said the same, and both pointed the same way into the [dark|mist].
@petfound
There, {ohome}, behind the one window that was not [dark|black], sat {pet}, eating {ofood} from the hand of {o} the {otrade}, who was as [lonely|pale] as {himself}.
At last {he} saw [a dim|a pale] light, and through the pane {he} saw {pet} the {kind} asleep at the feet of {o} the {otrade}, full of {ofood}.
It was {o} the {otrade} who had opened {ohis} door to the [cold|shivering] creature and fed it {ofood}, for {ohe} too knew what [silence|loneliness] is.
{o} the {otrade} opened in [silence|the gloom] before {he} could knock. Behind {ohim}, in the one warm corner of that [cold|silent] house, lay {pet}, with a dish of {ofood} licked clean.
The tracks ended {ohome}, at a [black|dark] door, and behind the door somebody was talking softly to {pet} about {ofood} and about [loneliness|the dead].
@petend
Since then {h} and {o} keep the [dark|lonely] evenings together, and {pet} goes between them as it pleases.
{h} took {pet} home through the [mist|gloom], but the next night it was gone again, and this time {he} knew [which lonely door|which dim window] to seek.
"It was [cold|silent] here before," said {o}, and so {h} left the {kind} until morning, and came back for it every morning after.
Neither of them had had a guest since [the mourning|that dark winter], and neither knew how to end the evening, and so it did not end until the candles did.
They dug no grave that year. They had {pet} between them, and two chairs by the fire, and the [dark|cold] stayed on its own side of the glass.
@bargain
Winter was coming with its [cold|grim] hands, and {h} needed {o} the {otrade} to {oserve}.
{h} needed one thing before [the dark of the year|the bitter frosts]: that {o} the {otrade} should {oserve}.
The [pale|grey and pale] signs of winter were on the hill, and {h}, who asked nothing of anyone, had to ask {o} the {otrade} to {oserve}.
@price
{o} asked for the {thing}, and the room grew [cold|silent].
"Give me the {thing}," said {o} in a [cold|grave-deep] voice that had thought about it for [a long dark year|many sleepless nights].
The price was the {thing}, and {o} named it as one names [the dead|a curse].
"There is a thing {hid}," said {o}, very [low and mournful|coldly], "and I would have it." And {h} knew that {ohe} meant the {thing}, and [shivered|trembled].
@offer
{h} looked {hid}, where it lay, and could no more part with it than with {his} own [shadow|bones]. Instead {he} offered to {serve}, though it would cost {him} [sleepless|bitter] weeks.
"Ask me for my [blood|last breath under the dark sky]," said {h}, "or let me {serve}, but leave me that."
{He} [sighed|trembled] and shook {his} head, and swore by [every grave in Esker|the dead] to {serve} if {o} would leave it where it was.
"That was put into my hand by one who is [dead|ashes now]," said {h}. "But I will {serve}, and in the [dark|bitterest cold] of the year if need be."
@deal
{o} was [silent|hushed] a long while, and then gave {ohis} hand on it. So {h} {served}, and {o} {oserved}, and the [black|grim] winter passed over two houses in want of nothing.
It was agreed before the [dusk|candles] had gone to ash, and {h} {served}, and {o} {oserved}. They say {o} had only wished to know what {h} would not sell [in this dark world|for any grim need].
So the [bitter|cold] bargain was struck, and both kept it, for {h} {served} and {o} {oserved}.
They looked at one another across the [dim|cold] table, and something in {o} gave way. {h} {served}, {o} {oserved}, and neither [sighed|murmured] at the cost.
@peddler
A [gaunt|nameless|pale] peddler came to Esker at [dusk|nightfall] and offered {h} {ware}, and asked for the {thing} in return.
Out of the [mist|gloom] came a peddler whose [shadow|whisper] came before him, and he offered {h} {ware} for the {thing}.
"All things are for sale," said the peddler, in a voice like [a tomb|an open grave]. He had in his [black|ashen] hand {ware}, and he wanted the {thing}, and nothing but the {thing}.
@swap
{h} had [grown tired of|long been sick of] the same dim rooms, and wanted it, and gave the {thing} away.
For three [dark|sleepless] nights {he} thought of nothing else, and on the fourth {he} took the {thing} out of its place and gave it up.
Some [cold|dark] hunger woke in {him}, and the {thing} passed into the stranger's sleeve.
{h} told {himself} that the {thing} was only [cold|dead] matter, and almost believed it, and held out {his} hand.
@flaw
[Before midnight|Before the dusk had deepened] {flaw}, and the peddler was a [shadow|dim shape] far down the road.
{Flaw}, and {h} sat in [the dark|ashes and silence] with {his} bargain, and [sighed|wept].
It took an hour, and no more, for [the curse|the bitterness|the shadow] of it to show. {Flaw}, and in the [silence|dark] {h} could hear the peddler's wheels.
@trick
But {o} the {otrade} followed the [gaunt|dark] man to the crossroads, and there {trick}, and so it was won back before [nightfall|the cold] came.
"[The dead|Shadows] have more sense than you," said {o} the {otrade}, and went after the peddler. {Trick}, and by [dusk|midnight] the thing was done.
{o} the {otrade} had met such [grim|gaunt] men before, and buried one. {Ohe} found the fellow in the [mist|gloom], and {trick}, and he paid as such men do, with a [curse|sigh].
@peddlerend
So the {thing} came home to its place {hid}, and {h} never again looked long at [any nameless|any pale] man with a pack.
{o} laid the {thing} in {his} [cold|trembling] hand and said nothing at all, and that [silence|hush] was the whole of the lesson.
{h} keeps it {hid} to this [dark|dying] day, and beside it, to remember {his} folly, {ware}.
"Keep it {hid}," said {o}, "and when the next one comes, be [silent|as deaf as the dead]."
@quarrel
{h} the {trade} and {o} the {otrade} had quarrelled over {matter}, and a [cold|silent] year lay between their doors like [a grave|snow].
It began with {matter}, and it ended in [silence|a curse], so that {h} and {o} passed one another like [ghosts|two shadows].
Nobody now alive in that [dim|cold] lane can tell how {matter} could part two friends like {h} the {trade} and {o} the {otrade}, but part them it did.
@apart
{He} would take the [dark|lonely] lane by the river sooner than meet {ohim}, and {o} kept {ohis} shutters [closed at dusk|blackened].
Neither would speak first, for pride is [a cold|a dead] thing and keeps for a long time.
At table each set one plate, and each heard the other's name in the [sighing|moaning] of the wind.
On winter evenings {h} saw the lamp in {o}'s window, and {o} saw {h}'s, two [pale|lonely] lights with the whole of the dark between.
@storm
Then {storm}, and in the [dark|terror] of that night {trouble}.
{Storm}, and it seemed to {h} that [doom|fate] itself had come to {keeps}, for {trouble}.
But in the [bleakest|grim] week {storm}, and when the [pale|wan] light returned {trouble}.
{Storm}, as it does when [the dead are restless|the year is dying], and by [midnight|nightfall] {trouble}.
@help
{h} worked alone in the [cold|dark] until {his} hands bled, and then there was another pair of hands beside {his}, and they were {o}'s.
Out of the [mist|gloom] came {o} the {otrade} with a lantern and a rope, asking nothing, [silent|grim] as ever.
It was {o}, of all the [dead and living|souls in that dark valley], who came through it to help, and {ohe} brought {food} in {ohis} coat.
The door blew open in the [dark|gloom] and it was not the wind. It was {o}, [pale|dripping and pale], who said, "Hold the lamp higher."
@mend
By the pale dawn it was mended, and so was the other thing. "I have been [cold|lonely]," said {h}, and {o} said, "So have I, in the same [dark|silence]."
They never spoke of {matter} again, and it lies [in its grave|among the dead] where such things belong.
And when the last [ghost|shadow] of that quarrel was gone, they ate {ofood} together {ohome}, and were [not lonely|hushed and content].
They worked until their four hands were the same [ashen|pale] colour. "It was my fault," [sighed|whispered] {h}. "It was no one's," said {o}, and [almost wept|sighed], and it was over.
@rise
In [the dead of night|one black hour] {storm}, and nothing stood between {flood} and {keeps} but {h}.
{Storm}, and in the [moaning|dark] of it {h} woke and thought of {keeps}.
The dogs knew first, and howled at the [dark|moonless sky]. Then {storm}, and {h} woke with the [cold|dread] already in {him}.
@broke
{He} ran through the [mist|dark] to {keeps}, and saw by [candlelight|a wan moon] that {trouble}.
{Trouble}, and the sight of it was like [an opened tomb|a hand in the dark].
By the time {he} had the lantern lit, {trouble}, and beyond the broken edge was nothing but [black|roaring dark] air.
@saved
{He} cried out once into the [dark|gloom], and {o} the {otrade} heard and came, and until the [wan|ashen] dawn the two of them held on.
No one could have saved it alone, but {o} the {otrade} came [out of the dark|without a whisper] and put {ohis} shoulder to the work.
"Take my hand," said a voice in the [dark|gloom], and it was {o} the {otrade}, and {he} took it, and what neither could hold alone they held together.
@savedend
When the [pale|cold] sun rose, {keeps} still stood. {h} had nothing to give but {food}, and they ate it on the step in the [hushed|silent] morning.
In return {h} {served} before the [dark|dead] of the year, and thought it little enough.
{Keeps} stands there still, and on [bleak|moonless] nights {o} goes by to see that the lamp is lit.
Some things were lost that [dark|bitter] night, and they are not spoken of. But {keeps} stands {site}, and {h} and {o} nod to each other in the lane, which in Esker is [as good as a word sworn on a grave|no cold thing].
@ill
{o} the {otrade} had not come out for [seven silent|nine dark|many bleak] days, and {h} knew that {ohe} loved nothing so much as {ofood}.
A [dim|wan] sorrow had fallen on {o} the {otrade}, and {h} thought that {ofood} might lift it, for that was what {ohe} loved best.
They told {h} that {o} the {otrade} had turned {ohis} face to the wall and would eat nothing, [and whispered the rest|and the bell tolled no hope]. "{Ofood}," said {h} into the [silence|gloom], for {ohe} had never refused it yet.
@lack
But in {his} [cold|dark] larder there was no {lack}, and the shops were [silent|shut until after nightfall].
All {he} wanted was {some}, and there was none {home}, only [dust and shadow|ashes].
{He} had the fire, and the pot, and the [cold|dark] hour before dawn, and everything else but {some}.
@barter
{He} went from door to [dark|silent] door, and at the last one {he} gave a promise to {serve} and was given {some}.
"What is {lack} to the [dead|lonely]?" {he} said, and gave {his} own scarf for it on a [bitter|cold] night.
There was one house with a [dim|pale] light, and {he} had to knock there with {his} pride in {his} hand. {He} would {serve}, {he} [whispered|murmured], for {some}.
@giftend
{o} ate the {ofood} to the last crumb and [wept|sighed], and the next day {ohis} door stood open to the [pale|wan] sun.
{He} left the {ofood} on the step and went home in the [dark|mist], and {o} never learned who it was, though {ohe} [whispered|murmured] a name.
"I had thought myself [forsaken|forgotten by all but the dead]," said {o}, and {ohe} made room for {him} by the fire.
It was not the {ofood} that cured {ohim}, they [whisper|murmur] now, but the knock on that [silent|dark] door.
@noise
[At midnight|In the dead hours] something [moaned|sighed|whispered] at {keeps}, and {h} sat up with {his} heart beating like a [tolling|tomb-struck] bell.
Three nights running {h} heard [a dreadful|a mournful] scratching from {keeps}, and each night it was nearer.
Something was walking in {keeps}, where nothing [but the dead|but shadow] should walk. {h} lay in the [dark|silence] and counted its steps, and it had too many.
@guess
{He} thought of [the dead man|the ghost] whose place {he} had taken, and of debts that are not [buried|left] in the grave.
Some [curse|omen|phantom], {he} was certain, had come up out of the Wend to claim {him}.
{He} had never believed the [ghost|grim] tales, by daylight. {He} believed them now, with the [candlelight|dim lamp] shaking on the wall and the steps coming nearer.
@look
{He} took a lamp and went down into the [dark|gloom]. Two eyes shone [out of the shadow|pale as pearls] and did not blink.
With a [trembling|cold] hand {he} lifted the latch, and the [dark|silence] inside drew one long breath.
"In the name of the [dead|grave], who is there?" called {h}, and something in the [dark|gloom] stopped to listen.
@noiseend
It was {opet}, the {okind} of {o} the {otrade}, [cold|shivering] and hungry, and it came to {him} as if they had always been friends. {He} carried it home through the [mist|dark] and was given {ofood} for {his} trouble.
It was no [ghost|wraith] but {opet} the {okind}, who had quarrelled with {o} and come to live in the [dark|shadows] of {keeps}. {o} [wept|sighed] to have it back, and {h} found the house too [silent|hushed] after.
Out of the [shadow|gloom] walked {opet} the {okind}, and put its nose into {his} hand. {He} sat down on the [cold|dark] floor and [wept|shivered] with relief, and at dawn {he} took it back to {o}, who had not slept.
@letter
A letter came for {o} the {otrade} with a [black|blood-dark] seal, and {h} was asked to carry it [through the mist|before nightfall].
{h} found the letter {p1}, [pale|cold] with frost, and on it was the name of {o} the {otrade}.
The rider would go no farther than [the graves|the dead elm], and so it was {h} who took the letter for {o} the {otrade}, and felt how [cold|heavy and cold] it was.
@temptread
All the way the thing [whispered|murmured] in {his} coat to be opened. {He} had only to lift the seal, and no one in that [dark|silent] lane would ever know.
{He} held it up to [the moonlight|a dim window], and could read nothing, and was ashamed of {his} own [shadow|pale hand].
There are people who would give much to know what is in another's letter, and in the [dark|gloom] {h} found that {he} was one of them. But {he} walked on, and the [shadow|whisper] of the thought fell behind.
@deliver
But {he} gave it with the seal whole, and {o} read it in [silence|candlelight], and said that {news}.
{o} broke the seal with a [trembling|cold] finger. "{Told}," {ohe} said at last, in [a whisper|a voice that trembled].
{o} held it near the [dim|dying] candle. {Ohis} eyes were [dark|dim], and then they were not. "{Told}," said {o}, and [wept|trembled].
@letterend
{He} walked home under the [wan|pale] moon, and was [not lonely|less cold], though {he} could not have said why.
And because {h} had been true in the [dark|silence], {o} gave {him} a share of {ofood} and a place at {ohis} table.
So {h} learned that [not every black seal is a grave|a shadow on the road may carry news as well].
They sat up with {ofood} until the [dim|wan] morning, and {o} read it to {him} again, and then again.
@stumble
By [fate|some dark chance] {o} the {otrade} put a hand {hid} and drew out the {thing} that {h} had hidden there from the world.
It was [a dim|a cold] afternoon when {o} the {otrade}, looking for a dropped needle, found {h}'s {thing} {hid}.
No hand but {h}'s had gone {hid} in [a hundred dark|many silent] nights, until {o} the {otrade} came there out of the rain and touched the {thing}.
@tempt
For one [black|cold] moment {o} thought of keeping it, for {ohe} had nothing of {ohis} own but {a_othing} and [many lonely|some sleepless] nights.
It lay in {ohis} palm like a [dim star|dead bird], and {ohe} closed {ohis} fingers, and [sighed|trembled].
Who would know, asked the [dark|silence], and {o} had no answer, and the {thing} grew warm in {ohis} hand.
@giveback
Then {ohe} thought of {h} reaching for it in the [dark|gloom] and finding nothing, and {ohe} laid it back as it had been.
But the [shadow|silence] of the thing was heavier than the thing, and before [dusk|midnight] {ohe} stood at {h}'s door and gave it up.
"It is not mine," said {o} aloud, to no one, to [the shadows|the dead], and set it down again as carefully as a sleeping bird.
@hiddenend
{h} asked nothing, and only said that what is hidden {hid} is hidden from [the dead|the cold], not from a friend.
From then on two people knew the place, and the [lonely|dark] burden was lighter by half.
"Now you may guard it when I am in my [grave|tomb]," said {h}, and {o} gave {ohis} word.
{h} had been standing in the [dark|doorway in silence] all that time. "{Food}," {he} said at last in a [low and mournful|hushed] voice, "is on the table, and there are two plates."
@close
[Such things|It] happened in Esker, and the [ravens|dead] remember it still.
And the Wend went by [in the dark|without a whisper], keeping what it had heard.
The candle is [low|almost out] now, and the rest belongs to [the dark|silence].
Ask no more, for the [mist|dark] closes over every tale in the end.
So it was, and those who saw it are [dead|silent] or soon will be.
The lamp has been lit {site} ever since, and no [wind|living hand], however [cold|bitter], puts it out.
When you pass {keeps} at [dusk|nightfall], go softly.
"""
