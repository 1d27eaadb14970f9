"""Mixture of experts: a router sends each token through a few of many feed-forwards.

All experts are computed together: tokens are sorted by expert, and one grouped product multiplies each stretch with
its expert's matrix (Shazeer et al. 2017; Fedus et al. 2021; without dropping any token, as Gale et al. 2022).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.models import blank
from core.models.feedforward import Activation


class Experts(nn.Module):
    """`count` feed-forwards, of which a router gives each token its `active` best, weighted by their shares.

    The shares are the router's softmax over all experts (fp32), made to sum to 1 where `renormalise` is on. While
    training, `forward` also gives what is added to the loss per token: `balance` * count * sum_i f_i P_i, where f_i is
    the part of all choices that fell on expert i and P_i its mean share (1 at even load, Fedus et al. 2021, eq. 4),
    and `z_loss` * mean(logsumexp(logits)^2) (Zoph et al. 2022, eq. 5).
    """

    def __init__(
        self,
        size: int,
        inner: int,
        bias: bool,
        activation: Activation,
        *,
        count: int,
        active: int,
        renormalise: bool,
        balance: float,
        z_loss: float,
    ) -> None:
        super().__init__()
        self.count, self.active, self.renormalise = count, active, renormalise
        self.balance, self.z_loss = balance, z_loss
        first, parts = (2 * inner, (inner, inner)) if activation.gated else (inner, (inner,))
        self.router = blank.linear(size, count, bias=False)
        self.up = blank.stack(count, size, first, bias=bias, parts=parts)
        self.activation = activation
        self.down = blank.stack(count, inner, size, bias=bias, parts=(size,))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """`(batch, time, size)` in and out, and while training the router's losses, a scalar in fp32."""
        tokens = x.reshape(-1, x.shape[-1])
        logits = self.router(tokens).float()
        shares = logits.softmax(dim=-1)
        chosen, experts = shares.topk(self.active, dim=-1)
        if self.renormalise:
            chosen = chosen / chosen.sum(dim=-1, keepdim=True)
        mixed = self._mix(tokens, chosen, experts)
        return mixed.view(x.shape), self._penalty(logits, shares, experts) if self.training else None

    def _mix(self, tokens: Tensor, chosen: Tensor, experts: Tensor) -> Tensor:
        """Each of `tokens` `(n, size)` through its `experts` `(n, active)`, summed by the shares `chosen`."""
        order = experts.flatten().argsort(stable=True)
        owner = experts.flatten()[order]
        ends = torch.searchsorted(owner, torch.arange(self.count, device=owner.device), right=True)
        inner = self.activation(self.up(tokens[order // self.active], owner, ends))
        given = self.down(inner, owner, ends) * chosen.flatten()[order, None].to(tokens.dtype)
        back = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
        return given[back].view(-1, self.active, tokens.shape[-1]).sum(dim=1).to(tokens.dtype)

    def _penalty(self, logits: Tensor, shares: Tensor, experts: Tensor) -> Tensor:
        load = F.one_hot(experts, self.count).float().mean(dim=(0, 1))
        even = self.count * (load * shares.mean(dim=0)).sum()
        return self.balance * even + self.z_loss * logits.logsumexp(dim=-1).square().mean()
