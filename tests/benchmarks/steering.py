"""Picks needed to steer: a simulated chooser wants one of the four voices; ours beside Trellis's rule, in one run.

    python tests/benchmarks/steering.py [--model NAME] [--seeds 5] [--picks 12] [--voices gothic,merry,terse,courtly]
        [--rules plackett-luce,reinforce] [--search] [--turn] [--out FILE]

The chooser reads four replies to a prompt that names no voice (sampling as in configs/steering/default.yaml); it takes
one in the voice it wants (exact classifier of the corpus), else none of these. After every second pick the model
answers held-out prompts (never used for picks), and measured are
  share   how many of those answers are in the wanted voice
  kl      nats per token of those answers to the untouched model (mean log-ratio on the policy's own samples)
  rise    of the held-out loss on other corpus text: tales and talk, all voices (`rise_others`: only the other three)
  d3      distinct trigrams over all trigrams of those answers, as a share of the untouched model's
A voice repeats itself more than four voices do: `natural` is the d3 of the untouched model's own answers in one voice,
one for each prompt as far as a dozen draws give one. No steering that takes nothing away can be far above it.
`reinforce` is Trellis's rule exactly, at its default rate and, with --search, at each of a list of rates.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from core.data.demo import VOICES, classify_voice, conversation, documents
from core.generation.decode import Completion
from core.generation.sampling import filter_logits
from core.models.decoder import Decoder
from core.settings.steering import SteeringSettings
from core.steering.lesson import Lesson
from core.steering.opening import listen
from core.steering.policy import Policy
from core.steering.prompts import load
from core.steering.scoring import Scorer
from core.steering.shaping import Shaper
from core.workspace import Workspace

RATES = (1e-4, 3e-4, 1e-3, 3e-3)
TARGET = 0.8
DOCUMENTS, DOCUMENT_TOKENS = 96, 256


def prompts(split: str, seed: int, count: int) -> list[str]:
    """First messages of conversations of the corpus that name no voice."""
    draw = random.Random(f"steering/{split}/{seed}").random
    found: list[str] = []
    while len(found) < count:
        first = conversation(split, VOICES[int(draw() * 4)], draw)[0]
        text = first["content"]
        if first["role"] == "user" and not any(voice in text.lower() for voice in VOICES) and text not in found:
            found.append(text)
    return found


class Bench:
    """One loaded model, steered anew for each trial."""

    def __init__(self, settings: SteeringSettings, workspace: Workspace, held_out: int) -> None:
        self.settings = settings
        self._workspace = workspace
        self.policy = Policy.load(settings, workspace)
        self.tokenizer = self.policy.tokenizer
        base = Policy.load(settings, workspace)
        self._base = Scorer(base.drawing())
        self.asked = [self.ids(text) for text in prompts("held-out", 7, held_out)]
        self.documents = self._documents()
        self.base = self._measured("")
        self.base["natural"] = self._natural()

    def use(self, update: dict[str, Any]) -> None:
        """Another rule on the same model."""
        self.settings = SteeringSettings.model_validate({**self.settings.model_dump(), "update": update})
        self.policy = Policy.load(self.settings, self._workspace)
        shaper = Shaper(self.tokenizer, self.settings.shaping)
        begun = time.perf_counter()
        self.policy.modes = listen(self.policy, load(self.settings.prompts, self._workspace), shaper)
        self.listened = time.perf_counter() - begun

    def ids(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer.render([{"role": "user", "content": text}], add_generation_prompt=True))

    def _documents(self) -> list[tuple[str, list[int]]]:
        """Held-out tales and talk with their voices."""
        found = []
        for document in documents(5, DOCUMENTS, "held-out"):
            if document.messages is None:
                ids = [self.tokenizer.eos_id, *self.tokenizer.encode(document.text), self.tokenizer.eos_id]
            else:
                ids = self.tokenizer.render(document.messages)
            found.append((document.origin.rpartition("/")[2], ids[:DOCUMENT_TOKENS]))
        return found

    @torch.no_grad()
    def answers(self, seed: int) -> list[list[int]]:
        """One reply to each held-out prompt, all drawn side by side."""
        model, sampling = self.policy.drawing(), self.settings.sampling
        assert isinstance(model, Decoder)
        lengths = torch.tensor([len(ids) for ids in self.asked])
        cache = model.new_cache(len(lengths), int(lengths.max()) + sampling.max_new_tokens, static=True)
        rows = torch.zeros(len(lengths), int(lengths.max()), dtype=torch.long)
        for row, ids in zip(rows, self.asked, strict=True):
            row[: len(ids)] = torch.tensor(ids)
        hidden = model.hidden(rows, cache=cache)
        cache.set_lengths(lengths)
        logits = model.logits(hidden[torch.arange(len(lengths)), lengths - 1])
        generator = torch.Generator().manual_seed(seed)
        found: list[list[int]] = [[] for _ in self.asked]
        going = set(range(len(found)))
        for _ in range(sampling.max_new_tokens):
            drawn = torch.multinomial(filter_logits(logits, sampling).softmax(-1), 1, generator=generator)
            for number in list(going):
                found[number].append(int(drawn[number]))
                if found[number][-1] in self.policy.stop_ids:
                    going.discard(number)
            if not going:
                break
            logits = model(drawn, cache=cache)[:, -1]
        return found

    @torch.no_grad()
    def losses(self) -> dict[str, float]:
        """Mean nats per token of the held-out documents, by voice and of all."""
        model = self.policy.drawing()
        assert isinstance(model, Decoder)
        sums = {voice: [0.0, 0] for voice in VOICES}
        for voice, ids in self.documents:
            total, count = model.loss(torch.tensor([ids[:-1]]), torch.tensor([ids[1:]]))
            sums[voice][0] += float(total)
            sums[voice][1] += int(count)
        return {voice: total / count for voice, (total, count) in sums.items()} | {
            "all": sum(total for total, _ in sums.values()) / sum(count for _, count in sums.values())
        }

    def _natural(self) -> dict[str, float]:
        found: dict[str, dict[int, list[int]]] = {voice: {} for voice in VOICES}
        for seed in range(12):
            for number, ids in enumerate(self.answers(seed)):
                voice = classify_voice(self.tokenizer.decode(ids))
                if voice in found:
                    found[voice].setdefault(number, ids)
        return {voice: distinct(list(answers.values())) / self.base["distinct"] for voice, answers in found.items()}

    def measure(self, voice: str) -> dict[str, float]:
        """How far the model is steered now, and at what price."""
        now, base = self._measured(voice), self.base
        others = [name for name in VOICES if name != voice]
        return {
            "share": now["shares"][voice],
            "kl": now["kl"],
            "rise": now["losses"]["all"] / base["losses"]["all"] - 1.0,
            "rise_others": sum(now["losses"][v] for v in others) / sum(base["losses"][v] for v in others) - 1.0,
            "d3": now["distinct"] / base["distinct"],
            "tokens": now["tokens"],
        }

    @torch.no_grad()
    def _measured(self, voice: str) -> dict[str, Any]:
        answers = self.answers(seed=99)
        voices = [classify_voice(self.tokenizer.decode(ids)) for ids in answers]
        given = [Lesson(ask, (tuple(ids),), None) for ask, ids in zip(self.asked, answers, strict=True)]
        kl, tokens = 0.0, 0
        scorer = Scorer(self.policy.drawing())
        for at in range(0, len(given), 32):
            part = given[at : at + 32]
            for now, then in zip(scorer(part), self._base(part), strict=True):
                kl += float((now.logps - then.logps).sum())
                tokens += int(now.mask.sum())
        return {
            "shares": {name: voices.count(name) / len(voices) for name in VOICES},
            "kl": kl / tokens,
            "losses": self.losses(),
            "distinct": distinct(answers),
            "tokens": tokens / len(answers),
        }

    # One session

    def session(self, voice: str, seed: int, picks: int, every: int, then: str = "") -> dict[str, Any]:
        """`picks` decisions for `voice` from the untouched model, then as many for `then`."""
        self.policy.reset()
        asked = prompts("train", seed, picks * 2)
        choose = random.Random(f"{voice}/{seed}")
        replay: list[Lesson] = []
        curve, seconds, firsts, taken = [], [], [], 0
        for number, wanted in enumerate([voice] * picks + [then] * (picks if then else 0)):
            started = time.perf_counter()
            lesson, first = self._decide(asked[number], wanted, choose, seed * 1000 + number)
            if number:
                firsts.append(seconds[-1] + first - started)
            taken += lesson.pick is not None
            report = self.policy.learn(lesson, replay)
            seconds.append(report.seconds)
            replay.append(lesson)
            if (number + 1) % every == 0:
                curve.append({"picks": number + 1, "voice": wanted, **self.measure(wanted)})
        return {
            "voice": voice,
            "then": then,
            "seed": seed,
            "curve": curve,
            "taken": taken,
            "seconds": seconds,
            "first": firsts,
        }

    def _decide(self, text: str, wanted: str, choose: random.Random, seed: int) -> tuple[Lesson, float]:
        """Draw a group, and take a reply in the wanted voice, if there is one."""
        ids, first = self.ids(text), 0.0
        rows = [Completion() for _ in range(self.settings.group_size)]
        for piece in self.policy.draw(ids, self.settings.sampling, len(rows), seed):
            first = first or time.perf_counter()
            for row, token in zip(rows, piece.tokens, strict=True):
                if token is not None:
                    row.tokens.append(token)
        replies = tuple(tuple(row.tokens) for row in rows)
        hits = [place for place, ids in enumerate(replies) if classify_voice(self.tokenizer.decode(ids)) == wanted]
        pick = choose.choice(hits) if hits else None
        return Lesson(self.ids(text), replies, pick, self.settings.sampling.temperature), first


def distinct(answers: Sequence[Sequence[int]]) -> float:
    """The share of trigrams that differ, over all answers together."""
    grams = [tuple(ids[at : at + 3]) for ids in answers for at in range(len(ids) - 2)]
    return len(set(grams)) / len(grams)


def needed(curve: Sequence[dict[str, Any]], voice: str) -> float:
    """Picks until the share reached the target; infinite when it did not."""
    return next(
        (point["picks"] for point in curve if point["voice"] == voice and point["share"] >= TARGET), float("inf")
    )


def summary(sessions: Sequence[dict[str, Any]], base: dict[str, Any], picks: int) -> dict[str, Any]:
    """Medians over seeds and voices at the last pick for the first voice."""
    ends = [next(point for point in one["curve"] if point["picks"] == picks) for one in sessions]
    median = {key: statistics.median(end[key] for end in ends) for key in ("share", "kl", "rise", "rise_others", "d3")}
    shifts = [
        end["kl"] / max(1e-9, end["share"] - base["shares"][one["voice"]])
        for end, one in zip(ends, sessions, strict=True)
    ]
    found = {
        **{key: round(value, 4) for key, value in median.items()},
        "kl_per_shift": round(statistics.median(shifts), 4),
        "picks_to_target": statistics.median(needed(one["curve"], one["voice"]) for one in sessions),
        "by_voice": {
            voice: round(
                statistics.median(e["share"] for e, o in zip(ends, sessions, strict=True) if o["voice"] == voice), 3
            )
            for voice in dict.fromkeys(one["voice"] for one in sessions)
        },
        "update_seconds": round(statistics.median(s for one in sessions for s in one["seconds"]), 3),
    }
    firsts = sorted(value for one in sessions for value in one["first"])
    found["first_token_p95"] = round(firsts[int(0.95 * (len(firsts) - 1))], 3)
    turned = [one["curve"][-1]["share"] for one in sessions if one["then"]]
    if turned:
        found["turned_to"] = round(statistics.median(turned), 3)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", default=None)
    parser.add_argument("--model", default="")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--picks", type=int, default=12)
    parser.add_argument("--every", type=int, default=2)
    parser.add_argument("--held-out", type=int, default=128)
    parser.add_argument("--voices", default=",".join(VOICES))
    parser.add_argument("--rules", default="plackett-luce,reinforce")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="options of ours")
    parser.add_argument("--search", action="store_true", help="Trellis's rule at each of several rates")
    parser.add_argument("--turn", action="store_true", help="as many picks for another voice after")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", default="")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    bench = Bench(SteeringSettings(model=args.model), Workspace.find(args.workspace), args.held_out)
    print(json.dumps({"base": bench.base}), flush=True)
    tried: list[dict[str, Any]] = []
    for rule in args.rules.split(","):
        if rule == "reinforce":
            tried += [{"name": rule, "lr": rate} for rate in (2e-5, *(RATES if args.search else ()))]
        else:
            tried.append({"name": rule, **{key: json.loads(value) for key, value in (s.split("=") for s in args.set)}})
    results = []
    for update in tried:
        bench.use(update)
        sessions = []
        for voice in args.voices.split(","):
            for seed in range(1, args.seeds + 1):
                then = VOICES[(VOICES.index(voice) + 1) % 4] if args.turn else ""
                sessions.append(bench.session(voice, seed, args.picks, args.every, then))
        results.append({"update": update, "summary": summary(sessions, bench.base, args.picks), "sessions": sessions})
        print(json.dumps({"update": update, **results[-1]["summary"]}), flush=True)
        if args.out:
            Path(args.out).write_text(json.dumps({"base": bench.base, "results": results}))


if __name__ == "__main__":
    main()
