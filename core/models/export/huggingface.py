"""A model of ours as a folder that plain transformers loads: another family's where the bricks are its own, else ours.

The folder is made beside its place, proved there in a process without Ogive, and renamed.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetensors.torch import save_file

from core.errors import OgiveError
from core.files import os_failure, sync_folder, write_atomic, write_json
from core.models import native
from core.models.adapted import ADAPTER_CONFIG
from core.models.decoder import Decoder
from core.models.export import bundle
from core.models.export.card import card
from core.models.export.proof import Proof, prove
from core.models.folder import load_decoder, read_config, special_ids, write_weights
from core.models.names import CONFIG, MODEL_TYPE, WEIGHTS
from core.tokenization.tokenizer import Tokenizer
from core.tokenization.tokenizer import load as load_tokenizer

Form = Literal["auto", "native", "code"]


@dataclass(frozen=True)
class Exported:
    """What was written: `family` is None for a folder that carries its own code."""

    folder: Path
    family: str | None
    why: str
    proof: Proof
    parameters: int

    def as_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "family": self.family,
            "why": self.why,
            "loaded_as": self.proof.loaded_as,
            "largest_logit_gap": self.proof.gap,
            "parameters": self.parameters,
        }


def read_own(folder: Path) -> tuple[Decoder, Tokenizer | None]:
    """A model of ours to be exported, as stored; OgiveError for an adapter or a foreign one."""
    if (folder / ADAPTER_CONFIG).is_file():
        raise OgiveError(f"{folder} is an adapter, not a whole model.", "Merge it first: ogive merge ADAPTER --out DIR")
    kind = read_config(folder).get("model_type")
    if kind != MODEL_TYPE:
        raise OgiveError(
            f"{folder} is a {kind} model already in the format of transformers.", "It can be used as it is."
        )
    tokenizer = load_tokenizer(folder) if (folder / "tokenizer.json").is_file() else None
    return load_decoder(folder), tokenizer


def export(source: Path, out: Path, form: Form = "auto", about: dict[str, Any] | None = None) -> Exported:
    """Write the model in `source` to the folder `out`, which must not be there yet.

    `form` native asks for another family's format and is refused, with the reason, where no family is the same; code
    asks for our own modelling file; auto takes native where it can. `about` goes into the model card.
    """
    if out.exists():
        raise OgiveError(f"{out} is already there.", "Give a folder that does not exist yet.")
    decoder, tokenizer = read_own(source)
    family, why = choose(decoder, form)
    beside = out.with_name(f".{out.name}.exporting")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        _write(decoder, tokenizer, beside, family)
        proof = prove(decoder, tokenizer, beside, family is None)
        text = card(decoder, out.name, None if family is None else family.architecture, proof, about or {})
        write_atomic(beside / "README.md", text)
        beside.rename(out)
        sync_folder(out.parent)
    except OSError as error:
        raise os_failure("write", out, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    parameters = sum(weight.numel() for weight in decoder.parameters())
    return Exported(out, None if family is None else family.model_type, why, proof, parameters)


def choose(decoder: Decoder, form: Form) -> tuple[native.Family | None, str]:
    """The family to export as, and why; None for our own code."""
    if form == "code":
        return None, "asked for"
    families = native.families_of(decoder.settings)
    if families:
        return families[0], f"the bricks are exactly those of {families[0].architecture}"
    nearest = min(native.FAMILIES.values(), key=lambda each: len(each.unlike(decoder.settings)))
    why = f"no family has these bricks (for {nearest.architecture}, {nearest.unlike(decoder.settings)})"
    if form == "native":
        raise OgiveError(f"This model is no other family's: {why}.", "Leave --form out: it then carries its own code.")
    return None, why


def _write(decoder: Decoder, tokenizer: Tokenizer | None, folder: Path, family: native.Family | None) -> None:
    ids = special_ids(tokenizer)
    if family is None:
        write_weights(decoder.state_dict(), folder / WEIGHTS)
        write_json(folder / CONFIG, bundle.config(decoder, ids))
        write_atomic(folder / bundle.FILE, bundle.source())
    else:
        state = native.to_native(family, decoder.state_dict(), decoder.settings, decoder.vocab_size)
        save_file(state, folder / WEIGHTS, {"format": "pt"})
        dtype = str(decoder.dtype).removeprefix("torch.")
        settings = native.native_config(family, decoder.settings, decoder.vocab_size)
        write_json(folder / CONFIG, {**settings, **ids, "dtype": dtype})
    write_json(folder / "generation_config.json", {"_from_model_config": False, **ids})
    if tokenizer is not None:
        tokenizer.save(folder)
