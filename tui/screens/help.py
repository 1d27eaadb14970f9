"""The `?` help: what a screen is for and every key of it, read from the key table."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui import keys
from tui.keys import bindings
from tui.screens import SCREENS
from tui.widgets.lines import key_content

if TYPE_CHECKING:
    from tui.app import OgiveApp


KEYS, EXPLAINED = 15, 52
"""Columns of the keys and of what they do: together no wider than the dialog."""


class HelpScreen(ModalScreen[None]):
    """Keys of the screen below, then those that hold everywhere."""

    BINDINGS = bindings("dialog")

    def __init__(self, about: Screen[Any]) -> None:
        super().__init__()
        self._about: str = getattr(about, "NAME", "")
        self._also: tuple[str, ...] = getattr(about, "ALSO", ())
        self._text: str = getattr(about, "TEXT", "")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog help"):
            yield Static(Content.styled(f"{self._about.upper()} · keys", "bold $brass"))
            with VerticalScroll():
                yield Static(self._content())
            yield Static(key_content([("↑↓", "scroll"), ("esc", "close")], 60))

    def _content(self) -> Content:
        keymap = cast("OgiveApp", self.app).keymap
        lines: list[Content] = []
        about = self._text or (SCREENS[self._about].help + "." if self._about in SCREENS else "")
        if about:
            lines += [Content.styled(about, "$bone"), Content("")]
        sections = [(self._about, ""), *((name, f"in a {name}") for name in self._also), ("app", "everywhere")]
        own = {one for key in keys.of(self._about) for one in keymap.get(key.id, key.keys).split(",")}
        for name, title in sections:
            rows = keys.of(name)
            if title and rows:
                lines += [Content(""), Content.styled(title, "$ash")]
            for key in rows:
                every = keymap.get(key.id, key.keys).split(",")
                if name != self._about:
                    # What the screen uses itself, the list inside it cannot have.
                    every = [one for one in every if one not in own] or every
                shown = [key.show] if key.show and key.id not in keymap else [keys.written(one) for one in every]
                left = f"  {' '.join(shown):<{KEYS}}"
                # Wrapped by hand, so that what goes on stands under the explanation and not under the key.
                for line in textwrap.wrap(key.help, EXPLAINED):
                    lines.append(Content.assemble((left, "$brass"), (line, "$bone")))
                    left = " " * (KEYS + 2)
        return Content("\n").join(lines)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("question_mark", "q", "enter"):
            event.stop()
            event.prevent_default()
            self.dismiss()

    def action_cancel(self) -> None:
        self.dismiss()
