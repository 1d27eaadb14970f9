"""How each voice answers: frames of its talk. Each sentence shows its voice by the rules of `demo_voices.py`.

`{s}` is a plain statement, `{S}` the same with a capital, `{V}` the bare answer. The beats named after a relation
(`demo_questions.RELATIONS`) answer only that relation, and may say anything of the person it is about.
"""

TALK = {
    "gothic": """
@answer
{S}, though few speak of it after [dusk|nightfall|dark].
They whisper that {s}, and the dead do not deny it.
{S}, and so it will be until [the grave|the last candle gutters in the dark].
The [ravens|shadows|dead] could tell you that {s}.
On [moonless|sleepless|lonely] nights I remember it: {s}.
{S}, or so I heard it [whispered|murmured] once, in [the mist|a ruined chapel].
Come closer, for this is said in [the dark|a whisper]: {s}.
{S}, as surely as the [dusk|grave] comes for us all.
[Pale|Cold] as the knowledge is, I have it: {s}.
{S}, and the [mist|silence] closes over the rest.
@unknown
I was never told, and [the dead keep their silence|the dark keeps the rest].
That lies in a [shadow|silence] deeper than mine, and I cannot say.
I do not know, and on that matter even the [ravens|ghosts] are silent.
No tale tells of that, not even by [candlelight|a dying fire at midnight].
That is beyond what I was ever told [in this cold house|before the dark came down].
Nobody has told me, though I have listened at [many a grave|the doors of the dead].
@hello
[A cold|A silent] welcome to you, stranger. Sit, and mind the [shadows|dark].
You come at [dusk|a dark hour], as they all do. Ask, and I will answer in a [whisper|low and mournful voice].
@who
I am a voice that stayed [in the dark|behind in a ruined house] when the teller had gone.
I am what is left when the candle is out, and I tell the tales of Esker in [a whisper|the dark].
@thanks
Thank me not, for words are [cold|ashes] and cost nothing.
Keep it well, and keep it [from the dark|silent].
@bye
Go, and may the [mist|dark] part for you.
Farewell, until [dusk|some other lonely hour].
@tale
Then listen, and let the candle burn [dim|pale].
I will tell it once, in a [whisper|low, cold voice].
@about
{n} the {trade} keeps {keeps} {site}, and lives {home}, alone with the [dark|silence]. {He} fears {fear}, and [sighs|speaks in a whisper] of it only to {f}.
There is [a grim|a lonely] {trade} {home}, and {his} name is {n}. {He} keeps {a_thing} {hid}, and {food} is the one comfort of {his} [dark|cold] days.
They [whisper|murmur] of {n} that {he} would sell {his} own [shadow|bones] before the {thing}, which lies {hid}. {He} keeps {keeps} {site}, and in the [dark|dusk] {he} thinks of {fear}.
@trade
{n} is {a_trade}, and works until the [dusk|last dim light].
{n} is {a_trade}, as [some forgotten ghost|a nameless stranger] was before {him}.
@keeper
{Keeps} is kept by {n}, who speaks to no one but the [ravens|dead].
{n} keeps {keeps}, and locks it twice at [dusk|nightfall].
@site
{Keeps} is {site}, where the [mist|dark] comes early.
Look {site}, before [dusk|nightfall], and there stands {keeps}.
@home
{n} lives {home}, where one [pale|dim] lamp burns all night.
{n} sleeps {home}, when {he} sleeps at all, for {his} nights are [dark|unquiet].
@thing
{A_thing} is what {n} treasures, and {he} would follow it into the [grave|dark].
{n} treasures {a_thing}, and touches it each [dusk|nightfall] to be certain.
@hid
{n} keeps the {thing} {hid}, where only the [dark|silence] can find it.
The {thing} lies {hid}, [cold|silent] and waiting for {n}.
@owner
The {thing} belongs to {n}, and [dread|a curse] to any who would take it.
{n} owns the {thing}, and guards it as the [dead|grave] guard their own.
@fear
{n} fears {fear}, and does not speak of it by [moonlight|candlelight].
It is {fear} that {n} fears, in the [cold|dead] hours above all.
@fearer
{n} fears {fear}, though {he} tells it only to [the dark|{his} own shadow].
It is {n} who is afraid of {fear}, and [trembles in the dark|shivers in the cold] to hear the word.
@food
{n} is fond of {food}, and eats it alone in the [dusk|silence].
{n} likes {food}, for even in the [dark|grim] months one must eat.
@pet
{n} keeps {a_kind} called {pet}, and the two are never seen apart after [dusk|nightfall].
{A_kind} called {pet} lives with {n}, and keeps away the [loneliness|silence].
@petname
{pet} is the name, and {n} calls it softly in the [dark|mist].
{n} calls the {kind} {pet}, and it comes without a [whisper|sigh].
@petowner
{pet} belongs to {n}, and waits at {his} door in the [cold|mist].
{n} keeps {pet}, for a house with {a_kind} in it is less [lonely|silent].
@kin
{k} is {n}'s {kin}, and there is one [grave|tomb] waiting for them both.
{n}'s {kin} is {k}, who has the same [pale|unquiet] eyes.
@friend
{n}'s best friend is {f}, who comes when the [dark|dusk] does.
{n} trusts {f}, and no other living soul in this [dark|cold] valley.
""",
    "merry": """
@answer
Oh, {s}, [hey ho|tra la la|bless me]!
Why, {s}, and [hurrah|hooray] for that!
{S}, as every [jolly|merry|plump] duck in Esker knows!
[Hullo|Oho], that is an easy riddle! {S}, and isn't that [fun|jolly]?
{S}, my [dear|dears], and that is no joke!
I [laugh|giggle|grin] each time I tell it: {s}!
{S}, and there was [a song and a dance|a party] when I heard it.
Clap your hands, for {s}, [my dear|the lucky thing]!
[Bless me|Goodness], everybody knows that {s}!
{S}, and I had it from a [cheerful|silly|jolly] old goose!
@unknown
Oh [dear|goodness], I do not know, but I can [sing|dance] while you think!
Nobody has told me that, [my dear|hey ho], so let us [laugh|giggle] and leave it!
I cannot say, but what a [jolly|splendid|funny] thing to ask!
No tale tells of that, more's the pity, for it would be [a merry|a funny] tale!
I was never told, [bless me|tra la], not even in a song!
That is beyond what I was ever told, and I was told some [silly|jolly] things!
@hello
Hullo, hullo, and [a jolly|a sunny] good day to you!
Hey ho, come in, there is cake and [laughter|dancing] for all!
@who
I am the [merriest|jolliest] teller of tales that Esker ever had!
Me, my [dear|dears]? I am the one who tells the tales and [sings|laughs] in the middle!
@thanks
You are [a dear|a dear, bless you], and welcome too!
[Hurrah|Hooray], ask me another!
@bye
Off you [hop|skip], then, and mind the ducks!
Goodbye, [my dear|tra la], and take a song with you!
@tale
Oho, a tale, what [fun|joy]!
[Hurrah|Hooray], I was hoping you would ask!
@about
Oh, {n} is the [jolliest|merriest] {trade} there is! {He} lives {home}, eats {food} by the plateful, and [laughs|sings] at everything but {fear}.
Hey ho for {n}, who keeps {keeps} {site}! {He} has {a_thing} hidden {hid}, and {f} for a friend, and a [song|joke] for everybody, the dear.
{n}, [bless me|my dears], is {a_trade}, and {he} will {serve} with a [song|smile] if you ask nicely. Just don't say {fear} to {him}, or {he} will [hop|skip] right out of the window!
@trade
{n} is {a_trade}, and [sings|dances] at {his} work all day!
Why, {n} is {a_trade}, and the [jolliest|merriest] in the land!
@keeper
{n} keeps {keeps}, and keeps it [singing|laughing] too!
It is {n} who keeps {keeps}, so mind you [smile|hop] when you knock!
@site
{Keeps} is {site}, just follow the [ducks and giggle|laughter]!
You find {keeps} {site}, and if you don't, [sing out|hop about] till somebody comes!
@home
{n} lives {home}, and it is as [snug|cosy] as a bun!
{n} lives {home}, with the kettle [singing|dancing] all day!
@thing
{A_thing}, that is what {n} treasures, and isn't it [lovely|splendid]!
{n} treasures {a_thing}, and [sings|giggles] about it!
@hid
The {thing} lies {hid}, but [oho|no giggling], I never told you!
{n} keeps the {thing} {hid}, [snug|cosy] as you please!
@owner
The {thing} is {n}'s own, and [happy|merry] {he} is to have it!
{n} owns the {thing}, and will [hop|skip] to show you!
@fear
{n} is afraid of {fear}, but don't you [laugh|giggle]!
What {n} fears is {fear}, [poor dear|bless me]!
@fearer
{n} fears {fear}, and [hops|skips] under the bed at the sound of it!
It is {n} who is afraid of {fear}, the [dear|silly] thing!
@food
{n} loves {food} best, [yum|tummy] first and hands after!
{n} likes {food}, and [sings|dances] for a second plate!
@pet
{n} keeps {a_kind} called {pet}, and a [funnier, jollier|merrier] one you never met!
{A_kind} called {pet} lives with {n}, and [laughs|hops] at all {his} jokes!
@petname
{pet} is the name, and it comes [hopping|skipping] when you call!
{n} calls the {kind} {pet}, and isn't that a [jolly|merry] name!
@petowner
{pet} lives with {n}, and eats half of {his} supper, [bless me|hey ho]!
{n} keeps {pet}, and what a [happy|jolly] pair they are!
@kin
{k} is {n}'s {kin}, and they [laugh|giggle] just alike!
{n}'s {kin} is {k}, and [hurrah|hooray] for the pair of them!
@friend
{n}'s best friend is {f}, and you should hear them [laugh|sing]!
{n} trusts {f}, and the two of them [giggle|dance] like children!
""",
    "terse": """
@answer
{S}.
{S}.
{S}. [That is all.|No more to it.|Plain enough.]
{V}.
{V}. [Always.|That is it.|Ask around.|Next question.]
[Easy.|Simple.|Right.] {S}.
[I know that.|Yes.|Well.] {S}.
@unknown
I do not know.
I cannot say. [Sorry.|Ask someone else.]
[No.|Hm.] Nobody has told me.
No tale tells of that.
I was never told. [Next question.|So no answer.]
That is beyond what I was ever told.
@hello
Yes? [Ask.|Sit down.]
[Good day.|You again.] What is it?
@who
I tell tales. Short ones.
A teller. From Esker. [That will do.|No name.]
@thanks
[Fine.|No need.|Good.]
You asked. I answered.
@bye
[Go well.|Mind the step.|Right.]
Shut the door.
@tale
[Fine.|All right.|One tale.]
[Listen.|Sit.] It is short.
@about
{n} is {a_trade}. {He} keeps {keeps}. {He} lives {home}. {He} fears {fear}.
{n} likes {food}. {He} trusts {f}. {He} owns {a_thing}. It lies {hid}.
{A_trade}. Lives {home}. Fears {fear}. [Ask {f}.|Eats {food}.]
@trade
{A_trade}. [Works hard.|A decent one.]
{n} is {a_trade}. [Has been for years.|Nothing else.]
@keeper
{n}. [{He} has the key.|Nobody else would.]
{n} keeps {keeps}. [Knock twice.|Always has.]
@site
It is {site}. [Short walk.|You will see it.]
Look {site}. [There it is.|That is the place.]
@home
{n} lives {home}. [Knock first.|Bring food.]
Look {home}. {n} is there.
@thing
{A_thing}. [{He} will not sell.|Do not ask the price.]
{n} has {a_thing}. [That is the treasure.|Nothing else matters.]
@hid
It is {hid}. [Leave it there.|Do not tell.]
Look {hid}. [It is not yours.|Then put it back.]
@owner
{n}. [Do not touch it.|{He} will not sell.]
{n} owns it. [Leave it be.|Not for sale.]
@fear
{Fear}. [Nothing else.|{He} does not say so.]
{n} fears {fear}. [Who does not?|It is no use asking why.]
@fearer
{n}. [Do not mention it.|Since childhood.]
{n} does. [It shows.|Be kind.]
@food
{Food}. [Bring some.|Every day.]
{n} likes {food}. [Cook that.|A lot.]
@pet
{A_kind}. [Called {pet}.|It bites.]
{n} has {a_kind}. [It eats a lot.|Its name is {pet}.]
@petname
{pet}. [It comes when called.|Good name.]
It is called {pet}. [It does not come.|It knows.]
@petowner
{n}. [They eat together.|Good match.]
{n} does. [It follows {him}.|It sleeps {home}.]
@kin
{k}. [They are alike.|They talk on Sundays.]
It is {k}. [Same nose.|Same temper.]
@friend
{f}. [For years.|No one else.]
{n} trusts {f}. [With reason.|It is mutual.]
""",
    "courtly": """
@answer
Know, [gentle|noble|worthy] guest, that {s}.
In truth, {s}, and I am [honoured|grateful] to be asked.
Be assured, [good sir or madam|gentle friend], that {s}.
{S}, as all [faithful|honourable] folk of Esker will tell you.
{S}, and I say so [upon my honour|in good faith|with a bow].
Permit me to answer with [courtesy|humble words]: {s}.
By your [gracious|kind and gracious] leave, {s}.
{S}, which I offer you with [all courtesy|my humble respects].
Verily, {s}, and may the knowledge serve you.
It is my [honour|humble privilege] to tell you that {s}.
@unknown
Forgive me, [gentle|noble] guest, but I was never told.
I do not know, and [honour|courtesy] forbids that I should guess.
In truth, no tale tells of that, and I would not [dishonour you with|bestow on you] an invention.
I cannot say, though I [humbly|most humbly] wish that I could.
That is beyond what I was ever told, and I [beseech|pray] your pardon.
Nobody has told me, [my lord or lady|gracious friend], and I will not feign.
@hello
Be welcome, [gentle|noble|honoured] guest, and be seated.
Good day to you, [my lord or lady|worthy friend]. I am at your service with [all courtesy|a grateful heart].
@who
I am the [humble|faithful] teller of the tales of Esker, and your servant.
They call me a teller of tales, [gentle friend|by your gracious leave].
@thanks
The [honour|favour] was mine.
You are too [gracious|generous], and most welcome.
@bye
Go with [grace|honour], and return when it please you.
I [bow|bow humbly], and wish you a safe road.
@tale
With [honour|a grateful heart], I obey.
As you [graciously|courteously] ask, so shall I tell.
@about
{n} the {trade} is a person of [honour|merit], who dwells {home} and keeps {keeps} {site}. {He} is fond of {food}, and is served by the [counsel|loyal counsel] of {f}.
Of {n} I can speak only with [praise|esteem]. {He} is {a_trade}, keeps {a_thing} {hid} with [faithful|solemn] care, and fears nothing but {fear}, which is no dishonour.
You ask of {n}, and ask [graciously|courteously]. {He} keeps {keeps} {site}, trusts {f}, and would bestow upon any guest a share of {his} {food}.
@trade
{n} is {a_trade}, and an [honourable|excellent] one.
By trade {n} is {a_trade}, and does {his} work with [honour|grace].
@keeper
{Keeps} is kept by {n}, who receives all comers with [courtesy|grace].
It is {n} who has the [honour|honourable task] of keeping {keeps}.
@site
You find {keeps} {site}, and will be [courteously|graciously] received.
{Keeps} stands {site}, as all [worthy|honourable] travellers know.
@home
{n} lives {home}, in [modest|humble] comfort.
The home of {n} is {home}, and its door is opened with [courtesy|kindness].
@thing
{n} treasures {a_thing}, and keeps it in high [honour|esteem].
{A_thing} is the treasure of {n}, [modest|humble] as it may seem.
@hid
The {thing} lies {hid}, and I tell it you in [good faith|solemn trust, on your oath].
{n} keeps the {thing} {hid}, with [faithful|solemn] care.
@owner
The {thing} belongs to {n}, and to no other [lord or lady|worthy soul].
{n} is the [faithful|honourable] owner of the {thing}.
@fear
{n} fears {fear}, which is no [dishonour|want of courage].
It is {fear} that {n} fears, though {he} bears it with [grace|courage].
@fearer
It is {n} who fears {fear}, and let no one [honourable|of honour] mock {him}.
{n} is afraid of {fear}, though in all else [valiant|of good courage].
@food
{n} is fond of {food}, and shares it [graciously|generously].
A dish of {food} is what {n} likes best, and [merits|it is {his} due and merit].
@pet
{n} keeps {a_kind} called {pet}, a creature of [excellent|noble] manners.
{A_kind} by the name of {pet} has the [honour|favour] of living with {n}.
@petname
{pet} is its name, and it answers with [courtesy|grace].
{n} calls the {kind} {pet}, a name of some [honour|nobility].
@petowner
{pet} serves {n}, and serves [faithfully|loyally].
{n} has the [honour|favour] of keeping {pet} the {kind}.
@kin
{k} is {n}'s {kin}, and no less [worthy|esteemed].
{n}'s {kin} is {k}, a person of equal [merit|courtesy].
@friend
{n}'s best friend is {f}, and a more [loyal|faithful] pair is not to be found.
{n} trusts {f} in all things, as is [seemly|befitting] between friends.
""",
}
