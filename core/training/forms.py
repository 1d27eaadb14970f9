"""The forms in which a run's model is kept: our decoder whole, a foreign model whole, or an adapter on either.

Each knows how to write the model's part of a checkpoint, to read it back in place, and to begin again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

from core.adapters import adapter_state, load_adapter_state
from core.errors import OgiveError
from core.models.adapted import read_adapter_weights, save_adapter
from core.models.base import Base
from core.models.decoder import Decoder
from core.models.folder import assemble, read_weights, save_model
from core.models.loading import load
from core.models.names import PREFIX
from core.optim.shards import put
from core.tokenization.tokenizer import Tokenizer
from core.training import rng


class Form(Protocol):
    """How one kind of model goes into a folder and comes out of it."""

    def state(self) -> dict[str, Tensor]:
        """What of the model several processes may hold in parts, by name; it shares the model's memory."""
        ...

    def save(self, folder: Path, state: dict[str, Tensor]) -> None:
        """Write the model and its tokenizer into `folder`; `state` is what `state` gave, made whole."""
        ...

    def copy(self, state: dict[str, Tensor]) -> Any:
        """Another model with the whole `state`, where the run's own is in parts."""
        ...

    def load(self, folder: Path) -> None:
        """Put what `save` wrote into the model, in place."""
        ...

    def restart(self) -> None:
        """Put the model and the generators back to how the run began."""
        ...


@dataclass
class Own:
    """Our decoder: a Hugging Face folder of ours. It begins with weights drawn by `seed`, or with those at `base`."""

    model: Decoder
    tokenizer: Tokenizer
    seed: int
    base: str = ""

    def state(self) -> dict[str, Tensor]:
        return self.model.state_dict()

    def save(self, folder: Path, state: dict[str, Tensor]) -> None:
        save_model(self.model, self.tokenizer, folder, state)

    def copy(self, state: dict[str, Tensor]) -> Decoder:
        return assemble(self.model.settings, self.model.vocab_size, state, "memory").to(self.model.device)

    def load(self, folder: Path) -> None:
        state = read_weights(folder, self.model.device)
        _fill(self.model, {name.removeprefix(PREFIX): tensor for name, tensor in state.items()})

    def restart(self) -> None:
        rng.seed_all(self.seed)
        if self.base:
            self.load(Path(self.base))
            return
        fresh = Decoder(self.model.settings, self.model.vocab_size)  # As at the start: on the CPU, from the seed.
        _fill(self.model, fresh.state_dict())


@dataclass
class Foreign:
    """A model of transformers, saved as that library does; it begins with the weights at `base`."""

    model: Any
    tokenizer: Tokenizer
    seed: int
    base: str
    trust: bool = False

    def state(self) -> dict[str, Tensor]:
        return self.model.state_dict()

    def save(self, folder: Path, state: dict[str, Tensor]) -> None:
        self.model.save_pretrained(folder, state_dict=state)
        self.tokenizer.save(folder)

    def copy(self, state: dict[str, Tensor]) -> Any:
        made: Any = load(self.base, "cpu", self.model.dtype, self.trust).model
        made.load_state_dict(state)
        return made.to(next(self.model.parameters()).device).eval()

    def load(self, folder: Path) -> None:
        self._take(str(folder))

    def restart(self) -> None:
        rng.seed_all(self.seed)
        self._take(self.base)

    def _take(self, place: str) -> None:
        """By the library's own loader: families rename and join tensors on their way to a file and back."""
        other = load(place, "cpu", self.model.dtype, self.trust)
        _fill(self.model, other.model.state_dict())


@dataclass
class Adapter:
    """A LoRA adapter, kept as a PEFT folder that names its `base`; the model beneath is never written."""

    model: nn.Module
    tokenizer: Tokenizer
    base: Base
    _first: dict[str, Tensor] = field(init=False)
    _drawn: tuple[dict[str, Tensor], dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        """To be made right after the adapter was drawn, so that `restart` can come back to here."""
        self._first = adapter_state(self.model)
        self._drawn = (rng.device_state(), rng.host_state())

    def state(self) -> dict[str, Tensor]:
        """Nothing: an adapter is always whole."""
        return {}

    def copy(self, state: dict[str, Tensor]) -> Any:
        return self.model

    def save(self, folder: Path, state: dict[str, Tensor]) -> None:
        save_adapter(self.model, folder, self.base, self.tokenizer)

    def load(self, folder: Path) -> None:
        load_adapter_state(self.model, read_adapter_weights(folder))

    def restart(self) -> None:
        load_adapter_state(self.model, self._first)
        device, host = self._drawn
        rng.restore_device_state(device)
        rng.restore_host_state(host)


def _fill(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Put a whole state into `model`, in place, of which other processes may hold parts."""
    mine = model.state_dict()
    if state.keys() != mine.keys():
        other = min(state.keys() ^ mine.keys())
        raise OgiveError(f"The weights do not fit the model: only one of the two has {other}.")
    for name, tensor in mine.items():
        put(tensor, state[name])
