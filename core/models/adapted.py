"""A model that is an adapter on another one, as a PEFT folder: `adapter_config.json`, `adapter_model.safetensors`, and
`base.json`, which names the model beneath by path and sha256."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import OgiveError
from core.files import library_failure, os_failure, read_json, write_json
from core.models.base import Base, find_base
from core.models.decoder import Decoder
from core.models.folder import check_hash
from core.models.names import ADAPTER_CONFIG, ADAPTER_WEIGHTS, BASE
from core.tokenization import tokenizer as tokenizers
from core.tokenization.tokenizer import Tokenizer

if TYPE_CHECKING:
    from core.models.loading import LoadedModel


def save_adapter(model: nn.Module, folder: str | Path, base: Base, tokenizer: Tokenizer | None = None) -> None:
    """Write the adapter on `model` as a PEFT folder, which is made when it is not there; the base stays where it is."""
    from peft import get_peft_model_state_dict

    folder, adapted = Path(folder), _any(model)
    state = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    config = adapted.peft_config[adapted.active_adapter].to_dict()
    config |= {"inference_mode": True, "base_model_name_or_path": base.path}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_adapter_weights(state, folder / ADAPTER_WEIGHTS)
        if tokenizer is not None:
            tokenizer.save(folder)
    except OSError as error:
        raise os_failure("write", folder, error) from error
    write_json(folder / ADAPTER_CONFIG, {key: _plain(value) for key, value in sorted(config.items())})
    write_json(folder / BASE, base.as_json())


def write_adapter_weights(state: Mapping[str, Tensor], path: Path) -> None:
    """An adapter's tensors as one safetensors file."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in state.items()}
    try:
        save_file(tensors, path, {"format": "pt"})
    except safetensors.SafetensorError as error:
        raise library_failure("write", path, error) from error


def read_adapter_weights(folder: str | Path, device: str | torch.device = "cpu") -> dict[str, Tensor]:
    """The tensors of an adapter's folder; OgiveError when they are missing, torn or altered."""
    path = Path(folder) / ADAPTER_WEIGHTS
    if not path.is_file():
        raise OgiveError(f"{folder} holds no weights: {ADAPTER_WEIGHTS} is missing.", "Pickled ones are never read.")
    check_hash(path)
    try:
        return load_file(path, device=str(device))
    except safetensors.SafetensorError as error:
        raise OgiveError(
            f"{path} is torn or altered: {error}.", "Use an earlier checkpoint, or copy it again."
        ) from None
    except OSError as error:
        raise os_failure("read", path, error) from error


def load_adapted(
    folder: Path,
    device: torch.device,
    dtype: torch.dtype | None,
    trust_remote_code: bool = False,
    base: str | Path | None = None,
    quantise: str | None = None,
) -> LoadedModel:
    """The adapter in `folder` on the model it stands on (or on `base` in its stead), for inference."""
    from core.models.loading import load

    place = find_base(folder).path if base is None else str(base)
    loaded = load(place, device, dtype, trust_remote_code, quantise=quantise)
    if (folder / "tokenizer.json").is_file():
        loaded.tokenizer = tokenizers.load(folder)
    model = put_on(loaded.model, folder)
    return replace(loaded, model=model.eval(), name=folder.name, path=str(folder))


def put_on(model: nn.Module, folder: str | Path, trainable: bool = False) -> Any:
    """`model` carrying the adapter in `folder`, as a `PeftModel`; OgiveError when it does not fit."""
    from peft import LoraConfig, get_peft_model, set_peft_model_state_dict

    state = read_adapter_weights(folder)
    kept = {key: value for key, value in read_json(Path(folder) / ADAPTER_CONFIG).items() if value is not None}
    kind = str(kept.get("peft_type"))
    if kind != "LORA":
        raise OgiveError(f"{folder} holds an adapter of the kind {kind}; LoRA and DoRA can be used.")
    known = LoraConfig.__dataclass_fields__.keys() - {"runtime_config", "peft_type", "base_model_name_or_path"}
    try:
        config = LoraConfig(**{key: value for key, value in kept.items() if key in known})
        config.inference_mode = not trainable
        with quiet():
            adapted = get_peft_model(enclosed(model), config)
    except (ValueError, TypeError, KeyError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise OgiveError(f"The adapter in {folder} does not fit its model: {first}", "Is it the right base?") from error
    wrong = fit(set_peft_model_state_dict, adapted, state)
    if wrong:
        raise OgiveError(f"The adapter in {folder} does not fit its model: {wrong}.", "Is it the right base?")
    return adapted


def fit(put: Any, adapted: Any, state: Mapping[str, Tensor]) -> str:
    """Load `state` by peft's own function; what did not fit, or nothing."""
    try:
        found = put(adapted, dict(state))
    except RuntimeError as error:
        return str(error).strip().splitlines()[-1].strip()
    missing = [name for name in found.missing_keys if "lora_" in name]
    if found.unexpected_keys or missing:
        return f"{(list(found.unexpected_keys) + missing)[0]} has no counterpart"
    return ""


def enclosed(model: nn.Module) -> nn.Module:
    """The model as transformers knows it: our `Decoder` inside `DecoderForCausalLM`, sharing its weights."""
    if not isinstance(model, Decoder):
        return model
    from core.models.huggingface import enclose

    return enclose(model)


@contextmanager
def quiet() -> Generator[None]:
    """Keep what peft and transformers think of each other's names off the screen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _any(model: nn.Module) -> Any:
    return model


def _plain(value: Any) -> Any:
    """A PEFT setting as JSON: sets become sorted lists, kinds their names."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    return getattr(value, "value", value)
