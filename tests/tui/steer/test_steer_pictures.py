"""Pictures of steering, compared with those kept beside this file (`pytest --snapshot-update` renews them)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from core.steering.session import Session
from core.steering.view import Decision
from core.workspace import Workspace
from tui.app import OgiveApp
from tui.overview import FirstReading

SIZES = [(80, 24), (120, 40), (200, 60)]
ANSWERS = ("I am a teller of small tales.", "I am what is left.", "I am what is left when the candle is out.")


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """No clock, no speed, no size of a file, and nothing drawn by chance, shows in a picture."""
    monkeypatch.setattr("core.steering.journal.stamp", lambda: "2025-11-20T09:31:00.000Z")
    monkeypatch.setattr("core.steering.catalog._disk", lambda folder: 12_400_000)
    monkeypatch.setattr("tui.screens.home.REFRESH", 3600.0)
    monkeypatch.setattr("core.steering.states.States.bytes", 12_400_000)


@pytest.fixture
def grown(tale: Workspace, voices: Callable[..., None], settings: Any, still: None) -> str:
    """A session with two branches, a bookmark and a control prompt, standing at a whole card; its id.

    What the weights came to is put in by hand, so that a picture does not hang on the last digit of a machine.
    """
    session = Session.create(tale, settings(control_prompt="Who are you?"), name="gloom")

    def figures(kind: dict[str, Any]) -> dict[str, Any]:
        number = int(kind["id"])
        report = {"margin": 0.42 - 0.05 * number, "kl": 0.026 * number, "seconds": 0.8}
        return {**kind, "drift": round(0.07 * number, 2), "kl": report["kl"], "report": report}

    event = session._event

    def put(given: dict[str, Any], sync: bool = False) -> None:
        event(figures(given) if given["kind"] == "node" and "report" in given else given, sync)

    session._event = put  # type: ignore[method-assign]
    for number in range(5):
        voices(session, order=(number % 4, (number + 1) % 4, (number + 2) % 4, (number + 3) % 4))
        if number < 3:
            session._event({"kind": "control", "node": session.tree.here, "text": ANSWERS[number]})
        if number == 2:
            session.bookmark("dusk")
        session.accept(Decision.pick(number % 4) if number != 3 else Decision.none())
    session.checkout(2)
    session.branch("warmer")
    session.accept(Decision.pick(1))
    voices(session)
    session._event({"kind": "control", "node": session.tree.here, "text": ANSWERS[2]})
    session.close()
    folder = session.folder.with_name("20251120-093100-gloom")
    session.folder.rename(folder)
    return folder.name


def opened(workspace: Workspace, screen: str = "steer", **arguments: Any) -> OgiveApp:
    return OgiveApp(workspace, screen=screen, arguments=arguments, first_reading=FirstReading(workspace))


def until_chosen(driver: Any, *keys: str) -> Callable[[Pilot[None]], Any]:
    async def run(pilot: Pilot[None]) -> None:
        at = driver(pilot.app, pilot)
        await at.chosen()
        for key in keys:
            await at.press(key)

    return run


@pytest.mark.parametrize("size", SIZES)
def test_full(snap_compare, tale: Workspace, grown: str, driver: Any, size: tuple[int, int]) -> None:
    assert snap_compare(opened(tale, session=grown), terminal_size=size, run_before=until_chosen(driver))


@pytest.mark.parametrize("size", SIZES)
def test_tree(snap_compare, tale: Workspace, grown: str, driver: Any, size: tuple[int, int]) -> None:
    assert snap_compare(opened(tale, session=grown), terminal_size=size, run_before=until_chosen(driver, "t", "up"))


@pytest.mark.parametrize("size", SIZES)
def test_writing(
    snap_compare,
    tale: Workspace,
    driver: Any,
    gate: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    gate.hold_drawing(monkeypatch, after=7)

    async def midway(pilot: Pilot[None]) -> None:
        at = driver(pilot.app, pilot)
        await at.until(lambda: at.texts and len(at.texts[0]) == 7)

    assert snap_compare(opened(tale, settings=settings()), terminal_size=size, run_before=midway)


@pytest.mark.parametrize("size", SIZES)
def test_loading(snap_compare, tale: Workspace, gate: Any, settings: Any, size: tuple[int, int]) -> None:
    app = opened(tale, settings=settings())
    app.engine.submit(gate.hold, name="something long")
    assert snap_compare(app, terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_no_such_model(snap_compare, tale: Workspace, driver: Any, settings: Any, size: tuple[int, int]) -> None:
    async def failed(pilot: Pilot[None]) -> None:
        at = driver(pilot.app, pilot)
        await at.until(lambda: at.screen.failure is not None)
        at.screen.failure = ("There is no model 'nowhere' in ~/tales/checkpoints.", at.screen.failure[1])
        at.screen.draw_frame()

    app = opened(tale, settings=settings(model="nowhere"))
    assert snap_compare(app, terminal_size=size, run_before=failed)


def test_zoomed(snap_compare, tale: Workspace, grown: str, driver: Any) -> None:
    run = until_chosen(driver, "z")
    assert snap_compare(opened(tale, session=grown), terminal_size=(80, 24), run_before=run)


def test_an_early_pick_is_asked_about(
    snap_compare, tale: Workspace, driver: Any, gate: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.hold_drawing(monkeypatch, after=7)

    async def early(pilot: Pilot[None]) -> None:
        at = driver(pilot.app, pilot)
        await at.until(lambda: at.texts and len(at.texts[0]) == 7 and at.screen._seen_at is not None)
        await at.press("3")

    assert snap_compare(opened(tale, settings=settings()), terminal_size=(80, 24), run_before=early)


@pytest.mark.parametrize("size", SIZES[:2])
def test_journal(snap_compare, tale: Workspace, grown: str, driver: Any, size: tuple[int, int]) -> None:
    async def read(pilot: Pilot[None]) -> None:
        at = driver(pilot.app, pilot)
        screen = pilot.app.screen
        await at.until(lambda: "margin" in str(screen.query_one("#lines").render()))

    assert snap_compare(opened(tale, "journal"), terminal_size=size, run_before=read)


@pytest.mark.parametrize("size", SIZES[:2])
def test_settings(
    snap_compare, tale: Workspace, driver: Any, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.steering.estimate.memory_available", lambda: 20 << 30)

    async def settled(pilot: Pilot[None]) -> None:
        at = driver(pilot.app, pilot)
        await at.until(lambda: "fits" in str(pilot.app.screen.query_one("#estimate").render()))

    assert snap_compare(opened(tale, "steer-setup"), terminal_size=size, run_before=settled)
