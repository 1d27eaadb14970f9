"""Model FLOPs utilisation: the arithmetic that training needs, as a share of what the device can do at best."""

from __future__ import annotations

from core.errors import OgiveError
from core.models.counting import count
from core.runs.info import RunInfo
from core.settings.load import validate
from core.settings.run import RunSettings

# Dense bf16 (fp16 for what has no bf16) peak in TFLOP/s, as the makers' data sheets give it; longer names first.
PEAKS: tuple[tuple[str, float], ...] = (
    ("B200", 2250.0),
    ("GH200", 989.0),
    ("H200", 989.0),
    ("H100 PCIe", 756.0),
    ("H100 NVL", 835.0),
    ("H100", 989.0),
    ("A100", 312.0),
    ("L40S", 362.0),
    ("L4", 121.0),
    ("A10G", 70.0),
    ("A10", 125.0),
    ("A40", 150.0),
    ("RTX 5090", 210.0),
    ("RTX 4090", 165.0),
    ("RTX 3090", 71.0),
    ("RTX A6000", 155.0),
    ("V100", 125.0),
    ("T4", 65.0),
)


def device_name(text: str) -> str:
    """A device's short name from what run.json says: `NVIDIA H200, 139 GiB` -> `H200`, a processor -> `CPU`."""
    head, *rest = [part.strip() for part in text.split(",")]
    if any("Apple GPU" in part for part in rest):
        return "Apple GPU"
    if not head or head.lower().startswith("cpu") or any(" core" in part for part in rest):
        return "CPU" if head else ""
    for word in ("NVIDIA ", "GeForce ", "AMD ", "Tesla "):
        head = head.replace(word, "")
    return head[:20]


def training_flops(info: RunInfo) -> int | None:
    """Operations per token trained on, from the run's settings and its number of parameters; None when not known."""
    if not info.parameters:
        return None
    try:
        settings = validate(RunSettings, info.settings)
    except OgiveError:
        return None
    model, context = settings.model, settings.training.context
    # The parameters tell the vocabulary: each entry is a row of the embedding, and of a head that is not tied.
    row = model.hidden_size * (1 if model.tied else 2)
    per_row = count(model, 128, context).parameters - count(model, 64, context).parameters
    fixed = count(model, 64, context).parameters - per_row
    vocabulary = max(64, (info.parameters - fixed) // max(1, per_row // 64 if per_row else row))
    return count(model, vocabulary, context).training_flops


def mfu(info: RunInfo, flops: int | None, tokens_per_s: float | None) -> str:
    """`41 %`, or `n/a` and why."""
    device = device_name(info.device)
    if device in ("CPU", "Apple GPU", ""):
        return f"n/a on {device or 'this device'}"
    chosen = info.choices.get("precision")
    precision = chosen.get("chosen") if isinstance(chosen, dict) else None
    if precision == "fp32":
        return "n/a in fp32"
    peak = next((value for name, value in PEAKS if name in device), None)
    if peak is None:
        return "n/a, peak unknown"
    if flops is None or not tokens_per_s:
        return "n/a yet"
    return f"{100 * flops * tokens_per_s / (peak * 1e12):.1f} %"
