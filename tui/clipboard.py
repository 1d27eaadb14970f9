"""Copying in a terminal: every way that may work is tried, and the file that always works is named."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

from core.errors import OgiveError
from core.files import write_atomic

if TYPE_CHECKING:
    from textual.app import App

    from core.workspace import Workspace


def copy(app: App[Any], text: str, workspace: Workspace) -> str:
    """Copy `text`; a sentence on what was done.

    Inside tmux `load-buffer -w` fills tmux's buffer and passes the text on to the outer terminal; the escape sequence
    (OSC 52) reaches the terminal where tmux is not in between, or lets it through.
    """
    ways = []
    if os.environ.get("TMUX"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(["tmux", "load-buffer", "-w", "-"], input=text.encode(), timeout=2, check=False)
            if done.returncode == 0:
                ways.append("tmux buffer")
    app.copy_to_clipboard(text)
    ways.append("terminal clipboard")
    with contextlib.suppress(OSError, OgiveError):
        path = workspace.data / "last_copy.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text)
        ways.append(str(path))
    return f"copied {len(text)} characters: {', '.join(ways)}"
