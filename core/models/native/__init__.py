"""Other families' checkpoints as ours and ours as theirs: one file per family, the only place that knows their names.

A family maps settings to its `config.json` and back, and a state dict to its names and back. Vocabulary rows that only
pad our matrices are dropped on the way out and added as zeros on the way in. Rotary weights need no reordering: the
families here pair dimension i with i + head_size / 2, as we do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.nn import functional as F

from core.errors import OgiveError
from core.models.counting import padded
from core.models.native import arcee, bloom, gpt2, llama, mistral, mixtral, mpt, qwen, starcoder2
from core.models.native.family import Family, State
from core.settings.model import ModelSettings

__all__ = ["FAMILIES", "Family", "State", "families_of", "from_native", "native_config", "settings_from", "to_native"]

FAMILIES: dict[str, Family] = {
    family.model_type: family
    for family in (
        llama.FAMILY,
        mistral.FAMILY,
        qwen.QWEN2,
        qwen.QWEN3,
        arcee.FAMILY,
        starcoder2.FAMILY,
        gpt2.FAMILY,
        bloom.FAMILY,
        mpt.FAMILY,
        mixtral.FAMILY,
    )
}


def families_of(settings: ModelSettings) -> list[Family]:
    """The families whose own code computes exactly what these settings do, the one to prefer first."""
    return [family for family in FAMILIES.values() if not family.unlike(settings)]


def native_config(family: Family, settings: ModelSettings, vocab_size: int) -> dict[str, Any]:
    """The family's `config.json` for a model of these settings."""
    return {
        "model_type": family.model_type,
        "architectures": [family.architecture],
        "vocab_size": vocab_size,
        "tie_word_embeddings": settings.tied,
        **family.config(settings),
    }


def to_native(family: Family, state: State, settings: ModelSettings, vocab_size: int) -> State:
    """Our state dict under the family's names on disk, without the padding of the vocabulary."""
    state = dict(state)
    for name in ("embedding.weight", "head.weight"):
        if name in state:
            state[name] = state[name][:vocab_size]
    return {name: tensor.contiguous() for name, tensor in family.give(state, settings).items()}


def from_native(family: Family, state: State, settings: ModelSettings, vocab_size: int) -> State:
    """The family's state dict under our names, vocabulary padded; OgiveError names a weight that is missing."""
    try:
        ours = family.take(state, settings)
    except KeyError as error:
        raise OgiveError(
            f"The {family.model_type} checkpoint has no weight {error.args[0]!r}.", "Is a part of it missing?"
        ) from None
    for name in ("embedding.weight", "head.weight"):
        if name in ours:
            ours[name] = F.pad(ours[name], (0, 0, 0, padded(vocab_size) - ours[name].shape[0]))
    return ours


def settings_from(config: Mapping[str, Any]) -> tuple[Family, ModelSettings]:
    """The family and our settings for a foreign `config.json`; OgiveError when some part of it has no brick here."""
    family = FAMILIES.get(str(config.get("model_type")))
    if family is None:
        known = ", ".join(FAMILIES)
        raise OgiveError(
            f"A model of type {config.get('model_type')!r} cannot be read into Ogive's decoder.",
            f"These can: {known}. Others run through transformers.",
        )
    try:
        return family, family.settings(config)
    except KeyError as error:
        raise OgiveError(f"The config.json of the {family.model_type} model has no entry {error.args[0]!r}.") from None
    except ValueError as error:  # pydantic's: a size or a combination that no model here can have
        raise OgiveError(f"The config.json of the {family.model_type} model cannot be read: {error}") from None
