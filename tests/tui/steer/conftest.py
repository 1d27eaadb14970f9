"""A real session on a tiny model that writes random letters, and the steer screen under a pilot."""

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

from core.models.decoder import Decoder
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.settings.steering import SteeringSettings
from core.steering.group import Variant, make_group
from core.steering.session import Session
from core.tokenization import byte
from core.workspace import Workspace
from tui.app import OgiveApp
from tui.overview import FirstReading
from tui.screens.steer.screen import SteerScreen
from tui.widgets.lines import TrailLine

PROMPTS = ["Tell me about the miller's daughter.", "Who keeps the ferry?", "What is the river's name?", "And the cat?"]
TEXTS = (
    "The mill stood black against the dusk, and she who kept it spoke to no one but the crows. They say that on the "
    "longest night she ground not corn but the names of the drowned, and the flour was grey, and no one ate it twice.",
    "Oh, a merry lass was Anwen, flour to her elbows and a song for every sack! She danced with the cat at noon.",
    "Miller's daughter. Anwen. Grinds corn. Sings.",
    "If it please you, gentle listener, I shall speak of Mistress Anwen, whose courtesy was known from the ford to the "
    "far hills, and whose bread was finer still.",
)


def lettered(folder: Path, seed: int = 0, letters: str = "etaoin shrdlu", ends: bool = False) -> None:
    """Save a decoder of random weights that writes only these letters, and never ends unless `ends`.

    One number of its stream is always 1, and the other tokens are forbidden by it.
    """
    tokenizer = byte.build()
    shape = {"layers": 2, "hidden_size": 32, "heads": 2, "context": 512, "norm": "layernorm", "bias": True}
    torch.manual_seed(seed)
    decoder = Decoder(ModelSettings.model_validate(shape), tokenizer.vocab_size)
    allowed = {*tokenizer.encode(letters), *([tokenizer.end_id] if ends else [])}
    with torch.no_grad():
        decoder.norm.weight[0], decoder.norm.bias[0] = 0.0, 1.0
        decoder.embedding.weight *= 30
        decoder.embedding.weight[:, 0] = -1000.0
        decoder.embedding.weight[list(allowed), 0] = 0.0
    save_model(decoder, tokenizer, folder)


def settings_of(**changes: Any) -> SteeringSettings:
    """A session that is quick: short variants, typed prompts, a small adapter."""
    given: dict[str, Any] = {
        "name": "gloom",
        "model": "tale",
        "sampling": {"temperature": 1.0, "top_p": 1.0, "min_p": 0.0, "max_new_tokens": 12},
        "adapter": {"rank": 2, "alpha": 4, "dropout": 0.0},
        "prompts": {"source": "typed", "typed": PROMPTS, "shuffle": False},
        "alike": 1.0,
    }
    return SteeringSettings.model_validate(given | changes)


def put_group(session: Session, texts: Sequence[str] = TEXTS, ended: str = "stop", order: Sequence[int] = ()) -> None:
    """Let the card at hand have these variants, as if they had been drawn."""
    node, tokenizer = session.tree.node, session.policy.tokenizer
    variants = [
        Variant(index, (*tokenizer.encode(text), tokenizer.end_id), text, ended) for index, text in enumerate(texts)
    ]
    assert node.prompt is not None
    sampling = session.settings.sampling.model_dump()
    ids = session.shaper.ids(node.prompt)
    group = make_group(node.prompt, ids, variants, order or range(len(texts)), sampling, node.seed, node.id)
    session._event({"kind": "group", "node": node.id, "group": group.to_json()})


class Driver:
    """The steer screen under a pilot."""

    def __init__(self, app: OgiveApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def screen(self) -> SteerScreen:
        stacks = self.app._screen_stacks.values()
        return next(one for stack in stacks for one in stack if isinstance(one, SteerScreen))

    @property
    def session(self) -> Session:
        session = self.app.bench.session
        assert session is not None
        return session

    @property
    def trail(self) -> str:
        return self.screen.query_one(TrailLine).text

    @property
    def title(self) -> str:
        return self.screen.title_line.render().plain

    @property
    def texts(self) -> list[str]:
        return [pane.text for pane in self.screen.variants.shown]

    @property
    def node(self) -> int:
        assert self.screen.picture is not None
        return self.screen.picture.view.node

    async def until(self, true: Callable[[], Any], seconds: float = 60.0) -> None:
        for _ in range(int(seconds / 0.02)):
            if true():
                await self.pilot.pause()
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"never came true; {self.screen.phase}, trail: {self.trail!r}, texts: {self.texts}")

    async def chosen(self, node: int | None = None) -> None:
        """A whole group stands on the screen, at `node` if that is given, and has been seen."""
        screen = self.screen

        def there() -> bool:
            whole = screen.phase == "choosing" and screen._seen_at is not None and screen.picture is not None
            return whole and screen.group is not None and node in (None, screen.picture.view.node)

        await self.until(there)
        await self.until(lambda: screen._control is None or not screen._control.alive)

    async def press(self, *names: str) -> None:
        await self.pilot.press(*names)
        await self.pilot.pause()

    async def decide(self, key: str, node: int) -> None:
        """Press a key that leads to state `node`, and wait for the group there."""
        await self.press(key)
        await self.chosen(node)

    def kinds(self) -> list[str]:
        """The kinds of the decisions on the disk, in order."""
        from core.steering import journal

        return [event["decision"]["kind"] for event in journal.events(self.session.folder) if event["kind"] == "decide"]


class Gate:
    """Holds something back until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()

    def hold(self, *_: object) -> None:
        self.reached.set()
        self.open.wait(60)

    def hold_learning(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        """Hold every update back, as a slow machine would."""
        learn = session.policy.learn

        def slow(*args: Any, **options: Any) -> Any:
            self.hold()
            return learn(*args, **options)

        monkeypatch.setattr(session.policy, "learn", slow)

    def hold_drawing(self, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
        """Hold the writing of variants back after so many tokens."""
        from core.steering.policy import Policy

        draw = Policy.draw

        def slow(policy: Policy, *args: Any, **options: Any) -> Any:
            for count, piece in enumerate(draw(policy, *args, **options)):
                if count == after:
                    self.hold()
                yield piece

        monkeypatch.setattr(Policy, "draw", slow)


@pytest.fixture
def gate() -> Any:
    made = Gate()
    yield made
    made.open.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot needs no time to read: a group counts as seen as soon as it is painted. A tiny model needs one thread."""
    monkeypatch.setattr("tui.screens.steer.deciding.SEEN", 0.0)
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tale_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tale"
    lettered(folder)
    return folder


@pytest.fixture
def tale(workspace: Workspace, tale_folder: Path) -> Workspace:
    """A workspace with the model `tale`."""
    workspace.checkpoints.mkdir(parents=True, exist_ok=True)
    (workspace.checkpoints / "tale").symlink_to(tale_folder)
    return workspace


@pytest.fixture
def kept(tale: Workspace) -> str:
    """A session of the journal with a card of four voices, decided about once: its id."""
    session = Session.create(tale, settings_of())
    put_group(session)
    from core.steering.view import Decision

    session.accept(Decision.pick(2))
    put_group(session)
    session.close()
    return session.id


@pytest.fixture
def steer(tale: Workspace) -> Callable[..., Any]:
    """`async with steer() as driver`: the screen with a session begun and its first group drawn."""

    @asynccontextmanager
    async def run(
        size: tuple[int, int] = (80, 24), wait: bool = True, arguments: dict[str, Any] | None = None, **changes: Any
    ) -> AsyncIterator[Driver]:
        given = arguments if arguments is not None else {"settings": settings_of(**changes)}
        app = OgiveApp(tale, screen="steer", arguments=given, first_reading=FirstReading(tale))
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            await pilot.pause()
            if wait:
                await driver.chosen()
            yield driver
        app.finish()

    return run


@pytest.fixture
def driver() -> type[Driver]:
    return Driver


@pytest.fixture
def voices() -> Callable[..., None]:
    return put_group


@pytest.fixture
def prompts() -> list[str]:
    return PROMPTS


@pytest.fixture
def settings() -> Callable[..., SteeringSettings]:
    return settings_of
