"""Which role each parameter plays, so that decay and Muon reach hidden matrices and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import nn

HEAD_NAMES = ("head", "lm_head", "output", "embed_out")


@dataclass(frozen=True)
class SortedParameters:
    """A model's trainable parameters by name: `hidden` are the matrices inside blocks, `rest` is everything else
    (embeddings, head, norms, biases). `parts` gives the rows of each matrix in a hidden weight that holds several."""

    hidden: dict[str, nn.Parameter]
    rest: dict[str, nn.Parameter]
    parts: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def everything(self) -> dict[str, nn.Parameter]:
        return {**self.hidden, **self.rest}


def sort_parameters(model: nn.Module) -> SortedParameters:
    """Sort the parameters that require a gradient; a shared (tied) tensor counts once, under its first name.

    A hidden matrix is a 2-D weight that belongs neither to an embedding nor to the output head.
    """
    outside = {
        id(parameter)
        for name, module in model.named_modules()
        if isinstance(module, nn.Embedding) or name.rpartition(".")[2] in HEAD_NAMES
        for parameter in module.parameters(recurse=False)
    }
    hidden: dict[str, nn.Parameter] = {}
    rest: dict[str, nn.Parameter] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            inside = parameter.ndim == 2 and id(parameter) not in outside
            (hidden if inside else rest)[name] = parameter
    parts = {f"{name}.weight": module.parts for name, module in model.named_modules() if getattr(module, "parts", None)}
    return SortedParameters(hidden, rest, {name: rows for name, rows in parts.items() if name in hidden})
