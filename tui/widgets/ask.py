"""A short question over the screen that is answered in one line of text."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.glyphs import FAILED
from tui.keys import bindings
from tui.widgets.lines import key_content


class Ask(ModalScreen[str | None]):
    """Dismisses with the text, or None; `check` says what is wrong with it, or ''."""

    BINDINGS = bindings("dialog")

    def __init__(self, question: str, value: str = "", check: Callable[[str], str] | None = None) -> None:
        super().__init__()
        self._question = question
        self._value = value
        self._check = check or (lambda text: "")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog ask"):
            yield Static(Content.styled(self._question, "bold"))
            yield Static("", classes="gap")
            yield Input(self._value, compact=True, select_on_focus=False)
            yield Static("", id="wrong")
            yield Static(key_content([("enter", "accept"), ("esc", "cancel")], 60))

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        wrong = self._check(event.value)
        self.query_one("#wrong", Static).update(Content.styled(f"{FAILED} {wrong}" if wrong else "", "$blood"))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if not self._check(event.value):
            self.dismiss(event.value)

    def action_cancel(self) -> None:
        self.dismiss(None)
