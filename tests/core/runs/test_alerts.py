"""Each alert on a scripted run: raised once, at the right step, and again only after its cause has gone."""

import random

from hypothesis import given
from hypothesis import strategies as st

from core.runs.alerts import Machine, Watch


def feed(watch, losses, start=1, speed=1000.0, **fields):
    found = []
    for step, loss in enumerate(losses, start):
        found += watch.feed({"step": step, "time": float(step), "loss": loss, "tokens_per_s": speed, **fields})
    return found


def falling(count, seed=1):
    draw = random.Random(seed)
    return [1.5 + 3.0 * 0.98**step + draw.gauss(0, 0.05) for step in range(count)]


def kinds(alerts):
    return [(alert.kind, alert.step) for alert in alerts]


def test_a_healthy_run_is_quiet():
    assert feed(Watch(), falling(1000)) == []


def test_a_loss_that_is_no_number():
    losses = [*falling(50), None, None, 2.0, None]
    assert kinds(feed(Watch(), losses)) == [("nonfinite", 51), ("nonfinite", 54)]


def test_a_spike():
    losses = falling(300)
    losses[200] = 6.0
    (alert,) = feed(Watch(), losses)
    assert (alert.kind, alert.level, alert.step) == ("spike", "warn", 201)
    assert "6" in alert.text


def test_divergence_is_an_error():
    losses = falling(300) + [1.5 + 0.02 * step for step in range(200)]
    found = [alert for alert in feed(Watch(), losses) if alert.kind == "divergence"]
    assert len(found) == 1
    assert found[0].level == "error"
    assert 300 < found[0].step < 400


def test_throughput_drop():
    watch = Watch()
    feed(watch, falling(100), speed=1000.0)
    found = feed(watch, falling(40), start=101, speed=400.0)
    assert [alert.kind for alert in found if alert.kind == "throughput"] == ["throughput"]
    assert "40 %" in found[-1].text


def test_stall_only_while_training_and_once():
    watch = Watch()
    feed(watch, falling(50))
    assert watch.look(50 + 15, True, Machine()) == []
    assert watch.look(50 + 100, False, Machine()) == []
    assert kinds(watch.look(50 + 100, True, Machine())) == [("stall", 50)]
    assert watch.look(50 + 200, True, Machine()) == []
    feed(watch, [1.5], start=51)
    assert kinds(watch.look(51 + 100, True, Machine())) == [("stall", 51)]


def test_memory_disk_and_throttling():
    watch = Watch()
    bad = Machine(disk_free=2e9, memory_share=0.99, devices=(("gpu 0", 0.97, "heat"),))
    assert [alert.kind for alert in watch.look(0, True, bad)] == ["memory", "memory", "throttle", "disk"]
    assert watch.look(1, True, bad) == []
    assert watch.look(2, True, Machine(disk_free=1e12, memory_share=0.1, devices=(("gpu 0", 0.5, ""),))) == []
    assert [alert.level for alert in watch.look(3, True, Machine(disk_free=1e8))] == ["error"]


def test_a_resumed_run_starts_afresh():
    watch = Watch()
    feed(watch, falling(100))
    assert feed(watch, [4.0] * 20, start=50) == []


@given(st.lists(st.none() | st.floats(0, 1e9), max_size=120))
def test_any_losses_are_survived(losses):
    alerts = feed(Watch(), losses)
    assert all(alert.text and 1 <= alert.step <= len(losses) for alert in alerts)
