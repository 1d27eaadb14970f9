"""Models by name: runs with their pointers, folders, bundled ones; what a person types and what they are told."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from core.errors import OgiveError
from core.models.catalog import list_models, resolve_model
from core.models.counting import count
from core.settings.model import ModelSettings
from core.workspace import Workspace

SETTINGS = ModelSettings(layers=2, hidden_size=32, heads=4, context=48)


def model(folder):
    folder.mkdir(parents=True)
    config = {"model_type": "ogive", "vocab_size": 300, "model": SETTINGS.model_dump()}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def run(workspace, name, started, steps=(), **pointers):
    folder = workspace.checkpoints / f"1101-0900-{name}"
    folder.mkdir(parents=True)
    header = {"id": folder.name, "name": name, "status": "finished", "started_at": started}
    (folder / "run.json").write_text(json.dumps(header))
    for step in steps:
        model(folder / f"step-{step:08d}")
    for pointer, step in pointers.items():
        (folder / pointer).write_text(f"step-{step:08d}\n")
    return folder


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setattr("core.models.catalog.SHIPPED", tmp_path / "shipped" / "configs")
    workspace = Workspace(tmp_path / "mine")
    run(workspace, "old", 1.0, (100, 200), best=100, final=200, latest=200)
    run(workspace, "young", 2.0, (100,), latest=100)
    run(workspace, "empty", 3.0)
    model(workspace.checkpoints / "imported")
    model(workspace.journal / "1102-first" / "root")
    model(tmp_path / "shipped" / "checkpoints" / "tale")
    return workspace


def test_everything_is_listed_once(workspace):
    entries = list_models(workspace)
    assert {(entry.name, entry.source, entry.marks, entry.step) for entry in entries} == {
        ("1101-0900-old:best", "run", ("best",), 100),
        ("1101-0900-old:final", "run", ("final", "latest"), 200),
        ("1101-0900-young:latest", "run", ("latest",), 100),
        ("imported", "folder", (), None),
        ("1102-first/root", "journal", (), None),
        ("tale", "bundled", (), None),
    }
    assert {entry.parameters for entry in entries} == {count(SETTINGS, 300).parameters}
    json.dumps([entry.as_json() for entry in entries])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (None, "1101-0900-old:best"),
        ("old", "1101-0900-old:best"),
        ("1101-0900-old", "1101-0900-old:best"),
        ("ol", "1101-0900-old:best"),
        ("old:final", "1101-0900-old:final"),
        ("old:200", "1101-0900-old:200"),
        ("young", "1101-0900-young:latest"),
        ("imported", "imported"),
        ("tale", "tale"),
        ("1102-first/root", "1102-first/root"),
        ("someone/some-model", "someone/some-model"),
    ],
)
def test_what_a_person_types(workspace, typed, expected):
    assert resolve_model(workspace, typed).name == expected


def test_paths_and_run_folders(workspace):
    folder = workspace.checkpoints / "1101-0900-old"
    assert resolve_model(workspace, folder).step == 100
    assert resolve_model(workspace, str(folder / "step-00000200")).location.endswith("step-00000200")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("oldd", "Did you mean 'old'"),
        ("old:1", "It keeps: 100, 200"),
        ("old:worst", "names no checkpoint"),
        ("young:best", "no best checkpoint yet"),
        ("empty", "no checkpoint yet"),
        ("1101", "fits several models"),
        ("./nowhere", "There is no folder"),
        ("gpt", "There is no model 'gpt'"),
    ],
)
def test_what_a_person_is_told(workspace, typed, message):
    with pytest.raises(OgiveError) as raised:
        resolve_model(workspace, typed)
    assert message in str(raised.value)


def test_an_empty_workspace_points_to_the_bundled_model_or_the_demo(workspace, tmp_path, monkeypatch):
    assert resolve_model(Workspace(tmp_path / "new"), None).name == "tale"
    monkeypatch.setattr("core.models.catalog.SHIPPED", tmp_path / "none" / "configs")
    with pytest.raises(OgiveError, match="ogive demo"):
        resolve_model(Workspace(tmp_path / "new"), None)


def test_bundled_models_in_the_project_s_own_workspace(workspace, tmp_path):
    entries = list_models(Workspace(tmp_path / "shipped"))
    assert [(entry.name, entry.source) for entry in entries] == [("tale", "bundled")]


def test_a_damaged_folder_is_still_listed(workspace):
    (workspace.checkpoints / "imported" / "config.json").write_text("{")
    (entry,) = [entry for entry in list_models(workspace) if entry.name == "imported"]
    assert entry.parameters is None


def test_no_torch_is_loaded():
    code = "import sys; import core.models.catalog; assert not {'torch', 'numpy', 'transformers'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
