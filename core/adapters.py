"""Low-rank adapters (LoRA, DoRA) through the peft library: where they go, on and off, in and out of files, merged.

Works alike on our own `Decoder` and on any causal LM of transformers. An adapted model is a `PeftModel`; the decode
loop, training and saving take it as they take the model beneath it. Importing this module imports no peft.
"""

from __future__ import annotations

import copy
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from core.errors import OgiveError
from core.models.adapted import enclosed, quiet, save_adapter
from core.models.base import Base, identify
from core.models.decoder import Decoder
from core.models.quantised import is_quantised
from core.settings.adapter import LoraSettings

if TYPE_CHECKING:
    from peft import PeftModel

    from core.models.loading import LoadedModel

__all__ = ["Base", "attach", "identify", "reference", "save_adapter"]

NAME = "default"
"""peft's name for the one adapter of a model."""
_QUERIES_AND_VALUES = (
    *("qkv", "qkv_proj", "query_key_value", "c_attn", "Wqkv", "W_pack"),  # fused
    *("q_proj", "v_proj", "q", "v", "query", "value", "wq", "wv", "q_lin", "v_lin"),
)
_FEEDFORWARD = ("mlp", "ffn", "feedforward", "feed_forward", "expert", "moe")
_FEEDFORWARD_ENDS = ("fc1", "fc2", "gate_proj", "up_proj", "down_proj", "gate_up_proj", "fc_in", "fc_out", "wi", "wo")
_ROUTERS = ("router", "gate", "shared_expert_gate")


# Where it goes


def layers(model: nn.Module) -> dict[str, nn.Module]:
    """The layers that can carry an adapter, by name: every linear one; the output head only when its weight is its
    own (a tied head would change the embedding too)."""
    embedding, head = _called(model, "get_input_embeddings"), _called(model, "get_output_embeddings")
    tied = head is not None and getattr(head, "weight", 0) is getattr(embedding, "weight", 1)
    return {name: module for name, module in model.named_modules() if _linear(module) and not (tied and module is head)}


def resolve(model: nn.Module, settings: LoraSettings) -> list[str]:
    """The names of the layers that a preset means on this model.

    Presets leave out the head and the routers of experts; `custom` may name them. Raises OgiveError, with what there
    is, when nothing matches or one of `modules` does.
    """
    found = layers(model)
    head = _called(model, "get_output_embeddings")
    inner = [name for name in found if found[name] is not head and name.rpartition(".")[2] not in _ROUTERS]
    chosen = {
        "minimal": [name for name in inner if _attention(name) and name.rpartition(".")[2] in _QUERIES_AND_VALUES],
        "attention_only": [name for name in inner if _attention(name)],
        "ffn_only": [name for name in inner if _feedforward(name)],
        "all": inner,
        "custom": [name for name in found if any(_ends(name, wanted) for wanted in settings.modules)],
    }[settings.preset]
    there = f"Its linear layers: {', '.join(_kinds(found)) or 'none'}."
    for wanted in settings.modules:
        if not any(_ends(name, wanted) for name in found):
            raise OgiveError(f"The model has no linear layer {wanted!r} for an adapter.", there)
    if not chosen:
        raise OgiveError(
            f"The adapter preset {settings.preset!r} matches no layer of this model.",
            f"{there} Name some with preset custom and `modules`.",
        )
    return chosen


def _linear(module: nn.Module) -> bool:
    """A linear layer, quantised or not, or GPT-2's transposed kind."""
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"


def _called(model: nn.Module, method: str) -> nn.Module | None:
    return getattr(model, method)() if hasattr(model, method) else None


def _attention(name: str) -> bool:
    return any("attn" in part or "attention" in part for part in name.lower().split("."))


def _feedforward(name: str) -> bool:
    parts = name.lower().split(".")
    inside = any(word in part for part in parts[:-1] for word in _FEEDFORWARD)
    return not _attention(name) and (inside or parts[-1] in _FEEDFORWARD_ENDS)


def _ends(name: str, wanted: str) -> bool:
    return name == wanted or name.endswith(f".{wanted}")


def _kind(name: str) -> str:
    """The end of a name that is the same in every block: `attention.qkv`."""
    return ".".join(part for part in name.split(".")[-2:] if not part.isdecimal())


def _kinds(names: Any) -> list[str]:
    return list(dict.fromkeys(_kind(name) for name in names))


def _patterns(names: list[str], everything: Any) -> list[str]:
    """`names` as the few ends that mean exactly them, for a short adapter_config.json; else as they are."""
    kinds = _kinds(names)
    meant = {name for name in everything if any(_ends(name, kind) for kind in kinds)}
    return kinds if meant == set(names) else names


# On a model


def attach(loaded: LoadedModel | nn.Module, settings: LoraSettings) -> PeftModel:
    """The model with a fresh adapter on it, everything else frozen; at first it computes what it did without.

    The model itself is changed (its layers are wrapped); our bare `Decoder` is put inside `DecoderForCausalLM`. A is
    drawn from torch's global generator. A quantised base keeps its weights as they are.
    """
    from peft import LoraConfig, TaskType, get_peft_model

    model: Any = enclosed(loaded if isinstance(loaded, nn.Module) else loaded.model)
    if is_adapted(model):
        raise OgiveError("The model carries an adapter already.", "Merge that first: `ogive merge`.")
    names = resolve(model, settings)
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=settings.rank,
        lora_alpha=settings.alpha,  # ty: ignore[invalid-argument-type] - a factor, whatever its annotation says
        lora_dropout=settings.dropout,
        use_rslora=settings.rslora,
        use_dora=settings.dora,
        target_modules=_patterns(names, [name for name, _ in model.named_modules()]),
        fan_in_fan_out=any(type(module).__name__ == "Conv1D" for module in model.modules()),
    )
    with quiet():
        adapted = get_peft_model(model, config, NAME)
    trainable_count(adapted)
    return adapted


def is_adapted(model: nn.Module) -> bool:
    """Whether `model` is what `attach` returns."""
    return hasattr(model, "peft_config")


@contextmanager
def reference(model: nn.Module) -> Generator[None]:
    """The model as it was before its adapter, while the context lasts: the same weights in memory, adapter off."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    switched = [module for module in model.modules() if isinstance(module, BaseTunerLayer)]
    if not switched:
        raise OgiveError("The model carries no adapter that could be switched off.")
    before = [module._disable_adapters for module in switched]
    for module in switched:
        module._disable_adapters = True  # Not enable_adapters(), which also changes what requires a gradient.
    try:
        yield
    finally:
        for module, was in zip(switched, before, strict=True):
            module._disable_adapters = was


def switches(model: nn.Module) -> tuple[bool, ...]:
    """Which adapter layers are off: what captured steps depend on besides the addresses of weights."""
    return tuple(bool(module._disable_adapters) for module in model.modules() if hasattr(module, "_disable_adapters"))


def trainable_count(model: nn.Module) -> int:
    """How many numbers training changes; OgiveError when there are none, since such a run would learn nothing."""
    count = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    if not count:
        raise OgiveError("No parameter of the model is trainable: training would change nothing.", "Unfreeze some.")
    return count


# Its tensors


def adapter_state(model: nn.Module) -> dict[str, Tensor]:
    """Copies on the CPU of all the adapter's tensors, under the names a PEFT folder has them by."""
    return {name: tensor.detach().cpu().clone() for name, tensor in _live(model).items()}


@torch.no_grad()
def load_adapter_state(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put tensors that `adapter_state` gave back, in place; OgiveError when they belong to another adapter."""
    mine = _live(model)
    wrong = [f"{name} is missing" for name in mine if name not in tensors]
    wrong += [f"{name} is not part of this adapter" for name in tensors if name not in mine]
    wrong += [
        f"{name} is {tuple(tensors[name].shape)}, not {tuple(tensor.shape)}"
        for name, tensor in mine.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise OgiveError(f"The adapter does not fit this model: {', '.join(wrong[:3])}{more}.")
    for name, tensor in mine.items():
        tensor.copy_(tensors[name])


def _live(model: nn.Module) -> dict[str, Tensor]:
    from peft import get_peft_model_state_dict

    return get_peft_model_state_dict(model, save_embedding_layers=False)


@torch.no_grad()
def change_norm(model: nn.Module) -> float:
    """The Frobenius norm of what the adapter adds to the weights, all layers together; 0 for a fresh adapter.

    For LoRA from the small matrices alone: |B A|^2 = sum((B^T B) * (A A^T)). For DoRA from whole matrices.
    """
    total = 0.0
    everything: list[Any] = list(model.modules())
    for module in everything:
        pair = getattr(module, "lora_A", None)
        if not isinstance(pair, nn.ModuleDict) or NAME not in pair:
            continue
        a, b = pair[NAME].weight.double(), module.lora_B[NAME].weight.double()
        if NAME in (getattr(module, "use_dora", None) or {}) and module.use_dora[NAME]:
            total += _dora_change(module).square().sum().item()
        else:
            total += module.scaling[NAME] ** 2 * ((b.t() @ b) * (a @ a.t())).sum().item()
    return max(total, 0.0) ** 0.5


def _dora_change(module: Any) -> Tensor:
    """The new weight less the old one of a DoRA layer, in its own layout."""
    from peft.utils.integrations import dequantize_module_weight

    base = dequantize_module_weight(module.get_base_layer()).double()
    delta = module.get_delta_weight(NAME).double()
    turned = type(module.get_base_layer()).__name__ == "Conv1D"
    whole = base + delta
    length = whole.norm(dim=0 if turned else 1)
    factor = module.lora_magnitude_vector[NAME].weight.double() / length
    return whole * (factor if turned else factor[:, None]) - base


def merged(model: nn.Module, *, keep: bool = True) -> nn.Module:
    """The plain model with the adapter added into its weights; fp32 unless the model is of a wider type already.

    With `keep` the adapted model stays as it is and a copy is merged; without, it is used up. Returns our `Decoder`
    where that is what lies beneath. Raises OgiveError for a quantised base, which cannot take the change exactly.
    """
    if is_quantised(model):
        raise OgiveError(
            "An adapter is not merged into a quantised model: rounding would spoil it.",
            "Load the base unquantised; `ogive merge` does.",
        )
    whole: Any = copy.deepcopy(model) if keep else model
    if next(whole.parameters()).dtype != torch.float64:
        whole = whole.float()
    plain = whole.merge_and_unload(safe_merge=True)
    inner = getattr(plain, "decoder", None)
    for parameter in plain.parameters():
        parameter.requires_grad_(True)
    return inner if isinstance(inner, Decoder) else plain
