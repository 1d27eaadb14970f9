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
from tui.screens.steer.choice import MEMORY, UNNAMED, name_for
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
            self.draft = SteerDraft.begin(self.ogive.workspace, tree=settings.model_dump(mode="json"))
            self._remember()
            self._show()
            self.trail(f"the settings of {settings.name}", "good")
        elif recipe:
            self._take(recipe)

    # The estimate

    def _look_at_past_runs(self) -> None:
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
        message.prevent_default()  # what the other set-up does with a run that was made
        if message.handle is self._estimating:
            self._estimated(message.result)
        elif message.handle is self._viewing:
            self.trail("")
            self.app.push_screen(Reading("What will be asked", preview_content(message.result)))

    def on_job_failed(self, message: JobFailed) -> None:  # ty: ignore[invalid-method-override]
        message.stop()
        message.prevent_default()
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
        if settings.name == UNNAMED or (self.draft.reference and settings.name == self.draft.base.name):
            # A recipe's name is not the session's.
            name = name_for(settings.model) if settings.model else UNNAMED
            settings = settings.model_copy(update={"name": name})
        self._remember()
        self.ogive.open("steer", settings=settings)


def memory_content(found: Any, problem: str, wide: bool) -> Content:
    """What steering will need, by term, the largest first, and whether it fits."""
    if found is None:
        return Content.assemble((f" {FAILED} ", "$blood"), (clean(problem), "$bone"))
    verdict, colour = (f"{DONE} fits", "$verdigris") if found.fits else (f"{FAILED} does not fit", "$blood")
    free = f"{words.memory(found.free)} free on {found.device}"
    terms = sorted(found.memory.terms.items(), key=lambda term: -term[1])
    total = f"{'' if found.exact else 'about '}{words.memory(found.needed)}"
    model = f"{words.count(found.parameters)} {found.precision}, {words.count(found.trained)} trained"
    if not wide:
        listed = f" {DOT} ".join(f"{name} {words.memory(size)}" for name, size in terms)
        head = Content.assemble(
            (f" {'memory':<11}", "$ash"), (total, "bold"), "   ", (verdict, colour), (f"   {free}", "$ash")
        )
        model_line = Content.assemble(
            (f" {'model':<11}", "$ash"), (clean(found.model), "bold"), (f"   {model}", "$ash")
        )
        return Content("\n").join([model_line, head, Content.styled(f" {'':11}{listed}", "$ash")])
    lines = [Content.styled("Memory", "bold $brass"), Content("")]
    lines += [Content.styled(clean(found.model), "bold"), Content.styled(model, "$ash"), Content("")]
    lines += [Content.styled(f"{name:<21}{words.memory(size):>9}", "$ash") for name, size in terms]
    lines += [Content.assemble((f"{'with room':<21}", "$ash"), (f"{total:>9}", "bold")), Content("")]
    lines += [Content.styled(verdict, colour), Content.styled(free, "$ash")]
    return Content("\n").join(lines)


def preview_content(found: Any) -> Content:
    """The first prompts, and one of them as it is read."""
    lines: list[Content] = []
    for number, prompt in enumerate(found.prompts):
        lines.append(Content.assemble((f"{number + 1}  ", "$brass"), (printable(prompt), "$bone")))
    if not found.prompts:
        lines.append(Content.styled("no prompts yet: they are typed as you go", "$ash"))
    facts = (
        found.title,
        f"{found.total} in all" if found.total else "",
        f"column {found.column}" if found.column else "",
    )
    lines += [Content.styled(printable(f" {DOT} ".join(fact for fact in facts if fact)), "$ash"), Content("")]
    if found.problem:
        lines.append(Content.assemble((f"{FAILED} ", "$blood"), printable(found.problem)))
    if found.shaped:
        head = f"The first one as the model reads it, {found.tokens} tokens"
        lines += [Content.styled(head, "$ash"), Content(printable(found.shaped))]
    return Content("\n").join(lines)
