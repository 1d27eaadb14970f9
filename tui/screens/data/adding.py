"""A look at what is about to be added: how its columns are read, three rows as they were understood, and other ways."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from core.bricks import SOURCES
from tui import keys, words
from tui.glyphs import FAILED
from tui.screens.data import looking
from tui.screens.data.folders import short
from tui.screens.data.looking import Look
from tui.screens.data.views import brief
from tui.screens.data.work import Kept
from tui.screens.working import WorkingScreen
from tui.widgets.form import Form, FormLine
from tui.widgets.reader import Reader
from tui.widgets.wrapping import break_line, printable

NONE = "(none)"
OF_KIND = {"files": ("documents",), "huggingface": ("subset", "split", "streaming")}
"""Options of a source that are asked for beside its columns."""


class AddingScreen(WorkingScreen):
    """Opened over the file list. Dismisses with what was added, or None."""

    NAME = "adding"
    HEADING = "ADD DATA"
    ALSO = ("form", "list")
    CSS_PATH = "data.tcss"
    BINDINGS = keys.bindings("adding")
    TEXT: ClassVar[str] = (
        "The first rows are shown as they will be learned from. Where a column is read wrongly, choose another with "
        "the arrow keys, or another format; v goes through the ways that fit. Nothing is written before you press a."
    )

    def __init__(self, source: dict[str, Any]) -> None:
        super().__init__()
        self.source = dict(source)
        self._called = default_name(str(source.get("path") or source.get("id") or "data"))
        self.look: Look | None = None
        self.problem: tuple[str, str] | None = None
        self._ways: list[tuple[str, tuple[tuple[str, str], ...]]] = []
        """Every way in which its columns can be read, the one found out first."""
        self._way = 0

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Form(self._check, id="form")
            with Vertical(id="right"):
                yield Reader(id="view")

    def on_mount(self) -> None:
        super().on_mount()
        self.add_class("-two")
        self.headline(self._place, "")
        self._draw()
        self.query_one(Form).focus()
        self._look()

    @property
    def _place(self) -> Content:
        """Where it is: a path, or an id."""
        return Content(printable(short(str(self.source.get("path") or self.source.get("id")))))

    # Looking

    def _look(self) -> None:
        def show(found: Look) -> None:
            self.look = found
            if not self._ways:
                columns = tuple((role, column) for role, column, _ in found.roles if column)
                self._ways = [*([(found.format, columns)] if found.kind and columns else []), *found.others]
            if found.problem:
                self._failed(found.problem, BY_HAND)
                return
            self.problem = None
            self._draw()
            way = f", way {self._way + 1} of {len(self._ways)} to read it" if len(self._ways) > 1 else ""
            self.trail(f"{found.kind}{way}; a adds it as {self._called}", "good")

        work = looking.look_into(self.ogive.workspace, self.source)
        self.give("look", work, show, doing="looking into it", failed=self._failed)

    def _failed(self, cause: str, hint: str) -> None:
        """It cannot be read: say why, beside the fields that may mend it."""
        path = str(self.source.get("path") or "")
        self.problem = (cause.replace(path, Path(path).name) if path else cause), hint
        self._draw()
        self.trail(self.problem[0], "bad")

    def _draw(self) -> None:
        self.query_one(Form).show(self._lines())
        self.query_one("#view", Reader).show(self._shown)
        look = self.look
        if look is not None:
            size = f"{words.plural(look.files, 'file')}, {words.memory(look.size)}" if look.files else ""
            self.headline(self._place, size)
        self.key_line.refresh_keys()

    def _lines(self) -> list[FormLine]:
        lines = [
            FormLine("Snapshot", help="what it will be called"),
            FormLine(
                "name",
                "name",
                self._called,
                problem=wrong_name(self._called),
                help="A name that is taken: next version",
            ),
            FormLine("Reading", help="how it is understood"),
        ]
        options = SOURCES[self.source["name"]].options
        for key in OF_KIND[self.source["name"]]:
            if key == "documents" and self.look is not None and self.look.columns:
                continue
            option = options[key]
            choices = option.choices or (("false", "true") if option.value_type is bool else ())
            value = self.source.get(key, option.default)
            text = str(value).lower() if isinstance(value, bool) else str(value or "")
            lines.append(FormLine(key, key, text, help=option.help, choices=choices, empty="(found out)"))
        look = self.look
        if look is not None and look.columns:
            formats = tuple(name for name in options["format"].choices if name != "sharegpt")
            help = (
                "as you said" if self._format != "auto" else f"it is {look.format}" if look.kind else "not recognised"
            )
            lines.append(FormLine("format", "format", self._format, help=help, choices=formats))
            for role, column, needed in look.roles:
                choices = look.columns if needed and column else (NONE, *look.columns)
                said = role in self._said
                help = "as you said" if said else "found out" if column else "needed" if needed else "may be left out"
                lines.append(
                    FormLine(role, f"role.{role}", column or NONE, help=help, choices=choices, changed=said, depth=1)
                )
        return lines

    def _shown(self, width: int) -> list[Content]:
        lines: list[Content] = []
        if self.problem is not None:
            cause, hint = self.problem
            lines += [Content.styled(f" {FAILED} {line}", "$blood") for line in break_line(printable(cause), width - 4)]
            lines += [Content.styled(f"   {line}", "$bone") for line in break_line(printable(hint), width - 4)]
            return lines
        if self.look is None:
            return [Content.styled(" looking into it ...", "$ash")]
        return brief(self.look.rows, width, self.query_one("#view").size.height)

    # Changing how it is read

    @property
    def _said(self) -> dict[str, str]:
        """The columns that were said, by role."""
        parts = str(self.source.get("map") or "").split(",")
        return dict(part.split("=", 1) for part in parts if "=" in part)

    @property
    def _format(self) -> str:
        return str(self.source.get("format") or "auto")

    def _map(self, given: dict[str, str]) -> None:
        self.source["map"] = ",".join(f"{role}={column}" for role, column in given.items())

    def _check(self, path: str, text: str) -> str:
        return wrong_name(text) if path == "name" else ""

    @on(Form.Given)
    def _changed(self, event: Form.Given) -> None:
        path, text = event.path, event.text.strip()
        if path == "name":
            self._called = text
            self._draw()
            return
        if path == "format":
            self.source["format"] = text
            self._map({})
        elif path.startswith("role."):
            given = self._said
            given.pop(path[5:], None)
            if text != NONE:
                given[path[5:]] = text
            self._map(given)
        else:
            self.source[path] = text == "true" if text in ("true", "false") else text
        self._look()

    def action_next(self) -> None:
        if len(self._ways) < 2:
            self.trail("there is no other way to read it")
            return
        self._way = (self._way + 1) % len(self._ways)
        format, columns = self._ways[self._way]
        self.source["format"] = format
        self._map(dict(columns))
        self._look()

    @on(Form.Moved)
    def _moved(self) -> None:
        form = self.query_one(Form)
        if form.problem:
            self.trail(form.problem, "bad")
        elif form.marked is not None and not self.working():
            self.trail(f"{form.marked.label}: {form.marked.help}")
        self.key_line.refresh_keys()

    def key_entries(self) -> list[tuple[str, str]]:
        if self.query_one(Form).typing:
            return [("enter", "accept"), ("esc", "cancel"), ("ctrl+u", "clear")]
        line = self.query_one(Form).marked
        change = [("←→", "change")] if line is not None and line.choices else [("enter", "type")]
        return [*change, *super().key_entries()]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "add":
            return self.look is not None and self.problem is None
        if action == "next":
            return len(self._ways) > 1
        return True

    # Adding

    def action_add(self) -> None:
        if self.look is None or self.problem is not None:
            return
        if wrong_name(self._called):
            self.query_one(Form).mark("name")
            self.trail(wrong_name(self._called), "bad")
            return

        def added(result: tuple[str, bool]) -> None:
            reference, fresh = result
            told = f"added {reference}" if fresh else f"the same is there already: {reference}"
            self.dismiss(Kept(reference, told))

        work = looking.add(self.ogive.workspace, self.source, self._called)
        self.give("add", work, added, doing=f"adding {self._called}", failed=self._failed)

    def action_back(self) -> None:
        for group in ("look", "add"):
            self.drop(group)
        self.dismiss(None)


BY_HAND = "Choose a format above with the arrow keys, then the column of each of its parts."


def default_name(place: str) -> str:
    """A name for what lies at a path or has an id: `~/texts/My tales.jsonl` as `My-tales`."""
    fixed = [part for part in Path(place).parts if not any(mark in part for mark in "*?[")]
    stem = Path(fixed[-1]).stem if fixed else ""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")
    return name or "data"


def wrong_name(text: str) -> str:
    """What is wrong with a snapshot's name, or ''."""
    return "" if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", text) else "letters, digits, dots and dashes only"
