"""How each voice answers: frames of its talk. Each sentence shows its voice by the rules of `demo_voices.py`.

`{s}` is a plain statement, `{S}` the same with a capital, `{V}` the bare answer, `{n}` the person asked about.
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
""",
}
