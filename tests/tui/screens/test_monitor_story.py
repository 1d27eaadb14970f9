"""What the monitor makes of a run folder: samples, timeline, requests, and the lines it draws. No screen."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.runs import control
from core.runs.info import RunInfo
from core.runs.reader import RunReader
from core.runs.writer import RunWriter
from core.workspace import Workspace
from tui.screens.monitor.look import Look
from tui.screens.monitor.lower import wrap
from tui.screens.monitor.panes import compose, title
from tui.screens.monitor.story import Devices, Story, literal
from tui.screens.monitor.utilisation import device_name, mfu, training_flops
from tui.widgets.canvas import text_of, width_of


@pytest.fixture
def writer(tmp_path):
    with RunWriter.create(Workspace(tmp_path), "tale", {"training": {"steps": 900}}) as made:
        made.update(status="training", step=412, eta_s=72.0, parameters=2_100_000, device="NVIDIA H200")
        yield made


def caught_up(writer):
    story = Story(writer.path)
    fresh = []
    while not story.caught_up:
        fresh += story.take(story.reader.poll(max_seconds=1.0))
    return story, fresh


def shown(story, look=None, overlays=()):
    return "\n".join(text_of(line) for line in compose(story, look or Look(), overlays).lines)


def steps(writer, losses, start=1):
    for step, loss in enumerate(losses, start):
        writer.metrics(
            {"step": step, "tokens": step * 100, "loss": loss, "lr": 3e-3, "grad_norm": 0.41, "tokens_per_s": 1.21e6}
            | {"step_ms": 7.1, "epoch": step / 100, "skipped": loss is None}
        )


def test_figures_of_a_scripted_run(writer):
    steps(writer, [2.0, 1.5, 1.25])
    writer.metrics({"step": 3, "tokens": 300, "eval_loss": 1.0, "eval_bpb": 1.45})
    story, _ = caught_up(writer)
    text = shown(story, Look(width=160))
    for wanted in ("loss 1.25", "held-out 1.45 bpb", "lr 3.0e-3", "grad 0.410", "tok/s 1.21 M", "step 7.10 ms"):
        assert wanted in text
    for wanted in ("mean 1.21 M tok/s", "epoch 0.03", "seen 300 tokens", "mfu ", "no GPU"):
        assert wanted in text


def test_title_always_says_run_state_step_and_time_left(writer):
    story, _ = caught_up(writer)
    for width in (60, 80, 120):
        spans, right = title(story, width)
        text = "".join(text for text, _ in spans)
        assert "● training" in text
        assert "step 412/900 · 1m12s left" in text
        assert len(f" MONITOR {text}") <= width
    assert right == "2.1 M · H200"


def test_devices_have_short_names():
    given = ("AMD EPYC 9R14, 2 cores, avx512_bf16", "NVIDIA H200, 139 GiB", "Apple M3, Apple GPU", "cpu", "")
    assert [device_name(name) for name in given] == ["CPU", "H200", "Apple GPU", "CPU", ""]


def test_utilisation_of_the_gpt2_shape_on_a_known_device(writer):
    """124 M parameters, 1024 tokens: 6N + 12LHQT operations a token, N the matrices (PaLM, appendix B)."""
    from core.models.counting import count
    from core.settings.load import load_subject
    from core.settings.run import RunSettings

    model = load_subject("model", "gpt2", Workspace(writer.path))
    settings = RunSettings.model_validate({"model": model.model_dump()}).model_dump(mode="json")
    info = writer.header | {"settings": settings, "parameters": count(model, 50257).parameters}  # ty: ignore
    run = RunInfo.build(writer.path, info)
    flops = training_flops(run)
    assert flops == count(model, 50257).training_flops  # ty: ignore
    assert mfu(run, flops, 500_000) == f"{100 * flops * 5e5 / 989e12:.1f} %"
    run.choices = {"precision": {"chosen": "fp32"}}
    assert mfu(run, flops, 500_000) == "n/a in fp32"
    run.device = "AMD EPYC, 2 cores"
    assert mfu(run, flops, 500_000) == "n/a on CPU"


def test_a_loss_that_is_no_number_is_shown_counted_and_alerted(writer):
    story, _ = caught_up(writer)
    steps(writer, [2.0, None, 1.5])
    fresh = story.take(story.reader.poll(max_seconds=1.0))
    assert [alert.kind for alert in fresh] == ["nonfinite"]
    text = shown(story)
    assert "✗ 1 skipped" in text
    assert "loss 1.50" in text
    assert "not finite" in shown(story, Look(pane="events"))


def test_old_alerts_are_listed_but_do_not_ring(writer):
    steps(writer, [2.0, None, 1.5])
    story, fresh = caught_up(writer)
    assert (fresh, story.alerts) == ([], 1)


def test_a_request_is_acknowledged_on_the_trail(writer):
    story, _ = caught_up(writer)
    identity = control.request(writer.path, "save")
    story.ask(identity, "save", 100.0)
    assert story.trail(100.5) == ("save: asked, saves after this step", "")
    (asked,) = writer.requests()
    story.take(story.reader.poll())
    assert story.trail(100.6) == ("save: heard, saves after this step", "")
    writer.event("checkpoint", step=412, folder="step-00000412", best=False)
    writer.answer(asked, "done")
    story.take(story.reader.poll())
    assert story.trail(100.7) == ("412 saved", "")


def test_a_refused_request_says_why(writer):
    story, _ = caught_up(writer)
    story.ask(control.request(writer.path, "resume"), "resume", 100.0)
    writer.answer(writer.requests()[0], "refused", reason="the run is not paused")
    story.take(story.reader.poll())
    assert story.trail(101.0) == ("resume refused: the run is not paused", "bad")


def test_samples_scrub_through_history_and_differ(writer):
    for step in (100, 200, 300):
        writer.sample({"step": step, "prompt": "The crow", "text": f" said word{step} again"})
    writer.sample({"step": 300, "prompt": "Who?", "text": " Anwen."})
    story, _ = caught_up(writer)
    assert "Sample at step 300" in shown(story)
    assert "word100" in shown(story, Look(back=2))
    assert "1 of 3" in shown(story, Look(back=9))
    assert "Who? Anwen." in shown(story, Look(prompt=1))
    roles = {
        text: role for line in compose(story, Look(diff=True), ()).lines for text, role in line if "word300" in text
    }
    assert list(roles.values()) == ["bold verdigris"]


def test_a_resumed_run_takes_back_samples(writer):
    for step in (100, 200, 150):
        writer.sample({"step": step, "prompt": "", "text": f"word{step}"})
    story, _ = caught_up(writer)
    assert [sample.step for sample in story.samples[""]] == [100, 150]


def test_timeline_filters_and_scrolls(writer):
    for step in range(1, 60):
        writer.event("checkpoint", step=step)
    writer.event("alert", step=60, cause="x", message="something odd")
    story, _ = caught_up(writer)
    assert "something odd" in shown(story, Look(pane="events"))
    back = compose(story, Look(pane="events", scroll=20), ())
    assert "newer below" in "\n".join(text_of(line) for line in back.lines)
    assert back.more > 20
    assert "saved" not in shown(story, Look(pane="events", level="bad"))


def test_log_tail_filters(writer):
    (writer.path / "log.txt").write_text("INFO fine\nWARNING odd\n")
    story, _ = caught_up(writer)
    story.log = story.reader.log_tail()
    assert "INFO fine" in shown(story, Look(pane="log"))
    assert "INFO fine" not in shown(story, Look(pane="log", level="bad"))


def test_runs_laid_over_each_other(writer, tmp_path):
    with RunWriter.create(Workspace(tmp_path), "race", {"training": {"steps": 10}}) as other:
        steps(writer, [2.0, 1.0])
        steps(other, [3.0, 2.5])
        reader = RunReader(other.path)
        reader.poll()
        story, _ = caught_up(writer)
        text = shown(story, Look(pane="compare"), [(reader.header.id, reader)])
    assert f"{other.path.name} 2.50" in text
    assert "the baseline first" in text


def test_devices_with_thresholds_in_words(writer):
    from core.hardware import DeviceRow

    story, _ = caught_up(writer)
    row = DeviceRow(0, "NVIDIA H200", 138 * 2**30, 139 * 2**30, 97, 91, 640.0, 700.0)
    story.devices = Devices([row], 50.0, 1 << 30, 8 << 30)
    text = shown(story, Look(width=100))
    for wanted in ("97 %", "138.0/139 GB full", "640/700 W", "91 °C hot"):
        assert wanted in text
    story.devices = Devices([replace(row, busy=None, temperature=None, power=None, power_limit=None)])
    assert "n/a" in shown(story, Look(width=100))


@pytest.mark.parametrize("size", [(80, 19), (120, 35), (60, 13), (200, 55), (30, 4), (10, 1)])
@pytest.mark.parametrize("pane", ["sample", "events", "log", "compare"])
def test_any_size_is_filled_and_never_passed(writer, size, pane):
    steps(writer, [2.0, 1.5])
    writer.sample({"step": 2, "prompt": "", "text": "word " * 300})
    story, _ = caught_up(writer)
    frame = compose(story, Look(width=size[0], height=size[1], pane=pane), ())
    assert len(frame.lines) <= size[1]
    assert all(width_of(line) == size[0] for line in frame.lines)


@given(st.text(max_size=300))
def test_any_text_is_literal_and_wraps(text):
    clean = literal(text)
    assert all(char == "\n" or ord(char) >= 32 for char in clean)
    assert all(width_of(((line, ""),)) <= 20 for line in wrap(clean, 20))


def test_hostile_text_is_shown_as_it_is(writer):
    writer.sample({"step": 1, "prompt": "", "text": "[/x] \x1b[31mred\x1b[0m \x00 \u202eevil " + "A" * 100_000})
    story, _ = caught_up(writer)
    text = shown(story)
    assert "[/x] red · evil" in text
    assert len(text) < 3000


def test_memory_is_bounded(writer):
    story, _ = caught_up(writer)
    for step in range(1, 30_000):
        story._metrics({"step": step, "loss": None if step % 7 == 0 else 1.0, "time": float(step)})
        story.reader.history.add({"step": step, "loss": 1.0, "time": float(step)})
    assert len(story.happenings) <= 1000
    assert len(story.reader.history.buckets) <= 1024
    begun = time.process_time()
    for _ in range(20):
        compose(story, Look(), ())
    assert (time.process_time() - begun) / 20 < 0.05
