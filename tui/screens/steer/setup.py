"""Setting up a steering session: its recipe as a form, what it will need of memory, what will be asked and how."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from core.settings.steering import SteeringSettings
from tui import keys, words
from tui.draft import Draft
from tui.engine import JobContext, JobDone, JobFailed, JobHandle
from tui.glyphs import DONE, DOT, FAILED
from tui.screens.setup import SetupScreen
from tui.screens.steer.choice import MEMORY, name_for
from tui.widgets.lines import clean
from tui.widgets.reading import Reading
from tui.widgets.wrapping import printable

SECTIONS: tuple[tuple[str, str, str], ...] = (
    ("", "Session", "the model, the group, the control prompt"),
    ("adapter", "Adapter", "what a pick changes"),
    ("sampling", "Sampling", "how variants are drawn"),
    ("update", "Update", "what a pick does"),
    ("shaping", "Shaping", "from a prompt to what the model reads"),
    ("prompts", "Prompts", "what is asked"),
)
SETTLE = 0.3
"""Seconds without a change before the estimate is made again."""


class SteerDraft(Draft):
    """A steering recipe being edited."""

    KIND = SteeringSettings
    SUBJECT = "steering"
    FIRST = "default"

    def _command(self) -> list[str]:
        model = [self.settings.model] if self.settings.model else []
        return ["ogive", "steer", *model, *(["--config", self.reference] if self.reference else [])]

    def _changes(self) -> list[str]:
        found = super()._changes()
        pairs = list(zip(found[::2], found[1::2]))
        return [word for pair in pairs if not pair[1].startswith("model=") for word in pair]


class SteerSetupScreen(SetupScreen, inherit_bindings=False):
    """The next session, before it is begun."""

    NAME = "steer-setup"
    HEADING = "STEER · SETTINGS"
    CSS_PATH = "../setup.tcss"
    BINDINGS = keys.bindings("steer-setup")
    DRAFT = SteerDraft
    MEMORY = MEMORY
    SECTIONS = SECTIONS
    TEXT: ClassVar[str] = (
        "Each line is a setting of the next session; a star marks what differs from the recipe. s loads the model and "
        "begins. v shows the first prompts, and one of them as the model reads it. What is set here is used from then "
        "on whenever s begins a session on the home screen."
    )

    def __init__(self) -> None:
        super().__init__()
        self._viewing: JobHandle[Any] | None = None
        self._settling: Timer | None = None
        self._estimating: JobHandle[Any] | None = None
        self._estimated_for: Any = None
        self._estimate = Content.styled(" ...", "$ash")

    def open(self, recipe: str = "", settings: SteeringSettings | None = None, **arguments: Any) -> None:
        if settings is not None:
            self.draft = SteerDraft(settings)
            self._remember()
            self._show()
            self.trail(f"the settings of {settings.name}", "good")
        elif recipe:
            self._take(recipe)

    # The estimate

    def _measure(self) -> None:
        """Nothing here depends on past runs."""

    def _show_estimate(self) -> None:
        self.query_one("#estimate", Static).update(self._estimate)
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE, self._estimate_soon)

    def _estimate_soon(self) -> None:
        if not self.draft.valid or (self._estimating is not None and self._estimating.alive):
            return
        settings, workspace = self.draft.settings, self.ogive.workspace

        def work(_: JobContext) -> Any:
            from core.steering.estimate import estimate

            return estimate(workspace, settings)

        self._estimating = self.ogive.engine.submit(work, name="estimating memory", to=self)
        self._estimated_for = settings

    def _estimated(self, found: Any, problem: str = "") -> None:
        self._estimate = memory_content(found, problem, self.size.width >= 110)
        self.query_one("#estimate", Static).update(self._estimate)
        if self._estimated_for != self.draft.settings:
            self._estimate_soon()

    # Keys

    def action_preview(self) -> None:
        if not self._sound() or (self._viewing is not None and self._viewing.alive):
            return
        settings, workspace = self.draft.settings, self.ogive.workspace

        def look(_: JobContext) -> Any:
            from core.steering.preview import preview

            return preview(workspace, settings)

        self._viewing = self.ogive.engine.submit(look, name="looking at the prompts", to=self)
        self.trail("reading the prompts ...")

    def on_job_done(self, message: JobDone) -> None:
        message.stop()
        if message.handle is self._estimating:
            self._estimated(message.result)
        elif message.handle is self._viewing:
            self.trail("")
            self.app.push_screen(Reading("What will be asked", preview_content(message.result)))

    def on_job_failed(self, message: JobFailed) -> None:  # ty: ignore[invalid-method-override]
        message.stop()
        if message.handle is self._estimating and not message.defect:
            self._estimated(None, f"{message.cause} {message.hint}".strip())
            return
        self.trail(f"{message.cause} {message.hint}".strip(), "bad")
        if message.defect:
            self.ogive.show_failure(message.cause, message.hint, message.log_path)

    def action_start(self) -> None:
        if not self._sound():
            return
        settings = self.draft.settings
        if settings.name == "untitled" and settings.model:
            settings = settings.model_copy(update={"name": name_for(settings.model)})
        self._remember()
        self.ogive.open("steer", settings=settings)


def memory_content(found: Any, problem: str, wide: bool) -> Content:
    """What steering will need, by term, and whether it fits."""
    if found is None:
        return Content.assemble((f" {FAILED} ", "$blood"), (clean(problem), "$bone"))
    fits = (
        Content.assemble((f"{DONE} fits", "$verdigris"))
        if found.fits
        else Content.assemble((f"{FAILED} does not fit", "$blood"))
    )
    free = f"{words.memory(found.free)} free on {found.device}"
    terms = sorted(found.memory.terms.items(), key=lambda term: -term[1])
    total = words.memory(found.memory.total)
    if not wide:
        listed = f" {DOT} ".join(f"{name} {words.memory(size)}" for name, size in terms)
        notes = [Content.styled(f" {'':11}{clean(note)}", "$ash") for note in found.notes]
        head = Content.assemble((f" {'memory':<11}", "$ash"), (total, "bold"), "   ", fits, (f"   {free}", "$ash"))
        return Content("\n").join([head, Content.styled(f" {'':11}{listed}", "$ash"), *notes])
    lines = [Content.styled("Memory", "bold $brass"), Content(""), Content.assemble((f"{'in all':<13}", "$ash"), total)]
    lines += [Content.styled(f"  {name:<13}{words.memory(size):>9}", "$ash") for name, size in terms]
    lines += [
        Content(""),
        fits,
        Content.styled(free, "$ash"),
        *[Content.styled(clean(each), "$ash") for each in found.notes],
    ]
    return Content("\n").join(lines)


def preview_content(found: Any) -> Content:
    """The first prompts, and one of them as it is read."""
    lines: list[Content] = []
    for number, prompt in enumerate(found.prompts):
        lines.append(Content.assemble((f"{number + 1}  ", "$brass"), (printable(prompt), "$bone")))
    if not found.prompts:
        lines.append(Content.styled("no prompts yet: they are typed as you go", "$ash"))
    total = f"{found.total} in all" if found.total else ""
    column = f"column {found.column}" if found.column else ""
    facts = f" {DOT} ".join(part for part in (total, column, *found.notes) if part)
    lines += [Content.styled(printable(facts), "$ash"), Content("")]
    if found.shaped:
        lines += [Content.styled("The first one as the model reads it", "$ash"), Content(printable(found.shaped))]
    return Content("\n").join(lines)
