"""Many matrix products at once: rows that are sorted by matrix, each stretch times its own.

One operation of torch with its own backward pass, so that torch.compile keeps it whole whatever is inside.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

KERNELS = {"cpu": (torch.float32, torch.bfloat16), "cuda": (torch.bfloat16,)}


def grouped(x: Tensor, weight: Tensor, ends: Tensor) -> Tensor:
    """Rows `(n, inputs)`, those up to `ends[0]` times `weight[0]` `(outputs, inputs)` transposed, the next up to
    `ends[1]` times `weight[1]`, and so on: `(n, outputs)`. `ends` `(count,)` ascends to n; a stretch may be empty."""
    return _products(x, weight, ends, True)


@torch.library.custom_op("ogive::grouped_products", mutates_args=())
def _products(x: Tensor, weight: Tensor, ends: Tensor, turned: bool) -> Tensor:
    matrices = weight.transpose(-1, -2) if turned else weight
    if _has_kernel(x, weight):
        return F.grouped_mm(x, matrices, offs=ends.to(torch.int32))
    grid, places = _spread(x, ends)
    return (grid @ matrices).flatten(0, 1)[places]


@_products.register_fake
def _products_shape(x: Tensor, weight: Tensor, ends: Tensor, turned: bool) -> Tensor:
    return x.new_empty(x.shape[0], weight.shape[-2 if turned else -1])


@torch.library.custom_op("ogive::grouped_slopes", mutates_args=())
def _slopes(grad: Tensor, x: Tensor, ends: Tensor) -> Tensor:
    """`grad[stretch].t() @ x[stretch]` of every stretch, `(count, outputs, inputs)`."""
    if _has_kernel(x, grad):
        return F.grouped_mm(grad.t(), x, offs=ends.to(torch.int32))
    return _spread(grad, ends)[0].transpose(-1, -2) @ _spread(x, ends)[0]


@_slopes.register_fake
def _slopes_shape(grad: Tensor, x: Tensor, ends: Tensor) -> Tensor:
    return x.new_empty(ends.shape[0], grad.shape[1], x.shape[1])


def _keep_products(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:3])


def _products_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
    x, weight, ends = ctx.saved_tensors
    grad = grad.contiguous()
    for_x = _products(grad, weight, ends, False) if ctx.needs_input_grad[0] else None
    for_weight = _slopes(grad, x, ends) if ctx.needs_input_grad[1] else None
    return for_x, for_weight, None, None


_products.register_autograd(_products_backward, setup_context=_keep_products)


def _has_kernel(*matrices: Tensor) -> bool:
    """Whether torch has a grouped kernel for these, which never waits for the host: where every row is whole 16 bytes,
    for fp32 and bf16 on the CPU, on CUDA for bf16."""
    kinds = KERNELS.get(matrices[0].device.type, ())
    return matrices[0].dtype in kinds and not any(
        size * m.element_size() % 16 for m in matrices for size in m.shape[-2 if m.dim() == 3 else -1 :]
    )


def _spread(x: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """The rows in a grid with equal room for every stretch, zeros where it is shorter, and where each row went."""
    counts = ends.diff(prepend=ends.new_zeros(1))
    room = int(counts.max())
    owner = torch.repeat_interleave(torch.arange(len(ends), device=x.device), counts, output_size=len(x))
    places = owner * room + torch.arange(len(x), device=x.device) - (ends - counts)[owner]
    grid = x.new_zeros(len(ends) * room, x.shape[1]).index_copy(0, places, x)
    return grid.view(len(ends), room, -1), places
