"""Home: the runs and models of the workspace, what is running, and one key for each thing to do with them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from core.errors import OgiveError
from core.workspace import Workspace
from tui import keys, words
from tui.glyphs import ARCH, DOT
from tui.overview import ModelRow, Overview, RunRow, read
from tui.screens.base import OgiveScreen
from tui.widgets.confirm import Confirm, Option
from tui.widgets.rows import Column, Row, Rows, RowsHead

RUN_COLUMNS = (
    Column(0),
    Column(7, needs=76),
    Column(9, needs=70),
    Column(12),
    Column(11, right=True),
    Column(7, right=True, needs=56),
)
MODEL_COLUMNS = (Column(22), Column(7), Column(0), Column(8, needs=60))
REFRESH = 1.0


class HomeRows(Rows, inherit_bindings=False):
    """A list without `j` and `k`: on this screen `j` is the journal."""

    BINDINGS = keys.bindings("list", without=("j", "k"))


class Read(Message):
    """The workspace was read again."""

    def __init__(self, overview: Overview) -> None:
        super().__init__()
        self.overview = overview


class HomeScreen(OgiveScreen):
    """Where the program opens."""

    NAME = "home"
    HEADING = "OGIVE"
    ALSO = ("list",)
    CSS_PATH = "home.tcss"
    BINDINGS = keys.bindings("home")
    TEXT: ClassVar[str] = (
        "A run is one training, in a folder under checkpoints/. Press n to set up a run; while it trains, m shows it. "
        "When it has saved a checkpoint, c talks to its model."
    )

    overview = Overview()
    _filter = ""
    _reading = False

    def compose_body(self) -> ComposeResult:
        with Vertical(id="banner"):
            yield Static(id="arch")
        with Horizontal(id="lists"):
            with Vertical(id="left"):
                with Vertical(id="runs-pane", classes="pane"):
                    runs = HomeRows(RUN_COLUMNS, id="runs")
                    yield RowsHead(runs, ("", "size", "stage", "state", "step", "loss"))
                    yield runs
                with Vertical(id="models-pane", classes="pane"):
                    models = HomeRows(MODEL_COLUMNS, id="models")
                    head = RowsHead(models)
                    head.show("Models")
                    yield head
                    yield models
            yield Static(id="details")
        yield Static(id="welcome")
        yield Input(id="find", placeholder="find", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        self._draw_banner()
        self.query_one("#find").display = False
        first = self.ogive.first_reading
        found = first.get() if first is not None else None
        if found is None:
            self._read_again()
        else:
            self.show(found)
        self.query_one("#runs").focus()
        self.set_interval(REFRESH, self._read_again)

    def open(self, **arguments: Any) -> None:
        self._read_again()

    # What is shown

    def _read_again(self) -> None:
        if self.showing and not self._reading:
            self._reading = True
            self._read(self.ogive.workspace)

    @work(thread=True, group="overview", exit_on_error=False)
    def _read(self, workspace: Workspace) -> None:
        try:
            self.post_message(Read(read(workspace)))
        finally:
            self._reading = False

    @on(Read)
    def _was_read(self, message: Read) -> None:
        self.show(message.overview)

    def show(self, overview: Overview) -> None:
        """Draw a reading of the workspace; nothing is painted where nothing changed."""
        before, self.overview = self.overview, overview
        if overview.problem and overview.problem != before.problem:
            self.trail(overview.problem, "bad")
        for text, tone in news(before, overview):
            self.trail(text, tone)
        alive = [run for run in overview.runs if run.live]
        parts = [overview.machine, f"{len(alive)} training" if alive else f"{len(overview.runs)} runs"]
        if len(overview.runs) == 1 and not alive:
            parts[1] = "1 run"
        self.headline("", f" {DOT} ".join(part for part in parts if part))
        self._fill()

    def _fill(self) -> None:
        wanted = self._filter.lower().split()

        def fits(text: str) -> bool:
            return all(word in text.lower() for word in wanted)

        runs = [run for run in self.overview.runs if fits(f"{run.id} {run.stage} {run.state}")]
        models = [model for model in self.overview.models if fits(f"{model.name} {model.note} {model.kind}")]
        empty = not self.overview.runs and not self.overview.models
        self.set_class(empty, "-empty")
        self.query_one("#runs", Rows).show([run_row(run) for run in runs])
        self.query_one("#models", Rows).show([model_row(model) for model in models])
        self.query_one("#models-pane").display = bool(self.overview.models) and not empty
        found = f" {DOT} {len(runs)} of {len(self.overview.runs)}" if wanted else ""
        self.query_one("#runs-pane RowsHead", RowsHead).show(f"Runs{found}")
        self.query_one("#lists").display = not empty
        self._show_details()
        if self.focused is None and not empty:
            self.query_one("#runs" if runs else "#models").focus()
        if empty:
            self.query_one("#welcome", Static).update(welcome(self.ogive.workspace))

    def _show_details(self) -> None:
        """The marked row at more length, in the pane that wide screens have."""
        run, model = self.marked_run, self.marked_model
        name = run.id if run else model.title if model else ""
        rows = (
            run.details if run else (("what", model.note), ("from", model.kind), ("name", model.name)) if model else ()
        )
        lines = [Content.styled(name, "bold $brass"), Content("")] if name else []
        for label, value in rows:
            first, *more = textwrap.wrap(value, 26) or [""]
            lines.append(Content.assemble((f"{label:<9}", "$ash"), first))
            lines += [Content(f"{'':9}{part}") for part in more]
        self.query_one("#details", Static).update(Content("\n").join(lines))

    def on_resize(self) -> None:
        self._draw_banner()
        self.call_after_refresh(self._fill)

    def _draw_banner(self) -> None:
        actions = [
            (("n", "new run"), ("c", "chat"), ("s", "steer"), ("d", "data")),
            (("r", "resume"), ("m", "monitor"), ("j", "journal")),
        ]
        keymap = self.ogive.keymap
        by_label = {key.label: keys.label_of(key, keymap) for key in keys.of("home")}
        lines: list[Content] = []
        for number, arch in enumerate(ARCH):
            line = Content.assemble("      ", (arch, "$ash"), "     ")
            if number == 0:
                line = Content.assemble(line, ("Grow a model. Shape it by hand.", "$bone"))
            elif number >= 2:
                for _, label in actions[number - 2]:
                    line = Content.assemble(line, (by_label[label], "bold $brass"), (f" {label:<13}", "$ash"))
            lines.append(line)
        self.query_one("#arch", Static).update(Content("\n").join(lines))

    def _folder(self, run: RunRow) -> Path:
        return self.ogive.workspace.checkpoints / run.id

    # The mark

    @property
    def marked_run(self) -> RunRow | None:
        rows = self.query_one("#runs", Rows)
        if self.focused is not rows or rows.marked is None:
            return None
        return next((run for run in self.overview.runs if run.id == rows.marked.key), None)

    @property
    def marked_model(self) -> ModelRow | None:
        rows = self.query_one("#models", Rows)
        if self.focused is not rows or rows.marked is None:
            return None
        return next((model for model in self.overview.models if model.name == rows.marked.key), None)

    @on(Rows.Edge)
    def _over_the_edge(self, event: Rows.Edge) -> None:
        runs, models = self.query_one("#runs", Rows), self.query_one("#models", Rows)
        if event.rows is runs and event.direction > 0 and models.rows and models.display:
            models.focus()
        elif event.rows is models and event.direction < 0 and runs.rows:
            runs.focus()

    @on(Rows.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    @on(Rows.Moved)
    def _moved(self) -> None:
        run = self.marked_run
        if run is not None and run.note:
            self.trail(f"{run.id}: {run.note}", "bad")
        self._show_details()
        self.key_line.refresh_keys()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("open", "chat", "steer", "find") and self.has_class("-empty"):
            return False
        if action in ("monitor", "resume", "delete") and not self.overview.runs:
            return False
        if action == "resume":
            run = self.marked_run
            return run is not None and run.resumable
        if action in ("monitor", "delete"):
            return self.marked_run is not None
        if action == "chat":
            return self.marked_model is None or not self.marked_model.session
        return True

    # Actions

    def action_new(self) -> None:
        self.ogive.open("setup")

    def action_data(self) -> None:
        self.ogive.open("data")

    def action_open(self) -> None:
        run, model = self.marked_run, self.marked_model
        if run is not None:
            self.ogive.open("monitor", run=self._folder(run))
        elif model is not None and model.session:
            self.ogive.open("steer", session=model.session)
        elif model is not None:
            self.ogive.open("chat", model=model.name)

    def action_monitor(self) -> None:
        run = self.marked_run
        if run is not None:
            self.ogive.open("monitor", run=self._folder(run))

    def action_chat(self) -> None:
        run, model = self.marked_run, self.marked_model
        self.ogive.open("chat", model=run.id if run else model.name if model else None)

    def action_steer(self) -> None:
        run, model = self.marked_run, self.marked_model
        if model is not None and model.session:
            self.ogive.open("steer", session=model.session)
            return
        self.ogive.open("steer", model=run.id if run else model.name if model else None)

    def action_journal(self) -> None:
        self.ogive.open("journal")

    def action_resume(self) -> None:
        run = self.marked_run
        if run is None:
            return
        try:
            self.ogive.runner.start(self._folder(run))
        except OgiveError as error:
            self.trail(str(error), "bad")
            return
        self.ogive.open("monitor", run=self._folder(run))

    @work(exclusive=True, group="ask")
    async def action_delete(self) -> None:
        run = self.marked_run
        if run is None:
            return
        if run.live:
            self.trail(f"{run.id} is {run.state}; stop it first", "bad")
            return
        answer = await self.app.push_screen_wait(
            Confirm(
                f"Delete {run.id}?",
                "Its checkpoints, metrics and samples are removed for good.",
                Option("keep", "k", "keep"),
                Option("delete", "d", "delete", alarming=True),
            )
        )
        if answer == "delete":
            self._delete(run.id)

    def _delete(self, run_id: str) -> None:
        workspace = self.ogive.workspace

        def remove(_: object) -> None:
            from core.runs.registry import delete, resolve

            delete(workspace, resolve(workspace, run_id))
            self.post_message(Read(read(workspace)))

        self.ogive.engine.submit(remove, name=f"deleting {run_id}", to=self)
        self.trail(f"deleting {run_id}")

    def action_other(self) -> None:
        runs, models = self.query_one("#runs", Rows), self.query_one("#models", Rows)
        other = models if self.focused is runs else runs
        if other.rows:
            other.focus()

    def action_find(self) -> None:
        find = self.query_one("#find", Input)
        find.display = True
        find.focus()

    @on(Input.Changed, "#find")
    def _narrow(self, event: Input.Changed) -> None:
        self._filter = event.value
        self._fill()

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self._leave_find()

    def _leave_find(self) -> None:
        self.query_one("#find").display = bool(self._filter)
        runs, models = self.query_one("#runs", Rows), self.query_one("#models", Rows)
        (runs if runs.rows or not models.rows else models).focus()

    def key_escape(self) -> None:
        find = self.query_one("#find", Input)
        if find.has_focus or self._filter:
            find.value = ""
            self._filter = ""
            self._leave_find()
            self._fill()


def news(before: Overview, now: Overview) -> list[tuple[str, str]]:
    """What has happened to the runs between two readings, in words and with its tone; the newest last."""
    known = {run.id: run for run in before.runs}
    found = []
    for run in reversed(now.runs):
        old = known.get(run.id)
        if old is None:
            continue
        if old.state != run.state:
            tone = {"finished": "good", "failed": "bad", "lost": "bad", "damaged": "bad"}.get(run.state, "")
            found.append(
                (f"{run.id}: {run.state} at step {run.step}" + (f" {DOT} {run.note}" if run.note else ""), tone)
            )
        elif old.best_step != run.best_step and run.best is not None:
            found.append(
                (f"{run.id}: held-out loss {words.figure(run.best)} at step {run.best_step}, the best so far", "")
            )
    return found


def run_row(run: RunRow) -> Row:
    """A run as cells: id, size, stage, state, step, loss."""
    glyph, colour = words.STATES.get(run.state, ("", "$ash"))
    step = f"{run.step}/{run.steps}" if run.step != run.steps and run.steps else str(run.step)
    return Row(
        run.id,
        (
            Content(run.id),
            Content.styled(words.count(run.parameters), "$ash"),
            Content.styled(run.stage, "$ash"),
            Content.assemble((glyph, colour), " ", (run.state, colour)),
            Content(step),
            Content("" if run.loss is None else words.figure(run.loss)),
        ),
    )


def model_row(model: ModelRow) -> Row:
    """A model as cells: name, size, note, kind."""
    return Row(
        model.name,
        (
            Content(model.title),
            Content.styled(words.count(model.parameters), "$ash"),
            Content.styled(model.note, "$ash"),
            Content.styled(model.kind, "$ash"),
        ),
    )


def welcome(workspace: Workspace) -> Content:
    """What a newcomer reads in an empty workspace."""
    return Content.assemble(
        ("Nothing has been trained here yet.\n\n", "bold"),
        ("n", "bold $brass"),
        "  sets up the first run. It starts filled in: the built-in tales and a small model,\n"
        "   a few minutes on a laptop. Press ",
        ("s", "bold $brass"),
        " there and watch it learn.\n\n",
        ("?", "bold $brass"),
        "  explains the keys of any screen.   ",
        ("ctrl+p", "bold $brass"),
        "  lists every action.\n\n",
        (f"workspace  {workspace.root}", "$ash"),
    )
