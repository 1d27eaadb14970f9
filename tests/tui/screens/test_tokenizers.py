"""The tokenizer screen: lists, measures, compares, searches, trains and deletes, on a small corpus of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from core.data.corpus import Corpus
from core.data.tokenizers import train_kept
from core.settings.data import DataSettings
from core.settings.tokenizer import TokenizerSettings
from core.tokenization import library
from core.tokenization.build import build
from core.workspace import Workspace
from tui.app import OgiveApp
from tui.screens.setup import SetupScreen
from tui.screens.tokenizers.screen import TokenizersScreen
from tui.screens.tokenizers.train import TrainScreen
from tui.widgets.ask import Ask
from tui.widgets.cells import cell, histogram, tokens
from tui.widgets.confirm import Confirm
from tui.widgets.form import Form
from tui.widgets.lines import KeyLine, TrailLine
from tui.widgets.picker import Picker
from tui.widgets.reader import Reader
from tui.widgets.rows import Rows

DATA = "description: A small corpus\nsources:\n  - {name: demo, documents: 40}\n"


async def until(pilot: Pilot[Any], fits: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something that a thread brings about."""
    import time

    end = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < end, f"waited in vain; trail: {trail(pilot.app)}"
        await pilot.pause(0.02)


def trail(app: Any) -> str:
    return app.screen_stack[-1].query_one(TrailLine).text if app.screen_stack[-1].query(TrailLine) else ""


def keys_shown(app: Any) -> str:
    return app.screen.query_one(KeyLine).render().plain


@pytest.fixture
def stocked(workspace: Workspace) -> Workspace:
    """A workspace with two kept versions, and a small corpus in place of the shipped one."""
    (workspace.configs / "data").mkdir(parents=True)
    (workspace.configs / "data" / "demo.yaml").write_text(DATA)
    corpus = Corpus(DataSettings.model_validate({"sources": [{"name": "demo", "documents": 40}]}))
    for options in ({"vocab_size": 400}, {"vocab_size": 300, "normalizer": "lowercase"}):
        settings = TokenizerSettings.model_validate({"name": "bpe", **options})
        train_kept(workspace, settings, corpus, "tales", trained_on="demo")
    return workspace


def opened(workspace: Workspace) -> OgiveApp:
    return OgiveApp(workspace, screen="tokenizers")


def rows(app: Any) -> Rows:
    return app.screen.query_one("#all", Rows)


def view(app: Any) -> str:
    return app.screen.query_one("#view", Reader).text


async def test_a_report_fills_the_screen_and_escape_goes_back(stocked: Workspace) -> None:
    app = opened(stocked)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) > 5)
        assert [row.key for row in rows(app).rows[:2]] == ["tales@2", "tales@1"]
        await pilot.press("enter")
        await until(pilot, lambda: "most frequent" in view(app))
        assert "no: text is normalised (Lowercase)" in view(app)
        assert "300 tokens, bpe" in view(app)
        assert "cuts it into" in view(app)
        assert not rows(app).display or not app.screen.query_one("#left").display
        assert "mark" not in keys_shown(app)
        await pilot.press("escape")
        assert app.screen.query_one("#left").display
        assert rows(app).has_focus
        cells = rows(app).rows[0].cells
        assert cells[3].plain == "300"
        assert float(cells[4].plain) > 1


async def test_marked_ones_are_compared_on_one_text(stocked: Workspace) -> None:
    app = opened(stocked)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) > 5)
        await pilot.press("space", "down")
        assert "c compare" in keys_shown(app)
        await pilot.press("c")
        await until(pilot, lambda: "on the same text" in view(app))
        assert "tales@2" in view(app)
        assert "400 tokens, bpe" in view(app)
        assert app.screen.query_one("#left").display, "a wide screen keeps the list"
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"Ab", "enter")
        await until(pilot, lambda: isinstance(app.screen, TokenizersScreen) and "cuts it into 2 tokens" in view(app))
        assert view(app).count("cuts it into 2 tokens") == 2


async def test_search_shows_ids_bytes_and_counts(stocked: Workspace) -> None:
    app = opened(stocked)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) > 5)
        await pilot.press("down", "slash")
        found = app.screen.query_one("#found", Rows)
        await until(pilot, lambda: len(found.rows) > 50)
        await pilot.press("underscore")
        await until(pilot, lambda: len(found.rows) < 5)
        await pilot.press("backspace", "space", "t", "h", "e")
        await until(pilot, lambda: found.rows and found.rows[0].cells[1].plain == "␣the")
        assert found.rows[0].cells[2].plain == "20 74 68 65"
        assert found.rows[0].cells[3].plain not in ("", "0")
        await pilot.press("ctrl+u", *"0x2", "enter")
        assert "not a row of bytes" in trail(app) or found.has_focus
        await pilot.press("escape")
        assert rows(app).has_focus


async def test_training_keeps_a_child_and_deleting_asks(stocked: Workspace) -> None:
    app = opened(stocked)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) > 5)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))
        form = app.screen.query_one(Form)
        assert {"tokenizer.split_digits", "tokenizer.special_pattern"} <= {line.path for line in form.lines}
        form.mark("name")
        await pilot.press("enter", "ctrl+u", *"bpe", "enter", "s")
        assert isinstance(app.screen, TrainScreen)
        assert "kind of tokenizer" in trail(app)
        await pilot.press("enter", "ctrl+u", *"tales", "enter")
        form.mark("tokenizer.vocab_size")
        await pilot.press("enter", "ctrl+u", *"350", "enter")
        form.mark("tokenizer.split_digits")
        await pilot.press("right", "s")
        await until(pilot, lambda: "kept as tales@3" in trail(app))
        await until(pilot, lambda: rows(app).marked is not None and rows(app).marked.key == "tales@3")
        kept = library.find_kept(stocked, "tales@3")
        assert kept is not None
        assert (kept.parent, kept.vocab_size, kept.settings["split_digits"]) == ("tales@2", 350, True)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        assert kept.folder.exists()
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("d")
        await until(pilot, lambda: not kept.folder.exists())
        await until(pilot, lambda: "tales@3 is deleted" in trail(app))


async def test_what_is_shipped_cannot_be_deleted_and_data_is_chosen(stocked: Workspace) -> None:
    (stocked.configs / "data" / "other.yaml").write_text(DATA.replace("small", "other"))
    app = opened(stocked)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) > 5)
        rows(app).mark("bytes")
        await pilot.pause()
        assert "x delete" not in keys_shown(app)
        await pilot.press("x")
        assert isinstance(app.screen, TokenizersScreen)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"other", "enter")
        await until(pilot, lambda: "measured on other" in trail(app))
        assert app.screen.data == "other"


async def test_use_sends_it_to_setup(stocked: Workspace) -> None:
    app = opened(stocked)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) > 5)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        chosen = app.screen.draft.settings.tokenizer
        kept = library.find_kept(stocked, "tales@2")
        assert kept is not None
        assert (chosen.name, chosen["path"]) == ("pretrained", str(kept.folder))
        assert build(chosen, ()).fingerprint == kept.sha256


async def test_damage_is_told_and_the_screen_stays(stocked: Workspace) -> None:
    library.find_kept(stocked, "tales@1").folder.joinpath("tokenizer.json").write_text("{")
    app = opened(stocked)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) > 5)
        await pilot.press("down", "enter")
        from tui.widgets.failure import FailurePanel

        await until(pilot, lambda: isinstance(app.screen, FailurePanel))
        assert "is damaged" in app.screen.cause
        await pilot.press("enter")
        assert isinstance(app.screen, TokenizersScreen)


def test_tokens_are_told_apart_without_colour_and_controls_are_gone() -> None:
    lines = tokens(["a", "b\x1b[31m", "⏎", "‮x"], 20)
    assert [line.plain for line in lines] == ["ab[31m⏎", "x"]
    styles = [span.style for span in lines[0].spans]
    assert "underline" in str(styles[1])
    assert "underline" not in str(styles[0])
    assert tokens(["word"] * 100, 10, most=3)[-1].plain == "…"


@pytest.mark.parametrize("width", [20, 40, 78])
def test_the_histogram_fits_and_shows_every_bucket(width: int) -> None:
    buckets = [[1, 0], [2, 1], [4, 1000], [8, 500]]
    lines = histogram(buckets, width, 3, "characters")
    assert len(lines) == 4
    assert all(line.cell_length <= width for line in lines)
    assert "█" in lines[0].plain
    assert "▁" in lines[2].plain, "one in a thousand still shows"
    assert "8" in lines[3].plain
    assert histogram([], width, 3, "characters") == []


def test_a_cell_is_as_wide_as_it_is_told() -> None:
    assert [cell(text, 4).cell_length for text in ("", "abc", "abcdef", "龍龍龍")] == [4, 4, 4, 4]
    assert cell("ab", 4, right=True).plain == "  ab"
