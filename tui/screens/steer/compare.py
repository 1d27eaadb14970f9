"""Two states side by side: the same prompts, the same seeds, how likely each finds what the other says."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from core.errors import OgiveError
from tui import keys
from tui.engine import JobDone, JobFailed, JobHandle
from tui.glyphs import DOT, FAILED
from tui.screens.base import OgiveScreen
from tui.screens.steer import work as jobs
from tui.widgets.lines import clean
from tui.widgets.picker import Choice, Picker
from tui.widgets.sides import SideBySide, Sides
from tui.widgets.writing import Writing

if TYPE_CHECKING:
    from core.steering.compare import Answer, Comparison
    from tui.screens.steer.screen import SteerScreen


class CompareScreen(OgiveScreen):
    """What two states answer. The session stays where it is."""

    NAME = "compare"
    ALSO = ("transcript",)
    CSS_PATH = "compare.tcss"
    BINDINGS = keys.bindings("compare")
    TEXT: ClassVar[str] = (
        "Both states answer the same prompts with the same seeds. Under each answer stands how likely it is to the "
        "state that gave it and to the other one, as the mean log-probability per token in nats: the larger the "
        "difference, the more foreign it is to the other. Drift is the size of the change to the weights."
    )

    def __init__(self, steer: SteerScreen, a: int, b: int) -> None:
        super().__init__()
        self._steer = steer
        self._sides = (a, b)
        self._handle: JobHandle[Comparison] | None = None
        self._found: Comparison | None = None

    def compose_body(self) -> ComposeResult:
        yield Static(id="names")
        yield Static(id="waiting")
        yield SideBySide(id="sides")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#sides").focus()
        self.set_interval(0.1, self._watch)
        self._start(None)

    def _start(self, prompts: list[str] | None) -> None:
        if self._handle is not None and self._handle.alive:
            self.trail("the comparison is being made; ctrl+c stops it")
            return
        try:
            self._handle = self.ogive.engine.submit(
                jobs.compare(self._steer.bench, *self._sides, prompts), name="comparing", to=self
            )
        except OgiveError as error:
            self.trail(str(error), "bad")
            return
        self._draw()

    # What is shown

    def _state_name(self, number: int) -> str:
        node = self._steer.node(number)
        names = [clean(name) for name in (node.branch, node.bookmark) if name] if node is not None else []
        return f"state {number}{f' ({names[0]})' if names else ''}"

    def _watch(self) -> None:
        handle = self._handle
        if handle is not None and handle.state == "dropped":
            self._handle = None
            self._draw()
        elif handle is not None and handle.alive:
            self._draw()

    def _draw(self) -> None:
        a, b = self._sides
        running = self._handle is not None and self._handle.alive
        self.query_one("#waiting").display = self._found is None
        self.query_one("#sides").display = self._found is not None
        state = Content.styled("   comparing", "$brass") if running else Content("")
        self.headline(
            Content.assemble((f"{self._state_name(a)} and {self._state_name(b)}", "bold $bone"), state),
            self._distance(),
        )
        column = max(8, (self.size.width - 6) // 2)
        left = Content.styled(self._state_name(a), "bold $verdigris").truncate(column, ellipsis=True)
        right = Content.styled(self._state_name(b), "bold $amethyst").truncate(column, ellipsis=True)
        self.query_one("#names", Static).update(
            Content.assemble(" ", left, " " * (column - left.cell_length), (" │ ", "$hairline"), right)
        )
        latest = self._handle.latest if self._handle is not None else None
        if self._found is None:
            step = f"{latest.doing} {latest.done}/{latest.whole}" if latest is not None else "waiting for the engine"
            text = step if running else "stopped; esc goes back"
            self.query_one("#waiting", Static).update(Content.styled(text, "$ash"))
        self.key_line.refresh_keys()

    def _distance(self) -> str:
        found = self._found
        return (
            "" if found is None else f"apart {found.distance:.2f} {DOT} drift {found.drift_a:.2f}, {found.drift_b:.2f}"
        )

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    # The engine's answers

    @on(JobDone)
    def _done(self, event: JobDone) -> None:
        event.stop()
        self._handle = None
        self._found = event.result
        self.query_one(SideBySide).show(sides_of(event.result))
        same = sum(pair.same for pair in event.result.pairs)
        self.trail(f"{len(event.result.pairs)} prompts{f' {DOT} {same} answered alike' if same else ''}", "good")
        self._draw()

    @on(JobFailed)
    def _failed(self, event: JobFailed) -> None:
        event.stop()
        self._handle = None
        self.trail(f"{event.cause} {event.hint}".strip(), "bad")
        self.query_one("#waiting", Static).update(Content.assemble((f"{FAILED} ", "$blood"), event.cause))
        self._draw()
        if event.defect:
            self.ogive.show_failure(event.cause, event.hint, event.log_path)

    def interrupt(self) -> bool:
        if self._handle is None or not self._handle.alive:
            return False
        self._handle.cancel.request("stopped by hand")
        self.trail("stopping")
        return True

    # Keys

    @work(exclusive=True, group="ask")
    async def action_prompt(self) -> None:
        text = await self.app.push_screen_wait(
            Writing("Compare on which prompts?", "Each line is one prompt.", hint="Type a prompt")
        )
        if text is not None:
            self._start([line.strip() for line in text.splitlines() if line.strip()])

    def action_copy(self) -> None:
        if self._found is None:
            self.trail("there is nothing to copy yet")
            return
        a, b = map(self._state_name, self._sides)
        parts = [f"{pair.prompt}\n\n{a}: {pair.a.text}\n\n{b}: {pair.b.text}" for pair in self._found.pairs]
        self.ogive.copy("\n\n---\n\n".join(parts))

    def action_back(self) -> None:
        self.interrupt()
        self.app.pop_screen()


def sides_of(found: Comparison) -> list[Sides]:
    """The pairs for drawing."""
    return [
        Sides(pair.prompt, pair.a.text, pair.b.text, _likely(pair.a, "right"), _likely(pair.b, "left"))
        for pair in found.pairs
    ]


def _likely(answer: Answer, other: str) -> str:
    if answer.own is None or answer.other is None:
        return "nothing said"
    return f"{answer.own:.2f} here, {answer.other:.2f} {other} {DOT} {answer.tokens} tokens"


def ask_other(steer: SteerScreen) -> None:
    """Let the person say with which state the one at hand is compared."""
    picture = steer.picture
    if picture is None:
        return
    here = picture.view.node
    choices, seen = [], {here}
    named = [*picture.view.branches.items(), *picture.view.bookmarks.items(), ("root", 0)]
    for name, number in named:
        node = steer.node(number)
        if number not in seen and node is not None:
            seen.add(number)
            choices.append(Choice(str(number), name, f"state {number} {DOT} {node.what}"))
    for number in reversed([int(node) for node in steer.branches.path]):
        node = steer.node(number)
        if number not in seen and node is not None:
            choices.append(Choice(str(number), f"state {number}", f"{node.what} {DOT} {clean(node.prompt)}"))
    steer.app.push_screen(
        Picker(f"Compare state {here} with which one?", choices, empty="There is no other state yet."),
        lambda chosen: steer.compare(here, int(chosen)) if chosen else None,
    )
