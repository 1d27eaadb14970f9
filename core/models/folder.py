"""A model as a Hugging Face folder, written and read without transformers.

`config.json` (model_type "ogive", the settings, the vocabulary's size, special ids), `model.safetensors`,
`generation_config.json` and the tokenizer's files. `transformers` reads the same folder once
`core.models.huggingface` is imported. Files are written into the folder that is given; whoever wants it whole or
absent writes beside and renames.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.errors import OgiveError
from core.files import library_failure, os_failure, read_json, sha256, write_json
from core.models.decoder import Decoder
from core.models.names import CONFIG, INDEX, MANIFEST, MODEL_TYPE, PREFIX, WEIGHTS
from core.settings.model import ModelSettings
from core.tokenization.tokenizer import Tokenizer

EARLIER = "Use an earlier checkpoint, or copy it again."


def save_model(
    decoder: Decoder, tokenizer: Tokenizer | None, folder: str | Path, state: Mapping[str, Tensor] | None = None
) -> None:
    """Write the decoder and, where there is one, its tokenizer into `folder`, which is made when it is not there.

    `state` is the decoder's state dict where the decoder does not hold all of it.
    """
    folder = Path(folder)
    ids = special_ids(tokenizer)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_weights(decoder.state_dict() if state is None else state, folder / WEIGHTS)
        if tokenizer is not None:
            tokenizer.save(folder)
    except OSError as error:
        raise os_failure("write", folder, error) from error
    write_json(folder / CONFIG, config_of(decoder, ids))
    write_json(folder / "generation_config.json", {"_from_model_config": False, **ids})


def write_weights(state: Mapping[str, Tensor], path: Path) -> None:
    """A decoder's state dict as one safetensors file."""
    try:
        save_file({PREFIX + name: tensor.contiguous() for name, tensor in state.items()}, path, {"format": "pt"})
    except safetensors.SafetensorError as error:
        raise library_failure("write", path, error) from error


def special_ids(tokenizer: Tokenizer | None) -> dict[str, Any]:
    """`pad_token_id`, `bos_token_id` and `eos_token_id` (all tokens that end a reply) as transformers names them."""
    if tokenizer is None:
        return {"pad_token_id": None, "bos_token_id": None, "eos_token_id": None}
    stops = list(tokenizer.stop_ids)
    return {
        "pad_token_id": tokenizer.pad_id,
        "bos_token_id": tokenizer.bos_id,
        "eos_token_id": stops[0] if len(stops) == 1 else stops,
    }


def config_of(decoder: Decoder, ids: Mapping[str, Any]) -> dict[str, Any]:
    """`config.json`: our settings whole under `model`, besides the names that transformers asks for."""
    return {
        "architectures": ["DecoderForCausalLM"],
        "model_type": MODEL_TYPE,
        "vocab_size": decoder.vocab_size,
        "parameters": sum(weight.numel() for weight in decoder.parameters()),
        "model": decoder.settings.model_dump(),
        **common_names(decoder.settings),
        **ids,
        "dtype": str(decoder.dtype).removeprefix("torch."),
    }


def common_names(settings: ModelSettings) -> dict[str, Any]:
    """The sizes under the names that caches, adapters and servers look for."""
    return {
        "hidden_size": settings.hidden_size,
        "intermediate_size": settings.ffn_size_resolved,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.heads,
        "num_key_value_heads": settings.kv_heads_resolved,
        "head_dim": settings.head_size_resolved,
        "max_position_embeddings": settings.context,
        "tie_word_embeddings": settings.tied,
    }


def read_config(folder: str | Path) -> dict[str, Any]:
    """The folder's `config.json`; OgiveError when it is missing or damaged."""
    path = Path(folder) / CONFIG
    if not path.is_file():
        raise OgiveError(f"{folder} is not a model: it has no {CONFIG}.", "`ogive model list` shows the models here.")
    config = read_json(path)
    if not isinstance(config, dict):
        raise OgiveError(f"{path} is damaged: it holds no JSON object.")
    return config


def settings_of(config: Mapping[str, Any], where: str | Path) -> tuple[ModelSettings, int]:
    """Model settings and vocabulary size from one of our configs; OgiveError says which entry is wrong."""
    try:
        return ModelSettings.model_validate(config["model"]), int(config["vocab_size"])
    except KeyError as error:
        raise OgiveError(
            f"{Path(where) / CONFIG} has no entry {error.args[0]!r}.", "Was it written by Ogive?"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(("model", *map(str, first["loc"])))
        raise OgiveError(f"{Path(where) / CONFIG}: {key}: {first['msg']}.") from None


def read_weights(folder: str | Path, device: str | torch.device = "cpu") -> dict[str, Tensor]:
    """All tensors of a folder's safetensors, one file or several with an index."""
    folder = Path(folder)
    if (folder / INDEX).is_file() and not (folder / WEIGHTS).is_file():
        names = sorted(set(read_json(folder / INDEX).get("weight_map", {}).values()))
    else:
        names = [WEIGHTS]
    state: dict[str, Tensor] = {}
    for name in names:
        path = folder / name
        if not path.is_file():
            raise OgiveError(
                f"{folder} holds no weights: {name} is missing.", "Only safetensors are read, never pickle."
            )
        check_hash(path)
        try:
            # Copied out of the file's mapping, where tensors lie as they come: some products add up in another order
            # when their numbers do not begin at a multiple of 64 bytes, and then the last bits differ.
            found = load_file(path, device=str(device))
            state |= {name: tensor.clone() if tensor.device.type == "cpu" else tensor for name, tensor in found.items()}
        except safetensors.SafetensorError as error:
            raise OgiveError(f"{path} is torn or altered: {error}.", EARLIER) from None
        except OSError as error:
            raise os_failure("read", path, error) from error
    return state


def check_hash(path: Path) -> None:
    """OgiveError when the folder has a manifest and the file is not what was written. Files over 1 GiB are trusted:
    hashing takes about a second for each, and safetensors sees by itself when one is cut short."""
    manifest = path.parent / MANIFEST
    if not manifest.is_file() or path.stat().st_size > 1 << 30:
        return
    known = read_json(manifest)["files"].get(path.name, {}).get("sha256")
    if known is not None and sha256(path) != known:
        raise OgiveError(f"{path} is torn or altered: its hash is not that of what was written.", EARLIER)


def load_decoder(folder: str | Path, device: str | torch.device = "cpu", dtype: torch.dtype | None = None) -> Decoder:
    """The decoder in `folder`, for inference (`.train()` to go on training), in `dtype` or as it was stored.

    Raises OgiveError when the folder is not one of ours, is damaged, or its weights do not fit its settings.
    """
    config = read_config(folder)
    if config.get("model_type") != MODEL_TYPE:
        raise OgiveError(f"{folder} holds a {config.get('model_type')!r} model, not one of Ogive's own.")
    settings, vocab_size = settings_of(config, folder)
    state = {name.removeprefix(PREFIX): tensor for name, tensor in read_weights(folder, device).items()}
    return assemble(settings, vocab_size, state, folder, dtype)


def assemble(
    settings: ModelSettings,
    vocab_size: int,
    state: Mapping[str, Tensor],
    where: str | Path,
    dtype: torch.dtype | None = None,
) -> Decoder:
    """A decoder of these settings around the given weights, without drawing any; OgiveError says what does not fit."""
    with torch.device("meta"):
        decoder = Decoder(settings, vocab_size)
    wanted = decoder.state_dict()
    differences = [f"{name} is missing" for name in wanted if name not in state]
    differences += [f"{name} is not part of these settings" for name in state if name not in wanted]
    differences += [
        f"{name} is {tuple(state[name].shape)}, not {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in state and state[name].shape != tensor.shape
    ]
    if differences:
        more = f", and {len(differences) - 3} more" if len(differences) > 3 else ""
        raise OgiveError(f"The weights in {where} do not fit its settings: {', '.join(differences[:3])}{more}.")
    decoder.load_state_dict(state, assign=True)
    return (decoder if dtype is None else decoder.to(dtype)).eval()
