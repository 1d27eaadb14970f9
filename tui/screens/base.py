"""The frame of every screen: title line, body, trail line, key line, with hairlines between.

A screen subclasses `OgiveScreen`, names its row of the key table and yields its body:

    class MonitorScreen(OgiveScreen):
        NAME = "monitor"
        BINDINGS = bindings("monitor")
        CSS_PATH = "monitor.tcss"

        def compose_body(self) -> ComposeResult:
            yield LossChart()

        def open(self, run: Path | None = None) -> None:
            self.title_line.show(Content("..."), right=Content("..."))

`open` is called each time the screen is brought up, on the mounted screen. `trail(text)` says what just happened;
the key line and the help follow the key table by themselves. A screen that is not shown should not work: see
`showing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen

from tui import keys
from tui.widgets.lines import Hairline, KeyLine, TitleLine, TrailLine

if TYPE_CHECKING:
    from tui.app import OgiveApp


class OgiveScreen(Screen[Any]):
    """Four lines of structure, a body in between, and the place where the app tells the screen what to show."""

    NAME: ClassVar[str] = ""
    """The screen's row of keys, and its name in `SCREENS`."""
    HEADING: ClassVar[str] = ""
    """What the title line begins with, when not the name."""
    ALSO: ClassVar[tuple[str, ...]] = ()
    """Further rows of the key table that hold here, such as `list`: for the help."""
    KEY_GAP: ClassVar[int] = 3
    """Cells between the entries of the key line."""
    TEXT: ClassVar[str] = ""
    """A few sentences for the `?` help, above the keys."""

    def compose(self) -> ComposeResult:
        yield TitleLine(self.HEADING or self.NAME.upper())
        yield Hairline()
        with Container(id="body"):
            yield from self.compose_body()
        yield Hairline()
        yield TrailLine()
        yield KeyLine()

    def compose_body(self) -> ComposeResult:
        """What stands between the hairlines."""
        yield from ()

    def open(self, **arguments: Any) -> None:
        """The screen is brought up, with what to show."""

    def interrupt(self) -> bool:
        """Ctrl+C with nothing selected: stop what the screen does and return True, or return False."""
        return False

    @property
    def ogive(self) -> OgiveApp:
        """The app, typed."""
        return cast("OgiveApp", self.app)

    @property
    def showing(self) -> bool:
        """Whether a person sees this screen now: it leads its mode's stack, or only a dialog lies over it."""
        return self in self.app.screen_stack

    @property
    def title_line(self) -> TitleLine:
        return self.query_one(TitleLine)

    @property
    def key_line(self) -> KeyLine:
        return self.query_one(KeyLine)

    @property
    def typing(self) -> bool:
        """Whether a text field has the focus: bare keys are text then."""
        return self.focused is not None and self.focused.check_consume_key("a", "a")

    def headline(self, left: Content | str, right: Content | str = "") -> None:
        """Set the title line's text after the screen's name, and its right end."""
        self.title_line.show(left, right)

    def trail(self, text: str, tone: str = "") -> None:
        """Say what just happened, in one line; tones `good` and `bad` add colour to a mark, never replace it."""
        self.query_one(TrailLine).say(text, tone)

    def key_entries(self) -> list[tuple[str, str]]:
        """What the key line shows, most wanted first; a screen with modes of its own overrides this."""
        keymap = self.ogive.keymap
        shown = []
        for key in keys.ranked((self.NAME, "app")):
            if self.typing and not key.keys.startswith(("ctrl+", "escape")):
                continue
            if self.check_action(key.action, ()) is not False:
                shown.append((keys.label_of(key, keymap), key.label))
        return shown

    def on_mount(self) -> None:
        self.watch(self, "focused", self._focus_moved, init=False)
        self.key_line.refresh_keys()

    def _focus_moved(self) -> None:
        self._refresh_keys()

    def refresh_bindings(self) -> None:
        super().refresh_bindings()
        if self.is_mounted:
            self._refresh_keys()

    def _refresh_keys(self) -> None:
        for line in self.query(KeyLine):  # none on a screen that is being left
            line.refresh_keys()
