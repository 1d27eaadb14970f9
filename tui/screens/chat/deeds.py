"""What the chat's slash commands do on the screen; settings are changed by the table itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import OgiveError
from core.generation import commands
from core.generation.commands import COMMANDS, Command
from core.settings.sampling import SamplingSettings

if TYPE_CHECKING:
    from tui.screens.chat.screen import ChatScreen


class Deeds:
    """`do("/temp 0.9")`; a command that is no setting is the method of its name."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen

    def do(self, text: str) -> None:
        """Do a command as typed; what is wrong with it is said on the trail line."""
        try:
            command, argument = commands.parse(text)
            if command.field:
                self._setting(command, argument)
            else:
                getattr(self, command.name)(argument)
        except OgiveError as error:
            self._screen.trail(str(error), "bad")

    def _setting(self, command: Command, argument: str) -> None:
        screen = self._screen
        if argument:
            screen.sampling = commands.change(screen.sampling, command.field, argument)
        shown = commands.show(screen.sampling, command.field)
        screen.trail(shown if argument else f"{shown}; it may be {commands.range_of(command.field)}")
        screen.count()
        screen._draw()

    def system(self, argument: str) -> None:
        screen = self._screen
        if argument:
            screen.conversation.system = "" if argument in commands.FRESH else argument
            if screen.conversation.messages:
                screen.keep()
            screen.count()
        said = screen.conversation.system
        screen.trail(f"system: {said}" if said else "system: nothing is told before the conversation")

    def model(self, argument: str) -> None:
        if argument:
            self._screen.load(argument)
        else:
            self.pick_model()

    def models(self, argument: str) -> None:
        self.pick_model()

    def pick_model(self) -> None:
        """The list of models, read off the UI thread."""
        self._screen.run_worker(self._pick, thread=True, group="models", exclusive=True, exit_on_error=False)

    def _pick(self) -> None:
        from core.models.catalog import list_models

        screen = self._screen
        try:
            found = list_models(screen.ogive.workspace)
        except OgiveError as error:
            screen.app.call_from_thread(screen.trail, str(error), "bad")
            return
        screen.app.call_from_thread(screen.offer_models, found)

    def again(self, argument: str) -> None:
        self._screen.again()

    def edit(self, argument: str) -> None:
        self._screen.edit_last()

    def new(self, argument: str) -> None:
        self._screen.begin()

    def reset(self, argument: str) -> None:
        if self._screen.begin(system=self._screen.conversation.system):
            self._screen.trail("begun anew; what was said stays in the list")

    def list(self, argument: str) -> None:
        self._screen.action_list()

    def delete(self, argument: str) -> None:
        if self._screen.conversation.messages:
            self._screen.delete(self._screen.conversation.id)
        else:
            raise OgiveError("Nothing has been said that could be deleted.")

    def save(self, argument: str) -> None:
        screen = self._screen
        if not screen.conversation.messages:
            raise OgiveError("Nothing has been said that could be saved.")
        screen.save_to(Path(argument).expanduser() if argument else None)

    def params(self, argument: str) -> None:
        sampling = self._screen.sampling
        lines = [commands.show(sampling, field) for field in SamplingSettings.model_fields]
        talker = self._screen.talker
        if talker is not None:
            lines.append(f"model {talker.name}, context {talker.context} tokens, {talker.loaded.device}")
        self._screen.note("\n".join(lines))

    def help(self, argument: str) -> None:
        width = max(len(command.written) for command in COMMANDS.values())
        self._screen.note("\n".join(f"{one.written:{width}}  {one.help}" for one in COMMANDS.values()))

    def quit(self, argument: str) -> None:
        self._screen.ogive.action_leave()
