"""Pictures of the screens, compared with those kept beside this file (`pytest --snapshot-update` renews them)."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from core.workspace import Workspace
from tui.app import OgiveApp
from tui.overview import FirstReading

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock and the cores of the estimate are fixed, and the home screen is read once."""
    monkeypatch.setattr("tui.estimate.cpu_count", lambda: 2)
    monkeypatch.setattr("tui.screens.setup.time.time", lambda: 1_763_631_060.0)
    monkeypatch.setattr("tui.screens.home.REFRESH", 3600.0)


def opened(workspace: Workspace, screen: str = "home", **options: object) -> OgiveApp:
    return OgiveApp(workspace, screen=screen, first_reading=FirstReading(workspace), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", SIZES)
def test_home(snap_compare, full_workspace: Workspace, still: None, size: tuple[int, int]) -> None:
    assert snap_compare(opened(full_workspace), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_home_empty(snap_compare, still: None, size: tuple[int, int], monkeypatch, tmp_path) -> None:
    from pathlib import Path

    assert snap_compare(opened(Workspace(Path("/home/mira/tales"))), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_setup(snap_compare, workspace: Workspace, still: None, size: tuple[int, int]) -> None:
    (workspace.configs / "training").mkdir(parents=True)
    recipe = "name: demo\nmodel: {layers: 4, hidden_size: 192, heads: 6}\ntraining: {steps: 900}\n"
    (workspace.configs / "training" / "demo.yaml").write_text(recipe)

    async def wrong(pilot: Pilot[None]) -> None:
        await pilot.press("down", "down", "down", "down", "down", "enter", "7")

    assert snap_compare(opened(workspace, "setup"), terminal_size=size, run_before=wrong)


@pytest.mark.parametrize("size", SIZES)
def test_help(snap_compare, full_workspace: Workspace, still: None, size: tuple[int, int]) -> None:
    assert snap_compare(opened(full_workspace), terminal_size=size, press=["question_mark"])


def test_home_light(snap_compare, full_workspace: Workspace, still: None) -> None:
    assert snap_compare(opened(full_workspace, theme_name="ogive-light"), terminal_size=(80, 24))


def test_home_in_the_terminals_own_colours(snap_compare, full_workspace: Workspace, still: None) -> None:
    assert snap_compare(opened(full_workspace, theme_name="ogive-ansi"), terminal_size=(80, 24))


def test_home_ascii(snap_compare, full_workspace: Workspace, still: None) -> None:
    assert snap_compare(opened(full_workspace, ascii_only=True), terminal_size=(80, 24))


def test_failure(snap_compare, full_workspace: Workspace, still: None) -> None:
    async def fail(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, OgiveApp)
        app.show_failure("Memory ran out: 12.0 GB were needed.", "Use a smaller batch_size, context or model.")
        await pilot.pause()

    assert snap_compare(opened(full_workspace), terminal_size=(80, 24), run_before=fail)


def test_leaving(snap_compare, full_workspace: Workspace, still: None) -> None:
    async def ask(pilot: Pilot[None]) -> None:
        await pilot.press("down", "x")
        await pilot.pause()

    assert snap_compare(opened(full_workspace), terminal_size=(80, 24), run_before=ask)
