"""Exported folders, loaded by plain transformers in a process that cannot import Ogive; and back again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM
from transformers.dynamic_module_utils import get_class_from_dynamic_module

from core.cli.main import main
from core.errors import OgiveError
from core.models.decoder import Decoder
from core.models.export import bundle
from core.models.export.huggingface import export
from core.models.folder import save_model
from core.models.importing import import_model
from core.models.loading import load
from core.settings.model import ModelSettings
from core.settings.tokenizer import TokenizerSettings
from core.tokenization.build import build

TEXTS = ["Who keeps the mill? The crow said nothing at all.", "One two three, and 1234 of them."] * 20
NATIVE: dict[str, dict[str, Any]] = {
    "llama": {"kv_heads": 2},
    "arcee": {"feedforward": "relu2", "kv_heads": 2},
    "qwen3": {"qk_norm": True, "kv_heads": 2},
    "gpt2": {
        "positions": "learned",
        "norm": "layernorm",
        "feedforward": {"name": "gelu", "approximate": "tanh"},
        "bias": True,
    },
    "starcoder2": {"norm": "layernorm", "feedforward": "gelu", "bias": True, "kv_heads": 2},
    "mixtral": {"experts": {"name": "topk", "count": 4, "active": 2}, "tied": False},
}
OWN: dict[str, dict[str, Any]] = {
    "recency": {"positions": {"name": "rope", "recency": 1.0}, "feedforward": "relu2", "qk_norm": True, "tied": False},
    "sinusoidal": {"positions": "sinusoidal", "norm": "layernorm", "feedforward": "geglu", "window": 16},
    "alibi-experts": {"positions": "alibi", "experts": {"name": "topk", "count": 3, "active": 2}, "kv_heads": 1},
}


def folder_of(path: Path, vocab: int = 320, **changes: Any) -> tuple[Path, Decoder]:
    tokenizer = build(TokenizerSettings.model_validate({"name": "bpe", "vocab_size": vocab}), TEXTS)
    torch.manual_seed(0)
    settings = ModelSettings.model_validate({"layers": 2, "hidden_size": 32, "heads": 4, "context": 64, **changes})
    decoder = Decoder(settings, tokenizer.vocab_size)
    with torch.no_grad():
        for weight in decoder.parameters():
            weight.add_(torch.randn_like(weight), alpha=0.1)
    save_model(decoder, tokenizer, path)
    return path, decoder.eval()


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_model_of_another_family_is_exported_as_that_and_proved_elsewhere(family: str, tmp_path: Path) -> None:
    source, _ = folder_of(tmp_path / "mine", **NATIVE[family])
    done = export(source, tmp_path / "out", "auto", {"run": "1130-0900-tale"})
    assert (done.family, done.proof.gap < 1e-5) == (family, True)
    assert json.loads((tmp_path / "out/config.json").read_text())["model_type"] == family
    assert "1130-0900-tale" in (tmp_path / "out/README.md").read_text()
    assert not list(tmp_path.glob(".*exporting"))


@pytest.mark.parametrize("family", sorted(set(NATIVE) - {"llama", "gpt2"}))
def test_every_family_gives_the_same_logits_in_this_process(family: str, tmp_path: Path, monkeypatch) -> None:
    source, _ = folder_of(tmp_path / "mine", **NATIVE[family])
    compared = _in_process(monkeypatch)
    assert export(source, tmp_path / "out").family == family
    assert compared[0] < 1e-5


def test_a_model_of_no_family_carries_its_own_code(tmp_path: Path) -> None:
    source, _ = folder_of(tmp_path / "mine", **OWN["recency"])
    with pytest.raises(OgiveError, match="no other family's"):
        export(source, tmp_path / "out", "native")
    done = export(source, tmp_path / "out")
    assert (done.family, done.proof.loaded_as) == (None, "DecoderForCausalLM")
    assert done.proof.gap < 1e-5
    assert "core" not in re.findall(r"^from (\w+)", (tmp_path / "out" / bundle.FILE).read_text(), re.M)


@pytest.mark.parametrize("shape", sorted(set(OWN) - {"recency"}))
def test_the_code_gives_the_same_logits_and_generates_with_its_cache(shape: str, tmp_path: Path, monkeypatch) -> None:
    source, decoder = folder_of(tmp_path / "mine", **OWN[shape])
    compared = _in_process(monkeypatch)
    assert export(source, tmp_path / "out", "code").family is None
    assert compared[0] < 1e-5
    model = loaded_from(tmp_path / "out", own_code=True)
    assert type(model).__module__.startswith("transformers_modules")
    ids = torch.randint(0, decoder.vocab_size, (1, 20))
    options = {"max_new_tokens": 12, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    cached, plain = model.generate(ids, **options), model.generate(ids, use_cache=False, **options)
    assert torch.equal(cached, plain)
    assert model.num_parameters() == sum(weight.numel() for weight in decoder.parameters())


def loaded_from(folder: Path, own_code: bool) -> Any:
    """The model in `folder`, by the code in it where it has some; this process has registered Ogive's own."""
    kind: Any = AutoModelForCausalLM
    if own_code:
        kind = get_class_from_dynamic_module("modeling_ogive.DecoderForCausalLM", str(folder))
    return kind.from_pretrained(folder)


def _in_process(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The proof without its subprocess, which the other tests have: the same comparison, ten times faster."""
    from core.models.export import huggingface
    from core.models.export.proof import Proof

    gaps: list[float] = []

    def prove(decoder: Decoder, tokenizer: Any, folder: Path, own_code: bool) -> Proof:
        model: Any = loaded_from(folder, own_code).eval()
        ids = torch.randint(0, decoder.vocab_size, (2, 40), generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            gaps.append(float((model(ids).logits - decoder(ids)).abs().max()))
        return Proof(type(model).__name__, gaps[-1])

    monkeypatch.setattr(huggingface, "prove", prove)
    return gaps


def test_names_of_the_bundle_stand_for_one_thing_each() -> None:
    text = bundle.source()
    names = re.findall(r"^(?:def|class) (\w+)", text, re.M) + re.findall(r"^(\w+)(?:: [^=\n]+)? = ", text, re.M)
    assert len(names) == len(set(names))
    assert "import pydantic" not in text
    assert "OgiveError" in names


def test_what_cannot_be_exported_is_said(tmp_path: Path) -> None:
    source, _ = folder_of(tmp_path / "mine")
    (tmp_path / "there").mkdir()
    with pytest.raises(OgiveError, match="already there"):
        export(source, tmp_path / "there")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(OgiveError, match="already in the format"):
        export(tmp_path / "foreign", tmp_path / "out")


def test_a_folder_that_differs_is_not_left_behind(tmp_path: Path, monkeypatch) -> None:
    from core.models.export import proof

    source, _ = folder_of(tmp_path / "mine")
    monkeypatch.setattr(proof, "LARGEST_GAP", -1.0)
    with pytest.raises(OgiveError, match="differs"):
        export(source, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


@pytest.mark.parametrize("family", ["llama", "gpt2", "mixtral"])
def test_there_and_back_is_the_same_model(family: str, tmp_path: Path, monkeypatch, capsys) -> None:
    source, decoder = folder_of(tmp_path / "mine", **NATIVE[family])
    _in_process(monkeypatch)
    export(source, tmp_path / "out")
    (tmp_path / "ws/checkpoints").mkdir(parents=True)
    given = ["--workspace", str(tmp_path / "ws"), "import", str(tmp_path / "out"), "--name", "back", "--json"]
    assert main(given) == 0
    shown = json.loads(capsys.readouterr().out)
    back = load(shown["folder"])
    assert back.kind == "own"
    ids = torch.randint(0, decoder.vocab_size, (2, 20))
    with torch.no_grad():
        assert torch.allclose(back.model(ids), decoder(ids), atol=1e-6)
    text = "Who keeps the mill? 12 crows."
    assert back.tokenizer.encode(text) == load(source).tokenizer.encode(text)
    assert main(given) == 2
    assert "already there" in capsys.readouterr().err


def test_what_has_no_bricks_here_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/config.json").write_text('{"model_type": "mamba"}')
    with pytest.raises(OgiveError, match="'mamba' cannot be read"):
        import_model(tmp_path / "odd", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["odd"]
