"""What the tokenizer screen asks of the engine, as jobs. Runs off the UI thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.workspace import Workspace
from tui.engine import JobContext
from tui.screens.working import progress

if TYPE_CHECKING:
    from core.settings.tokenizer import TokenizerSettings
    from core.tokenization.report import TokenizerReport
    from core.tokenization.search import Search
    from core.tokenization.tokenizer import Tokenizer

DOCUMENTS, CHARACTERS = 2000, 4_000_000
"""A report reads this much of the data, whichever is reached first."""
SAMPLE = 400


@dataclass(frozen=True)
class Entry:
    """A tokenizer that can be asked for; `kind` is kept, settings, brick or run."""

    name: str
    kind: str
    note: str
    settings: dict[str, Any]
    """Of a recipe that uses it."""
    size: int | None = None
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Measured:
    """A tokenizer and what it made of a text. `tokenizer` is for the engine only."""

    name: str
    data: str
    tokenizer: Tokenizer
    report: TokenizerReport
    counts: Counter[int]
    cut: list[str]


def entries(workspace: Workspace) -> Callable[[JobContext], list[Entry]]:
    """All tokenizers of the workspace, kept ones first."""

    def work(context: JobContext) -> list[Entry]:
        from core.data.tokenizers import list_named
        from core.tokenization.library import list_kept

        kept = {one.reference: one for one in list_kept(workspace)}
        found = []
        for named in list_named(workspace):
            one = kept.get(named.name)
            if one is None:
                found.append(Entry(named.name, named.kind, named.note, named.settings))
                continue
            changed = {key: value for key, value in one.settings.items() if value not in (False, "", [], "none")}
            told = (
                ("parent", one.parent or "none"),
                ("made", one.created_at.replace("T", " ").removesuffix("+00:00")),
                ("trained on", one.trained_on),
                ("settings", ", ".join(f"{key} {value}" for key, value in changed.items() if key != "name")),
                ("sha256", one.sha256[:16]),
                ("problem", one.problem),
            )
            note = one.problem or (f"child of {one.parent}" if one.parent else f"from {one.trained_on}")
            found.append(Entry(named.name, named.kind, note, named.settings, one.vocab_size, told))
        return found

    return work


def measure(
    workspace: Workspace, names: Sequence[str], data: str, sample: str
) -> Callable[[JobContext], list[Measured]]:
    """What each of `names` makes of the beginning of `data`; one that has to be trained is, on that data."""

    def work(context: JobContext) -> list[Measured]:
        from core.data.tokenizers import find_tokenizer, sample_texts
        from core.tokenization.report import report, segments

        corpus = opened(workspace, data, context)
        texts = sample_texts(corpus, DOCUMENTS, CHARACTERS)
        shown = sample or next((text for text in texts if text.strip()), "")[:SAMPLE]
        found = []
        for name in names:
            tokenizer = find_tokenizer(workspace, name, corpus, context.cancel)
            counts: Counter[int] = Counter()
            told = report(tokenizer, texts, cancel=context.cancel, counts=counts)
            cut = [piece for _, piece in segments(tokenizer, shown)]
            found.append(Measured(name, data, tokenizer, told, counts, cut))
        return found

    return work


def look_up(measured: Measured, wanted: str) -> Callable[[JobContext], Search]:
    """The tokens that hold some text or bytes, with their counts in the text that was measured."""

    def work(context: JobContext) -> Search:
        from core.tokenization.search import search

        return search(measured.tokenizer, wanted, measured.counts, 500)

    return work


def train(workspace: Workspace, settings: TokenizerSettings, data: str, name: str) -> Callable[[JobContext], str]:
    """Train a tokenizer on `data` and keep it; its reference."""

    def work(context: JobContext) -> str:
        from core.data.tokenizers import train_kept

        corpus = opened(workspace, data, context)
        return train_kept(workspace, settings, corpus, name, trained_on=data, cancel=context.cancel).reference

    return work


def delete(workspace: Workspace, reference: str) -> Callable[[JobContext], str]:
    """Remove a kept version for good."""

    def work(context: JobContext) -> str:
        from core.tokenization.library import delete_kept

        return delete_kept(workspace, reference).reference

    return work


def data_names(workspace: Workspace) -> Callable[[JobContext], list[tuple[str, str]]]:
    """Names of data that tokenizers can be measured on, and what each is."""

    def work(context: JobContext) -> list[tuple[str, str]]:
        from core.data.snapshots import list_snapshots
        from core.settings.names import list_settings

        found = [(one.reference, one.damage or f"snapshot, {one.kind}") for one in list_snapshots(workspace)]
        return [*found, *((one.name, one.description) for one in list_settings(workspace, "data"))]

    return work


def opened(workspace: Workspace, data: str, context: JobContext) -> Any:
    """The corpus that `data` names, telling the screen how far it is."""
    from core.data.corpus import Corpus
    from core.data.reading import data_settings

    return Corpus(data_settings(data, workspace), context.cancel, progress(context), workspace=workspace)
