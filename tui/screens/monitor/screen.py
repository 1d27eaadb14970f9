"""The monitor's screen: keys in, finished pictures out. The reading and drawing is done by the feed's threads."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.content import Content

from core.errors import OgiveError
from tui import keys
from tui.screens.base import OgiveScreen
from tui.screens.monitor.feed import Drawn, Feed, FeedFailed, Flash
from tui.screens.monitor.look import METRICS, Look
from tui.screens.monitor.story import literal
from tui.widgets.canvas import Canvas
from tui.widgets.chart import AXES, Picture, View
from tui.widgets.confirm import Confirm, Option
from tui.widgets.picker import Choice, Picker

MOST_OVERLAYS = 4
LIVE = frozenset({"starting", "training", "paused", "evaluating", "saving"})
FILTERS = ("", "bad")


class MonitorScreen(OgiveScreen):
    """One run, from its folder."""

    NAME = "monitor"
    KEY_GAP = 2
    CSS_PATH = "monitor.tcss"
    BINDINGS = keys.bindings("monitor")
    TEXT: ClassVar[str] = (
        "The strong curve is the moving mean (ema) of the loss, the dots are the values themselves; a diamond is a "
        "measurement on held-out text; a cross marks steps that were skipped because a number was not finite. bpb is "
        "bits per byte. Requests are heard between two steps; the trail line says what became of them. mfu is the "
        "share of the device's peak arithmetic that is used."
    )

    def __init__(self) -> None:
        super().__init__()
        self.look = Look()
        self.feed: Feed | None = None
        self.state = ""
        self.picture = Picture([])
        self.more = 0
        self.samples = 0
        self.bell = True
        self._words = ("", "")
        self._held = False
        self._alarmed = False

    def compose_body(self) -> ComposeResult:
        yield Canvas(id="picture")

    def on_mount(self) -> None:
        super().on_mount()
        self.canvas = self.query_one("#picture", Canvas)

    def open(self, run: str | Path | None = None, **arguments: Any) -> None:
        """Watch `run`: a folder, or a name as `ogive runs show` takes it; None: what is shown, or the latest."""
        if run is None and self.feed is not None and self.feed.is_alive():
            return
        wanted: str | Path = run or (self.ogive.runner.active.path if self.ogive.runner.active else "latest")
        if self.feed is not None and self.feed.is_alive() and wanted in (self.feed.wanted, self.feed.path):
            return
        self._end_feed()
        self.look = replace(self.look, view=replace(self.look.view, span=None, end=None), back=0, prompt=0, scroll=0)
        self._words, self._held, self.state, self.picture = ("", ""), False, "", Picture([])
        self.canvas.paint([])
        self.headline(Content.styled(f"{Path(wanted).name} · opening", "$ash"))
        self.feed = Feed(self.ogive.workspace, wanted, self.post_message, self._fitted())
        self.feed.start()

    def _end_feed(self) -> None:
        if self.feed is not None:
            self.feed.close()
            self.feed = None

    def on_unmount(self) -> None:
        self._end_feed()

    @on(events.ScreenSuspend)
    def _hidden(self) -> None:
        if self.feed is not None:
            self.feed.showing = self.showing  # a dialog over the screen hides nothing

    @on(events.ScreenResume)
    def _shown(self) -> None:
        if self.feed is not None:
            self.feed.showing = True
            self.feed.see(self._fitted())

    def on_resize(self) -> None:
        self.call_after_refresh(self._see)

    def _fitted(self) -> Look:
        size = self.canvas.size
        self.look = replace(self.look, width=size.width or 80, height=size.height or 19)
        return self.look

    def _see(self, **changes: Any) -> None:
        """Look differently; the picture comes from the feed's thread."""
        self.look = replace(self.look, **changes)
        if self.feed is not None:
            self.feed.see(self._fitted())

    def _view(self, view: View, told: str = "") -> None:
        self._see(view=view)
        if told:
            self.say(told)

    # From the feed

    @on(Drawn)
    def _drawn(self, message: Drawn) -> None:
        if message.feed is not self.feed:
            return
        if message.state != self.state:
            self.state = message.state
            self.refresh_bindings()
        if message.frame is not None:
            self.picture, self.more, self.samples = message.frame.picture, message.frame.more, message.frame.samples
            self.canvas.paint(message.frame.lines)
        spans, right = message.title
        self.headline(Content.assemble(*spans), right)
        if message.trail != self._words:
            self._words = message.trail
            if not self._held or message.trail[0]:
                self._held = False
                self.trail(*message.trail)
        if message.alerts:
            self._alarm(message)

    def _alarm(self, message: Drawn) -> None:
        """An alert: the bell, unless silenced, and the terminal's title, for whoever looks elsewhere."""
        text = message.alerts[-1].text
        if self.bell:
            self.app.bell()
        self._terminal_title(f"! {text}")
        self._alarmed = True
        if not self.showing:
            self.ogive.trail(f"{message.feed.path.name if message.feed.path else ''}: {text}", "bad")

    def _terminal_title(self, text: str) -> None:
        driver = self.app._driver
        if driver is not None:
            driver.write(f"\x1b]2;{literal(text, 80)}\x07")

    @on(FeedFailed)
    def _failed(self, message: FeedFailed) -> None:
        if message.feed is not self.feed:
            return
        self.feed = None
        self.headline(Content.styled("nothing to watch", "$ash"))
        self.canvas.paint([(), ((f"  {message.cause}", "bone"),), ((f"  {message.hint}", "ash"),)])
        self.trail(f"{message.cause} {message.hint}", "bad")
        if message.defect:
            self.ogive.show_failure(message.cause, message.hint, self.ogive.log_path)

    @on(Flash)
    def _flashed(self, message: Flash) -> None:
        if message.feed is self.feed:
            self.say(message.text, message.tone)

    def say(self, text: str, tone: str = "") -> None:
        """A word on the trail line that stays until something else happens."""
        self._held = True
        self.trail(text, tone)

    # Requests to the trainer

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("save", "evaluate", "sample", "stop", "detach"):
            return self.state in LIVE or not self.state
        return True

    def key_entries(self) -> list[tuple[str, str]]:
        entries = [(key, "" if key == "?" else label) for key, label in super().key_entries()]
        if self.app.size.width < 100:  # every cell is needed; esc leaves everywhere, and `?` says so
            entries = [entry for entry in entries if entry[0] != "esc"]
        word = {"paused": "go on", "stopped": "resume", "lost": "resume", "failed": "resume"}.get(self.state)
        if self.state == "finished":
            return [entry for entry in entries if entry[1] != "pause"]
        return [(key, word if word and label == "pause" else label) for key, label in entries]

    def _ask(self, kind: str) -> None:
        if self.feed is not None:
            self.feed.ask(kind)

    def action_pause(self) -> None:
        if self.state in LIVE:
            self._ask("pause")
        elif self.state in ("stopped", "lost", "failed") and self.feed is not None and self.feed.path is not None:
            try:
                self.ogive.runner.start(self.feed.path)
                self.say(f"{self.feed.path.name} goes on in this program")
            except OgiveError as error:
                self.say(str(error), "bad")

    def action_save(self) -> None:
        self._ask("save")

    def action_evaluate(self) -> None:
        self._ask("evaluate")

    def action_sample(self) -> None:
        self._see(pane="sample", back=0, scroll=0)
        self._ask("sample")

    @work(exclusive=True, group="ask")
    async def action_stop(self) -> None:
        feed = self.feed
        if feed is None or feed.path is None:
            return
        answer = await self.app.push_screen_wait(
            Confirm(
                f"Stop {feed.path.name}?",
                "A checkpoint is saved first; the run can be resumed.",
                Option("stay", "s", "stay", "go on training"),
                Option("stop", "x", "stop", "save, then stop after this step", alarming=True),
            )
        )
        if answer == "stop":
            self._ask("stop")
            active = self.ogive.runner.active
            if active is not None and active.path == feed.path:
                # A run that still prepares hears no request, but this.
                self.ogive.runner.stop("stopped in the monitor")

    def action_detach(self) -> None:
        active, feed = self.ogive.runner.active, self.feed
        if active is None or feed is None or active.path != feed.path:
            self.say("this run is in a process of its own already; closing the terminal does not stop it")
            return
        try:
            self.ogive.runner.hand_over()
            self.say("detach: saves after this step, then goes on in a process of its own")
        except OgiveError as error:
            self.say(str(error), "bad")

    def action_chat(self) -> None:
        if self.feed is not None and self.feed.path is not None:
            self.ogive.open("chat", model=self.feed.path.name)

    # What the chart shows

    def action_smoother(self) -> None:
        self._smooth(1)

    def action_rougher(self) -> None:
        self._smooth(-1)

    def _smooth(self, steps: int) -> None:
        view = self.look.view.smoother(steps)
        self._view(view, f"smoothing {view.smoothing:g}" if view.smoothing else "no smoothing")

    def action_log_scale(self) -> None:
        view = replace(self.look.view, log=not self.look.view.log)
        self._view(view, "logarithmic height" if view.log else "even height")

    def action_clip(self) -> None:
        view = replace(self.look.view, clip=not self.look.view.clip)
        self._view(view, "outliers are cut off" if view.clip else "every value is shown")

    def action_axis(self) -> None:
        names = list(AXES)
        name = names[(names.index(self.look.view.axis) + 1) % len(names)]
        self._view(replace(self.look.view, axis=name, span=None, end=None), f"along the bottom: {AXES[name]}")

    def action_metric(self) -> None:
        names = list(METRICS)
        name = names[(names.index(self.look.metric) + 1) % len(names)]
        self._see(metric=name)
        self.say(f"chart of {METRICS[name]}")

    def action_zoom(self) -> None:
        self._see(zoomed=not self.look.zoomed)

    def action_closer(self) -> None:
        self._view(self.look.view.zoomed(0.5, self.picture.first, self.picture.last))

    def action_wider(self) -> None:
        self._view(self.look.view.zoomed(2.0, self.picture.first, self.picture.last))

    def action_left(self) -> None:
        self._view(self.look.view.panned(-0.25, self.picture.first, self.picture.last))

    def action_right(self) -> None:
        self._view(self.look.view.panned(0.25, self.picture.first, self.picture.last))

    def action_follow(self) -> None:
        self._see(view=replace(self.look.view, end=None), scroll=0, back=0)

    def action_whole(self) -> None:
        self._see(view=replace(self.look.view, span=None, end=None))

    # The lower pane

    def _pane(self, name: str) -> None:
        self._see(pane="sample" if self.look.pane == name else name, scroll=0, zoomed=False)

    def action_log(self) -> None:
        self._pane("log")

    def action_events(self) -> None:
        self._pane("events")
        if self._alarmed:
            self._alarmed = False
            self._terminal_title("Ogive")

    def action_filter(self) -> None:
        level = FILTERS[(FILTERS.index(self.look.level) + 1) % len(FILTERS)]
        self._see(level=level, scroll=0)
        self.say("warnings only" if level else "all lines")

    def action_bell(self) -> None:
        self.bell = not self.bell
        self.say("the bell rings on alerts" if self.bell else "the bell is silent")

    def action_up(self) -> None:
        self._scroll(1)

    def action_down(self) -> None:
        self._scroll(-1)

    def _scroll(self, direction: int) -> None:
        """A page up or down; the log and the timeline count from their end, a sample from its beginning."""
        page = max(3, self.look.height // 3)
        step = -direction if self.look.pane == "sample" else direction
        self._see(scroll=max(0, min(self.more, self.look.scroll + step * page)))

    def action_earlier(self) -> None:
        self._see(pane="sample", back=max(0, min(self.look.back + 1, self.samples - 1)), scroll=0)

    def action_later(self) -> None:
        self._see(pane="sample", back=max(0, self.look.back - 1), scroll=0)

    def action_prompt(self) -> None:
        self._see(pane="sample", prompt=self.look.prompt + 1, back=0, scroll=0)

    def action_difference(self) -> None:
        self._see(pane="sample", diff=not self.look.diff)

    @work(exclusive=True, group="compare")
    async def action_compare(self) -> None:
        """Choose a run to lay over this one; one that lies there already is taken away."""
        feed = self.feed
        if feed is None or feed.path is None:
            return
        from core.runs.registry import list_runs

        try:
            runs = await asyncio.to_thread(list_runs, self.ogive.workspace)
        except OgiveError as error:
            self.say(str(error), "bad")
            return
        here = feed.path.resolve()
        choices = [
            Choice(str(run.path), run.id, "over this one: take away" if run.path in feed.overlays else run.status)
            for run in runs
            if run.path.resolve() != here and run.status != "damaged"
        ]
        chosen = await self.app.push_screen_wait(Picker("Compare with", choices, empty="There is no other run."))
        if chosen is None:
            return
        path = Path(chosen)
        if path in feed.overlays:
            feed.overlays = tuple(kept for kept in feed.overlays if kept != path)
        else:
            feed.overlays = (*feed.overlays, path)[-MOST_OVERLAYS:]
        self._see(pane="compare" if feed.overlays else "sample", zoomed=False)

    def action_back(self) -> None:
        if self.look.zoomed:
            self._see(zoomed=False)
        elif self.look.pane != "sample":
            self._pane(self.look.pane)
        else:
            self.ogive.back()
