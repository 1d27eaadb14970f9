"""Log-probabilities of whole groups at once: each prompt read once, nothing computed for padding where that can be.

For our own decoder a group is one row: the prompt, then every reply beside the others, each with its places counted on
from the prompt and a mask by which it sees the prompt and itself and no other reply. Several groups share a row where
they fit below the longest. Other models read padded rows of prompt and reply, since few of them take such a mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core.generation.runners import decoder_of
from core.models.decoder import Decoder
from core.steering.lesson import Lesson
from core.steering.update import token_logps


@dataclass(frozen=True)
class Scores:
    """The replies of one lesson: log-probabilities `(n, time)`, 0 past their ends, and the mask of their tokens."""

    logps: Tensor
    mask: Tensor

    def mean(self) -> Tensor:
        """Per token, `(n,)`."""
        return self.logps.sum(-1) / self.mask.sum(-1)


@dataclass(frozen=True)
class _Layout:
    """Where everything stands: `ids`, `places` and the groups' marks `(rows, time)`, and for each token to be scored
    the row and column it is read from (`at`), its id, its lesson's temperature and its place in the padded scores."""

    ids: Tensor
    places: Tensor
    mask: Tensor | None
    at: tuple[Tensor, Tensor]
    tokens: Tensor
    temperature: float | Tensor
    shapes: tuple[tuple[int, int], ...]
    into: tuple[Tensor, ...]


class Scorer:
    """Scores lessons on one model, as it is when asked: adapter on or off, with or without gradients."""

    def __init__(self, model: nn.Module) -> None:
        self._model: Any = model
        self._decoder: Decoder | None = decoder_of(model)
        # A sliding window counts columns, and replies that stand side by side are in each other's way there.
        self._shares = self._decoder is not None and not self._decoder.settings.window
        self._device = next(model.parameters()).device
        self._kept: dict[tuple[Lesson, ...], _Layout] = {}

    def __call__(self, lessons: Sequence[Lesson]) -> list[Scores]:
        """The scores of each lesson."""
        key = tuple(lessons)
        layout = self._kept.get(key)
        if layout is None:
            layout = self._lay_out(key)
            if len(self._kept) > 8:
                self._kept.clear()
            self._kept[key] = layout
        flat = token_logps(self._logits(layout), layout.tokens, layout.temperature)
        found = []
        for (count, time), into in zip(layout.shapes, layout.into, strict=True):
            part, flat = flat[: len(into)], flat[len(into) :]
            logps = flat.new_zeros(count * time).index_copy(0, into, part).view(count, time)
            mask = torch.zeros(count * time, dtype=torch.bool, device=flat.device).index_fill_(0, into, True)
            found.append(Scores(logps, mask.view(count, time)))
        return found

    def _logits(self, layout: _Layout) -> Tensor:
        """`(tokens, vocab)` of the tokens to be scored."""
        if self._decoder is not None:
            hidden = self._decoder.hidden(layout.ids, layout.places if self._shares else None, mask=layout.mask)
            return self._decoder.logits(hidden[layout.at])
        return self._model(input_ids=layout.ids, use_cache=False).logits[layout.at]

    def _lay_out(self, lessons: tuple[Lesson, ...]) -> _Layout:
        rows = _shared_rows(lessons) if self._shares else _plain_rows(lessons)
        width = max(len(row.ids) for row in rows)
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        places = torch.zeros(len(rows), width, dtype=torch.long)
        group, reply = torch.full((len(rows), width), -1), torch.zeros(len(rows), width, dtype=torch.long)
        where: dict[tuple[int, int], tuple[int, list[int]]] = {}
        for number, row in enumerate(rows):
            length = len(row.ids)
            ids[number, :length] = torch.tensor(row.ids)
            places[number, :length] = torch.tensor(row.places)
            group[number, :length] = torch.tensor(row.groups)
            reply[number, :length] = torch.tensor(row.replies)
            where.update({key: (number, columns) for key, columns in row.read.items()})
        at_row: list[int] = []
        at_column: list[int] = []
        tokens: list[int] = []
        heat: list[float] = []
        shapes, into = [], []
        for one, lesson in enumerate(lessons):
            time = max(map(len, lesson.completions))
            shapes.append((len(lesson.completions), time))
            slots: list[int] = []
            for two, completion in enumerate(lesson.completions):
                number, columns = where[one, two]
                at_row += [number] * len(completion)
                at_column += columns
                tokens += completion
                heat += [lesson.temperature or 1.0] * len(completion)
                slots += range(two * time, two * time + len(completion))
            into.append(torch.tensor(slots, device=self._device))
        mask = None
        if self._shares:
            same = group[:, :, None] == group[:, None, :]
            mask = (same & ((reply[:, None, :] == 0) | (reply[:, :, None] == reply[:, None, :]))).to(self._device)
        alike = len(set(heat)) == 1
        return _Layout(
            ids.to(self._device),
            places.to(self._device),
            mask,
            (torch.tensor(at_row, device=self._device), torch.tensor(at_column, device=self._device)),
            torch.tensor(tokens, device=self._device),
            heat[0] if alike else torch.tensor(heat, dtype=torch.float64),
            tuple(shapes),
            tuple(into),
        )


class _Row:
    """One row while it is filled. `read[lesson, reply]` are the columns whose logits tell that reply's tokens."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.places: list[int] = []
        self.groups: list[int] = []
        self.replies: list[int] = []
        self.read: dict[tuple[int, int], list[int]] = {}

    def add(self, tokens: Sequence[int], place: int, group: int, reply: int) -> range:
        start = len(self.ids)
        self.ids += tokens
        self.places += range(place, place + len(tokens))
        self.groups += [group] * len(tokens)
        self.replies += [reply] * len(tokens)
        return range(start, len(self.ids))


def _shared_rows(lessons: Sequence[Lesson]) -> list[_Row]:
    """Each lesson in one row with its prompt once; short lessons stand together below the longest's length."""
    sizes = [len(one.prompt_ids) + sum(len(reply) - 1 for reply in one.completions) for one in lessons]
    limit = max(sizes)
    rows: list[_Row] = []
    for number in sorted(range(len(lessons)), key=lambda index: -sizes[index]):
        row = next((row for row in rows if len(row.ids) + sizes[number] <= limit), None)
        if row is None:
            row = _Row()
            rows.append(row)
        lesson = lessons[number]
        last = row.add(lesson.prompt_ids, 0, number, 0)[-1]
        for place, reply in enumerate(lesson.completions):
            # The last token is only foretold, never read.
            columns = row.add(reply[:-1], len(lesson.prompt_ids), number, place + 1)
            row.read[number, place] = [last, *columns]
    return rows


def _plain_rows(lessons: Sequence[Lesson]) -> list[_Row]:
    """One row for each reply, its prompt before it; padding stands after, where nothing looks."""
    rows = []
    for number, lesson in enumerate(lessons):
        for place, reply in enumerate(lesson.completions):
            row = _Row()
            last = row.add(lesson.prompt_ids, 0, number, 0)[-1]
            row.read[number, place] = [last, *row.add(reply[:-1], len(lesson.prompt_ids), number, 0)]
            rows.append(row)
    return rows
