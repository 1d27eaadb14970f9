"""What steering a model will take of memory, before it is loaded: by term, against what is free. No torch.

The sizes come from the model's `config.json`: of a folder, or of a Hugging Face id, whose config alone is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import OgiveError
from core.files import read_json
from core.hardware import device_rows, memory_available
from core.models.catalog import resolve_model
from core.models.counting import Memory, count, padded, training_memory
from core.models.names import CONFIG, MODEL_TYPE
from core.settings.model import ModelSettings
from core.settings.steering import SteeringSettings
from core.workspace import Workspace

GUESSED_PROMPT = 64
"""Tokens of a prompt, for want of knowing."""
ROOM = 1.1
"""What is needed is this much more than the sum of the terms: allocators round up, libraries have their own."""
LIBRARIES = {"cpu": 600 << 20, "cuda": 1100 << 20}
"""Bytes that the libraries (and a CUDA context) take by themselves."""
BYTES = {"fp32": 4.0, "bf16": 2.0, "8bit": 1.05, "4bit": 0.56}
"""Bytes of a weight of a matrix; the scales of quantised blocks counted."""
REPLIES, FEWEST = 384, 48
"""Own replies that a model is listened to for its modes (core.steering.modes); below the fewest, they are chance."""
MOST_BYTES = 1 << 30
"""What the scores of those replies may take of memory while the modes are found."""
MOST_WORK = {"cpu": 4_000_000_000, "cuda": 200_000_000_000}
"""Most replies times parameters of the model: seconds on a device of that kind, not minutes."""
_SIZE_IN_NAME = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*([mMbB])(?![a-zA-Z])")
_PLAIN = ("gpt2", "gpt_neo", "gpt_neox", "opt", "bloom", "phi", "gptj", "falcon", "mpt", "starcoder2", "codegen")
"""Families whose feed-forward has no gate."""


@dataclass(frozen=True)
class Estimate:
    """Bytes by term, and whether they fit. `parameters` of the model, `trained` of the adapter; `exact` is false when
    the model's shape is a guess from its name."""

    model: str
    device: str
    precision: str
    memory: Memory
    free: int
    parameters: int
    trained: int
    exact: bool

    @property
    def needed(self) -> int:
        return int(self.memory.total * ROOM)

    @property
    def fits(self) -> bool:
        return self.needed <= self.free

    @property
    def largest(self) -> str:
        return self.memory.largest

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of it: the largest part, and that sizes were guessed."""
        share = self.memory.terms[self.largest] / max(1, self.memory.total)
        found = [f"the largest part is {self.largest}: {share:.0%}"]
        if not self.exact:
            found.append("the model's size is guessed from its name")
        if not self.fits:
            found.append(_advice(self.largest))
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        more = {"needed": self.needed, "fits": self.fits, "largest": self.largest, "notes": list(self.notes)}
        return asdict(self) | {"memory": self.memory.terms} | more


def own_replies(parameters: int, learned: int, device: str) -> int:
    """How many own replies a model of so many parameters and learned numbers is listened to; 0 where the memory or the
    time for a useful number is not there."""
    work = MOST_WORK.get(device, MOST_WORK["cpu"]) // max(1, parameters)
    most = min(REPLIES, MOST_BYTES // (2 * max(1, learned)), work)
    return most if most >= FEWEST else 0


def _advice(largest: str) -> str:
    """What makes the largest part smaller."""
    if largest in ("weights", "copies for drawing"):
        return "choose a smaller model, or precision 4bit or 8bit on a GPU"
    if largest == "adapter":
        return "choose a smaller adapter.rank, or a preset with fewer layers"
    if largest == "own replies":
        return "choose a smaller adapter.rank, or update.modes 0"
    return "choose a smaller group_size, sampling.max_new_tokens or update.replay"


def estimate(workspace: Workspace, settings: SteeringSettings) -> Estimate:
    """Raises OgiveError when there is no such model, or its shape cannot be known (no network)."""
    entry = resolve_model(workspace, settings.model or None)
    location = _beneath(entry.location)
    cuda = _cuda(settings)
    device, precision = ("cuda" if cuda else "cpu"), settings.precision
    if precision == "auto":
        precision = "bf16" if cuda else "fp32"
    config, exact = _config(location)
    shape, vocab = shape_of(config, location)
    own = config.get("model_type") == MODEL_TYPE
    length = min(shape.context, GUESSED_PROMPT + settings.sampling.max_new_tokens)
    counted = count(shape, vocab, length)
    trained = adapter_parameters(shape, settings, fused=own)
    terms = _terms(settings, shape, vocab, length, counted.parameters, trained, precision, device, own)
    free = sum(row.memory_total - row.memory_used for row in device_rows()[:1]) if cuda else memory_available()
    return Estimate(entry.name, device, precision, Memory(terms), free, counted.parameters, trained, exact)


def _terms(
    settings: SteeringSettings,
    shape: ModelSettings,
    vocab: int,
    length: int,
    parameters: int,
    trained: int,
    precision: str,
    device: str,
    own: bool,
) -> dict[str, int]:
    width = BYTES[precision]
    narrow = 4 if precision == "fp32" else 2
    table = padded(vocab) * shape.hidden_size * (1 if shape.tied else 2)
    weights = int((parameters - table) * width + table * narrow)
    # A step of the update scores the group and two replies of each replayed pick; those of a group share its prompt.
    replayed = int(settings.update.options.get("replay") or 0)
    scored = settings.group_size + 2 * replayed
    replies = max(8, length - GUESSED_PROMPT)
    each = replies + GUESSED_PROMPT * (1 + replayed) // scored
    learning = training_memory(
        shape, vocab, batch=scored, context=each, precision="fp32" if narrow == 4 else "bf16", device=device
    ).terms
    heads = shape.kv_heads_resolved * shape.head_size_resolved
    terms = {
        "weights": weights,
        "adapter": 16 * trained,
        "cache": narrow * 2 * shape.layers * settings.group_size * length * heads,
        "activations": learning["activations"],
        "logits": learning["logits"],
        "libraries": LIBRARIES[device],
    }
    if settings.update.options.get("modes"):
        # Two bytes a number of each reply's score; the B matrices, which are learned, are about half of the adapter.
        terms["own replies"] = own_replies(parameters, trained // 2, device) * trained
    if own and device == "cpu":
        # Groups are drawn by a second copy that the adapter is added into, from a third, laid out for few rows.
        terms["copies for drawing"] = 2 * weights
    return terms


def adapter_parameters(shape: ModelSettings, settings: SteeringSettings, *, fused: bool) -> int:
    """Numbers in the adapter; `fused` where queries, keys and values are one matrix, and gate and up another."""
    rank, preset = settings.adapter.rank, settings.adapter.preset
    hidden, inner = shape.hidden_size, shape.ffn_size_resolved
    query, key = shape.heads * shape.head_size_resolved, shape.kv_heads_resolved * shape.head_size_resolved
    gates = 2 if shape.feedforward.brick.facts.get("gated") else 1
    first = [hidden + query + 2 * key] if fused else [hidden + query, hidden + key, hidden + key]
    rise = [hidden + gates * inner] if fused else [hidden + inner] * gates
    attention, feedforward = [*first, query + hidden], [*rise, inner + hidden]
    sides = {
        "minimal": first if fused else [first[0], first[2]],
        "attention_only": attention,
        "ffn_only": feedforward,
    }.get(preset, attention + feedforward)
    return shape.layers * rank * sum(sides)


def shape_of(config: Mapping[str, Any], where: str) -> tuple[ModelSettings, int]:
    """The sizes that a `config.json` tells, ours or foreign, as settings of a decoder like it; and the vocabulary."""
    if config.get("model_type") == MODEL_TYPE:
        try:
            return ModelSettings.model_validate(config["model"]), int(config["vocab_size"])
        except (ValidationError, KeyError, TypeError, ValueError):
            raise OgiveError(f"{where}/{CONFIG} is damaged.", "Copy the model again.") from None
    nested = config.get("text_config")
    text: Mapping[str, Any] = nested if isinstance(nested, dict) else config

    def first(*names: str) -> int:
        return next((int(text[name]) for name in names if isinstance(text.get(name), int)), 0)

    hidden, layers = first("hidden_size", "n_embd", "d_model", "dim"), first("num_hidden_layers", "n_layer", "n_layers")
    heads, vocab = first("num_attention_heads", "n_head", "n_heads"), first("vocab_size")
    if not (hidden and layers and heads and vocab):
        raise OgiveError(f"The config of {where} does not tell the model's size.", "Try it: load the model.")
    gated = not str(config.get("model_type", "")).startswith(_PLAIN)
    context = first("max_position_embeddings", "n_positions", "max_seq_len", "seq_length") or 2048
    head = first("head_dim")
    try:
        shape = ModelSettings.model_validate(
            {
                "layers": layers,
                "hidden_size": hidden,
                "heads": heads,
                "kv_heads": first("num_key_value_heads") or None,
                "head_size": head or None,
                "ffn_size": first("intermediate_size", "n_inner", "ffn_dim", "d_ff") or 4 * hidden,
                "context": max(8, min(context, 1 << 20)),
                "feedforward": "swiglu" if gated else "gelu",
                "tied": bool(text.get("tie_word_embeddings", config.get("tie_word_embeddings", True))),
            }
        )
    except ValidationError:
        raise OgiveError(f"The config of {where} tells sizes that do not fit together.", "Copy it again.") from None
    return shape, vocab


def _beneath(location: str) -> str:
    """The model under an adapter's folder; else the location itself."""
    folder = Path(location)
    if (folder / "adapter_config.json").is_file() and not (folder / CONFIG).is_file():
        return str(read_json(folder / "adapter_config.json").get("base_model_name_or_path") or location)
    return location


def _config(location: str) -> tuple[dict[str, Any], bool]:
    """The model's config, and whether it is its own or a guess from the size in its name."""
    folder = Path(location)
    if folder.is_dir():
        found = read_json(folder / CONFIG)
        if not isinstance(found, dict):
            raise OgiveError(f"{folder / CONFIG} is damaged.", "Copy the model again.")
        return found, True
    path = _fetched(location)
    if path is not None:
        found = read_json(path)
        if isinstance(found, dict):
            return found, True
    return _guessed(location), False


def _fetched(name: str) -> Path | None:
    """The config of a Hugging Face id, from the cache or the network; None where neither has it."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(name, CONFIG, etag_timeout=5.0))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError):
        return None


def _guessed(name: str) -> dict[str, Any]:
    """A config for a model whose name tells its size, such as `Llama-3.2-1B`: a usual shape of about that size."""
    found = _SIZE_IN_NAME.search(name.rpartition("/")[2].replace("-", " ").replace("_", " "))
    if found is None:
        raise OgiveError(
            f"How large {name} is cannot be told: it is not in the cache, and the network cannot be reached.",
            "Load it to see.",
        )
    wanted = float(found[1]) * (1e9 if found[2].lower() == "b" else 1e6)
    vocab, hidden = 128_000 if wanted > 5e8 else 50_000, 256
    while 12 * hidden * hidden * max(8, hidden // 128) + vocab * hidden < wanted:
        hidden += 128
    return {
        "model_type": "llama",
        "hidden_size": hidden,
        "num_hidden_layers": max(8, hidden // 128),
        "num_attention_heads": max(4, hidden // 64),
        "intermediate_size": hidden * 8 // 3,
        "vocab_size": vocab,
        "max_position_embeddings": 8192,
    }


def _cuda(settings: SteeringSettings) -> bool:
    return settings.device.startswith("cuda") or (settings.device == "auto" and bool(device_rows()))
