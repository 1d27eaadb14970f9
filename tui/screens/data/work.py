"""What the data screens ask of the engine, as jobs, and what comes back as plain values. Runs off the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from core.workspace import Workspace
from tui.engine import JobContext
from tui.screens.working import progress

if TYPE_CHECKING:
    from core.data.snapshots import Snapshot
    from core.data.typed import Row
    from core.settings.data import DataSettings

LONGEST = 20_000
"""Characters of a document that are shown."""
COUNTED = 2_000_000
"""Characters that token counts read, when a source is longer."""
MOST_TOKENIZERS = 4


@dataclass(frozen=True)
class Entry:
    """A source of the workspace: a snapshot, or data settings. Figures that are not known are None."""

    name: str
    kind: str
    """snapshot, yours or shipped."""
    holds: str
    settings: dict[str, Any]
    """Data settings that read it."""
    documents: int | None = None
    size: int | None = None
    made: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    lengths: dict[str, int] | None = None
    histogram: tuple[tuple[int, int], ...] = ()
    tokens: tuple[Counted, ...] = ()
    damage: str = ""


@dataclass(frozen=True)
class Counted:
    """Tokens of a source by one tokenizer; `whole` is False when only its beginning was counted."""

    tokenizer: str
    tokens: int
    bytes_per_token: float
    whole: bool


@dataclass(frozen=True)
class Kept:
    """Something new in the list: its name there, and a sentence on it."""

    name: str
    told: str


@dataclass(frozen=True)
class Shown:
    """One row to read: (who or what, text) in turn; `characters` is its whole length."""

    origin: str
    kind: str
    parts: tuple[tuple[str, str], ...]
    characters: int

    @property
    def beginning(self) -> str:
        """Its first words on one line."""
        return " ".join(" ".join(text for _, text in self.parts)[:200].split())


def entries(workspace: Workspace) -> Callable[[JobContext], list[Entry]]:
    """Snapshots, the newest first, then data settings that are more than a name for one snapshot."""

    def work(context: JobContext) -> list[Entry]:
        from core.data.snapshots import list_snapshots
        from core.settings.names import list_settings

        snapshots = sorted(list_snapshots(workspace), key=lambda one: one.created_at, reverse=True)
        known = {one.name for one in snapshots}
        found = [_of_snapshot(one) for one in snapshots]
        for stored in list_settings(workspace, "data"):
            entry = _of_settings(workspace, stored)
            sources = entry.settings.get("sources") or [{}]
            if len(sources) == 1 and str(sources[0].get("snapshot", "")).partition("@")[0] in known:
                continue
            found.append(entry)
        return found

    return work


def _of_snapshot(one: Snapshot) -> Entry:
    mapping = one.mapping or {}
    columns = ", ".join(f"{role}={column}" for role, column in (mapping.get("columns") or {}).items())
    names = [str(file.get("path", "")).rpartition("/")[2] for file in one.files]
    kinds = ", ".join(f"{count} {kind}" for kind, count in one.kinds.items()) if len(one.kinds) > 1 else ""
    facts = (
        ("read as", f"{mapping.get('format')}: {columns}" if mapping else "plain text"),
        ("kinds", kinds),
        ("files", ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")),
        ("about", one.description),
        ("parents", ", ".join(str(parent.get("name")) for parent in one.parents)),
        ("made", one.created_at.replace("T", " ").removesuffix("+00:00")),
        ("content", one.id),
        ("damage", one.damage),
    )
    return Entry(
        one.reference,
        "snapshot",
        one.kind,
        {"sources": [{"name": "snapshot", "snapshot": one.reference}]},
        one.documents,
        one.bytes,
        one.created_at[:10],
        tuple(fact for fact in facts if fact[1]),
        one.lengths,
        tuple((int(upper), int(count)) for upper, count in one.histogram),
        damage=one.damage,
    )


def _of_settings(workspace: Workspace, stored: Any) -> Entry:
    from core.errors import OgiveError
    from core.settings.load import load_subject

    kind = "shipped" if stored.shipped else "yours"
    try:
        settings: Any = load_subject("data", stored.path, workspace)
    except OgiveError as error:
        return Entry(stored.name, kind, "damaged", {}, damage=error.message)
    told = [source_words(source.model_dump(mode="json")) for source in settings.sources]
    facts = (
        ("about", stored.description),
        *(("reads" if at == 0 else "", one) for at, one in enumerate(told)),
        ("held out", f"{settings.held_out:.0%}"),
        ("from", "shipped with the program" if stored.shipped else "this workspace"),
        ("parent", stored.parent or ""),
    )
    holds = "mixture" if len(settings.sources) > 1 else settings.sources[0].name
    made = (stored.created_at or "")[:10]
    shown = tuple((label, said) for label, said in facts if said)
    return Entry(stored.name, kind, holds, settings.model_dump(mode="json"), made=made, facts=shown)


def source_words(source: dict[str, Any]) -> str:
    """A source's settings in a few words: `files ~/tales.txt, weight 2`."""
    named = [str(source[key]) for key in ("path", "snapshot", "id", "subset", "split") if source.get(key)]
    weight = f"weight {source['weight']:g}" if source.get("weight") is not None else ""
    return ", ".join(part for part in (" ".join([source["name"], *named]), weight) if part)


def settings_of(tree: dict[str, Any]) -> DataSettings:
    """Plain values as checked data settings; OgiveError says what is wrong."""
    from core.settings.data import DataSettings
    from core.settings.load import validate

    return validate(DataSettings, tree, "data")


def count(workspace: Workspace, entry: Entry) -> Callable[[JobContext], Entry]:
    """The entry with its documents, lengths and tokens counted; the tokenizers are the kept ones, and bytes."""

    def work(context: JobContext) -> Entry:
        from core.data.corpus import Corpus
        from core.data.survey import count_tokens, survey
        from core.data.tokenizers import find_tokenizer
        from core.tokenization.library import list_kept

        corpus = Corpus(settings_of(entry.settings), context.cancel, progress(context), workspace=workspace)
        found = entry
        if entry.documents is None:
            told = survey(corpus, samples=0)
            documents = told.train.documents + told.held_out.documents
            size = told.train.bytes + told.held_out.bytes
            bars = tuple((int(upper), int(number)) for upper, number in told.histogram)
            found = replace(found, documents=documents, size=size, lengths=told.lengths, histogram=bars)
        newest = {kept.name: kept.reference for kept in list_kept(workspace) if not kept.problem}
        names = [*list(newest.values())[: MOST_TOKENIZERS - 1], "bytes"]
        tokenizers = {name: find_tokenizer(workspace, name) for name in names}
        counts = count_tokens(corpus, tokenizers, COUNTED, context.cancel)
        rows = [Counted(name, one["tokens"], one["bytes_per_token"], one["whole"]) for name, one in counts.items()]
        return replace(found, tokens=tuple(rows))

    return work


def documents(workspace: Workspace, entry: Entry, start: int, number: int) -> Callable[[JobContext], list[Shown]]:
    """`number` rows of all the entry's sources, from the row `start` on."""

    def work(context: JobContext) -> list[Shown]:
        from core.data.sources import make, rows

        settings = settings_of(entry.settings)
        stream = (row for source in settings.sources for row in rows(make(source, workspace)))
        found = []
        for row in islice(stream, start, start + number):
            context.cancel.check("Reading")
            found.append(shown(row))
        return found

    return work


def shown(row: Row) -> Shown:
    """A row as parts to read, each cut to LONGEST characters."""
    from core.data.typed import plain

    kind = row.kind
    parts: list[tuple[str, str]] = []
    for label, name in (("", "text"), ("", "messages"), ("", "prompt"), ("", "completion"), ("chosen", "chosen"),
                        ("rejected", "rejected"), ("answer", "answer")):  # fmt: skip
        value = getattr(row, name, None) if not (kind == "prompt" and name == "text") else None
        if isinstance(value, str) and value:
            parts.append((label, value[:LONGEST]))
        elif isinstance(value, list):
            parts += [(label or turn["role"], turn["content"][:LONGEST]) for turn in value]
    return Shown(row.origin, kind, tuple(parts), len(plain(row)))


def delete(workspace: Workspace, entry: Entry) -> Callable[[JobContext], str]:
    """Remove a snapshot with the settings that only name it, or a person's own settings; the name that is gone."""

    def work(context: JobContext) -> str:
        from core.data import snapshots

        name = entry.name
        if entry.kind == "snapshot":
            snapshots.delete(workspace, name)
            name = name.partition("@")[0]
            if any(one.name == name for one in snapshots.list_snapshots(workspace)):
                return entry.name
        for path in (workspace.configs / "data").glob(f"{name}*.yaml"):
            if path.stem.partition("@")[0] == name:
                path.unlink(missing_ok=True)
        return entry.name

    return work


def keep(workspace: Workspace, name: str, tree: dict[str, Any], description: str) -> Callable[[JobContext], str]:
    """Save data settings under a name; the name with its version."""

    def work(context: JobContext) -> str:
        from core.settings.names import find
        from core.settings.store import save_version

        path = save_version(settings_of(tree), workspace, subject="data", name=name, description=description)
        return find(workspace, "data", path).reference

    return work
