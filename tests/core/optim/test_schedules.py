"""Schedules against closed forms, and their shape for any settings."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.optim.schedules import cosine, warmup_stable_decay


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


@given(st.integers(1, 5000), st.integers(0, 6000), st.floats(0, 1), st.floats(0, 1), st.data())
def test_shares_stay_between_zero_and_one(steps, warmup, floor, decay, data):
    step = data.draw(st.integers(0, steps - 1))
    for share in (
        cosine(step, steps, warmup=warmup, floor=floor),
        warmup_stable_decay(step, steps, warmup=warmup, decay=decay, floor=floor),
    ):
        assert 0.0 < share <= 1.0
