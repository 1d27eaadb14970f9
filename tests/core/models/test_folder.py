"""Model folders: what is written is what is read, without transformers; what does not fit is said plainly."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from safetensors import safe_open

from core.errors import OgiveError
from core.models.folder import load_decoder, save_model

IDS = torch.randint(101, (2, 20), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def saved(make, tmp_path):
    decoder = make(kv_heads=2, tied=False)
    save_model(decoder, None, tmp_path / "model")
    return decoder, tmp_path / "model"


@torch.no_grad()
def test_what_is_saved_comes_back(decoder, tmp_path):
    save_model(decoder, None, tmp_path)
    again = load_decoder(tmp_path)
    assert again.settings == decoder.settings
    assert again.vocab_size == 101
    assert torch.equal(again(IDS), decoder(IDS))
    assert all(weight.requires_grad for weight in again.parameters())
    assert not again.training
    assert load_decoder(tmp_path, dtype=torch.bfloat16).dtype == torch.bfloat16


def test_the_files_are_those_of_hugging_face(saved):
    decoder, folder = saved
    config = json.loads((folder / "config.json").read_text())
    assert config["model_type"] == "ogive"
    assert config["architectures"] == ["DecoderForCausalLM"]
    assert config["model"]["kv_heads"] == config["num_key_value_heads"] == 2
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}
        names = list(file.keys())
    assert {name.removeprefix("decoder.") for name in names} == set(decoder.state_dict())


def test_building_reading_and_writing_import_nothing_slow(saved, tmp_path):
    _, folder = saved
    code = (
        "import sys; from core.models.folder import Decoder, load_decoder, save_model\n"
        f"decoder = load_decoder({str(folder)!r}); save_model(decoder, None, {str(tmp_path / 'again')!r})\n"
        "Decoder(decoder.settings, 101)\n"
        "slow = {'transformers', 'sympy', 'torch._dynamo', 'torch._inductor'} & set(sys.modules)\n"
        "assert not slow, f'{slow} was imported'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_damage_is_named(saved, tmp_path):
    _, folder = saved
    with pytest.raises(OgiveError, match="is not a model"):
        load_decoder(tmp_path / "nothing")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model": config["model"] | {"ffn_size": 40}}))
    with pytest.raises(OgiveError, match=r"blocks.0.feedforward.up.weight is \(352, 64\), not \(80, 64\).*3 more"):
        load_decoder(folder)
    (folder / "config.json").write_text(json.dumps(config | {"model": config["model"] | {"layers": 2}}))
    with pytest.raises(OgiveError, match=r"blocks\.2\..*is not part of these settings"):
        load_decoder(folder)
    (folder / "config.json").write_text(json.dumps(config | {"model": config["model"] | {"layers": 0}}))
    with pytest.raises(OgiveError, match=r"model\.layers"):
        load_decoder(folder)
    (folder / "config.json").write_text(json.dumps(config))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(OgiveError, match="torn or altered"):
        load_decoder(folder)
    weights.unlink()
    with pytest.raises(OgiveError, match="holds no weights"):
        load_decoder(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(OgiveError, match="not whole JSON"):
        load_decoder(folder)
