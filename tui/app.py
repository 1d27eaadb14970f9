"""The app: screens made at need, one engine, one run, themes and keys. What a screen shows is the screen's matter."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
from pathlib import Path
from typing import Any, ClassVar

from textual import events, work
from textual.app import App
from textual.filter import Monochrome, NoColor

from core.errors import OgiveError
from core.files import write_json
from core.workspace import Workspace
from tui import keys, theme
from tui.engine import Engine, JobDone, JobFailed
from tui.overview import FirstReading
from tui.palette import ActionsProvider
from tui.plain import AsciiFilter
from tui.running import DETACH, ActiveRun, Runner, detach
from tui.screens import SCREENS
from tui.screens.base import OgiveScreen
from tui.steering import Bench

log = logging.getLogger("ogive.app")


class OgiveApp(App[int], inherit_bindings=False):
    """Modes are screens: `open("monitor", run=path)` brings one up, making it the first time."""

    CSS_PATH = "app.tcss"
    TITLE = "Ogive"
    COMMANDS: ClassVar = {ActionsProvider}
    BINDINGS = keys.bindings("app")
    MODES = {name: (lambda load=entry.load: load()()) for name, entry in SCREENS.items()}
    NOTIFICATION_TIMEOUT = 3
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (76, "-narrow"), (110, "-wide"), (180, "-vast")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (22, "-low"), (36, "-tall")]

    def __init__(
        self,
        workspace: Workspace,
        *,
        screen: str = "home",
        arguments: dict[str, Any] | None = None,
        theme_name: str | None = None,
        ascii_only: bool = False,
        log_path: Path | None = None,
        advice: str = "",
        first_reading: FirstReading | None = None,
    ) -> None:
        self.DEFAULT_MODE = screen  # ty: ignore[invalid-attribute-access]
        super().__init__()
        self.workspace = workspace
        self.log_path = log_path
        self.engine = Engine(self, log_path)
        self.runner = Runner(self.engine)
        self.bench = Bench()
        self.ascii_only = ascii_only
        self.keymap, self.problems = keys.read_keymap(workspace.configs / "keys.yaml")
        self.advice = advice
        self.first_reading = first_reading
        """The overview of the workspace that was begun before the app was; for the first picture."""
        self.failure = ""
        """What ended the app, when that was a defect."""
        self.last_words: list[str] = []
        """Lines printed on the normal screen after the app has gone."""
        self.detach_at_exit: Path | None = None
        self._leaving = False
        self._arguments = arguments or {}
        self._came_from: list[str] = []
        if self.no_color:
            # Textual chose by its default theme; with colours of the terminal's own, greys would be black on black.
            self._filters = [each for each in self._filters if not isinstance(each, Monochrome)] + [NoColor()]
        if ascii_only:
            self._filters.append(AsciiFilter())
        for each in theme.THEMES:
            self.register_theme(each)
        self.theme = theme.choose(os.environ, theme_name, self.remembered.get("theme"))

    # What is remembered between sessions

    @property
    def memory_path(self) -> Path:
        return self.workspace.data / "app.json"

    @property
    def remembered(self) -> dict[str, Any]:
        """Theme and last values, as `data/app.json` of the workspace holds them; empty when it cannot be read."""
        if not hasattr(self, "_remembered"):
            found: Any = {}
            with contextlib.suppress(OSError, ValueError):
                found = json.loads(self.memory_path.read_text("utf-8"))
            self._remembered: dict[str, Any] = found if isinstance(found, dict) else {}
        return self._remembered

    def remember(self, **values: Any) -> None:
        """Keep `values` for the next session; a workspace that cannot be written is no failure."""
        self.remembered.update(values)
        with contextlib.suppress(OSError, OgiveError):
            self.memory_path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self.memory_path, self.remembered)

    # Screens

    def on_mount(self) -> None:
        self.call_after_refresh(_collect_from_now_on)
        if self.keymap:
            self.set_keymap(self.keymap)
        self.begin_capture_print(self)
        self.theme_changed_signal.subscribe(self, lambda changed: self.remember(theme=changed.name))
        self._start_if_asked(self._arguments)
        if isinstance(self.screen, OgiveScreen):
            self.screen.open(**self._arguments)
        if self.problems:
            self.trail(self.problems[0], "bad")
        elif self.advice and not self.remembered.get("advised"):
            self.trail(self.advice)
            self.remember(advised=True)

    def open(self, name: str, **arguments: Any) -> None:
        """Bring up the screen `name` (a row of `tui.screens.SCREENS`), telling it what to show.

        `run` is a run's folder; with `start=True` that run is trained in this program first.
        """
        self._start_if_asked(arguments)
        if name != self.current_mode:
            self._came_from = [mode for mode in self._came_from if mode != name] + [self.current_mode]
            self._switch(name, arguments)
        elif isinstance(self.screen, OgiveScreen):
            self.screen.open(**arguments)

    def _start_if_asked(self, arguments: dict[str, Any]) -> None:
        if arguments.pop("start", False):
            try:
                self.runner.start(Path(arguments["run"]))
            except OgiveError as error:
                self.show_failure(error.message, error.hint)

    @work
    async def _switch(self, name: str, arguments: dict[str, Any]) -> None:
        await self.switch_mode(name)
        if isinstance(self.screen, OgiveScreen):
            self.screen.open(**arguments)

    def back(self) -> None:
        """To the screen this one was opened from, else home."""
        name = self._came_from.pop() if self._came_from else "home"
        if name != self.current_mode:
            self._switch(name, {})

    def trail(self, text: str, tone: str = "") -> None:
        """Say what just happened on the trail line of the screen that shows. Tones: good, bad, or none."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, OgiveScreen):
                screen.trail(text, tone)
                return

    # Jobs

    def on_job_done(self, message: JobDone) -> None:
        ended = None if self._leaving else self.runner.ended(message.handle)
        if ended is None:
            return
        if ended.detach:
            self.runner.start_detached(ended.path)
            self.trail(f"{ended.id}: saved; it goes on in a process of its own", "good")
        else:
            self.trail(f"{ended.id}: {message.result}", "good" if message.result == "finished" else "")

    def on_job_failed(self, message: JobFailed) -> None:
        if self._leaving:
            return
        self.runner.ended(message.handle)
        self.show_failure(message.cause, message.hint, message.log_path if message.defect else None)

    def show_failure(self, cause: str, hint: str = "", log_path: Path | None = None) -> None:
        """A panel with cause, log and next step; the app stays up."""
        from tui.widgets.failure import FailurePanel

        self.push_screen(FailurePanel(cause, hint, log_path))

    def on_print(self, event: events.Print) -> None:
        if event.text.strip():
            logging.getLogger("ogive.print").info("%s", event.text.rstrip())

    # Actions of every screen

    def action_help_screen(self) -> None:
        from tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_next_theme(self) -> None:
        names = theme.NAMES
        index = names.index(self.theme) if self.theme in names else -1
        wanted = names[(index + 1) % len(names)]
        self.action_use_theme(wanted)

    def action_use_theme(self, name: str) -> None:
        self.theme = theme.choose(os.environ, name)
        if self.theme != name:
            self.trail("NO_COLOR or TERM=dumb is set: only the terminal's own colours are used")
        else:
            self.trail(f"theme {name}")

    def action_open_screen(self, name: str) -> None:
        self.open(name)

    def action_interrupt(self) -> None:
        """Ctrl+C: copy what is selected, else let the screen stop what it does, else say how to leave."""
        screen = self.screen
        selected = screen.get_selected_text()
        if selected:
            self.copy(selected)
        elif not (isinstance(screen, OgiveScreen) and screen.interrupt()):
            quit_key = keys.written(self.keymap.get("app.quit", "ctrl+q"))
            self.trail(f"{quit_key} leaves; a run that is alive is asked about first")

    def copy(self, text: str) -> None:
        """Put `text` on the clipboard by every way that may work, and say which were tried."""
        from tui.clipboard import copy

        self.trail(copy(self, text, self.workspace), "good")

    @work(exclusive=True, group="leave")
    async def action_leave(self) -> None:
        """Leave; with a run alive in this program, ask what becomes of it."""
        active = self.runner.active
        if active is None or not active.handle.alive:
            self.exit(0)
            return
        if active.detach:
            self._leave_with(active, detach=True)
            return
        from tui.widgets.confirm import Confirm, Option

        answer = await self.push_screen_wait(
            Confirm(
                f"{active.id} is training in this program.",
                "What should become of it?",
                Option("stay", "s", "stay", "go on watching"),
                Option("detach", "d", "detach", "it goes on in a process of its own"),
                Option("stop", "x", "stop and save", "resume it later", alarming=True),
            )
        )
        if answer != "stay":
            self._leave_with(active, detach=answer == "detach")

    def _leave_with(self, active: ActiveRun, *, detach: bool) -> None:
        """From here on `finish` looks after the run: what its job says reaches no screen any more."""
        self._leaving = True
        if detach:
            self.detach_at_exit = active.path
        active.handle.cancel.request(DETACH if detach else "stopped by hand")
        self.exit(0)

    def leave_by_signal(self, number: int) -> None:
        """The terminal is gone, or somebody wants the program to end: save what runs, then end. Signal-safe."""
        self._leaving = True
        self.engine.interrupt(f"signal {number}")
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self.exit, 128 + number)

    def finish(self) -> list[str]:
        """After the app has gone: wait for the run to save, hand it over if so asked; what to print."""
        active = self.runner.active
        if active is None and self.bench.session is None:
            return self.last_words
        ended = self.engine.close(seconds=600.0)
        if ended:
            self.last_words += self.bench.close()
        if active is None:
            return self.last_words
        if not ended:
            return [*self.last_words, f"{active.id} did not stop in ten minutes; its last checkpoint is good."]
        if self.detach_at_exit is not None:
            pid = detach(self.detach_at_exit)
            self.last_words.append(f"{active.id} goes on in process {pid}.")
        return [*self.last_words, *summary(active.path)]

    def _handle_exception(self, error: Exception) -> None:
        """A defect of the interface: the traceback goes to the log, the run is saved, the terminal put back."""
        log.error("the interface failed", exc_info=error)
        self.failure = self.failure or f"The interface failed ({type(error).__name__}: {error})."
        self.engine.interrupt("the interface failed")
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        """The sentence that `launch` prints is enough; the rest is in the log."""
        if self.is_headless:
            super()._print_error_renderables()


def _collect_from_now_on() -> None:
    """Collect rubbish again (see `launch.run_app`), but never look through what the first picture needed."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def summary(run_dir: Path) -> list[str]:
    """A few lines on a run for the normal screen: where it is, how far it came, how to go on."""
    from core.runs.info import RunInfo

    try:
        run = RunInfo.read(run_dir)
    except (OSError, OgiveError):
        return [f"Run: {run_dir}"]
    lines = [f"{run.id}: {run.state} at step {run.step or 0}/{run.steps or '?'}"]
    best = run.best or {}
    if best.get("eval_loss") is not None:
        lines[0] += f", best held-out loss {best['eval_loss']:.3f} at step {best.get('step')}"
    lines.append(f"  folder  {run_dir}")
    if run.state in ("stopped", "failed", "lost", "paused"):
        lines.append(f"  resume  ogive resume {run.id}")
    elif run.state == "finished":
        lines.append(f"  chat    ogive chat {run.id}")
    else:
        lines.append(f"  watch   ogive monitor {run.id}")
    return lines
