"""Where prompts come from, and in which order: a list that is read once, and a place in it that is one integer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cancel import Cancel
from core.data.order import permute
from core.errors import OgiveError
from core.files import read_json, to_json, write_atomic
from core.settings.steering import PromptSettings
from core.workspace import Workspace

Progress = Callable[[str, int, int | None], None]
FILE = "prompts.json"


@dataclass(frozen=True)
class Found:
    """Prompts as they were read: the texts in their own order, what they are called, the column they stood in."""

    texts: tuple[str, ...]
    title: str
    column: str = ""


class Prompts:
    """The prompts of a session. Place p is the same prompt whenever it is asked for, also after a restart."""

    def __init__(self, found: Found, settings: PromptSettings) -> None:
        self.found = found
        self._shuffle, self._seed = settings.shuffle and settings.source.name != "typed", settings.seed

    def __len__(self) -> int:
        return len(self.found.texts)

    def at(self, place: int) -> str | None:
        """The prompt at a place, counted from 0; past the end they come again in another order. None: there are none,
        each is typed as one goes."""
        size = len(self)
        if not size:
            return None
        epoch, index = divmod(place, size)
        if self._shuffle:
            index = int(permute(np.array([index], dtype=np.int64), size, self._seed, epoch)[0])
        return self.found.texts[index]

    def told(self, place: int) -> str:
        """Such as `13/200` for place 12; "" when prompts are typed as one goes."""
        size = len(self)
        if not size:
            return ""
        epoch, index = divmod(place, size)
        return f"{index + 1}/{size}" + (f" again, {epoch + 1}" if epoch else "")

    def save(self, folder: Path) -> None:
        """Keep the prompts beside the journal, so that going on needs neither their source nor a network."""
        kept = {"title": self.found.title, "column": self.found.column, "texts": list(self.found.texts)}
        write_atomic(folder / FILE, to_json(kept) + "\n")


def load(
    settings: PromptSettings, workspace: Workspace, cancel: Cancel | None = None, progress: Progress | None = None
) -> Prompts:
    """Read the prompts that the settings name. OgiveError when their source is missing or holds none."""
    source = settings.source
    found: Found = source.brick.load()(settings, workspace, cancel, progress, **source.options)
    texts = tuple(text for text in found.texts if text.strip())
    if not texts and source.name != "typed":
        raise OgiveError(f"There are no prompts in {found.title}.", "Name another column or another source.")
    return Prompts(Found(texts, found.title, found.column), settings)


def kept(folder: Path, settings: PromptSettings) -> Prompts:
    """The prompts that a session keeps; OgiveError when their file is damaged."""
    data = read_json(folder / FILE)
    try:
        found = Found(tuple(map(str, data["texts"])), str(data["title"]), str(data["column"]))
    except (KeyError, TypeError):
        raise OgiveError(f"{folder / FILE} is damaged.", "Restore it from a copy.") from None
    return Prompts(found, settings)


# -- the bricks of PROMPT_SOURCES --------------------------------------------------------------------------------------


def typed(settings: PromptSettings, workspace: Workspace, cancel: Any, progress: Any) -> Found:
    """The prompts listed in the settings, in that order; without any, each is typed as one goes."""
    return Found(tuple(settings.typed), "typed prompts")


def demo(settings: PromptSettings, workspace: Workspace, cancel: Any, progress: Any) -> Found:
    """Questions about the built-in world, and wishes for a tale."""
    from core.data.demo_questions import questions
    from core.data.demo_talk import SMALL, TALE_ABOUT, TALE_WISHES
    from core.data.demo_world import PEOPLE

    asked = [question.text for question in questions("train") if not question.follow_up]
    wishes = [*TALE_WISHES, *(TALE_ABOUT[0].format(n=person.name) for person in PEOPLE)]
    return Found(tuple(dict.fromkeys([*asked, *wishes, *SMALL["hello"], *SMALL["who"]])), "the built-in world")


def from_file(
    settings: PromptSettings, workspace: Workspace, cancel: Any, progress: Any, path: str = "", column: str = ""
) -> Found:
    """A text file with a prompt on each line, JSONL, or a table."""
    _given(path, "prompts.source.path", "Set it to a file of prompts.")
    return _read(Path(path).expanduser(), workspace, cancel, progress, column=column)


def from_snapshot(
    settings: PromptSettings, workspace: Workspace, cancel: Any, progress: Any, snapshot: str = "", column: str = ""
) -> Found:
    """A data snapshot of the workspace."""
    _given(snapshot, "prompts.source.snapshot", "`ogive data list` shows them.")
    return _read(snapshot, workspace, cancel, progress, column=column)


def from_hub(
    settings: PromptSettings,
    workspace: Workspace,
    cancel: Any,
    progress: Any,
    path: str = "",
    subset: str = "",
    split: str = "train",
    column: str = "",
    most: int = 0,
    streaming: bool = False,
) -> Found:
    """A column of a Hugging Face data set."""
    _given(path, "prompts.source.path", "Set it to a data set's id, such as owner/name.")
    how = {"column": column, "subset": subset, "split": split, "streaming": streaming}
    return _read(path, workspace, cancel, progress, most=most, **how)


def _given(value: str, name: str, hint: str) -> None:
    if not value:
        raise OgiveError(f"{name} is empty.", hint)


def _read(
    what: str | Path,
    workspace: Workspace,
    cancel: Cancel | None,
    progress: Progress | None,
    *,
    most: int = 0,
    **how: Any,
) -> Found:
    """The prompts of a data source, by the data room's readers: they find the column, and of a column of turns they
    take the first turn of the person."""
    from core.data import reading

    source = reading.open_source(str(what), workspace, **how)
    texts: list[str] = []
    for row in reading.prompts(source):
        if cancel is not None:
            cancel.check("Reading prompts")
        texts.append(_first_asked(row.messages) or row.text)
        if progress is not None and len(texts) % 1000 == 0:
            progress("prompts", len(texts), most or None)
        if most and len(texts) >= most:
            break
    return Found(tuple(texts), str(what), str(getattr(source, "mapping", None) or ""))


def _first_asked(messages: Sequence[Any]) -> str:
    return next((message["content"] for message in messages if message["role"] == "user"), "")
