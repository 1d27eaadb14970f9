"""Cross-entropy of next tokens as a sum in nats: whole, or in chunks that never hold all logits at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from core.models.counting import CHUNK


def cross_entropy(logits: Tensor, labels: Tensor, ignore: int, z_loss: float = 0.0) -> Tensor:
    """Sum of nats over labels other than `ignore`, in fp32 or wider; logits `(..., vocab)`, labels `(...)`.

    With `z_loss`, that times the squared log-normaliser is added for each counted label: it keeps logits from drifting
    (Chowdhery et al. 2022, PaLM, section 5).
    """
    flat = logits.reshape(-1, logits.shape[-1])
    flat = flat if flat.dtype == torch.float64 else flat.float()
    total = F.cross_entropy(flat, labels.reshape(-1), ignore_index=ignore, reduction="sum")
    return total + z_loss * normalisers(flat, labels.reshape(-1), ignore) if z_loss else total


def normalisers(logits: Tensor, labels: Tensor, ignore: int) -> Tensor:
    """Sum of squared log-normalisers of the logits `(tokens, vocab)` whose label is not `ignore`."""
    return (logits.logsumexp(dim=-1).square() * (labels != ignore)).sum()


@torch.no_grad()
def draw(logits: Tensor, labels: Tensor, ignore: int) -> Tensor:
    """Labels `(...)` drawn by `logits` `(..., vocab)` in place of those that count; the others stay `ignore`."""
    flat = logits.reshape(-1, logits.shape[-1]).float().softmax(-1)
    drawn = torch.multinomial(flat, 1).reshape(labels.shape)
    return torch.where(labels == ignore, labels, drawn)


def chunked_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    labels: Tensor,
    ignore: int,
    vocab_size: int,
    chunk: int | None = None,
    z_loss: float = 0.0,
) -> Tensor:
    """The same sum from `hidden` `(tokens, size)` and the head's `weight` `(rows >= vocab_size, size)`.

    Each chunk's logits are made, turned into loss and gradients at once, and dropped, so nothing is computed twice and
    memory is that of one chunk (default: as many tokens as give 2^26 logits). Rows past `vocab_size` are padding.
    """
    chunk = chunk or max(1, CHUNK // weight.shape[0])
    return _Chunked.apply(hidden, weight, labels, ignore, vocab_size, z_loss, chunk)


class _Chunked(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        labels: Tensor,
        ignore: int,
        vocab_size: int,
        z_loss: float,
        chunk: int,
    ) -> Tensor:
        device = hidden.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        need_hidden, need_weight = ctx.needs_input_grad[:2]
        grad_hidden = torch.empty_like(hidden) if need_hidden else None
        grad_weight = torch.zeros_like(weight, dtype=torch.float32) if need_weight else None
        with torch.autocast(device, enabled=False):
            matrix = weight.to(dtype)
            for begin in range(0, hidden.shape[0], chunk):
                rows = slice(begin, begin + chunk)
                x, target = hidden[rows].to(dtype), labels[rows]
                real = target != ignore
                index = torch.where(real, target, 0)[:, None]
                logits = (x @ matrix.t()).float()
                logits[:, vocab_size:] = float("-inf")
                normaliser = logits.logsumexp(dim=-1, keepdim=True)
                nats = normaliser - logits.gather(1, index)
                total += ((nats + z_loss * normaliser.square() if z_loss else nats)[:, 0] * real).sum()
                if not (need_hidden or need_weight):
                    continue
                # d loss / d logits = softmax * (1 + 2 z normaliser) - one-hot, in place of the logits.
                slope = logits.sub_(normaliser).exp_()
                if z_loss:
                    slope.mul_(1.0 + 2.0 * z_loss * normaliser)
                slope.scatter_add_(1, index, logits.new_full(index.shape, -1.0))
                slope = slope.mul_(real[:, None]).to(dtype)
                if grad_hidden is not None:
                    grad_hidden[rows] = slope @ matrix
                if grad_weight is not None:
                    grad_weight += slope.t() @ x
        ctx.save_for_backward(grad_hidden, None if grad_weight is None else grad_weight.to(weight.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None, None, None]:
        grad_hidden, grad_weight = ctx.saved_tensors
        grad = grads[0]
        return (
            None if grad_hidden is None else grad_hidden * grad.to(grad_hidden.dtype),
            None if grad_weight is None else grad_weight * grad.to(grad_weight.dtype),
            None,
            None,
            None,
            None,
            None,
        )
