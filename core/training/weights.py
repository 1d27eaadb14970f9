"""The model of a run and its way into checkpoints and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from core.optim.base import Optimizer
from core.tokenization.tokenizer import Tokenizer
from core.training import rng
from core.training.forms import Form
from core.training.parallel import Team
from core.training.state import TrainerState, read_trainer


@dataclass
class Weights:
    """`model` with its `tokenizer`, kept in `form`; `start` is the checkpoint the run began from (None: as the form
    begins), and `go_on` whether optimizer, generators and counters were taken from there too. A `team` may hold the
    model in parts; `seed` is the run's."""

    model: Any
    tokenizer: Tokenizer
    form: Form
    start: Path | None = None
    go_on: bool = False
    seed: int = 0
    team: Team = field(default_factory=Team)

    def whole(self) -> dict[str, torch.Tensor]:
        """What `save` writes, whole, in the process that leads; all must ask."""
        return self.team.gathered(self.form.state())

    def speaker(self) -> Any:
        """A model that can write text, in the process that leads; None in the others. All must ask."""
        if self.team.kind != "fsdp":
            return self.model if self.team.leads else None
        state = self.whole()
        return self.form.copy(state) if self.team.leads else None

    def save(self, folder: Path, state: dict[str, torch.Tensor]) -> None:
        """The model's part of a checkpoint, a Hugging Face folder or an adapter's, from what `whole` gave."""
        self.form.save(folder, state)

    def load(self, folder: Path) -> None:
        """Put the weights in `folder` into the model, in place."""
        self.form.load(folder)

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
        rng.restore_host_state(kept["rng"])
        state = TrainerState.from_json(kept["state"])
        self.team.seed(tensors, self.seed + state.step)
        if folder is None:
            state.best = None  # It names a checkpoint of the other run.
        return state

    def _restart(self, optimizer: Optimizer) -> None:
        self.form.restart()
        self.team.seed(None, self.seed)
        if self.start is not None:
            self.load(self.start)
        optimizer.reset()
