"""The merry voice: frames of its tales. Each sentence has a word of the merry list (`demo_voices.py`)."""

TALES = """
@open
Hey ho, have you met {h} the {trade}, who lives {home} and [sings|laughs] so loud that the [spoons|windows] rattle? Well, [bless me|goodness], here is a tale about {him}!
{h} was the [jolliest|merriest] {trade} who ever kept {keeps}, and there was [always a joke|a grin] on {his} face before breakfast.
One [bright|sunny|rosy] morning {h} the {trade} came [skipping|hopping|dancing] out of the door, {food} in one hand and a [jolly|silly] song in the other.
Oh, you should have seen {keeps} {site} that day, all [bright|sunny] and humming, with {h} the {trade} [laughing|singing] in the middle of it!
There was once a [cheerful|jolly|merry] {trade} called {h}, and {he} lived {home} and was [very fond|wonderful fond] of {food}.
Do you know {keeps} {site}, where the larks go up in [giggles|merry rings]? That is where {h} the {trade} [sings|laughs] all day and eats {food} all evening!
Three cheers and a [jig|jolly song] for {h} the {trade}, who could {serve} before lunch and still find time to [dance|giggle]!
Now {h} the {trade} had a [fine, plump|jolly] friend called {friend}, a fondness for {food}, and not a care in the world, well, hardly.
"Good morning, door, and good morning, kettle," [sang|laughed] {h} the {trade}, as {he} did each day {home}, and the kettle always said it back!
@weather
It was a [sunny|bright|rosy] day, the sort that makes [old men skip|even the tax man sing|buckets want to dance].
The sun had his [best|silliest] hat on, and all the ducks of the Wend were [giggling|laughing|delighted].
What a [lovely|marvellous|splendid] breeze there was, and how it [tickled|twirled] the washing!
The bees hummed [happily|merrily], the kettles puffed, and somebody's [fiddle|laughter] was going like mad on Market Row.
The clouds had gone off somewhere to have a [party|feast], and the sky was as blue as a [happy|jolly] plate.
A cuckoo was practising its [silly|funny] two notes, and getting one of them right!
The Wend went by with a [giggle|chuckle], and the willows waved at it.
Puddles everywhere, and [oh what fun|hurrah], somebody small in every one of them!
@fact
{He} had {a_thing} that {he} kept {hid}, and {he} [sang|smiled] good morning to it every day.
{He} was [merry|jolly] about everything except {fear}, and we shall not [giggle|laugh] about that, or only a little.
{He} had {food} in {his} pocket, as {he} always had, for that, {he} said, made {him} [hop|skip] better!
If {he} was ever in a fix, {he} had {friend} to call on, and together they could [laugh|giggle] a fix to bits.
@factpet
At {his} heels went {pet} the {kind}, as [proud and plump|happy] as a mayor!
{pet} the {kind} [danced|hopped] along too, for {pet} never missed a thing.
@factkin
{His} {kin} {relative} says {he} was born [laughing|giggling], and {relative} should know!
{He} waved to {relative}, {his} [dear|merry] {kin}, who waved back with a spoon.
@lose
But [goodness|oho], what was this? No {thing} [winked|twinkled] {hid}, not even when {he} looked twice and upside down!
{He} had the [sweetest|dearest|brightest] little {thing}, and it lived {hid}, and on that very morning it had [hopped it|danced off], clean as a whistle!
"Whoops," said {h} with a [puzzled chuckle|wobbly grin], for the place {hid} was empty and the {thing} was gone.
{h} put a hand {hid} to fetch the {thing}, all ready to [sing|smile], and pulled out nothing but a [giggling|silly] spider's sock.
Then came a [funny|silly] sort of shout from {h}, for the {thing} was not {hid}, and not in {his} hat, and not in the teapot!
"Now that is no [joke|fun]," said {h}, feeling about {hid}, "I put my {thing} here and here it is not!"
@search
So {he} [hopped|skipped] off to look {p1}, and then {p2}, and found two buttons, a [jolly|cheerful] beetle and no {thing}.
{He} looked {p1} and only found some ducks having a [party|feast], so {he} [danced|skipped] on and looked {p2}.
{P1} {he} looked, [whistling|singing] to keep {his} spirits up, and {p2} {he} looked again, and a goose [laughed|giggled] at {him}!
First {he} tumbled about {p1}, next {he} [bounced|hopped] about {p2}, and the more {he} looked, the less {he} found.
{He} looked {p1}, under a plump hen, who [laughed|giggled] at the very idea, and {he} looked {p2}, under nothing at all.
Off {he} [bounced|trotted, singing,] {p1}, and off {he} [skipped|hopped] {p2}, and all {he} came home with was a burr on {his} stocking!
{P1} {he} asked a frog, who only [hopped|grinned]. {P2} {he} asked a scarecrow, who was jolly company but no help.
@ask
Then who should come along [whistling|laughing] but {o} the {otrade}, who had seen with {ohis} own eyes that {clue}!
"Hullo," [grinned|laughed] {o} the {otrade}, "{said}, and I thought it [funny|silly] at the time."
{o} the {otrade} [clapped|chuckled] and said that {clue}, and wasn't that a [lucky|jolly] thing to know?
So {he} asked {o} the {otrade}, who was busy with {ofood}, and {o} said between two [happy|merry] bites that {clue}.
"[Whoops|Bless me], have you lost something?" said {o} the {otrade}, {ohis} cheeks full of {ofood}. "{Said}, you [dear|silly] goose, and I saw it go!"
Along [skipped|hopped] {o} the {otrade}, who knows everything and tells it twice, and {ohe} told {him} that {clue}!
{o} the {otrade} was up a ladder, [whistling|laughing], and could see the whole of Esker, and what had {ohe} seen but this, that {clue}!
@find
Off they ran, [laughing|hopping|skipping] all the way, and there it was {found}, for {cause}!
Hurrah, there it sat {found}, [bright|cosy|snug] as you please! {Cause}, would you believe the [fun|joke] of it?
And {found}, [twinkling|winking] like a star at a [party|feast], lay the {thing}, for {cause}.
{h} gave one [happy|joyful] whoop and pulled the {thing} out, for there it lay {found}, and {cause}.
And would you believe it, my [dears|dear]? {Cause}, and there it lay {found}, as [happy|snug] as a bean!
{h} looked {found}, and [laughed|whooped, oho,] so loud that the pigeons went up, for {cause} and there it was!
@kept
{h} put it back {hid} and [kissed|hugged] it goodnight, and [bless|goodness] me, it has stayed there since!
So the {thing} went home, {hid}, and {o} got a [big hug|smile as wide as a door] and as much {ofood} as {ohe} could hold.
Now it is snug {hid} again, and every time {h} [hops|skips] past, {he} gives it a little pat.
They had a [party|feast] of {ofood} to finish the day, and {he} tied the {thing} to a string, which was [funny|silly] but wise.
Back it went {hid}, with a [kiss|hug], and a label on it, and a bell on the label!
And {h} {served} for {o}, all free and with a [song|joke] thrown in, which seems fair, hey ho!
They had {ofood} for everybody, and a [dance|merry song] on the step, and the {thing} sat in the middle like a queen.
@call
Now {h} was afraid of just one thing in this [jolly|bright] world, and that was {fear}. And what should {o} need that day, [oh dear|bless me], but help from the other side of it?
"Hey, come quick," called {o}, who was stuck {ohome} with a bad leg and no [party|cheer], and {h} grabbed {his} hat, though the way led past {fear}.
Everybody [giggled|chuckled] that {h} the {trade} was scared of {fear}, but nobody [laughed|grinned] on the day {o} fell ill and somebody had to go.
{o} is the best of friends, all [jokes|laughter] and {ofood}, so when {o} called for help, {h} went [hopping|skipping] off at once, and only then remembered {fear}!
"I am not afraid of anything," {h} used to say, [grinning|beaming], "except {fear}," and that very day {o} fell off a stool and needed {him}, with {fear} in between!
@meet
Off {he} went with a [jolly|merry] tune, and got as far as the second verse, when {meet}!
[Oho|Whoops], and just as {he} was feeling quite [cheerful|bright], {meet}!
{Meet}, and there went the [jolly|merry] tune, right out of {his} head!
And then, with no more manners than a [hiccup|tumbled pie], {meet}!
{Meet}, and {h} jumped so high that {his} hat had a [party|dance] without {him}.
@stand
{His} knees wanted to [dance|skip] all the way home, but {he} told them to behave, and thought of {o}, and [hopped|bounced] one step closer.
{He} shut one eye, held {his} hat, and [sang|whistled] the loudest song {he} knew, which was about a cabbage.
"Well," said {h} with a very small [grin|chuckle], "if I must be scared, I may as well be scared going forwards."
{He} thought of something [funny|silly], which was {o} stuck on the floor with a spoon, and that helped, so {he} took a step.
{He} [hopped|skipped] left, and {he} [hopped|skipped] right, and there was no way round, so {he} held {his} nose and went through!
@calm
And what do you think, my [dears|dear]? {Calm}, and {he} [laughed|giggled] so hard {he} had to sit down!
{Calm}, just like that, [tra la la|hey ho]!
Then [whoops and hurrah|oh what luck], {calm}!
{He} opened one eye, and very [brightly|merrily] too. {Calm}, and it was all so [silly|funny] that {he} had to sit in the ditch and giggle!
And that, bless me, was that, for {calm}!
@feared
{o} was so [glad|happy] to see {him} that {ohe} [hugged|kissed] {him} twice, and they had {ofood} with both hands. {h} is still scared of {fear}, but now {he} [laughs|sings] about it too.
They had {ofood} at the end of it, and a [cosy|snug] fire, and {h} told the story six times, and each time it got [funnier and merrier|bigger and jollier].
So if you must meet {fear}, my [dears|dear], take a song along, for {h} the {trade} swears by it!
"You came," cried {o}, and [hugged|kissed] {him}, and made {him} sit down and tell it all with both hands over {ofood}.
They put up a sign on that road, which says that {h} was here, and it has a [grin|smile] painted on it!
@stray
But oh [goodness|dear], where was {pet} the {kind}? There was no [hopping|bouncing|happy] little face at breakfast, and no one to steal the crusts, oh dear!
{pet} the {kind} had a [silly|jolly] notion that day and [skipped|danced|hopped] right out through the gate!
One [bright|sunny] noon {pet} the {kind} was gone, bell and all, and {h} missed the [cheerful|funny] noise of it.
Whistle, whistle, went {h}, and no {pet} came [bouncing|skipping], and that had never happened before!
"{pet}," called {h}, "supper, you [dear|silly] {kind}!" But the bowl stood there as quiet as a [joke|party] with no ending.
@petsearch
{h} called {p1}, and a duck [laughed|giggled]. {He} called {p2}, and an echo answered with a [joke|chuckle].
{He} ran [singing|hopping] {p1}, and {p2} too, with a crust in each hand, and every creature in Esker came but the right one!
{P1} there was a footprint, [oho|hurrah], and {p2} there was another, and they went along in a [jolly|merry] zigzag.
{P1} {he} [sang|whistled] the supper song, and {p2} {he} sang it louder, and somebody threw a slipper!
{He} went {p1} with a bell, and {p2} with a bigger bell, and a [merry|jolly] lot of other people's animals came too.
@petfound
And there, {ohome}, on the best cushion, sat {pet} with a [plump|happy] face full of {ofood}, and {o} the {otrade} was [laughing|giggling] fit to burst!
{h} put {his} nose to {o}'s window and [giggled|laughed], for there was {pet} the {kind} at the table, in a bib, eating {ofood} like a [jolly|merry] mayor.
Who had {pet} but {o} the {otrade}, and what were they doing but having a [party|feast] of {ofood}, and [bless me|goodness], was there a chair left over?
What was that [giggling|laughing] {ohome}? It was {o} the {otrade}, rolling on the rug with {pet}, and [bless me|oh goodness], they had eaten all the {ofood} but two spoons!
There was a trail of crumbs to {o}'s own door, [hop|skip], hop, hop, and at the end of it sat {pet} the {kind} in a basket, hugging a dish of {ofood}!
@petend
There was a chair for {h} as well, and a plate, and the three of them [sang|laughed] until the lamps came on.
Now every week they have a [feast|party] {ohome}, and {pet} gets the [first|plumpest] bite.
"You may visit, you [silly|funny] thing," said {h}, and {pet} did, every day, at exactly supper time.
So {pet} has two suppers now, and gets [jollier|plump and jollier] by the day, and so do {h} and {o}!
They all walked home together, [singing|laughing], and then {o} had to be walked home too, and it went on like that till moonrise.
@bargain
Now {h} needed {o} the {otrade} to {oserve}, and {o} [was glad to|said oho and aha], but what would it cost, my [dears|dear]?
There was nothing {h} wanted more that [sunny|bright] week than for {o} the {otrade} to {oserve}.
"Oh [dear|goodness]," said {h}, "somebody has to {oserve}, and the only somebody who can do it is {o} the {otrade}!"
@price
"I will do it for your {thing}," said {o} with a [wink|cheeky grin], and {h} nearly swallowed {his} hat.
{o} [grinned|giggled] and asked for the {thing}, the cheeky, [jolly|funny] creature!
Said {o} with a [twinkle|smile], "I have always rather fancied that {thing} of yours."
"Hmm," said {o}, [twinkling|grinning], "I will do it for a thing you keep {hid}," and that, oh dear, was the {thing}!
@offer
"Not my {thing}," [laughed|chuckled] {h}, "but I will {serve}, and I will [sing|whistle and dance] the whole time!"
Oh no, not the {thing}, it lived {hid} and was as [dear|sweet] to {him} as {food}. So {he} scratched {his} nose, [beamed|grinned], and offered to {serve}.
{h} thought, and [hopped|skipped] about, and thought again, and said {he} would {serve}, with {food} on top to make it [jollier|sweet].
{h} went as red as a radish and [giggled|laughed]. "I would sooner {serve}," {he} said, "twice over, and [dance|sing] while I do it!"
@deal
They shook hands and [laughed|clapped], and {h} {served}, and {o} {oserved}, and each thought the other the [sillier|luckiest] of the two.
[Hurrah|Hooray], it was done by teatime, for {h} {served}, and {o} {oserved}, and there was enough {ofood} left for a [party|feast].
"I only asked to see your face," [giggled|chuckled] {o}. So {h} {served} and {o} {oserved}, and what a [jolly|merry] week it was!
And so {o} {oserved}, and {h} {served}, and people came from all over Esker to [laugh|clap] and watch!
@peddler
Along came a peddler, [jingling|dancing|bouncing] down the lane, and he offered {h} {ware}, and all he wanted was the {thing}!
"[Hullo|Hey ho], who wants {ware}?" called a peddler with a [grin|wink] too wide for his hat, and he pointed straight at {h}'s {thing}.
[Jingle|Tra la], who is this with a cart and a [grin|wink]? It is a [jolly|jingling] peddler, and he has {ware}, and oh, how he looks at {h}'s {thing}!
@swap
It sounded [wonderful|splendid|marvellous], so {h} [clapped|bounced] and swapped the {thing} on the spot, which was not wise at all.
{h} hummed and hawed and [giggled|hopped about], and then, bless {him}, {he} swapped.
"[Splendid|Marvellous]," said {h}, and did not ask a single question, and off went the {thing} in a peddler's pocket!
@flaw
[Oh dear|Whoops], {flaw}, and where was the peddler? Halfway over the hill, with a [jolly|merry] skip in his step!
{Flaw}, and {h} did not know whether to cry or [laugh|giggle], so {he} had some {food}.
By suppertime, my [dears|dear], {flaw}, and {h} had to [laugh|sing] a bit to keep from howling.
@trick
But {o} the {otrade} was a [funny|merry] one and knew a thing or two. {Trick}, just [like a joke|for fun], and the peddler fell for it with both feet!
"Leave him to me," [winked|grinned] {o} the {otrade}, and off {ohe} went after him. At the crossroads {trick}, and oh, how the crows [laughed|cheered]!
{o} the {otrade} put on {ohis} [silliest hat, silly as it was,|jolly best hat] and strolled after the fellow. {Trick}, with a face as [merry|sweet] as cream!
@peddlerend
So the {thing} came home, [hurrah|hooray], and lives {hid} as before.
{o} set it in {h}'s hand with a [giggle|wink], and they [danced|skipped] home to eat {ofood}.
And if a peddler ever offers you {ware}, my [dears|dear], just [laugh|whistle] and shut the door!
"Swapping is [fun|jolly]," said {h}, putting the {thing} {hid}, "but having is better!"
@quarrel
Now {h} the {trade} and {o} the {otrade} had fallen out over {matter}, which was a [silly|funny] thing to fall out over.
You would [laugh|giggle] to hear it, but {h} and {o} had not spoken for a month, and all because of {matter}!
Nobody [danced|sang] at {keeps} that month, because {h} and {o} were cross about {matter}, and cross people have no tunes.
@apart
If {h} came [hopping|dancing] up one side of the lane, {o} went down the other, nose in the air like a [jolly|plump] turnip.
Each of them told the cat what [fun|a party] it was to be alone, and the cat did not believe a word.
Neither one would [smile|wink] first, oh dear no, not for all the {ofood} in Esker.
{h} made up a rude song about {o}, and {o} made up a ruder one, and they were both quite [funny|jolly], which made it worse!
@storm
Then, [whoops|oh dear], {storm}, and before you could say [jolly|plump] parsnip, {trouble}!
But {storm} that week, which was no [joke|fun] at all, and {trouble}.
{Storm}, my [dears|dear], and what came next? {Trouble}, which is not a thing to [laugh|giggle] at.
Just then, with no [joke|party] about it, {storm}, and down at {h}'s place {trouble}!
@help
And who came [puffing and hopping|tumbling] through it with a rope and a pot of glue, the [dear|jolly] soul, but {o} the {otrade}!
{h} was just going to sit down and cry when {o} came in, [grinning|dripping and cheerful], with {food} in {ohis} hat.
"Shove over, you [silly|dear] old {trade}," said {o}, and took hold of the other end.
"Hey, grumpy," [called a merry|sang a] voice, and there in the wet stood {o} with a ladder on {ohis} head!
@mend
They mended it by lamplight, and somewhere about suppertime the {trade} [laughed|giggled], and then the {otrade} [laughed|giggled], and that was the end of that!
"What was it we quarrelled about, [dear|funny] old friend?" asked {h}, and neither of them could [sing|smile] for trying to remember {matter}.
So they made it up over {ofood}, and they [sang|danced] on the table, and the table has not been the same since.
First one of them began to [giggle|grin], and then the other, and they [laughed|chuckled] so hard that it had to be mended twice!
@rise
In the middle of a [lovely|cosy] nap {storm}, and out of bed [hopped|bounced|tumbled] {h} the {trade}!
[Oho|Goodness], {storm}, and everyone thought of {keeps} at once!
"Up, up, everybody up," [sang|whistled] the kettle, or so it seemed to {h}, and no wonder, for {storm}!
@broke
{He} ran [hopping|skipping] in one boot to {keeps}, and oh dear, {trouble}.
{Trouble}, with a noise like a [giggling|dancing] elephant on the stairs!
[Whoops|Oh dear], and bang, and worse than bang! {Trouble}, and there stood {h} in {his} nightshirt, which had ducks on it, jolly ones.
@saved
"Hey, all hands," called {h}, and along came {o} the {otrade} in {ohis} nightcap, [singing|puffing], and they pushed and pulled and propped until {keeps} stood firm.
{o} the {otrade} came [bouncing|tumbling] out of the rain with a [funny|jolly] great hammer, and the two of them held on and [sang|laughed] till it passed.
{h} pushed, and {o} the {otrade} pulled, and they [sang|laughed] a heave-ho with forty verses, and at verse thirty-nine it held!
@savedend
And there {keeps} stands today, {site}, as [jolly|snug] as ever you saw, and {o} gets {food} there free on Sundays.
For thank-you {h} {served}, and {o} said it was a [bright|wonderful] bargain for one wet sock.
They had {ofood} on the step as the sun came up all [rosy|bright], and even {flood} seemed sorry.
And if you go by {keeps} you will see the patch, with two [smiling|grinning] faces scratched on it, one for {h} and one for {o}!
@ill
Poor {o} the {otrade} had the sniffles and not one [giggle|smile] left, and everybody knew that the cure for {ohim} was {ofood}.
There was no [laughter|singing] at all, for {o} the {otrade} was in bed with a sore toe, dreaming of {ofood}. "[Goodness|Bless me]," said {h}, "then {ofood} it shall be!"
Nobody had heard {o} the {otrade} [laugh|sing] since Tuesday, and {h} said that a person who does not laugh wants {ofood}, and plenty of it!
@lack
But [whoops|oh dear], there was no {lack} in the whole house, not even behind the [jolly|plump] teapot!
All {he} was missing was {some}, and who makes {ofood} without it, I ask you with a [smile|grin]?
{He} rolled up {his} sleeves, [sang|whistled] a bit, opened the cupboard, and oh dear, there was no {lack}!
@barter
So {he} [skipped|hopped] next door and said {he} would {serve} for {some}, and the neighbours [laughed|clapped] and said done!
{He} stood on Market Row and [sang|danced] for it, badly, until somebody gave {him} {some} to stop.
{He} [danced|bounced] from door to door, and traded a button for a bun, and the bun for a bell, and the bell for {some}!
@giftend
{o} sat up, [beamed|grinned], ate the {ofood} in four bites, and was out of bed and [dancing|singing] before the plate was empty.
"[Hurrah|Yum]," cried {o}, and the sniffles ran off to find somebody less [happy|cheerful].
They shared the {ofood}, and it was the [happiest|jolliest] supper in Esker, crumbs and all!
And {o} [laughed|giggled], first with one side of {ohis} face and then with both, and asked if there was more.
@noise
Bump, went something in {keeps} that night, and bump again, like a [dancing|jolly] barrel, and {h} sat up in bed!
There was a [funny|silly] scratching and a [giggling|puffing] sort of a snort from {keeps}, just as {h} had got {his} toes warm.
Clatter, squeak, [hop|hiccup]! Something was having a [party|dance] in {keeps}, and nobody had asked {h}!
@guess
"It is a burglar," thought {h}, "or a bear, or my aunt, oh [goodness|dear]!"
{He} thought of giants, and pirates, and wolves in [funny|silly] hats, and pulled the blanket over {his} nose.
It had to be a [goblin|pirate], thought {h}, and a [merry|plump] one too, by the sound of it.
@look
So down the stairs {he} crept with a lamp and a soup ladle, [humming a merry tune|trying to grin], and opened the door just a crack.
{He} counted to three, and then to [a jolly|a lucky] seven, and flung open the door!
{He} put a pot on {his} head, [giggled|grinned] at {himself} in the glass, and marched in with a broom!
@noiseend
And it was only {opet}, {o}'s {okind}, wearing a sack and looking very [pleased|jolly]! {h} [laughed|giggled] till the lamp went out, and took it home, and they had {ofood} for supper.
[Hullo|Oho], there stood {opet} the {okind}, who belonged to {o} the {otrade} and had come to have a [party|feast] with the mice.
"Why, {opet}," [laughed|giggled] {h}, "you [dear|silly] old {okind}, does {o} know where you are?" {o} did not, and gave {him} {ofood} and a [hug|kiss] for bringing the rascal home!
@letter
A letter came for {o} the {otrade}, with a [jolly|bright] red seal, and {h} said {he} would [skip|hop] over with it.
{P1} {h} found a letter, [bright|rosy] as an apple, with {o}'s name on the front!
"Post, post," [sang|laughed] the carter, and threw a letter at {h}'s head, but it was for {o} the {otrade}!
@temptread
Oh, how {h} longed for one little peep, and how {his} fingers [tickled|danced], but a letter is a letter.
{He} held it to the sun, [whistled|hummed a merry bar], turned it round, sniffed it, and put it back in {his} pocket.
It smelled of [fun|parties and fun] and sealing wax, and {h} sat on {his} own two hands for a while, just to be sure.
@deliver
{o} tore it open and [hopped|skipped] right over the bucket. "{Told}," cried {o}, and [danced|twirled] round the yard!
And when {o} had read it {ohe} gave a great [laugh|happy shout], for {news}.
{o} read it once, and [hopped|clapped], and read it twice. "{Told}, hurrah," [sang|laughed] {o}!
@letterend
So {h} got {ofood} for {his} feet's sake, and a [hug|great big smile] for keeping {his} nose out.
They [sang|danced] until the cows asked for quiet, and {h} went home [whistling|singing] under the stars.
As for the seal, {h} wears it on {his} hat, where it looks [splendid|very fine and silly]!
And {h}, who had kept {his} nose out of it, got it read to {him} from end to end, with {ofood} and [laughter|giggles] in all the right places!
@stumble
Now {o} the {otrade} tripped over a [silly|plump] cat, put out a hand, and found {h}'s {thing} {hid}!
Looking for a [dear|jolly] lost button, {o} the {otrade} felt about {hid}, and out came {h}'s {thing}, [oho|well, bless me]!
[Hop|Skip], trip, bump! {o} the {otrade} sat down hard {hid}, and right on top of {h}'s {thing}, whoops!
@tempt
{o} held it up, and oh, how it [winked|twinkled], much more than {ohis} own {othing} ever did.
"What a [lovely|splendid] thing," said {o}, and very nearly, only nearly, put it in {ohis} pocket.
It was so [lovely|sweet] that {o} gave it a little polish, and then a longer one, and then looked to see if anybody was looking.
@giveback
But then {ohe} thought of {h}'s face without its [grin|smile], and {ohe} put it back quick as a wink.
So {ohe} ran to {h} [puffing|hopping] and said, look what I found, and {h} said, [bless you|oh goodness], not so loud!
"No, no, no, you [naughty, silly|bad but jolly] thing," said {o} to {ohis} own hand, and put the {thing} back, and felt a foot taller!
@hiddenend
Now they both know about the place {hid}, and [laugh|giggle] whenever anyone else walks past.
{h} cut the {food} in two for that, and gave {o} the [plump|happy] half, with a wink.
"You may hold it on Sundays," said {h}, [beaming|grinning], and that is what {o} does.
{h} had seen it all from behind a [plump|jolly] barrel, and jumped out with {food}, and they both [shrieked and laughed|giggled till they ached].
@close
And that, my [dears|dear], is how it was, [hey ho|tra la la]!
Now off to bed with you, and [smile|sing] as you go!
If you do not believe it, ask the ducks, who [laugh|giggle] about it still.
And they all had {food} and were [happy|merry] till Monday, at the very least!
If you find a better tale than that, [hop|skip] over and tell me!
So say I, and so says the duck, and the duck was there, [laughing|giggling]!
Then the moon came up, as round as a [smile|jolly cheese], and everybody went home!
"""
