"""The chart's arithmetic and drawing, as text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.runs.history import History, Point
from tui.widgets.canvas import text_of, width_of
from tui.widgets.chart import GUTTER, Series, View, draw, percentile, short, smoothed, ticks


def points(values, count=1):
    return [
        Point(step, value, value or 0.0, value or 0.0, count, int(value is None))
        for step, value in enumerate(values, 1)
    ]


def plot(values, view=None, width=60, height=9, marks=()):
    return draw([Series(points(values), marks)], view or View(), width, height)


def rows_of(picture):
    return [text_of(line)[GUTTER:] for line in picture.lines[:-1]]


def test_moving_mean_is_the_debiased_exponential_one():
    values = [4.0, 2.0, 3.0]
    weights = [0.1 * 0.9**2, 0.1 * 0.9, 0.1]
    expected = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    assert smoothed(points(values), 0.9)[-1] == pytest.approx(expected)
    assert smoothed(points(values), 0.0) == values


def test_a_bucket_weighs_as_its_steps():
    one_by_one = smoothed(points([5.0] * 10 + [1.0] * 20), 0.9)[-1]
    bucketed = smoothed([Point(10, 5.0, 5, 5, 10, 0), Point(30, 1.0, 1, 1, 20, 0)], 0.9)[-1]
    assert bucketed == pytest.approx(one_by_one)


def test_a_falling_curve_goes_down_and_fills_the_width():
    found = rows_of(plot([10.0 - step / 10 for step in range(60)], View(smoothing=0.0, clip=False)))
    first = next(row for row, text in enumerate(found) if text[0] in "▁▂▃▄▅▆▇█")
    last = next(row for row, text in enumerate(found) if text[52 - 1] in "▁▂▃▄▅▆▇█")
    assert (first, last) == (0, len(found) - 1)


def test_every_line_has_the_width():
    picture = plot([1.0, None, 3.0], marks=[(3, 2.0)])
    assert {width_of(line) for line in picture.lines} <= {59, 60}
    assert len(picture.lines) == 9


def test_a_broken_step_is_a_marked_column_and_no_value():
    picture = plot([2.0] * 10 + [None] + [1.0] * 10)
    assert text_of(picture.lines[-2]).count("✗") == 1
    assert picture.smooth is not None
    assert math.isfinite(picture.smooth)


def test_only_broken_steps_are_no_crash():
    assert "waiting" in "".join(text_of(line) for line in plot([]).lines)
    assert plot([None, None]).smooth is None


def test_measurements_are_diamonds_at_their_height():
    found = rows_of(plot([4.0, 3.0, 2.0, 1.0], View(smoothing=0.0), marks=[(4, 4.0)]))
    assert found[0][51] == "◆"


def test_outliers_are_cut_and_counted():
    values = [1.0 + step % 2 / 10 for step in range(200)]
    values[100] = 50.0
    cut = plot(values, View(smoothing=0.5, clip=True))
    whole = plot(values, View(smoothing=0.5, clip=False))
    assert (cut.hidden, whole.hidden) == (1, 0)
    assert float(text_of(cut.lines[0])[: GUTTER - 1]) < 2 < float(text_of(whole.lines[0])[: GUTTER - 1])


def test_a_log_scale_puts_the_geometric_mean_in_the_middle():
    found = rows_of(plot([100.0, 10.0, 1.0], View(smoothing=0.0, log=True, clip=False), height=10))
    middle = next(row for row, text in enumerate(found) if text[26] in "▁▂▃▄▅▆▇█")
    assert middle == len(found) // 2


def test_zoom_pan_and_follow():
    view = View().zoomed(0.5, 0, 100)
    assert view.bounds(0, 100) == (50, 100)
    assert view.following
    assert view.bounds(0, 200) == (150, 200)
    left = view.panned(-0.5, 0, 100)
    assert not left.following
    assert left.bounds(0, 200) == (25, 75)
    assert left.panned(-9, 0, 100).bounds(0, 100) == (0, 50)
    assert left.panned(9, 0, 100).following
    assert left.zoomed(8, 0, 100) == View()


def test_smoothing_has_ends():
    view = View()
    for _ in range(20):
        view = view.smoother(1)
    assert view.smoothing == 0.999
    for _ in range(20):
        view = view.smoother(-1)
    assert view.smoothing == 0.0


def test_overlays_have_their_own_colour():
    lines = draw([Series(points([1.0, 2.0])), Series(points([3.0, 4.0]), role="amethyst")], View(), 60, 9).lines
    assert {"blood", "amethyst"} <= {role for line in lines for _, role in line}


@pytest.mark.parametrize(("low", "high", "wanted", "expected"), [(1, 412, 4, [200, 400]), (0, 1, 5, [0, 1])])
def test_ticks_are_round(low, high, wanted, expected):
    assert ticks(low, high, wanted) == expected


@given(st.floats(-1e30, 1e30))
def test_figures_of_the_scale_fit(value):
    assert len(short(value)) <= 6


def test_percentile():
    assert percentile([0.0, 1.0, 2.0, 3.0], 0.5) == 1.5


LOSSES = st.none() | st.floats(-1e12, 1e12, allow_nan=False)


@given(
    st.lists(LOSSES, max_size=80),
    st.integers(0, 130),
    st.integers(0, 30),
    st.builds(
        View,
        st.sampled_from([0.0, 0.9, 0.999]),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["step", "tokens", "time"]),
        st.none() | st.floats(0.1, 100),
        st.none() | st.floats(-10, 200),
    ),
)
def test_any_run_in_any_view_is_drawn(losses, width, height, view):
    history = History()
    for step, loss in enumerate(losses):
        history.add({"step": step, "tokens": step * 3, "time": step / 7, "loss": loss})
    picture = draw([Series(history.points("loss", view.axis), [(1.0, 2.0)])], view, width, height)
    assert len(picture.lines) in (0, height)
    assert all(width_of(line) <= width for line in picture.lines if width >= 30)
