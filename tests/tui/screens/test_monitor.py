"""The monitor driven by keys, on real run folders."""

import asyncio
import json
import math
import random
import threading
import time

import pytest

from core.runs.writer import RunWriter
from core.workspace import Workspace
from tui.app import OgiveApp
from tui.screens.monitor import feed as feeding
from tui.screens.monitor.screen import MonitorScreen
from tui.screens.monitor.story import Devices
from tui.widgets.canvas import text_of
from tui.widgets.lines import TrailLine

STARTED = 1_763_600_000.0


class StillMachine(feeding.DeviceWatch):
    """A machine that never changes, so that pictures can be compared."""

    def run(self):
        self.latest = Devices([], 42.0, 3 << 30, 16 << 30, busy={"cpu": [10.0, 42.0, 90.0, 42.0]})  # ty: ignore


@pytest.fixture(autouse=True)
def still(monkeypatch):
    monkeypatch.setattr(feeding, "DeviceWatch", StillMachine)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def make_run(root, name="tale-demo", steps=412, status="finished", seed=1, offset=0.0):
    """A run folder as a trainer writes it, the same at every call."""
    draw = random.Random(seed)
    made = RunWriter.create(Workspace(root), name, {"training": {"steps": 900}})
    made.close()
    folder = made.path.with_name(f"1120-0931-{name}")
    made.path.rename(folder)
    (folder / "events.jsonl").write_text("")
    writer = RunWriter.open(folder)
    for step in range(1, steps + 1):
        loss = offset + 1.2 + 2.8 * math.exp(-step / 55) + draw.gauss(0, 0.06)
        record = {"step": step, "tokens": step * 8192, "time": STARTED + step / 5, "lr": 3e-3 * min(1, step / 60)}
        record |= {"epoch": step / 300, "step_ms": 7.0, "tokens_per_s": 1.21e6 if step > 5 else 4e5}
        record |= {"loss": loss, "grad_norm": 0.35 + 0.9 * math.exp(-step / 80)}
        writer.metrics(record | ({"loss": None, "skipped": True} if step == 205 else {}))
        if step % 100 == 0:
            measured = {"eval_loss": loss + 0.04, "eval_bpb": loss + 0.04}
            writer.metrics({"step": step, "time": STARTED + step / 5, **measured})
            writer.event("checkpoint", step=step, time=STARTED + step / 5 + 0.1, best=True)
            writer.sample({"step": step, "prompt": "The crow said", "text": f" to the miller, {step} times over."})
    writer.update(
        id=folder.name,
        status=status,
        step=steps,
        tokens=steps * 8192,
        eta_s=72.0,
        device="NVIDIA H200",
        parameters=2_100_000,
        started_at=STARTED,
        ended_at=STARTED + 84 if status == "finished" else None,
        best={"step": 400, "eval_loss": 1.25, "eval_bpb": 1.25},
        last_loss=1.28,
    )
    return writer


def app_on(root, run=None):
    return OgiveApp(Workspace(root), screen="monitor", arguments={"run": run}, theme_name="ogive-dark")


def picture(app):
    screen = app.screen
    assert isinstance(screen, MonitorScreen)
    return "\n".join(text_of(line) for line in screen.canvas.lines)


async def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


def trail(app):
    return app.screen.query_one(TrailLine).text


class Trainer(threading.Thread):
    """Answers requests as a trainer does, without the arithmetic."""

    def __init__(self, writer):
        super().__init__(daemon=True)
        self.writer = writer
        self.heard = []
        self.over = threading.Event()

    def run(self):
        step = self.writer.header["step"]
        while not self.over.wait(0.02):
            for asked in self.writer.requests():
                self.heard.append(asked.kind)
                status = {"pause": "paused", "resume": "training", "stop": "stopped"}.get(asked.kind)
                if status:
                    self.writer.event("stopped" if status == "stopped" else f"{asked.kind}d", step=step)
                    self.writer.update(status=status)
                elif asked.kind == "save":
                    self.writer.event("checkpoint", step=step)
                self.writer.answer(asked, "done", step=step)


@pytest.fixture
def living(tmp_path):
    with make_run(tmp_path, status="training") as writer:
        trainer = Trainer(writer)
        trainer.start()
        yield trainer
        trainer.over.set()
        trainer.join()


async def test_requests_are_acknowledged(living, tmp_path):
    app = app_on(tmp_path, living.writer.path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "loss 1." in picture(app))
        await pilot.press("p")
        begun = time.monotonic()
        await until(lambda: "paused" in trail(app) or "pause" in trail(app))
        assert time.monotonic() - begun < 1.5
        await until(lambda: app.screen.state == "paused")
        await pilot.press("p")
        await until(lambda: app.screen.state == "training")
        for key, kind in (("s", "save"), ("e", "evaluate"), ("g", "sample")):
            await pilot.press(key)
            await until(lambda kind=kind: kind in living.heard)
        await pilot.press("x")
        await pilot.pause()
        await pilot.press("x")
        await until(lambda: app.screen.state == "stopped")
        assert living.heard == ["pause", "resume", "save", "evaluate", "sample", "stop"]


async def test_stop_asks_first_and_the_safe_answer_is_marked(living, tmp_path):
    app = app_on(tmp_path, living.writer.path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "loss 1." in picture(app))
        await pilot.press("x")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause(0.5)
        assert living.heard == []


async def test_keys_change_the_chart(tmp_path):
    make_run(tmp_path).close()
    app = app_on(tmp_path, "tale-demo")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "ema" in picture(app))
        plain = picture(app)
        await pilot.press("plus")
        await until(lambda: app.screen.look.view.smoothing == 0.95)
        await pilot.press("minus", "minus")
        await until(lambda: app.screen.look.view.smoothing == 0.8)
        await pilot.press("y")
        await until(lambda: "log   " in picture(app))
        await pilot.press("t")
        await until(lambda: "tokens   " in picture(app))
        await pilot.press("t", "t", "y", "o")
        await until(lambda: trail(app) == "every value is shown")
        await pilot.press("z")
        await until(lambda: "lr 3" not in picture(app))
        await pilot.press("up")
        await until(lambda: app.screen.look.view.span is not None)
        await pilot.press("left")
        await until(lambda: "not following" in picture(app))
        await pilot.press("G")
        await until(lambda: "not following" not in picture(app))
        await pilot.press("0", "escape", "o", "plus")
        await until(lambda: picture(app) == plain)
        await pilot.press("m")
        await until(lambda: "gradient norm" in picture(app))


async def test_panes(tmp_path):
    writer = make_run(tmp_path)
    (writer.path / "log.txt").write_text("INFO a line of the log\n")
    writer.close()
    app = app_on(tmp_path, writer.path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "Sample at step 400" in picture(app))
        await pilot.press("comma")
        await until(lambda: "Sample at step 300" in picture(app))
        await pilot.press("full_stop")
        await until(lambda: "Sample at step 400" in picture(app))
        await pilot.press("l")
        await until(lambda: "a line of the log" in picture(app))
        await pilot.press("a")
        await until(lambda: "Timeline" in picture(app))
        await pilot.press("pageup")
        await until(lambda: "newer below" in picture(app))
        await pilot.press("G")
        await until(lambda: "newer below" not in picture(app))


async def test_two_runs_compared(tmp_path):
    make_run(tmp_path).close()
    other = make_run(tmp_path, "race", 300, "stopped", seed=2, offset=0.3)
    other.close()
    app = app_on(tmp_path, "tale-demo")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: "ema" in picture(app))
        await pilot.press("r")
        await until(lambda: app.screen.__class__.__name__ == "Picker")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, MonitorScreen) and "the baseline first" in picture(app))
        assert "1120-0931-race 1.5" in picture(app)


async def test_a_run_that_grows_is_followed(living, tmp_path):
    app = app_on(tmp_path, living.writer.path)
    async with app.run_test(size=(80, 24)):
        await until(lambda: "loss 1." in picture(app))
        living.writer.metrics({"step": 413, "loss": 0.777, "tokens": 1})
        await until(lambda: "loss 0.777" in picture(app))


async def test_an_alert_rings_once_unless_silenced(living, tmp_path, monkeypatch):
    app = app_on(tmp_path, living.writer.path)
    rung = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "loss 1." in picture(app))
        await pilot.pause(0.6)
        rung.clear()  # the run is old, so it counted as stalled
        living.writer.metrics({"step": 413, "loss": None, "skipped": True})
        await until(lambda: "2 skipped" in picture(app))
        await until(lambda: rung == [1])
        await pilot.press("b")
        living.writer.metrics({"step": 414, "loss": 1.0})
        living.writer.metrics({"step": 415, "loss": None, "skipped": True})
        await until(lambda: "3 skipped" in picture(app))
        await pilot.pause(0.3)
        assert rung == [1]


async def test_no_run_is_told_and_the_app_stays(tmp_path):
    app = app_on(tmp_path, "nothing")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "There are no runs" in picture(app))
        await pilot.press("escape")
        await until(lambda: app.current_mode == "home")


async def test_a_folder_that_goes_away_is_told(tmp_path):
    writer = make_run(tmp_path)
    writer.close()
    app = app_on(tmp_path, writer.path)
    async with app.run_test(size=(80, 24)):
        await until(lambda: "ema" in picture(app))
        (writer.path / "run.json").write_text("{torn")
        await until(lambda: "not whole JSON" in picture(app))


async def test_the_ui_thread_reads_nothing(tmp_path, monkeypatch):
    """Every poll of a run and every picture is made off the UI thread."""
    make_run(tmp_path).close()
    here = threading.get_ident()
    seen = set()
    for name in ("compose", "title"):
        real = getattr(feeding, name)
        monkeypatch.setattr(
            feeding, name, lambda *args, real=real, **kwargs: seen.add(threading.get_ident()) or real(*args, **kwargs)
        )
    app = app_on(tmp_path, "tale-demo")
    async with app.run_test(size=(80, 24)):
        await until(lambda: "ema" in picture(app))
        assert seen
        assert here not in seen


async def test_the_feed_ends_with_the_app(tmp_path):
    make_run(tmp_path).close()
    app = app_on(tmp_path, "tale-demo")
    async with app.run_test(size=(80, 24)):
        await until(lambda: "ema" in picture(app))
        feed = app.screen.feed
    feed.join(2)
    assert not feed.is_alive()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_picture(snap_compare, tmp_path, size):
    make_run(tmp_path).close()
    app = app_on(tmp_path, "tale-demo")

    async def drawn(pilot):
        await until(lambda: "42 %" in picture(app) and "ema" in picture(app))
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=size, run_before=drawn)


def test_picture_of_the_zoomed_chart(snap_compare, tmp_path):
    make_run(tmp_path).close()
    app = app_on(tmp_path, "tale-demo")

    async def drawn(pilot):
        await until(lambda: "ema" in picture(app))
        await pilot.press("z", "y")
        await until(lambda: "log" in picture(app))
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=(80, 24), run_before=drawn)


def test_request_lines_are_whole(living, tmp_path):
    from core.runs import control

    control.request(living.writer.path, "save")
    lines = (living.writer.path / "control.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["save"]
