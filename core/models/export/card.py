"""The README.md of an exported model: what it is, how to load it, where it comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.models.decoder import Decoder
    from core.models.export.proof import Proof
    from core.runs.info import RunInfo


def card(decoder: Decoder, name: str, architecture: str | None, proof: Proof, about: dict[str, Any]) -> str:
    """Markdown with the metadata block that the Hub reads. `about` is of `provenance`, or any JSON values."""
    settings = decoder.settings
    parameters = sum(weight.numel() for weight in decoder.parameters())
    trust = "" if architecture else ", trust_remote_code=True"
    code = (
        ""
        if architecture
        else "The folder carries the model's code, `modeling_ogive.py`; read it before trusting it.\n\n"
    )
    shape = {
        "parameters": f"{parameters:,}",
        "layers": settings.layers,
        "width": settings.hidden_size,
        "heads": f"{settings.heads} ({settings.kv_heads_resolved} for keys and values)",
        "context": f"{settings.context} tokens",
        "vocabulary": f"{decoder.vocab_size:,} tokens",
        "positions": settings.positions.name,
        "norm": settings.norm.name,
        "feed-forward": settings.feedforward.name,
        "stored as": str(decoder.dtype).removeprefix("torch."),
    }
    lines = [
        "---",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        "tags: [ogive]",
        "---",
        "",
        f"# {name}",
        "",
        f"A decoder of {parameters:,} parameters, grown with Ogive, as `{architecture or 'DecoderForCausalLM'}`.",
        "",
        "```python",
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "",
        f'model = AutoModelForCausalLM.from_pretrained("."{trust})',
        f'tokenizer = AutoTokenizer.from_pretrained("."{trust})',
        "```",
        "",
        code + f"Loaded without Ogive as `{proof.loaded_as}`, its logits differed by at most {proof.gap:.1e} in fp32.",
        "",
        "## Shape",
        "",
        "| | |",
        "|---|---|",
        *(f"| {key} | {value} |" for key, value in shape.items()),
    ]
    if about:
        lines += ["", "## Where it comes from", "", "```json", json.dumps(about, indent=2, ensure_ascii=False), "```"]
    return "\n".join([*lines, ""])


def provenance(run: RunInfo, step: int | None) -> dict[str, Any]:
    """What a card tells of the run a model comes from: enough to make it again, and no path of this machine."""
    settings, inputs = run.settings, run.inputs
    return {
        "run": run.id,
        "stage": run.stage,
        "step": step,
        "best": run.best,
        "parents": run.parents,
        "versions": run.versions,
        "git": run.git,
        "inputs": {"packed": inputs.get("packed"), "files": [_named(entry) for entry in inputs.get("files") or []]},
        "training": settings.get("training"),
    }


def _named(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "path": str(entry.get("path", "")).replace("\\", "/").rpartition("/")[2]}
