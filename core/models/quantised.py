"""Weights held in 8 or 4 bits by bitsandbytes, ours and foreign ones, where the machine has it."""

from __future__ import annotations

import importlib.util
from typing import Any

import torch
from torch import nn

from core.errors import OgiveError

BITS = ("8bit", "4bit")
_LAYERS = ("Linear4bit", "Linear8bitLt")


def check(bits: str, device: torch.device) -> None:
    """OgiveError when weights of so many bits cannot be held on this machine."""
    if bits not in BITS:
        raise OgiveError(f"Weights cannot be held in {bits!r}.", f"Choose {' or '.join(BITS)}.")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise OgiveError(
            f"Weights in {bits} need bitsandbytes, which is not installed here.",
            "Install it with `pip install 'ogive[gpu]'`, or set base.precision to bf16.",
        )
    if device.type not in ("cuda", "cpu"):
        raise OgiveError(
            f"bitsandbytes holds no weights in {bits} on {device.type}.", "Set base.precision to bf16, or use a GPU."
        )


def check_training(bits: str | None, device: torch.device) -> None:
    """OgiveError for 4bit on CPU: once such a model was evaluated, bitsandbytes gives no gradient through it any more
    (found with 0.50.2), and training would go on without a word."""
    if bits == "4bit" and device.type == "cpu":
        raise OgiveError(
            "A base in 4bit is not trained on CPU: bitsandbytes loses its gradient after the first evaluation.",
            "Set base.precision to 8bit, or train on a GPU.",
        )


def check_shapes(model: Any, device: torch.device) -> None:
    """OgiveError when bitsandbytes cannot compute with these matrices here: on CPU its rows go by blocks of 64."""
    widths = [each.in_features for each in model.modules() if type(each).__name__ == "Linear4bit"]
    odd = [width for width in widths if device.type == "cpu" and width % 64]
    if odd:
        raise OgiveError(
            f"On CPU bitsandbytes takes 4bit matrices only when they are a multiple of 64 wide; here one is {odd[0]}.",
            "Set base.precision to 8bit or bf16.",
        )


def is_quantised(model: nn.Module) -> bool:
    """Whether some of the model's weights are held so."""
    return any(type(module).__name__ in _LAYERS for module in model.modules())


def count(model: nn.Module) -> int:
    """The numbers the model holds; two of 4 bits share a byte and count as two."""
    return sum(each.numel() * (2 if type(each).__name__ == "Params4bit" else 1) for each in model.parameters())


def config(bits: str, dtype: torch.dtype) -> Any:
    """What transformers' loader takes: nf4 with its scales quantised too (QLoRA, Dettmers et al. 2023), or LLM.int8."""
    from transformers import BitsAndBytesConfig

    if bits == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
