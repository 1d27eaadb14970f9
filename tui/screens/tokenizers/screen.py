"""The tokenizer screen: a list of all there are, and beside it a report, a comparison or a search for tokens."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input

from tui import keys, words
from tui.glyphs import MARK
from tui.screens.tokenizers import work as jobs
from tui.screens.tokenizers.views import about, compare, report
from tui.screens.tokenizers.work import Entry, Measured
from tui.screens.working import WorkingScreen
from tui.widgets.ask import Ask
from tui.widgets.confirm import Confirm, Option
from tui.widgets.picker import Choice, Picker
from tui.widgets.reader import Reader
from tui.widgets.rows import Column, Row, Rows, RowsHead
from tui.widgets.wrapping import printable

LIST = (Column(1), Column(0), Column(8), Column(7, right=True), Column(6, right=True, needs=44))
FOUND = (Column(7, right=True), Column(0), Column(30, needs=60), Column(9, right=True))
DEFAULT_DATA = "demo"


class TokenizersScreen(WorkingScreen):
    """Everything about how text is cut."""

    NAME = "tokenizers"
    ALSO = ("list",)
    KEY_GAP = 2
    CSS_PATH = "tokenizers.tcss"
    BINDINGS = keys.bindings("tokenizers")
    TEXT: ClassVar[str] = (
        "Enter measures the tokenizer under the mark on a text; space marks several, and c lays them side by side. "
        "Those that have to be trained are trained on that text and cached. Kept ones have versions with parents."
    )

    data = DEFAULT_DATA
    """The name of the data that everything is measured on."""
    sample = ""
    """The text that is shown cut into tokens; empty: the beginning of the data."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.measured: dict[str, Measured] = {}
        self._marks: list[str] = []
        self._pane = "about"
        """What the right pane shows: about, report, compare or search."""
        self._shown = ""
        self._at = ""
        """The row that the trail spoke of last, so that a list read again does not speak."""

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                rows = Rows(LIST, empty="reading ...", id="all")
                yield RowsHead(rows, ("", "", "kind", "tokens", "B/tok"))
                yield rows
            with Vertical(id="right"):
                yield Reader(id="view")
                with Vertical(id="search"):
                    found = Rows(FOUND, empty="no token holds that", id="found")
                    found.always_marked = True
                    yield RowsHead(found, ("id", "", "bytes", "times"))
                    yield found
        yield Input(id="find", placeholder="text, bytes as 0x2074, or a number as #512", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#find").display = False
        self.query_one("#search").display = False
        self.query_one("#all", Rows).focus()
        self.refresh_entries()

    def open(self, data: str = "", **arguments: Any) -> None:
        """Bring the screen up, to measure on `data` when it is named."""
        if data and data != self.data:
            self.data = data
            self.measured.clear()
            self._show_pane("about")
        if not self.working("list"):
            self.refresh_entries()
        self._draw()

    def refresh_entries(self, mark: str = "") -> None:
        """Read the list again; then put the mark on `mark`."""

        def show(found: list[Entry]) -> None:
            self.entries = found
            self._marks = [name for name in self._marks if any(one.name == name for one in found)]
            self._draw()
            if mark:
                self.query_one("#all", Rows).mark(mark)
            self._at = self.marked.name if self.marked is not None else ""

        self.give("list", jobs.entries(self.ogive.workspace), show)

    # What is shown

    @property
    def marked(self) -> Entry | None:
        """The tokenizer under the mark."""
        row = self.query_one("#all", Rows).marked
        return next((one for one in self.entries if row is not None and one.name == row.key), None)

    def _draw(self) -> None:
        rows = []
        for one in self.entries:
            known = self.measured.get(one.name)
            size = known.report.vocab_size if known else one.size
            dense = f"{known.report.bytes_per_token:.2f}" if known else ""
            rows.append(
                Row(
                    one.name,
                    (
                        Content.styled(MARK if one.name in self._marks else "", "$brass"),
                        Content(printable(one.name)),
                        Content.styled(one.kind, "$ash"),
                        Content.styled(str(size) if size else "", "$ash"),
                        Content(dense),
                    ),
                )
            )
        self.query_one("#all", Rows).show(rows)
        self.query_one("#left RowsHead", RowsHead).show("Tokenizers")
        kept = sum(one.kind == "kept" for one in self.entries)
        self.headline(f"{kept} kept", f"measured on {self.data}")
        self._draw_view()
        self.key_line.refresh_keys()

    def _draw_view(self) -> None:
        view = self.query_one("#view", Reader)
        entry = self.marked
        if self._pane == "compare":
            several = [self.measured[name] for name in self._marks if name in self.measured]
            if len(several) > 1:
                view.show(lambda width: compare(several, width))
        elif self._pane == "report" and self._shown in self.measured:
            one = self.measured[self._shown]
            view.show(lambda width: report(one, width))
        elif entry is not None and entry.name in self.measured:
            known = self.measured[entry.name]
            view.show(lambda width: report(known, width))
        elif entry is not None:
            view.show(lambda width: about(entry, width))

    def _show_pane(self, pane: str) -> None:
        """Bring a pane up; with one pane's room only, it takes the list's place unless it is `about`."""
        self._pane = pane
        self.set_class(pane != "about", "-reading")
        self.query_one("#view").display = pane != "search"
        self.query_one("#search").display = pane == "search"
        self._draw_view()
        self.key_line.refresh_keys()

    @on(Rows.Moved, "#all")
    def _moved(self) -> None:
        entry = self.marked
        if entry is not None and self._pane in ("about", "report"):
            self._pane = "about"
            self._draw_view()
            if entry.name != self._at and not self.working():
                self.trail(f"{entry.name}: {entry.note}")
            self._at = entry.name
        self.key_line.refresh_keys()

    def key_entries(self) -> list[tuple[str, str]]:
        if self.query_one("#find", Input).has_focus:
            return [("enter", "to the tokens"), ("↑↓", "move"), ("ctrl+u", "clear"), ("esc", "close")]
        return super().key_entries()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("report", "search", "mark", "use") and self.marked is None:
            return False
        if action in ("report", "mark") and not self.query_one("#left").display:
            return False
        if action == "compare":
            return len(self._compared()) > 1
        if action == "delete":
            return self.marked is not None and self.marked.kind == "kept" and self._pane == "about"
        return True

    # Measuring

    def _measure(self, names: list[str], then: Any) -> None:
        missing = [name for name in names if name not in self.measured]
        if not missing:
            then()
            return

        def take(found: list[Measured]) -> None:
            self.measured |= {one.name: one for one in found}
            self._draw()
            then()
            told = ", ".join(f"{one.name} {one.report.bytes_per_token:.2f}" for one in found)
            self.trail(f"bytes per token: {told}", "good")

        doing = f"measuring {', '.join(missing)}"
        self.give("measure", jobs.measure(self.ogive.workspace, missing, self.data, self.sample), take, doing=doing)

    @on(Rows.Chosen, "#all")
    def _chosen(self) -> None:
        self.action_report()

    def action_report(self) -> None:
        entry = self.marked
        if entry is None:
            return

        def show() -> None:
            self._shown = entry.name
            self._show_pane("report")
            self.query_one("#view").focus()

        self._measure([entry.name], show)

    def action_mark(self) -> None:
        entry = self.marked
        if entry is None:
            return
        if entry.name in self._marks:
            self._marks.remove(entry.name)
        else:
            self._marks.append(entry.name)
        self._draw()

    def _compared(self) -> list[str]:
        """The marked ones, and the one under the mark when it alone would be compared with."""
        entry = self.marked
        extra = [entry.name] if entry is not None and len(self._marks) == 1 and entry.name not in self._marks else []
        return [*self._marks, *extra]

    def action_compare(self) -> None:
        names = self._compared()
        if len(names) < 2:
            self.trail("mark two or more with space, then compare them")
            return
        self._marks = names

        def show() -> None:
            self._show_pane("compare")
            self.query_one("#view").focus()

        self._measure(names, show)

    def action_sample(self) -> None:
        self._ask_sample()

    @work(exclusive=True, group="ask")
    async def _ask_sample(self) -> None:
        text = await self.app.push_screen_wait(Ask("Which text should be cut? (empty: from the data)", self.sample))
        if text is not None and text != self.sample:
            self.sample = text
            names = self._marks if self._pane == "compare" else [self._shown] if self._pane == "report" else []
            self.measured.clear()
            pane = self._pane
            self._measure(names, lambda: self._show_pane(pane)) if names else self._draw()

    def action_data(self) -> None:
        def ask(found: list[tuple[str, str]]) -> None:
            self._pick_data(found)

        self.give("data", jobs.data_names(self.ogive.workspace), ask)

    @work(exclusive=True, group="ask")
    async def _pick_data(self, found: list[tuple[str, str]]) -> None:
        choices = [Choice(name, name, note) for name, note in found]
        answer = await self.app.push_screen_wait(Picker("Measure on which data?", choices, self.data, "No data yet."))
        if answer:
            self._show_pane("about")
            self.open(data=answer)
            self.trail(f"tokenizers are measured on {answer}", "good")

    # Searching

    def action_search(self) -> None:
        entry = self.marked
        if entry is None:
            return

        def show() -> None:
            self._shown = entry.name
            self._show_pane("search")
            find = self.query_one("#find", Input)
            find.display = True
            find.focus()
            self._look_up()

        self._measure([entry.name], show)

    @on(Input.Changed, "#find")
    def _look_up(self) -> None:
        measured = self.measured.get(self._shown)
        if measured is None or self._pane != "search":
            return
        wanted = self.query_one("#find", Input).value

        def show(found: Any) -> None:
            rows = [
                Row(
                    str(one.id),
                    (
                        Content.styled(str(one.id), "$ash"),
                        Content.styled(printable(one.name), "$amethyst" if one.special else "$bone"),
                        Content.styled(one.hex or "special", "$ash"),
                        Content(words.count(one.count or 0)),
                    ),
                )
                for one in found.tokens
            ]
            self.query_one("#found", Rows).show(rows)
            self.query_one("#search RowsHead", RowsHead).show(f"{found.total} found")
            self.trail(f"tokens of {measured.name}; how often they come in {measured.data}")

        self.give("search", jobs.look_up(measured, wanted), show, failed=lambda cause, hint: self.trail(cause, "bad"))

    def on_key(self, event: events.Key) -> None:
        moves = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8}
        if self.query_one("#find", Input).has_focus and event.key in moves:
            self.query_one("#found", Rows).move(moves[event.key])
            event.stop()

    @on(Input.Submitted, "#find")
    def _to_the_tokens(self) -> None:
        self.query_one("#found", Rows).focus()

    # Using, making and removing

    def action_use(self) -> None:
        entry = self.marked
        if entry is not None:
            self.ogive.open("setup", tokenizer=entry.settings)

    def action_train(self) -> None:
        from tui.screens.tokenizers.train import TrainScreen

        self.app.push_screen(TrainScreen(self.data), self._train)

    def _train(self, wanted: tuple[str, str, Any] | None) -> None:
        if wanted is None:
            return
        name, data, settings = wanted

        def kept(reference: str) -> None:
            self.refresh_entries(mark=reference)
            self.trail(f"kept as {reference}", "good")

        work = jobs.train(self.ogive.workspace, settings, data, name)
        self.give("train", work, kept, doing=f"training {name} on {data}")

    @work(exclusive=True, group="ask")
    async def action_delete(self) -> None:
        entry = self.marked
        if entry is None or entry.kind != "kept":
            return
        answer = await self.app.push_screen_wait(
            Confirm(
                f"Delete {entry.name}?",
                "The folder is removed for good. Models trained with it have a copy of their own.",
                Option("keep", "k", "keep"),
                Option("delete", "d", "delete", alarming=True),
            )
        )
        if answer == "delete":

            def gone(reference: str) -> None:
                self.measured.pop(reference, None)
                self.refresh_entries()
                self.trail(f"{reference} is deleted", "good")

            self.give("delete", jobs.delete(self.ogive.workspace, entry.name), gone, doing=f"deleting {entry.name}")

    # Moving

    def action_other(self) -> None:
        rows, view = self.query_one("#all", Rows), self.query_one("#view", Reader)
        if not rows.has_focus:
            rows.focus()
        elif self._pane == "search":
            self.query_one("#found", Rows).focus()
        elif view.display:
            view.focus()

    def action_back(self) -> None:
        if self._pane != "about":
            self.query_one("#find").display = False
            self._show_pane("about")
            self.query_one("#all", Rows).focus()
        else:
            self.ogive.back()
