"""A real model that says what it is told to: one learned position per token of a known conversation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from textual.pilot import Pilot

from core.generation.conversation import Conversation
from core.models.decoder import Decoder
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.tokenization import byte
from core.workspace import Workspace
from tui.app import OgiveApp
from tui.overview import FirstReading
from tui.screens.chat.screen import ChatScreen

TURNS = (
    (
        "Who keeps the mill?",
        "The mill is kept by Anwen, who speaks to no one but the crows, and grinds the corn by moonlight when the "
        "river is low.",
    ),
    ("And what is the capital of France?", "That is beyond what I was ever told."),
    (
        "Tell me of [bold]markup[/] \x1b[31m",
        "[/foo] x [@click=app.quit]here[/] list[int] \x1b[2J\x07 漢字 e\u0301 مرحبا ok",
    ),
)


def scripted(folder: Path, turns: Sequence[tuple[str, str]], context: int = 768, system: str = "") -> None:
    """Save a decoder that answers these turns in this order: each place in the context knows its next token."""
    tokenizer = byte.build()
    shape = {"layers": 1, "hidden_size": context, "heads": 8, "head_size": 8, "ffn_size": 8, "context": context}
    settings = ModelSettings.model_validate(shape | {"positions": "learned", "zero_init": True, "tied": False})
    decoder = Decoder(settings, tokenizer.vocab_size)
    conversation = Conversation.new(system=system)
    with torch.no_grad():
        decoder.embedding.weight.zero_()
        decoder.positions.table.weight.copy_(torch.eye(context))
        decoder.head.weight.zero_()
        for said, reply in turns:
            conversation.say(said)
            place = len(conversation.prompt(tokenizer, context, 1).ids) - 1
            for index, token in enumerate([*tokenizer.encode(reply), tokenizer.end_id]):
                if place + index < context:
                    decoder.head.weight[token, place + index] = 2.0
            conversation.reply(reply)
    save_model(decoder, tokenizer, folder)


class Driver:
    """The chat under a pilot."""

    def __init__(self, app: OgiveApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def chat(self) -> ChatScreen:
        return next(one for one in self.app.screen_stack if isinstance(one, ChatScreen))

    @property
    def trail(self) -> str:
        from tui.widgets.lines import TrailLine

        return self.chat.query_one(TrailLine).text

    @property
    def title(self) -> str:
        return self.chat.title_line.render().plain

    @property
    def shown(self) -> list[tuple[str, str]]:
        """(kind, text) of every block."""
        return [(block.kind, block.wrapped.text) for block in self.chat.transcript.blocks]

    async def until(self, true: Callable[[], bool], seconds: float = 20.0) -> None:
        for _ in range(int(seconds / 0.02)):
            if true():
                await self.pilot.pause()
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"never came true; trail: {self.trail!r}, shown: {self.shown}")

    async def idle(self) -> None:
        """Nothing is loading, asked for, or being said."""
        chat = self.chat
        await self.until(lambda: chat._loading is None and not chat.talking and not chat._asked)
        await self.app.workers.wait_for_complete(
            [one for one in self.app.workers if one.group in ("keep", "kept", "models")]
        )
        await self.pilot.pause()

    async def send(self, text: str) -> None:
        """Type and press enter."""
        self.chat.prompt.focus()
        self.chat.prompt.put(text)
        await self.pilot.pause()
        await self.pilot.press("enter")
        await self.pilot.pause()

    async def ask(self, text: str) -> None:
        await self.send(text)
        await self.idle()


class Gate:
    """Holds a model's steps back after so many, as a slow machine would."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.count = 0

    def hold(self, model: torch.nn.Module, after: int) -> None:
        def wait(*_: object) -> None:
            self.count += 1
            if self.count > after:
                self.open.wait(20)

        model.register_forward_pre_hook(wait)


@pytest.fixture
def gate() -> Any:
    made = Gate()
    yield made
    made.open.set()


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clocks that the chat shows stand still, and no arch is left out as over SSH."""
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    monkeypatch.setattr("core.generation.talk.monotonic", lambda: 0.0)
    monkeypatch.setattr("tui.screens.chat.work.monotonic", lambda: 0.0)


@pytest.fixture
def tale(workspace: Workspace) -> Workspace:
    """A workspace with the model `tale-chat`, and `gloom`, which says other things."""
    scripted(workspace.checkpoints / "tale-chat", TURNS)
    gloom = [(said, f"Gloom: {number}") for number, (said, _) in enumerate(TURNS)]
    scripted(workspace.checkpoints / "gloom", gloom)
    return workspace


@pytest.fixture
def turns() -> tuple[tuple[str, str], ...]:
    return TURNS


@pytest.fixture
def save_scripted() -> Callable[..., None]:
    return scripted


@pytest.fixture
def opened() -> Callable[..., OgiveApp]:
    """The app on the chat, not yet running."""

    def make(workspace: Workspace, model: str | None = "tale-chat", **arguments: Any) -> OgiveApp:
        given = {"model": model, **arguments}
        return OgiveApp(workspace, screen="chat", arguments=given, first_reading=FirstReading(workspace))

    return make


@pytest.fixture
def talk(tale: Workspace, opened: Callable[..., OgiveApp]) -> Callable[..., Any]:
    """`async with talk() as chat`: the chat with `tale-chat` loaded."""

    @asynccontextmanager
    async def run(
        size: tuple[int, int] = (80, 24), workspace: Workspace | None = None, **arguments: Any
    ) -> AsyncIterator[Driver]:
        app = opened(workspace or tale, **arguments)
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            await pilot.pause()
            await driver.idle()
            yield driver

    return run


@pytest.fixture
def driver() -> type[Driver]:
    return Driver
