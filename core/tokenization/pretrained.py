"""A tokenizer from a Hugging Face id or folder. The only file here that imports transformers, and only when called."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tokenizers

from core.errors import OgiveError
from core.tokenization.specials import PAD
from core.tokenization.tokenizer import Names, Tokenizer, turn_end
from core.tokenization.tokenizer import load as load_folder


def load(texts: Iterable[str] = (), path: str = "", *, trust_remote_code: bool = False) -> Tokenizer:
    """The tokenizer at `path`, for a model of our own: a padding token is added when it has none.

    `texts` is taken for the sake of the other tokenizers and not read.
    """
    tokenizer = load_foreign(path, trust_remote_code=trust_remote_code)
    if tokenizer.names.pad is None or tokenizer.names.pad == tokenizer.names.eos:
        names = tokenizer.names
        tokenizer.backend.add_special_tokens([tokenizers.AddedToken(PAD, special=True, normalized=False)])
        tokenizer = Tokenizer(
            tokenizer.backend,
            tokenizer.kind,
            Names(PAD, names.eos, names.end, names.unknown, names.bos, names.roles),
            tokenizer.chat_template,
        )
    return tokenizer


def load_foreign(path: str | Path, *, trust_remote_code: bool = False) -> Tokenizer:
    """The tokenizer at `path` exactly as its model knows it, with no token added.

    Raises OgiveError when the path is empty, nothing is there, the network is down, or it needs remote code.
    """
    if not str(path):
        raise OgiveError("tokenizer.path is empty.", "Give a Hugging Face id (such as `gpt2`) or a folder.")
    folder = Path(path).expanduser()
    if (folder / "tokenizer_config.json").exists() and '"ogive"' in (folder / "tokenizer_config.json").read_text():
        return load_folder(folder)
    from transformers import AutoTokenizer

    try:
        found = AutoTokenizer.from_pretrained(str(path), trust_remote_code=trust_remote_code, use_fast=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise OgiveError(
            f"No tokenizer could be loaded from {str(path)!r}: {str(error).strip().splitlines()[0]}",
            "Check the id or folder, and the network when it is an id.",
        ) from None
    backend = getattr(found, "backend_tokenizer", None)
    if found is None or not isinstance(backend, tokenizers.Tokenizer):
        raise OgiveError(f"The tokenizer of {str(path)!r} has no fast form.", "Choose one with a tokenizer.json.")
    backend = tokenizers.Tokenizer.from_str(backend.to_str())
    template = found.chat_template
    if isinstance(template, dict):
        template = template.get("default")
    names = Names(
        pad=found.pad_token,
        eos=found.eos_token,
        end=_end(backend, template, found.eos_token),
        unknown=found.unk_token,
        bos=found.bos_token,
        roles={},
    )
    return Tokenizer(backend, "pretrained", names, template)


def _end(backend: tokenizers.Tokenizer, template: str | None, eos: str | None) -> str | None:
    """The token that ends a turn: the end-of-text token when the template writes it, else one known by name."""
    if template and eos and eos in template:
        return eos
    return turn_end(backend, eos)
