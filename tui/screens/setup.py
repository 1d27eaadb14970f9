"""Setup: a recipe as a form with live checks, what it will cost, and the ways to start, save or say it as a command."""

from __future__ import annotations

import re
import textwrap
import time
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from core.errors import OgiveError
from core.settings.forms import FieldInfo
from tui import keys, overview, words
from tui.draft import Draft
from tui.engine import JobContext, JobDone
from tui.estimate import Estimate, Speed, estimate, measured, picture
from tui.fields import field_line
from tui.glyphs import DOT, FAILED
from tui.screens.base import OgiveScreen
from tui.screens.data.work import source_words
from tui.widgets.form import Form, FormLine

SECTIONS: tuple[tuple[str, str, str], ...] = (
    ("", "Run", "what it is called"),
    ("model", "Model", "the decoder's shape and bricks"),
    ("tokenizer", "Tokenizer", "text to tokens"),
    ("data", "Data", "what it reads"),
    ("training", "Training", "how weights change"),
    ("sampling", "Sampling", "how samples are drawn"),
)


class SetupScreen(OgiveScreen):
    """The next run, before it starts. What is typed stays here and is remembered for the next session."""

    NAME = "setup"
    ALSO = ("form", "list")
    CSS_PATH = "setup.tcss"
    BINDINGS = keys.bindings("setup")
    TEXT: ClassVar[str] = (
        "Each line is a setting. Enter types a value or steps through the choices; a star marks what differs from "
        "the recipe; a cross says what is wrong. The estimate below follows every change."
    )

    DRAFT: ClassVar[type[Draft]] = Draft
    MEMORY: ClassVar[str] = "setup"
    """Where the app remembers what was typed."""
    SECTIONS: ClassVar[tuple[tuple[str, str, str], ...]] = SECTIONS

    draft: Draft
    _speeds: tuple[Speed, ...] = ()
    _filter = ""
    _starting = False
    _quiet = False
    """The mark is about to move by itself, and what was just said shall stay."""

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            yield Form(self._check, id="form")
            yield Static(id="estimate")
        yield Input(id="find", placeholder="find a setting", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#find").display = False
        remembered = self.ogive.remembered.get(self.MEMORY)
        remembered = remembered if isinstance(remembered, dict) else {}
        try:
            self.draft = self.DRAFT.begin(self.ogive.workspace, remembered.get("recipe", ""), remembered.get("values"))
        except OgiveError as error:
            self.draft = self.DRAFT.begin(self.ogive.workspace)
            self.trail(str(error), "bad")
        self._show()
        self.query_one("#form").focus()
        self._look_at_past_runs()

    def open(self, recipe: str = "", **arguments: Any) -> None:
        """Bring the form up, from a recipe, or with `data` or `tokenizer` settings that another screen sends."""
        if recipe:
            self._take(recipe)
        for part, path in (("data", "data.sources"), ("tokenizer", "tokenizer")):
            if arguments.get(part) is not None:
                self._take_part(part, arguments[part], path)

    def _look_at_past_runs(self) -> None:
        """For the estimate."""
        self._measure()

    @work(thread=True, group="speeds", exit_on_error=False)
    def _measure(self) -> None:
        speeds = tuple(measured(self.ogive.workspace))
        self.app.call_from_thread(self._measured, speeds)

    def _measured(self, speeds: tuple[Speed, ...]) -> None:
        self._speeds = speeds
        self._show_estimate()

    # What is shown

    def _check(self, path: str, text: str) -> str:
        return self.draft.try_out(path, text)

    def _show(self) -> None:
        self.query_one(Form).show(list(self._lines()))
        count = self.draft.changes
        origin = self.draft.reference or "defaults"
        changed = f" {DOT} {count} change{'s' if count != 1 else ''}" if count else ""
        problems = len(self.draft.problems)
        state = Content.assemble(
            (origin, "$bone"),
            (changed, "$ash"),
            (f"   {FAILED} {problems} to mend" if problems else "", "$blood"),
        )
        self.headline(state, self._right())
        self._show_estimate()

    def _right(self) -> str:
        return overview.machine()

    def _lines(self) -> Any:
        wanted = self._filter.lower().split()
        shown_problems: set[str] = set()
        prefixes = {prefix for prefix, _, _ in self.SECTIONS if prefix}
        for prefix, label, help in self.SECTIONS:
            fields = []
            for info in self.draft.fields:
                section = info.path.partition(".")[0] if info.path.partition(".")[0] in prefixes else ""
                if section != prefix or _redundant(info):
                    continue
                if all(word in f"{info.path} {info.label} {info.help}".lower() for word in wanted):
                    fields.append(field_line(self.draft, info))
                    shown_problems.add(info.path)
            if fields:
                yield FormLine(label, help=help)
                yield from fields
        lost = [f"{path}: {text}" for path, text in self.draft.problems.items() if path not in shown_problems]
        if lost and not wanted:
            self.trail(lost[0], "bad")

    def _show_estimate(self) -> None:
        box = self.query_one("#estimate", Static)
        settings = self.draft.settings
        device = settings.training.device
        speed = next((one for one in self._speeds if device == "auto" or device in one.device.lower()), None)
        cuda = device.startswith("cuda") or (speed is not None and "cuda" in speed.device.lower())
        box.update(estimate_content(estimate(settings, speed, cuda=cuda), wide=self.size.width >= 110))

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_estimate)

    # Typing

    @on(Form.Given)
    def _given(self, event: Form.Given) -> None:
        self.draft.put(event.path, event.text)
        self._remember()
        self._show()

    @on(Form.Moved)
    def _moved(self) -> None:
        form = self.query_one(Form)
        line = form.marked
        if self._quiet:
            self._quiet = False
        elif line is not None and form.problem:
            self.trail(form.problem, "bad")
        elif line is not None:
            self.trail(self._explain(line))
        self.key_line.refresh_keys()

    def _explain(self, line: FormLine) -> str:
        """All of a field's help: the form has room for its beginning only."""
        try:
            info = self.draft.field(line.path)
        except OgiveError:
            return ""
        limits = str(info.bounds)
        parts = [line.help, info.unit, limits, f"one of {', '.join(info.choices)}" if info.choices else ""]
        return f"{line.path}: " + f" {DOT} ".join(part for part in parts if part)

    def key_entries(self) -> list[tuple[str, str]]:
        if self.query_one(Form).typing:
            return [("enter", "accept"), ("esc", "cancel"), ("↑↓", "accept and move"), ("ctrl+u", "clear")]
        if self.query_one("#find", Input).has_focus:
            return [("enter", "to the fields"), ("esc", "show all")]
        return super().key_entries()

    def _remember(self) -> None:
        if self.draft.valid:
            self.ogive.remember(**{self.MEMORY: {"recipe": self.draft.reference, "values": self.draft.tree}})

    # Actions

    def action_back(self) -> None:
        find = self.query_one("#find", Input)
        if find.has_focus or self._filter:
            find.value = self._filter = ""
            find.display = False
            self._show()
            self.query_one("#form").focus()
        else:
            self.ogive.back()

    def action_find(self) -> None:
        find = self.query_one("#find", Input)
        find.display = True
        find.focus()

    @on(Input.Changed, "#find")
    def _narrow(self, event: Input.Changed) -> None:
        self._filter = event.value
        self._show()
        form = self.query_one(Form)
        found = [line for line in form.lines if line.path]
        if self._filter.strip() and found:
            form.mark(min(found, key=lambda line: _distance(line, self._filter.strip().lower())).path)

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self.query_one("#find").display = bool(self._filter)
        self.query_one("#form").focus()

    def action_default(self) -> None:
        line = self.query_one(Form).marked
        if line is not None and line.path:
            self.draft.reset(line.path)
            self._remember()
            self._show()

    @work(exclusive=True, group="ask")
    async def action_recipe(self) -> None:
        from core.settings.store import list_settings
        from tui.widgets.picker import Choice, Picker

        choices = [
            Choice(stored.reference, stored.reference, stored.description)
            for stored in list_settings(self.ogive.workspace, self.DRAFT.SUBJECT)
        ]
        answer = await self.app.push_screen_wait(
            Picker("Begin from which recipe?", choices, self.draft.reference, "There are no recipes yet.")
        )
        if answer:
            self._take(answer)

    def _take(self, reference: str) -> None:
        try:
            self.draft = self.DRAFT.begin(self.ogive.workspace, reference)
        except OgiveError as error:
            self.trail(str(error), "bad")
            return
        self._remember()
        self._show()
        self.trail(f"{reference}: {self.draft.base.description or 'recipe taken'}", "good")

    def _take_part(self, part: str, given: dict[str, Any], path: str) -> None:
        self.draft.replace({**self.draft.tree, part: given})
        self._remember()
        self._show()
        form = self.query_one(Form)
        before = form.cursor
        form.mark(path)
        self.trail(f"{part}: {'; '.join(map(source_words, given.get('sources', [given])))}", "good")
        self._quiet = form.cursor != before

    @work(exclusive=True, group="ask")
    async def action_save(self) -> None:
        if not self._sound():
            return
        from tui.widgets.ask import Ask

        name = await self.app.push_screen_wait(Ask("Save as a version of", self.draft.settings.name, _check_name))
        if name is None:
            return
        from core.settings.store import find, save_version

        settings = self.draft.settings.model_copy(update={"name": name})
        try:
            subject = self.DRAFT.SUBJECT
            path = save_version(settings, self.ogive.workspace, subject=subject, parent=self.draft.reference or None)
            reference = find(self.ogive.workspace, subject, path).reference
            self.draft = self.DRAFT.begin(self.ogive.workspace, reference)
        except OgiveError as error:
            self.ogive.show_failure(error.message, error.hint)
            return
        self._remember()
        self._show()
        self.trail(f"saved {reference}: {path}", "good")

    def action_command(self) -> None:
        from tui.widgets.note import Note

        if self._sound():
            self.app.push_screen(Note("The same from a shell", self.draft.command()))

    def action_picture(self) -> None:
        from tui.widgets.picture import Picture

        if self._sound():
            self.app.push_screen(Picture(picture(self.draft.settings)))

    def action_start(self) -> None:
        self._start(detached=False)

    def action_detach(self) -> None:
        self._start(detached=True)

    def _sound(self) -> bool:
        """Whether the recipe can be used; else the mark goes to what is wrong."""
        if self.draft.valid:
            return True
        path, problem = next(iter(self.draft.problems.items()))
        if self._filter:
            self.action_back()
        self.query_one(Form).mark(path)
        self.trail(f"{path or 'recipe'}: {problem}", "bad")
        return False

    def _start(self, *, detached: bool) -> None:
        if self._starting or not self._sound():
            return
        active = self.ogive.runner.active
        if not detached and active is not None and active.handle.alive:
            self.trail(f"{active.id} is training in this program; start this one detached (d)", "bad")
            return
        settings, workspace = self.draft.settings, self.ogive.workspace

        def create(_: JobContext) -> Any:
            from core.training.job import create_run, start_detached

            path = create_run(settings, workspace)
            if detached:
                start_detached(path)
            return path

        self._starting = True
        handle = self.ogive.engine.submit(create, name=f"making run {settings.name}", to=self)
        handle.latest = detached
        self.trail(f"making run {settings.name} ...")

    def on_job_done(self, message: JobDone) -> None:
        message.stop()
        self._starting = False
        if not message.handle.latest:
            self.ogive.runner.start(message.result)
        self.ogive.open("monitor", run=message.result)

    def on_job_failed(self) -> None:
        self._starting = False


def _redundant(info: FieldInfo) -> bool:
    """A brick in a list is named on the list's own line already."""
    return info.kind == "brick" and info.path.rpartition(".")[2].isdecimal()


def _check_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        return "letters, digits, dots, underscores and dashes only"
    return ""


def estimate_content(found: Estimate, *, wide: bool) -> Content:
    """The estimate as a pane (wide) or as four lines."""
    about = "" if found.vocab_known else " about"
    parts = [(part.name, part.parameters) for part in found.count.parts if part.parameters]
    terms = list(found.memory.terms.items())
    most = ("most for", found.memory.largest)
    if found.seconds is None:
        span = "n/a"
    else:
        low, high = found.seconds
        span = words.duration(low) if high < 1.2 * low else f"{words.duration(low)} to {words.duration(high)}"
    ends = time.strftime("%H:%M", time.localtime(time.time() + found.seconds[1])) if found.seconds else ""
    rows: list[tuple[str, str, list[tuple[str, str]]]] = [
        ("parameters", about + words.count(found.count.parameters), [(n, words.count(v)) for n, v in parts]),
        ("memory", words.memory(found.memory.total), [most, *((n, words.memory(v)) for n, v in terms)]),
        (
            "a step",
            f"{words.count(found.tokens_per_step)} tokens",
            [("", words.flops(found.total_flops / found.steps))],
        ),
        (
            "time",
            span,
            [("", found.basis), ("", f"done by {ends}" if ends and found.seconds and found.seconds[1] < 86400 else "")],
        ),
    ]
    lines: list[Content] = []
    if wide:
        lines.append(Content.styled("Estimate", "bold $brass"))
    for name, value, notes in rows:
        notes = [(left, right) for left, right in notes if right]
        head = Content.assemble((f"{name:<11}", "$ash"), (value.strip(), "bold"))
        if wide:
            lines += [Content(""), head]
            for left, right in notes:
                rows_of = [f"{left:<13}{right:>9}"] if left else textwrap.wrap(right, 31)
                lines += [Content.styled(f"  {each}", "$ash") for each in rows_of]
        else:
            joined = f" {DOT} ".join(f"{left} {right}".strip() for left, right in notes)
            lines.append(Content.assemble(" ", head, "   " if joined else "", (joined, "$ash")))
    return Content("\n").join(lines)


def _distance(line: FormLine, wanted: str) -> int:
    """How far a field is from what was typed: its name is that, begins with it, holds it, or only its help does."""
    name = line.path.rpartition(".")[2]
    if wanted in (name, line.path):
        return 0
    return 1 if name.startswith(wanted) else 2 if wanted in line.path else 3
