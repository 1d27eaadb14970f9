"""Lines that repaint only what changed, and sparklines."""

from hypothesis import example, given
from hypothesis import strategies as st
from textual.app import App

from tui import theme
from tui.widgets.canvas import Canvas, changed, fitted, joined, text_of, width_of
from tui.widgets.sparkline import BLOCKS, resample, spark

SPANS = st.lists(st.tuples(st.text("ab·▁文é", max_size=6), st.sampled_from(["bone", "ash"])), max_size=5)


@given(SPANS, st.integers(0, 20))
def test_fitted_has_the_width(line, width):
    assert width_of(fitted(tuple(line), width)) == width


@given(SPANS, SPANS)
def test_changed_covers_every_difference(before, after):
    old, new = fitted(tuple(before), 12), fitted(tuple(after), 12)
    span = changed(old, new)
    if text_of(old) != text_of(new):
        assert span is not None
    if span is not None:
        assert 0 <= span[0] < span[1] <= 12


def test_changed_is_narrow():
    assert changed((("loss 1.42", "bone"),), (("loss 1.43", "bone"),)) == (8, 9)
    assert changed((("ab", "bone"),), (("a", "bone"), ("b", "bone"))) is None


def test_the_right_end_gives_way():
    left, right = (("left", "bone"),), (("right", "ash"),)
    assert text_of(joined(left, right, 12)) == "left   right"
    assert text_of(joined(left, right, 8)) == "left    "


class Repainted(Canvas):
    """Notes what it is asked to paint again."""

    asked: list = []

    def refresh(self, *regions, **kwargs):
        self.asked.extend(regions)
        return super().refresh(*regions, **kwargs)


async def test_paint_asks_for_the_changed_cells_only():
    class Probe(App):
        def __init__(self):
            super().__init__()
            for each in theme.THEMES:
                self.register_theme(each)
            self.theme = "ogive-dark"

        def compose(self):
            yield Repainted()

    app = Probe()
    async with app.run_test(size=(20, 4)) as pilot:
        canvas = app.query_one(Repainted)
        canvas.styles.height = "1fr"
        await pilot.pause()
        canvas.paint([(("loss 1.42", "bone"),), (("same", "ash"),)])
        await pilot.pause()
        Repainted.asked.clear()
        canvas.paint([(("loss 1.43", "bone"),), (("same", "ash"),)])
        assert [(region.x, region.y, region.width, region.height) for region in Repainted.asked] == [(8, 0, 1, 1)]
        canvas.paint([(("loss 1.43", "bone"),), (("same", "ash"),)])
        assert len(Repainted.asked) == 1


@example([1.7976931348623157e308, -9.9792015476736e291], 2)
@given(st.lists(st.none() | st.floats(), max_size=30), st.integers(0, 20))
def test_spark_survives_any_values(values, width):
    text = spark(values, width)
    assert len(text) == min(len(values), width)
    assert set(text) <= set(BLOCKS) | {"×"}


def test_spark_spans_its_values():
    assert spark([0, 1, 2, 3, 4, 5, 6, 7], 8) == BLOCKS
    assert spark([5.0, 5.0], 4) == "▄▄"
    assert spark([0, 50, 100], 3, 0, 100) == "▁▄█"


@given(st.lists(st.floats(-1e6, 1e6), max_size=100), st.integers(1, 20))
def test_resample_is_bounded_and_within(values, width):
    found = resample(values, width)
    assert len(found) == min(len(values), width)
    assert all(min(values) - 1e-6 <= value <= max(values) + 1e-6 for value in found if value is not None)
