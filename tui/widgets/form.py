"""A form of many fields in one column, drawn line by line: move with the arrows, type in place, step through choices.

The form knows nothing of settings: it is given `FormLine`s and tells what the person wants by messages. While a value
is typed, every key is text (`typing` is True); Enter gives it, Esc takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from tui.glyphs import CARET, FAILED
from tui.keys import bindings

LABEL = 20
VALUE = 18


@dataclass(frozen=True)
class FormLine:
    """A heading (no `path`) or a field. `choices` makes it one to step through; `depth` indents what belongs to it."""

    label: str
    path: str = ""
    value: str = ""
    unit: str = ""
    help: str = ""
    problem: str = ""
    changed: bool = False
    choices: tuple[str, ...] = ()
    depth: int = 0
    empty: str = ""
    """What stands, faintly, where the value is empty."""


class Form(ScrollView, can_focus=True):
    """Lines with a mark on one of them, and a small editor inside the line."""

    BINDINGS = bindings("list") + bindings("form")
    DEFAULT_CSS = "Form { height: 1fr; width: 1fr; color: $bone; scrollbar-size-vertical: 1; overflow-x: hidden; }"

    class Given(Message):
        """A value was given for the field at `path`."""

        def __init__(self, path: str, text: str) -> None:
            super().__init__()
            self.path = path
            self.text = text

    class Moved(Message):
        """The mark is on another field, or typing began, went on or ended."""

    def __init__(self, check: Callable[[str, str], str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._check = check
        self.lines: list[FormLine] = []
        self.cursor = 0
        self.typing = False
        self._typed = ""
        self._at = 0
        self._typed_problem = ""

    # What is shown

    def show(self, lines: Sequence[FormLine]) -> None:
        """Replace the lines; the mark stays on its field."""
        path = self.marked.path if self.marked else ""
        self.lines = list(lines)
        self.virtual_size = Size(self.scrollable_content_region.width, max(1, len(self.lines)))
        if not self.mark(path):
            self._go(min(self.cursor, len(self.lines) - 1), 1)
        self.refresh()

    @property
    def marked(self) -> FormLine | None:
        return self.lines[self.cursor] if 0 <= self.cursor < len(self.lines) else None

    @property
    def problem(self) -> str:
        """What is wrong with the marked field, as it stands or as it is being typed."""
        line = self.marked
        return "" if line is None else self._typed_problem if self.typing else line.problem

    def mark(self, path: str) -> bool:
        """Put the mark on the field at `path`; False when it is not shown."""
        for index, line in enumerate(self.lines):
            if path and line.path == path:
                self._go(index, 1)
                return True
        return False

    def _go(self, index: int, step: int) -> None:
        """To the field at `index`, or the next one in the direction of `step`, else the nearest the other way."""
        wanted = max(0, min(index, len(self.lines) - 1))
        for direction in (step, -step):
            here = wanted
            while 0 <= here < len(self.lines) and not self.lines[here].path:
                here += direction
            if 0 <= here < len(self.lines):
                break
        else:
            return
        moved, self.cursor = here != self.cursor, here
        above = here - 1 if here and not self.lines[here - 1].path else here
        height = here - above + 1
        self.scroll_to_region(Region(0, above, 1, height), animate=False, force=True, immediate=True)
        if moved:
            self.refresh()
            self.post_message(self.Moved())

    def on_resize(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, max(1, len(self.lines)))

    # Moving

    def action_cursor_up(self) -> None:
        self._go(self.cursor - 1, -1)

    def action_cursor_down(self) -> None:
        self._go(self.cursor + 1, 1)

    def action_page_up(self) -> None:
        self._go(self.cursor - max(1, self.size.height - 2), -1)

    def action_page_down(self) -> None:
        self._go(self.cursor + max(1, self.size.height - 2), 1)

    def action_first(self) -> None:
        self._go(0, 1)

    def action_last(self) -> None:
        self._go(len(self.lines) - 1, -1)

    def action_next_section(self) -> None:
        heads = [index for index, line in enumerate(self.lines) if not line.path and index > self.cursor]
        if heads:
            self._go(heads[0], 1)

    def action_previous_section(self) -> None:
        heads = [index for index, line in enumerate(self.lines) if not line.path and index < self.cursor - 1]
        if heads:
            self._go(heads[-1], 1)

    def on_click(self, event: events.Click) -> None:
        index = event.y + self.scroll_offset.y
        if self.typing or not 0 <= index < len(self.lines) or not self.lines[index].path:
            return
        if index == self.cursor:
            self.action_edit()
        else:
            self._go(index, 1)

    # Giving values

    def _step(self, step: int) -> None:
        line = self.marked
        if line is None or not line.choices:
            return
        here = line.choices.index(line.value) if line.value in line.choices else -1
        self.post_message(self.Given(line.path, line.choices[(here + step) % len(line.choices)]))

    def action_next_choice(self) -> None:
        self._step(1)

    def action_previous_choice(self) -> None:
        self._step(-1)

    def action_choose(self) -> None:
        self.action_edit()

    def action_edit(self) -> None:
        line = self.marked
        if line is None or not line.path:
            return
        if line.choices:
            self._step(1)
            return
        self.typing = True
        self._typed = line.value
        self._at = len(line.value)
        self._typed_problem = line.problem
        self.refresh()
        self.post_message(self.Moved())

    def _end(self, give: bool) -> None:
        self.typing = False
        line = self.marked
        if give and line is not None and self._typed != line.value:
            self.post_message(self.Given(line.path, self._typed))
        self.refresh()
        self.post_message(self.Moved())

    def on_blur(self) -> None:
        if self.typing:
            self._end(True)
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self.typing and character is not None and character.isprintable()

    def on_paste(self, event: events.Paste) -> None:
        if self.typing:
            self._insert(" ".join(event.text.split("\n")).strip())
            event.stop()

    def on_key(self, event: events.Key) -> None:
        if not self.typing:
            return
        if event.key in ("enter", "tab"):
            self._end(True)
        elif event.key in ("up", "down"):
            self._end(True)
            self._go(self.cursor + (1 if event.key == "down" else -1), 1 if event.key == "down" else -1)
        elif event.key == "escape":
            self._end(False)
        elif event.key in ("left", "right", "home", "end", "ctrl+a", "ctrl+e"):
            far = {"home": 0, "ctrl+a": 0, "end": len(self._typed), "ctrl+e": len(self._typed)}
            near = self._at + (1 if event.key == "right" else -1)
            self._at = max(0, min(len(self._typed), far.get(event.key, near)))
        elif event.key == "backspace":
            self._type(self._typed[: max(0, self._at - 1)] + self._typed[self._at :], max(0, self._at - 1))
        elif event.key == "delete":
            self._type(self._typed[: self._at] + self._typed[self._at + 1 :], self._at)
        elif event.key == "ctrl+u":
            self._type(self._typed[self._at :], 0)
        elif event.character is not None and event.character.isprintable():
            self._insert(event.character)
        else:
            return
        self.refresh()
        event.stop()
        event.prevent_default()

    def _insert(self, text: str) -> None:
        self._type(self._typed[: self._at] + text + self._typed[self._at :], self._at + len(text))

    def _type(self, text: str, at: int) -> None:
        self._typed, self._at = text, at
        line = self.marked
        self._typed_problem = self._check(line.path, text) if line is not None else ""
        self.refresh()
        self.post_message(self.Moved())

    # Drawing

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + self.scroll_offset.y
        base = self.visual_style
        if not 0 <= index < len(self.lines):
            return Strip.blank(width, base.rich_style)
        line = self.lines[index]
        marked = index == self.cursor and self.has_focus
        content = self._field(line, width, marked) if line.path else _heading(line, width)
        if marked:
            base += Style.parse(f"on {self.app.theme_variables['raised']}")
        return Strip(content.render_segments(base)).adjust_cell_length(width, base.rich_style)

    def _field(self, line: FormLine, width: int, marked: bool) -> Content:
        label_room = LABEL - line.depth * 2
        value_room = max(VALUE, min(40, width // 4))
        typing = marked and self.typing
        problem = self._typed_problem if typing else line.problem
        label = Content.styled(f"{line.label}{' *' if line.changed else ''}", "bold" if marked else "").truncate(
            label_room, ellipsis=True
        )
        value = self._editor(value_room) if typing else _value(line, value_room, marked)
        note = Content.assemble((f"{FAILED} {problem}", "$blood")) if problem else Content.styled(line.help, "$ash")
        return Content.assemble(
            (f"{CARET} " if marked else "  ", "$brass"),
            "  " * line.depth,
            label,
            " " * (label_room - label.cell_length + 1),
            value,
            " " * max(1, value_room - value.cell_length + 1),
            note,
        ).truncate(width, ellipsis=True)

    def _editor(self, room: int) -> Content:
        """The text being typed with its cursor, scrolled so that the cursor shows."""
        start = max(0, self._at - room + 1)
        shown = f"{self._typed} "[start : start + room]
        at = self._at - start
        return Content.assemble(
            (shown[:at], "bold underline"), (shown[at : at + 1], "reverse"), (shown[at + 1 :], "bold underline")
        )


def _heading(line: FormLine, width: int) -> Content:
    return Content.assemble(" ", (line.label, "bold $brass"), (f"  {line.help}" if line.help else "", "$ash")).truncate(
        width, ellipsis=True
    )


def _value(line: FormLine, room: int, marked: bool) -> Content:
    style = "$blood" if line.problem else "bold" if line.changed else ""
    if not line.value and line.empty:
        return Content.styled(line.empty, "$ash").truncate(room, ellipsis=True)
    unit = Content.styled(f" {line.unit}" if line.unit else "", "$ash")
    if line.choices and marked:
        value = Content.assemble(("‹ ", "$brass"), (line.value, style), (" ›", "$brass"))
    else:
        value = Content.styled(line.value, style)
    return Content.assemble(value, unit).truncate(room, ellipsis=True)
