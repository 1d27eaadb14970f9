"""What the first picture may cost: no torch, transformers or numpy, and soon."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "transformers", "numpy", "pandas", "datasets", "tokenizers", "safetensors")

FIRST_PICTURE = """
import asyncio, sys
from pathlib import Path
from core.workspace import Workspace
from tui.app import OgiveApp

async def main():
    app = OgiveApp(Workspace(Path(sys.argv[1])), screen=sys.argv[2])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        assert app.screen.NAME == sys.argv[2]

asyncio.run(main())
print(",".join(name for name in %r if name in sys.modules))
"""


@pytest.mark.parametrize("screen", ["home", "setup", "monitor", "data", "journal", "steer-setup"])
def test_heavy_modules_stay_out_of_the_first_picture(full_workspace, screen: str) -> None:
    code = FIRST_PICTURE % ((*HEAVY, *(("pydantic", "yaml") if screen == "home" else ())),)
    done = subprocess.run(
        [sys.executable, "-c", code, str(full_workspace.root), screen],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": "/nonexistent", "TERM": "xterm-256color"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_entry_imports_neither_textual_nor_pydantic() -> None:
    code = "import sys, tui.launch; print([n for n in ('textual', 'rich', 'pydantic', 'yaml') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_themes_known_before_textual_are_those_of_the_app() -> None:
    from tui import launch, theme

    assert launch.THEME_NAMES == theme.NAMES
