"""The decoder: embedding, blocks of attention and feed-forward, final norm, head. Pure torch, built from bricks."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from core.errors import OgiveError
from core.models import blank
from core.models import loss as losses
from core.models.attention import Attention, Sight
from core.models.cache import Cache, KVCache
from core.models.counting import CHUNK, CHUNK_ABOVE, PLAIN_UP_TO, padded
from core.models.positions import Place, Positions
from core.settings.model import ModelSettings

INIT_STD = 0.02
IGNORE = -100


def build_norm(settings: ModelSettings, size: int) -> nn.Module:
    """The chosen norm over `size` numbers."""
    return settings.norm.brick.load()(size, bias=settings.has_bias("norm"), **settings.norm.options)


class Block(nn.Module):
    """x + attention(norm(x)), then x + feedforward(norm(x))."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        s = settings

        def norm(size: int) -> nn.Module:
            return build_norm(s, size)

        self.attention_norm = norm(s.hidden_size)
        self.attention = Attention(
            s.hidden_size,
            s.heads,
            s.kv_heads_resolved,
            s.head_size_resolved,
            s.has_bias("qkv"),
            s.has_bias("out"),
            s.attention_dropout_resolved,
            norm if s.qk_norm else None,
        )
        self.feedforward_norm = norm(s.hidden_size)
        activation = s.feedforward.brick.load()(**s.feedforward.options)
        self.feedforward = s.experts.brick.load()(
            s.hidden_size, s.ffn_size_resolved, s.has_bias("ffn"), activation, **s.experts.options
        )
        self.dropout = s.dropout

    def forward(
        self, x: Tensor, positions: Positions, prepared: Any, sight: Sight, cache: Cache | None, layer: int
    ) -> tuple[Tensor, Tensor | None]:
        """The stream after this block, and what its router adds to the loss while training, if it has one."""
        mixed = self.attention(self.attention_norm(x), positions.rotate, prepared, sight, cache, layer)
        if self.dropout:
            mixed = F.dropout(mixed, self.dropout, self.training)
        x = x + mixed
        fed, penalty = self.feedforward(self.feedforward_norm(x))
        if self.dropout:
            fed = F.dropout(fed, self.dropout, self.training)
        return x + fed, penalty


class Decoder(nn.Module):
    """A decoder-only transformer over `vocab_size` tokens.

    The embedding has `padded(vocab_size)` rows; the padding never shows in logits or loss. Weights are drawn from
    torch's global generator, so `torch.manual_seed` fixes them. Built under `torch.device("meta")` it holds no memory
    until weights are assigned.
    """

    def __init__(self, settings: ModelSettings, vocab_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.vocab_size = vocab_size
        self.gradient_checkpointing = False
        s = settings
        self.embedding = blank.embedding(padded(vocab_size), s.hidden_size)
        self.positions: Positions = s.positions.brick.load()(
            s.hidden_size, s.head_size_resolved, s.heads, s.context, **s.positions.options
        )
        self.embedding_norm = build_norm(s, s.hidden_size) if s.embedding_norm else None
        self.blocks = nn.ModuleList(Block(s) for _ in range(s.layers))
        self.norm = build_norm(s, s.hidden_size)
        self.head = None if s.tied else blank.linear(s.hidden_size, padded(vocab_size), bias=False)
        if self.embedding.weight.device.type != "meta":
            self.reset()

    @torch.no_grad()
    def reset(self) -> None:
        """Draw all weights anew: normal, 0.02 wide; what writes to the residual is narrower by sqrt(2 layers)
        (GPT-2), or zero where `zero_init` is on; padding rows are zero."""
        narrow = INIT_STD / math.sqrt(2 * self.settings.layers)
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear | blank.Stack):
                writes = name.endswith(("attention.out", "feedforward.down"))
                if writes and self.settings.zero_init:
                    nn.init.zeros_(module.weight)
                else:
                    nn.init.normal_(module.weight, std=narrow if writes else INIT_STD)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=INIT_STD)
            elif module is not self and hasattr(module, "reset"):
                module.reset()
        self.embedding.weight[self.vocab_size :].zero_()
        if self.head is not None:
            self.head.weight[self.vocab_size :].zero_()

    @property
    def device(self) -> torch.device:
        return self.embedding.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.embedding.weight.dtype

    def new_cache(
        self, batch: int, length: int | None = None, *, dtype: torch.dtype | None = None, static: bool = False
    ) -> KVCache:
        """An empty cache for `batch` rows of up to `length` tokens (default: the context)."""
        s = self.settings
        return KVCache(
            s.layers,
            batch,
            s.kv_heads_resolved,
            min(length or s.context, s.context),
            s.head_size_resolved,
            dtype=dtype or self.dtype,
            device=self.device,
            static=static,
        )

    def forward(
        self, ids: Tensor, positions: Tensor | None = None, cache: Cache | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Logits `(batch, time, vocab_size)` of the token after each of `ids` `(batch, time)`; see `hidden`."""
        return self.logits(self.hidden(ids, positions, cache, mask))

    def hidden(
        self, ids: Tensor, positions: Tensor | None = None, cache: Cache | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """The stream after the last norm, `(batch, time, hidden_size)`, for ids or for vectors in their stead.

        `positions` `(batch, time)` are the tokens' places, by default those after what `cache` holds. `mask` is True
        where a key may be seen: `(batch, keys)` for padding, `(batch, time, keys)` for documents packed together; it
        is applied besides causality, and a token always sees itself.
        """
        return self.read(ids, positions, cache, mask)[0]

    def read(
        self, ids: Tensor, positions: Tensor | None = None, cache: Cache | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """As `hidden`, and what routers add to the loss per token while training, a scalar; None without any."""
        time = ids.shape[1]
        place: Place = slice(0, time)
        keys, visible = time, None
        if cache is not None:
            place, keys, visible = cache.begin(time)
        elif positions is None and time > self.settings.context:
            raise OgiveError(
                f"{time} tokens are more than the model's context of {self.settings.context}.", "Shorten the text."
            )
        sight = self._sight(place, positions, time, keys, visible, mask)
        x = ids if ids.is_floating_point() else self.embedding(ids)
        if positions is not None:
            place = positions
        if self.embedding_norm is not None:
            x = self.embedding_norm(x)
        x = self.positions.add(x, place)
        if self.settings.dropout:
            x = F.dropout(x, self.settings.dropout, self.training)
        prepared = self.positions.prepare(place, x)
        penalties = []
        for layer, block in enumerate(self.blocks):
            if self.gradient_checkpointing and self.training and cache is None:
                x, penalty = checkpoint(block, x, self.positions, prepared, sight, None, layer, use_reentrant=False)
            else:
                x, penalty = block(x, self.positions, prepared, sight, cache, layer)
            if penalty is not None:
                penalties.append(penalty)
        if cache is not None:
            cache.advance(time)
        return self.norm(x), torch.stack(penalties).mean() if penalties else None

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits `(..., vocab_size)` of the stream `(..., hidden_size)`."""
        weight = self._head_weight()
        if weight is None:
            assert self.head is not None
            return self.head(hidden)[..., : self.vocab_size]
        if hidden.is_cuda:  # Whole rows of 64 for the matrix units; the padding is cut off after.
            return F.linear(hidden, weight)[..., : self.vocab_size]
        return F.linear(hidden, weight[: self.vocab_size])

    def loss(self, ids: Tensor, labels: Tensor, ignore: int = IGNORE, **inputs: Any) -> tuple[Tensor, Tensor]:
        """Sum of nats (fp32) of `labels` `(batch, time)` (the tokens after `ids`), and how many were not `ignore`.

        While training, `z_loss` times the squared log-normaliser of each counted token is part of it (Chowdhery et al.
        2022, section 5), and so is, per counted token, what routers add; in evaluation it is the nats alone.
        """
        hidden, penalty = self.read(ids, **inputs)
        count = (labels != ignore).sum()
        total = self._nats(hidden, labels, ignore, self.settings.z_loss if self.training else 0.0)
        return total if penalty is None else total + penalty * count, count

    def drawn_loss(self, ids: Tensor, labels: Tensor, ignore: int = IGNORE, **inputs: Any) -> tuple[Tensor, Tensor]:
        """The nats alone, as `loss` sums them, of labels that the model itself draws in place of those that count: its
        gradient is what Gauss-Newton-Bartlett estimates of the curvature are made of."""
        hidden = self.hidden(ids, **inputs)
        with torch.no_grad():  # In parts that hold no more logits than a chunk of the loss does.
            rows = max(1, CHUNK // self.embedding.weight.shape[0])
            parts = zip(hidden.flatten(0, 1).split(rows), labels.flatten().split(rows), strict=True)
            drawn = torch.cat([losses.draw(self.logits(part), given, ignore) for part, given in parts])
        return self._nats(hidden, drawn.view_as(labels), ignore, 0.0), (labels != ignore).sum()

    def _nats(self, hidden: Tensor, labels: Tensor, ignore: int, z_loss: float) -> Tensor:
        counted = labels != ignore
        if hidden.device.type == "cpu" and not torch.compiler.is_compiling() and int(counted.sum()) < labels.numel():
            hidden, labels = hidden[counted], labels[counted]  # No logits for what is not asked.
        weight = self._head_weight()
        if hidden.is_cuda and weight is not None and labels.numel() * weight.shape[0] > CHUNK_ABOVE:
            flat = hidden.reshape(-1, hidden.shape[-1])
            return losses.chunked_cross_entropy(
                flat, weight, labels.reshape(-1), ignore, self.vocab_size, z_loss=z_loss
            )
        return losses.cross_entropy(self.logits(hidden), labels, ignore, z_loss)

    def _head_weight(self) -> Tensor | None:
        """The head as a bare matrix `(padded, hidden_size)`, or None when an adapter or quantiser stands around it."""
        if self.head is None:
            return self.embedding.weight
        return self.head.weight if type(self.head) is nn.Linear else None

    def _sight(
        self, place: Place, positions: Tensor | None, time: int, keys: int, visible: Tensor | None, mask: Tensor | None
    ) -> Sight:
        """Causality, the cache's and the caller's masks and the position scheme's bias as one thing for all layers."""
        like = self.embedding.weight
        device, dtype = like.device, _compute_dtype(like)
        window = self.settings.window or keys
        begin = max(0, place.start + 1 - window) if isinstance(place, slice) else 0
        near = keys - begin <= window
        plain = device.type == "cpu" and 1 < time <= keys - begin <= PLAIN_UP_TO
        queries: Place = place if positions is None else positions
        bias = self.positions.bias(
            queries, slice(begin, keys) if positions is None or keys != time else positions, like
        )
        if visible is None and mask is None and bias is None and near and (time == 1 or (time == keys and not plain)):
            return Sight(causal=time > 1, mask=None, plain=plain, begin=begin)
        seen = _causal(time, keys, device) if visible is None else visible
        if not near:
            seen = seen & _within(window, place, keys, device)
        seen = seen[..., begin:]
        if mask is not None:
            own = torch.arange(begin, keys, device=device) == _counted(place, device).unsqueeze(-1)
            seen = seen & (mask[:, None, :] if mask.dim() == 2 else mask)[..., begin:].bool() | own
        seen = seen.unsqueeze(-3)
        added = torch.zeros(seen.shape, dtype=dtype, device=device).masked_fill_(~seen, float("-inf"))
        return Sight(False, added if bias is None else added + bias.to(dtype), plain, begin)


def _causal(time: int, keys: int, device: torch.device) -> Tensor:
    """True where the last `time` of `keys` tokens may look, `(1, time, keys)`."""
    return torch.ones(1, time, keys, dtype=torch.bool, device=device).tril(keys - time)


def _counted(place: Place, device: torch.device) -> Tensor:
    """A place as numbers, `(time,)` or `(batch, time)`."""
    return place if isinstance(place, Tensor) else torch.arange(place.start, place.stop, device=device)


def _within(window: int, place: Place, keys: int, device: torch.device) -> Tensor:
    """True where a key is one of the last `window` that its query may see, `(batch or nothing, time, keys)`."""
    return torch.arange(keys, device=device) > _counted(place, device).unsqueeze(-1) - window


def _compute_dtype(weight: Tensor) -> torch.dtype:
    device = weight.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
