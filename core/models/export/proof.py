"""Whether an exported folder gives the same numbers in plain transformers, asked in a process that has no Ogive.

The process runs isolated (`python -I`) and refuses to import `core` and `tui`, so what it loads is only what stands in
the folder. The tokenizer is compared too: the same ids for the same text.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.errors import OgiveError

if TYPE_CHECKING:
    from core.models.decoder import Decoder
    from core.tokenization.tokenizer import Tokenizer

LARGEST_GAP = 1e-4
TEXT = "Who keeps the mill?\n  The crow said 1,234 things: naïve ones, 'quoted' ones, and \u2014 none at all. 🌑"
SECONDS = 600
SCRIPT = """
import json, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("core", "tui"):
            raise ImportError(name)

sys.meta_path.insert(0, Refuse())
folder, ids, out, trust, text = sys.argv[1:6]
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, trust_remote_code=trust == "1").eval()
with torch.no_grad():
    logits = model(load_file(ids)["ids"]).logits
save_file({"logits": logits.contiguous()}, out)
told = {"class": type(model).__name__}
if text:
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust == "1")
    told["text_ids"] = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
print("PROOF " + json.dumps(told))
"""


@dataclass(frozen=True)
class Proof:
    """The class that loaded the folder, and the largest difference of a logit."""

    loaded_as: str
    gap: float


def prove(decoder: Decoder, tokenizer: Tokenizer | None, folder: Path, own_code: bool) -> Proof:
    """Load `folder` elsewhere and compare; OgiveError when it does not load or differs by more than LARGEST_GAP."""
    generator = torch.Generator().manual_seed(0)
    time = min(48, decoder.settings.context)
    ids = torch.randint(0, decoder.vocab_size, (2, time), generator=generator)
    before = decoder.dtype
    with torch.no_grad():
        wanted = decoder.float().eval()(ids.to(decoder.device)).cpu()
    decoder.to(before)
    with tempfile.TemporaryDirectory() as scratch:
        given, found = Path(scratch) / "ids.safetensors", Path(scratch) / "logits.safetensors"
        save_file({"ids": ids}, given)
        told = _ask(folder, given, found, own_code, TEXT if tokenizer is not None else "")
        logits: Tensor = load_file(found)["logits"]
    gap = float((logits[..., : decoder.vocab_size] - wanted).abs().max()) if logits.shape == wanted.shape else torch.inf
    if not gap <= LARGEST_GAP:
        raise OgiveError(
            f"The exported model differs from this one by {gap:g} in a logit, so nothing was exported.",
            "This is a defect of ours: please report the model's settings.",
        )
    if tokenizer is not None and told["text_ids"] != tokenizer.encode(TEXT):
        raise OgiveError(
            "The exported tokenizer gives other ids than this one, so nothing was exported.",
            "This is a defect of ours: please report the tokenizer's settings.",
        )
    return Proof(told["class"], gap)


def _ask(folder: Path, ids: Path, out: Path, own_code: bool, text: str) -> dict:
    command = [sys.executable, "-I", "-c", SCRIPT, str(folder), str(ids), str(out), "1" if own_code else "0", text]
    with tempfile.TemporaryDirectory() as modules:
        variables = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_MODULES_CACHE": modules, "CUDA_VISIBLE_DEVICES": ""}
        try:
            ran = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=variables,
                timeout=SECONDS,
                cwd=modules,
            )
        except subprocess.TimeoutExpired:
            raise OgiveError(f"Loading {folder} elsewhere took longer than {SECONDS} s.") from None
    line = next((line for line in ran.stdout.splitlines() if line.startswith("PROOF ")), None)
    if ran.returncode or line is None:
        last = ran.stderr.strip().splitlines()[-1:] or ["no output"]
        raise OgiveError(
            f"The exported folder does not load in plain transformers: {last[0]}",
            "Nothing was exported. This is a defect of ours.",
        )
    return json.loads(line.removeprefix("PROOF "))
