"""Takes the README's pictures from the real program: `python docs/take_pictures.py WORKSPACE`.

The workspace needs a finished run; its newest model answers in the chat. SVGs go to docs/pictures/.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

from textual.pilot import Pilot

from core.workspace import Workspace
from tui.app import OgiveApp
from tui.overview import FirstReading

PICTURES = Path(__file__).parent / "pictures"
TALK = ("Who keeps the mill?", "Tell me a tale about Perrin the cobbler.")


async def settle(pilot: Pilot[int], seconds: float) -> None:
    await asyncio.sleep(seconds)
    await pilot.pause()


async def take(workspace: Workspace, name: str, size: tuple[int, int], screen: str, *presses: str | float) -> None:
    app = OgiveApp(workspace, screen=screen, theme_name="ogive-dark", first_reading=FirstReading(workspace))
    async with app.run_test(size=size) as pilot:
        await settle(pilot, 4.0)
        for press in presses:
            if isinstance(press, float):
                await settle(pilot, press)
            else:
                await pilot.press(press)
        app.save_screenshot(f"{name}.svg", path=str(PICTURES))


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
    talk: list[str | float] = []
    for text in ("/temp 0.5", "/seed 4", *TALK):
        talk += [*typed(text), "enter", 12.0 if text in TALK else 0.5]
    await take(workspace, "chat", (80, 24), "chat", 6.0, *talk)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
