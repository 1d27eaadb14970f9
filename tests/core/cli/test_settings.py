"""`ogive settings` and `ogive init`."""

import json

import pytest

from core.cli.main import main


@pytest.fixture
def ogive(tmp_path, capsys):
    def call(*words):
        status = main(["--workspace", str(tmp_path), *words])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return call


def test_list_and_show(ogive):
    status, out, _ = ogive("settings", "list", "model", "--json")
    assert status == 0
    assert {"nano", "tiny", "small", "base"} <= {item["name"] for item in json.loads(out)}
    status, out, _ = ogive("settings", "show", "tiny", "--json", "--set", "layers=2")
    assert (status, json.loads(out)["layers"]) == (0, 2)
    assert "layers: 4  # Blocks" in ogive("settings", "show", "model/tiny")[1]


def test_new_then_compare(ogive, tmp_path):
    status, out, _ = ogive("settings", "new", "model/tall", "--from", "tiny", "--set", "layers=9", "--description", "t")
    assert status == 0
    assert str(tmp_path / "configs" / "model" / "tall.yaml") in out
    status, out, _ = ogive("settings", "compare", "tiny", "tall", "--json")
    assert json.loads(out) == [{"path": "layers", "a": 4, "b": 9}]
    assert "nothing is different" in ogive("settings", "new", "tall")[1]
    assert "tall@2 (from tall@1)" in ogive("settings", "new", "tall", "--set", "layers=3")[1]


def test_explain(ogive):
    assert "more than 0, at most 10; default (empty), which is 0.001" in ogive("settings", "explain", "training.lr")[1]
    out = ogive("settings", "explain", "--json")[1]
    assert len(json.loads(out)) > 60


def test_mistakes_are_one_line(ogive):
    for words in (
        ["show", "nothing"],
        ["explain", "trainin.lr"],
        ["compare", "tiny", "lively"],
        ["shwo"],
        ["list", "x"],
    ):
        status, out, err = ogive("settings", *words)
        assert (status, out, err.count("\n")) == (2, "", 1)


def test_init_keeps_what_is_there(ogive, tmp_path):
    folder = tmp_path / "new"
    assert ogive("init", str(folder))[0] == 0
    assert (folder / "configs" / "model" / "tiny.yaml").is_file()
    assert (folder / "checkpoints").is_dir()
    (folder / "configs" / "model" / "tiny.yaml").write_text("layers: 1\n")
    out = ogive("init", str(folder), "--json")[1]
    assert json.loads(out) == {"made": [], "kept": [str(folder / "configs" / "model" / "tiny.yaml")]}
    (tmp_path / "file").write_text("")
    assert ogive("init", str(tmp_path / "file"))[0] == 2
