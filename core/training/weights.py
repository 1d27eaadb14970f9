"""The model of a run and its way into checkpoints and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.models.decoder import Decoder
from core.models.folder import read_weights, save_model
from core.models.names import PREFIX
from core.optim.base import Optimizer
from core.tokenization.tokenizer import Tokenizer
from core.training import rng
from core.training.state import TrainerState, read_trainer


@dataclass
class Weights:
    """`model` with its `tokenizer`; `start` is the folder the run began from (None: random weights by `seed`), and
    `go_on` whether optimizer, generators and counters were taken from there too."""

    model: Decoder
    tokenizer: Tokenizer
    seed: int
    start: Path | None = None
    go_on: bool = False

    def save(self, folder: Path) -> None:
        """The model's part of a checkpoint: a Hugging Face folder."""
        save_model(self.model, self.tokenizer, folder)

    def load(self, folder: Path) -> None:
        """Put the weights in `folder` into the model, in place."""
        state = read_weights(folder, self.model.device)
        self.model.load_state_dict({name.removeprefix(PREFIX): tensor for name, tensor in state.items()})

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
        rng.restore_device_state(tensors)
        rng.restore_host_state(kept["rng"])
        state = TrainerState.from_json(kept["state"])
        if folder is None:
            state.best = None  # It names a checkpoint of the other run.
        return state

    def _restart(self, optimizer: Optimizer) -> None:
        rng.seed_all(self.seed)
        fresh = Decoder(self.model.settings, self.model.vocab_size)  # As at the start: on the CPU, from the seed.
        if self.start is not None:
            self.load(self.start)
        else:
            self.model.load_state_dict(fresh.state_dict())
        optimizer.reset()
