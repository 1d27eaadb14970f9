"""The lines of structure: title, hairline, trail and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widget import Widget

from tui import keys
from tui.glyphs import DONE, FAILED

if TYPE_CHECKING:
    from tui.screens.base import OgiveScreen


def clean(text: str) -> str:
    """`text` on one line, without control codes."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


class Hairline(Widget):
    """One thin line across."""

    DEFAULT_CSS = "Hairline { height: 1; width: 1fr; color: $hairline; }"

    def render(self) -> Content:
        return Content("─" * self.size.width)


class TitleLine(Widget):
    """Screen and object at the left, host and device at the right. The right end gives way first."""

    DEFAULT_CSS = "TitleLine { height: 1; width: 1fr; color: $bone; }"

    def __init__(self, name: str) -> None:
        super().__init__()
        self._heading = name
        self._left = Content("")
        self._right = Content("")

    def show(self, left: Content | str, right: Content | str = "") -> None:
        left, right = (
            Content(left) if isinstance(left, str) else left,
            Content(right) if isinstance(right, str) else right,
        )
        if left.is_same(self._left) and right.is_same(self._right):
            return
        self._left, self._right = left, right
        self.refresh()

    def render(self) -> Content:
        width = self.size.width
        left = Content.assemble(" ", (self._heading, "bold $brass"), " " if self._left else "", self._left)
        right = self._right.stylize_before("$ash")
        room = width - left.cell_length - right.cell_length - 1
        if room < 1:
            right = Content("")
            room = max(0, width - left.cell_length - 1)
        return Content.assemble(left.truncate(width, ellipsis=True), " " * room, right)


class TrailLine(Widget):
    """What just happened. A mark says whether it went well, so colour is not needed to know."""

    DEFAULT_CSS = "TrailLine { height: 1; width: 1fr; color: $ash; }"

    def __init__(self) -> None:
        super().__init__()
        self._content = Content("")
        self.text = ""

    def say(self, text: str, tone: str = "") -> None:
        self.text = clean(text)
        mark = {"good": (f"{DONE} ", "$verdigris"), "bad": (f"{FAILED} ", "$blood")}.get(tone, ("", ""))
        style = "$bone" if tone == "bad" else "$ash"
        self._content = Content.assemble(" ", mark, (self.text, style))
        self.refresh()

    def render(self) -> Content:
        return self._content.truncate(self.size.width, ellipsis=True)


class KeyLine(Widget):
    """The screen's main keys, as many as fit; the mode when a text field has the focus."""

    DEFAULT_CSS = "KeyLine { height: 1; width: 1fr; color: $ash; }"

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[tuple[str, str]] = []

    def refresh_keys(self) -> None:
        entries = cast("OgiveScreen", self.screen).key_entries()
        if entries != self._entries:
            self._entries = entries
            self.refresh()

    def render(self) -> Content:
        return key_content(self._entries, self.size.width, cast("OgiveScreen", self.screen).KEY_GAP)


def key_content(entries: list[tuple[str, str]], width: int, gap: int = 3) -> Content:
    """`n new   c chat   ...`: keys in brass, labels in ash."""
    parts: list[str | tuple[str, str]] = [" "]
    for index, (key, label) in enumerate(keys.fit(entries, width, gap)):
        parts += [" " * gap if index else "", (key, "$brass"), (f" {label}" if label else "", "$ash")]
    return Content.assemble(*parts)
