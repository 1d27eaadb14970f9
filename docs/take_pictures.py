"""Takes the README's pictures from the real program: `python docs/take_pictures.py WORKSPACE`.

The workspace needs a finished run; its newest model answers in the chat. SVGs go to docs/pictures/.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from core.workspace import Workspace
from tui.app import OgiveApp
from tui.overview import FirstReading
from tui.screens.steer.screen import SteerScreen

PICTURES = Path(__file__).parent / "pictures"
TALK = ("Who keeps the mill?", "Tell me a tale about Perrin the cobbler.")


async def settle(pilot: Pilot[int], seconds: float) -> None:
    await asyncio.sleep(seconds)
    await pilot.pause()


def choosing(app: OgiveApp) -> bool:
    """Whether a whole group of variants stands on the steer screen, and the control prompt is answered."""
    screen = app.screen
    if not isinstance(screen, SteerScreen) or screen.group is None or screen.picture is None:
        return False
    control = screen.picture.view.control
    return screen._seen_at is not None and (not control.prompt or bool(control.now))


Step = str | float | Callable[[OgiveApp], bool]
"""A key to press, seconds to wait, or what to wait for."""


async def take(workspace: Workspace, name: str, size: tuple[int, int], screen: str, *steps: Step) -> None:
    app = OgiveApp(workspace, screen=screen, theme_name="ogive-dark", first_reading=FirstReading(workspace))
    async with app.run_test(size=size) as pilot:
        await settle(pilot, 4.0)
        for step in steps:
            if isinstance(step, float):
                await settle(pilot, step)
            elif isinstance(step, str):
                await pilot.press(step)
            else:
                while not step(app):
                    await settle(pilot, 0.1)
                await settle(pilot, 0.5)
        app.save_screenshot(f"{name}.svg", path=str(PICTURES))
    app.finish()


def typed(text: str) -> list[str]:
    names = {" ": "space", "?": "question_mark", ".": "full_stop", "/": "slash"}
    return [names.get(letter, letter) for letter in text]


async def main(folder: str) -> None:
    # Whose machine this is does not belong in a picture.
    os.environ["LOGNAME"], socket.gethostname = "mira", lambda: "laptop"
    workspace = Workspace.find(folder)
    PICTURES.mkdir(exist_ok=True)
    await take(workspace, "home", (80, 24), "home")
    await take(workspace, "setup", (80, 24), "setup", *["down"] * 9)
    await take(workspace, "monitor-80", (80, 24), "monitor")
    await take(workspace, "monitor", (120, 32), "monitor")
    talk: list[Step] = []
    for text in ("/temp 0.5", "/seed 4", *TALK):
        talk += [*typed(text), "enter", 12.0 if text in TALK else 0.5]
    await take(workspace, "chat", (80, 24), "chat", 6.0, *talk)
    # A session of its own: two picks, one undone for another branch, and on from there.
    steps: list[Step] = [choosing]
    for keys in ("2", "1", "u", "3", "4", "0", "2"):
        steps += [keys, 0.2, choosing]
    named: list[Step] = ["b", *typed("warmer"), "enter", 0.5, choosing, "1", 0.2, choosing]
    await take(workspace, "steer", (120, 32), "steer", *steps, *named)
    await take(workspace, "steer-80", (80, 24), "steer", choosing)
    await take(workspace, "tree", (80, 24), "steer", *steps, *named, "t", 1.0, "up")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
