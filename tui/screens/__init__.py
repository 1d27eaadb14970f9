"""The screens, as a table. To add one: a class in a module of this folder (a subclass of `OgiveScreen`), a line here,
and its keys in `tui/keys.py`. Nothing is imported until a screen is opened."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ScreenEntry:
    """Where a screen's class lives, and one line on what it is for."""

    path: str
    help: str

    def load(self) -> Any:
        """Import and return the class."""
        module, _, name = self.path.partition(":")
        return getattr(importlib.import_module(module), name)


SCREENS: dict[str, ScreenEntry] = {
    "home": ScreenEntry("tui.screens.home:HomeScreen", "Runs and models of the workspace"),
    "monitor": ScreenEntry("tui.screens.monitor.screen:MonitorScreen", "Watch a run, live or finished"),
    "setup": ScreenEntry("tui.screens.setup:SetupScreen", "Set up a new run"),
    "data": ScreenEntry("tui.screens.data.screen:DataScreen", "What there is to learn from: look, add, mix"),
    "tokenizers": ScreenEntry("tui.screens.tokenizers.screen:TokenizersScreen", "How text is cut: measure, compare"),
    "chat": ScreenEntry("tui.screens.chat.screen:ChatScreen", "Talk to a model"),
    "steer": ScreenEntry("tui.screens.steer.screen:SteerScreen", "Shape a model by picks"),
    "journal": ScreenEntry("tui.screens.journal.screen:JournalScreen", "The steering sessions"),
    "steer-setup": ScreenEntry("tui.screens.steer.setup:SteerSetupScreen", "Set up a steering session"),
}
