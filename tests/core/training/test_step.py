"""One optimizer step: accumulation, clipping, the gate, and running out of memory."""

import pytest
import torch

from core.errors import OgiveError
from core.models import loss
from core.models.decoder import Decoder
from core.models.loss import draw
from core.optim.base import build_optimizer
from core.settings.model import ModelSettings
from core.settings.training import TrainingSettings
from core.training.objectives.base import Batch
from core.training.objectives.language import IGNORE, Language
from core.training.step import Stepper, check_fit, out_of_memory

SETTINGS = ModelSettings(layers=2, hidden_size=32, heads=2, context=16)


class Rows:
    """A language objective on given rows; `fault(micro-batch)` may raise, as a device would."""

    rows = 100
    loss_of = Language.loss
    drawn_loss = Language.drawn_loss

    def __init__(self, fault=lambda ids: None):
        self.fault = fault
        self.seen = []

    def loss(self, model, ids, labels):
        self.seen.append(len(ids))
        self.fault(ids)
        return self.loss_of(model, ids, labels)


def batch(rows=8, seed=0, ignored=0):
    ids = torch.randint(50, (rows, 17), generator=torch.Generator().manual_seed(seed))
    labels = ids[:, 1:].clone()
    labels[0, :ignored] = IGNORE
    return Batch((ids[:, :-1].contiguous(), labels), int((labels != IGNORE).sum()), rows * 16)


def stepper(micro=8, objective=None, dropout=0.0, clip=1.0, optimizer="adamw", precision="fp32", halved=None):
    torch.manual_seed(3)
    model = Decoder(SETTINGS.model_copy(update={"dropout": dropout}), 50).train()
    training = TrainingSettings(optimizer=optimizer, lr=0.01)
    return Stepper(
        model,
        objective or Rows(),
        build_optimizer(model, training),
        device=torch.device("cpu"),
        precision=precision,
        clip=clip,
        micro=micro,
        halved=halved or (lambda rows: None),
    )


def bits(model):
    return {name: tensor.clone().view(torch.int32) for name, tensor in model.state_dict().items()}


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("micro", [1, 3, 4])
def test_accumulated_gradients_equal_whole_ones(micro):
    """Also with labels left out, which fall unevenly on the micro-batches."""
    whole, parts = stepper(8), stepper(micro)
    one, other = whole.gradients(batch(ignored=11)), parts.gradients(batch(ignored=11))
    torch.testing.assert_close(one, other)
    for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-7)
    assert len(parts.objective.seen) == -(-8 // micro)


def test_the_loss_is_the_mean_over_counted_tokens():
    made = stepper()
    data = batch(ignored=5)
    logits = made.model(data.tensors[0])
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), data.tensors[1].flatten(), ignore_index=IGNORE)
    torch.testing.assert_close(made.gradients(data), expected.detach())


def test_clipping_equals_torch():
    made, by_hand = stepper(clip=0.1), stepper(clip=0.0)
    figures = made.step(batch(), 1.0)
    by_hand.gradients(batch())
    norm = torch.nn.utils.clip_grad_norm_(by_hand.model.parameters(), 0.1)
    assert norm > 0.1
    torch.testing.assert_close(figures[1], norm)
    by_hand.optimizer.step(1.0)
    for a, b in zip(made.model.parameters(), by_hand.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["adamw", "muon", "lion", "adafactor", {"name": "sophia", "every": 1}])
@pytest.mark.parametrize("poison", [float("nan"), float("inf"), -float("inf")])
def test_a_step_that_is_not_finite_changes_no_bit(optimizer, poison):
    made = stepper(optimizer=optimizer)
    bend = made.optimizer.curvature_every > 0
    assert made.step(batch(seed=1), 1.0, bend=bend)[2] == 0
    handle = made.model.embedding.weight.register_hook(lambda gradient: gradient * poison)
    before = bits(made.model)
    state = {name: tensor.clone() for name, tensor in made.optimizer.state_tensors().items()}
    loss, _, skipped = made.step(batch(seed=2), 1.0, bend=bend).tolist()
    assert skipped == 1
    assert loss == pytest.approx(3.9, abs=1)
    assert same(before, bits(made.model))
    assert all(torch.equal(state[name], tensor) for name, tensor in made.optimizer.state_tensors().items())
    handle.remove()
    assert made.step(batch(seed=2), 1.0)[2] == 0
    assert not same(before, bits(made.model))


def test_out_of_memory_halves_and_makes_the_same_step():
    told = []

    def fault(ids):
        if len(ids) > 2:
            raise torch.OutOfMemoryError("injected")

    plenty, scarce = stepper(8, dropout=0.0), stepper(8, Rows(fault), halved=told.append)
    for seed in range(3):
        one, other = plenty.step(batch(seed=seed), 1.0), scarce.step(batch(seed=seed), 1.0)
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert told == [4, 2]
    assert scarce.micro == 2
    for a, b in zip(plenty.model.parameters(), scarce.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_out_of_memory_in_the_backward_pass_leaves_no_half_gradient_and_the_same_dropout():
    """The fault strikes in the second micro-batch, after gradients and random numbers were made."""
    asked = []

    def fault(ids):
        asked.append(len(ids))
        if len(asked) == 2:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ...")

    broken, straight = stepper(4, Rows(fault), dropout=0.3), stepper(2, dropout=0.3)
    torch.manual_seed(9)
    one = broken.step(batch(), 1.0)
    torch.manual_seed(9)
    other = straight.step(batch(), 1.0)
    assert asked == [4, 4, 2, 2, 2, 2]
    assert torch.equal(one, other)
    assert same(bits(broken.model), bits(straight.model))


def test_too_little_memory_for_one_row_is_told():
    def fault(ids):
        raise torch.OutOfMemoryError("injected")

    made = stepper(2, Rows(fault))
    with pytest.raises(OgiveError, match="too little memory for a single sequence"):
        made.step(batch(), 1.0)


def test_other_errors_are_not_taken_for_too_little_memory():
    assert out_of_memory(MemoryError())
    assert not out_of_memory(RuntimeError("shapes differ"))

    def fault(ids):
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        stepper(8, Rows(fault)).step(batch(), 1.0)


def test_bf16_is_near_fp32():
    exact, low = stepper(), stepper(precision="bf16")
    assert low.gradients(batch()).dtype == torch.float32
    torch.testing.assert_close(exact.gradients(batch()), low.gradients(batch()), rtol=0.02, atol=0.02)


def test_curvature_is_the_squared_gradient_at_drawn_labels(monkeypatch):
    """The labels are drawn anew, only where labels count, and the count of labels scales the square."""
    made = stepper(4, optimizer={"name": "sophia", "beta2": 0.0})
    drawn = []

    def keep(logits, labels, ignore):
        found = draw(logits, labels, ignore)
        drawn.append(found)
        return found

    monkeypatch.setattr(loss, "draw", keep)
    data = batch(ignored=5)
    made._bend(data)
    assert all(parameter.grad is None for parameter in made.model.parameters())
    labels = torch.cat(drawn).view_as(data.tensors[1])
    assert torch.equal(labels == IGNORE, data.tensors[1] == IGNORE)
    assert not torch.equal(labels, data.tensors[1])
    by_hand = stepper()
    logits = by_hand.model(data.tensors[0])
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORE).backward()
    state = made.optimizer.state_tensors()
    for name, parameter in by_hand.model.named_parameters():
        expected = data.count * parameter.grad.square()
        torch.testing.assert_close(state[f"sophia.curvature.{name}"], expected, rtol=1e-4, atol=1e-7)


def test_labels_are_drawn_from_the_models_distribution():
    torch.manual_seed(0)
    logits = torch.tensor([1.0, 2.0, -1.0, float("-inf")])
    labels = torch.zeros(20_000, dtype=torch.long)
    labels[:5] = IGNORE
    found = draw(logits.expand(20_000, 4), labels, IGNORE)
    assert (found[:5] == IGNORE).all()
    shares = torch.bincount(found[5:], minlength=4) / (len(found) - 5)
    torch.testing.assert_close(shares, logits.softmax(0), atol=0.015, rtol=0)


def test_an_objective_without_labels_to_draw_is_refused():
    class Without:
        rows = 1

    with pytest.raises(OgiveError, match=r"sophia learns from labels .* objective without does not have"):
        check_fit(stepper(optimizer="sophia").optimizer, Without())
    check_fit(stepper(optimizer="lion").optimizer, Without())


def test_gradient_checkpointing_gives_the_same_gradients():
    plain, frugal = stepper(dropout=0.2), stepper(dropout=0.2)
    frugal.model.gradient_checkpointing = True
    torch.manual_seed(7)
    one = plain.gradients(batch())
    torch.manual_seed(7)
    other = frugal.gradients(batch())
    assert torch.equal(one, other)
    for a, b in zip(plain.model.parameters(), frugal.model.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-6, atol=1e-9)
