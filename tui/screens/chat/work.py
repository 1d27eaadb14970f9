"""What the chat asks of the engine, as jobs; the only part of the chat that touches models. Runs off the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from core.generation.conversation import Conversation
from core.settings.sampling import SamplingSettings
from core.workspace import Workspace
from tui.engine import JobContext

if TYPE_CHECKING:
    from core.models.loading import LoadedModel


@dataclass(frozen=True)
class Talker:
    """A loaded model, and what the screen says of it. `loaded` is for the engine only."""

    loaded: LoadedModel
    name: str
    title: str
    context: int
    parameters: int
    seconds: float

    @property
    def label(self) -> str:
        """A short name to stand before what it says."""
        title = self.title.rpartition("/")[2]
        for mark in (":", "-", "_", "."):
            if len(title) > 7:
                title = title.partition(mark)[0] or title
        return title


@dataclass(frozen=True)
class Progress:
    """A reply so far: its whole text and where things stand."""

    text: str
    tokens: int
    used: int
    dropped: int
    seed: int
    seconds: float
    ended: str

    @property
    def facts(self) -> dict[str, Any]:
        """What is kept with the reply."""
        return {
            "seed": self.seed,
            "tokens": self.tokens,
            "context_used": self.used,
            "dropped_messages": self.dropped,
            "seconds": round(self.seconds, 3),
            "ended": self.ended,
        }


@dataclass(frozen=True)
class Budget:
    """How much of the context the conversation fills before the next turn."""

    used: int
    dropped: int


def load(workspace: Workspace, name: str | None, trust: bool) -> Callable[[JobContext], Talker]:
    """Find and load a model; `name` None is the workspace's newest."""

    def work(context: JobContext) -> Talker:
        from core.hardware import pick_device
        from core.models.catalog import resolve_model
        from core.models.loading import load as load_model

        began = monotonic()
        entry = resolve_model(workspace, name)
        loaded = load_model(entry.location, pick_device("auto"), trust_remote_code=trust)
        title = entry.title or entry.name
        return Talker(loaded, entry.name, title, loaded.context, loaded.parameters, monotonic() - began)

    return work


def answer(
    talker: Talker, conversation: Conversation, sampling: SamplingSettings
) -> Callable[[JobContext], Progress | None]:
    """Draw the next turn; what there is of it is shown after every token."""
    conversation = replace(conversation, messages=list(conversation.messages))

    def work(context: JobContext) -> Progress | None:
        from core.generation.talk import reply

        parts: list[str] = []
        progress = None
        for said in reply(talker.loaded, conversation, sampling, context.cancel):
            if said.text:
                parts.append(said.text)
            if len(parts) > 1:
                parts = ["".join(parts)]
            text = parts[0] if parts else ""
            progress = Progress(text, said.tokens, said.used, said.dropped, said.seed, said.seconds, said.ended)
            context.show(progress)
        return progress

    return work


def measure(
    talker: Talker, conversation: Conversation, sampling: SamplingSettings
) -> Callable[[JobContext], Budget | None]:
    """Count what the model would be given now; None where the conversation has no turn yet or does not fit."""
    conversation = replace(conversation, messages=list(conversation.messages))

    def work(context: JobContext) -> Budget | None:
        from core.errors import OgiveError

        try:
            prompt = conversation.prompt(talker.loaded.tokenizer, talker.context, sampling.max_new_tokens)
        except OgiveError:
            return None
        return Budget(len(prompt.ids), prompt.dropped)

    return work
