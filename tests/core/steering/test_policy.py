"""What one update does to a model, what it must not do, and that every state comes back exactly."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from core.cancel import Cancel, Stopped
from core.errors import OgiveError
from core.generation.decode import Completion
from core.models.decoder import Decoder
from core.models.loading import LoadedModel
from core.settings.model import ModelSettings
from core.settings.sampling import SamplingSettings
from core.settings.steering import SteeringSettings
from core.steering.lesson import Lesson
from core.steering.policy import Policy
from core.steering.scoring import Scorer
from core.steering.update import k3
from core.tokenization import byte

PROMPT = tuple(b"Who keeps the mill?")
SAMPLING = SamplingSettings(temperature=1.0, top_p=1.0, max_new_tokens=24)


def own() -> LoadedModel:
    torch.manual_seed(0)
    tokenizer = byte.build()
    model = Decoder(ModelSettings(layers=2, hidden_size=48, heads=4, ffn_size=96, context=64), tokenizer.vocab_size)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(4.0)
    return LoadedModel(model.eval(), tokenizer, "tiny", "", 64, "own")


def llama() -> LoadedModel:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = byte.build()
    config = LlamaConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        pad_token_id=0,
        eos_token_id=None,
        bos_token_id=None,
    )
    return LoadedModel(LlamaForCausalLM(config).eval(), tokenizer, "llama", "", 64, "foreign")


def policy(loaded: LoadedModel | None = None, rule: str = "plackett-luce", **options: Any) -> Policy:
    chosen = SteeringSettings.model_validate({"update": {"name": rule, **options}, "seed": 5})
    return Policy(loaded or own(), chosen)


def draw(model: Policy, prompt: tuple[int, ...] = PROMPT, seed: int = 1, count: int = 4) -> tuple[tuple[int, ...], ...]:
    rows = [Completion() for _ in range(count)]
    for piece in model.draw(prompt, SAMPLING, count, seed):
        for row, token in zip(rows, piece.tokens, strict=True):
            if token is not None:
                row.tokens.append(token)
    return tuple(tuple(row.tokens) for row in rows)


def lessons(model: Policy, count: int) -> list[Lesson]:
    made = []
    for number in range(count):
        prompt = tuple(f"Question {number}?".encode())
        made.append(Lesson(prompt, draw(model, prompt, number), None if number % 4 == 3 else number % 4))
    return made


def same(one: dict[str, Tensor], two: dict[str, Tensor]) -> bool:
    return one.keys() == two.keys() and all(
        one[name].dtype == two[name].dtype and torch.equal(one[name], two[name]) for name in one
    )


RULES = ["plackett-luce", "dpo", "grpo", "reinforce"]


@pytest.mark.parametrize("kind", [own, llama])
def test_a_fresh_policy_is_the_model_and_has_not_drifted(kind):
    loaded = kind()
    lesson = Lesson(PROMPT, (tuple(b"Anwen."), tuple(b"Nobody knows.")), 0, 0.9)
    before = Scorer(loaded.model)([lesson])[0].mean().tolist()
    fresh = policy(loaded)
    assert fresh.drift() == 0.0
    found = [fresh.logp(PROMPT, reply, 0.9) for reply in lesson.completions]
    assert found == pytest.approx(before, abs=1e-5)


@pytest.mark.parametrize("kind", [own, llama])
@pytest.mark.parametrize("rule", RULES)
def test_the_pick_becomes_likelier_and_not_by_breaking_the_others(kind, rule):
    model = policy(kind(), rule, **({"lr": 1e-3} if rule == "reinforce" else {"strength": 0.15}))
    replies = draw(model)
    before = [model.logp(PROMPT, reply) for reply in replies]
    report = model.learn(Lesson(PROMPT, replies, 2))
    after = [model.logp(PROMPT, reply) for reply in replies]
    assert after[2] > before[2]
    assert report.gained == pytest.approx(after[2] - before[2], abs=1e-4)
    assert report.margin > 0
    assert 0 < report.moved < 0.76
    assert report.steps > 0
    assert report.kl > 0
    assert all(now > then - 1.0 for now, then in zip(after, before, strict=True))
    assert model.drift() > 0


def test_what_is_drawn_is_what_is_scored():
    """The twin that draws follows the adapter: likely tokens under `logp` are the ones drawn."""
    model = policy(strength=0.8, follow=3.0, kl_per_pick=0.0, kl_budget=0.0, probe_rise=0.0)
    wanted = tuple(b"Anwen keeps it.")
    replies = (wanted, *draw(model)[:3])
    for _ in range(60):
        model.learn(Lesson(PROMPT, replies, 0))
    greedy = [
        piece.tokens[0]
        for piece in model.draw(PROMPT, SamplingSettings(temperature=0.0, max_new_tokens=len(wanted)), 1)
    ]
    assert tuple(greedy) == wanted


def test_a_reply_typed_by_hand_can_be_the_pick():
    model = policy()
    typed = (*b"The mill is Anwen's.", model.tokenizer.end_id)
    replies = (*draw(model), typed)
    before = model.logp(PROMPT, typed)
    report = model.learn(Lesson(PROMPT, replies, 4))
    assert model.logp(PROMPT, typed) > before
    assert report.gained > 0


def test_the_distance_is_measured_on_replies_that_were_drawn():
    """A typed reply says nothing of how far the model is from what it was: k3 needs tokens that the model drew."""
    typed = (*b"The mill is Anwen's.", policy().tokenizer.end_id)
    model = policy(strength=5.0, kl_per_pick=0.0, kl_budget=0.0, probe_rise=0.0)
    replies = draw(model)
    drawn, scorer = Lesson(PROMPT, replies, None), Scorer(model.model)
    with torch.no_grad():
        before = scorer([drawn])[0]
    report = model.learn(Lesson(PROMPT, (*replies, typed), 4, typed=True))
    with torch.no_grad():
        after = scorer([drawn])[0]
    assert report.kl_spent == pytest.approx(float(k3(before.logps, after.logps, before.mask)), rel=1e-4)
    assert report.kl == pytest.approx(float(k3(after.logps, before.logps, before.mask)), rel=1e-4)
    counted = policy(strength=5.0, kl_per_pick=0.0, kl_budget=0.0, probe_rise=0.0)
    assert counted.learn(Lesson(PROMPT, (*replies, typed), 4)).kl_spent > 1.2 * report.kl_spent


def test_where_to_stop_is_learned():
    model = policy(kl_per_pick=0.0, kl_budget=0.0, probe_rise=0.0)
    short, text = (model.tokenizer.end_id,), tuple(b"Yes.")
    goes_on = Lesson(PROMPT, (text + short, text + tuple(b" And so on it goes")), 0)
    before = model.logp(PROMPT + text, short)
    for _ in range(4):
        model.learn(goes_on)
    assert model.logp(PROMPT + text, short) > before + 0.5


def test_none_of_these_pushes_all_down_within_bounds():
    model = policy()
    replies = draw(model)
    before = [model.logp(PROMPT, reply) for reply in replies]
    for _ in range(5):
        report = model.learn(Lesson(PROMPT, replies, None))
        assert report.margin == 0.0
        assert report.kl_spent <= model.rule.kl_per_pick
    after = [model.logp(PROMPT, reply) for reply in replies]
    assert sum(after) < sum(before)
    assert report.kl <= model.rule.kl_budget


def test_equal_replies_teach_nothing():
    model = policy()
    root = model.tensors()
    reply = draw(model)[0]
    report = model.learn(Lesson(PROMPT, (reply,) * 4, 1), lessons(model, 3))
    assert (report.steps, report.kl_spent) == (0, 0.0)
    assert same(model.tensors(), root)
    assert model.drift() == 0.0


def test_a_group_with_equal_replies_is_learned_as_one_without_them():
    model = policy()
    root = model.tensors()
    one, two, three, _ = draw(model)
    model.learn(Lesson(PROMPT, (one, two, two, three), 2))
    twice = model.tensors()
    model.restore(root)
    model.learn(Lesson(PROMPT, (one, two, three), 1))
    assert same(model.tensors(), twice)


@pytest.mark.parametrize("bound", ["kl_per_pick", "kl_budget", "probe_rise"])
def test_a_bound_cuts_the_change_until_it_holds(bound):
    free = {"kl_per_pick": 0.0, "kl_budget": 0.0, "probe_rise": 10.0, "strength": 4.0, "inner_steps": 6}
    replies = draw(policy())
    loose = policy(**free).learn(Lesson(PROMPT, replies, 1))
    assert loose.kept == 1.0
    reached = {"kl_per_pick": loose.kl_spent, "kl_budget": loose.kl, "probe_rise": loose.probe}
    assert reached[bound] > 0
    limit = reached[bound] / 6
    model = policy(**{**free, bound: limit})
    tight = model.learn(Lesson(PROMPT, replies, 1))
    assert 0.0 < tight.kept < 1.0
    assert tight.steps > 0
    found = {"kl_per_pick": tight.kl_spent, "kl_budget": tight.kl, "probe_rise": tight.probe}[bound]
    assert 0.3 * limit <= found <= limit
    assert tight.gained > 0


def test_a_budget_that_is_spent_lets_nothing_farther_but_lets_back():
    model = policy(kl_budget=0.02, kl_per_pick=0.0, probe_rise=0.0, strength=3.0)
    replies = draw(model)
    kls = [model.learn(Lesson(PROMPT, replies, 1)).kl for _ in range(6)]
    assert max(kls) <= 0.02
    other = model.logp(PROMPT, replies[2])
    model.learn(Lesson(PROMPT, replies, 2))
    assert model.logp(PROMPT, replies[2]) > other


@pytest.mark.parametrize("kind", [own, llama])
@pytest.mark.parametrize("rule", RULES)
def test_states_come_back_byte_for_byte_and_learn_the_same_again(kind, rule):
    model = policy(kind(), rule)
    replay = lessons(model, 5)
    lesson = Lesson(PROMPT, draw(model), 2)
    model.learn(replay[0])
    one, group = model.tensors(), draw(model, seed=9)
    model.learn(lesson, replay)
    two, moved = model.tensors(), draw(model, seed=9)
    assert not same(one, two)
    model.restore(one)
    assert same(model.tensors(), one)
    assert draw(model, seed=9) == group
    model.learn(lesson, replay)
    assert same(model.tensors(), two)
    assert draw(model, seed=9) == moved


@pytest.mark.parametrize("rule", ["plackett-luce", "reinforce"])
def test_another_process_learns_the_same_from_the_same_state(rule):
    """Nothing outside the tensors decides: a policy made anew, with empty caches, gives the same bits."""
    first = policy(rule=rule)
    replay = lessons(first, 4)
    lesson = Lesson(PROMPT, draw(first), 1)
    for number, one in enumerate(replay):
        first.learn(one, replay[:number])
    kept = first.tensors()
    first.learn(lesson, replay)
    torch.manual_seed(99)
    second = policy(rule=rule)
    second.restore(kept)
    second.prepare(lesson.prompt_ids, lesson.completions, lesson.temperature)
    second.learn(lesson, replay)
    assert same(first.tensors(), second.tensors())


def test_a_state_is_small_and_shares_what_never_changes():
    model = policy()
    root = model.tensors()
    model.learn(lessons(model, 1)[0])
    after = model.tensors()
    numbers = sum(tensor.numel() for tensor in after.values())
    changed = [name for name in after if not torch.equal(after[name], root[name])]
    assert changed
    assert all(".lora_B." in name for name in changed)
    assert sum(tensor.numel() * tensor.element_size() for tensor in after.values()) == 2 * numbers
    assert model.parameters == sum(after[name].numel() for name in changed)


def test_reinforce_is_adamw_of_torch_on_the_rule_of_trellis():
    """Two picks through the policy equal two by hand with torch's own optimizer, moments carried over."""
    from core.steering import update

    model, byhand = policy(rule="reinforce", lr=1e-3), policy(rule="reinforce", lr=1e-3)
    weights = [weight for weight in byhand.model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-3, weight_decay=0.0)
    groups = [Lesson(PROMPT, draw(model), 1), Lesson(PROMPT, draw(model, seed=2), None)]
    references = [Scorer(byhand.model)([one])[0].logps.detach() for one in groups]
    for lesson, reference in zip(groups, references, strict=True):
        model.learn(lesson)
        scores = Scorer(byhand.model)([lesson])[0]
        advantage = update.advantages(4, lesson.pick, reference)
        update.reinforce(scores.logps, reference, scores.mask, advantage, 0.03).backward()
        optimizer.step()
        optimizer.zero_grad()
    ours = [weight for weight in model.model.parameters() if weight.requires_grad]
    for one, two in zip(ours, weights, strict=True):
        assert torch.allclose(one, two, atol=2e-6)


def test_drift_is_the_norm_of_what_is_added():
    model = policy()
    root = model.tensors()
    model.learn(Lesson(PROMPT, draw(model), 1))
    one = model.tensors()
    exact = sum(
        module.get_delta_weight("default").double().square().sum().item()
        for module in model.model.modules()
        if hasattr(module, "lora_A")
    )
    assert model.drift() == pytest.approx(exact**0.5, rel=1e-5)
    assert model.drift(root) == pytest.approx(model.drift(), rel=1e-5)
    assert model.drift(one) == pytest.approx(0.0, abs=1e-6)
    model.restore(root)
    assert model.drift(one) == pytest.approx(exact**0.5, rel=1e-5)


def test_a_cancelled_update_changes_nothing():
    model = policy()
    model.learn(Lesson(PROMPT, draw(model), 1))
    before = model.tensors()
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Stopped):
        model.learn(Lesson(PROMPT, draw(model), 2), (), cancel)
    assert same(model.tensors(), before)


def test_broken_weights_leave_the_state_as_it_was():
    model = policy()
    lesson = Lesson(PROMPT, draw(model), 1)
    with torch.no_grad():
        model.model.decoder.norm.weight.fill_(float("nan"))
    before = model.tensors()
    report = model.learn(lesson)
    assert report.steps == 0
    assert same(model.tensors(), before)


def test_a_reply_that_does_not_fit_is_refused():
    model = policy()
    with pytest.raises(OgiveError, match="at most 64"):
        model.learn(Lesson(PROMPT, (tuple(range(70)), (1, 2)), 0))


def test_states_of_another_rule_or_model_are_refused():
    model = policy()
    before = model.tensors()
    with pytest.raises(OgiveError, match="another update rule"):
        model.restore(policy(rule="reinforce").tensors())
    with pytest.raises(OgiveError, match="does not fit"):
        model.restore({name: tensor[:1] for name, tensor in before.items()})
    assert same(model.tensors(), before)


@pytest.mark.parametrize(
    ("prompt", "completions", "pick"),
    [((), ((1,),), 0), ((1,), (), None), ((1,), ((1,), ()), 0), ((1,), ((1,),), 1)],
)
def test_lessons_that_make_no_sense_are_refused(prompt, completions, pick):
    with pytest.raises(OgiveError):
        Lesson(prompt, completions, pick)
