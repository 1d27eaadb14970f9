"""Schedules against closed forms, and their shape for any settings."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bricks import SCHEDULES
from core.optim.schedules import constant, cosine, linear, polynomial, warmup_stable_decay
from core.settings.training import TrainingSettings


def test_cosine_closed_form():
    assert cosine(0, 1000, warmup=9, floor=0.1) == pytest.approx(0.1)
    assert cosine(9, 1000, warmup=9, floor=0.1) == 1.0
    middle = 9 + (1000 - 9) // 3
    expected = 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (middle - 9) / 991))
    assert cosine(middle, 1000, warmup=9, floor=0.1) == pytest.approx(expected, rel=1e-12)
    assert cosine(1000, 1000, warmup=9, floor=0.1) == pytest.approx(0.1)


def test_wsd_closed_form():
    assert warmup_stable_decay(0, 100, warmup=4, decay=0.2) == pytest.approx(0.2)
    assert warmup_stable_decay(50, 100, warmup=4, decay=0.2) == 1.0
    assert warmup_stable_decay(80, 100, warmup=4, decay=0.2) == 1.0
    assert warmup_stable_decay(90, 100, warmup=4, decay=0.2) == pytest.approx(0.5)
    assert warmup_stable_decay(99, 100, warmup=4, decay=0.2) == pytest.approx(1 / 20)
    assert warmup_stable_decay(99, 100, warmup=4, decay=0.0) == 1.0


def test_constant_closed_form():
    assert [constant(step, 100, warmup=3) for step in (0, 1, 2, 3, 50, 99)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_linear_closed_form():
    assert linear(4, 104, warmup=4) == 1.0
    assert linear(54, 104, warmup=4, floor=0.2) == pytest.approx(0.2 + 0.8 * 0.5)
    assert linear(103, 104, warmup=4) == pytest.approx(1 / 100)
    assert linear(104, 104, warmup=4, floor=0.2) == pytest.approx(0.2)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 3.0])
def test_polynomial_closed_form(power):
    assert polynomial(1, 100, warmup=4, power=power) == pytest.approx(2 / 5)
    for step in (4, 28, 76, 99):
        expected = 0.1 + 0.9 * ((100 - step) / 96) ** power
        assert polynomial(step, 100, warmup=4, power=power, floor=0.1) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_every_schedule_warms_up_in_a_straight_line(name):
    schedule = TrainingSettings(schedule={"name": name, "warmup": 7}).schedule
    shares = [schedule.brick.load()(step, 200, **schedule.options) for step in range(8)]
    assert shares == pytest.approx([(step + 1) / 8 for step in range(8)])


@given(st.integers(1, 5000), st.integers(0, 6000), st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 10), st.data())
def test_shares_stay_between_zero_and_one(steps, warmup, floor, decay, power, data):
    step = data.draw(st.integers(0, steps - 1))
    for share in (
        constant(step, steps, warmup=warmup),
        cosine(step, steps, warmup=warmup, floor=floor),
        linear(step, steps, warmup=warmup, floor=floor),
        polynomial(step, steps, warmup=warmup, power=power, floor=floor),
        warmup_stable_decay(step, steps, warmup=warmup, decay=decay, floor=floor),
    ):
        assert 0.0 < share <= 1.0
