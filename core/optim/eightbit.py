"""AdamW with its two moments in 8 bits, by blocks (Dettmers et al. 2022), through bitsandbytes; plain and paged.

Parameters below 4096 numbers keep 32-bit moments, as the paper advises.
"""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

from core.errors import OgiveError
from core.optim.base import Optimizer, gradients
from core.optim.parameters import SortedParameters
from core.optim.shards import sharded

INSTALL = "Install it with: pip install 'ogive[gpu]', or set training.optimizer=adamw."
_KEPT = ("state1", "state2", "absmax1", "absmax2")


class AdamW8bit(Optimizer):
    """Decay reaches hidden matrices only. The kernels take the step's number from the host, so the gate is read there:
    the host waits once a step, as the library does by itself."""

    paged = False

    def __init__(
        self,
        parameters: SortedParameters,
        *,
        lr: float,
        weight_decay: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.95,
        eps: float = 1e-8,
    ) -> None:
        self._named = parameters.everything()
        self._check(next(iter(self._named.values())))
        library = _library()
        self._lr = lr
        groups = [
            {"params": list(part.values()), "weight_decay": decay}
            for part, decay in ((parameters.hidden, weight_decay), (parameters.rest, 0.0))
            if part
        ]
        make = library.PagedAdamW8bit if self.paged else library.AdamW8bit
        self._inner = make(groups, lr=lr, betas=(beta1, beta2), eps=eps)
        for place, group in enumerate(self._inner.param_groups):
            for number, parameter in enumerate(group["params"]):
                self._inner.init_state(group, parameter, place, number)
        self._count = torch.zeros((), dtype=torch.int64)

    def _check(self, parameter: nn.Parameter) -> None:
        device = parameter.device.type
        if device != "cuda" and (self.paged or device != "cpu"):
            raise OgiveError(
                f"A {'paged ' if self.paged else ''}8-bit optimizer needs a CUDA device, and this is {device.upper()}.",
                "Set training.optimizer=adamw, or adafactor for less memory.",
            )
        if sharded(parameter):
            raise OgiveError(
                "An 8-bit optimizer cannot be spread over processes by fsdp: its blocks do not follow the rows.",
                "Set training.parallel=ddp, or training.optimizer=adafactor.",
            )

    @torch.no_grad()
    def step(self, share: float, scale: torch.Tensor | None = None, skip: torch.Tensor | None = None) -> None:
        if skip is not None and bool(skip > 0):
            return
        for group in self._inner.param_groups:
            group["lr"] = self._lr * share
        if scale is not None:
            torch._foreach_div_(gradients(list(self._named.values())), scale)
        self._inner.step()
        self._count.add_(1)

    def _states(self) -> dict[str, dict[str, Any]]:
        return {name: self._inner.state[parameter] for name, parameter in self._named.items()}

    def state_tensors(self) -> dict[str, torch.Tensor]:
        tensors = {"adamw8bit.count": self._count}
        for name, state in self._states().items():
            tensors |= {f"adamw8bit.{key}.{name}": state[key] for key in _KEPT if key in state}
        return tensors

    def load_state_tensors(self, tensors: Any) -> None:
        super().load_state_tensors(tensors)
        self._tell_count()

    def reset(self) -> None:
        super().reset()
        self._tell_count()

    def _tell_count(self) -> None:
        for state in self._states().values():
            state["step"] = int(self._count)


class PagedAdamW8bit(AdamW8bit):
    """The same, with moments in memory that CUDA moves to the host when the device is full."""

    paged = True


def _library() -> Any:
    try:
        return importlib.import_module("bitsandbytes.optim")
    except ImportError as error:
        raise OgiveError("8-bit optimizers need the package bitsandbytes, which is not installed.", INSTALL) from error
