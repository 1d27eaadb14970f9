"""The model of a run and its way into checkpoints and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch

from core.errors import OgiveError
from core.models.decoder import Decoder
from core.models.folder import assemble, read_weights, save_model
from core.models.names import PREFIX
from core.optim.base import Optimizer
from core.optim.shards import put
from core.tokenization.tokenizer import Tokenizer
from core.training import rng
from core.training.parallel import Team
from core.training.state import TrainerState, read_trainer


@dataclass
class Weights:
    """`model` with its `tokenizer`; `start` is the folder the run began from (None: random weights by `seed`), and
    `go_on` whether optimizer, generators and counters were taken from there too. A `team` may hold the model in
    parts."""

    model: Decoder
    tokenizer: Tokenizer
    seed: int
    start: Path | None = None
    go_on: bool = False
    team: Team = field(default_factory=Team)

    def whole(self) -> dict[str, torch.Tensor]:
        """The model's state, whole, in the process that leads; all must ask."""
        return self.team.gathered(self.model.state_dict())

    def speaker(self) -> Decoder | None:
        """A model that can write text, in the process that leads; None in the others. All must ask."""
        if self.team.kind != "fsdp":
            return self.model if self.team.leads else None
        state = self.whole()
        if not self.team.leads:
            return None
        made = assemble(self.model.settings, self.model.vocab_size, state, "memory")
        return made.to(self.model.device)

    def save(self, folder: Path, state: dict[str, torch.Tensor]) -> None:
        """The model's part of a checkpoint, a Hugging Face folder, from its whole `state`."""
        save_model(self.model, self.tokenizer, folder, state)

    def load(self, folder: Path) -> None:
        """Put the weights in `folder` into the model, in place."""
        device = "cpu" if self.team.kind == "fsdp" else self.model.device
        state = read_weights(folder, device)
        self._put({name.removeprefix(PREFIX): tensor for name, tensor in state.items()})

    def _put(self, state: dict[str, torch.Tensor]) -> None:
        mine = self.model.state_dict()
        if state.keys() != mine.keys():
            other = sorted(state.keys() ^ mine.keys())[0]
            raise OgiveError(f"The checkpoint does not fit the model: only one of them has {other}.")
        for name, tensor in mine.items():
            put(tensor, state[name])

    def restore(self, folder: Path | None, optimizer: Optimizer) -> TrainerState:
        """Put weights, optimizer and generators back as the checkpoint in `folder` has them, or as they were at the
        start of the run; returns where the run was."""
        if folder is None and not (self.start and self.go_on):
            self._restart(optimizer)
            return TrainerState()
        source = folder or self.start
        assert source is not None
        self.load(source)
        tensors, kept = read_trainer(source)
        optimizer.load_state_tensors(tensors)
        state = TrainerState.from_json(kept["state"])
        rng.restore_host_state(kept["rng"])
        self.team.seed(tensors, self.seed + state.step)
        if folder is None:
            state.best = None  # It names a checkpoint of the other run.
        return state

    def _restart(self, optimizer: Optimizer) -> None:
        rng.seed_all(self.seed)
        fresh = Decoder(self.model.settings, self.model.vocab_size)  # As at the start: on the CPU, from the seed.
        self.team.seed(None, self.seed)
        if self.start is not None:
            self.load(self.start)
        else:
            self._put(fresh.state_dict())
        optimizer.reset()
