"""Another family's checkpoint, made a model of ours: the same logits, and all that works on ours works on it."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.errors import OgiveError
from core.files import os_failure, sync_folder
from core.models.folder import save_model
from core.models.loading import import_decoder
from core.tokenization import tokenizer as tokenizers


def import_model(source: Path, out: Path) -> int:
    """Read the Llama, Qwen, GPT-2, ... checkpoint in `source` and write it as our model to `out`, which must not be
    there yet; the number of its parameters. See `native.FAMILIES` for what can be read."""
    if out.exists():
        raise OgiveError(f"{out} is already there.", "Give another name.")
    decoder = import_decoder(source)
    tokenizer = tokenizers.load(source)
    beside = out.with_name(f".{out.name}.importing")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        save_model(decoder, tokenizer, beside)
        beside.rename(out)
        sync_folder(out.parent)
    except OSError as error:
        raise os_failure("write", out, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return sum(weight.numel() for weight in decoder.parameters())
