"""The chat screen: what is said, streamed as it comes; one model, one conversation, several kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.widgets import TextArea

from core.errors import OgiveError
from core.generation import conversation as conversations
from core.generation.commands import COMMANDS, completions, known
from core.generation.conversation import ASSISTANT, Conversation
from core.settings.sampling import SamplingSettings
from tui import keys, words
from tui.glyphs import DOT
from tui.screens.chat.deeds import Deeds
from tui.screens.chat.turns import Turns
from tui.widgets.confirm import Confirm, Option
from tui.widgets.picker import Choice, Picker
from tui.widgets.prompt import Completions, Prompt
from tui.widgets.rows import Rows
from tui.widgets.rule import TrailRule
from tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from core.models.catalog import ModelEntry


class ChatScreen(Turns):
    """Talk to a model."""

    NAME = "chat"
    ALSO = ("transcript",)
    CSS_PATH = "chat.tcss"
    BINDINGS = keys.bindings("chat")
    TEXT: ClassVar[str] = (
        "Type and press enter. Esc or tab leaves the text field; then bare keys work. Ctrl+C stops a reply. "
        "Commands begin with a slash; /help lists them. Conversations are kept under data/conversations/."
    )

    def __init__(self) -> None:
        super().__init__()
        self._deeds = Deeds(self)

    def on_mount(self) -> None:
        super().on_mount()
        self.prompt.focus()
        self._read_kept()
        self._draw()

    def open(
        self,
        model: str | None = None,
        system: str | None = None,
        sampling: dict[str, Any] | None = None,
        trust_remote_code: bool = False,
        **others: Any,
    ) -> None:
        """Bring up the chat; with a model named, or none there yet, load one."""
        if sampling is not None:
            self.sampling = SamplingSettings.model_validate(sampling)
        if system:
            self.conversation.system = system
        missing = self.talker is None and self._loading is None
        if missing or (model is not None and model != self._wanted):
            self.load(model, trust_remote_code)
        self.prompt.focus()
        self._read_kept()
        self._draw()

    def key_entries(self) -> list[tuple[str, str]]:
        if self.prompt.completing:
            return [("tab", "complete"), ("↑↓", "choose"), ("enter", "do it"), ("esc", "close")]
        if self.focused is self.prompt:
            stop = [("ctrl+c", "stop")] if self.talking else []
            return [("enter", "send"), ("/", "commands"), *stop, ("tab", "scroll"), ("ctrl+p", "all"), ("esc", "")]
        if self.focused is self.kept_rows:
            return [("enter", "go on with it"), ("x", "delete"), ("n", "new"), ("?", ""), ("esc", "back")]
        return super().key_entries()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "stop":
            return self.talking
        if action in ("again", "edit", "copy", "copy_all", "delete"):
            return bool(self.conversation.messages) or self.kept_rows.has_focus
        return True

    def _focus_moved(self) -> None:
        super()._focus_moved()
        if self.is_mounted:
            if self.focused is not self.kept_rows:
                self.remove_class("-listing")
            self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @on(Transcript.Followed)
    def _followed(self, event: Transcript.Followed) -> None:
        self.query_one(TrailRule).mark("new text below  G" if event.below else "")

    # Models

    @on(Prompt.Sent)
    def _sent(self, event: Prompt.Sent) -> None:
        text = event.text
        if self.prompt.completing and text.startswith("/") and text[1:].lower() not in COMMANDS:
            text = f"/{self.query_one(Completions).chosen}"
        if not text.strip():
            return
        if text.startswith("/") and not text.startswith("//"):
            self.prompt.sent(text)
            self._deeds.do(text)
            return
        if self.talking or self._asked:
            self.trail("the reply is still coming; ctrl+c stops it")
            return
        if self.talker is None and self._loading is None:
            self.trail("no model is loaded; /models lists those there are", "bad")
            return
        self.prompt.sent(text)
        self.say(text.removeprefix("/") if text.startswith("//") else text)

    def begin(self, *, system: str = "") -> bool:
        """Another conversation; the one at hand is kept. False while a reply is coming."""
        if self._busy():
            return False
        model = self.talker.name if self.talker is not None else ""
        self.conversation = Conversation.new(model, system, self.sampling.model_dump())
        self.trail("")
        self.count()
        self.show_conversation()
        self._read_kept()
        self.prompt.focus()
        return True

    @on(Rows.Chosen, "#kept")
    def _go_on_with(self, event: Rows.Chosen) -> None:
        if self._busy():
            return
        try:
            self.conversation = conversations.find(self.ogive.workspace, event.row.key)
        except OgiveError as error:
            self.trail(str(error), "bad")
            return
        self.sampling = known(self.conversation.sampling)
        self.count()
        self.show_conversation()
        spoke = self.conversation.model
        if self.talker is not None and spoke and spoke != self.talker.name:
            self.trail(f"it was held with {spoke}; /model {spoke} goes on with that")
        else:
            self.trail("")
        self.prompt.focus()

    def offer_models(self, found: list[ModelEntry]) -> None:
        """Let the person pick one of these."""
        choices = [
            Choice(one.name, one.name, f" {DOT} ".join(filter(None, (words.count(one.parameters), one.source))))
            for one in found
        ]
        current = self.talker.name if self.talker is not None else ""
        empty = "No models yet: n on the home screen trains one."
        self.app.push_screen(Picker("Go on with which model?", choices, current, empty), self._picked)

    def _picked(self, name: str | None) -> None:
        if name:
            self.load(name)

    @work(exclusive=True, group="ask")
    async def delete(self, number: str) -> None:
        """Ask, then remove a kept conversation for good."""
        title = next((one.title for one in self.kept if one.id == number), self.conversation.title)
        answer = await self.app.push_screen_wait(
            Confirm(
                "Delete this conversation?",
                f"{title}: its file is removed for good.",
                Option("keep", "k", "keep"),
                Option("delete", "d", "delete", alarming=True),
            )
        )
        if answer == "delete" and not (number == self.conversation.id and self._busy()):
            self.discard(number)
            if number == self.conversation.id:
                self.begin()

    @on(TextArea.Changed, "#prompt")
    def _typed(self) -> None:
        self.prompt.completing = self.query_one(Completions).offer(completions(self.prompt.text))
        self.key_line.refresh_keys()

    @on(Prompt.Steered)
    def _steer(self, event: Prompt.Steered) -> None:
        offered = self.query_one(Completions)
        if event.key in ("up", "down"):
            offered.move(-1 if event.key == "up" else 1)
        elif event.key == "tab":
            self.prompt.put(f"/{offered.chosen} ")
        else:
            offered.offer(())
            self.prompt.completing = False
            self.key_line.refresh_keys()

    def action_type(self) -> None:
        self.prompt.focus()

    def action_command(self) -> None:
        self.prompt.focus()
        self.prompt.put("/")

    def action_other(self) -> None:
        if self.prompt.has_focus and self.transcript.blocks:
            self.transcript.focus()
        elif self.prompt.has_focus:
            self.set_focus(None)
        else:
            self.prompt.focus()

    def action_back(self) -> None:
        if self.prompt.has_focus or self.kept_rows.has_focus:
            self.set_focus(self.transcript if self.transcript.blocks else None)
        else:
            self.ogive.back()

    def action_stop(self) -> None:
        self.interrupt()

    def action_again(self) -> None:
        self.again()

    def action_edit(self) -> None:
        self.edit_last()

    def action_copy(self) -> None:
        last = next((one for one in reversed(self.conversation.messages) if one.role == ASSISTANT), None)
        if last is None:
            self.trail("there is no reply to copy yet")
        else:
            self.ogive.copy(last.content)

    def action_copy_all(self) -> None:
        turns = [f"{message.role}: {message.content}" for message in self.conversation.messages]
        self.ogive.copy("\n\n".join(turns))

    def action_list(self) -> None:
        self.add_class("-listing")
        self.kept_rows.mark(self.conversation.id)
        self.kept_rows.focus()

    def action_new(self) -> None:
        self.begin()

    def action_models(self) -> None:
        self._deeds.pick_model()

    def action_delete(self) -> None:
        marked = self.kept_rows.marked if self.kept_rows.has_focus else None
        if marked is not None:
            self.delete(marked.key)
        elif self.conversation.messages:
            self.delete(self.conversation.id)
