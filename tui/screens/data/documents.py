"""The documents of one source, to be read one after another."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tui import keys, words
from tui.screens.data import work as jobs
from tui.screens.data.views import document
from tui.screens.data.work import Entry, Shown
from tui.screens.working import WorkingScreen
from tui.widgets.reader import Reader
from tui.widgets.rows import Column, Row, Rows
from tui.widgets.wrapping import printable

BATCH = 200
COLUMNS = (Column(0), Column(8, right=True, needs=56))
SIDE = (Column(0),)


class DocumentsScreen(WorkingScreen):
    """Opened over the data screen, and left for it."""

    NAME = "documents"
    HEADING = "DATA"
    ALSO = ("list",)
    CSS_PATH = "data.tcss"
    BINDINGS = keys.bindings("documents")
    TEXT: ClassVar[str] = "The documents as they were understood: n and p go through them, m reads more of them."

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.documents: list[Shown] = []
        self._all = False

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Rows(COLUMNS, empty="reading ...", id="all")
            with Vertical(id="right"):
                yield Reader(id="view")

    def on_mount(self) -> None:
        super().on_mount()
        self.add_class("-two")
        self.headline(Content(printable(self.entry.name)), "")
        self.query_one("#all", Rows).focus()
        self.action_more()

    def action_more(self) -> None:
        if self._all:
            self.trail("these are all its documents")
            return

        def show(found: list[Shown]) -> None:
            self.documents += found
            self._all = len(found) < BATCH
            self._draw()

        start = len(self.documents)
        self.give("read", jobs.documents(self.ogive.workspace, self.entry, start, BATCH), show, doing="reading")

    def _draw(self) -> None:
        rows = [
            Row(str(at), (Content(printable(one.beginning)), Content.styled(words.count(one.characters), "$ash")))
            for at, one in enumerate(self.documents)
        ]
        self.query_one("#all", Rows).show(rows)
        more = "" if self._all else "the first "
        self.headline(Content(printable(self.entry.name)), f"{more}{len(self.documents)} documents")
        self._read()
        self.key_line.refresh_keys()

    @property
    def _at(self) -> int:
        row = self.query_one("#all", Rows).marked
        return int(row.key) if row is not None else 0

    @on(Rows.Moved)
    def _read(self) -> None:
        if self._at < len(self.documents):
            one = self.documents[self._at]
            self.query_one("#view", Reader).show(lambda width: document(one, width))
            self.trail(f"{one.origin}: {one.kind}, {words.count(one.characters)} characters")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "more" and self._all)

    def action_next(self) -> None:
        self.query_one("#all", Rows).move(1)

    def action_previous(self) -> None:
        self.query_one("#all", Rows).move(-1)

    def action_copy(self) -> None:
        if self.documents:
            self.ogive.copy("\n\n".join(text for _, text in self.documents[self._at].parts))

    @on(Rows.Chosen)
    def _chosen(self) -> None:
        self.query_one("#view").focus()

    def action_other(self) -> None:
        rows, view = self.query_one("#all", Rows), self.query_one("#view", Reader)
        (view if rows.has_focus else rows).focus()

    def action_back(self) -> None:
        if self.query_one("#view").has_focus:
            self.query_one("#all").focus()
        else:
            self.drop("read")
            self.dismiss()
