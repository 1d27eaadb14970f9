"""The tokenizer that a person means by a name: kept, in a folder, by settings (trained at need), or of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.bricks import TOKENIZERS
from core.cancel import Cancel
from core.errors import OgiveError, nearest
from core.runs import registry
from core.settings import load, names
from core.settings.overrides import apply, parse_overrides
from core.settings.schema import slot_of
from core.settings.text import Document
from core.settings.tokenizer import TokenizerSettings
from core.tokenization import library
from core.tokenization.build import build
from core.tokenization.tokenizer import Tokenizer
from core.tokenization.tokenizer import load as load_folder
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.data.corpus import Corpus

TRAINED = ("bpe", "characters")
"""The bricks that learn from text."""


@dataclass(frozen=True)
class Named:
    """A tokenizer that can be asked for by name; `kind` is kept, settings, brick or run. `settings` are those of a
    recipe that uses it."""

    name: str
    kind: str
    note: str
    settings: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "note": self.note, "settings": self.settings}


def find_tokenizer(
    workspace: Workspace, name: str, corpus: Corpus | None = None, cancel: Cancel | None = None
) -> Tokenizer:
    """The tokenizer called `name`. One that has to be trained is trained on `corpus`, and cached."""
    folder = Path(name).expanduser()
    if (folder / "tokenizer.json").exists():
        return load_folder(folder)
    kept = library.find_kept(workspace, name)
    if kept is not None:
        return library.open_kept(kept)
    settings = settings_named(workspace, name)
    if settings is not None:
        if corpus is None:
            return build(settings, ())
        from core.data.prepare import make_tokenizer

        return make_tokenizer(settings, corpus, workspace, cancel)
    found = _of_run(workspace, name)
    if found is not None:
        return load_folder(found)
    known = [one.name for one in list_named(workspace)]
    raise OgiveError(
        f"There is no tokenizer {name!r}: nothing kept, no folder, settings or run is called that.",
        nearest(name, known),
    )


def list_named(workspace: Workspace) -> list[Named]:
    """What `find_tokenizer` knows without a path: kept ones, newest versions first, then settings, bricks and runs."""
    found = []
    for kept in reversed(library.list_kept(workspace)):
        note = kept.problem or f"{kept.kind}, {kept.vocab_size} tokens, from {kept.trained_on}"
        found.append(Named(kept.reference, "kept", note, _ready(kept.folder)))
    for stored in names.list_settings(workspace, "tokenizer"):
        settings = settings_named(workspace, stored.name)
        if settings is not None:
            found.append(Named(stored.name, "settings", stored.description, settings.model_dump(mode="json")))
    for name in TOKENIZERS:
        if name != "pretrained":
            found.append(Named(name, "brick", TOKENIZERS[name].help, {"name": name}))
    for info in registry.list_runs(workspace):
        folder = _of(info.path)
        if folder is not None:
            found.append(Named(info.id, "run", f"of the run, {info.stage}", _ready(folder)))
    return list({one.name: one for one in reversed(found)}.values())[::-1]


def settings_named(workspace: Workspace, name: str) -> TokenizerSettings | None:
    """The settings called `name`, or a brick's own defaults; None when there are none."""
    if name.partition("@")[0] in {item.name for item in names.list_settings(workspace, "tokenizer")}:
        found = load.load_subject("tokenizer", name, workspace)
        assert isinstance(found, TokenizerSettings)
        return found
    return TokenizerSettings.model_validate(name) if name in TOKENIZERS and name != "pretrained" else None


def sample_texts(corpus: Corpus, documents: int = 2000, characters: int = 4_000_000) -> list[str]:
    """The words of the corpus's first rows, of any kind: at most so many of either kind (0: all)."""
    from core.data.typed import plain

    found, size = [], 0
    for row in corpus.rows():
        text = plain(row)
        if characters and size + len(text) > characters:
            text = text[: characters - size]
        found.append(text)
        size += len(text)
        if (documents and len(found) >= documents) or (characters and size >= characters):
            break
    return found


def train_kept(
    workspace: Workspace,
    settings: TokenizerSettings,
    corpus: Corpus,
    name: str,
    *,
    trained_on: str = "",
    parent: str | None = None,
    cancel: Cancel | None = None,
) -> library.Kept:
    """Train by `settings` on the training text of `corpus` and keep it as the next version of `name`."""
    library.check_name(name)
    if name in TOKENIZERS:
        raise OgiveError(f"{name!r} is a kind of tokenizer, so a kept one cannot be called that.", "Choose another.")
    if settings.name not in TRAINED:
        raise OgiveError(f"A tokenizer of the kind {settings.name!r} needs no training.", "Use it by its name.")
    from core.data.prepare import make_tokenizer

    made = make_tokenizer(settings, corpus, workspace, cancel)
    return library.keep(
        made,
        workspace,
        name,
        settings=settings.model_dump(mode="json"),
        data=corpus.settings.model_dump(mode="json"),
        trained_on=trained_on,
        parent=parent,
    )


def changed(settings: TokenizerSettings, overrides: list[str]) -> TokenizerSettings:
    """`settings` with changes such as `split_digits=true` applied and checked."""
    document = Document(settings.model_dump(mode="json"))
    for override in parse_overrides(overrides):
        apply(document, slot_of(TokenizerSettings), override)
    return load.validate(TokenizerSettings, document.value, settings.name, document)


def _ready(folder: Path) -> dict[str, Any]:
    """The settings of a recipe that uses the tokenizer in `folder` as it is."""
    return {"name": "pretrained", "path": str(folder)}


def _of_run(workspace: Workspace, name: str) -> Path | None:
    try:
        return _of(registry.resolve(workspace, name).path)
    except OgiveError:
        return None


def _of(run: Path) -> Path | None:
    """The folder of a run's newest good checkpoint that holds a tokenizer."""
    for pointer in ("final", "best", "latest"):
        if (run / pointer).is_file():
            folder = run / (run / pointer).read_text().strip()
            if (folder / "tokenizer.json").exists():
                return folder
    return None
