"""The decode loop beside `model.generate`, and what it promises about seeds, stops, limits and its cache."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from core.cancel import Cancel
from core.errors import OgiveError
from core.generation import graphs, packing
from core.generation.decode import Piece, complete, generate
from core.generation.runners import DecoderRunner, TransformersRunner, runner_for
from core.models.decoder import Decoder
from core.settings.sampling import SamplingSettings

PROMPT = [5, 17, 250, 3, 88, 41, 17]
GREEDY = SamplingSettings(temperature=0.0, max_new_tokens=40)
DRAWN = SamplingSettings(temperature=1.0, top_p=0.98, max_new_tokens=40, seed=3)


def peer_greedy(model: Any, steps: int, **options: Any) -> list[int]:
    ids = torch.tensor([PROMPT])
    made = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=steps, do_sample=False, pad_token_id=0, **options
    )
    return made[0, len(PROMPT) :].tolist()


@pytest.mark.parametrize("kind", ["ours", "ours-gpt2", "llama", "gpt2", "mistral-sliding", "mamba"])
def test_greedy_equals_generate_token_for_token(kind: str, models: Any) -> None:
    model = models.build(kind)
    peer = peer_greedy(model, 40)
    assert len(set(peer)) > 5
    for variants in (1, 4):
        rows = complete(model, PROMPT, GREEDY, variants=variants)
        assert [row.tokens for row in rows] == [peer] * variants
        assert {row.ended for row in rows} == {"length"}


@pytest.mark.parametrize("kind", ["ours", "llama"])
def test_a_stop_token_ends_the_row_as_in_generate(kind: str, models: Any) -> None:
    model = models.build(kind)
    stop = peer_greedy(model, 40)[6]
    peer = peer_greedy(model, 40, eos_token_id=stop)
    [row] = complete(model, PROMPT, GREEDY, stop_ids=[stop])
    assert row.tokens == peer
    assert row.tokens[-1] == stop
    assert row.content == peer[:-1]
    assert row.ended == "stop"


def test_repetition_penalty_equals_generate(models: Any) -> None:
    model = models.build("llama")
    peer = peer_greedy(model, 40, repetition_penalty=1.4)
    [row] = complete(model, PROMPT, GREEDY.model_copy(update={"repetition_penalty": 1.4}))
    assert row.tokens == peer
    assert row.tokens != peer_greedy(model, 40)


@pytest.mark.parametrize("kind", ["ours", "llama", "mamba"])
def test_cached_logits_equal_uncached(kind: str, models: Any) -> None:
    model = models.build(kind)
    runner = runner_for(model)
    ids = PROMPT + complete(model, PROMPT, GREEDY)[0].tokens
    with torch.no_grad():
        whole = model(torch.tensor([ids])).logits[0]
        steps = [runner.prefill(torch.tensor([PROMPT]), 3, len(ids))]
        steps += [runner.step(torch.full((3,), number)) for number in ids[len(PROMPT) :]]
    for row in range(3):
        ours = torch.stack([step[row] for step in steps])
        torch.testing.assert_close(ours, whole[len(PROMPT) - 1 :], atol=1e-4, rtol=1e-4)


def test_a_model_without_a_cache_is_read_anew(models: Any) -> None:
    class Plain(torch.nn.Module):
        """A causal model that takes ids and nothing else."""

        config = SimpleNamespace(is_encoder_decoder=False)
        generate = None

        def __init__(self, inner: Decoder) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, input_ids: torch.Tensor) -> Any:
            return SimpleNamespace(logits=self.inner(input_ids))

    model = models.build("ours")
    assert [row.tokens for row in complete(Plain(model.decoder), PROMPT, GREEDY, variants=3)] == [
        peer_greedy(model, 40)
    ] * 3


def test_seeds_are_reproducible_and_variants_differ_from_the_first_token_on(decoder: Decoder) -> None:
    first = complete(decoder, PROMPT, DRAWN, variants=8)
    torch.manual_seed(99)
    assert complete(decoder, PROMPT, DRAWN, variants=8) == first
    assert len({row.tokens[0] for row in first}) > 3
    assert len({tuple(row.tokens) for row in first}) == 8
    assert complete(decoder, PROMPT, DRAWN, variants=2) == first[:2]
    other = DRAWN.model_copy(update={"seed": 4})
    assert complete(decoder, PROMPT, other, variants=8) != first
    fresh = DRAWN.model_copy(update={"seed": None})
    assert complete(decoder, PROMPT, fresh) != complete(decoder, PROMPT, fresh)


def test_ours_and_transformers_draw_the_same_text_from_the_same_seed(models: Any) -> None:
    from core.models.native import FAMILIES, from_native, settings_from

    llama = models.build("llama")
    _, settings = settings_from(llama.config.to_dict())
    decoder = Decoder(settings, models.VOCAB)
    decoder.load_state_dict(from_native(FAMILIES["llama"], llama.state_dict(), settings, models.VOCAB))
    assert complete(decoder, PROMPT, DRAWN, variants=4) == complete(llama, PROMPT, DRAWN, variants=4)


def test_a_finished_row_stays_finished_and_all_finished_ends_the_loop(decoder: Decoder) -> None:
    open_rows = complete(decoder, PROMPT, DRAWN, variants=4)
    stops = [open_rows[0].tokens[2], open_rows[1].tokens[5]]
    pieces = list(generate(decoder, PROMPT, DRAWN, 4, stops))
    for row in range(4):
        tokens = [piece.tokens[row] for piece in pieces]
        drawn = [token for token in tokens if token is not None]
        assert tokens[: len(drawn)] == drawn, "nothing after the end"
        assert drawn == open_rows[row].tokens[: len(drawn)], "the others are not disturbed"
        stopped = [index for index, token in enumerate(open_rows[row].tokens) if token in stops]
        assert len(drawn) == (stopped[0] + 1 if stopped else 40)
        assert pieces[-1].ended[row] == ("stop" if stopped else "length")
    greedy = complete(decoder, PROMPT, GREEDY)[0].tokens
    only = list(generate(decoder, PROMPT, GREEDY, 4, [greedy[10]]))
    assert len(only) == greedy.index(greedy[10]) + 1


def test_max_new_tokens_and_the_context_are_limits(decoder: Decoder, models: Any) -> None:
    [short] = complete(decoder, PROMPT, GREEDY.model_copy(update={"max_new_tokens": 3}))
    assert (len(short.tokens), short.ended) == (3, "length")
    [full] = complete(decoder, PROMPT, GREEDY.model_copy(update={"max_new_tokens": 10_000}))
    assert (len(full.tokens), full.ended) == (models.CONTEXT - len(PROMPT), "context")
    with pytest.raises(OgiveError, match="96"):
        complete(decoder, [1] * 96, GREEDY)
    with pytest.raises(OgiveError, match="no prompt"):
        complete(decoder, [], GREEDY)
    with pytest.raises(OgiveError, match="variants"):
        complete(decoder, PROMPT, GREEDY, variants=0)


def test_cancel_ends_after_the_token_at_hand(decoder: Decoder) -> None:
    cancel = Cancel()
    pieces: list[Piece] = []
    for piece in generate(decoder, PROMPT, DRAWN, 2, cancel=cancel):
        pieces.append(piece)
        if piece.step == 4:
            cancel.request("asked")
    assert len(pieces) == 6
    assert pieces[-1] == Piece(5, (None, None), ("cancelled", "cancelled"))


def test_short_jobs_run_between_tokens(decoder: Decoder) -> None:
    calls: list[int] = []
    cancel = Cancel(between=lambda: calls.append(1))
    complete(decoder, PROMPT, GREEDY, cancel=cancel)
    assert len(calls) == 39


def test_training_mode_and_gradients_are_as_before(decoder: Decoder) -> None:
    decoder.train()
    pieces = generate(decoder, PROMPT, GREEDY)
    next(pieces)
    assert torch.is_grad_enabled(), "nothing leaks to the reader between pieces"
    assert not decoder.training
    pieces.close()
    assert decoder.training
    loss, _ = decoder.loss(torch.tensor([PROMPT[:-1]]), torch.tensor([PROMPT[1:]]))
    loss.backward()
    assert decoder.embedding.weight.grad is not None


def test_a_loaded_model_brings_its_context_and_stops(decoder: Decoder) -> None:
    stop = complete(decoder, PROMPT, GREEDY)[0].tokens[4]
    loaded = SimpleNamespace(model=decoder, context=20, tokenizer=SimpleNamespace(stop_ids=(stop,)))
    [row] = complete(loaded, PROMPT, GREEDY)
    assert row.ended == "stop"
    other = complete(decoder, PROMPT, GREEDY)[0].tokens[2]
    decoder.generation_config = SimpleNamespace(eos_token_id=[other])  # ty: ignore[unresolved-attribute]
    assert complete(loaded, PROMPT, GREEDY)[0].tokens[-1] == other, "a foreign model's own stop tokens count too"
    [row] = complete(loaded, PROMPT, GREEDY, stop_ids=())
    assert (len(row.tokens), row.ended) == (13, "context")


@pytest.mark.parametrize("kind", ["ours", "llama"])
def test_packed_weights_change_nothing_but_rounding(kind: str, monkeypatch: pytest.MonkeyPatch, models: Any) -> None:
    model = models.build(kind)
    plain = complete(model, PROMPT, DRAWN, variants=4)
    monkeypatch.setattr(packing, "MIN_WEIGHTS", 0)
    inner = getattr(model, "decoder", model)
    twin = packing.packed(inner, 4, 40)
    assert any(isinstance(module, packing.PackedLinear) for module in twin.modules())
    assert not any(isinstance(module, packing.PackedLinear) for module in inner.modules())
    assert complete(model, PROMPT, DRAWN, variants=4) == plain
    with torch.no_grad():  # Packing is done anew, so weights changed in any way are seen.
        for weight in model.parameters():
            weight.data.mul_(1.3)
    trained = complete(model, PROMPT, DRAWN, variants=4)
    monkeypatch.setattr(packing, "MIN_WEIGHTS", 1 << 40)
    assert trained == complete(model, PROMPT, DRAWN, variants=4) != plain


@pytest.mark.parametrize(
    ("kind", "runner"), [("ours", DecoderRunner), ("llama", TransformersRunner), ("gpt2", TransformersRunner)]
)
def test_the_static_step_equals_the_plain_one(kind: str, runner: Any, models: Any) -> None:
    """What a CUDA graph captures, run uncaptured; twice, so that the second prompt meets a used cache."""
    model = models.build(kind)
    inner = getattr(model, "decoder", model)
    static = graphs.decoder_runner(inner) if kind == "ours" else graphs.transformers_runner(model)
    with torch.no_grad():
        for prompt in (PROMPT, PROMPT[:3]):
            plain = runner(inner)
            given = torch.tensor([prompt])
            ours, theirs = static.prefill(given, 3, 60), plain.prefill(given, 3, 60)
            for step in range(30):
                torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
                ids = theirs.argmax(-1) + torch.arange(3) * step % 7
                ours, theirs = static.step(ids), plain.step(ids)


def test_only_models_of_fixed_shape_are_captured(models: Any) -> None:
    assert graphs.can_capture(models.build("llama"))
    assert graphs.can_capture(models.build("gpt2"))
    assert not graphs.can_capture(models.build("mistral-sliding"))
    assert not graphs.can_capture(models.build("mamba"))


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["ours", "ours-gpt2", "llama", "gpt2"])
def test_captured_steps_draw_what_the_plain_ones_do(kind: str, models: Any) -> None:
    model = models.build(kind)
    peer = peer_greedy(model, 40)
    model.cuda()
    assert [row.tokens for row in complete(model, PROMPT, GREEDY, variants=4)] == [peer] * 4
    runner = runner_for(model)
    assert isinstance(runner, graphs.StaticRunner)
    assert runner._graph is not None
    first = complete(model, PROMPT, DRAWN, variants=4)
    assert complete(model, PROMPT, DRAWN, variants=4) == first
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.2)
    assert complete(model, PROMPT, DRAWN, variants=4) != first, "a graph reads the weights in place"


def test_what_cannot_write_text_is_named() -> None:
    with pytest.raises(OgiveError, match="Linear"):
        complete(torch.nn.Linear(2, 2), PROMPT, GREEDY)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_diverged_model_is_named(decoder: Decoder, temperature: float) -> None:
    with torch.no_grad():
        decoder.norm.weight.fill_(float("nan"))
    with pytest.raises(OgiveError, match="not a number"):
        complete(decoder, PROMPT, DRAWN.model_copy(update={"temperature": temperature}), variants=2)
