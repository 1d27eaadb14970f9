"""The command palette: every action of the screen with its key, the screens, the themes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Provider

from tui import keys, theme
from tui.screens import SCREENS
from tui.screens.base import OgiveScreen

if TYPE_CHECKING:
    from tui.app import OgiveApp


class ActionsProvider(Provider):
    """Reads the key table, so that nothing can be forgotten here."""

    def _entries(self) -> Iterator[tuple[str, str, str]]:
        """(text, help, action) of everything that can be done now."""
        app = cast("OgiveApp", self.app)
        screen = self.screen
        names = (screen.NAME, *screen.ALSO, "app") if isinstance(screen, OgiveScreen) else ("app",)
        for name in names:
            for key in keys.of(name):
                if not key.palette:
                    continue
                action = key.action if "." in key.action else f"{'app' if name == 'app' else 'screen'}.{key.action}"
                yield f"{key.label}  ({keys.label_of(key, app.keymap)})", key.help, action
        for name, entry in SCREENS.items():
            if name != app.current_mode:
                yield f"go to {name}", entry.help, f"app.open_screen({name!r})"
        for name in theme.NAMES:
            if name != app.theme:
                yield f"theme {name}", "Colours of the whole program", f"app.use_theme({name!r})"

    async def discover(self) -> AsyncIterator[DiscoveryHit]:  # type: ignore[override]
        for text, help, action in self._entries():
            yield DiscoveryHit(text, partial(self.screen.run_action, action), help=help)

    async def search(self, query: str) -> AsyncIterator[Hit]:  # type: ignore[override]
        matcher = self.matcher(query)
        for text, help, action in self._entries():
            score = max(matcher.match(text), matcher.match(help) * 0.8)
            if score > 0:
                yield Hit(score, matcher.highlight(text), partial(self.screen.run_action, action), help=help)
