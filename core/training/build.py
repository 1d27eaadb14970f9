"""The model of a run before its first step: drawn anew for pretraining, or a trained one that fine-tuning begins with,
whole or with an adapter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core import adapters
from core.errors import OgiveError
from core.generation.runners import decoder_of
from core.models import quantised
from core.models.base import Base, identify
from core.models.decoder import Decoder
from core.models.folder import assemble, read_config, settings_of
from core.models.loading import LoadedModel, load
from core.models.names import ADAPTER_CONFIG
from core.settings.run import RunSettings
from core.tokenization.tokenizer import Tokenizer
from core.training import rng
from core.training.checkpoint import BASE
from core.training.forms import Adapter, Foreign, Form, Own
from core.training.parallel import Team
from core.training.weights import Weights

MOST_CONTEXT = 2048
"""Tokens of a fine-tuning row when the settings name none: some foreign models could see a hundred times as many."""


@dataclass
class Origin:
    """The trained model a run begins with. `place` is where its files are, `base` what an adapter's folder will say."""

    loaded: LoadedModel
    place: str
    base: Base


def open_origin(settings: RunSettings, run: Path, header: dict[str, Any], device: torch.device) -> Origin | None:
    """The base model of a fine-tuning run, on `device`; None for a run that begins with random weights."""
    if settings.stage == "pretrain":
        return None
    told = Base.from_json(header["base"]) if header.get("base") else Base(settings.base.model)
    near = run / BASE
    place = str(near) if near.is_dir() else told.path
    precision = settings.base.precision
    if precision == "auto":
        precision = "bf16" if settings.adapter.wanted and device.type == "cuda" else "fp32"
    quantise = precision if precision in quantised.BITS else None
    quantised.check_training(quantise, device)
    loaded = load(
        place,
        device,
        torch.float32 if precision == "fp32" else torch.bfloat16,
        settings.base.trust_remote_code,
        quantise=quantise,
    )
    if not told.files:
        told = Base(told.path, identify(place).files)
    if near.is_dir():
        told = Base(told.path, told.files, f"../{BASE}")
    return Origin(loaded, place, told)


def context_of(settings: RunSettings, origin: Origin | None) -> int:
    """Tokens in a training row."""
    most = settings.model.context if origin is None else origin.loaded.context
    wanted = settings.training.context
    if wanted is not None and wanted > most:
        raise OgiveError(
            f"training.context {wanted} is longer than the base model's context of {most}.",
            f"Set training.context={most} or less.",
        )
    return wanted or (most if origin is None else min(most, MOST_CONTEXT))


def build(
    settings: RunSettings,
    tokenizer: Tokenizer,
    origin: Origin | None,
    start: Path | None,
    go_on: bool,
    device: torch.device,
    team: Team,
) -> Weights:
    """The model with its first weights, and how it is kept, shared by `team`. The global generators are seeded here."""
    weights = _first(settings, tokenizer, origin, start, go_on, device)
    weights.seed, weights.team = settings.training.seed, team
    team.take(weights.model, settings.training)
    team.seed(None, settings.training.seed)
    return weights


def _first(
    settings: RunSettings,
    tokenizer: Tokenizer,
    origin: Origin | None,
    start: Path | None,
    go_on: bool,
    device: torch.device,
) -> Weights:
    if origin is None:
        own = _drawn(settings, tokenizer, start).to(device)
        return Weights(own, tokenizer, Own(own, tokenizer, settings.training.seed), start, go_on)
    if start is not None and (start / ADAPTER_CONFIG).is_file() != settings.adapter.wanted:
        kind = "an adapter" if (start / ADAPTER_CONFIG).is_file() else "a whole model"
        raise OgiveError(f"The checkpoint is {kind}, and the settings want the other.", "Set adapter.preset to fit.")
    rng.seed_all(settings.training.seed)
    model: Any = origin.loaded.model
    form: Form
    if settings.adapter.wanted:
        model = adapters.attach(model, settings.adapter)
        form = Adapter(model, tokenizer, origin.base)
    elif origin.loaded.kind == "own":
        model = _with_dropout(model, settings, origin.place).requires_grad_(True)
        form = Own(model, tokenizer, settings.training.seed, origin.place)
    else:
        model = model.requires_grad_(True)
        form = Foreign(model, tokenizer, settings.training.seed, origin.place, settings.base.trust_remote_code)
    return Weights(model, tokenizer, form, start, go_on)


def recompute(model: Any, wanted: bool) -> None:
    """Let the backward pass compute a block's activations again instead of keeping them, where that is `wanted`."""
    decoder = decoder_of(model)
    if decoder is not None:
        decoder.gradient_checkpointing = wanted
    elif wanted:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})


def _with_dropout(decoder: Decoder, settings: RunSettings, where: str) -> Decoder:
    """The decoder with the recipe's dropout, which is no part of its weights."""
    wanted = decoder.settings.model_copy(update={"dropout": settings.model.dropout})
    if wanted == decoder.settings:
        return decoder
    return assemble(wanted, decoder.vocab_size, decoder.state_dict(), where)


def _drawn(settings: RunSettings, tokenizer: Tokenizer, start: Path | None) -> Decoder:
    """The decoder of the settings with the weights that the seed gives. The model in `start`, when there is one, must
    be of the same shape."""
    if start is not None:
        kept, vocab_size = settings_of(read_config(start), start)
        other = settings.model.differs(kept)
        if other or vocab_size != tokenizer.vocab_size:
            raise OgiveError(
                f"The checkpoint's model differs from the settings in {', '.join(other or ['tokenizer'])}.",
                "Only what does not change the model itself (model.dropout, z_loss) may differ at such a start.",
            )
    rng.seed_all(settings.training.seed)
    return Decoder(settings.model, tokenizer.vocab_size)
