"""A model's modes: the leading directions of its replies' scores, the natural step in them, kept beside a session."""

from __future__ import annotations

import pytest
import torch

from core.errors import OgiveError
from core.settings.steering import SteeringSettings
from core.steering import modes, opening
from core.steering.estimate import own_replies
from core.steering.lesson import Lesson
from core.steering.modes import Modes
from core.steering.policy import Policy
from core.steering.scoring import Scorer
from core.workspace import Workspace
from tests.core.steering.conftest import make_settings
from tests.core.steering.test_policy import PROMPT, draw, llama, own, same

ASKED = tuple(tuple(f"Question {number}?".encode()) for number in range(12))


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr("core.steering.estimate.REPLIES", 72)


def policy(loaded=None, **options) -> Policy:
    settings = {"update": {"name": "plackett-luce", **options}, "seed": 5, "sampling": {"max_new_tokens": 12}}
    return Policy(loaded or own(), SteeringSettings.model_validate(settings))


def exact(model: Policy, groups: list[Lesson]) -> torch.Tensor:
    """Scores of every reply, one backward pass each, in float64 `(replies, numbers)`."""
    weights = list(model._learner.parameters.values())
    found = []
    for group in groups:
        for place in range(len(group.completions)):
            total = Scorer(model.model)([group.only((place,))])[0].logps.sum()
            parts = torch.autograd.grad(total, weights)
            found.append(torch.cat([part.flatten() for part in parts]).double())
    return torch.stack(found)


@pytest.mark.parametrize("kind", [own, llama])
def test_modes_are_the_leading_directions_of_the_scores(kind):
    model = policy(kind())
    groups = list(model._own_replies(ASKED, 72, None))
    assert sum(len(group.completions) for group in groups) == 72
    found = model.listen(ASKED)
    scores = exact(model, groups)
    damped = scores / scores.norm(dim=1, keepdim=True).sqrt()
    basis = torch.linalg.svd(damped - damped.mean(0), full_matrices=False).Vh[:8]
    directions = found.directions.double()
    assert directions.shape == (8, model.parameters)
    assert torch.allclose(directions @ directions.t(), torch.eye(8, dtype=torch.float64), atol=0.02)
    # The space of the seven clearest is the exact one; the eighth may trade places with the ninth.
    inside = (basis[:4] @ directions.t()).square().sum(1)
    assert inside.min() > 0.97
    variance = (scores @ directions.t()).var(0, correction=0)
    assert torch.allclose(found.variance.double(), variance, rtol=0.03)


def test_a_step_is_the_natural_gradient_of_one_standard_deviation():
    draw_ = torch.Generator().manual_seed(2)
    directions = torch.linalg.qr(torch.randn(20, 3, generator=draw_)).Q.t()
    variance = torch.tensor([4.0, 1.0, 0.25])
    gradients = [torch.randn(2, 5, generator=draw_), torch.randn(10, generator=draw_)]
    flat = torch.cat([each.flatten() for each in gradients])
    parts = Modes(directions, variance).step(gradients)
    assert [part.shape for part in parts] == [each.shape for each in gradients]
    step = torch.cat([part.flatten() for part in parts])
    # C has the modes' variances, and the least of them over OUTSIDE in all other directions: the step is along C^-1 g.
    rest = torch.eye(20) - directions.t() @ directions
    inverse = directions.t() @ torch.diag(1 / variance) @ directions + rest * modes.OUTSIDE / 0.25
    wanted = inverse @ flat
    assert torch.nn.functional.cosine_similarity(step, wanted, dim=0) == pytest.approx(1.0, abs=1e-5)
    covariance = directions.t() @ torch.diag(variance) @ directions + rest * 0.25
    assert step @ covariance @ step == pytest.approx(1.0, rel=1e-4)


def test_no_gradient_makes_no_step():
    assert Modes(torch.eye(3)[:2], torch.ones(2)).step([torch.zeros(3)]) is None


def test_a_pick_is_learned_by_the_modes_and_is_the_same_again():
    model, again = policy(), policy()
    model.modes, again.modes = model.listen(ASKED), again.listen(ASKED)
    assert torch.equal(model.modes.directions, again.modes.directions)
    replies = draw(model)
    before = model.logp(PROMPT, replies[2])
    root = model.tensors()
    report = model.learn(Lesson(PROMPT, replies, 2))
    assert report.steps == 1
    assert model.logp(PROMPT, replies[2]) > before
    again.learn(Lesson(PROMPT, replies, 2))
    assert same(model.tensors(), again.tensors())
    learned = model.tensors()
    model.restore(root)
    model.modes = None
    model.learn(Lesson(PROMPT, replies, 2))
    assert not same(model.tensors(), learned)


def test_listening_leaves_the_model_untouched_and_is_done_once(monkeypatch):
    model = policy()
    root = model.tensors()
    model.learn(Lesson(PROMPT, draw(model), 1))
    told = []
    first = model.listen(ASKED, None, lambda doing, done, whole: told.append((doing, done, whole)))
    assert same(model.tensors(), root)
    assert told[-1] == ("listening to its own replies", 72, 72)
    assert len(told) == len(ASKED)
    monkeypatch.setattr(modes, "find", None)
    assert model.listen(ASKED) is first
    assert model.modes is None


def test_what_cannot_be_listened_to_is_not():
    assert policy().listen([]) is None
    assert policy(modes=0).listen(ASKED) is None
    assert own_replies(3_700_000, 147_456, "cpu") == 72
    assert own_replies(321_000_000, 6_700_000, "cpu") == 0  # minutes of drawing
    assert own_replies(321_000_000, 6_700_000, "cuda") == 72
    assert own_replies(321_000_000, 60_000_000, "cuda") == 0  # eight replies' scores would fill the memory


def test_replies_that_are_all_alike_have_no_modes():
    model = policy()
    model.settings.sampling.temperature = 0.0
    alike = model.listen(ASKED[:1])
    assert alike is None


def test_a_session_keeps_its_modes_and_a_damaged_file_is_said(steer, shared_policy):
    session = steer.begin()
    file = session.folder / opening.MODES
    kept = shared_policy.modes
    assert kept is not None
    assert file.exists()
    shared_policy.modes = None
    session.close()
    back = steer.again(session)
    assert torch.equal(shared_policy.modes.directions, kept.directions)
    assert torch.equal(shared_policy.modes.variance, kept.variance)
    back.close()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(OgiveError, match="damaged"):
        steer.again(session)
    wrong = Modes(kept.directions[:, :10], kept.variance)
    with pytest.raises(OgiveError, match="not of its model"):
        shared_policy.modes_of(wrong.tensors())


def test_a_session_without_modes_is_steered_without(steer, shared_policy):
    session = steer.begin()
    session.close()
    (session.folder / opening.MODES).unlink()
    steer.again(session)
    assert shared_policy.modes is None


def test_two_sessions_on_one_policy_have_their_own(workspace, shared_policy, steer):
    from core.steering.view import Decision

    def picked(session) -> str:
        steer.draw(session)
        return session.update(Decision.pick(1)).state

    first = steer.begin()
    second = steer.begin(prompts={"source": "typed", "typed": ["Who keeps the ferry?"]})
    kept = [(each.folder / opening.MODES).read_bytes() for each in (first, second)]
    assert kept[0] != kept[1]
    alone = picked(first)
    picked(second)
    first.undo()
    assert picked(first) == alone


def test_a_policy_loaded_from_disk_hears_the_same(model_home):
    one, two = (Policy.load(make_settings(), Workspace(model_home)) for _ in range(2))
    a, b = one.listen(ASKED), two.listen(ASKED)
    assert torch.equal(a.directions, b.directions)
    assert torch.equal(a.variance, b.variance)
