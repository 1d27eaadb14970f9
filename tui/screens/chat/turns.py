"""Turns: a model is loaded, the person says something, the reply streams in, is drawn anew, or is stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on, work

from core.generation.conversation import USER
from tui.engine import JobDone, JobFailed
from tui.screens.chat import work as jobs
from tui.screens.chat.keeping import Keeping
from tui.screens.chat.view import told
from tui.widgets.confirm import Confirm, Option

if TYPE_CHECKING:
    from tui.screens.chat.work import Progress, Talker

STREAM_EVERY = 0.04
OWN_CODE = "brings code of its own"


class Turns(Keeping):
    """A chat that talks. All work on models is the engine's; see `work`."""

    def load(self, name: str | None, trust: bool = False) -> None:
        """Load a model on the engine; the one at hand stays until that has worked."""
        self._wanted = name or ""
        self._loading = self.ogive.engine.submit(
            jobs.load(self.ogive.workspace, name, trust), name=f"loading {name or 'a model'}", to=self
        )
        self._draw()

    def _loaded(self, talker: Talker) -> None:
        self._loading = None
        self.talker = talker
        self._wanted = talker.name
        self.conversation.model = talker.name
        self.trail(f"{talker.name} loaded in {talker.seconds:.1f} s", "good")
        if self._asked:
            self._reply()
        else:
            self.count()
        self._draw()

    def _not_loaded(self, event: JobFailed) -> None:
        self._loading = None
        wanted, self._wanted = self._wanted, "" if self.talker is None else self.talker.name
        self._asked = False
        if OWN_CODE in event.cause:
            self._ask_trust(wanted, event.cause)
        else:
            self.say_bad(event.cause, event.hint)
        self._draw()

    @work(exclusive=True, group="ask")
    async def _ask_trust(self, name: str, cause: str) -> None:
        answer = await self.app.push_screen_wait(
            Confirm(
                cause,
                "Run it only when you trust its author.",
                Option("no", "n", "do not load it"),
                Option("yes", "y", "run it", alarming=True),
            )
        )
        if answer == "yes":
            self.load(name, trust=True)

    # Turns

    def say(self, text: str) -> None:
        """The person's turn, and the reply to it."""
        self.conversation.say(text)
        self.transcript.add("you", "you", text)
        self.transcript.jump_to_end()
        self._draws = 0
        self.keep()
        self.ask()

    def ask(self) -> None:
        """Have the model reply to what was said, now or as soon as it is loaded."""
        self._asked = True
        self.trail("")
        if self.talker is not None and self._loading is None:
            self._reply()
        self._draw()

    def _reply(self) -> None:
        talker = self.talker
        if talker is None:
            return
        self._asked = False
        self._shown = 0
        sampling = self.sampling
        if sampling.seed is not None and self._draws:
            sampling = sampling.model_copy(update={"seed": sampling.seed + self._draws})
        self.transcript.add("model", talker.label)
        self.transcript.set_streaming(True)
        self.transcript.jump_to_end()
        self._talking = self.ogive.engine.submit(
            jobs.answer(talker, self.conversation, sampling), name=f"{talker.name} replying", to=self
        )
        self._streaming = self.set_interval(STREAM_EVERY, self._stream)
        self._draw()

    def _stream(self) -> None:
        """Show what has come since the last look."""
        handle = self._talking
        if handle is None:
            return
        if handle.state == "dropped":
            self._end_reply(None)
            return
        if handle.latest is not None:
            self._show_progress(handle.latest)

    def _show_progress(self, progress: Progress) -> None:
        if len(progress.text) > self._shown:
            self.transcript.extend(progress.text[self._shown :])
            self._shown = len(progress.text)
        if (progress.used, progress.dropped) != (self._used, self._dropped):
            self._used, self._dropped = progress.used, progress.dropped
            self._draw_title()

    def _end_reply(self, progress: Progress | None) -> None:
        """The reply is whole, stopped or never begun."""
        if self._streaming is not None:
            self._streaming.stop()
        self._streaming = self._talking = None
        self.transcript.set_streaming(False)
        if progress is not None:
            self._show_progress(progress)
        if progress is not None and (progress.text or progress.ended != "cancelled"):
            model = self.talker.name if self.talker is not None else ""
            self.conversation.reply(progress.text, model=model, **progress.facts)
            self.conversation.sampling = self.sampling.model_dump()
            self.keep()
            self.trail(told(progress))
        else:
            self.transcript.remove_last()
            self.trail("stopped before it began")
        self._draw()

    def again(self) -> None:
        """Another reply to the same turn."""
        if self._busy():
            return
        if self.talker is None and self._loading is None:
            self.trail("no model is loaded; /models lists those there are", "bad")
        elif not any(message.role == USER for message in self.conversation.messages):
            self.trail("nothing has been said that could be answered anew", "bad")
        else:
            if self.conversation.take_back_reply() is not None:
                self.show_conversation()
            self._draws += 1
            self.ask()
            if self.sampling.temperature == 0:
                self.trail("at temperature 0 the reply is always the same")

    def edit_last(self) -> None:
        """The person's last turn back into the text field."""
        if self._busy():
            return
        text = self.conversation.take_back_turn()
        if text is None:
            self.trail("nothing has been said yet")
            return
        self.show_conversation()
        self.keep()
        self.count()
        self.prompt.put(text)
        self.prompt.focus()

    def _busy(self) -> bool:
        if self.talking or self._asked:
            self.trail("the reply is still coming; ctrl+c stops it")
        return self.talking or self._asked

    def interrupt(self) -> bool:
        if self._asked and not self.talking:
            self._asked = False
            self.trail("the turn stands without a reply; r asks again")
            return True
        if self._talking is None:
            return False
        self._talking.cancel.request("stopped by hand")
        self.trail("stopping")
        return True

    # The engine's answers

    @on(JobDone)
    def _done(self, event: JobDone) -> None:
        event.stop()
        if event.handle is self._loading:
            self._loaded(event.result)
        elif event.handle is self._talking:
            self._end_reply(event.result)
        elif event.handle is self._measuring:
            self._measuring = None
            budget = event.result
            self._used, self._dropped = (budget.used, budget.dropped) if budget is not None else (None, 0)
            self._draw_title()

    @on(JobFailed)
    def _failed(self, event: JobFailed) -> None:
        event.stop()
        if event.handle is self._loading:
            self._not_loaded(event)
        elif event.handle is self._talking:
            partial = event.handle.latest
            self._end_reply(replace(partial, ended="failed") if partial is not None else None)
            self.say_bad(event.cause, event.hint)
        else:
            self.trail(event.cause, "bad")
        if event.defect:
            self.ogive.show_failure(event.cause, event.hint, event.log_path)

    def count(self) -> None:
        """Have the engine count what the conversation fills."""
        self._used, self._dropped = None, 0
        if self.talker is not None and self.conversation.messages:
            self._measuring = self.ogive.engine.submit(
                jobs.measure(self.talker, self.conversation, self.sampling), name="counting tokens", to=self
            )

    # Conversations
