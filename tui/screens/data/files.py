"""Choosing what to add: a file or folder of this machine, or a data set of the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input

from core.errors import OgiveError
from tui import keys, words
from tui.screens.data.folders import UP, Item, Listing, check, complete, look, short
from tui.screens.data.work import Kept
from tui.screens.working import WorkingScreen
from tui.widgets.ask import Ask
from tui.widgets.rows import Column, Row, Rows, RowsHead
from tui.widgets.wrapping import printable

COLUMNS = (Column(0), Column(9, right=True, needs=40), Column(14, needs=52))


class FilesScreen(WorkingScreen):
    """Opened over the data screen. Dismisses with what was added, or None."""

    NAME = "files"
    HEADING = "ADD DATA"
    ALSO = ("list",)
    CSS_PATH = "data.tcss"
    BINDINGS = keys.bindings("files")
    TEXT: ClassVar[str] = (
        "Enter goes into a folder or looks into a file; nothing is added before you have seen it. Space takes a whole "
        "folder. A path may have stars, such as ~/texts/*.md."
    )

    def __init__(self) -> None:
        super().__init__()
        self.listing = Listing(Path.cwd(), ())
        self._hidden = False

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panes"), Vertical(id="left"):
            rows = Rows(COLUMNS, empty="reading ...", id="all")
            yield RowsHead(rows, ("", "size", "kind"))
            yield rows
        yield Input(id="path", placeholder="a path; tab completes", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.add_class("-two")
        self.query_one("#path").display = False
        self.query_one("#all").focus()
        kept = Path(str(self.ogive.remembered.get("data_folder") or self.ogive.workspace.root))
        self._go(kept if kept.is_dir() else Path.cwd())

    def _go(self, folder: Path, mark: str = "") -> None:
        """Show another folder, with the mark on an entry of it."""

        def show(found: Listing) -> None:
            self.listing = found
            self.ogive.remember(data_folder=str(found.folder))
            rows = self.query_one("#all", Rows)
            rows.show([])
            rows.show([_row(item) for item in found.items])
            if not (mark and rows.mark(mark)) and len(found.items) > 1 and found.items[0].name == UP:
                rows.mark(found.items[1].name)
            self.query_one(RowsHead).show(printable(short(str(found.folder))))
            more = f", {found.more} more are not shown" if found.more else ""
            files = sum(bool(item.what) and not item.folder for item in found.items)
            self.headline("", f"{files} files can be read{more}")

        self.give("list", lambda _: look(folder, self._hidden), show, failed=self._refused)

    def _refused(self, cause: str, hint: str) -> None:
        self.trail(f"{cause} {hint}".strip(), "bad")

    @property
    def _marked(self) -> Item | None:
        row = self.query_one("#all", Rows).marked
        return next((item for item in self.listing.items if row is not None and item.name == row.key), None)

    @on(Rows.Moved)
    def _moved(self) -> None:
        self.key_line.refresh_keys()

    @on(Rows.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "take":
            return self._marked is not None and self._marked.folder
        return True

    def key_entries(self) -> list[tuple[str, str]]:
        if self.query_one("#path", Input).has_focus:
            return [("enter", "go there"), ("tab", "complete"), ("esc", "back to the list")]
        return super().key_entries()

    def action_open(self) -> None:
        item = self._marked
        if item is None:
            return
        if item.folder:
            self._go(Path(item.path), self.listing.folder.name if item.name == UP else "")
        elif not item.what:
            self.trail(f"{item.name} is not of a kind that can be read as data", "bad")
        else:
            self._look_into({"name": "files", "path": item.path})

    def action_take(self) -> None:
        item = self._marked
        if item is not None and item.folder:
            self._look_into({"name": "files", "path": str(self.listing.folder if item.name == UP else item.path)})

    def action_up(self) -> None:
        self._go(self.listing.folder.parent, self.listing.folder.name)

    def action_hidden(self) -> None:
        self._hidden = not self._hidden
        self.trail("hidden files are shown" if self._hidden else "hidden files are left out")
        self._go(self.listing.folder)

    @work(exclusive=True, group="ask")
    async def action_hub(self) -> None:
        question = "Which data set of the Hugging Face Hub? (such as roneneldan/TinyStories)"
        answer = await self.app.push_screen_wait(Ask(question, "", _not_an_id))
        if answer:
            self._look_into({"name": "huggingface", "id": answer.strip()})

    def _look_into(self, source: dict[str, Any]) -> None:
        from tui.screens.data.adding import AddingScreen

        self.app.push_screen(AddingScreen(source), self._added)

    def _added(self, kept: Kept | None) -> None:
        if kept is not None:
            self.dismiss(kept)

    # A path that is typed

    def action_path(self) -> None:
        path = self.query_one("#path", Input)
        path.value = f"{self.listing.folder}/" if str(self.listing.folder) != "/" else "/"
        path.display = True
        path.focus()
        path.cursor_position = len(path.value)

    def on_key(self, event: events.Key) -> None:
        path = self.query_one("#path", Input)
        if path.has_focus and event.key == "tab":
            path.value = complete(path.value)
            path.cursor_position = len(path.value)
            event.stop()
            event.prevent_default()

    @on(Input.Submitted, "#path")
    def _typed(self, event: Input.Submitted) -> None:
        try:
            path = check(event.value)
        except OgiveError as error:
            self.trail(str(error), "bad")
            return
        self._leave_path()
        if path.is_dir():
            self._go(path)
        else:
            if path.is_file():
                self._go(path.parent, path.name)
            self._look_into({"name": "files", "path": str(path)})

    def _leave_path(self) -> None:
        self.query_one("#path").display = False
        self.query_one("#all").focus()

    def action_back(self) -> None:
        if self.query_one("#path").has_focus:
            self._leave_path()
        else:
            self.dismiss(None)


def _row(item: Item) -> Row:
    faint = "" if item.what else "$ash"
    name = printable(item.name) + ("/" if item.folder and item.name != UP else "")
    return Row(
        item.name,
        (
            Content.styled(name, "$brass" if item.folder else faint),
            Content.styled(words.memory(item.size) if item.size is not None else "", "$ash"),
            Content.styled(item.what, "$ash"),
        ),
    )


def _not_an_id(text: str) -> str:
    parts = text.strip().split("/")
    return "" if 1 <= len(parts) <= 2 and all(parts) else "an id is NAME or OWNER/NAME"
