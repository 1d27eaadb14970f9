"""Every brick a person can choose, as data: a name, where its class lives, one line of help, its own options.

A new brick is one class in its room and one line here. Nothing is imported until `Brick.load()`, so settings, forms
and help can list and check choices without torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import OgiveError, nearest


@dataclass(frozen=True)
class Option:
    """One setting that belongs to a single brick; its type is the type of its default unless `kind` says otherwise."""

    default: Any
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    kind: type | None = None

    @property
    def value_type(self) -> type:
        return self.kind or type(self.default)

    def check(self, value: Any, where: str) -> Any:
        """`value` in this option's type and bounds, else a ValueError that says which rule it breaks."""
        if value is None and self.default is None:
            return None
        kind = self.value_type
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{where} must be {kind.__name__}, not {value!r}")
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f"{where} must be at least {self.minimum:g}, not {value:g}")
        if self.maximum is not None and value > self.maximum:
            raise ValueError(f"{where} must be at most {self.maximum:g}, not {value:g}")
        if self.choices and value not in self.choices:
            raise ValueError(f"{where} must be one of {', '.join(self.choices)}, not {value!r}")
        return value


@dataclass(frozen=True)
class Brick:
    """A name, `package.module:Class`, one line of help, the options only this brick has, and plain facts about it.

    Facts let sizes be counted without importing the class: a feed-forward's `gated` (its first matrix is twice as
    wide), a norm's `centred` (it has a bias where biases are on), a position scheme's `table` (one vector per place),
    an optimizer's `moments` and `hidden_moments` (numbers kept per weight, and per weight of hidden matrices) and
    `state_bytes` (of each, 4 when not given). `defaults` are values of fields beside the brick's own that suit it; a
    field left empty takes them.
    """

    name: str
    path: str
    help: str
    options: Mapping[str, Option] = field(default_factory=dict)
    facts: Mapping[str, int] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=dict)

    def load(self) -> Any:
        """Import and return the class or function."""
        module, _, attribute = self.path.partition(":")
        return getattr(importlib.import_module(module), attribute)


class Table(Mapping[str, Brick]):
    """The bricks of one kind, by name, in the order a person should meet them."""

    def __init__(self, title: str, *bricks: Brick) -> None:
        self.title = title
        self._bricks = {brick.name: brick for brick in bricks}

    def __getitem__(self, name: str) -> Brick:
        try:
            return self._bricks[name]
        except KeyError:
            raise OgiveError(f"There is no {self.title} named {name!r}.", nearest(name, self._bricks)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._bricks

    def __iter__(self) -> Iterator[str]:
        return iter(self._bricks)

    def __len__(self) -> int:
        return len(self._bricks)


POSITIONS = Table(
    "position scheme",
    Brick(
        "rope",
        "core.models.positions:RotaryPositions",
        "Rotates queries and keys by their place (RoFormer).",
        {
            "theta": Option(10000.0, "Base of the rotation wavelengths", minimum=1.0),
            "recency": Option(
                0.0, "What a token of distance costs in the first head's scores, half as much in each next", minimum=0.0
            ),
        },
    ),
    Brick(
        "learned",
        "core.models.positions:LearnedPositions",
        "One trained vector per place, as in GPT-2.",
        facts={"table": True},
    ),
)

NORMS = Table(
    "norm",
    Brick(
        "rmsnorm",
        "core.models.norms:RMSNorm",
        "Divides by the root mean square; no mean, no bias.",
        {"eps": Option(1e-6, "Added under the root", minimum=1e-12, maximum=1e-2)},
    ),
    Brick(
        "layernorm",
        "core.models.norms:LayerNorm",
        "Subtracts the mean and divides by the deviation, as in GPT-2.",
        {"eps": Option(1e-5, "Added under the root", minimum=1e-12, maximum=1e-2)},
        {"centred": True},
    ),
)

FEEDFORWARDS = Table(
    "feed-forward",
    Brick(
        "swiglu",
        "core.models.feedforward:SwiGLU",
        "Gated by SiLU: three matrices, the modern default.",
        facts={"gated": True},
    ),
    Brick(
        "gelu",
        "core.models.feedforward:GELU",
        "Two matrices with GELU between, as in GPT-2.",
        {"approximate": Option("none", "Exact GELU or its tanh form", choices=("none", "tanh"))},
    ),
    Brick("relu2", "core.models.feedforward:ReLUSquared", "Two matrices with squared ReLU between: cheap and strong."),
)

_ADAMW = {
    "beta1": Option(0.9, "Decay of the mean", minimum=0.0, maximum=0.9999),
    "beta2": Option(0.95, "Decay of the square", minimum=0.0, maximum=0.99999),
    "eps": Option(1e-8, "Added to the root", minimum=0.0),
}

OPTIMIZERS = Table(
    "optimizer",
    Brick(
        "adamw",
        "core.optim.adamw:AdamW",
        "Adam with decoupled weight decay, fused where torch can.",
        _ADAMW,
        {"moments": 2},
        {"lr": 1e-3, "weight_decay": 0.1},
    ),
    Brick(
        "muon",
        "core.optim.muon:Muon",
        "Orthogonalised momentum for hidden matrices, AdamW for the rest.",
        {
            "momentum": Option(0.95, "Decay of the momentum", minimum=0.0, maximum=0.999),
            "newton_schulz_steps": Option(5, "Iterations of the orthogonalisation", minimum=1, maximum=10),
            "adamw_lr": Option(
                None,
                "Peak learning rate of embeddings, head and norms (default: a tenth of lr)",
                minimum=0.0,
                kind=float,
            ),
            "beta1": Option(0.9, "AdamW: decay of the mean", minimum=0.0, maximum=0.9999),
            "beta2": Option(0.95, "AdamW: decay of the square", minimum=0.0, maximum=0.99999),
            "eps": Option(1e-8, "AdamW: added to the root", minimum=0.0),
        },
        {"moments": 2, "hidden_moments": 1},
        {"lr": 0.02, "weight_decay": 0.1},
    ),
    Brick(
        "lion",
        "core.optim.lion:Lion",
        "Steps by the sign of the momentum: half of AdamW's memory.",
        {
            "beta1": Option(0.9, "Share of the momentum in a step", minimum=0.0, maximum=0.9999),
            "beta2": Option(0.99, "Decay of the momentum", minimum=0.0, maximum=0.9999),
        },
        {"moments": 1},
        {"lr": 2e-4, "weight_decay": 0.5},
    ),
    Brick(
        "adafactor",
        "core.optim.adafactor:Adafactor",
        "Steps relative to the weights' size; almost no memory.",
        {
            "beta2_decay": Option(
                -0.8, "Power of the step at which old squares lose weight", minimum=-2.0, maximum=0.0
            ),
            "threshold": Option(1.0, "Largest root mean square of an update", minimum=1.0),
            "smallest": Option(1e-3, "Size a parameter is taken to have at least", minimum=0.0),
        },
        {"moments": 0},
        {"lr": 0.01, "weight_decay": 0.0},
    ),
    Brick(
        "sophia",
        "core.optim.sophia:Sophia",
        "Momentum over a running estimate of the curvature, clipped (Sophia-G).",
        {
            "beta1": Option(0.965, "Decay of the momentum", minimum=0.0, maximum=0.9999),
            "beta2": Option(0.99, "Decay of the curvature", minimum=0.0, maximum=0.9999),
            "rho": Option(0.04, "Weight of the curvature: larger clips fewer weights", minimum=1e-6),
            "every": Option(10, "Steps between two estimates of the curvature", "steps", minimum=1),
            "eps": Option(1e-15, "Least curvature", minimum=1e-30),
        },
        {"moments": 2},
        {"lr": 6e-4, "weight_decay": 0.2},
    ),
    Brick(
        "adamw-8bit",
        "core.optim.eightbit:AdamW8bit",
        "AdamW whose state takes a quarter of the memory (bitsandbytes).",
        _ADAMW,
        {"moments": 2, "state_bytes": 1},
        {"lr": 1e-3, "weight_decay": 0.1},
    ),
    Brick(
        "adamw-8bit-paged",
        "core.optim.eightbit:PagedAdamW8bit",
        "The same; its state moves to the host when the GPU is full.",
        _ADAMW,
        {"moments": 2, "state_bytes": 1},
        {"lr": 1e-3, "weight_decay": 0.1},
    ),
)

SCHEDULES = Table(
    "schedule",
    Brick(
        "cosine",
        "core.optim.schedules:cosine",
        "Warm-up, then half a cosine down to a floor.",
        {
            "warmup": Option(100, "Steps of linear warm-up", "steps", minimum=0),
            "floor": Option(0.1, "Last learning rate as a share of the peak", minimum=0.0, maximum=1.0),
        },
    ),
    Brick(
        "linear",
        "core.optim.schedules:linear",
        "Warm-up, then a straight line down to a floor.",
        {
            "warmup": Option(100, "Steps of linear warm-up", "steps", minimum=0),
            "floor": Option(0.0, "Last learning rate as a share of the peak", minimum=0.0, maximum=1.0),
        },
    ),
    Brick(
        "polynomial",
        "core.optim.schedules:polynomial",
        "Warm-up, then down to a floor by a power of the steps left.",
        {
            "warmup": Option(100, "Steps of linear warm-up", "steps", minimum=0),
            "power": Option(2.0, "1 is a straight line; more falls faster at first", minimum=0.1, maximum=10.0),
            "floor": Option(0.0, "Last learning rate as a share of the peak", minimum=0.0, maximum=1.0),
        },
    ),
    Brick(
        "wsd",
        "core.optim.schedules:warmup_stable_decay",
        "Warm-up, a flat stretch, then a straight line down.",
        {
            "warmup": Option(100, "Steps of linear warm-up", "steps", minimum=0),
            "decay": Option(0.3, "Share of all steps spent going down", minimum=0.0, maximum=1.0),
            "floor": Option(0.0, "Last learning rate as a share of the peak", minimum=0.0, maximum=1.0),
        },
    ),
    Brick(
        "constant",
        "core.optim.schedules:constant",
        "Warm-up, then the peak to the end.",
        {"warmup": Option(100, "Steps of linear warm-up", "steps", minimum=0)},
    ),
)

OBJECTIVES = Table(
    "objective",
    Brick("language", "core.training.objectives.language:Language", "Next-token cross-entropy on packed text."),
)

TOKENIZERS = Table(
    "tokenizer",
    Brick(
        "bpe",
        "core.tokenization.bpe:train",
        "Byte-level BPE trained on the data; lossless on any bytes.",
        {
            "vocab_size": Option(1024, "Entries, special tokens included", "tokens", minimum=264, maximum=1_000_000),
            "min_frequency": Option(2, "Pairs seen less often are not merged", minimum=1),
        },
    ),
    Brick("bytes", "core.tokenization.byte:build", "One token per byte; nothing to train."),
    Brick("characters", "core.tokenization.characters:train", "One token per distinct character of the data."),
    Brick(
        "pretrained",
        "core.tokenization.pretrained:load",
        "A tokenizer from a Hugging Face id or folder.",
        {"path": Option("", "Hugging Face id, or a folder")},
    ),
)

SOURCES = Table(
    "data source",
    Brick(
        "demo",
        "core.data.demo:DemoSource",
        "The built-in corpus: tales and talk in four voices.",
        {
            "documents": Option(20_000, "Tales and conversations to write", minimum=10),
            "seed": Option(1, "Another seed is another corpus", minimum=0),
            "part": Option("all", "Tales and talk, or one of them", choices=("all", "tales", "talk")),
        },
    ),
    Brick(
        "files",
        "core.data.files:FilesSource",
        "Text, Markdown or JSONL files, or folders of them.",
        {
            "path": Option("", "A file, a folder or a glob"),
            "column": Option("text", "JSONL: the field that holds the text (or `messages`)"),
            "documents": Option("auto", "What one document is", choices=("auto", "file", "line", "blank-line")),
        },
    ),
)

LOGGERS = Table(
    "logger",
    Brick(
        "tensorboard", "core.runs.loggers:TensorBoard", "Writes TensorBoard event files into the run (extra: loggers)."
    ),
    Brick("wandb", "core.runs.loggers:WeightsAndBiases", "Sends metrics to Weights & Biases (extra: loggers)."),
)
