"""A question over the screen: some answers, each with a key; the safe one has the focus."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.glyphs import CARET
from tui.keys import bindings
from tui.widgets.lines import key_content


@dataclass(frozen=True)
class Option:
    """An answer: its value, its key, and what it does."""

    value: str
    key: str
    label: str
    help: str = ""
    alarming: bool = False


class Confirm(ModalScreen[str]):
    """Ask; dismisses with the value of the answer, or with the first (safe) one's when closed by Esc."""

    BINDINGS = bindings("dialog")

    def __init__(self, question: str, detail: str, *options: Option) -> None:
        super().__init__()
        self._question = question
        self._detail = detail
        self.options = options
        self.cursor = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content.styled(self._question, "bold"))
            if self._detail:
                yield Static(Content.styled(self._detail, "$ash"))
            yield Static("", classes="gap")
            yield Static(id="options")
            yield Static("", classes="gap")
            yield Static(key_content([("enter", "choose"), ("↑↓", "move"), ("esc", self.options[0].label)], 60))

    def on_mount(self) -> None:
        self._draw()

    def _draw(self) -> None:
        lines = []
        for index, option in enumerate(self.options):
            chosen = index == self.cursor
            tone = "$blood" if option.alarming else "$bone"
            lines.append(
                Content.assemble(
                    (f"{CARET} " if chosen else "  ", "$brass"),
                    (option.key, "bold $brass"),
                    "  ",
                    (option.label, f"bold {tone}" if chosen else tone),
                    (f"   {option.help}" if option.help else "", "$ash"),
                )
            )
        self.query_one("#options", Static).update(Content("\n").join(lines))

    def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down", "left", "right", "tab", "shift+tab", "j", "k"):
            step = -1 if event.key in ("up", "left", "shift+tab", "k") else 1
            self.cursor = (self.cursor + step) % len(self.options)
            self._draw()
        elif event.key == "enter":
            self.dismiss(self.options[self.cursor].value)
        elif event.character in {option.key for option in self.options}:
            self.dismiss(next(option.value for option in self.options if option.key == event.character))
        else:
            return
        event.stop()
        event.prevent_default()

    def action_cancel(self) -> None:
        self.dismiss(self.options[0].value)
