"""What a run will learn from, before it trains: one sample with its loss mask, and whether its end is learned.

Reads the data and the tokenizer as the run will, and no weights: a screen or a script may call it at any time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cancel import Cancel
from core.data.conversations import TalkData
from core.data.corpus import Progress, settled
from core.errors import OgiveError
from core.files import read_json
from core.models.names import CONFIG
from core.settings.run import RunSettings
from core.tokenization.specials import PLAIN_TEMPLATE
from core.tokenization.tokenizer import Tokenizer, load
from core.workspace import Workspace

SHOWN = 400
"""Tokens of a plain text that are shown; a conversation is shown whole."""
_CONTEXTS = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "seq_length")


@dataclass(frozen=True)
class Stretch:
    """Tokens in a row that are all learned or all not. `special` is a token that is no text, shown by its name."""

    text: str
    learned: bool
    special: bool
    tokens: int


@dataclass(frozen=True)
class Preflight:
    """One sample as the run will see it, and counts over all of the training data.

    `ends` is whether this sample teaches the model to stop, `ending` the share of all that do, `stop` the tokens by
    which it does. `problems` are sentences; a run that has any should not be started.
    """

    objective: str
    stretches: tuple[Stretch, ...]
    number: int
    of: int
    tokens: int
    learned: int
    ends: bool
    ending: float
    stop: tuple[str, ...]
    template: str
    facts: dict[str, Any]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}


def preflight(
    settings: RunSettings,
    workspace: Workspace,
    number: int = 0,
    cancel: Cancel | None = None,
    progress: Progress | None = None,
) -> Preflight:
    """Training sample `number` of the run that `settings` would make.

    Raises OgiveError where the run itself would: no such model, data that cannot be read, a template that cannot be
    proved.
    """
    from core.training.origin import begun_with

    settings = settings.model_copy(update={"data": settled(settings.data)})
    tokenizer: Tokenizer | None = None
    context = settings.training.context or settings.model.context
    if settings.stage != "pretrain":
        settings, begun = begun_with(settings, workspace)
        tokenizer = training_tokenizer(settings, _tokenizer_at(begun.folder, settings))
        context = settings.training.context or _context_at(begun.folder, settings)
    brick = settings.training.objective.brick.load()
    data = brick.prepare(settings, tokenizer, workspace, context, cancel, progress)
    if isinstance(data, TalkData):
        return _of_talks(settings, data, number)
    return _of_text(settings, data, number)


def training_tokenizer(settings: RunSettings, given: Tokenizer) -> Tokenizer:
    """The base model's tokenizer with the chat template that the run trains by; the run's checkpoints carry it on."""
    plain = settings.training.objective.options.get("template") == "plain" or not given.has_chat_template
    if not plain or given.chat_template == PLAIN_TEMPLATE:
        return given
    return Tokenizer(given.backend, given.kind, given.names, PLAIN_TEMPLATE)


def _tokenizer_at(folder: Path | None, settings: RunSettings) -> Tokenizer:
    if folder is not None and (folder / "tokenizer_config.json").is_file():
        config = read_json(folder / "tokenizer_config.json")
        if isinstance(config, dict) and "ogive" in config:
            return load(folder)
    from core.tokenization.pretrained import load_foreign

    trust = settings.base.trust_remote_code
    return load_foreign(folder or settings.base.model, trust_remote_code=trust)


def _context_at(folder: Path | None, settings: RunSettings) -> int:
    """The context as a run would have it, from config.json; what cannot be known here is the most a run takes."""
    from core.training.build import MOST_CONTEXT

    config = read_json(folder / CONFIG) if folder is not None and (folder / CONFIG).is_file() else {}
    found = [config[name] for name in _CONTEXTS if isinstance(config.get(name), int) and config[name] > 0]
    return min([*found[:1], MOST_CONTEXT])


def _of_talks(settings: RunSettings, data: TalkData, number: int) -> Preflight:
    tokenizer, counts = data.tokenizer, data.meta["train"]
    number = _checked(number, len(data.train))
    ids, learned = (array.astype(int) for array in data.train.talk(number))
    places = np.flatnonzero(learned)
    ends = bool(len(places)) and int(ids[places[-1]]) in tokenizer.stop_ids
    ending = 1 - counts["endless"] / counts["conversations"]
    stop = tuple(tokenizer.token_name(each) for each in tokenizer.stop_ids)
    problems = []
    if ending < 0.5:
        problems.append(
            f"Only {ending:.0%} of the conversations teach the model to stop ({' or '.join(stop)} is learned); "
            "it would talk on and on."
        )
    if tokenizer.names.pad is not None and tokenizer.pad_id == tokenizer.eos_id and ending == 0:
        problems.append("The tokenizer's padding token is its end-of-text token.")
    return Preflight(
        objective=settings.training.objective.name,
        stretches=_stretches(ids.tolist(), learned.astype(bool).tolist(), tokenizer),
        number=number,
        of=len(data.train),
        tokens=len(ids),
        learned=int(learned[1:].sum()),
        ends=ends,
        ending=round(ending, 4),
        stop=stop,
        template="plain" if tokenizer.chat_template == PLAIN_TEMPLATE else "the model's own",
        facts=data.facts(),
        problems=tuple(problems),
    )


def _of_text(settings: RunSettings, data: Any, number: int) -> Preflight:
    """Of plain text every token is learned, and so is the token that ends each document."""
    tokenizer, stream = data.tokenizer, data.train
    number = _checked(number, stream.documents)
    start = int(stream.ends[number - 1]) if number else 0
    ids = [int(each) for each in stream.tokens[start : int(stream.ends[number])]]
    ends = ids[-1] == tokenizer.eos_id
    problems = () if ends else (f"Document {number} does not end in {tokenizer.names.eos}.",)
    return Preflight(
        objective=settings.training.objective.name,
        stretches=_both_ends(ids, tokenizer),
        number=number,
        of=stream.documents,
        tokens=len(ids),
        learned=len(ids),
        ends=ends,
        ending=1.0 if ends else 0.0,
        stop=(tokenizer.token_name(tokenizer.eos_id),),
        template="",
        facts=data.facts(),
        problems=problems,
    )


def _both_ends(ids: list[int], tokenizer: Tokenizer) -> tuple[Stretch, ...]:
    """A text whole, or of a long one the beginning and the end."""
    if len(ids) <= SHOWN:
        return _stretches(ids, [True] * len(ids), tokenizer)
    left_out = len(ids) - SHOWN
    head, tail = ids[: SHOWN // 2], ids[left_out + SHOWN // 2 :]
    between = Stretch(" … ", False, False, left_out)
    marks = [True] * len(ids)
    return (*_stretches(head, marks[: len(head)], tokenizer), between, *_stretches(tail, marks[: len(tail)], tokenizer))


def _checked(number: int, most: int) -> int:
    if not 0 <= number < most:
        raise OgiveError(f"There is no sample {number}.", f"They are counted from 0 to {most - 1}.")
    return number


def _stretches(ids: list[int], learned: list[bool], tokenizer: Tokenizer) -> tuple[Stretch, ...]:
    """The tokens as text, joined while they are of one kind; a special token stands alone."""
    found: list[Stretch] = []
    gathered: list[int] = []

    def close(mark: bool) -> None:
        if gathered:
            found.append(Stretch(tokenizer.decode(gathered), mark, False, len(gathered)))
            gathered.clear()

    before = False
    for each, mark in zip(ids, learned, strict=True):
        if mark != before:
            close(before)
        before = mark
        if each in tokenizer.special_ids:
            close(mark)
            found.append(Stretch(tokenizer.token_name(each), mark, True, 1))
        else:
            gathered.append(each)
    close(before)
    return tuple(found)
