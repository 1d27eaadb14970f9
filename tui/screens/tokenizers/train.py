"""A new tokenizer as a form: its name, the data it learns from, and every option of its kind."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult

from core.settings.run import RunSettings
from tui import keys
from tui.draft import Draft
from tui.fields import field_line
from tui.glyphs import DOT
from tui.screens.base import OgiveScreen
from tui.widgets.form import Form, FormLine

NAME, DATA = "name", "data"
PREFIX = "tokenizer"
TRAINED = ("bpe", "characters")


class TrainScreen(OgiveScreen):
    """Dismisses with (name, data, settings), or None."""

    NAME = "tokenizer-new"
    HEADING = "NEW TOKENIZER"
    ALSO = ("form", "list")
    CSS_PATH = "tokenizers.tcss"
    BINDINGS = keys.bindings("tokenizer-new")
    TEXT: ClassVar[str] = (
        "The tokenizer is trained on the data's training text and kept under its name; a name that is taken gets a "
        "new version, the child of the last one."
    )

    def __init__(self, data: str) -> None:
        super().__init__()
        settings = RunSettings.model_validate({"tokenizer": {"name": "bpe", "vocab_size": 4096}})
        self.draft = Draft(settings)
        self._plain = {NAME: f"{data}-bpe", DATA: data}

    def compose_body(self) -> ComposeResult:
        yield Form(self._check, id="form")

    def on_mount(self) -> None:
        super().on_mount()
        self._show()
        self.query_one(Form).focus()

    def _show(self) -> None:
        lines = [
            FormLine("Tokenizer", help="what it is called, and what it learns from"),
            self._own(NAME, "Kept as the next version of this name"),
            self._own(DATA, "A name of the data screen"),
            FormLine("Kind", help="and the options of that kind"),
        ]
        lines += [field_line(self.draft, info) for info in self.draft.fields if _of_tokenizer(info.path)]
        self.query_one(Form).show(lines)
        self.headline("", "enter edits, s trains")

    def _own(self, path: str, help: str) -> FormLine:
        return FormLine(path, path, self._plain[path], help=help, problem=_wrong(path, self._plain[path]))

    def _check(self, path: str, text: str) -> str:
        return _wrong(path, text) if path in self._plain else self.draft.try_out(path, text)

    @on(Form.Given)
    def _given(self, event: Form.Given) -> None:
        if event.path in self._plain:
            self._plain[event.path] = event.text.strip()
        else:
            self.draft.put(event.path, event.text)
        self._show()

    @on(Form.Moved)
    def _moved(self) -> None:
        form = self.query_one(Form)
        if form.problem:
            self.trail(form.problem, "bad")
        elif form.marked is not None:
            self.trail(f"{form.marked.label}: {form.marked.help}")
        self.key_line.refresh_keys()

    def key_entries(self) -> list[tuple[str, str]]:
        if self.query_one(Form).typing:
            return [("enter", "accept"), ("esc", "cancel"), ("↑↓", "accept and move"), ("ctrl+u", "clear")]
        return super().key_entries()

    def action_start(self) -> None:
        form = self.query_one(Form)
        wrong = [(path, _wrong(path, text)) for path, text in self._plain.items() if _wrong(path, text)]
        wrong += [(path, problem) for path, problem in self.draft.problems.items() if _of_tokenizer(path)]
        kind = self.draft.settings.tokenizer.name
        if kind not in TRAINED:
            wrong.append((PREFIX, f"{kind} needs no training; choose {' or '.join(TRAINED)}"))
        if wrong:
            form.mark(wrong[0][0])
            self.trail(f"{wrong[0][0]} {DOT} {wrong[0][1]}", "bad")
            return
        result: tuple[str, str, Any] = (self._plain[NAME], self._plain[DATA], self.draft.settings.tokenizer)
        self.dismiss(result)

    def action_back(self) -> None:
        self.dismiss(None)


def _of_tokenizer(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}.")


def _wrong(path: str, text: str) -> str:
    if path == NAME and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
        return "letters, digits, dots, underscores and dashes only"
    if path == NAME and text in ("bpe", "bytes", "characters", "pretrained"):
        return "that is a kind of tokenizer; choose another name"
    return "" if text.strip() else "is empty"
