"""One way to run any model in the decode loop: read the prompt once, then one token per row and step.

`runner_for(model)` is the one place that knows the kinds of model there are: our `Decoder` (bare or inside
`DecoderForCausalLM`) and the causal language models of `transformers`; on CUDA each has a captured form in `graphs`.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from core.adapters import is_adapted
from core.errors import OgiveError
from core.generation import graphs, packing
from core.models.decoder import Decoder
from core.models.quantised import is_quantised


class Runner(Protocol):
    """What the decode loop asks of a model."""

    device: torch.device

    def prefill(self, prompt: Tensor, variants: int, room: int) -> Tensor:
        """Read `prompt (1, time)` once, keep its cache for `variants` rows with room for `room` tokens in all;
        logits `(variants, vocab)` of the next token."""
        ...

    def step(self, ids: Tensor) -> Tensor:
        """Read one more token per row, `ids (variants,)`; logits `(variants, vocab)` of the next."""
        ...


class DecoderRunner:
    """Our decoder with its cache set aside once; on the CPU, steps use weights laid out for few rows."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._stepping = decoder
        self.device = decoder.device

    def prefill(self, prompt: Tensor, variants: int, room: int) -> Tensor:
        cache = self._decoder.new_cache(1, room)
        hidden = self._decoder.hidden(prompt, cache=cache)[:, -1]
        self._cache = cache.expand(variants) if variants > 1 else cache
        self._stepping = packing.packed(self._decoder, variants, room - prompt.shape[1])
        return self._decoder.logits(hidden).expand(variants, -1)

    def step(self, ids: Tensor) -> Tensor:
        return self._stepping(ids[:, None], cache=self._cache)[:, -1]


class TransformersRunner:
    """A causal model of `transformers` with the cache of its own choosing; without any cache it reads all again."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._stepping = model
        self._cache: Any = None
        self._cache_name = graphs.cache_name(model)
        self._read: Tensor | None = None
        self.device = next(model.parameters()).device

    def prefill(self, prompt: Tensor, variants: int, room: int) -> Tensor:
        from transformers import DynamicCache

        if self._cache_name:
            self._cache = DynamicCache(config=self._model.config)
            repeatable = all(hasattr(layer, "batch_repeat_interleave") for layer in self._cache.layers)
            logits = self._logits(self._model, prompt if repeatable else prompt.expand(variants, -1))
            if repeatable and variants > 1:
                self._cache.batch_repeat_interleave(variants)
        else:
            logits = self._logits(self._model, prompt)
            self._read = prompt.expand(variants, -1)
        self._stepping = packing.packed(self._model, variants, room - prompt.shape[1])
        return logits.expand(variants, -1)

    def step(self, ids: Tensor) -> Tensor:
        if self._read is not None:
            self._read = torch.cat((self._read, ids[:, None]), dim=1)
            return self._logits(self._stepping, self._read)
        return self._logits(self._stepping, ids[:, None])

    def _logits(self, model: Any, ids: Tensor) -> Tensor:
        cached = {self._cache_name: self._cache, "use_cache": True} if self._cache_name else {}
        return model(input_ids=ids, **cached).logits[:, -1]


def runner_for(model: Any) -> Runner:
    """The runner for a model, by its kind and its device. Adapter layers stand inside the model that peft wraps, so it
    is that which runs."""
    model = model.get_base_model() if is_adapted(model) else model
    inner = decoder_of(model)
    if inner is not None:
        # Experts are not captured: their grouped product may ask the host how long each stretch is.
        captured = inner.device.type == "cuda" and not is_quantised(inner) and not inner.settings.routed
        return graphs.decoder_runner(inner) if captured else DecoderRunner(inner)
    config = getattr(model, "config", None)
    if config is None or not hasattr(model, "generate"):
        raise OgiveError(f"{type(model).__name__} is not a language model that can write text.")
    if getattr(config, "is_encoder_decoder", False):
        raise OgiveError(
            f"{type(model).__name__} is an encoder-decoder; only decoder-only models can be used.",
            "Choose a causal language model.",
        )
    if next(model.parameters()).device.type == "cuda" and graphs.can_capture(model):
        return graphs.transformers_runner(model)
    return TransformersRunner(model)


def decoder_of(model: nn.Module) -> Decoder | None:
    """The bare decoder of ours, if that is what `model` is or wraps."""
    if isinstance(model, Decoder):
        return model
    inner = getattr(model, "decoder", None)
    return inner if isinstance(inner, Decoder) else None
