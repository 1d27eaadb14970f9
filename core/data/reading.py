"""Data by what a person calls it, read as the rows that a purpose needs: texts, conversations, preferences, prompts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.data.columns import parse_map
from core.data.corpus import Corpus
from core.data.documents import Message, Source
from core.data.files import TEXT, FilesSource
from core.data.formats import SAMPLE, alternatives, check_format
from core.data.records import RECORDS
from core.data.snapshots import list_snapshots
from core.data.sources import RowSource, make, rows
from core.data.typed import KINDS, Conversation, Kind, Preference, Prompt, PromptCompletion, Row, Text
from core.errors import OgiveError, nearest
from core.settings import load, names
from core.settings.data import DataSettings, SourceSettings
from core.workspace import Workspace

__all__ = ["conversations", "data_settings", "open_source", "preferences", "prompts", "rows", "texts"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def data_settings(what: str, workspace: Workspace, overrides: Iterable[str] = (), **options: Any) -> DataSettings:
    """The data settings that `what` means: a name of the workspace's data settings or snapshots, a path, folder or
    glob, or a Hugging Face id. `options` are those of the source (column, format, map, documents, subset, split, ...);
    a split, a subset or streaming make a folder one that the `datasets` library reads.
    """
    given = {key: value for key, value in options.items() if value}
    overrides = list(overrides)
    check_format(given.get("format", "auto"))
    parse_map(given.get("map", ""))
    known = {item.name for item in names.list_settings(workspace, "data")}
    if what.partition("@")[0] in known or what.endswith((".yaml", ".yml")):
        settings = load.load_subject("data", what, workspace, overrides)
        assert isinstance(settings, DataSettings)
        return _with(settings, given)
    kept = {one.name for one in list_snapshots(workspace)}
    if what.partition("@")[0] in kept:
        source: dict[str, Any] = {"name": "snapshot", "snapshot": what}
        _refuse(given, what)
    elif {"subset", "split", "streaming", "revision"} & set(given) or _is_hub_id(what):
        source = {"name": "huggingface", "id": what, **given}
    elif not any(mark in what for mark in "/*?[.~") and not Path(what).exists():
        raise OgiveError(f"There is no data named {what!r}, and no such path.", nearest(what, known | kept))
    else:
        source = {"name": "files", "path": what, **given}
    settings = load.validate(DataSettings, {"sources": [source], **_changes(overrides)}, "--set")
    assert isinstance(settings, DataSettings)
    return settings


def _is_hub_id(what: str) -> bool:
    path = Path(what).expanduser()
    return bool(_HUB_ID.fullmatch(what)) and not path.exists() and path.suffix.lower() not in TEXT + RECORDS


def _with(settings: DataSettings, given: dict[str, Any]) -> DataSettings:
    """Settings by name with options laid over every source that has them."""
    if not given:
        return settings
    tree = settings.model_dump()
    for source, choice in zip(tree["sources"], settings.sources, strict=True):
        if not set(given) <= set(choice.brick.options):
            _refuse(given, choice.name)
        source.update(given)
    changed = load.validate(DataSettings, tree, "the options")
    assert isinstance(changed, DataSettings)
    return changed


def _refuse(given: dict[str, Any], what: str) -> None:
    if given:
        raise OgiveError(
            f"{what} is read as it is: {', '.join(f'--{key}' for key in given)} cannot change it.",
            "Give the path or id that it was made from.",
        )


def _changes(given: list[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for path, value, text in load.parse_overrides(given):
        if len(path) != 1:
            raise OgiveError(f"--set {text}: of a path only whole settings can be changed.", "Such as held_out=0.1.")
        changes[str(path[0])] = value
    return changes


def open_source(what: str | SourceSettings | dict[str, Any], workspace: Workspace, **options: Any) -> Source:
    """One source by name, path, id or settings, with options as `data_settings` takes them. OgiveError when it is data
    of several sources: open those as a Corpus."""
    if not isinstance(what, str):
        return make(SourceSettings.model_validate(what), workspace)
    settings = data_settings(what, workspace, **options)
    if len(settings.sources) > 1:
        raise OgiveError(f"{what} has {len(settings.sources)} sources.", "Name one of them.")
    return make(settings.sources[0], workspace)


def _each(data: Source | Corpus, asking: bool = False) -> Iterator[tuple[Source, Row]]:
    for source in data.sources if isinstance(data, Corpus) else [data]:
        read = source.asking() if asking and isinstance(source, FilesSource) else source
        for row in rows(read):
            yield source, row


def texts(data: Source | Corpus) -> Iterator[Text]:
    """Plain texts; long ones come in pieces."""
    for source, row in _each(data):
        if not isinstance(row, Text):
            raise _wrong(source, row, "text")
        yield row


def conversations(data: Source | Corpus) -> Iterator[Conversation]:
    """Conversations, and prompts with completions as such."""
    for source, row in _each(data):
        if isinstance(row, PromptCompletion):
            yield Conversation([*row.prompt, *row.completion], row.origin)
        elif isinstance(row, Conversation):
            yield row
        else:
            raise _wrong(source, row, "conversation")


def preferences(data: Source | Corpus) -> Iterator[Preference]:
    """Prompts with a better and a worse reply."""
    for source, row in _each(data):
        if not isinstance(row, Preference):
            raise _wrong(source, row, "preference")
        yield row


def prompts(data: Source | Corpus) -> Iterator[Prompt]:
    """Things to reply to: question lists, the lines of a text file, and what was asked in conversations, preferences
    and prompts with completions (whose completion is then the known answer)."""
    for source, row in _each(data, asking=True):
        if isinstance(row, Prompt):
            yield row
        elif isinstance(row, Preference):
            yield Prompt(row.prompt, "", row.origin)
        elif isinstance(row, PromptCompletion):
            yield Prompt(row.prompt, "\n\n".join(turn["content"] for turn in row.completion), row.origin)
        elif isinstance(row, Text) and not row.continues:
            yield Prompt([{"role": "user", "content": row.text}], "", row.origin)
        elif isinstance(row, Conversation) and (asked := _asked(row.messages)):
            yield Prompt(asked, "", row.origin)
        else:
            raise _wrong(source, row, "prompt")


def _asked(messages: list[Message]) -> list[Message]:
    """The turns up to the last one of the user."""
    last = max((place for place, turn in enumerate(messages) if turn["role"] == "user"), default=-1)
    return messages[: last + 1]


def _wrong(source: Source, row: Row, wanted: Kind) -> OgiveError:
    """The error for a row of another kind, with a mapping that would make it the wanted one, where there is one."""
    hint = "Choose other data."
    if isinstance(source, RowSource):
        fitting = [each for each in alternatives(source.sample(SAMPLE)) if each.kind == wanted]
        if fitting:
            hint = f"Read it as {fitting[0].format}: {fitting[0].options()}."
        elif source.mapping is not None:
            hint = f"It is read as {source.mapping}; say otherwise with --format and --map."
    return OgiveError(f"{row.origin}: expected {KINDS[wanted]}, found a {row.kind}.", hint)
