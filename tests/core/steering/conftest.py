"""A workspace with a tiny chat model of random weights, and one policy on it that all tests of a file may share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from core.models.decoder import Decoder
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.settings.steering import SteeringSettings
from core.steering.policy import Policy
from core.steering.session import Session
from core.steering.view import Decision
from core.tokenization.byte import build
from core.workspace import Workspace


def make_model(folder: Path) -> None:
    """Two layers, spread enough that its text is not one byte over and over."""
    torch.manual_seed(0)
    tokenizer = build([])
    shape = {"layers": 2, "hidden_size": 32, "heads": 2, "context": 192}
    decoder = Decoder(ModelSettings.model_validate(shape), tokenizer.vocab_size)
    with torch.no_grad():
        for weight in decoder.parameters():
            if weight.dim() == 2:
                weight.normal_(std=0.15)
    save_model(decoder, tokenizer, folder)


def make_settings(**changes: Any) -> SteeringSettings:
    given: dict[str, Any] = {
        "model": "tiny",
        "device": "cpu",
        "adapter": {"rank": 4},
        "sampling": {"max_new_tokens": 6},
        "prompts": {"source": "typed", "typed": [f"Question {number}?" for number in range(7)]},
        "seed": 7,
    }
    return SteeringSettings.model_validate(given | changes)


@pytest.fixture(scope="session")
def model_home(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("steering")
    make_model(root / "checkpoints" / "tiny")
    return root


@pytest.fixture(scope="session")
def shared_policy(model_home) -> Policy:
    return Policy.load(make_settings(), Workspace(model_home))


@pytest.fixture
def workspace(model_home, tmp_path) -> Workspace:
    """Its own journal; the model is shared by a link."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "tiny").symlink_to(model_home / "checkpoints" / "tiny")
    return Workspace(tmp_path)


@pytest.fixture
def steer(workspace, shared_policy) -> Any:
    """`begin(**settings)`, `again(session_or_id)`, `draw(session)`, `pick(session, slot)`; all end with the test."""
    opened: list[Session] = []

    def begin(**changes: Any) -> Session:
        session = Session.create(workspace, make_settings(**changes), policy=shared_policy)
        opened.append(session)
        return session

    def again(session: Session | str, **how: Any) -> Session:
        if isinstance(session, Session):
            session.close()
            session = session.id
        found = Session.open(workspace, session, policy=shared_policy, **how)
        opened.append(found)
        return found

    def draw(session: Session, **how: Any):
        *_, last = session.propose(**how)
        return last.group

    def pick(session: Session, slot: int = 0):
        return session.update(Decision.pick(slot, draw(session).id))

    yield SimpleNamespace(begin=begin, again=again, draw=draw, pick=pick, workspace=workspace, settings=make_settings)
    for session in opened:
        session.close()


@pytest.fixture
def weights_of() -> Callable[[Session], str]:
    """The hash of what the policy holds now."""
    from core.steering.states import content_hash

    return lambda session: content_hash(session.policy.tensors())
