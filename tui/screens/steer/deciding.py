"""Decisions: picks and the rest, early ones confirmed, none about a group that was not seen; and moves in the tree."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import events, on, work

from core.steering.rows import cut
from tui.engine import JobDone, JobFailed
from tui.glyphs import DOT
from tui.screens.steer import work as jobs
from tui.screens.steer.drawing import SEEN, Drawing
from tui.steering import Picture, called
from tui.widgets.confirm import Confirm, Option

if TYPE_CHECKING:
    from core.steering.view import Decision

TWICE = 3.0
"""Seconds within which a key pressed again confirms."""
ARROW = "→"


class Deciding(Drawing):
    """What keys come to. A decision is refused, and that is said, while another one is being done."""

    def __init__(self) -> None:
        super().__init__()
        self._early: tuple[int, float] = (-1, 0.0)
        """Slot (0: none) of an early decision that waits to be confirmed, and since when."""
        self._typed_at = 0.0
        self._story: list[str] = []

    def on_key(self, event: events.Key) -> None:
        """When the key was pressed, which may be a while ago when the machine is busy."""
        self._typed_at = event.time

    # What may be done now

    def ready(self) -> bool:
        """Whether the session takes a decision now; it is said when not."""
        if self.picture is None:
            self.trail("no session is open: S begins one, J goes on with an earlier one")
        elif self.phase == "deciding":
            self.trail(f"{self._told()} {DOT} this key was not taken: the update is being made")
        elif self.phase not in ("choosing", "writing"):
            self.trail("not yet: the session is busy")
        else:
            return True
        return False

    def about_group(self) -> bool:
        """Whether a decision about variants can be about those on the screen."""
        if not self.ready():
            return False
        if not self.variants.count:
            self.trail("nothing is written yet")
            return False
        if self._seen_at is None or self._typed_at < self._seen_at + SEEN:
            self.trail(f"{self._told()} {DOT} this key was not taken: the group is new".lstrip(f" {DOT}"))
            return False
        return True

    def _told(self) -> str:
        return f" {ARROW} ".join(self._story)

    # Decisions about variants

    def pick(self, slot: int) -> None:
        """Take the variant in `slot` (from 1); one that is not finished only when asked twice."""
        if not self.about_group():
            return
        count = self.variants.count
        if slot > count:
            self.trail(f"there are {count} variants")
            return
        pane = self.variants.pane(slot)
        if not pane.text and self.phase == "writing":
            self.trail(f"{slot} has not begun")
        elif pane.ended or self._confirmed(slot, f"{slot} is not finished: {slot} again takes it as it is"):
            self._settle(lambda group: _decision("pick", slot - 1, group), slot)

    def pick_none(self) -> None:
        """None of these."""
        if not self.about_group():
            return
        whole = all(pane.ended for pane in self.variants.shown)
        if whole or self._confirmed(0, "they are not finished: 0 again says none of them as they are"):
            self._settle(lambda group: _decision("none", group), 0)

    def write(self, text: str) -> None:
        """The reply one wanted, in a person's own words."""
        if self.ready() and self.variants.count:
            self._settle(lambda group: _decision("write", text, group), 0)

    def _confirmed(self, slot: int, question: str) -> bool:
        before, since = self._early
        self._early = (slot, monotonic())
        if before == slot and monotonic() - since <= TWICE:
            self._early = (-1, 0.0)
            return True
        if slot:
            self.variants.mark(slot)
        self.trail(question)
        return False

    def _settle(self, make: Callable[[str], Decision], slot: int) -> None:
        """Show at once what was chosen; decide as soon as nothing is being written."""
        self.variants.paint_pick(slot)
        self._story = [f"pick {slot}" if slot else "none of these"]
        self.trail(f"{self._told()} {ARROW} …")
        self.phase = "deciding"
        self._draw_title()
        self.after_writing(lambda: self._decide_about_group(make), keep=True)

    def _decide_about_group(self, make: Callable[[str], Decision]) -> None:
        group = self.picture.view.group if self.picture is not None else None
        if group is None:
            self.phase = "choosing"
            self.variants.paint_pick(None)
            self.trail("nothing was written that could be decided about; r draws again", "bad")
            self.draw_frame()
            return
        self.submit(make(group.id))

    # Decisions that need no group

    def skip(self) -> None:
        """On to the next prompt."""
        if self.ready():
            self._story = ["skip"]
            self.phase = "deciding"
            self.after_writing(lambda: self.submit(_decision("skip")))

    def draw_anew(self, how: jobs.How, story: str) -> None:
        """Another group: of the same prompt, of another one, of the last one."""
        if self.ready():
            self._story = [story]
            self.trail(story)
            if how.again and self.picture is not None and self.picture.view.group is None and self._drawing is None:
                how = jobs.How()
            self.after_writing(lambda: self.draw_group(how))

    def submit(self, decision: Decision) -> None:
        """Have a decision done."""
        self.hush_control()
        self.phase = "deciding"
        self._early = (-1, 0.0)
        self._story = [called(decision)]
        self._deciding = self.ogive.engine.submit(jobs.decide(self.bench, decision), name=called(decision), to=self)
        self.trail(f"{self._told()} {ARROW} …")
        self.draw_frame()

    @on(jobs.Acknowledged)
    def _acknowledged(self, event: jobs.Acknowledged) -> None:
        event.stop()
        if event.handle is self._deciding:
            if event.pending.teaches:
                self._story.append("journal")
            self.trail(f"{self._told()} {ARROW} {'update …' if event.pending.teaches else '…'}")

    def _decided(self, done: jobs.Decided) -> None:
        self._deciding = None
        report, view = done.picture.last, done.picture.view
        if "margin" in report:
            self._story.append(f"update {report.get('seconds', done.seconds):.1f} s")
        self._story.append(f"state {done.node}")
        margin = f"   margin {view.margin:+.2f}" if view.margin and "margin" in report else ""
        self.trail(f"{self._told()}{margin}{cut(report, f' {DOT} ')}", "good")
        self.take_card(done.picture)

    @work(exclusive=True, group="ask")
    async def _not_decided(self, event: JobFailed) -> None:
        """An update that failed or was stopped: the decision waits, and the person says what becomes of it."""
        self._deciding = None
        self.trail(event.cause, "bad")
        bench = self.bench
        if bench.session is None or bench.session.tree.pending is None:
            self.phase = "choosing"
            self.variants.paint_pick(None)
            self.refresh_picture()
            self.draw_frame()
            return
        log = f" The log is {event.log_path}." if event.defect and event.log_path else ""
        answer = await self.app.push_screen_wait(
            Confirm(
                event.cause,
                f"{event.hint} The decision is in the journal; the weights are as before it.{log}".strip(),
                Option("again", "a", "try again"),
                Option("back", "w", "withdraw it", "the group can be decided about anew"),
            )
        )
        if answer == "again":
            self.phase = "deciding"
            self._deciding = self.ogive.engine.submit(jobs.apply_again(bench), name="the update again", to=self)
        else:
            self.move("withdraw", story="withdrawn")

    # Moves

    def move(self, deed: str, *values: Any, story: str) -> None:
        """Undo, redo, go somewhere, branch, name: done between two decisions."""
        if self.phase == "deciding" and deed != "withdraw":
            self.ready()
            return
        if self.picture is None:
            self.ready()
            return
        self.move_with(jobs.move(self.bench, deed, *values), story)

    def move_with(self, job: Callable[[jobs.JobContext], Picture], story: str) -> None:
        """As `move`, for a job made elsewhere."""
        self.after_writing(lambda: self._move(job, story))

    def _move(self, job: Callable[[jobs.JobContext], Picture], story: str) -> None:
        self.hush_control()
        self._story = [story]
        self.phase = "moving"
        self._moving = self.ogive.engine.submit(job, name=story, to=self)
        self._draw_title()

    def _moved(self, picture: Picture) -> None:
        self._moving = None
        view = picture.view
        same = self.picture is not None and self.picture.view.node == view.node
        self._story.append(f"state {view.node}")
        self.trail(f"{self._told()} {DOT} {view.branch}", "good")
        if same and view.group is not None and self.variants.count:
            # Naming leaves the card as it stands, wherever the person has scrolled to.
            self.phase = "choosing"
            self.variants.paint_pick(None)
            self.show(picture)
            self.ask_control()
        else:
            self.take_card(picture)

    # The engine's answers

    @on(JobDone)
    def _done(self, event: JobDone) -> None:
        event.stop()
        if event.handle is self._loading:
            self.loaded(event.result)
        elif event.handle is self._drawing:
            self.drawn(event.result)
        elif event.handle is self._deciding:
            self._decided(event.result)
        elif event.handle is self._moving:
            self._moved(event.result)
        elif self.is_control(event.handle):
            self.controlled(event.result)
        else:
            self.asides.pop(event.handle, lambda _: None)(event.result)

    @on(JobFailed)
    def _failed(self, event: JobFailed) -> None:
        event.stop()
        deciding = event.handle is self._deciding
        if event.handle is self._loading:
            self._not_loaded(event.cause, event.hint)
        elif event.handle is self._drawing:
            self.not_drawn(event)
        elif deciding:
            self._not_decided(event)
        elif event.handle is self._moving:
            self._moving = None
            self.phase = "choosing"
            self.trail(f"{event.cause} {event.hint}".strip(), "bad")
            self.draw_frame()
            if self.picture is not None and self.picture.view.group is None:
                self.refresh_picture()
        elif not self.is_control(event.handle):
            self.asides.pop(event.handle, None)
            self.trail(f"{event.cause} {event.hint}".strip(), "bad")
        if event.defect and not deciding:
            self.ogive.show_failure(event.cause, event.hint, event.log_path)


def _decision(kind: str, *values: Any) -> Decision:
    from core.steering.view import Decision

    return getattr(Decision, kind)(*values)
