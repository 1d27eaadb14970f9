"""The panel that tells a failure: cause, log, next step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.glyphs import FAILED
from tui.keys import bindings
from tui.widgets.lines import key_content

if TYPE_CHECKING:
    from tui.app import OgiveApp


class FailurePanel(ModalScreen[None]):
    """What went wrong and what to do next; any of enter, esc or q closes it."""

    BINDINGS = bindings("dialog")

    def __init__(self, cause: str, hint: str, log_path: Path | None) -> None:
        super().__init__()
        self.cause = cause
        self.hint = hint
        self.log_path = log_path

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog failure"):
            yield Static(Content.assemble((f"{FAILED} ", "$blood"), (self.cause, "bold")))
            if self.hint:
                yield Static("", classes="gap")
                yield Static(Content.assemble(("next  ", "$ash"), self.hint))
            if self.log_path is not None:
                yield Static(Content.assemble(("log   ", "$ash"), str(self.log_path)))
            yield Static("", classes="gap")
            yield Static(key_content([("enter", "close"), ("y", "copy this")], 60))

    def on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "q"):
            self.dismiss()
        elif event.key == "y":
            lines = [self.cause, self.hint, str(self.log_path or "")]
            cast("OgiveApp", self.app).copy("\n".join(line for line in lines if line))
        else:
            return
        event.stop()
        event.prevent_default()

    def action_cancel(self) -> None:
        self.dismiss()
