"""`ogive model` and `ogive doctor`."""

from __future__ import annotations

import json
import re

import pytest

from core.cli.main import main
from core.models.counting import count
from core.models.folder import save_model
from core.settings import load, names
from core.settings.model import ModelSettings
from core.workspace import Workspace


@pytest.fixture
def ogive(tmp_path, capsys):
    def call(*words):
        status = main(["--workspace", str(tmp_path), *words])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return call


@pytest.fixture
def built(tmp_path):
    from core.models.decoder import Decoder

    decoder = Decoder(ModelSettings(layers=2, hidden_size=32, heads=4, context=48), 300)
    save_model(decoder, None, tmp_path / "checkpoints" / "mine")
    return decoder


def test_a_shape_before_it_is_built(ogive):
    status, out, _ = ogive("model", "show", "gpt2", "--vocab-size", "50257", "--batch", "4", "--json")
    shown = json.loads(out)
    assert status == 0
    assert shown["parameters"] == 124_439_808 + 47 * 768  # GPT-2's own count, and our padding of its vocabulary
    assert shown["training_memory"]["largest"] in shown["training_memory"]
    status, out, _ = ogive("model", "show", "tiny", "--set", "layers=2")
    assert "2 layers of 192, 6 heads of 32 (MHA)" in out
    assert re.search(r"feed-forward +589,824 +\d", out)
    assert "largest" in out


def test_a_model_that_is_built(ogive, built):
    status, out, _ = ogive("model", "list", "--json")
    entry, bundled = json.loads(out)
    assert (entry["name"], entry["source"]) == ("mine", "folder")
    assert (bundled["name"], bundled["source"]) == ("tale-chat", "bundled")
    assert entry["parameters"] == sum(weight.numel() for weight in built.parameters())
    assert "mine" in ogive("model", "list")[1]
    status, out, _ = ogive("model", "show", "mine", "--json")
    assert json.loads(out)["parameters"] == entry["parameters"]
    status, _, err = ogive("model", "show", "mine", "--set", "layers=3")
    assert (status, "built already" in err) == (2, True)


def test_a_new_shape(ogive, tmp_path):
    status, out, _ = ogive("model", "new", "tall", "--from", "tiny", "--set", "layers=9")
    assert status == 0
    assert str(tmp_path / "configs" / "model" / "tall.yaml") in out
    assert "9 layers" in ogive("model", "show", "tall")[1]
    status, _, err = ogive("model", "new", "tiny")
    assert (status, "would be the same" in err) == (2, True)


def test_a_new_shape_by_depth(ogive, tmp_path):
    status, out, _ = ogive("model", "new", "deep", "--depth", "3", "--set", "experts=topk")
    assert status == 0
    assert "3 layers of 192" in out
    assert "2 of 8 experts of swiglu 512" in out
    assert re.search(r"tokens: \d+ steps of \d+ x 256, learning rate 0.0024", out)
    assert "parameters are active" in ogive("model", "show", "deep")[1]
    status, out, _ = ogive("model", "new", "deeper", "--depth", "8", "--recipe", "demo", "--json")
    told = json.loads(out)
    recipe = load.load_run("deeper", Workspace(tmp_path))
    assert (recipe.model.layers, recipe.training.steps) == (8, told["steps"])
    assert (recipe.training.lr, recipe.parent) == (told["lr"], "demo@1")
    assert (recipe.training.context, told["vocab_size"]) == (None, 2048)
    status, _, err = ogive("model", "new", "x", "--depth", "99")
    assert (status, "depth 99" in err) == (2, True)
    assert "two beginnings" in ogive("model", "new", "x", "--depth", "2", "--from", "tiny")[2]


def test_bad_names_get_the_nearest(ogive):
    status, _, err = ogive("model", "show", "tinyy")
    assert (status, "Did you mean 'tiny'?" in err) == (2, True)
    assert "longer than the model's" in ogive("model", "show", "tiny", "--context", "9999")[2]
    assert "bundled" in ogive("model", "list")[1]


def test_shipped_shapes_have_the_parameters_they_promise():
    workspace = Workspace.find("/nonexistent")
    promised = 0
    for stored in names.list_settings(workspace, "model"):
        settings = load.load_subject("model", stored.name, workspace)
        said = re.search(r"([\d.]+) M parameters with a vocabulary of (\d+)", stored.description)
        gpt2 = re.search(r"([\d.]+) M shape of GPT-2 \(with its (\d+) tokens\)", stored.description)
        found = said or gpt2
        if found:
            promised += 1
            assert count(settings, int(found[2])).parameters / 1e6 == pytest.approx(float(found[1]), rel=0.08), stored
    assert promised >= 5


def test_doctor(ogive, tmp_path):
    status, out, _ = ogive("doctor", "--json")
    found = {finding["name"]: finding for finding in json.loads(out)}
    assert status == 0
    assert {"python", "torch", "device", "processor", "memory", "workspace", "terminal", "tmux"} <= set(found)
    assert str(tmp_path) in found["workspace"]["value"]
    assert re.search(r"\d GiB|\d MiB", found["memory"]["value"])
    status, out, _ = ogive("doctor", "--quick")
    assert status == 0
    assert "\ndevice " not in out
