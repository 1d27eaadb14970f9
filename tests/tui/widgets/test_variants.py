"""The panes of variants: layout by width, scrolling, and any text at all shown literally, cell by cell."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tui import theme
from tui.widgets.variant import GUTTER, VariantPane
from tui.widgets.variants import Variants, columns_for, heights_for
from tui.widgets.wrapping import printable

PIECES = (
    "[/foo]",
    "[@click=app.quit]x[/]",
    "list[int]",
    "\x1b[2J\x1b[31m",
    "\x1b]0;title\x07",
    "\x1b[?1049l",
    "\x00\x07\x08\x7f\x9b31m",
    "\r\n\x0b\x0c\x85\u2028",
    "\t",
    "مرحبا\u202eabc\u202c",
    "\u200b\u2066\u2069\ufeff",
    "e\u0301\u0323\u0300" * 8,
    "漢字かな",
    "👩‍👩‍👧‍👦🏳️‍🌈❤\ufe0f",
    "\ud800\udfff",
    "word " * 12,
    "x" * 300,
    "$bone {0} %s \\",
    " " * 90,
)


CONTROLS = set(map(chr, [*range(32), *range(0x7F, 0xA0)]))
SENTENCE = "the mill stood black against the dusk and she who kept it spoke to no one but the crows"


class Panes(App[None]):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        for each in theme.THEMES:
            self.register_theme(each)
        self.theme = "ogive-dark"

    def compose(self) -> ComposeResult:
        yield Variants()

    @property
    def variants(self) -> Variants:
        return self.query_one(Variants)


@asynccontextmanager
async def shown(count: int = 4, size: tuple[int, int] = (80, 12)) -> AsyncIterator[tuple[Any, Variants]]:
    app = Panes(count)
    async with app.run_test(size=size) as pilot:
        app.variants.begin(count)
        await pilot.pause()
        yield pilot, app.variants


def drawn(pane: VariantPane) -> list[str]:
    """The rows of a pane as they are painted; each is exactly as wide as the pane."""
    rows = []
    for y in range(pane.size.height):
        strip = pane.render_line(y)
        assert strip.cell_length == pane.size.width
        text = strip.text
        assert cell_len(text) == pane.size.width, text
        assert not set(text) & set(map(chr, [*range(32), *range(0x7F, 0xA0)])), (
            "a control code would reach the terminal"
        )
        rows.append(text)
    return rows


def read(pane: VariantPane) -> list[str]:
    """All lines of a pane's text, scrolled through; the gutter and the marks at the right edge are left out."""
    lines: list[str] = []
    rows = max(1, pane.size.height - pane.headed)
    indent = 1 if pane.headed else GUTTER
    for top in range(0, len(pane._wrapped.lines), rows):
        pane.scroll_to(y=top, animate=False, force=True, immediate=True)
        start = round(pane.scroll_y)
        for row in drawn(pane)[pane.headed :]:
            if start == len(lines) and len(lines) < len(pane._wrapped.lines):
                lines.append(row[indent:-1].rstrip())
            start += 1 if start < len(lines) else 0
    return lines


@pytest.mark.parametrize(
    ("width", "count", "columns"),
    [(80, 4, 1), (95, 4, 1), (100, 4, 2), (120, 4, 2), (200, 4, 4), (200, 2, 2), (200, 8, 4)],
)
def test_columns(width: int, count: int, columns: int) -> None:
    assert columns_for(width, count) == columns


@given(st.integers(1, 60), st.lists(st.integers(1, 80), min_size=2, max_size=8), st.data())
def test_heights_fill_the_place(height: int, needs: list[int], data: st.DataObject) -> None:
    wanted = data.draw(st.none() | st.integers(0, len(needs) - 1))
    found = heights_for(height, needs, wanted)
    assert min(found) >= 1
    if height >= len(needs):
        assert sum(found) == height
    if wanted is not None and height >= 4 * len(needs):
        spare = height - 2 * (len(needs) - 1)
        assert found[wanted] >= min(needs[wanted], spare)


@pytest.mark.parametrize(("size", "places"), [((80, 12), 1), ((120, 30), 2), ((200, 40), 4)])
async def test_where_panes_stand(size: tuple[int, int], places: int) -> None:
    async with shown(size=size) as (_, variants):
        regions = [pane.region for pane in variants.shown]
        assert len({region.x for region in regions}) == places
        assert sum(region.area for region in regions) == size[0] * size[1], "no cell is left over"
        assert [pane.display for pane in variants.panes] == [True] * 4 + [False] * 4


async def test_a_pane_stays_at_its_beginning_and_follows_only_from_its_end() -> None:
    async with shown() as (pilot, variants):
        pane = variants.pane(1)
        text = " ".join(f"word{number}" for number in range(60))
        pane.show(text, 60, "")
        await pilot.pause()
        assert pane.scroll_y == 0
        assert drawn(pane)[-1].endswith("▾")
        variants.mark(1)
        await pilot.press("G")
        assert pane.following
        pane.show(text + " and more of it" * 20, 80, "")
        await pilot.pause()
        assert round(pane.scroll_y) == pane.max_scroll_y
        await pilot.press("up")
        place = pane.scroll_y
        pane.show(text + " and more of it" * 40, 99, "stop")
        await pilot.pause()
        assert pane.scroll_y == place
        assert drawn(pane)[0].endswith("▴")


async def test_zoom_and_marks() -> None:
    async with shown(size=(120, 30)) as (pilot, variants):
        variants.show(["a", "b", "c", "d"], [1] * 4, ["stop"] * 4)
        variants.mark(2)
        variants.zoom(True)
        await pilot.pause()
        assert variants.pane(2).size.width == 120
        variants.step(1)
        await pilot.pause()
        assert [pane.slot for pane in variants.panes if pane.display] == [3]
        variants.zoom(False)
        variants.paint_pick(3)
        await pilot.pause()
        assert "✓3" in drawn(variants.pane(3))[0]
        assert "picked" in drawn(variants.pane(3))[0]


def hostile(seed: int) -> str:
    """A text of a thousand: markup, escapes, NUL, right-to-left, combining, wide, and now and then 100 kB on a line."""
    rng = random.Random(seed)
    if seed % 200 == 7:
        return rng.choice(PIECES).replace("\n", "") * 40_000 if seed % 400 == 7 else "y" * 100_000
    picked = [rng.choice(PIECES) for _ in range(rng.randrange(1, 9))]
    return rng.choice(("", " ", "\n")).join(picked)[:100_000]


@pytest.mark.parametrize("size", [(80, 12), (120, 30), (200, 24)])
async def test_a_thousand_hostile_replies_show_literally(size: tuple[int, int]) -> None:
    seeds = range(1000) if size == (80, 12) else range(7, 1000, 10)
    rng = random.Random(1)
    async with shown(size=size) as (pilot, variants):
        waiting = list(seeds)
        while waiting:
            group, waiting = waiting[:4], waiting[4:]
            texts = [hostile(seed)[:100_000] for seed in group]
            variants.begin(len(texts))
            at = [0] * len(texts)
            while any(place < len(text) for place, text in zip(at, texts)):
                at = [place + rng.randrange(1, 40 + len(text) // 3) for place, text in zip(at, texts)]
                variants.show([text[:place] for place, text in zip(at, texts)], [1] * len(texts), [""] * len(texts))
                for pane in variants.shown:
                    drawn(pane)
            variants.show(texts, [9] * len(texts), ["stop"] * len(texts))
            for pane, text in zip(variants.shown, texts):
                drawn(pane)
                assert pane.text == text
                assert "".join(pane._wrapped.lines).replace(" ", "") == printable(text).replace("\n", "").replace(
                    " ", ""
                )
            if group[0] % 100 == 0 or group[0] == 7:
                await pilot.pause()
        assert pilot.app.screen.query_one(Variants) is variants


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.integers(8, 90))
def test_broken_text_is_the_text(text: str, width: int) -> None:
    from tui.widgets.wrapping import Wrapped

    whole, grown = Wrapped(width), Wrapped(width)
    whole.append(printable(text))
    for char in printable(text):
        grown.append(char)
    assert grown.lines == whole.lines
    assert all(cell_len(line) <= width for line in whole.lines)


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=60)
    | st.text(st.sampled_from("👩\u200d\ufe0f❤🏽🇫🇷e\u0301漢 "), max_size=20)
)
def test_cells_add_up(text: str) -> None:
    """Rich, which lays the line out, and the terminal, which draws it, agree on every width."""
    shown = printable(text).replace("\n", "")
    assert cell_len(shown) == sum(map(cell_len, shown))


async def test_streaming_four_variants_costs_little() -> None:
    """Twenty seconds of four variants at 200 tokens a second each, painted every 40 ms: the CPU that takes."""
    async with shown(size=(120, 40)) as (pilot, variants):
        words = SENTENCE.split()
        await pilot.pause()
        texts, spent = [""] * 4, 0.0
        for tick in range(250):
            texts = [text + "".join(f"{words[(tick * 8 + n) % len(words)]} " for n in range(8)) for text in texts]
            began = time.process_time()
            variants.show(texts, [tick * 8] * 4, [""] * 4)
            for pane in variants.shown:
                for y in range(pane.size.height):
                    pane.render_line(y)
            spent += time.process_time() - began
        # 250 ticks are ten seconds, so this is a third of a core; and every row drawn at every tick is the worst case.
        assert spent < 3.3
