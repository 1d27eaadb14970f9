"""A model as one GGUF file, for llama.cpp and what is built on it: the Llama, Qwen3 and GPT-2 shapes, with tokenizer.

Written by the `gguf` package (extra: gguf) and read back tensor by tensor before it gets its name. Names and numbers
go the way llama.cpp expects them: rows of queries and keys of Llama are reordered, since there neighbouring dimensions
turn together (dimension i with i + 1) and here the halves do (i with i + head_size / 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from core.errors import OgiveError
from core.files import os_failure, sync_folder
from core.models import native
from core.models.decoder import Decoder
from core.models.export.huggingface import read_own
from core.settings.model import ModelSettings
from core.tokenization.tokenizer import Tokenizer

Kind = Literal["f32", "f16", "q8_0"]
KINDS: tuple[Kind, ...] = ("f32", "f16", "q8_0")
SHAPES = {"llama": "LLAMA", "qwen3": "QWEN3", "gpt2": "GPT2"}
"""The families that llama.cpp has code for and that are written here, and what `gguf` calls them."""
TOLERANCE = {"f32": 0.0, "f16": 1e-3, "q8_0": 2e-2}
"""How far a number may be off when read back, relative to the largest of its tensor."""


@dataclass(frozen=True)
class Written:
    """The file, what llama.cpp will take it for, and the largest relative difference found on reading it back."""

    path: Path
    architecture: str
    kind: Kind
    tensors: int
    bytes: int
    largest_difference: float

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "path": str(self.path)}


def export(source: Path, out: Path, kind: Kind = "f32") -> Written:
    """Write the model in folder `source` to the file `out`, which must not be there yet.

    Raises OgiveError for a shape or a tokenizer that llama.cpp does not know, and where `gguf` is not installed.
    """
    gguf = _library()
    if out.exists():
        raise OgiveError(f"{out} is already there.", "Give a file that does not exist yet.")
    decoder, tokenizer = read_own(source)
    family = _family(decoder)
    vocabulary = _vocabulary(tokenizer, decoder.vocab_size)
    architecture = getattr(gguf.MODEL_ARCH, SHAPES[family.model_type])
    tensors = _tensors(gguf, decoder, family, architecture)
    beside = out.with_name(f".{out.name}.exporting")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        writer = gguf.GGUFWriter(beside, gguf.MODEL_ARCH_NAMES[architecture])
        _describe(gguf, writer, decoder.settings, decoder.vocab_size, out.stem, kind)
        _write_vocabulary(gguf, writer, tokenizer, vocabulary)
        for name, numbers in tensors.items():
            stored, quantised = _stored(gguf, numbers, kind)
            writer.add_tensor(name, stored, raw_dtype=quantised)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        difference = _read_back(gguf, beside, tensors, kind)
        beside.rename(out)
        sync_folder(out.parent)
    except OSError as error:
        raise os_failure("write", out, error) from error
    finally:
        beside.unlink(missing_ok=True)
    size = out.stat().st_size
    return Written(out, gguf.MODEL_ARCH_NAMES[architecture], kind, len(tensors), size, difference)


def _library() -> Any:
    try:
        import gguf
    except ImportError:
        raise OgiveError("GGUF files need the package gguf.", "Install it: pip install 'ogive[gguf]'") from None
    return gguf


def _family(decoder: Decoder) -> native.Family:
    families = [family for family in native.families_of(decoder.settings) if family.model_type in SHAPES]
    settings = decoder.settings
    if families and settings.positions.name in ("rope", "learned"):
        return families[0]
    reasons = [f"for {name}, {native.FAMILIES[name].unlike(settings)}" for name in SHAPES]
    why = "its positions are scaled (yarn)" if families else "; ".join(reasons)
    raise OgiveError(
        f"GGUF has no code for this model: {why}.", "`ogive export --format hf` takes every model; see its folder."
    )


# Tensors


def _tensors(gguf: Any, decoder: Decoder, family: native.Family, architecture: Any) -> dict[str, np.ndarray]:
    """All tensors in fp32 under llama.cpp's names, laid out as it wants them."""
    settings = decoder.settings
    state = native.to_native(family, decoder.state_dict(), settings, decoder.vocab_size)
    names = gguf.get_tensor_name_map(architecture, settings.layers)
    turn = _turn(settings) if family.model_type == "llama" else {}
    found: dict[str, np.ndarray] = {}
    for name, tensor in state.items():
        if name.endswith((".attn.bias", ".attn.masked_bias", "rotary_emb.inv_freq")):
            continue
        written = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if written is None:
            raise OgiveError(f"GGUF has no name for the weight {name!r}.", "This is a defect of ours.")
        numbers = tensor.detach().to(torch.float32).cpu()
        if family.model_type == "gpt2" and ".h." in f".{name}" and numbers.dim() == 2:
            numbers = numbers.T  # GPT-2 keeps its matrices transposed
        for part, change in turn.items():
            if part in name:
                numbers = change(numbers)
        found[written] = np.ascontiguousarray(numbers.numpy())
    if family.model_type == "gpt2" and settings.tied:
        found.setdefault("output.weight", found["token_embd.weight"])
    return found


def _turn(settings: ModelSettings) -> dict[str, Callable[[torch.Tensor], torch.Tensor]]:
    """For Llama: within each head, dimension i and i + half come to stand side by side."""

    def reorder(heads: int) -> Callable[[torch.Tensor], torch.Tensor]:
        def change(rows: torch.Tensor) -> torch.Tensor:
            half = settings.head_size_resolved // 2
            return rows.reshape(heads, 2, half, *rows.shape[1:]).transpose(1, 2).reshape(rows.shape)

        return change

    return {"q_proj": reorder(settings.heads), "k_proj": reorder(settings.kv_heads_resolved)}


def _stored(gguf: Any, numbers: np.ndarray, kind: Kind) -> tuple[np.ndarray, Any]:
    """A tensor as it is stored: vectors always in fp32, a matrix in q8_0 only where its rows are whole blocks of 32."""
    if numbers.ndim == 1 or kind == "f32":
        return numbers, None
    types = gguf.GGMLQuantizationType
    if kind == "q8_0" and numbers.shape[-1] % 32 == 0:
        return gguf.quants.quantize(numbers, types.Q8_0), types.Q8_0
    return numbers.astype(np.float16), None


def _read_back(gguf: Any, path: Path, wanted: dict[str, np.ndarray], kind: Kind) -> float:
    """The largest difference of any number in the file; OgiveError when a tensor is missing or too far off."""
    found = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    if set(found) != set(wanted):
        raise OgiveError(f"{path} does not hold the tensors that were written.", "Check the disk and try again.")
    largest = 0.0
    for name, numbers in wanted.items():
        read = gguf.quants.dequantize(found[name].data, found[name].tensor_type).reshape(numbers.shape)
        scale = float(np.abs(numbers).max()) or 1.0
        largest = max(largest, float(np.abs(read - numbers).max()) / scale)
    if not largest <= TOLERANCE[kind]:
        raise OgiveError(
            f"{path} read back differs by {largest:g} of a tensor's largest number.", "Check the disk and try again."
        )
    return largest


# What stands beside the tensors


def _describe(gguf: Any, writer: Any, settings: ModelSettings, vocab_size: int, name: str, kind: Kind) -> None:
    writer.add_name(name)
    writer.add_context_length(settings.context)
    writer.add_embedding_length(settings.hidden_size)
    writer.add_block_count(settings.layers)
    writer.add_feed_forward_length(settings.ffn_size_resolved)
    writer.add_head_count(settings.heads)
    writer.add_file_type(
        getattr(gguf.LlamaFileType, {"f32": "ALL_F32", "f16": "MOSTLY_F16", "q8_0": "MOSTLY_Q8_0"}[kind])
    )
    if settings.norm.name == "layernorm":
        writer.add_layer_norm_eps(settings.norm["eps"])
        return
    writer.add_layer_norm_rms_eps(settings.norm["eps"])
    writer.add_head_count_kv(settings.kv_heads_resolved)
    writer.add_key_length(settings.head_size_resolved)
    writer.add_value_length(settings.head_size_resolved)
    writer.add_rope_dimension_count(settings.head_size_resolved)
    writer.add_rope_freq_base(settings.positions["theta"])
    writer.add_vocab_size(vocab_size)


def _vocabulary(tokenizer: Tokenizer | None, vocab_size: int) -> dict[str, Any]:
    """Tokens by id, their types, and the merges, as the byte-level BPE of GPT-2 keeps them."""
    if tokenizer is None:
        raise OgiveError("The model's folder has no tokenizer, without which a GGUF file is of no use.")
    whole = _json(tokenizer)
    kind = (whole.get("pre_tokenizer") or {}).get("type")
    plain = kind == "ByteLevel" and whole["model"]["type"] == "BPE" and not whole.get("normalizer")
    if not plain:
        raise OgiveError(
            f"GGUF holds plain byte-level BPE here; this tokenizer ({tokenizer.kind}) splits text another way.",
            "Train with the tokenizer bpe and no digit splitting or normaliser, or export with --format hf.",
        )
    by_id = {number: token for token, number in whole["model"]["vocab"].items()}
    special = {token["id"]: token["content"] for token in whole["added_tokens"]}
    tokens = [special.get(number, by_id.get(number, f"[unused{number}]")) for number in range(vocab_size)]
    # 1 is a normal token, 3 one that controls, 5 one that is never used
    types = [3 if number in special else 1 if number in by_id else 5 for number in range(vocab_size)]
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in whole["model"]["merges"]]
    return {"tokens": tokens, "types": types, "merges": merges}


def _json(tokenizer: Tokenizer) -> dict[str, Any]:
    import json

    return json.loads(tokenizer.backend.to_str())


def _write_vocabulary(gguf: Any, writer: Any, tokenizer: Tokenizer | None, vocabulary: dict[str, Any]) -> None:
    assert tokenizer is not None
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(vocabulary["tokens"])
    writer.add_token_types(vocabulary["types"])
    writer.add_token_merges(vocabulary["merges"])
    writer.add_eos_token_id(tokenizer.eos_id)
    writer.add_pad_token_id(tokenizer.pad_id)
    if tokenizer.end_id != tokenizer.eos_id:
        writer.add_eot_token_id(tokenizer.end_id)
    if tokenizer.bos_id is not None:
        writer.add_bos_token_id(tokenizer.bos_id)
    writer.add_add_bos_token(tokenizer.bos_id is not None)
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)
