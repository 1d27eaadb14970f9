"""Merge an adapter into the model it stands on, in fp32, and prove it: the same prompts through both."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from core.adapters import merged
from core.errors import OgiveError
from core.files import os_failure, sha256, write_json
from core.models.adapted import load_adapted
from core.models.base import base_of
from core.models.decoder import Decoder
from core.models.folder import save_model
from core.models.loading import LoadedModel, load
from core.models.names import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from core.tokenization.tokenizer import Tokenizer

RECORD = "merge.json"
PROMPTS = (
    "Who keeps the mill?",
    "Once upon a time",
    "The quick brown fox jumps over the lazy dog.",
    "1, 2, 3, 4, 5, 6, 7, 8",
)


@dataclass(frozen=True)
class MergeReport:
    """Where the merged model is, and how far its logits are from those of base and adapter on the same prompts.

    `gap` is the largest difference of any logit, `largest` the largest logit it is to be seen against, `same_choice`
    the share of places at which both find the same token likeliest.
    """

    folder: str
    adapter: str
    base: str
    gap: float
    largest: float
    same_choice: float
    tokens: int
    parameters: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def merge(
    adapter: str | Path,
    out: str | Path,
    *,
    base: str | Path | None = None,
    device: str | torch.device = "cpu",
    prompts: Sequence[str] = PROMPTS,
    trust_remote_code: bool = False,
) -> MergeReport:
    """Write the adapter in folder `adapter`, added into its base (or into `base`), as a whole model to `out`.

    The base is loaded unquantised in fp32, whatever it was trained in. The written folder itself is loaded again and
    compared, so a report means that the files are right. Raises OgiveError when `out` is there already, or the adapter
    or its base is missing; nothing half-written stays.
    """
    begun = time.perf_counter()
    adapter, out = Path(adapter), Path(out).expanduser()
    if not (adapter / ADAPTER_CONFIG).is_file():
        raise OgiveError(f"{adapter} is not an adapter: it has no {ADAPTER_CONFIG}.", "A whole model needs no merge.")
    if out.exists():
        raise OgiveError(f"{out} is there already.", "Choose another folder for the merged model.")
    loaded = load_adapted(adapter, torch.device(device), torch.float32, trust_remote_code, base)
    rows = _rows(loaded.tokenizer, prompts, loaded.context)
    before = _logits(loaded.model, rows)
    plain = merged(loaded.model, keep=False)
    beside = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(plain, loaded.tokenizer, beside)
        after = _logits(load(beside, device, torch.float32, trust_remote_code).model, rows)
        report = _report(loaded, adapter, out, base, before, after, time.perf_counter() - begun)
        write_json(beside / RECORD, {**report.as_json(), "adapter_sha256": sha256(adapter / ADAPTER_WEIGHTS)})
        beside.rename(out)
    except OSError as error:
        raise os_failure("write", out, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return report


def _write(model: Any, tokenizer: Tokenizer, folder: Path) -> None:
    if isinstance(model, Decoder):
        save_model(model, tokenizer, folder)
        return
    model.save_pretrained(folder)
    tokenizer.save(folder)


def _rows(tokenizer: Tokenizer, prompts: Sequence[str], context: int) -> list[list[int]]:
    """The prompts as tokens: as messages where the tokenizer holds conversations, and as text."""
    rows = [tokenizer.encode(prompt) for prompt in prompts]
    if tokenizer.has_chat_template:
        rows += [tokenizer.render([{"role": "user", "content": prompt}], True) for prompt in prompts]
    return [row[:context] for row in rows if row]


@torch.no_grad()
def _logits(model: Any, rows: list[list[int]]) -> list[torch.Tensor]:
    model.eval()
    device = next(model.parameters()).device
    found = []
    for row in rows:
        given = model(torch.tensor([row], device=device))
        found.append((given if isinstance(given, torch.Tensor) else given.logits)[0].float().cpu())
    return found


def _report(
    loaded: LoadedModel,
    adapter: Path,
    out: Path,
    base: str | Path | None,
    before: list[torch.Tensor],
    after: list[torch.Tensor],
    seconds: float,
) -> MergeReport:
    first, second = torch.cat(before), torch.cat(after)
    return MergeReport(
        folder=str(out),
        adapter=str(adapter),
        base=str(base or base_of(adapter).path),
        gap=float((first - second).abs().max()),
        largest=float(first.abs().max()),
        same_choice=float((first.argmax(-1) == second.argmax(-1)).float().mean()),
        tokens=len(first),
        parameters=loaded.parameters,
        seconds=round(seconds, 3),
    )
