"""The decoder as real transformers classes, so that `from_pretrained`, `generate`, PEFT and quantisers work on it.

Importing this module registers them with the Auto classes. It costs the import of transformers (seconds), so only what
needs a foreign model or a feature of transformers imports it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.cache_utils import Cache, DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast

from core.models import loss as losses
from core.models.decoder import IGNORE, Decoder
from core.models.folder import common_names
from core.models.names import MODEL_TYPE
from core.models.positions import Place
from core.settings.model import ModelSettings


class DecoderConfig(PreTrainedConfig):
    """Our settings whole in `model`; the usual names (`hidden_size`, ...) are derived from them."""

    model_type = MODEL_TYPE
    keys_to_ignore_at_inference = ["cache"]

    def __init__(
        self,
        model: dict[str, Any] | ModelSettings | None = None,
        vocab_size: int = 512,
        use_cache: bool = True,
        **others: Any,
    ) -> None:
        settings = model if isinstance(model, ModelSettings) else ModelSettings.model_validate(model or {})
        self.model = settings.model_dump()
        self.vocab_size = vocab_size
        self.use_cache = use_cache
        derived = common_names(settings)
        for name, value in derived.items():
            setattr(self, name, value)
        super().__init__(**{name: value for name, value in others.items() if name not in derived} | _tied(derived))

    @property
    def settings(self) -> ModelSettings:
        return ModelSettings.model_validate(self.model)


def _tied(derived: dict[str, Any]) -> dict[str, Any]:
    return {"tie_word_embeddings": derived["tie_word_embeddings"]}


class _ForeignCache:
    """One of transformers' caches as our decoder wants it."""

    def __init__(self, cache: Cache, device: torch.device) -> None:
        self.cache = cache
        self.device = device

    def begin(self, time: int) -> tuple[Place, int, Tensor | None]:
        past = self.cache.get_seq_length()
        keys, _ = self.cache.get_mask_sizes(time, 0)
        if not isinstance(past, Tensor) and keys == past + time:
            return slice(past, keys), keys, None
        place = (past + torch.arange(time, device=self.device))[None]  # A static cache: all its room, masked.
        return place, keys, torch.arange(keys, device=self.device) <= place[..., None]

    def update(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        return self.cache.update(keys, values, layer)

    def advance(self, time: int) -> None:
        """transformers' caches count by themselves."""


class DecoderForCausalLM(PreTrainedModel, GenerationMixin):
    """`Decoder` behind the interface of transformers. A tied head is the embedding itself, so nothing is to be tied."""

    config_class = DecoderConfig
    base_model_prefix = "decoder"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _no_split_modules = ["Block"]
    _tied_weights_keys = {}

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__(config)
        self.decoder = Decoder(config.settings, config.vocab_size)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if module is self.decoder:
            module.reset()

    def get_input_embeddings(self) -> nn.Module:
        return self.decoder.embedding

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.decoder.add_module("embedding", value)

    def get_output_embeddings(self) -> nn.Module | None:
        return self.decoder.head

    def set_output_embeddings(self, new_embeddings: nn.Module) -> None:
        self.decoder.add_module("head", new_embeddings)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """As every causal LM of transformers; `logits_to_keep` is a number of last places, or the places."""
        given = input_ids if inputs_embeds is None else inputs_embeds
        if given is None:
            raise ValueError("Give input_ids or inputs_embeds.")
        use_cache = self.config.use_cache if use_cache is None else use_cache
        if use_cache and cache is None and not self.training:
            cache = DynamicCache(config=self.config)
        kept = None if cache is None else _ForeignCache(cache, given.device)
        hidden, penalty = self.decoder.read(given, position_ids, kept, _allowed(attention_mask, given, cache))
        keep = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.decoder.logits(hidden[:, keep])
        loss = None
        if labels is not None:
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.config.vocab_size, **kwargs)
            loss = loss + self._penalties(logits, labels, penalty)
        return CausalLMOutputWithPast(loss=loss, logits=logits, cache=cache)

    def _penalties(self, logits: Tensor, labels: Tensor, routers: Tensor | None) -> Tensor | float:
        """What is added to the mean loss while training: the z-loss of the logits, and what routers ask for."""
        weight = self.decoder.settings.z_loss
        added: Tensor | float = 0.0 if routers is None else routers
        if weight and self.training:
            flat, after = logits[:, :-1].float().flatten(0, 1), labels[:, 1:].flatten()
            total = losses.normalisers(flat, after, IGNORE)
            added = added + weight * total / (after != IGNORE).sum().clamp(min=1)
        return added


def _allowed(mask: Tensor | None, given: Tensor, cache: Cache | None) -> Tensor | None:
    """transformers' attention mask as ours: `(batch, keys)` or `(batch, time, keys)`, True where a key may be seen."""
    if mask is None:
        return None
    if mask.dim() == 4:
        mask = mask[:, 0]
        return mask if mask.dtype == torch.bool else mask == 0
    if bool(mask.all()):
        return None
    keys = given.shape[1] if cache is None else cache.get_mask_sizes(given.shape[1], 0)[0]
    return nn.functional.pad(mask, (0, keys - mask.shape[1])).bool()


def enclose(decoder: Decoder) -> DecoderForCausalLM:
    """`decoder` itself inside the class of transformers: the same weights, nothing copied."""
    with torch.device("meta"):
        model = DecoderForCausalLM(DecoderConfig(decoder.settings, decoder.vocab_size))
    model.decoder = decoder
    return model.train(decoder.training)


AutoConfig.register(MODEL_TYPE, DecoderConfig, exist_ok=True)
AutoModelForCausalLM.register(DecoderConfig, DecoderForCausalLM, exist_ok=True)
