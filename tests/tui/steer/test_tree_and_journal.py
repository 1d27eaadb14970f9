"""The tree screen, the comparison, the journal and the set-up, over a real session."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.steering.catalog import sessions
from core.workspace import Workspace
from tui.app import OgiveApp
from tui.overview import FirstReading
from tui.screens.journal.screen import JournalScreen
from tui.screens.steer.compare import CompareScreen
from tui.screens.steer.setup import SteerSetupScreen
from tui.screens.steer.tree import TreeScreen
from tui.widgets.ask import Ask
from tui.widgets.confirm import Confirm
from tui.widgets.lines import TrailLine
from tui.widgets.picker import Picker
from tui.widgets.reading import Reading
from tui.widgets.rows import Rows
from tui.widgets.sides import SideBySide

Steer = Callable[..., Any]


async def branched(at: Any) -> None:
    """Two picks on main, and one beside the second."""
    await at.decide("1", 1)
    await at.decide("2", 2)
    await at.press("u")
    await at.chosen(1)
    await at.decide("3", 3)


async def test_the_tree_is_walked_searched_and_gone_about_in(steer: Steer) -> None:
    async with steer() as at:
        await branched(at)
        await at.press("t")
        screen = at.app.screen
        assert isinstance(screen, TreeScreen)
        await at.until(lambda: screen.states.marked is not None)
        marked = lambda: screen.states.marked.number  # noqa: E731
        assert marked() == 3
        await at.press("up")
        assert marked() == 1
        await at.press("down")
        assert marked() == 3, "the child visited last"
        await at.press("left")
        assert marked() == 2, "the sibling"
        await at.press("g")
        assert marked() == 0
        await at.press("slash", *"pick", "space", "1", "enter")
        assert marked() == 1
        assert "1 found" in screen.query_one(TrailLine).text
        await at.press("j", "j")
        assert marked() == 2, "row by row"
        await at.press("m")
        await at.press(*"best", "enter")
        await at.until(lambda: at.screen.picture.view.bookmarks == {"best": 2})
        await at.until(lambda: screen.states.marked.bookmark == "best")
        await at.press("escape", "enter")
        await at.chosen(2)
        assert at.app.screen is at.screen
        assert "main · state 2" in at.title


async def test_a_branch_is_begun_and_renamed_from_the_tree(steer: Steer) -> None:
    async with steer() as at:
        await branched(at)
        await at.press("t", "r")
        assert isinstance(at.app.screen, Ask)
        at.app.screen.query_one("Input").value = "cold"
        await at.press("enter")
        await at.until(lambda: "cold" in at.screen.picture.view.branches)
        await at.press("up", "b", *"warm", "enter")
        await at.chosen(1)
        assert "warm · state 1" in at.title


async def test_two_states_are_compared_side_by_side(steer: Steer, tale: Workspace) -> None:
    async with steer() as at:
        await branched(at)
        await at.press("c")
        assert isinstance(at.app.screen, Picker)
        await at.press(*"root", "enter")
        await at.until(lambda: isinstance(at.app.screen, CompareScreen) and at.app.screen._found is not None)
        screen = at.app.screen
        pairs = screen.query_one(SideBySide).pairs
        assert pairs[0].heading == at.screen.picture.view.prompt
        assert "here" in pairs[0].left_note
        assert "apart" in screen.title_line.render().plain
        await at.press("y")
        assert pairs[0].left in (tale.data / "last_copy.txt").read_text()
        await at.press("escape")
        assert at.app.screen is at.screen
        await at.chosen(3)
        assert at.session.policy.drift() == at.session.tree.node.drift
        await at.press("t", "c", "g", "c")
        await at.until(lambda: isinstance(at.app.screen, CompareScreen))


async def test_the_journal_resumes_where_the_session_was_left(tale: Workspace, kept: str, driver: Any) -> None:
    app = OgiveApp(tale, first_reading=FirstReading(tale))
    async with app.run_test(size=(120, 40)) as pilot:
        at = driver(app, pilot)
        models = app.screen.query_one("#models", Rows)
        await at.until(lambda: any(row.key == kept for row in models.rows))
        await pilot.press("j")
        await at.until(lambda: isinstance(app.screen, JournalScreen) and app.screen.marked is not None)
        journal = app.screen
        assert journal.marked.id == kept
        await at.until(lambda: "pick 1" in str(journal.query_one("#lines").render()))
        told = str(journal.query_one("#lines").render())
        assert "margin" in told
        assert "by place" in told
        await pilot.press("enter")
        await at.until(lambda: app.current_mode == "steer" and app.screen.is_mounted)
        await at.chosen(1)
        assert at.texts[2] == "Miller's daughter. Anwen. Grinds corn. Sings."
        await pilot.press("q")
        await at.until(lambda: app.current_mode == "journal")
        await at.until(lambda: "open here" in str(journal.query_one("#sessions", Rows).rows[0].cells[0]))
    app.finish()


async def test_the_journal_takes_things_out(tale: Workspace, kept: str, driver: Any, tmp_path: Path) -> None:
    app = OgiveApp(tale, screen="journal", first_reading=FirstReading(tale))
    async with app.run_test(size=(80, 24)) as pilot:
        at = driver(app, pilot)
        screen = app.screen
        await at.until(lambda: screen.marked is not None)
        trail = screen.query_one(TrailLine)
        for key, name in (("t", "tale.md"), ("p", "pairs.jsonl"), ("a", "adapter")):
            await pilot.press(key)
            app.screen.query_one("Input").value = str(tmp_path / name)
            await pilot.press("enter")
            await at.until(lambda name=name: trail.text.endswith(f" in {tmp_path / name}"))
        assert "Grinds corn" in (tmp_path / "tale.md").read_text()
        rows = [json.loads(line) for line in (tmp_path / "pairs.jsonl").read_text().splitlines()]
        assert len(rows) == 3
        assert {row["chosen"][0]["content"] for row in rows} == {"Miller's daughter. Anwen. Grinds corn. Sings."}
        assert (tmp_path / "adapter" / "adapter_config.json").is_file()
        await pilot.press("v")
        await at.until(lambda: isinstance(app.screen, Reading))
        assert "Grinds corn" in app.screen._content.plain
        await pilot.press("escape", "x")
        assert isinstance(app.screen, Confirm)
        await pilot.press("enter")
        assert sessions(tale), "the safe answer has the focus"
        await pilot.press("x", "d")
        await at.until(lambda: not sessions(tale))
        await at.until(lambda: screen.marked is None)
    app.finish()


async def test_settings_are_cloned_changed_and_begun_with(tale: Workspace, kept: str, driver: Any) -> None:
    app = OgiveApp(tale, screen="journal", first_reading=FirstReading(tale))
    async with app.run_test(size=(80, 24)) as pilot:
        at = driver(app, pilot)
        await at.until(lambda: app.screen.marked is not None)
        await pilot.press("c")
        await at.until(lambda: app.current_mode == "steer-setup" and hasattr(app.screen, "draft"))
        screen = app.screen
        assert isinstance(screen, SteerSetupScreen)
        await at.until(lambda: screen.draft.settings.name == "gloom")
        await at.until(lambda: "fits" in str(screen.query_one("#estimate").render()))
        await pilot.press("v")
        await at.until(lambda: isinstance(app.screen, Reading))
        told = app.screen._content.plain
        assert "miller's daughter" in told
        assert "<|user|>" in told
        await pilot.press("escape")
        screen.draft.put("group_size", "3")
        command = screen.draft.command()
        assert command.startswith("ogive steer tale --config default@1")
        assert "--set group_size=3" in command
        assert "prompts.source=typed" in command, "all that differs from the recipe"
        await pilot.press("s")
        await at.until(lambda: app.current_mode == "steer" and app.screen.is_mounted)
        await at.chosen(0)
        assert len(at.texts) == 3
        assert app.remembered["steering"]["values"]["model"] == "tale"
    app.finish()
