"""Decode steps captured as CUDA graphs: one launch per token instead of hundreds.

Capture is by hand (`torch.cuda.graph`) in the calling thread, because the compile mode that captures by itself keeps
its graphs in thread-local state. Everything a step touches has a fixed address and shape: the token ids, the cache
with its lengths on the device, the logits. A graph is kept with its model and captured anew when the number of
rows, the room, the address of any weight or an adapter's switch changes; training in place changes none of them. On
other devices the same steps run uncaptured, which is how they are tested without a GPU.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from typing import Any
from weakref import WeakKeyDictionary, ref

import torch
from torch import Tensor, nn

from core.adapters import switches
from core.models.decoder import Decoder
from core.models.quantised import is_quantised

ROOM_STEP = 256
WARM_UPS = 3
CACHE_NAMES = ("cache", "past_key_values", "cache_params")
"""What models call their cache: the library's name since 5.24, and the older ones that models with code of their own
still use."""

_runners: WeakKeyDictionary[nn.Module, StaticRunner] = WeakKeyDictionary()


class StaticRunner(ABC):
    """A runner whose step has fixed shapes; on CUDA the step is one graph."""

    def __init__(self, model: Any) -> None:
        # Weak: the table of runners must not keep its own keys alive.
        self._to_model = ref(model)
        self.device: torch.device = next(model.parameters()).device
        self._key: tuple[object, ...] = ()
        self._graph: torch.cuda.CUDAGraph | None = None
        self._ids = torch.empty(0)
        self._logits = torch.empty(0)

    @property
    def _model(self) -> Any:
        return self._to_model()

    def prefill(self, prompt: Tensor, variants: int, room: int) -> Tensor:
        read, logits = self._read(prompt)
        room = self._bounded(-(-room // ROOM_STEP) * ROOM_STEP)
        addresses = tuple(weight.data_ptr() for weight in self._model.parameters())
        key = (variants, room, addresses, switches(self._model))
        if key != self._key:
            self._graph = None
            self._ids = torch.zeros(variants, 1, dtype=torch.long, device=self.device)
            self._set_aside(read, variants, room)
            if self.device.type == "cuda":
                self._capture()
            self._key = key
        self._take(read, prompt.shape[1])
        return logits.expand(variants, -1)

    def step(self, ids: Tensor) -> Tensor:
        self._ids.copy_(ids[:, None])
        if self._graph is None:
            return self._forward()
        self._graph.replay()
        self._replayed()
        return self._logits

    def _capture(self) -> None:
        side = torch.cuda.Stream(self.device)
        side.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                self._rewind()
                self._forward()
        torch.cuda.current_stream(self.device).wait_stream(side)
        self._rewind()
        graph = torch.cuda.CUDAGraph()
        # thread_local: another thread that asks the driver something must not break the capture.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self._logits = self._forward()
        self._graph = graph

    @abstractmethod
    def _read(self, prompt: Tensor) -> tuple[Any, Tensor]:
        """Read `prompt (1, time)` the plain way; its cache, and the logits `(1, vocab)` after it."""

    @abstractmethod
    def _set_aside(self, read: Any, variants: int, room: int) -> None:
        """Allocate everything a step touches, in the shapes of `read`'s cache."""

    @abstractmethod
    def _take(self, read: Any, length: int) -> None:
        """Copy the prompt's cache of `length` tokens into every row."""

    @abstractmethod
    def _forward(self) -> Tensor:
        """One step from `_ids`, moving all counters on the device; logits `(variants, vocab)`."""

    @abstractmethod
    def _rewind(self) -> None:
        """Set all counters to an empty cache."""

    def _replayed(self) -> None:
        """Move the counters that live on the host after a replay; there may be none."""
        return

    def _bounded(self, room: int) -> int:
        return room


class StaticDecoderRunner(StaticRunner):
    """Our decoder over a static `KVCache`."""

    def _bounded(self, room: int) -> int:
        return min(room, self._model.settings.context)

    def _read(self, prompt: Tensor) -> tuple[Any, Tensor]:
        cache = self._model.new_cache(1, prompt.shape[1])
        hidden = self._model.hidden(prompt, cache=cache)[:, -1]
        return cache, self._model.logits(hidden)

    def _set_aside(self, read: Any, variants: int, room: int) -> None:
        self._cache = self._model.new_cache(variants, room, dtype=read.keys.dtype, static=True)

    def _take(self, read: Any, length: int) -> None:
        self._cache.keys[:, :, :, :length].copy_(read.keys[:, :, :, :length])
        self._cache.values[:, :, :, :length].copy_(read.values[:, :, :, :length])
        self._move(length)

    def _forward(self) -> Tensor:
        return self._model(self._ids, cache=self._cache)[:, -1]

    def _rewind(self) -> None:
        self._move(0)

    def _replayed(self) -> None:
        self._cache.note(1)

    def _move(self, length: int) -> None:
        assert self._cache.lengths is not None
        self._cache.lengths.fill_(length)
        self._cache.length = length


class StaticTransformersRunner(StaticRunner):
    """A causal model of `transformers` over its `StaticCache`, with place and mask kept on the device by us."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._cache_name = cache_name(model) or CACHE_NAMES[0]

    def _read(self, prompt: Tensor) -> tuple[Any, Tensor]:
        from transformers import DynamicCache

        cache = DynamicCache(config=self._model.config)
        logits = self._model(input_ids=prompt, **{self._cache_name: cache}, use_cache=True).logits[:, -1]
        return cache, logits

    def _set_aside(self, read: Any, variants: int, room: int) -> None:
        from transformers import StaticCache

        self._cache: Any = StaticCache(config=self._model.config, max_cache_len=room)
        for kept, layer in zip(self._cache.layers, read.layers, strict=True):
            kept.lazy_initialization(layer.keys.expand(variants, -1, -1, -1), layer.values.expand(variants, -1, -1, -1))
        self._place = torch.zeros(1, 1, dtype=torch.long, device=self.device)
        self._places = torch.arange(room, device=self.device)
        self._mask = torch.zeros(variants, 1, 1, room, dtype=self._model.dtype, device=self.device)

    def _take(self, read: Any, length: int) -> None:
        for kept, layer in zip(self._cache.layers, read.layers, strict=True):
            kept.keys[:, :, :length].copy_(layer.keys)
            kept.values[:, :, :length].copy_(layer.values)
        self._move(length)

    def _forward(self) -> Tensor:
        hidden = torch.finfo(self._mask.dtype).min
        self._mask.copy_(torch.where(self._places <= self._place, 0.0, hidden).expand_as(self._mask))
        output = self._model(
            input_ids=self._ids,
            position_ids=self._place.expand(self._ids.shape[0], -1),
            attention_mask=self._mask,
            **{self._cache_name: self._cache},
            use_cache=True,
        )
        self._place.add_(1)
        return output.logits[:, -1]

    def _rewind(self) -> None:
        self._move(0)

    def _move(self, length: int) -> None:
        self._place.fill_(length)
        for layer in self._cache.layers:
            layer.cumulative_length.fill_(length)


def decoder_runner(decoder: Decoder) -> StaticRunner:
    """The decoder's runner with its captured steps, made at the first call and kept with it."""
    return _kept(decoder, StaticDecoderRunner)


def transformers_runner(model: Any) -> StaticRunner:
    """The same for a model that `can_capture`."""
    return _kept(model, StaticTransformersRunner)


def can_capture(model: Any) -> bool:
    """Whether a step of this `transformers` model is a fixed sequence of kernels: a library model with plain
    attention over a cache that neither slides nor routes tokens among experts."""
    from transformers import StaticCache
    from transformers.cache_utils import StaticLayer

    config = model.config
    if not type(model).__module__.startswith("transformers.models."):
        return False
    if is_quantised(model):
        return False
    if getattr(config, "_attn_implementation", "") not in ("sdpa", "eager"):
        return False
    if any(getattr(config, name, None) for name in ("num_experts", "num_local_experts", "n_routed_experts")):
        return False
    reads = inspect.signature(model.forward).parameters
    if not {"position_ids", "attention_mask"} <= set(reads) or cache_name(model) not in CACHE_NAMES[:2]:
        return False
    return all(type(layer) is StaticLayer for layer in StaticCache(config=config, max_cache_len=ROOM_STEP).layers)


def cache_name(model: Any) -> str | None:
    """The argument that takes a cache; None for a model that knows none, which is then read anew at each step."""
    known = inspect.signature(model.forward).parameters
    return next((name for name in CACHE_NAMES if name in known), None)


def _kept(model: Any, kind: type[StaticRunner]) -> StaticRunner:
    runner = _runners.get(model)
    if runner is None or runner.device != next(model.parameters()).device:
        runner = _runners[model] = kind(model)
    return runner
