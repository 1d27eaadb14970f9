"""Recipes from YAML: names, `from:`, overrides, and what each mistake is told as."""

import subprocess
import sys

import pytest

from core.errors import OgiveError
from core.settings.load import load_run, load_subject, parse_overrides, validate
from core.settings.model import ModelSettings
from core.settings.run import RunSettings


def told(action, *args):
    with pytest.raises(OgiveError) as caught:
        action(*args)
    return str(caught.value)


def test_an_empty_recipe_is_all_defaults(workspace, recipe):
    recipe("description: nothing\n")
    settings = load_run("mine", workspace)
    assert settings.name == "mine"
    assert settings.model == ModelSettings()


def test_parts_by_name_and_with_changes(workspace, recipe):
    recipe("model: tiny\nsampling: {from: lively, top_k: 7}\ntokenizer: raw\n")
    settings = load_run("mine", workspace)
    assert (settings.model.hidden_size, settings.model.layers) == (192, 4)
    assert (settings.sampling.top_k, settings.sampling.min_p) == (7, 0.05)
    assert settings.tokenizer.name == "bytes"


def test_a_tokenizer_may_be_a_brick_or_a_file(workspace, recipe):
    recipe("tokenizer: bpe\n", "one")
    recipe("tokenizer: prose\n", "two")
    assert load_run("one", workspace).tokenizer["vocab_size"] == 1024
    assert load_run("two", workspace).tokenizer["vocab_size"] == 4096


def test_a_recipe_from_a_recipe(workspace, recipe):
    recipe("model: tiny\ntraining: {steps: 5, optimizer: {name: muon, momentum: 0.5}}\n", "one")
    recipe("from: one\ntraining: {optimizer: {beta2: 0.9}}\nmodel: {layers: 2}\n", "two")
    settings = load_run("two", workspace)
    assert settings.name == "two"
    assert (settings.training.steps, settings.model.layers, settings.model.hidden_size) == (5, 2, 192)
    assert (settings.training.optimizer["momentum"], settings.training.optimizer["beta2"]) == (0.5, 0.9)


def test_training_from_another_recipe(workspace, recipe):
    recipe("training: {steps: 5, schedule: wsd}\n", "one")
    recipe("training: {from: one, lr: 1e-4}\n", "two")
    training = load_run("two", workspace).training
    assert (training.steps, training.schedule.name, training.lr) == (5, "wsd", 1e-4)


def test_from_itself_is_told(workspace, recipe):
    recipe("from: two\n", "one")
    recipe("from: one\n", "two")
    assert "itself" in told(load_run, "one", workspace)


def test_yaml_words_and_numbers(workspace, recipe):
    recipe("training: {compile: off, lr: 3e-4, steps: 1_000}\ncreated_at: 2026-01-02\n")
    settings = load_run("mine", workspace)
    assert (settings.training.compile, settings.training.lr, settings.training.steps) == ("off", 3e-4, 1000)
    assert settings.created_at == "2026-01-02"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model:\n  layrs: 3\n", "line 2: model.layrs is not a setting. Did you mean 'layers'?"),
        ("description: x\nlayers: 3\n", "line 2: layers is not a setting. Did you mean 'model.layers'?"),
        ("model:\n  layers: many\n", "line 2: model.layers must be a whole number, not 'many'."),
        ("model:\n  layers: 0\n", "line 2: model.layers must be at least 1, not 0."),
        (
            "model:\n\n  norm: rmsnrom\n",
            "line 3: model.norm: there is no norm named 'rmsnrom'. Did you mean 'rmsnorm'?",
        ),
        ("model:\n  norm:\n    name: rmsnorm\n    epz: 1\n", "line 4: model.norm: norm 'rmsnorm' has no option 'epz'."),
        ("model:\n  norm:\n    name: rmsnorm\n    eps: 1\n", "line 4: model.norm: eps must be at most 0.01, not 1."),
        ("model: {hidden_size: 100, heads: 3}\n", "hidden_size 100 is not a multiple of heads 3"),
        ("training:\n  precision: fp61\n", "line 2: training.precision must be one of auto, fp32, bf16, not 'fp61'."),
        ("training:\n  lr: 1\n  lr: 2\n", "line 3: 'lr' stands twice here."),
        ("training: {lr: [\n", "this is not YAML"),
        ("model: tinny\n", "line 1: There are no model settings named 'tinny'. Did you mean 'tiny'?"),
        ("model: 3\n", "line 1: model must be a mapping of settings, not 3."),
        ("data: {sources: []}\n", "data.sources must have at least one entry."),
        ("name: a b\n", "name may hold only letters"),
        ("training: {batch_size: 10, micro_batch_size: 3}\n", "batch_size 10 is not a multiple of micro_batch_size 3"),
        ("training: {nonsense: 1, rubbish: 2}\n", "(1 more after this one.)"),
    ],
)
def test_mistakes_name_file_line_and_nearest_key(workspace, recipe, text, expected):
    path = recipe(text)
    message = told(load_run, "mine", workspace)
    assert expected in message
    assert path.name in message
    assert "\n" not in message


def test_unknown_recipe_names_the_nearest(workspace, recipe):
    recipe("", "shakespeare")
    assert "Did you mean 'shakespeare'?" in told(load_run, "shakespear", workspace)
    assert "There is no settings file" in told(load_run, "./absent.yaml", workspace)


def test_overrides_reach_everything(workspace, recipe):
    recipe("training: {optimizer: {name: adamw, beta1: 0.8}}\n")
    given = [
        "model=nano",
        "model.layers=3",
        "training.optimizer.beta2=0.99",
        "training.schedule.warmup=7",
        "data.sources.0.documents=99",
        "data.sources.1={name: files, path: x}",
        "training.sample_prompts=[The crow said]",
        "tokenizer.vocab_size=512",
        "training.loggers=[tensorboard]",
        "sampling.seed=null",
    ]
    settings = load_run("mine", workspace, given)
    assert (settings.model.layers, settings.model.hidden_size) == (3, 128)
    assert settings.training.optimizer.options["beta1"] == 0.8
    assert settings.training.optimizer.options["beta2"] == 0.99
    assert settings.training.schedule["warmup"] == 7
    assert settings.data.sources[0]["documents"] == 99
    assert settings.data.sources[1]["path"] == "x"
    assert settings.training.sample_prompts == ["The crow said"]
    assert settings.tokenizer["vocab_size"] == 512
    assert settings.training.loggers[0].name == "tensorboard"


@pytest.mark.parametrize("item", ["training.optimizer=muon", "training.optimizer.name=muon"])
def test_another_brick_drops_the_old_ones_options(workspace, recipe, item):
    recipe("training: {optimizer: {name: adamw, beta1: 0.8}}\n")
    optimizer = load_run("mine", workspace, [item, "training.optimizer.momentum=0.5"]).training.optimizer
    assert (optimizer.name, optimizer["beta1"], optimizer["momentum"]) == ("muon", 0.9, 0.5)


def test_the_same_brick_named_again_keeps_its_options(workspace, recipe):
    recipe("training: {optimizer: {name: adamw, beta1: 0.8}}\n")
    assert load_run("mine", workspace, ["training.optimizer=adamw"]).training.optimizer["beta1"] == 0.8


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("model.layrs=3", "--set model.layrs=3: model has no setting 'layrs'. Did you mean 'model.layers'?"),
        ("layers=3", "there is no setting 'layers'. Did you mean 'model.layers'?"),
        ("modell.layers=3", "Did you mean 'model.layers'?"),
        ("model.norm.epz=3", "Did you mean 'model.norm.eps'?"),
        ("model.layers.x=3", "model.layers is a single value"),
        ("data.sources.5.seed=3", "data.sources has 1 entries, counted from 0"),
        ("training.lr", "not of the form a.b=c"),
        ("training.lr=fast", "--set training.lr=fast: training.lr must be a number, not 'fast'."),
        ("training.steps=0", "--set training.steps=0: training.steps must be at least 1, not 0."),
        ("model.heads=7", "with --set model.heads=7: model: hidden_size 256 is not a multiple of heads 7"),
        ("model=huge", "There are no model settings named 'huge'."),
    ],
)
def test_bad_overrides(workspace, recipe, item, expected):
    recipe("description: x\n")
    assert expected in told(load_run, "mine", workspace, [item])


def test_parse_overrides():
    assert parse_overrides(["a.0.b=1e-3"]) == [(("a", 0, "b"), 1e-3, "a.0.b=1e-3")]
    assert parse_overrides(["a=x=y: ["])[0][1] == "x=y: ["


def test_validate_without_a_document():
    assert validate(ModelSettings, {"layers": 2}).layers == 2
    assert "here: layrs is not a setting" in told(validate, ModelSettings, {"layrs": 2}, "here")


def test_shipped_presets_are_valid_and_of_the_size_they_say(workspace):
    expected = {"nano": 0.9e6, "tiny": 2e6, "small": 5e6, "base": 27e6}
    for name, wanted in expected.items():
        model = load_subject("model", name, workspace)
        assert isinstance(model, ModelSettings)
        size, width = model.head_size_resolved, model.hidden_size
        attention = 2 * width * model.heads * size + 2 * width * model.kv_heads_resolved * size
        ffn = 3 * width * (model.ffn_size or round(width * 8 / 3))
        vocabulary = 4096 if name == "base" else 1024
        assert model.layers * (attention + ffn) + vocabulary * width == pytest.approx(wanted, rel=0.12)


def test_every_shipped_file_is_valid(workspace):
    from core.settings.names import list_settings

    stored = list_settings(workspace)
    assert {"model", "tokenizer", "sampling", "data"} <= {item.subject for item in stored}
    for item in stored:
        assert load_subject(item.subject, item.name, workspace) is not None
        assert item.description


def test_settings_load_without_heavy_packages(tmp_path):
    code = (
        "import sys; from core.settings import load, store, forms; from core.workspace import Workspace;"
        f"load.load_subject('model', 'tiny', Workspace.find({str(tmp_path)!r}));"
        "assert not {'torch', 'transformers', 'numpy', 'textual'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_defaults_are_a_run():
    assert RunSettings().training.optimizer.name == "adamw"
