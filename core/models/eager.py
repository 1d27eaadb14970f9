"""Backward passes by hand for CPU training without compilation, where PyTorch's own take more passes over memory.

Measured forward and backward, 2048 x 128 numbers on one core: RMSNorm 1.8 ms against 2.6, squared ReLU (512 wide) 3.1
against 5.8. Everywhere else `pays` says no, and the ordinary operations run.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def pays(x: Tensor) -> bool:
    """Whether `x` is trained through eagerly in fp32 on the CPU."""
    return x.device.type == "cpu" and x.dtype is torch.float32 and x.requires_grad and not torch.compiler.is_compiling()


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """`x / sqrt(mean(x^2) + eps) * weight` over the last dimension; differentiable once."""
    return _RMSNorm.apply(x, weight, eps)


def relu_squared(x: Tensor) -> Tensor:
    """`max(x, 0)^2`; differentiable once."""
    return _ReLUSquared.apply(x)


class _RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        scale = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        scale = scale.square_().mul_(1 / x.shape[-1]).add_(eps).rsqrt_()
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight)
        return unit * weight

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor | None, None]:
        unit, scale, weight = ctx.saved_tensors
        grad = grads[0]
        both = grad * unit
        for_weight = both.flatten(0, -2).sum(dim=0) if ctx.needs_input_grad[1] else None
        along = (both @ weight).unsqueeze(-1).mul_(-1 / unit.shape[-1])
        return (grad * weight).addcmul_(unit, along).mul_(scale), for_weight, None


class _ReLUSquared(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        positive = x.relu()
        ctx.save_for_backward(positive)
        return positive * positive

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (positive,) = ctx.saved_tensors
        # 0 + 2 * grad * positive: one pass instead of two.
        return torch.addcmul(positive.new_zeros(()), grads[0], positive, value=2)
