"""The data screen: the sources of the workspace, what each holds, and what can be done with it."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input

from tui import keys, words
from tui.glyphs import FAILED, MARK
from tui.screens.data import work as jobs
from tui.screens.data.views import details
from tui.screens.data.work import Entry, Kept
from tui.screens.working import WorkingScreen
from tui.widgets.confirm import Confirm, Option
from tui.widgets.reader import Reader
from tui.widgets.rows import Column, Row, Rows, RowsHead
from tui.widgets.wrapping import printable

COLUMNS = (
    Column(1),
    Column(0),
    Column(17, needs=52),
    Column(9, right=True),
    Column(8, right=True, needs=44),
    Column(10, needs=76),
)
NAMES = ("", "", "holds", "documents", "text", "from")


class DataScreen(WorkingScreen):
    """Everything there is to learn from."""

    NAME = "data"
    ALSO = ("list",)
    KEY_GAP = 2
    CSS_PATH = "data.tcss"
    BINDINGS = keys.bindings("data")
    TEXT: ClassVar[str] = (
        "A snapshot is a copy of a file or data set as it was understood; it does not change. Data settings name "
        "sources, how they are weighed and what is held out. u sets up a run that learns from the marked one."
    )

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self._counted: dict[str, Entry] = {}
        self._marks: list[str] = []
        self._filter = ""

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                rows = Rows(COLUMNS, empty="reading ...", id="all")
                yield RowsHead(rows, NAMES)
                yield rows
            with Vertical(id="right"):
                yield Reader(id="view")
        yield Input(id="find", placeholder="find", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.add_class("-two")
        self.query_one("#find").display = False
        self.query_one("#all").focus()
        self.refresh_entries()

    def open(self, **arguments: Any) -> None:
        if not self.working("list"):
            self.refresh_entries()

    def refresh_entries(self, mark: str = "") -> None:
        """Read the workspace again; then put the mark on `mark`."""

        def show(found: list[Entry]) -> None:
            self.entries = found
            names = {one.name for one in found}
            self._marks = [name for name in self._marks if name in names]
            self._draw()
            if mark:
                self.query_one("#all", Rows).mark(mark)

        self.give("list", jobs.entries(self.ogive.workspace), show)

    # What is shown

    @property
    def marked(self) -> Entry | None:
        """The source under the mark, with what has been counted of it."""
        row = self.query_one("#all", Rows).marked
        return self.entry(row.key) if row is not None else None

    def entry(self, name: str) -> Entry | None:
        """The source called `name`, with what has been counted of it."""
        found = next((one for one in self.entries if one.name == name), None)
        known = self._counted.get(name)
        return known if known is not None and found is not None and known.settings == found.settings else found

    def _draw(self) -> None:
        wanted = self._filter.lower().split()
        kept = [
            one for one in self.entries if all(word in f"{one.name} {one.holds} {one.kind}".lower() for word in wanted)
        ]
        self.query_one("#all", Rows).show([self._row(self.entry(one.name) or one) for one in kept])
        found = f"{len(kept)} of {len(self.entries)}" if wanted else ""
        self.query_one("#left RowsHead", RowsHead).show(f"Sources {found}".strip())
        marked = f"{len(self._marks)} marked" if self._marks else ""
        self.headline(words.plural(len(self.entries), "source"), marked)
        self._show_details()
        self.key_line.refresh_keys()

    def _row(self, one: Entry) -> Row:
        return Row(
            one.name,
            (
                Content.styled(FAILED if one.damage else MARK if one.name in self._marks else "", "$brass"),
                Content(printable(one.name)),
                Content.styled(one.holds, "$ash"),
                Content(words.count(one.documents)),
                Content.styled(words.memory(one.size) if one.size is not None else "", "$ash"),
                Content.styled(one.made if one.kind == "snapshot" else one.kind, "$ash"),
            ),
        )

    def _show_details(self) -> None:
        entry = self.marked
        bars = 3 if self.size.height < 30 else 6
        self.query_one("#view", Reader).show(lambda width: [] if entry is None else details(entry, width, bars))

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_details)

    @on(Rows.Moved, "#all")
    def _moved(self) -> None:
        self._show_details()
        self.key_line.refresh_keys()

    def key_entries(self) -> list[tuple[str, str]]:
        if self.query_one("#find", Input).has_focus:
            return [("enter", "to the list"), ("esc", "show all")]
        return super().key_entries()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        entry = self.marked
        if action in ("preview", "count", "use"):
            return entry is not None and not entry.damage
        if action == "delete":
            return entry is not None and entry.kind != "shipped"
        if action in ("mark", "mixture"):
            return entry is not None
        return True

    # Actions

    @on(Rows.Chosen, "#all")
    def _chosen(self) -> None:
        self.action_preview()

    def action_preview(self) -> None:
        from tui.screens.data.documents import DocumentsScreen

        entry = self.marked
        if entry is not None and not entry.damage:
            self.app.push_screen(DocumentsScreen(entry))

    def action_add(self) -> None:
        from tui.screens.data.files import FilesScreen

        self.app.push_screen(FilesScreen(), self._added)

    def _added(self, kept: Kept | None) -> None:
        if kept is not None:
            self.refresh_entries(mark=kept.name)
            self.trail(kept.told, "good")

    def action_count(self) -> None:
        entry = self.marked
        if entry is None or entry.damage:
            return

        def show(found: Entry) -> None:
            self._counted[found.name] = found
            self._draw()
            self.trail(f"{found.name} is counted", "good")

        self.give("count", jobs.count(self.ogive.workspace, entry), show, doing=f"counting {entry.name}")

    def action_mark(self) -> None:
        entry = self.marked
        if entry is None:
            return
        if entry.name in self._marks:
            self._marks.remove(entry.name)
        else:
            self._marks.append(entry.name)
        self._draw()
        self.query_one("#all", Rows).move(1)

    def action_mixture(self) -> None:
        from tui.screens.data.mixture import MixtureScreen

        entry = self.marked
        names = self._marks or ([entry.name] if entry is not None else [])
        chosen = [one for name in names if (one := self.entry(name)) is not None and not one.damage]
        if chosen:
            known = [self.entry(one.name) or one for one in self.entries if not one.damage]
            self.app.push_screen(MixtureScreen(chosen, known), self._added)

    def action_use(self) -> None:
        entry = self.marked
        if entry is not None and not entry.damage:
            self.ogive.open("setup", data=entry.settings)

    def action_tokenizers(self) -> None:
        entry = self.marked
        self.ogive.open("tokenizers", data=entry.name if entry is not None and not entry.damage else "")

    @work(exclusive=True, group="ask")
    async def action_delete(self) -> None:
        entry = self.marked
        if entry is None:
            return
        if entry.kind == "shipped":
            self.trail(f"{entry.name} is shipped with the program and stays", "bad")
            return
        what = "Its copy of the rows is" if entry.kind == "snapshot" else "These settings are"
        answer = await self.app.push_screen_wait(
            Confirm(
                f"Delete {entry.name}?",
                f"{what} removed for good; the files they came from are not touched.",
                Option("keep", "k", "keep"),
                Option("delete", "d", "delete", alarming=True),
            )
        )
        if answer == "delete":

            def gone(name: str) -> None:
                self._counted.pop(name, None)
                self.refresh_entries()
                self.trail(f"{name} is deleted", "good")

            self.give("delete", jobs.delete(self.ogive.workspace, entry), gone, doing=f"deleting {entry.name}")

    # Finding and moving

    def action_find(self) -> None:
        find = self.query_one("#find", Input)
        find.display = True
        find.focus()

    @on(Input.Changed, "#find")
    def _narrow(self, event: Input.Changed) -> None:
        self._filter = event.value
        self._draw()

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self.query_one("#find").display = bool(self._filter)
        self.query_one("#all").focus()

    def action_other(self) -> None:
        rows, view = self.query_one("#all"), self.query_one("#view")
        (view if rows.has_focus else rows).focus()

    def action_back(self) -> None:
        find = self.query_one("#find", Input)
        if find.has_focus or self._filter:
            find.value = self._filter = ""
            find.display = False
            self._draw()
            self.query_one("#all").focus()
        elif self.query_one("#view").has_focus:
            self.query_one("#all").focus()
        else:
            self.ogive.back()
