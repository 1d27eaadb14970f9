"""Loading by folder or id: ours without transformers, foreign ones through it, and plain words when it fails."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
import transformers

from core.errors import OgiveError
from core.models.folder import save_model
from core.models.loading import import_decoder, load
from core.tokenization.byte import build as byte_tokenizer

IDS = torch.randint(101, (2, 20), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def own(make, tmp_path):
    tokenizer = byte_tokenizer()
    decoder = make(vocab_size=tokenizer.vocab_size)
    save_model(decoder, tokenizer, tmp_path / "own")
    return decoder, tmp_path / "own"


@pytest.fixture
def llama(tmp_path):
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=262,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
    )
    model = transformers.LlamaForCausalLM(config).eval()
    model.save_pretrained(tmp_path / "llama")
    byte_tokenizer().save(tmp_path / "llama")
    return model, tmp_path / "llama"


@torch.no_grad()
def test_our_folder(own):
    decoder, folder = own
    loaded = load(folder)
    assert (loaded.kind, loaded.name, loaded.context) == ("own", "own", 64)
    assert loaded.parameters == sum(weight.numel() for weight in decoder.parameters())
    assert torch.equal(loaded.model(IDS), decoder(IDS))
    assert loaded.tokenizer.decode(loaded.tokenizer.encode("Ogive")) == "Ogive"
    config = json.loads((folder / "generation_config.json").read_text())
    assert set(config["eos_token_id"]) == set(loaded.tokenizer.stop_ids)
    assert config["pad_token_id"] == loaded.tokenizer.pad_id
    assert load(folder, dtype=torch.bfloat16).model.dtype == torch.bfloat16


def test_our_folder_is_loaded_without_transformers(own):
    code = (
        f"import sys; from core.models.loading import load; load({str(own[1])!r})\n"
        "assert 'transformers' not in sys.modules, 'transformers was imported'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@torch.no_grad()
def test_a_foreign_folder_and_its_import(llama):
    model, folder = llama
    loaded = load(folder)
    assert (loaded.kind, loaded.context) == ("foreign", 77)
    assert torch.equal(loaded.model(IDS).logits, model(IDS).logits)
    imported = load(folder, import_native=True)
    assert imported.kind == "own"
    assert (imported.model(IDS) - model(IDS).logits).abs().max() < 1e-5
    assert import_decoder(folder).settings.context == 77


def test_failures_are_plain(own, llama, tmp_path, monkeypatch):
    with pytest.raises(OgiveError, match="There is no folder"):
        load(tmp_path / "nowhere")
    weights = llama[1] / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OgiveError, match="cannot be loaded"):
        load(llama[1])
    weights.unlink()
    with pytest.raises(OgiveError, match="no weights as safetensors"):
        load(llama[1])
    config = json.loads((llama[1] / "config.json").read_text())
    remote = {"model_type": "strange", "auto_map": {"AutoConfig": "code.C", "AutoModelForCausalLM": "code.M"}}
    (llama[1] / "config.json").write_text(json.dumps(config | remote))
    (llama[1] / "code.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(OgiveError, match="code of its own"):
        load(llama[1])
    (own[1] / "tokenizer.json").unlink()
    with pytest.raises(OgiveError, match="tokenizer"):
        load(own[1])


def test_an_id_without_a_network(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code = (
        "from core.models.loading import load; from core.errors import OgiveError\n"
        "try: load('nobody-at-all/no-such-model')\n"
        "except OgiveError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "network" in done.stdout, done.stdout + done.stderr
