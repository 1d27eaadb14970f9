"""Where a person types: one line that grows, Enter sends, and the commands that a slash may become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from tui.widgets.rows import Column, Row, Rows

if TYPE_CHECKING:
    from core.generation.commands import Command
    from tui.app import OgiveApp

NEWLINES = ("ctrl+j", "shift+enter", "alt+enter")
MAX_HISTORY = 200


class Prompt(TextArea):
    """Enter sends; a backslash before Enter, or pasting, makes another line. Up and down recall what was sent."""

    DEFAULT_CSS = """
    Prompt {
        height: auto; max-height: 6; border: none; padding: 0;
        background: $ground; color: $bone; scrollbar-size-vertical: 1;
    }
    Prompt .text-area--cursor-line { background: transparent; }
    Prompt .text-area--placeholder { color: $ash; }
    """

    class Sent(Message):
        """Enter was pressed on `text`."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Steered(Message):
        """A key for the completions, while they are open: up, down, tab or escape."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str | None = None) -> None:
        hint = "Say something, or / for commands"
        super().__init__(id=id, compact=True, highlight_cursor_line=False, placeholder=hint)
        self.cursor_blink = False
        self.completing = False
        """Whether completions are open: they get the arrow keys, Tab and Escape."""
        self._history: list[str] = []
        self._recalled = 0

    async def _on_key(self, event: events.Key) -> None:
        key = event.key
        if self.completing and key in ("up", "down", "tab", "escape"):
            self.post_message(self.Steered(key))
        elif key == "enter":
            self._enter()
        elif key in NEWLINES:
            self.insert("\n")
        elif (key == "up" and self.cursor_at_first_line and self._recall(-1)) or (
            key == "down" and self.cursor_at_last_line and self._recall(1)
        ):
            pass
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    def _enter(self) -> None:
        before = self.document.get_line(self.cursor_location[0])[: self.cursor_location[1]]
        if before.endswith("\\") and not self.completing:
            self.action_delete_left()
            self.insert("\n")
            return
        self.post_message(self.Sent(self.text))

    def sent(self, text: str) -> None:
        """What was typed has been taken: remember it and begin anew."""
        if text.strip() and self._history[-1:] != [text]:
            self._history = [*self._history[1 - MAX_HISTORY :], text]
        self._recalled = 0
        self.clear()

    def put(self, text: str) -> None:
        """Replace the text, the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)

    def _recall(self, step: int) -> bool:
        """Show what was sent before (-1) or after (1); False when there is nothing, or the text is one's own."""
        own = bool(self.text) and (self._recalled == 0 or self.text != self._history[-self._recalled])
        wanted = self._recalled - step
        if own or not 0 <= wanted <= len(self._history):
            return False
        self._recalled = wanted
        self.put(self._history[-wanted] if wanted else "")
        return True

    def action_copy(self) -> None:
        """Ctrl+C in the text field is the app's: copy what is selected, else stop the reply."""
        app = cast("OgiveApp", self.app)
        if self.selected_text:
            app.copy(self.selected_text)
        else:
            app.action_interrupt()


class Completions(Rows):
    """The commands that fit what is typed, over the prompt."""

    DEFAULT_CSS = """
    Completions { height: auto; max-height: 8; background: $raised; display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__([Column(20), Column(0)], id=id)
        self.can_focus = False
        self.always_marked = True
        self.offered: list[str] = []

    def offer(self, commands: Sequence[Command]) -> bool:
        """Show these; hidden when there are none. True when shown."""
        self.offered = [command.name for command in commands]
        if self.offered:
            rows = [
                Row(command.name, (Content(command.written), Content.styled(command.help, "$ash")))
                for command in commands
            ]
            self.show(rows)
        self.display = bool(self.offered)
        return self.display

    @property
    def chosen(self) -> str:
        """The name under the mark."""
        return self.marked.key if self.marked is not None and self.display else ""
