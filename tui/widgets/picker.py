"""Pick one of many: a filter to type into, and the rows that hold all its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.keys import bindings
from tui.widgets.lines import key_content
from tui.widgets.rows import Column, Row, Rows


@dataclass(frozen=True)
class Choice:
    """One row: the value given back, its name and a note."""

    value: str
    name: str
    note: str = ""


class Picker(ModalScreen[str | None]):
    """Dismisses with the chosen value, or None."""

    BINDINGS = bindings("dialog")

    def __init__(
        self, title: str, choices: Sequence[Choice], current: str = "", empty: str = "Nothing here yet."
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = list(choices)
        self._current = current
        self._empty = empty

    def compose(self) -> ComposeResult:
        widest = max((len(choice.name) for choice in self._choices), default=8)
        with Vertical(classes="dialog picker"):
            yield Static(Content.styled(self._title, "bold"))
            yield Input(placeholder="type to narrow", compact=True, select_on_focus=False)
            yield Rows([Column(min(widest, 34)), Column(0)], empty=self._empty)
            yield Static(key_content([("enter", "choose"), ("↑↓", "move"), ("esc", "cancel")], 60))

    def on_mount(self) -> None:
        self._fill("")
        rows = self.query_one(Rows)
        rows.can_focus = False
        rows.always_marked = True
        rows.mark(self._current)
        self.query_one(Input).focus()

    def _fill(self, words: str) -> None:
        wanted = words.lower().split()
        kept = [c for c in self._choices if all(word in f"{c.name} {c.note}".lower() for word in wanted)]
        kept.sort(key=lambda choice: not all(word in choice.name.lower() for word in wanted))
        rows = self.query_one(Rows)
        rows.show([Row(c.value, (Content(c.name), Content.styled(c.note, "$ash"))) for c in kept])
        if wanted:
            rows.action_first()

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _submit(self) -> None:
        marked = self.query_one(Rows).marked
        if marked is not None:
            self.dismiss(marked.key)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(event.row.key)

    def on_key(self, event: events.Key) -> None:
        rows = self.query_one(Rows)
        moves = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8}
        if event.key in moves:
            rows.move(moves[event.key])
            event.stop()
            event.prevent_default()

    def action_cancel(self) -> None:
        self.dismiss(None)
