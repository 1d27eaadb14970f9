"""Several processes that train one model, as torchrun starts them: what each does, and how they agree.

Each takes its rows of every batch. The model is copied to each and gradients are summed (DDP, Li et al. 2020), or its
rows are spread and gathered block by block (FSDP2, Zhao et al. 2023). Every process runs the same loop; whatever
decides where it goes (a signal, a request, a loss that is not finite) is agreed on first, so none waits for another
that went elsewhere.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import nn

from core.cancel import Cancel, Stopped
from core.errors import OgiveError
from core.generation.runners import decoder_of
from core.optim.shards import local, sharded, whole
from core.runs.control import Request
from core.settings.training import TrainingSettings
from core.training import rng
from core.training.objectives.base import Batch, Groups
from core.training.processes import Place, place

Result = TypeVar("Result")
PATIENCE = timedelta(hours=2)
"""How long one process waits for another, which may be preparing data, sampling or saving."""
FULL = 0.6
"""The share of a GPU's memory that weights, gradients and optimizer may take before `auto` spreads them."""
METHODS = ("loss", "drawn_loss")
"""What objectives call of a model besides `forward`: FSDP must know, to gather the root's weights for them."""


class Team:
    """The processes of a run. This one is alone: every method does nothing, and costs nothing."""

    here = Place()
    kind = "none"

    @property
    def size(self) -> int:
        return self.here.size

    @property
    def leads(self) -> bool:
        """Whether this process writes and speaks for all."""
        return self.here.leads

    def take(self, model: nn.Module, training: TrainingSettings) -> None:
        """Copy or spread `model`, which is on its device; before an optimizer is built over it."""

    def share(self, batch: Batch) -> Batch:
        """This process's rows of `batch`; its counts stay those of the whole."""
        return batch

    def call(self, function: Callable[..., Any], *tensors: torch.Tensor) -> Any:
        """`function(*tensors)`, which computes a loss of the model, so that its gradients will be summed."""
        return function(*tensors)

    def sharing(self, last: bool) -> AbstractContextManager[Any]:
        """Around a forward and backward pass: gradients need not be summed until the `last` of a step."""
        return nullcontext()

    def agree(self, loss: torch.Tensor, gradients: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """The whole batch's loss, and the norm of the whole gradient."""
        return loss, torch.nn.utils.get_total_norm(gradients)

    def norm(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        """The norm of tensors like the parameters, of which this process gives what it holds."""
        return torch.nn.utils.get_total_norm(tensors)

    def total(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum of `tensor` over all processes."""
        return tensor

    def hear(self, requests: list[Request]) -> list[Request]:
        """The requests that the first process has found."""
        return requests

    def first(self, do: Callable[[], Result]) -> Result:
        """`do()` in the first process, then in the others; what a person can mend there ends them all."""
        return do()

    def tell(self, do: Callable[[], str]) -> str:
        """What `do()` gives in the first process, in all of them; only that one does it."""
        return do()

    def agreed(self, cancel: Cancel) -> Cancel:
        """A token that is requested in all processes or in none, at the same yield point."""
        return cancel

    def own(self, cancel: Cancel) -> Cancel:
        """The token of this process alone that is behind an agreed one."""
        return cancel

    def gathered(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Whole tensors, in the first process; the others help and get nothing."""
        return dict(tensors)

    def generators(self) -> dict[str, torch.Tensor]:
        """The random generators of all processes, in the first."""
        return rng.device_state()

    def seed(self, tensors: Mapping[str, torch.Tensor] | None, number: int) -> None:
        """Put this process's generators back, or, where `tensors` do not hold them, begin with seed `number`. The
        first process begins with what it has."""
        if tensors is not None:
            rng.restore_device_state(tensors)

    def leave(self) -> None:
        """Part in order."""


class Processes(Team):
    """More than one, as the environment says. They meet when this is made."""

    def __init__(self, here: Place) -> None:
        import torch.distributed as dist

        self._dist = dist
        self.here = here
        self._ddp: Any = None
        cuda = torch.cuda.is_available()
        if cuda and here.local >= torch.cuda.device_count():
            raise OgiveError(
                f"There are more processes than GPUs: {torch.cuda.device_count()} here.",
                "Start as many as there are GPUs, or hide them with CUDA_VISIBLE_DEVICES='' to train on the CPU.",
            )
        if cuda:
            torch.cuda.set_device(here.local)
        if not dist.is_initialized():
            dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=PATIENCE)

    def take(self, model: nn.Module, training: TrainingSettings) -> None:
        device = next(model.parameters()).device
        self._check(training, device)
        frozen = not all(parameter.requires_grad for parameter in model.parameters())
        if frozen and training.parallel == "fsdp":
            raise OgiveError(
                "training.parallel=fsdp spreads models that learn as a whole, and this one has frozen weights.",
                "Set training.parallel=ddp.",
            )
        wanted = "ddp" if frozen else training.parallel
        self.kind = wanted if wanted != "auto" else fitting(model, training, device)
        if self.kind == "ddp":
            from torch.nn.parallel import DistributedDataParallel

            # Buffers are tables that all have alike. The option's name changed in torch 2.13.
            known = inspect.signature(DistributedDataParallel).parameters
            quiet = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"
            options: dict[str, Any] = {quiet: False}
            self._ddp = DistributedDataParallel(_Caller(model), **options)
            return
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

        root = decoder_of(model) or model
        mesh = init_device_mesh(device.type, (self.size,))
        for block in blocks(root):
            fully_shard(block, mesh=mesh)
        fully_shard(root, mesh=mesh, reshard_after_forward=True)
        for name in METHODS:
            if hasattr(root, name):
                register_fsdp_forward_method(root, name)

    def _check(self, training: TrainingSettings, device: torch.device) -> None:
        if training.parallel == "none":
            raise OgiveError(
                f"training.parallel is none, but {self.size} processes were started.",
                "Set training.parallel=auto, or start one process.",
            )
        if training.batch_size % self.size:
            raise OgiveError(
                f"A batch of {training.batch_size} sequences cannot be shared evenly among {self.size} processes.",
                f"Set training.batch_size to a multiple of {self.size}.",
            )
        if device.type == "mps" or ":" in training.device:
            raise OgiveError(
                f"Several processes cannot train on device {training.device!r}: each has one of its own.",
                "Set training.device=auto, cuda or cpu.",
            )

    def share(self, batch: Batch) -> Batch:
        if isinstance(batch, Groups):
            raise OgiveError(
                "Conversations that are not packed cannot be shared by several processes.",
                "Train with one process, or on a model that keeps packed conversations apart.",
            )
        rows, rank = batch.rows, self.here.rank
        mine = slice(rows * rank // self.size, rows * (rank + 1) // self.size)
        return Batch(tuple(tensor[mine] for tensor in batch.tensors), batch.count, batch.tokens)

    def call(self, function: Callable[..., Any], *tensors: torch.Tensor) -> Any:
        return function(*tensors) if self._ddp is None else self._ddp(function, *tensors)

    def sharing(self, last: bool) -> AbstractContextManager[Any]:
        return nullcontext() if last or self._ddp is None else self._ddp.no_sync()

    def agree(self, loss: torch.Tensor, gradients: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        # Under DDP every process has the whole gradient, under FSDP its rows. Either way one sum serves all, and
        # leaves the same bits everywhere: what is decided by them is decided alike.
        square = torch.nn.utils.get_total_norm([local(gradient) for gradient in gradients]).square()
        parts = torch.stack((loss / self.size, square / self.size if self.kind == "ddp" else square))
        self._dist.all_reduce(parts)
        return parts[0], parts[1].sqrt()

    def norm(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        found = torch.nn.utils.get_total_norm(tensors)
        return found if self.kind == "ddp" else self.total(found.square()).sqrt()

    def total(self, tensor: torch.Tensor) -> torch.Tensor:
        self._dist.all_reduce(tensor)
        return tensor

    def say(self, word: Any, speaker: int = 0) -> Any:
        """What `speaker` says, as JSON; a word that is false (nothing, no requests) costs one small message."""
        data = json.dumps(word).encode() if self.here.rank == speaker and word else b""
        length = torch.tensor([len(data)])
        self._dist.broadcast(length, speaker)
        if not length.item():
            return None
        text = torch.zeros(int(length), dtype=torch.uint8)
        if data:
            text.copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8))
        self._dist.broadcast(text, speaker)
        return json.loads(text.numpy().tobytes())

    def anyone(self, word: str) -> str:
        """What one of those says who say something; '' when none does."""
        speaker = torch.tensor([self.here.rank + 1 if word else 0])
        self._dist.all_reduce(speaker, self._dist.ReduceOp.MAX)
        return self.say(word, int(speaker) - 1) if speaker.item() else ""

    def hear(self, requests: list[Request]) -> list[Request]:
        return [Request(**each) for each in self.say([asdict(each) for each in requests]) or []]

    def first(self, do: Callable[[], Result]) -> Result:
        if self.leads:
            return self._lead(do)
        self._follow()
        return do()

    def tell(self, do: Callable[[], str]) -> str:
        if self.leads:
            return self.say(self._lead(do))
        self._follow()
        return self.say(None)

    def _lead(self, do: Callable[[], Result]) -> Result:
        """`do()`, and the others learn whether it went well."""
        try:
            result = do()
        except OgiveError as error:
            self.say({"message": error.message, "hint": error.hint, "stopped": isinstance(error, Stopped)})
            raise
        self.say(None)
        return result

    def _follow(self) -> None:
        failure = self.say(None)
        if failure:
            raise (Stopped if failure["stopped"] else OgiveError)(failure["message"], failure["hint"])

    def agreed(self, cancel: Cancel) -> Cancel:
        return _Agreed(self, cancel)

    def own(self, cancel: Cancel) -> Cancel:
        return cancel.own if isinstance(cancel, _Agreed) else cancel

    def gathered(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        found = {}
        for name, tensor in tensors.items():
            full = whole(tensor)
            if self.leads:
                found[name] = full.cpu() if sharded(tensor) else full
        return found

    def generators(self) -> dict[str, torch.Tensor]:
        found = {}
        for name, state in rng.device_state().items():
            states = [torch.empty_like(state) for _ in range(self.size)]
            self._dist.all_gather(states, state)
            found |= {_of(rank, name): each for rank, each in enumerate(states)}
        return found

    def seed(self, tensors: Mapping[str, torch.Tensor] | None, number: int) -> None:
        prefix = _of(self.here.rank, "")
        mine = {name.removeprefix(prefix): each for name, each in (tensors or {}).items() if name.startswith(prefix)}
        if "rng.cpu" in mine:
            rng.restore_device_state(mine)
        elif not self.leads:
            torch.manual_seed(number + 1_000_003 * self.here.rank)

    def leave(self) -> None:
        self._dist.destroy_process_group()


def team() -> Team:
    """The processes that the environment tells of; they meet here."""
    here = place()
    return Team() if here.size == 1 else Processes(here)


def blocks(model: nn.Module) -> list[nn.Module]:
    """The layers that FSDP gathers one at a time: the longest list of modules."""
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    return list(max(lists, key=len)) if lists else []


def fitting(model: nn.Module, training: TrainingSettings, device: torch.device) -> str:
    """ddp where weights, gradients and optimizer fit one GPU with room to spare, else fsdp. On a CPU all processes
    share the memory, and copies are cheapest to keep in step."""
    if device.type != "cuda":
        return "ddp"
    facts = training.optimizer.brick.facts
    each = 8 + facts.get("moments", 2) * facts.get("state_bytes", 4)
    needed = each * sum(parameter.numel() for parameter in model.parameters())
    return "ddp" if needed < FULL * torch.cuda.get_device_properties(device).total_memory else "fsdp"


def _of(rank: int, name: str) -> str:
    """The name of another process's generator in a checkpoint; the first one's is as when it is alone."""
    return name if rank == 0 else f"rank.{rank}.{name}"


class _Caller(nn.Module):
    """Lets DDP see a loss that is not a module's `forward`."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, function: Callable[..., Any], *tensors: torch.Tensor) -> Any:
        return function(*tensors)


class _Agreed(Cancel):
    """Asks all processes at every yield point; only there can it become requested."""

    def __init__(self, team: Processes, own: Cancel) -> None:
        super().__init__()
        self.own = own
        self._team = team

    def yield_point(self) -> None:
        self.own.yield_point()
        reason = self._team.anyone((self.own.reason or "asked to stop") if self.own.requested else "")
        if reason:
            self.request(reason)
            self.own.request(reason)
