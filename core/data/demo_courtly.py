"""The courtly voice: frames of its tales. Each sentence has a word of the courtly list (`demo_voices.py`)."""

TALES = """
@open
Permit me, [gentle|gracious|noble] listener, to tell of {h} the {trade}, who dwelt {home} and was held in [high esteem|honour] by all of Esker.
In the [worthy|goodly] village of Esker there dwelt {h}, {a_trade} of [modest|humble] means and [noble|generous|faithful] heart.
It was {h} the {trade} who kept {keeps} {site}, and no one kept a trust more [faithfully|loyally and more graciously].
Attend, [my lords and ladies|good sir, and you, gentle lady], to the matter of {h} the {trade}, whose [courtesy|kindness] was known from the hill to the water.
{h} the {trade} had sworn [an oath|a solemn vow] to keep {keeps} as well as any [lord|lady] keeps a castle.
There was in Esker {a_trade}, {h} by name, whose [faithful|noble] friend was {friend}, and whose weakness was {food}.
Be it known, [gentle|noble] hearers, that {keeps} stands {site}, and that {h} the {trade} has the keeping of it.
Of {h} the {trade} it is told, and told with [honour|praise], that {he} never turned a neighbour from the door.
I would speak, if you [permit|graciously permit] it, of {h}, who was but {a_trade}, and yet had the manners of a duke.
@weather
The day was mild, as [befits|befitting] the beginning of [a worthy tale|an honourable undertaking].
The river ran [gently|with modest voice] below, and the elms stood like [courteous|patient] servants along the road.
A [solemn|stately] rain was falling, [whence|and thus] few were abroad that day.
The morning came up over Sorrel Hill as [graciously|gently] as a guest who knows the house.
Frost had set its [stately|gracious] silver upon every twig, and the whole valley was dressed as for a wedding.
The wind, which is no [courteous|gentle] guest in March, had that day forgotten its rudeness.
It was the hour when [gentle|worthy] people take their supper, and lamps were lit along Market Row.
The swallows made their [courteous|graceful] circles over the water, and all was peace.
@fact
Among {his} [humble|modest] goods was {a_thing}, which {he} kept {hid}, and would not have changed for a crown.
{His} table was [modest|humble], yet never without {food}, of which {he} was most fond.
It is no [dishonour|want of courage] to say that {he} feared {fear}, for every heart has its winter.
In all difficulties {he} sought the [counsel|good counsel] of {friend}, and was never the worse for it.
@factpet
{pet} the {kind} attended {him} everywhere, with the [solemn|faithful] air of a chamberlain.
{He} was served by {pet}, {a_kind} of [noble|excellent] temper.
@factkin
{His} {kin} {relative}, a person of equal [merit|courtesy], often visited {him}.
To {relative}, {his} {kin}, {he} was ever [loyal|faithful], as kindred ought to be.
@lose
Now it came to pass that the {thing}, which {he} kept {hid} with [faithful|solemn] care, was there no more.
Great was {his} distress, for the {thing}, which {he} [esteemed|praised] above silver, was gone from its place {hid}.
{He} went {hid} to take up the {thing}, as {he} did each day with [grateful|gentle] hands, and [beheld|behold,] the place was empty.
Some mischance had taken the {thing} from its place {hid}, and with it, as {he} [humbly|solemnly] confessed, half the worth of {his} days.
But upon that [solemn|worthy] morning the place {hid} was found empty, and the {thing} had departed without farewell.
"Who has done me this [dishonour|discourtesy and dishonour]?" said {h}, for the {thing} was no longer {hid}.
@search
{He} sought it [patiently|with patience] {p1}, and after that {p2}, and asked pardon of each [worthy|gentle] neighbour whose grass {he} trod.
First {p1} and thereafter {p2} did {he} search, with the [courage|patience] of a [pilgrim|knight], and without reward.
[Patiently|Dutifully] {he} went {p1}, and when that availed nothing {he} went {p2}, and still {he} found it not.
{He} asked leave to search {p1}, and it was [graciously|courteously] given, and {he} searched {p2} besides, and thanked all who had helped, though nothing was found.
With bowed head {he} went {p1}, and with bowed head {p2}, and was [patient|courteous] even with the nettles.
As a [knight|pilgrim] upon a quest {he} went {p1}, and thence {p2}, and returned with empty hands.
@ask
Then {he} bowed to {o} the {otrade} and [besought|entreated] {ohis} [counsel|help], and {o} replied that {clue}.
"I [beseech|pray] you, have you seen it?" {he} asked of {o} the {otrade}, who told {him} with [courtesy|all kindness] that {clue}.
Now {o} the {otrade}, whose [counsel|word] was ever [excellent|to be had in faith], had marked that {clue}.
{o} the {otrade} received {him} [graciously|with honour] {ohome}, and made known that {clue}.
"Command me, [worthy|noble] neighbour," said {o} the {otrade}. "{Said}, and I hold it my duty to say so."
{He} put the question [humbly|with humble words] to {o} the {otrade}, who rose, and made a bow, and said that {clue}.
It was the [kindness|good counsel] of {o} the {otrade} that saved {him}, for {ohe} recalled that {clue}.
@find
[Thus|Whereupon] {he} made haste, and found it {found}, for {cause}, and no [lady|lord] of the land had done {him} wrong.
And verily it lay {found}, for {cause}, and {he} took it up with a [grateful|gentle] hand.
By this [excellent|worthy] counsel {he} recovered the {thing}, which lay {found}, for {cause}.
There, as {o} had so [graciously|courteously] foretold, it lay {found}, for {cause}, and there was peace in that house again.
{He} bent low, as if to [a lord|some lady], and took it from where it lay {found}. {Cause}, and no [honourable|worthy] person was to blame.
@kept
{He} restored it to its place {hid}, and sent to {o} a dish of {ofood} with {his} [humble gratitude|grateful compliments].
The {thing} rests {hid} as of old, and {h} [praises|commended] the name of {o} at every table, and does so with [grace|honour].
For such a service no thanks were enough, yet {h} offered them [graciously|with a bow], and {o} took them [courteously|as courteously].
Let it be known in all [truth|honour] that what is lost is found the sooner by one who asks with [courtesy|a humble heart].
With [solemn|stately] step {he} bore it home and laid it {hid}, and in thanks for so great a favour {he} {served}, that {o} might have profit of it.
{He} begged {o} to accept {food}, and {o}, being [modest|gracious], accepted only half.
Thus was the {thing} returned {hid}, and a neighbour made a friend, which is the better [merit|half, in truth,] of the bargain.
@call
Though {h} was [valiant|of noble heart] in most things, {he} feared {fear}, and it was past {fear} that {he} must go when {o} fell ill and called for {him} [in good faith|with humble words].
A message came from {o} the {otrade}, who lay in need {ohome}, and [entreated|besought] {h} to come, although the road held what {he} feared, which was {fear}.
No [lord|lady] is without some fear, and {h} feared {fear}. Yet {he} had given {o} {his} [pledge|oath], and a [pledge|vow] must be kept in all weathers.
"Come if you can, and if you cannot I shall [praise|honour] you no less," wrote {o}. And {h}, who feared {fear}, came in [good faith|all honour], though {fear} stood upon the road.
There is no [merit|honour] in walking where one is not afraid. {h} feared {fear}, and upon the day of {o}'s need the way of [duty and honour|faith] lay through it.
@meet
Scarce had {he} gone a mile upon this [honourable|valiant] errand when {meet}.
[Behold|Verily], at the turning of the way {meet}, and {his} [courage|patience] was put to the proof.
There {meet}, and {he} stood as one who has forgotten every [courteous|noble] word.
{He} was composing a [courteous|graceful] greeting for {o} when {meet}.
[Thus far|Thus] all went well, and then {meet}, and it did not go well at all.
@stand
"By your [gracious leave|mercy, sir]," said {h} to {his} own fear, and went forward with {his} hat in {his} hand.
{He} remembered {his} [oath|pledge], and the remembrance was a [gentle|valiant] hand at {his} back.
A less [faithful|loyal] friend had turned for home, but {h} took one step, and then a second, as [honour|courage] bids.
{He} made {his} fear a [bow|solemn bow], as to an old acquaintance, and walked past it.
"I am but {a_trade}," thought {h}, "yet I have given my [oath|pledge]," and {he} did not turn back.
@calm
And {calm}, as though it too had been taught [courtesy|grace].
[Whereupon|Thus] {calm}, and the road was open to {him} with all [courtesy|honour].
By [mercy|the mercy of heaven] {calm}.
A [patient|courageous] minute passed, and then another, and {calm}.
In the end {calm}, and it seemed to {him} the most [courteous|gracious] thing that had ever been done for {him}.
@feared
{o} received {him} with [gratitude|tears and with honour], and gave {him} {ofood}, and was well again within the week. As for {fear}, {h} has kept that fear, but [bows|bows humbly] to it no longer.
Thus was {o} helped, and {h} learned that [courage|a valiant heart] is only fear that keeps its appointments.
And {o}, restored to health, [vowed|pledged] that no one in Esker was of more [noble|gallant] heart than {h} the {trade}.
"That road, for my sake?" said {o}, and could say no more for [gratitude|grateful tears], and pressed {ofood} upon {him}.
They speak of it seldom, being [modest|modest people], but {o} keeps a chair by the fire that is {h}'s alone.
@stray
Now {h} had in {his} service {a_kind} by name of {pet}, a [faithful|loyal|worthy] creature, and upon a certain day it was nowhere to be found.
{pet} the {kind}, [esteemed|honoured] companion of {h}, departed without [courtesy|leave or courtesy] by the open gate.
It grieved {h} [solemnly|in all truth] that {pet} the {kind} did not attend {him} at supper.
{pet} the {kind}, hitherto a model of [faith|loyal service], was absent from its place, and no one could say [whence|whither, in truth,] it had gone.
@petsearch
{He} called the name [courteously|with gentle voice] {p1}, and called it again {p2}, and was answered by no one.
With [patience|courage] {he} followed the small footprints {p1}, and came upon them again {p2}.
{He} [entreated|besought] all who stood {p1} for tidings, and all were sorry, until {p2} a child pointed the way.
{He} made [courteous|patient] enquiry {p1}, and {p2}, and described the creature's manners, which were excellent.
@petfound
And there, {ohome}, upon a cushion [befitting|worthy of] a duchess, sat {pet}, whom {o} the {otrade} was serving with {ofood}.
It was {o} the {otrade} who had taken in {pet} with [kindness|generous hands], and fed the creature {ofood}, and begged {h} to [permit|pardon, of his mercy,] it.
{o} the {otrade} opened the door and bowed, and behold, there by the fire was {pet} the {kind}, dining [graciously|nobly] upon {ofood}.
"I have the [honour|favour] of a guest," said {o} the {otrade}, and led {him} in, and there was {pet}, at table, before a dish of {ofood}.
@petend
{h} thanked {ohim} with [all courtesy|humble words], and was invited to dine, and so began a friendship of great [honour|merit].
Since that day {pet} keeps two houses, as [befits|is seemly for] a creature of such rank.
"Keep open your door," said {h} with [a bow|grateful heart], "for it seems my {kind} has nobler taste than I."
And so by the good offices of {a_kind} two [worthy|gentle] people were made acquainted, who might have bowed in the lane for ever.
@bargain
{h} had need that {o} the {otrade} should {oserve}, and went to [entreat|beseech] {ohim} with {his} hat in {his} hand.
It was the [humble|modest] wish of {h} that {o} the {otrade} might {oserve}, before the winter came.
There was none but {o} the {otrade} who could {oserve}, and so {h} went, and bowed, and [humbly|courteously] asked.
@price
{o} answered [courteously|with perfect grace] that the price would be the {thing}.
"I would do so, [worthy|noble] neighbour," said {o}, "in exchange for your {thing}."
Yet {o}, though [gracious|of noble manners], would take nothing but the {thing}.
"[Gentle|Gracious] friend, I have long admired your {thing}," said {o}, and waited.
@offer
Now the {thing} was precious to {him}, and lay {hid} in {his} [solemn|faithful] keeping. Therefore {he} offered, with [a bow|humble words], to {serve} instead.
"In this alone I [pray|entreat] you to spare me," said {h}, "and I [pledge|vow] to {serve} in its place."
{h} weighed the matter with [patience|honour], and declined, and offered to {serve}, which was a [generous|goodly] price.
{h} grew quiet, and then bowed. "Ask what else you [please, gracious friend,|will, in mercy,]" {he} said, "and I shall {serve}, and count it little."
@deal
Thus was it agreed with [oath|honour] on both sides, and {h} {served}, and {o} {oserved}, and neither was the poorer.
{o} was moved by so [faithful|loyal] a heart, and consented, whereupon {h} {served} and {o} {oserved}.
They clasped hands as [gallantly|nobly] as kings, and {h} {served}, and {o} {oserved}, and the peace of Esker was kept.
{o} gave {ohis} hand upon it with [grace|honour]. {Ohe} {oserved}, and {h} {served}, and both declared, in all [truth|honour], that they had the better part.
@peddler
There came a peddler with many [bows|courtesies] and few scruples, who offered {h} {ware}, if {he} would [bestow on|permit] him the {thing}.
"[Noble|Gracious] friend," said a certain peddler to {h}, "behold {ware}, and I ask only your {thing}."
A peddler made his [bow|deep bow] at the door. He had {ware}, he said, and would part with it to so [noble|worthy] a person for the {thing} alone.
@swap
{h} took the fellow at his [word and oath|pledge], being [honourable|honest and faithful] {himself}, and gave the {thing} away.
Against all [counsel|good counsel] {h} consented, for {he} was dazzled, as even [lords|ladies] may be.
The bargain was made with a [bow|handshake and a bow], and it was a poor one.
@flaw
Yet [verily|in truth] {flaw}, and the peddler had taken his leave without [courtesy|ceremony].
{Flaw}, and thus {h} learned the worth of a stranger's [oath|praise].
Before that [worthy|solemn] day was ended {flaw}, and the fellow was beyond all [courtesy|bowing].
@trick
Then {o} the {otrade} [vowed|pledged] to set the matter right, and rode after him to the crossroads. There {trick}, with such [grace|perfect courtesy] that the rogue gave up his prize.
"[Permit|Pray leave] this to me, gentle friend," said {o} the {otrade}. And before the day was out {trick}, and so it was won with [honour|all honour].
{o} the {otrade} met the man with perfect [courtesy|grace], enquired after his health, and {trick}, and he never knew how it was done.
@peddlerend
So the {thing} was borne home in [honour|stately fashion] and laid {hid}, where it remains.
{h} offered {o} {ofood} and [eternal gratitude|a solemn bow], and {o} was content with both.
From this let every [gentle|noble] hearer learn to [esteem|honour] what is already {hid}.
"It is yours," said {o}, and laid the {thing} in {h}'s hand with a [bow|gracious bow], "and pray let it stay yours."
@quarrel
A quarrel had arisen between {h} the {trade} and {o} the {otrade}, two most [honourable|worthy] persons, concerning {matter}.
It is [humbly|in all truth] confessed that {h} and {o} had parted in anger over {matter}, and neither would yield the first [courtesy|bow].
Between {h} the {trade} and {o} the {otrade}, once the [truest, most loyal|most faithful] of friends, {matter} had set a wall.
@apart
When they met at market neither [bowed|curtsied or bowed], and the whole village felt the want of [grace|courtesy].
Each awaited the other's apology with more pride than [patience|honour].
Messages were sent, and returned unopened, with [perfect|frosty] courtesy.
They sat at opposite ends of the chapel, and said the same prayers, and neither heard their [counsel|mercy].
@storm
Then {storm}, which respects neither [lord|lady] nor labourer, and {trouble}.
It happened that {storm}, and verily {trouble}, and all the [noble|patient] work of a year was in peril.
But {storm}, as if to teach them both [humble|patient] hearts, and {trouble}.
Heaven sent them [counsel|good counsel] of another kind, for {storm}, and {trouble}.
@help
And who should come through it to the aid of {h}, [unasked and valiant|with generous courage], but {o} the {otrade}!
{o} the {otrade} set aside {ohis} pride, which is the [worthiest|worthy and generous] thing a proud heart can do, and came to help.
"I come in [peace and courtesy|good faith]," said {o}, "and I have brought a rope."
{h} looked up from {his} labour, and [behold|in truth], the next stone was already in {o}'s hands.
@mend
Before morning all was mended, and they [pledged|vowed] friendship over {ofood}, and {matter} was never named again.
"Forgive me, [gentle|worthy] friend," said {h}, and {o} said the same, and it was hard to tell which [bowed|of the two bowed] the lower.
Thus a [generous|noble] hand did in one night what proud words could not do in a year.
When it was done they [bowed to|bowed low to] one another, and then, forgetting ceremony, embraced, and {matter} was forgotten with it.
@rise
It chanced that {storm}, and {h} rose from {his} bed to do {his} duty by {keeps}, as {he} had [vowed|pledged].
{Storm}, and there was need in Esker of every [valiant|faithful] arm.
There was no warning such as [courtesy|honour] would require. {Storm}, and {h} was out of {his} bed and upon the stair, faithful as ever.
@broke
{He} came to {keeps}, and beheld that {trouble}, and {his} [courage|noble heart] was sorely tried.
[Verily|In truth], {trouble}, and no one person, however [valiant|worthy], could mend it alone.
Alas for so [noble|goodly] a work, for {trouble}.
@saved
{He} sent to {o} the {otrade} and [entreated|besought] {ohis} aid, and {o} came at once, and together they laboured [valiantly, with gallant hearts,|with noble patience] until the day.
{o} the {otrade}, as [loyal|generous] a neighbour as ever drew breath, came unbidden and stood beside {him} until {flood} was past.
"I am at your service, [worthy|noble] friend," cried {o} the {otrade} through the rain, and so they stood, side by side, until the peril was past.
@savedend
So {keeps} was saved, and stands {site} to this day, to the [honour|praise] of them both.
In [gratitude|grateful payment] {h} {served}, and refused all thanks, as is [seemly|seemly and noble].
They broke their fast on {food}, and never did a [lord|lady] dine in better company.
There was a supper in {o}'s honour, with {food}, and speeches, of which the best was the shortest, being [a bow|a grateful tear].
@ill
The [worthy|gentle] {o}, {a_otrade} beloved of all, had fallen ill, and wished for nothing but {ofood}.
{h} heard with [solemn|gentle] concern that {o} the {otrade} kept {ohis} bed, and remembered that {ohe} was fond of {ofood}.
Word was brought, with [solemn|gentle] faces, that {o} the {otrade} would neither rise nor eat. "Yet {ohe} was ever fond of {ofood}," said {h}, and put on an apron as a [knight|gallant knight] puts on mail.
@lack
Yet in all {his} [humble|modest] kitchen there was no {lack} to be found.
But to make it [worthily|in a manner worthy of the guest] {he} required {some}, and had none.
All things stood ready in [worthy|stately] order, save only {some}.
@barter
{He} therefore went to a neighbour, and [besought|entreated] the gift of {some}, and offered to {serve} in return, as [honour|courtesy] required.
For {some} {he} gave {his} own best scarf, and did so [graciously|with a generous heart].
{He} bowed at {his} neighbour's gate, and offered to {serve}, and was [graciously|courteously] given {some}.
@giftend
{o} tasted it and shed a tear, and said that no [lord|lady] had ever been so [honoured|graciously served].
With this [generous|noble] dish was {o} made well, and {h} had no other reward, and wished for none.
"You have done me [honour|kindness]," said {o}, and the two of them finished it with [gentle|courteous] conversation.
"I do not [merit|deserve, in truth,] so good a friend," said {o}, but {ohe} finished the {ofood}.
@noise
One night there came from {keeps} a sound [hardly courteous|neither noble nor gentle], and {h} awoke.
For three nights a scratching at {keeps} had disturbed the rest of this [worthy|honourable] {trade}.
{h} was roused by such a commotion in {keeps} as no [honourable|courteous] visitor would make at that hour.
@guess
{He} feared some thief without [honour|faith], and commended {himself} to heaven.
It might be a robber, thought {h}, or some [lord|noble] of the under-hill come to claim {his} dues.
Some [knight|lord] without a head, perhaps, thought {h}, or worse, a collector of taxes without mercy.
@look
Yet [courage|duty and honour] bade {him} go down, and with a lamp in {his} hand {he} opened the door.
"Come forth, I [pray|entreat] you, whoever you may be," {he} called, with all the [courage|courtesy] {he} could find.
{He} took up the candle, commended {his} [humble|faithful] soul to heaven, and entered.
@noiseend
And behold, it was only {opet}, the {okind} of {o} the {otrade}, which looked at {him} with great [courtesy|gentle eyes]. {He} conducted it home with [honour|ceremony], and was [graciously|generously and graciously] given {ofood}.
It was no thief but {opet} the {okind}, who served {o} the {otrade}, and had come, it seems, upon a [courteous|stately] visit.
There sat {opet} the {okind}, with all the [dignity of a lord|grace of a lady], upon a sack. {h} offered it an arm, so to speak, and took it home to {o}, who was [grateful|most grateful] and served {ofood}.
@letter
A letter with a [noble|stately] seal was sent to {o} the {otrade}, and {h} was given the [honour|solemn trust] of bearing it.
{h} came upon a letter {p1}, addressed to {o} the {otrade} in a [gracious|noble] hand.
It was a great [honour|favour], and a heavy one, to be given a letter for {o} the {otrade}, and {h} put it next to {his} heart.
@temptread
{He} was tempted to break the seal, yet a [faithful|loyal] bearer reads with the feet and not with the eyes.
Curiosity walked beside {him} all the way, and offered excellent [counsel|and generous reasons], and was refused.
Twice {he} took it out, and twice {he} put it back, and the second time {he} begged its [pardon and mercy|mercy].
@deliver
{He} delivered it with a [bow|humble nod], and {o} read that {news}.
{o} received it [graciously|with gentle hands] and read it aloud. "{Told}," said {o}, "and I am [grateful|grateful beyond words]."
"You bring me [tidings|good tidings], I hope," said {o}, and opened it. It was [humbly|courteously] written there that {news}.
@letterend
For {his} [faithful|loyal] service {h} was given {ofood}, and a chair by the fire as often as {he} wished.
Thus did {h} show that an unbroken seal is the [noblest|most noble] coat of arms.
And {o} [vowed|pledged] to trust no other with a letter from that day.
"You have been [faithful|honourable] in a small thing," said {o}, "and there are no small things."
@stumble
It chanced that {o} the {otrade}, in search of some [modest|humble] trifle, discovered {h}'s {thing} {hid}.
{o} the {otrade} put {ohis} hand {hid} and, behold, drew forth the {thing} of {ohis} [worthy|noble] neighbour {h}.
A hat, blown by a most [discourteous|unworthy, and verily a rude,] wind, led {o} the {otrade} to look {hid}, where lay {h}'s {thing}.
@tempt
{Ohe} had only {a_othing} of {ohis} own, and for an instant [honour|faith] and longing contended in {ohim}.
No one saw, and no one would know, and such hours are the [true measure of honour|proof of a noble heart].
{o} reflected that no one would [praise|honour] {ohim} for leaving it, since no one would know, and it was then that {ohe} knew.
@giveback
But {ohe} was [loyal|faithful], and laid it back as gently as a [lady lays|lord lays] down a crown.
Then {ohe} went to {h} with [humble|courteous] words and placed it in {his} hand.
With both hands {ohe} laid it down, and went away a poorer and a [nobler|more honourable] {otrade}.
@hiddenend
{h} thanked {ohim} [graciously|with a bow], and made {ohim} keeper of the place from that hour.
"Now there are two who guard it," said {h}, "and one of them is the most [honourable|faithful] in Esker."
In [gratitude|token of gratitude] {h} sent {food} to {ohis} door each holiday.
"I saw," said {h} from the door, and bowed as one bows to a [lord|lady], "and I shall not need another hiding place."
@close
Here, by your [gracious leave|kindness], the tale is ended.
May every [gentle|noble] house have such neighbours, and [honour|merit] them.
Thus it was told to me, and thus I [humbly|faithfully] tell it to you.
I [pray|entreat] you, remember {h} the {trade} with [kindness|honour] when you pass {keeps}.
Let this be remembered of {h}, when greater [lords|honours] are forgotten.
If the tale has served you well, [gentle|gracious] friends, the merit is yours, for you were patient.
And there, with a [bow|grateful bow], I leave them.
"""
