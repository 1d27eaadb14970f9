"""The journal screen: sessions to go on with, to read, to take things out of, to clone and to delete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui import keys, words
from tui.engine import JobDone, JobFailed, JobHandle
from tui.glyphs import DOT, FAILED
from tui.screens.base import OgiveScreen
from tui.screens.journal import work as jobs
from tui.screens.journal.accounts import account_lines
from tui.screens.journal.work import Account, Shelf
from tui.widgets.ask import Ask
from tui.widgets.confirm import Confirm, Option
from tui.widgets.lines import Hairline, clean
from tui.widgets.reading import Reading
from tui.widgets.rows import Column, Row, Rows, RowsHead

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.steering.catalog import Summary
    from tui.engine import JobContext

COLUMNS = (
    Column(0),
    Column(20, needs=70),
    Column(5, right=True),
    Column(8, right=True, needs=90),
    Column(7, right=True, needs=56),
    Column(16, needs=64),
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
HEADS = ("", "model", "picks", "branches", "drift", "last used")


WIDE = 110
"""The width from which the statistics stand beside the list."""


class ShelfRead(Message):
    """The sessions were read."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self.shelf = shelf


class AccountRead(Message):
    """A session's statistics were read."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self.account = account


class JournalScreen(OgiveScreen):
    """What was steered in this workspace."""

    NAME = "journal"
    ALSO = ("list",)
    KEY_GAP = 2
    CSS_PATH = "journal.tcss"
    BINDINGS = keys.bindings("journal")
    TEXT: ClassVar[str] = (
        "A session is a folder under journal/: its decisions in journal.jsonl, the same for people in journal.md, and "
        "its states. KL is how far the model has moved, in nats per token; drift is the size of the change to the "
        "weights; margin is how much likelier a pick became than the others; by place tells whether one place on the "
        "screen was picked more often than chance would have it."
    )

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf(())
        self._accounts: dict[tuple[str, str], Account] = {}
        self._asides: dict[JobHandle[Any], Callable[[Any], object]] = {}

    def compose_body(self) -> ComposeResult:
        with Container(id="panes"):
            with Container(id="list"):
                rows = Rows(COLUMNS, empty="No sessions yet: s on the home screen begins one.", id="sessions")
                yield RowsHead(rows, HEADS)
                yield rows
            with Container(id="account"):
                yield Hairline(id="rule")
                yield Static(id="about")
                with VerticalScroll(id="numbers", can_focus=False):
                    yield Static(id="lines")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(RowsHead).show("Sessions")
        self.query_one("#sessions").focus()
        self._read_again()

    def open(self, **arguments: Any) -> None:
        self._read_again()

    # Reading

    @work(thread=True, group="shelf", exclusive=True, exit_on_error=False)
    def _read_again(self) -> None:
        self.post_message(ShelfRead(jobs.read_shelf(self.ogive.workspace)))

    @on(ShelfRead)
    def _shelf_read(self, event: ShelfRead) -> None:
        self.shelf = event.shelf
        if event.shelf.problem:
            self.trail(event.shelf.problem, "bad")
        found = event.shelf.sessions
        self.query_one("#sessions", Rows).show([self._row(one) for one in found])
        size = words.memory(sum(one.disk for one in found))
        self.headline("", f"{len(found)} session{'' if len(found) == 1 else 's'} {DOT} {size}" if found else "")
        self._show_account()
        self.refresh_bindings()

    def _row(self, one: Summary) -> Row:
        name = Content.styled(clean(one.name), "bold $bone" if self._is_open(one) else "$bone")
        if one.damage:
            name = Content.assemble((f"{FAILED} ", "$blood"), name)
        state = "  open here" if self._is_open(one) else "  open elsewhere" if one.open_by else ""
        return Row(
            one.id,
            (
                Content.assemble(name, (state, "$brass")),
                Content.styled(clean(one.model), "$ash"),
                Content(str(one.picks)),
                Content.styled(str(one.branches), "$ash"),
                Content.styled(f"{one.drift:.2f}", "$ash"),
                Content.styled(_when(one.updated_at), "$ash"),
            ),
        )

    def _is_open(self, one: Summary) -> bool:
        session = self.ogive.bench.session
        return session is not None and session.id == one.id

    @property
    def marked(self) -> Summary | None:
        row = self.query_one("#sessions", Rows).marked
        return None if row is None else next((one for one in self.shelf.sessions if one.id == row.key), None)

    @on(Rows.Moved)
    def _show_account(self) -> None:
        one = self.marked
        self.query_one("#account").display = one is not None
        if one is None:
            return
        damage = Content.assemble("\n", (f" {FAILED} {one.damage}", "$blood")) if one.damage else Content("")
        facts = (
            f"{one.picks} picks",
            f"{one.nodes} states",
            f"{one.branches} branch{'' if one.branches == 1 else 'es'}",
            words.memory(one.disk),
            one.open_by and not self._is_open(one) and f"open in {one.open_by}",
        )
        width = self._account_width
        about = Content.assemble((f" {clean(one.name)}", "bold $brass"), (f"   {one.id}", "$ash"))
        about = about.truncate(width, ellipsis=True)
        line = Content.styled(" " + f" {DOT} ".join(str(fact) for fact in facts if fact), "$ash")
        line = line.truncate(width, ellipsis=True)
        self.query_one("#about", Static).update(Content.assemble(about, "\n", line, damage))
        found = self._accounts.get((one.id, one.updated_at))
        lines = self.query_one("#lines", Static)
        if found is None:
            lines.update("")
            self._read_account(one)
        else:
            lines.update(Content("\n").join(account_lines(found, width)))

    @property
    def _account_width(self) -> int:
        """The cells of a line of the statistics."""
        return self.size.width - 2 if self.size.width < WIDE else self.size.width // 2 - 3

    @work(thread=True, group="account", exclusive=True, exit_on_error=False)
    def _read_account(self, one: Summary) -> None:
        account = jobs.read_account(one)
        self._accounts[one.id, one.updated_at] = account
        self.post_message(AccountRead(account))

    @on(AccountRead)
    def _account_read(self, event: AccountRead) -> None:
        if self.marked is not None and self.marked.id == event.account.id:
            self._show_account()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_account)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.marked is not None or action in ("back", "new")

    def action_resume(self) -> None:
        if self.marked is not None:
            self.ogive.open("steer", session=self.marked.id)

    @on(Rows.Chosen)
    def _chosen(self) -> None:
        self.action_resume()

    def action_over(self) -> None:
        if self.marked is not None:
            self.ogive.open("steer", session=self.marked.id, node=0)

    def action_new(self) -> None:
        self.ogive.open("steer-setup")

    def action_read(self) -> None:
        one = self.marked
        if one is not None:
            title = f"{clean(one.name)}: from the root to here"
            job = jobs.story_of(Path(one.folder))
            self._do(job, "reading", lambda text: self.app.push_screen(Reading(title, unescaped(text))))

    def action_clone(self) -> None:
        one = self.marked
        if one is not None:
            self._do(jobs.clone(self.ogive.workspace, one.id), "reading", self._cloned)

    def _cloned(self, settings: Any) -> None:
        self.ogive.open("steer-setup", settings=settings)

    def action_story(self) -> None:
        self._write("Write the story to", "story.md", jobs.write_story)

    def action_preferences(self) -> None:
        self._write("Write the preferences to", "preferences.jsonl", jobs.write_preferences)

    @work(exclusive=True, group="ask")
    async def _write(self, question: str, name: str, job: Callable[[Path, Path], Callable[[JobContext], str]]) -> None:
        one = self.marked
        if one is None:
            return
        answer = await self.app.push_screen_wait(Ask(question, str(Path(one.folder) / name), _check_path))
        if answer is not None:
            self._do(job(Path(one.folder), Path(answer).expanduser()), name)

    def action_adapter(self) -> None:
        self._take_out("adapter", "Save the adapter as a folder", "adapter")

    def action_merge(self) -> None:
        self._take_out("merged", "Save the merged model as a folder", "merged")

    @work(exclusive=True, group="ask")
    async def _take_out(self, what: str, question: str, name: str) -> None:
        one = self.marked
        if one is None:
            return
        place = Path(one.folder) / f"{name}-{one.here}"
        answer = await self.app.push_screen_wait(Ask(question, str(place), _check_path))
        if answer is None:
            return
        target = Path(answer).expanduser()
        self._do(jobs.take_out(self.ogive.bench, self.ogive.workspace, one.id, what, target), f"{what} of {one.name}")
        self.trail(f"{what} of state {one.here} ...")

    @work(exclusive=True, group="ask")
    async def action_delete(self) -> None:
        one = self.marked
        if one is None:
            return
        if one.open_by and not self._is_open(one):
            self.trail(f"it is open in {one.open_by}", "bad")
            return
        answer = await self.app.push_screen_wait(
            Confirm(
                f"Delete {clean(one.name)}?",
                f"{one.picks} picks and {one.nodes} states are removed for good, with what was saved into its folder.",
                Option("keep", "k", "keep"),
                Option("delete", "d", "delete", alarming=True),
            )
        )
        if answer == "delete":
            self._do(jobs.delete(self.ogive.bench, self.ogive.workspace, one.id), f"deleting {one.id}")

    def action_copy(self) -> None:
        if self.marked is not None:
            self.ogive.copy(self.marked.folder)

    def action_back(self) -> None:
        self.ogive.back()

    # The engine's answers

    def _do(self, job: Callable[[JobContext], Any], name: str, then: Callable[[Any], object] | None = None) -> None:
        handle = self.ogive.engine.submit(job, name=name, to=self)
        self._asides[handle] = then or self._written

    def _written(self, said: str) -> None:
        self.trail(said, "good")
        self._read_again()

    @on(JobDone)
    def _done(self, event: JobDone) -> None:
        event.stop()
        self._asides.pop(event.handle, self._written)(event.result)

    @on(JobFailed)
    def _failed(self, event: JobFailed) -> None:
        event.stop()
        self._asides.pop(event.handle, None)
        self.trail(f"{event.cause} {event.hint}".strip(), "bad")
        if event.defect:
            self.ogive.show_failure(event.cause, event.hint, event.log_path)


def unescaped(text: str) -> str:
    """Markdown for reading as it is: without the backslashes that keep a model's text from being markup."""
    return _ESCAPED.sub(r"\1", text)


def _when(stamp: str) -> str:
    """`2025-11-20T09:31:00...` as `2025-11-20 09:31`."""
    return stamp[:16].replace("T", " ")


def _check_path(text: str) -> str:
    return "" if text.strip() else "a path"
