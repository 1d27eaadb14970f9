"""The optimizers and schedules a person can choose; a part of `core.bricks`."""

from __future__ import annotations

from core.brick import Brick, Option, Table

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
        {"lr": 6e-4, "weight_decay": 0.2},
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
        {"lr": 0.05, "weight_decay": 0.0},
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
        {"lr": 1.5e-3, "weight_decay": 0.2},
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
