"""A chain of stages: done once, gone on with when broken off, anew where something changed; merge and its proof."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

from core import pipeline as pipelines
from core.cancel import Cancel, Stopped
from core.errors import OgiveError
from core.merging import merge
from core.models.catalog import list_models, resolve_model
from core.models.loading import load
from core.runs.info import RunInfo
from core.training import checkpoint
from core.workspace import Workspace

SMALL = [
    "training.steps=4",
    "training.save_every=2",
    "training.eval_every=2",
    "training.sample_every=0",
    "training.eval_tokens=500",
    "training.batch_size=4",
    "training.compile=off",
    "training.precision=fp32",
    "training.device=cpu",
]
STAGES = [
    {"name": "text", "kind": "data", "recipe": "demo", "set": ["sources.0.documents=60"]},
    {"name": "words", "kind": "tokenizer", "recipe": "tales", "data": "text", "set": ["vocab_size=300"]},
    {
        "name": "pretrain",
        "recipe": "demo",
        "data": "text",
        "tokenizer": "words",
        "set": [*SMALL, "model.layers=1", "model.hidden_size=32", "model.heads=2"],
    },
    {
        "name": "sft",
        "recipe": "tale-talk",
        "set": [*SMALL, "data.sources.0.documents=60", "adapter.preset=all", "training.lr=0.05"],
    },
    {"name": "whole", "kind": "merge"},
    {"name": "exam", "kind": "evaluate", "recipe": "loss", "set": ["limit=2"]},
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return Workspace(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="module")
def made(workspace):
    """The pipeline, stopped amid fine-tuning, failed once, and gone on with to its end; what was told at each start."""
    return Chain(workspace)


class Chain:
    def __init__(self, workspace):
        self.workspace = workspace
        path = workspace.configs / "pipeline" / "chain.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"description": "a test", "stages": STAGES}))
        self.told: list[list[tuple[str, str]]] = []
        cancel = Cancel()
        with pytest.raises(Stopped):
            self.start(cancel=cancel, stop_at=("sft", 3))
        self.stopped = self.open().records()
        self.records = self.start()

    def open(self, *overrides):
        return pipelines.open_pipeline("chain", self.workspace, overrides)

    def start(self, *overrides, cancel=None, stop_at=None, again=""):
        heard: list[tuple[str, str]] = []
        self.told.append(heard)

        def told(stage, kind, figures):
            if kind in ("begin", "skip", "end"):
                heard.append((stage, kind))
            elif stop_at and kind == "metrics" and stage == stop_at[0] and figures["step"] >= stop_at[1]:
                cancel.request("test")

        return pipelines.run(self.open(*overrides), cancel, told, again)


def test_each_stage_uses_what_came_before(made, workspace):
    records = made.records
    assert [record.status for record in records.values()] == ["done"] * 6
    pretrain, sft = (RunInfo.read(workspace.checkpoints / records[name].output["run"]) for name in ("pretrain", "sft"))
    assert pretrain.settings["tokenizer"]["path"] == records["words"].output["tokenizer"]
    assert pretrain.settings["data"]["sources"][0]["documents"] == 60
    assert sft.stage == "sft"
    assert sft.parents == [f"{pretrain.id}/{checkpoint.pointed(pretrain.path, 'best').name}"]
    assert sft.trainable < sft.parameters
    assert records["whole"].figures["gap"] < 1e-4
    assert load(records["whole"].output["model"]).tokenizer.vocab_size == 300
    assert records["exam"].figures["loss"] > 0


def test_what_was_broken_off_goes_on_and_what_is_done_is_skipped(made):
    assert made.stopped["sft"].status == "stopped"
    assert made.stopped["whole"].status == "waiting"
    assert made.told[1][:4] == [("text", "skip"), ("words", "skip"), ("pretrain", "skip"), ("sft", "begin")]
    assert made.stopped["sft"].output["run"] == made.records["sft"].output["run"]
    made.start()
    assert made.told[-1] == [(stage["name"], "skip") for stage in STAGES]


def test_a_change_does_its_stage_and_what_follows_anew(made):
    before = made.records["sft"].output["run"]
    records = made.start("sft.training.steps=2")
    assert [stage for stage, kind in made.told[-1] if kind == "begin"] == ["sft", "whole", "exam"]
    assert records["sft"].output["run"] != before
    assert [stage for stage, kind in made.told[-1] if kind == "skip"] == ["text", "words", "pretrain"]
    made.start("sft.training.steps=2", again="exam")
    assert [stage for stage, kind in made.told[-1] if kind == "begin"] == ["exam"]
    shutil.rmtree(records["whole"].output["model"])
    made.start("sft.training.steps=2")
    assert ("whole", "begin") in made.told[-1]


def test_what_fails_is_kept_and_said(made, workspace):
    path = workspace.configs / "pipeline" / "broken.yaml"
    path.write_text(json.dumps({"stages": [{"name": "talk", "recipe": "tale-talk", "base": "no-such-model"}]}))
    pipeline = pipelines.open_pipeline("broken", workspace)
    with pytest.raises(OgiveError, match="no-such-model"):
        pipelines.run(pipeline)
    wrong = [
        ({"stages": []}, "at least one stage"),
        ({"stages": [{"name": "a", "recipe": "demo"}, {"name": "a", "recipe": "demo"}]}, "two stages are called 'a'"),
        ({"stages": [{"name": "a", "kind": "bake"}]}, "no kind of stage 'bake'"),
        ({"stages": [{"name": "a", "kind": "evaluate", "recipe": "talk"}]}, "No stage before 'a' makes a model"),
        ({"stages": [{"name": "a", "recipe": "demo", "tokenizer": "b"}]}, "No stage before 'a' is called 'b'"),
        ({"stages": [{"name": "a", "kind": "tokenizer", "recipe": "tales"}]}, "does not say on which data"),
    ]
    for content, message in wrong:
        path.write_text(json.dumps(content))
        with pytest.raises(OgiveError, match=message):
            pipelines.run(pipelines.open_pipeline("broken", workspace))
    with pytest.raises(OgiveError, match=r"no stage 'stf'.*Did you mean 'sft'"):
        made.open("stf.training.steps=2")
    with pytest.raises(OgiveError, match="say which stage"):
        made.open("steps=2")


def test_adapters_are_in_the_catalogue_and_merge_to_what_they_say(made, workspace, tmp_path):
    run = made.open().records()["sft"].output["run"]
    entry = resolve_model(workspace, run)
    assert entry.model_type == "ogive + adapter"
    assert entry.context == 256
    assert entry.parameters
    assert any(each.name == entry.name for each in list_models(workspace))
    adapted = load(entry.location)
    report = merge(entry.location, tmp_path / "merged", prompts=["Who keeps the mill?"])
    whole = load(tmp_path / "merged")
    ids = torch.tensor([adapted.tokenizer.encode("A tale of the mill.")])
    with torch.no_grad():
        difference = (adapted.model(ids).logits - whole.model(ids)).abs().max().item()
    assert difference < 1e-4
    assert report.gap < 1e-4
    assert report.same_choice == 1.0
    kept = json.loads((tmp_path / "merged" / "merge.json").read_text())
    assert kept["adapter"] == entry.location
    with pytest.raises(OgiveError, match="is there already"):
        merge(entry.location, tmp_path / "merged")
    with pytest.raises(OgiveError, match="is not an adapter"):
        merge(tmp_path / "merged", tmp_path / "again")
    assert not list(tmp_path.glob(".*"))
