"""A model that is an adapter on another one, as a PEFT folder: `adapter_config.json`, `adapter_model.safetensors`, and
`base.json`, which names the model beneath by path and sha256."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.errors import OgiveError
from core.files import library_failure, os_failure, read_json, sha256, write_json
from core.models.decoder import Decoder
from core.models.folder import check_hash
from core.models.names import ADAPTER_CONFIG, ADAPTER_WEIGHTS, BASE, CONFIG, INDEX, MANIFEST
from core.tokenization import tokenizer as tokenizers
from core.tokenization.tokenizer import Tokenizer

if TYPE_CHECKING:
    from core.models.loading import LoadedModel

FORMAT = 1
TRUSTED_FROM = 1 << 30
"""Files of this many bytes are compared by size alone when an adapter is loaded: hashing takes a second for each."""


@dataclass(frozen=True)
class Base:
    """The model an adapter stands on. `path` is a folder or a Hugging Face id; `files` its sha256 and bytes by name.

    `near` is the same model's folder as seen from the adapter's (`../start`), when it stays close to it.
    """

    path: str
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    near: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "path": self.path, "near": self.near, "files": self.files}


def identify(location: str | Path) -> Base:
    """The model at `location` with the hashes of its config and weights; a checkpoint's manifest has them ready."""
    folder = _folder_of(location)
    known: dict[str, dict[str, Any]] = {}
    if (folder / MANIFEST).is_file():
        known = read_json(folder / MANIFEST).get("files", {})
    files = {}
    for path in _parts(folder):
        told = known.get(path.name) or {"sha256": sha256(path), "bytes": path.stat().st_size}
        files[path.name] = {"sha256": told["sha256"], "bytes": told["bytes"]}
    path = os.path.abspath(folder) if Path(location).is_dir() else str(location)  # noqa: PTH100 - keeps links
    return Base(path, files)


def _folder_of(location: str | Path) -> Path:
    """The folder itself, or where the cache keeps the files of a Hugging Face id."""
    if Path(location).is_dir():
        return Path(location)
    from transformers.utils import cached_file

    try:
        found = cached_file(str(location), CONFIG, local_files_only=True)
    except OSError:
        found = None
    if found is None:
        raise OgiveError(f"{location} is neither a folder nor in the Hugging Face cache.", "Load it once.")
    return Path(found).parent


def _parts(folder: Path) -> list[Path]:
    """The files that decide what a model computes."""
    weights = sorted(path for path in folder.glob("*.safetensors") if path.name.startswith("model"))
    return [path for path in (folder / CONFIG, folder / INDEX, *weights) if path.is_file()]


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
        return safetensors.torch.load_file(path, device=str(device))
    except safetensors.SafetensorError as error:
        raise OgiveError(
            f"{path} is torn or altered: {error}.", "Use an earlier checkpoint, or copy it again."
        ) from None
    except OSError as error:
        raise os_failure("read", path, error) from error


def base_of(folder: str | Path) -> Base:
    """The model that the adapter in `folder` stands on; by PEFT's own entry where `base.json` is missing."""
    folder = Path(folder)
    if (folder / BASE).is_file():
        kept = read_json(folder / BASE)
        try:
            base = Base(str(kept["path"]), dict(kept["files"]), str(kept.get("near", "")))
        except (KeyError, TypeError, ValueError):
            raise OgiveError(f"{folder / BASE} is damaged.", "Copy the adapter again.") from None
    else:
        base = Base(str(read_json(folder / ADAPTER_CONFIG).get("base_model_name_or_path") or ""))
    if not base.path:
        raise OgiveError(f"The adapter {folder} does not say which model it stands on.", "Name the base model.")
    return base


def find_base(folder: str | Path) -> Base:
    """As `base_of`, with `path` a place where it is: beside the adapter, or where it was. OgiveError when it is gone,
    or is no longer the model the adapter was trained on."""
    base = base_of(folder)
    for place in filter(None, (base.near and str(Path(folder) / base.near), base.path)):
        if Path(place).is_dir():
            _check_same(base, Path(place), folder)
            return replace(base, path=place)
    if Path(base.path).is_absolute():
        raise OgiveError(
            f"The adapter {folder} stands on the model in {base.path}, which is not there.",
            "Put that model back, or merge the adapter where it is: `ogive merge --base MODEL`.",
        )
    return base


def _check_same(base: Base, place: Path, folder: str | Path) -> None:
    for name, known in base.files.items():
        path = place / name
        size = path.stat().st_size if path.is_file() else -1
        if size != known["bytes"] or (size < TRUSTED_FROM and sha256(path) != known["sha256"]):
            raise OgiveError(
                f"The adapter {folder} was trained on another model than the one in {place}: {name} differs.",
                "Put the model it was trained on back in its place.",
            )


def load_adapted(
    folder: Path,
    device: torch.device,
    dtype: torch.dtype | None,
    trust_remote_code: bool = False,
    base: str | Path | None = None,
) -> LoadedModel:
    """The adapter in `folder` on the model it stands on (or on `base` in its stead), for inference."""
    from core.models.loading import load

    place = find_base(folder).path if base is None else str(base)
    loaded = load(place, device, dtype, trust_remote_code)
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


def _any(model: nn.Module) -> Any:
    return model


def _plain(value: Any) -> Any:
    """A PEFT setting as JSON: sets become sorted lists, kinds their names."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    return getattr(value, "value", value)
