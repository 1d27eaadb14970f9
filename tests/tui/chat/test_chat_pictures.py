"""Pictures of the chat, compared with those kept beside this file (`pytest --snapshot-update` renews them)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from core.workspace import Workspace

SIZES = [(80, 24), (120, 40)]
Opened = Callable[..., Any]


@pytest.fixture
def arguments() -> dict[str, Any]:
    """Settings under which nothing in the picture is drawn by chance."""
    return {"sampling": {"seed": 1, "max_new_tokens": 200}}


def talked(driver: Any, *lines: str) -> Callable[[Pilot[None]], Any]:
    async def run(pilot: Pilot[None]) -> None:
        chat = driver(pilot.app, pilot)
        await chat.idle()
        for line in lines:
            await chat.ask(line)

    return run


@pytest.mark.parametrize("size", SIZES)
def test_empty(
    snap_compare, tale: Workspace, opened: Opened, driver: Any, arguments: dict[str, Any], size: tuple[int, int]
) -> None:
    assert snap_compare(opened(tale, **arguments), terminal_size=size, run_before=talked(driver))


@pytest.mark.parametrize("size", SIZES)
def test_loading(
    snap_compare, tale: Workspace, opened: Opened, arguments: dict[str, Any], gate: Any, size: tuple[int, int]
) -> None:
    app = opened(tale, **arguments)
    app.engine.submit(lambda _: gate.open.wait(20), name="something long")
    assert snap_compare(app, terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_talking(
    snap_compare,
    tale: Workspace,
    opened: Opened,
    driver: Any,
    turns: Any,
    arguments: dict[str, Any],
    gate: Any,
    size: tuple[int, int],
) -> None:
    async def midway(pilot: Pilot[None]) -> None:
        chat = driver(pilot.app, pilot)
        await talked(driver, turns[0][0])(pilot)
        gate.hold(chat.chat.talker.loaded.model, after=20)
        await chat.send(turns[1][0])
        await chat.until(lambda: len(chat.shown[-1][1]) == 21)
        await chat.pilot.press("slash", "t")

    assert snap_compare(opened(tale, **arguments), terminal_size=size, run_before=midway)


@pytest.mark.parametrize("size", SIZES)
def test_talked_and_scrolling(
    snap_compare,
    tale: Workspace,
    opened: Opened,
    driver: Any,
    turns: Any,
    arguments: dict[str, Any],
    size: tuple[int, int],
) -> None:
    async def read(pilot: Pilot[None]) -> None:
        await talked(driver, *(said for said, _ in turns), "/params")(pilot)
        await pilot.press("escape", "g")

    assert snap_compare(opened(tale, **arguments), terminal_size=size, run_before=read)


@pytest.mark.parametrize("size", SIZES)
def test_error(
    snap_compare,
    tale: Workspace,
    opened: Opened,
    driver: Any,
    turns: Any,
    arguments: dict[str, Any],
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tale.checkpoints / "gloom" / "model.safetensors").write_bytes(b"torn")
    monkeypatch.chdir(tale.root)
    run = talked(driver, turns[0][0], "/model gloom", "/temp 9")

    async def without_paths(pilot: Pilot[None]) -> None:
        await run(pilot)
        chat = driver(pilot.app, pilot)
        block = chat.chat.transcript.blocks[-1]
        text = block.wrapped.text.replace(str(tale.root), "~/tales")
        block.wrapped.text = text
        block.wrapped.rewrap(block.wrapped.width)
        chat.chat.transcript.jump_to_end()
        await pilot.pause()

    assert snap_compare(opened(tale, **arguments), terminal_size=size, run_before=without_paths)


def test_kept_conversations_on_a_small_terminal(
    snap_compare, tale: Workspace, opened: Opened, driver: Any, turns: Any, arguments: dict[str, Any]
) -> None:
    async def listed(pilot: Pilot[None]) -> None:
        await talked(driver, turns[0][0], "/new", "And what of the river?")(pilot)
        await pilot.press("escape", "l")

    assert snap_compare(opened(tale, **arguments), terminal_size=(80, 24), run_before=listed)
