"""Home, setup and the frame around them, driven by keys without a terminal."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot

from core.errors import OgiveError
from core.settings.run import RunSettings
from core.settings.store import save_version
from core.workspace import Workspace
from tui.app import OgiveApp, summary
from tui.engine import JobContext
from tui.running import ActiveRun
from tui.screens.help import HelpScreen
from tui.screens.home import HomeScreen
from tui.screens.setup import SetupScreen
from tui.widgets.confirm import Confirm
from tui.widgets.failure import FailurePanel
from tui.widgets.form import Form
from tui.widgets.lines import KeyLine, TrailLine
from tui.widgets.note import Note
from tui.widgets.picker import Picker
from tui.widgets.picture import Picture
from tui.widgets.rows import Rows


async def until(pilot: Pilot[Any], fits: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something that a thread brings about."""
    end = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < end, "waited in vain"
        await pilot.pause(0.02)


def trail(app: OgiveApp) -> str:
    return app.screen_stack[0].query_one(TrailLine).text


def keys_shown(app: OgiveApp) -> str:
    return app.screen_stack[0].query_one(KeyLine).render().plain


async def test_home_lists_runs_and_offers_what_fits_the_mark(full_workspace: Workspace) -> None:
    app = OgiveApp(full_workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        rows = app.screen.query_one("#runs", Rows)
        await until(pilot, lambda: len(rows.rows) == 5)
        assert rows.marked is not None
        assert rows.marked.key == "1120-0931-tale-demo", "the live run comes first"
        assert "r resume" not in keys_shown(app)
        await pilot.press("down", "down")
        assert rows.marked.key == "1119-1804-shakespeare"
        assert "r resume" in keys_shown(app)
        assert "q quit" in keys_shown(app)
        await pilot.press("end", "up")
        assert "The loss was not finite" in trail(app)


async def test_empty_home_tells_what_to_press(workspace: Workspace, nothing_bundled: None) -> None:
    app = OgiveApp(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.has_class("-empty"))
        assert "n new run" in keys_shown(app)
        assert "open" not in keys_shown(app)
        await pilot.press("m", "r", "x", "c")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))


async def test_finding_a_setting_marks_the_nearest(workspace: Workspace) -> None:
    app = OgiveApp(workspace)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        form = app.screen.query_one(Form)
        for words, path in (("positions", "model.positions"), ("lr", "training.lr"), ("newton", "newton_schulz_steps")):
            await pilot.press("slash", *words, "enter")
            await until(pilot, lambda: form.has_focus)
            assert form.marked is not None
            assert form.marked.path.endswith(path)
            await pilot.press("escape")
            assert form.marked.path.endswith(path), "the mark stays when all are shown again"


async def test_home_finds_by_words(full_workspace: Workspace) -> None:
    app = OgiveApp(full_workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        rows = app.screen.query_one("#runs", Rows)
        await until(pilot, lambda: len(rows.rows) == 5)
        await pilot.press("slash", *"tale fin")
        assert [row.key for row in rows.rows] == ["1119-2210-tale-chat"]
        assert app.screen_stack[0].typing
        await pilot.press("enter")
        assert rows.has_focus
        await pilot.press("escape")
        assert len(rows.rows) == 5


async def test_home_follows_the_disk(full_workspace: Workspace, add_run) -> None:
    app = OgiveApp(full_workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        rows = app.screen.query_one("#runs", Rows)
        await until(pilot, lambda: len(rows.rows) == 5)
        add_run("1121-0000-new", started_at=2e9)
        await until(pilot, lambda: len(rows.rows) == 6)
        assert rows.marked is not None
        assert rows.marked.key == "1120-0931-tale-demo", "the mark stays on its run"


async def test_home_tells_what_happened(full_workspace: Workspace) -> None:
    app = OgiveApp(full_workspace)
    header = full_workspace.checkpoints / "1120-0931-tale-demo" / "run.json"
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(app.screen.query_one("#runs", Rows).rows) == 5)
        run = json.loads(header.read_text())
        header.write_text(json.dumps(run | {"best": {"step": 410, "eval_loss": 1.31}}))
        await until(pilot, lambda: "held-out loss 1.31 at step 410" in trail(app))
        header.write_text(json.dumps(run | {"status": "finished", "step": 900}))
        await until(pilot, lambda: "finished at step 900" in trail(app))


async def test_delete_asks_with_the_safe_answer_first(full_workspace: Workspace) -> None:
    app = OgiveApp(full_workspace)
    folder = full_workspace.checkpoints / "1119-2210-tale-chat"
    async with app.run_test(size=(80, 24)) as pilot:
        rows = app.screen.query_one("#runs", Rows)
        await until(pilot, lambda: len(rows.rows) == 5)
        await pilot.press("x")
        assert "stop it first" in trail(app)
        await pilot.press("down", "x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        assert folder.is_dir()
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("d")
        await until(pilot, lambda: len(rows.rows) == 4)
        assert not folder.exists()


async def test_setup_types_steps_and_complains_in_place(workspace: Workspace) -> None:
    app = OgiveApp(workspace, screen="setup")
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.screen.query_one(Form)
        form.mark("model.heads")
        await pilot.press("enter", "ctrl+u", "7")
        assert form.typing
        assert "not a multiple" in form.problem
        assert "accept" in keys_shown(app)
        await pilot.press("s", "d", "w", "q")
        assert form.typing, "bare keys are text while typing"
        await pilot.press("escape")
        assert not form.typing
        assert app.screen.draft.valid
        form.mark("training.optimizer")
        before = app.screen.draft.settings.training.optimizer.name
        await pilot.press("right")
        other = app.screen.draft.settings.training.optimizer.name
        assert other != before
        momentum = any(line.path == "training.optimizer.momentum" for line in form.lines)
        assert momentum == (other == "muon")
        await pilot.press("x")
        assert app.screen.draft.settings.training.optimizer.name == before


async def test_setup_refuses_to_start_what_is_wrong(workspace: Workspace) -> None:
    app = OgiveApp(workspace, screen="setup")
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.draft.put("training.steps", "0")
        app.screen._show()
        await pilot.press("s")
        form = app.screen.query_one(Form)
        assert form.marked is not None
        assert form.marked.path == "training.steps"
        assert "at least 1" in trail(app)
        assert not list(workspace.root.glob("checkpoints/*"))


async def test_setup_remembers_saves_and_says_the_command(workspace: Workspace) -> None:
    save_version(RunSettings(name="fable"), workspace)
    first = OgiveApp(workspace, screen="setup")
    async with first.run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        await until(pilot, lambda: isinstance(first.screen, Picker))
        await pilot.press(*"fable", "enter")
        await until(pilot, lambda: isinstance(first.screen, SetupScreen))
        form = first.screen.query_one(Form)
        form.mark("training.steps")
        await pilot.press("enter", "ctrl+u", *"123", "enter")
        assert first.screen.draft.settings.training.steps == 123
        await pilot.press("y")
        await until(pilot, lambda: isinstance(first.screen, Note))
        assert first.screen._text == "ogive train fable --set training.steps=123"
        await pilot.press("escape")
    second = OgiveApp(workspace, screen="setup")
    async with second.run_test(size=(80, 24)) as pilot:
        assert second.screen.draft.settings.training.steps == 123
        assert second.screen.draft.reference == "fable@1"
        await pilot.press("w")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: (workspace.configs / "training" / "fable@2.yaml").is_file())
        await until(pilot, lambda: second.screen.draft.reference == "fable@2")
        assert "parent: fable@1" in (workspace.configs / "training" / "fable@2.yaml").read_text()


async def test_setup_start_makes_a_run_and_hands_it_to_the_engine(workspace: Workspace, monkeypatch) -> None:
    app = OgiveApp(workspace, screen="setup")
    opened: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(app, "open", lambda name, **arguments: opened.append((name, arguments)))
    started: list[Path] = []
    monkeypatch.setattr(app.runner, "start", started.append)
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.query_one(Form).mark("name")
        await pilot.press("enter", "ctrl+u", *"first", "enter", "s")
        await until(pilot, lambda: bool(opened))
        (folder,) = (workspace.root / "checkpoints").glob("*-first")
        assert started == [folder]
        assert opened == [("monitor", {"run": folder})]
        assert json.loads((folder / "run.json").read_text())["settings"]["name"] == "first"


async def test_help_lists_every_key_of_the_screen(workspace: Workspace) -> None:
    app = OgiveApp(workspace)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = app.screen._content().plain
        for word in ("Set up a new run", "Watch the run", "ctrl+q", "Every action of this screen"):
            assert word in text
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)
        assert app.screen.query_one("#runs") is not None


async def test_palette_holds_every_action(full_workspace: Workspace) -> None:
    from tui import keys
    from tui.palette import ActionsProvider

    app = OgiveApp(full_workspace)
    async with app.run_test(size=(80, 24)):
        texts = [text for text, _, _ in ActionsProvider(app.screen)._entries()]
        for key in keys.of("home"):
            if key.palette:
                assert any(text.startswith(f"{key.label}  ({keys.label_of(key, {})})") for text in texts), key.id
        assert "theme ogive-light" in texts
        assert "go to setup" in texts


async def test_theme_is_kept_for_the_next_session(workspace: Workspace) -> None:
    app = OgiveApp(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.theme == "ogive-dark"
        await pilot.press("ctrl+t")
        assert app.theme == "ogive-light"
    assert OgiveApp(workspace).theme == "ogive-light"


async def test_user_keymap(workspace: Workspace) -> None:
    workspace.configs.mkdir()
    (workspace.configs / "keys.yaml").write_text("home.new: b\n")
    app = OgiveApp(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "b new run" in keys_shown(app))
        await pilot.press("n")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))


async def test_a_dying_job_shows_a_panel_and_the_app_stays(workspace: Workspace, tmp_path: Path) -> None:
    app = OgiveApp(workspace, log_path=tmp_path / "log.txt")

    def die(_: JobContext) -> None:
        raise OgiveError("The disk is full.", "Free some space.")

    async with app.run_test(size=(80, 24)) as pilot:
        app.engine.submit(die, name="doomed")
        await until(pilot, lambda: isinstance(app.screen, FailurePanel))
        assert (app.screen.cause, app.screen.hint, app.screen.log_path) == (
            "The disk is full.",
            "Free some space.",
            None,
        )
        await pilot.press("enter")
        app.engine.submit(lambda _: 1 / 0, name="bug")
        await until(pilot, lambda: isinstance(app.screen, FailurePanel))
        assert app.screen.log_path == tmp_path / "log.txt"
        await pilot.press("y")
        assert "ZeroDivisionError" in (workspace.data / "last_copy.txt").read_text()
        await pilot.press("enter")
        assert isinstance(app.screen, HomeScreen)


def pretend_run(app: OgiveApp, folder: Path, reasons: list[str]) -> threading.Event:
    """A job in the place of training: waits to be told to stop, as training does."""
    running = threading.Event()

    def train(context: JobContext) -> str:
        running.set()
        while not context.cancel.wait(0.01):
            context.cancel.yield_point()
        reasons.append(context.cancel.reason)
        return "stopped"

    app.runner.active = ActiveRun(folder, app.engine.submit(train, name="training", long=True))
    return running


@pytest.mark.parametrize(("key", "reason"), [("x", "stopped by hand"), ("d", "detach")])
async def test_leaving_asks_while_a_run_is_alive(full_workspace: Workspace, key: str, reason: str, monkeypatch) -> None:
    app = OgiveApp(full_workspace)
    folder = full_workspace.checkpoints / "1119-1804-shakespeare"
    handed: list[Path] = []
    monkeypatch.setattr("tui.app.detach", lambda path: handed.append(path) or 4711)
    reasons: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        assert pretend_run(app, folder, reasons).wait(5)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert app.is_running
        assert not reasons
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press(key)
        await until(pilot, lambda: app._exit)
    lines = app.finish()
    assert reasons == [reason]
    assert handed == ([folder] if key == "d" else [])
    assert any("ogive resume 1119-1804-shakespeare" in line for line in lines)


async def test_a_signal_stops_the_run_and_ends_the_app(full_workspace: Workspace) -> None:
    app = OgiveApp(full_workspace)
    reasons: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        assert pretend_run(app, full_workspace.checkpoints / "1119-1804-shakespeare", reasons).wait(5)
        app.leave_by_signal(15)
        await until(pilot, lambda: app._exit)
    app.finish()
    assert app.return_value == 143
    assert reasons == ["signal 15"]


async def test_second_run_in_the_app_is_refused(full_workspace: Workspace) -> None:
    app = OgiveApp(full_workspace)
    reasons: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(app.screen.query_one("#runs", Rows).rows) == 5)
        assert pretend_run(app, full_workspace.checkpoints / "1119-1804-shakespeare", reasons).wait(5)
        await pilot.press("down", "down", "r")
        assert "training in this program" in trail(app)
        app.runner.stop()
        await until(pilot, lambda: app.runner.active is None)
        assert "stopped" in trail(app)


def test_summary_says_how_to_go_on(full_workspace: Workspace) -> None:
    lines = summary(full_workspace.checkpoints / "1119-2210-tale-chat")
    assert lines[0] == "1119-2210-tale-chat: finished at step 1200/1200, best held-out loss 0.880 at step 1200"
    assert lines[-1].endswith("ogive chat 1119-2210-tale-chat")
    assert summary(full_workspace.root / "nowhere") == [f"Run: {full_workspace.root / 'nowhere'}"]


async def test_arbitrary_text_is_shown_as_it_is(workspace: Workspace, add_run) -> None:
    add_run(
        "1120-0931-[bold]x", status="failed", error={"message": "[/] \x1b[31m漢\x00[red", "hint": "[@click=app.quit]"}
    )
    app = OgiveApp(workspace)
    async with app.run_test(size=(120, 40)) as pilot:
        rows = app.screen.query_one("#runs", Rows)
        await until(pilot, lambda: len(rows.rows) == 1)
        await until(pilot, lambda: "[/]" in trail(app))
        assert "[/]" in trail(app)
        assert "\x1b" not in trail(app)
        app.show_failure("[/foo] [b", "x [/b]")
        await until(pilot, lambda: isinstance(app.screen, FailurePanel))


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (200, 60), (20, 6)])
@pytest.mark.parametrize("screen", ["home", "setup"])
async def test_any_size(full_workspace: Workspace, size: tuple[int, int], screen: str) -> None:
    app = OgiveApp(full_workspace, screen=screen)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(100, 30)
        await pilot.resize_terminal(*size)
        await pilot.press("down", "question_mark", "escape")
        assert app.screen.size == size


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_setup_shows_the_model_as_a_picture(workspace: Workspace, size: tuple[int, int]) -> None:
    app = OgiveApp(workspace, screen="setup")
    async with app.run_test(size=size) as pilot:
        app.screen.draft.put("model.experts", "topk")
        app.screen.draft.put("model.positions", "yarn")
        app.screen.draft.put("model.window", "64")
        app.screen._show()
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, Picture))
        await pilot.pause()
        assert "router to 2 of 8 experts" in app.screen.text
        assert "over the last 64" in app.screen.text
        assert "most for activations" in app.screen.text.replace("\n", " ")
        scroll = app.screen.query_one(VerticalScroll)
        drawn, keys = app.screen.query_one("VerticalScroll Static"), app.screen.query("Static").last()
        assert keys.region.bottom < size[1]
        assert drawn.size.height == len(app.screen.text.splitlines()), "no line is wrapped"
        assert scroll.max_scroll_x == 0
        await pilot.press("pagedown", "down")
        await pilot.pause()
        assert scroll.scroll_y == scroll.max_scroll_y
        assert (scroll.max_scroll_y == 0) == (size[1] == 40)
        await pilot.press("v")
        assert isinstance(app.screen, SetupScreen)
        app.screen.draft.put("model.layers", "0")
        await pilot.press("v")
        assert isinstance(app.screen, SetupScreen)
        assert "at least 1" in trail(app)
