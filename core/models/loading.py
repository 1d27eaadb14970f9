"""Any causal language model by folder or Hugging Face id, ours or foreign, with its tokenizer, ready to be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from core.errors import OgiveError
from core.models import native, quantised
from core.models.decoder import Decoder
from core.models.folder import assemble, load_decoder, read_config, read_weights
from core.models.names import ADAPTER_CONFIG, CONFIG, MODEL_TYPE
from core.tokenization import tokenizer as tokenizers
from core.tokenization.tokenizer import Tokenizer


@dataclass
class LoadedModel:
    """A model ready for inference. `context` is the most tokens it can see, `kind` whose code runs it."""

    model: nn.Module
    tokenizer: Tokenizer
    name: str
    path: str
    context: int
    kind: Literal["own", "foreign"]

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def parameters(self) -> int:
        return quantised.count(self.model)


def load(
    path_or_id: str | Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    trust_remote_code: bool = False,
    *,
    import_native: bool = False,
    quantise: str | None = None,
) -> LoadedModel:
    """Load a model folder of ours, an adapter's folder with the model it stands on, else a foreign model through
    transformers.

    `dtype` None means fp32 on CPU and the stored one elsewhere. With `import_native` a Llama, Qwen3 or GPT-2 folder is
    read into our own decoder instead (same logits). `quantise` is 8bit or 4bit (nf4): weights held in so many bits by
    bitsandbytes, computed with in `dtype`. Raises OgiveError when nothing is there, the files are damaged,
    the network is down, or the model brings code of its own and `trust_remote_code` does not allow it.
    """
    device = torch.device(device)
    folder = Path(path_or_id).expanduser()
    if not folder.is_dir():
        if _is_path(path_or_id):
            raise OgiveError(f"There is no folder {folder}.", "`ogive model list` shows the models here.")
        return _load_foreign(str(path_or_id), device, dtype, trust_remote_code, quantise)
    if (folder / ADAPTER_CONFIG).is_file():
        from core.models.adapted import load_adapted

        return load_adapted(folder, device, dtype, trust_remote_code, quantise=quantise)
    config = read_config(folder)
    if dtype is None and device.type == "cpu":
        dtype = torch.float32
    if config.get("model_type") == MODEL_TYPE and quantise is not None:
        import core.models.huggingface  # noqa: F401 - makes the class known to transformers

        whole: Any = _load_foreign(str(folder), device, dtype, trust_remote_code, quantise).model
        decoder: Decoder = whole.decoder
    elif config.get("model_type") == MODEL_TYPE:
        decoder = load_decoder(folder, device, dtype)
    elif import_native:
        decoder = import_decoder(folder, device, dtype)
    else:
        return _load_foreign(str(folder), device, dtype, trust_remote_code, quantise)
    return LoadedModel(decoder, tokenizers.load(folder), folder.name, str(folder), decoder.settings.context, "own")


def import_decoder(folder: str | Path, device: str | torch.device = "cpu", dtype: torch.dtype | None = None) -> Decoder:
    """A checkpoint of another family (see `native.FAMILIES`) as our own decoder."""
    config = read_config(folder)
    family, settings = native.settings_from(config)
    state = native.from_native(family, read_weights(folder, device), settings, config["vocab_size"])
    return assemble(settings, config["vocab_size"], state, folder, dtype)


def _is_path(given: str | Path) -> bool:
    """Whether `given` can only be a path: Hugging Face ids are `name` or `owner/name`."""
    text = str(given)
    return isinstance(given, Path) or text.startswith((".", "/", "~")) or text.count("/") > 1


def _load_foreign(
    name: str, device: torch.device, dtype: torch.dtype | None, trust: bool, quantise: str | None = None
) -> LoadedModel:
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    from core.tokenization.pretrained import load_foreign

    logging.disable_progress_bar()  # Whoever shows progress does so by our own lines.
    if dtype is None and device.type == "cpu":
        dtype = torch.float32
    more: dict[str, Any] = {}
    if quantise is not None:
        quantised.check(quantise, device)
        more = {"quantization_config": quantised.config(quantise, dtype or torch.bfloat16), "device_map": {"": device}}
    try:
        config = AutoConfig.from_pretrained(name, trust_remote_code=trust)
        model = AutoModelForCausalLM.from_pretrained(
            name, config=config, dtype=dtype or "auto", trust_remote_code=trust, use_safetensors=True, **more
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError, RuntimeError) as error:
        raise _explained(name, error) from error
    if quantise is not None:
        quantised.check_shapes(model, device)
    model = model.eval() if quantise is not None else model.to(device).eval()
    label = Path(name).name if Path(name).is_dir() else name
    return LoadedModel(model, load_foreign(name, trust_remote_code=trust), label, name, _context(config), "foreign")


def _context(config: Any) -> int:
    """The most tokens a foreign model can see, by whatever name its family keeps that under."""
    text = config.get_text_config()
    for key in ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "seq_length"):
        value = getattr(text, key, None)
        if isinstance(value, int) and value > 0:
            return value
    return 2048


def _explained(name: str, error: Exception) -> OgiveError:
    """One sentence and a hint for what transformers says in paragraphs."""
    text = str(error)
    if "trust_remote_code" in text:
        return OgiveError(
            f"{name} brings code of its own, which would run on this machine.",
            "Read that code; if you trust it, load the model with --trust-remote-code.",
        )
    if "safetensors" in text and ("no file named" in text or "does not appear to have" in text):
        return OgiveError(
            f"{name} holds no weights as safetensors.", "Convert it first; pickled weights are never read."
        )
    if isinstance(error, OSError) and ("connect" in text or "offline" in text or "resolve" in text.lower()):
        return OgiveError(
            f"{name} is neither a folder here nor in the Hugging Face cache, and the network cannot be reached.",
            "Give the path of a downloaded model, or go online once.",
        )
    if "is not a local folder and is not a valid model identifier" in text or "404" in text or "401" in text:
        return OgiveError(
            f"There is no model {name!r}: neither a folder here nor a public Hugging Face id.",
            "`ogive model list` shows the models here.",
        )
    first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    where = f"{name}/{CONFIG}" if Path(name).is_dir() and "config" in first.lower() else name
    return OgiveError(f"{where} cannot be loaded: {first}", "Is it a causal language model, and are its files whole?")
