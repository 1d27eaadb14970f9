"""The decode loop: one prompt read once, several variants drawn from it side by side, a token of each per step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from core.cancel import Cancel
from core.errors import OgiveError
from core.generation.runners import decoder_of, runner_for
from core.generation.sampling import Sampler
from core.settings.sampling import SamplingSettings


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of the loop. `tokens[row]` is the row's new token, None once the row has ended.

    `ended[row]` is "" while the row goes on, else why it ended: "stop" (its token is a stop token), "length"
    (max_new_tokens), "context" (the model sees no further) or "cancelled".
    """

    step: int
    tokens: tuple[int | None, ...]
    ended: tuple[str, ...]


@dataclass
class Completion:
    """One finished variant: its tokens (with the stop token, if that ended it) and why it ended."""

    tokens: list[int] = field(default_factory=list)
    ended: str = ""

    @property
    def content(self) -> list[int]:
        """The tokens without the stop token."""
        return self.tokens[:-1] if self.ended == "stop" else self.tokens


def generate(
    model: Any,
    prompt_ids: Sequence[int],
    sampling: SamplingSettings,
    variants: int = 1,
    stop_ids: Iterable[int] | None = None,
    cancel: Cancel | None = None,
) -> Iterator[Piece]:
    """Draw `variants` continuations of `prompt_ids`; yields a `Piece` per step, as soon as it is known.

    `model` is a `LoadedModel`, our `Decoder`, or a causal model of `transformers`; `stop_ids` default to those of a
    `LoadedModel`'s tokenizer. Row i draws with seed (sampling.seed, i), whatever the other rows do. Raises OgiveError
    for a prompt that is empty or leaves no room in the model's context.
    """
    bare = bare_model(model)
    stops = stop_ids_of(model) if stop_ids is None else frozenset(stop_ids)
    context = context_of(model)
    prompt = list(prompt_ids)
    if not prompt:
        raise OgiveError("There is no prompt to go on from.", "Give at least one token of text.")
    if variants < 1:
        raise OgiveError(f"{variants} variants cannot be drawn.", "Ask for at least one.")
    if context is not None and len(prompt) >= context:
        raise OgiveError(
            f"The prompt is {len(prompt)} tokens long; the model sees at most {context}, reply included.",
            "Shorten the prompt.",
        )
    limit, at_limit = sampling.max_new_tokens, "length"
    if context is not None and context - len(prompt) < limit:
        limit, at_limit = context - len(prompt), "context"
    was_training = bare.training
    bare.eval()
    try:
        yield from _loop(bare, prompt, sampling, variants, stops, cancel, limit, at_limit)
    finally:
        bare.train(was_training)


@torch.no_grad()
def _loop(
    model: nn.Module,
    prompt: list[int],
    sampling: SamplingSettings,
    variants: int,
    stops: frozenset[int],
    cancel: Cancel | None,
    limit: int,
    at_limit: str,
) -> Iterator[Piece]:
    # Not inference mode: tensors that a model makes once and keeps (rotary tables) must stay fit for training.
    runner = runner_for(model)
    sampler = Sampler(sampling, prompt, variants, runner.device)
    ahead = runner.device.type == "cuda"
    ended = [""] * variants
    logits = runner.prefill(torch.tensor([prompt], device=runner.device), variants, len(prompt) + limit)
    finite, vocab = bool(logits.amax().isfinite()), logits.shape[-1]
    for step in range(limit):
        last = step == limit - 1
        ids = sampler(logits)
        if ahead and not last:
            # The device goes on while the host reads and shows this token; a step too many at a stop costs less.
            logits = runner.step(ids.clamp(max=vocab - 1))
        drawn = ids.tolist()
        if max(drawn) >= vocab or (step == 0 and not finite):
            raise OgiveError(
                "The model's output is not a number, so no token can be drawn from it.",
                "Its weights may have diverged in training: use an earlier checkpoint.",
            )
        tokens = tuple(None if why else token for token, why in zip(drawn, ended, strict=True))
        ended = [why or ("stop" if token in stops else "") for token, why in zip(drawn, ended, strict=True)]
        if last:
            ended = [why or at_limit for why in ended]
        yield Piece(step, tokens, tuple(ended))
        if all(ended):
            return
        if cancel is not None:
            cancel.yield_point()
            if cancel.requested:
                yield Piece(step + 1, (None,) * variants, tuple(why or "cancelled" for why in ended))
                return
        if not ahead:
            logits = runner.step(ids)


def complete(
    model: Any,
    prompt_ids: Sequence[int],
    sampling: SamplingSettings,
    variants: int = 1,
    stop_ids: Iterable[int] | None = None,
    cancel: Cancel | None = None,
) -> list[Completion]:
    """`generate` to the end: the finished variants."""
    rows = [Completion() for _ in range(variants)]
    for piece in generate(model, prompt_ids, sampling, variants, stop_ids, cancel):
        for row, token, ended in zip(rows, piece.tokens, piece.ended, strict=True):
            row.ended = ended
            if token is not None:
                row.tokens.append(token)
    return rows


def bare_model(model: Any) -> nn.Module:
    """The module inside a `LoadedModel`, or the module itself."""
    return model if isinstance(model, nn.Module) else model.model


def context_of(model: Any) -> int | None:
    """The most tokens a model sees at once; None where it says nothing."""
    if not isinstance(model, nn.Module):
        return model.context
    decoder = decoder_of(model)
    if decoder is not None:
        return decoder.settings.context
    config: Any = getattr(model, "config", None)
    if config is None:
        return None
    text = config.get_text_config(decoder=True) if hasattr(config, "get_text_config") else config
    for name in ("max_position_embeddings", "n_positions", "max_seq_len"):
        value = getattr(text, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return None


def stop_ids_of(model: Any) -> frozenset[int]:
    """The tokens that end a reply of a `LoadedModel`: its tokenizer's, and those its own generation settings name.

    A bare module has none, so that nothing ends before it is asked to.
    """
    if isinstance(model, nn.Module):
        return frozenset()
    settings = getattr(model.model, "generation_config", None)
    named = getattr(settings, "eos_token_id", None)
    more = named if isinstance(named, list) else [] if named is None else [named]
    return frozenset([*model.tokenizer.stop_ids, *more])
