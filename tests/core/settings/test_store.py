"""Versions with parents, comparison, and what the form and the saved file are made from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import OgiveError
from core.settings import forms, text
from core.settings.load import load_run, load_subject
from core.settings.model import ModelSettings
from core.settings.run import RunSettings
from core.settings.store import compare, find, list_settings, save_version


def test_saving_an_edited_recipe_makes_a_child(workspace, recipe):
    recipe("model: tiny\ndescription: mine\n")
    first = load_run("mine", workspace)
    edited = load_run("mine", workspace, ["training.lr=5e-4"])
    path = save_version(edited, workspace)
    assert path.name == "mine@2.yaml"
    child = load_run("mine", workspace)
    assert (child.version, child.parent, child.training.lr) == (2, "mine@1", 5e-4)
    assert child.created_at
    assert load_run("mine@1", workspace).training.lr == first.training.lr
    assert [(item.path, item.a, item.b) for item in compare(first, child)] == [("training.lr", None, 5e-4)]


def test_saving_what_is_not_changed_makes_nothing(workspace, recipe):
    path = recipe("model: tiny\n")
    assert save_version(load_run("mine", workspace), workspace) == path


def test_a_part_is_saved_with_name_and_parent(workspace):
    model = load_subject("model", "tiny", workspace, ["layers=9"])
    path = save_version(model, workspace, subject="model", name="tall", parent="tiny@1", description="tall")
    stored = find(workspace, "model", "tall")
    assert (stored.path, stored.parent, stored.description, stored.shipped) == (path, "tiny@1", "tall", False)
    assert load_subject("model", "tall", workspace) == model
    assert "# Blocks, one after another" in path.read_text()


def test_a_workspace_file_is_a_later_version_of_a_shipped_one(workspace):
    model = load_subject("model", "tiny", workspace, ["layers=9"])
    path = save_version(model, workspace, subject="model", name="tiny")
    assert path == workspace.configs / "model" / "tiny@2.yaml"
    found = [item for item in list_settings(workspace, "model") if item.name == "tiny"]
    assert [(item.version, item.shipped, item.parent) for item in found] == [(1, True, None), (2, False, "tiny@1")]
    assert load_subject("model", "tiny", workspace).layers == 9  # ty: ignore[unresolved-attribute]


def test_a_damaged_file_is_listed_as_such(workspace, recipe):
    recipe("a: [", "broken")
    assert next(item.description for item in list_settings(workspace) if item.name == "broken").startswith("damaged")


def test_bad_names_and_subjects(workspace):
    with pytest.raises(OgiveError, match="cannot be a name"):
        save_version(ModelSettings(), workspace, subject="model", name="a/b")
    with pytest.raises(OgiveError, match="Did you mean 'model'"):
        list_settings(workspace, "modle")


def test_read_only_workspace_is_one_sentence(workspace):
    (workspace.root / "configs").write_text("in the way")
    with pytest.raises(OgiveError, match="Cannot write"):
        save_version(ModelSettings(layers=9), workspace, subject="model", name="x")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
KEYS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)


@given(st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=4))
def test_written_yaml_reads_back(tree):
    assert text.parse(text.write(tree)).value == (tree or None)


def test_describe_a_model():
    fields = {info.path: info for info in forms.describe(ModelSettings(norm="layernorm"))}
    assert fields["layers"].kind == "integer"
    assert (fields["layers"].bounds.minimum, fields["layers"].bounds.maximum) == (1, 512)
    assert fields["context"].unit == "tokens"
    assert fields["dropout"].bounds.open_maximum
    assert fields["kv_heads"].optional
    assert fields["tied"].kind == "flag"
    assert (fields["norm"].kind, fields["norm"].value, fields["norm"].default) == ("brick", "layernorm", "rmsnorm")
    assert fields["norm.eps"].value == 1e-5
    assert len(fields["norm"].choices) == len(fields["norm"].choice_help) >= 2


def test_describe_a_recipe_covers_every_leaf_and_works_with_set(workspace, recipe):
    recipe("description: x\n")
    settings = load_run("mine", workspace)
    fields = forms.describe(settings)
    assert {info.kind for info in fields} == {"integer", "number", "flag", "text", "choice", "brick", "bricks", "list"}
    assert all(info.help for info in fields)
    for info in fields:
        if info.kind != "bricks":
            value = text.write({"x": info.value}).partition(": ")[2]
            assert load_run("mine", workspace, [f"{info.path}={value}"]) == settings


def test_explain():
    assert [info.path for info in forms.explain("training.lr", RunSettings)] == ["training.lr"]
    assert [info.path for info in forms.explain("lr", RunSettings)] == ["training.lr"]
    assert forms.explain("training.optimizer.momentum", RunSettings)[0].default == 0.95
    assert len(forms.explain("model", RunSettings)) > 10
    with pytest.raises(OgiveError, match=r"Did you mean 'training.lr'"):
        forms.explain("trainin.lr", RunSettings)
    with pytest.raises(OgiveError, match="momentum"):
        forms.explain("training.optimizer.momentumm", RunSettings)
