"""Two processes under torchrun do what one does: same losses, same checkpoints, same answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

from core.errors import OgiveError
from core.models.decoder import Decoder
from core.models.folder import save_model
from core.models.loading import load
from core.runs.info import RunInfo
from core.settings.model import ModelSettings
from core.settings.run import RunSettings
from core.settings.training import TrainingSettings
from core.tokenization import byte
from core.training import checkpoint
from core.training.job import change_settings, create_run, execute
from core.training.parallel import Team, blocks, fitting
from core.training.processes import Place, place, trainer_command
from core.workspace import Workspace

pytestmark = pytest.mark.timeout(600)  # All of it is made at once, for all tests; alone it takes half a minute.
ROOT = Path(__file__).resolve().parents[3]
STEPS = 12
KINDS = {
    "ddp-adamw": {"parallel": "ddp", "micro_batch_size": 3},
    "ddp-muon": {"optimizer": "muon"},  # auto: ddp on a CPU
    "fsdp-adamw": {"parallel": "fsdp", "tied": False, "gradient_checkpointing": True},
    "fsdp-muon": {"parallel": "fsdp", "optimizer": "muon", "hidden_size": 40, "kv_heads": 1},
    "fsdp-adafactor": {"parallel": "fsdp", "optimizer": "adafactor", "lr": 0.1},
    "fsdp-lion": {"parallel": "fsdp", "optimizer": "lion", "lr": 1e-3, "weight_decay": 0.5, "micro_batch_size": 2},
}


def read(run, name):
    return [json.loads(line) for line in (run / name).read_text().splitlines()]


def losses(run):
    return {record["step"]: record["loss"] for record in read(run, "metrics.jsonl") if "loss" in record}


def measured(run):
    return [record["eval_loss"] for record in read(run, "metrics.jsonl") if "eval_loss" in record]


def answers(run):
    return [(event["to"], event["outcome"]) for event in read(run, "events.jsonl") if event["kind"] == "answer"]


class Story:
    """All runs of this file: those of one process are trained here, those of two by one torchrun, as it is slow."""

    def __init__(self, folder, text):
        self.workspace = Workspace(folder)
        self._text = text
        self.runs = {}
        self._jobs = []

    def make(self, name, **changes):
        model = {"layers": 2, "hidden_size": 32, "heads": 2, "context": 16}
        training = {
            "steps": STEPS,
            "batch_size": 6,
            "lr": 3e-3,
            "schedule": {"name": "constant", "warmup": 2},
            "eval_every": 6,
            "eval_tokens": 272,  # 17 rows: the last batch has too few for two processes
            "save_every": 6,
            "sample_every": 0,
            "device": "cpu",
            "precision": "fp32",
            "compile": "off",
        }
        for key, value in changes.items():
            (model if key in ("tied", "dropout", "hidden_size", "kv_heads") else training)[key] = value
        settings = {
            "name": name,
            "model": model,
            "tokenizer": "bytes",
            "data": {"sources": [{"name": "files", "path": str(self._text), "documents": "blank-line"}]},
            "training": training,
        }
        self.runs[name] = create_run(RunSettings.model_validate(settings), self.workspace)
        return self.runs[name]

    def tune(self, name, base, adapter=None, **changes):
        """A run that fine-tunes the model in folder `base`."""
        training = {
            "objective": "sft",
            "steps": 4,
            "batch_size": 4,
            "context": 160,
            "lr": 1e-3,
            "schedule": {"name": "constant", "warmup": 0},
            "eval_every": 4,
            "save_every": 4,
            "sample_every": 4,
            "sample_questions": ["Who keeps the mill?"],
            "device": "cpu",
            "precision": "fp32",
            "compile": "off",
        }
        settings = {
            "name": name,
            "stage": "sft",
            "base": {"model": str(base)},
            "adapter": adapter or {},
            "data": {"sources": [{"name": "demo", "documents": 60, "part": "talk"}], "held_out": 0.2},
            "training": training | changes,
            "sampling": {"max_new_tokens": 4},
        }
        self.runs[name] = create_run(RunSettings.model_validate(settings), self.workspace)
        return self.runs[name]

    def two(self, name, **what):
        self._jobs.append({"run": str(self.runs[name]), **what})

    def go(self):
        jobs = self.workspace.root / "jobs.json"
        jobs.write_text(json.dumps(self._jobs))
        words = ["--standalone", "--nproc-per-node", "2", str(Path(__file__).with_name("together.py")), str(jobs)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "torch.distributed.run", *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )
        self.said = done.stderr
        assert done.returncode == 0, done.stderr


def further(run, steps):
    info = RunInfo.read(run)
    settings = RunSettings.model_validate(info.settings)
    change_settings(
        info, settings.model_copy(update={"training": settings.training.model_copy(update={"steps": steps})})
    )


TUNED = {
    "ddp-lora": ("own", {"adapter": {"preset": "all", "dropout": 0.0}, "parallel": "auto"}),
    "fsdp-own": ("own", {"parallel": "fsdp"}),
    "fsdp-llama": ("llama", {"parallel": "fsdp", "gradient_checkpointing": True}),
}


def bases(folder):
    """A small model of ours and one of transformers, in folders."""
    tokenizer = byte.build()
    torch.manual_seed(0)
    shape = ModelSettings(layers=2, hidden_size=32, heads=2, context=160)
    save_model(Decoder(shape, tokenizer.vocab_size), tokenizer, folder / "own")
    config = LlamaConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=160,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_id,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder / "llama")
    tokenizer.save(folder / "llama")
    return folder


@pytest.fixture(scope="module")
def story(tmp_path_factory, text):
    made = Story(tmp_path_factory.mktemp("together"), text)
    for kind, changes in KINDS.items():
        made.make(kind, **changes)
        made.two(kind)
        alone = {**changes, "parallel": "none", "micro_batch_size": None, "gradient_checkpointing": False}
        execute(made.make(f"{kind}-alone", **alone))
    for kind in ("ddp", "fsdp"):
        # Measured at every step, so that what is asked at a step is asked there: records are told a little later.
        hard = {"parallel": kind, "dropout": 0.2, "optimizer": {"name": "sophia", "every": 3}, "eval_every": 1}
        made.make(f"{kind}-straight", **hard)
        made.two(f"{kind}-straight")
        made.make(f"{kind}-broken", **hard)
        made.two(f"{kind}-broken", stop=4)
        made.two(f"{kind}-broken")
        made.make(f"{kind}-half", steps=6, parallel=kind, optimizer="muon")
        made.two(f"{kind}-half")
    execute(made.make("later", steps=6, optimizer="muon"))
    further(made.runs["later"], STEPS)
    made.two("later")
    execute(made.make("muon-alone", optimizer="muon"))
    made.make("asked", parallel="fsdp", sample_prompts=["the raven"], eval_every=1)
    made.two("asked", ask={"2": ["save", "sample"], "4": ["pause"], "7": ["evaluate"], "9": ["stop"]})
    made.make("spoilt", parallel="ddp")
    made.two("spoilt", poison=[5])
    made.make("rolled", parallel="ddp", nonfinite_limit=2)
    made.two("rolled", poison=[8, 9])
    made.make("uneven", batch_size=5)
    made.two("uneven")
    made.make("unwanted", parallel="none")
    made.two("unwanted")
    made.make("compiled", parallel="fsdp", compile="on")
    made.two("compiled")
    places = bases(tmp_path_factory.mktemp("bases"))
    for name, (base, changes) in TUNED.items():
        made.tune(name, places / base, **changes)
        made.two(name)
        alone = {**changes, "parallel": "none", "gradient_checkpointing": False}
        execute(made.tune(f"{name}-alone", places / base, **alone))
    made.tune("frozen", places / "own", {"preset": "all"}, parallel="fsdp")
    made.two("frozen")
    made.go()
    return made


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_losses_are_those_of_one_process(story, kind):
    together, alone = story.runs[kind], story.runs[f"{kind}-alone"]
    info = RunInfo.read(together)
    assert info.status == "finished"
    assert info.extra["processes"] == 2
    assert info.device.endswith(f", 2 processes ({kind.partition('-')[0]})")
    assert info.extra["parallel"] == kind.partition("-")[0]
    found, expected = losses(together), losses(alone)
    assert list(found) == list(expected) == list(range(1, STEPS + 1))
    assert found == pytest.approx(expected, abs=1e-4)
    assert measured(together) == pytest.approx(measured(alone), abs=1e-4)
    assert found[STEPS] < found[1]
    steps = [record for record in read(together, "metrics.jsonl") if "loss" in record]
    assert [record["tokens"] for record in steps] == [6 * 16 * step for step in found]
    norms = [[r["grad_norm"] for r in read(run, "metrics.jsonl") if "loss" in r] for run in (together, alone)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-3)


@pytest.mark.parametrize("kind", list(KINDS))
def test_checkpoints_are_those_of_one_process(story, kind):
    folders = [checkpoint.pointed(story.runs[name], "final") for name in (kind, f"{kind}-alone")]
    for folder in folders:
        checkpoint.verify(folder)
    names = [{path.name for path in folder.iterdir()} for folder in folders]
    assert names[0] == names[1]
    for name in ("model.safetensors", "trainer.safetensors"):
        found, expected = (load_file(folder / name) for folder in folders)
        assert found.keys() - expected.keys() <= {"rank.1.rng.cpu"}
        for key, tensor in expected.items():
            if not key.startswith("rng."):
                assert found[key].shape == tensor.shape, key
                far = (found[key] - tensor).abs().max()
                # Where a sign decides, rounding may: Lion's weights differ by a step or two in few places.
                assert far < 1e-3 or (found[key] - tensor).abs().mean() < 1e-4, key


@pytest.mark.parametrize("name", list(TUNED))
def test_fine_tuning_is_that_of_one_process(story, name):
    together, alone = story.runs[name], story.runs[f"{name}-alone"]
    info = RunInfo.read(together)
    assert (info.status, info.extra["parallel"]) == ("finished", name.partition("-")[0])
    assert losses(together) == pytest.approx(losses(alone), abs=1e-4)
    assert measured(together) == pytest.approx(measured(alone), abs=1e-4)
    changed = [[r.get("weight_change") for r in read(run, "metrics.jsonl") if "loss" in r] for run in (together, alone)]
    assert changed[0][0] == pytest.approx(changed[1][0], rel=1e-3)
    assert [sample["text"] for sample in read(together, "samples.jsonl")]
    folders = [checkpoint.pointed(run, "final") for run in (together, alone)]
    names = {path.name for path in folders[0].glob("*.safetensors")}
    assert names == {path.name for path in folders[1].glob("*.safetensors")}
    for each in names - {"trainer.safetensors"}:
        found, expected = (load_file(folder / each) for folder in folders)
        assert found.keys() >= expected.keys()  # A head that is tied may stand there a second time.
        for key, tensor in expected.items():
            torch.testing.assert_close(found[key], tensor, atol=1e-3, rtol=0, msg=lambda text, key=key: key + text)
    loaded = load(folders[0])
    assert loaded.tokenizer.has_chat_template


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_stopped_and_resumed_is_bit_for_bit(story, outcome, kind):
    """The first process alone is asked to stop; dropout and drawn labels differ from process to process."""
    broken = story.runs[f"{kind}-broken"]
    stops = [event["step"] for event in read(broken, "events.jsonl") if event["kind"] == "stopped"]
    assert stops == [4]
    assert outcome(broken) == outcome(story.runs[f"{kind}-straight"])
    generators = load_file(checkpoint.pointed(broken, "final") / "trainer.safetensors")
    assert not torch.equal(generators["rng.cpu"], generators["rank.1.rng.cpu"])


@pytest.mark.parametrize("name", ["ddp-half", "fsdp-half", "later"])
def test_a_run_goes_on_with_another_number_of_processes(story, name):
    run = story.runs[name]
    if name != "later":
        assert RunInfo.read(run).step == 6
        further(run, STEPS)
        assert execute(run) == "finished"
    info = RunInfo.read(run)
    assert (info.status, info.step, info.extra["processes"]) == ("finished", STEPS, 2 if name == "later" else 1)
    assert losses(run) == pytest.approx(losses(story.runs["muon-alone"]), abs=1e-4)


def test_requests_are_heard_by_all(story):
    run = story.runs["asked"]
    assert sorted(answers(run)) == sorted(
        [(kind, "done") for kind in ("save", "sample", "pause", "resume", "evaluate", "stop")]
    )
    info = RunInfo.read(run)
    assert info.status == "stopped"
    assert info.step == 9
    assert checkpoint.last_good(run).step == info.step
    assert [sample["prompt"] for sample in read(run, "samples.jsonl")] == ["the raven"]
    assert len(measured(run)) >= 9


def test_a_gradient_spoilt_in_one_process_is_skipped_by_all(story):
    run = story.runs["spoilt"]
    skipped = [record["step"] for record in read(run, "metrics.jsonl") if record.get("skipped")]
    assert skipped == [5]
    assert RunInfo.read(run).status == "finished"
    weights = load_file(checkpoint.pointed(run, "final") / "model.safetensors")
    assert all(tensor.isfinite().all() for tensor in weights.values())


def test_all_roll_back_together(story):
    run = story.runs["rolled"]
    told = [event for event in read(run, "events.jsonl") if event.get("cause") == "rolled-back"]
    assert [(event["step"], event["from_step"]) for event in told] == [(6, 9)]
    assert RunInfo.read(run).status == "finished"
    state = json.loads((checkpoint.pointed(run, "final") / "trainer.json").read_text())["state"]
    assert (state["position"], state["lr_scale"], state["skipped"]) == ((STEPS + 3) * 6, 0.5, 2)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("uneven", "A batch of 5 sequences cannot be shared evenly among 2 processes"),
        ("unwanted", "training.parallel is none, but 2 processes were started"),
        ("compiled", "compile=on does not go with training.parallel=fsdp"),
        ("frozen", "fsdp spreads models that learn as a whole, and this one has frozen weights"),
    ],
)
def test_what_cannot_be_is_told(story, name, message):
    info = RunInfo.read(story.runs[name])
    assert info.status == "failed"
    assert message in info.error["message"]
    assert info.error["hint"]


def test_only_the_first_process_writes(story):
    """Every line once, whole, in order."""
    for name in KINDS:
        events = [event["kind"] for event in read(story.runs[name], "events.jsonl")]
        assert events.count("finished") == 1
        assert events.count("checkpoint") == 2
        assert not list(story.runs[name].glob(".step-*"))


def test_place():
    assert place({}) == Place(0, 1, 0)
    assert place({"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1"}) == Place(3, 4, 1)
    assert place({"WORLD_SIZE": "4"}).leads
    with pytest.raises(OgiveError, match="no numbers"):
        place({"RANK": "x", "WORLD_SIZE": "4"})
    assert trainer_command("run")[1:] == ["-m", "core.training", "run"]
    assert "--nproc-per-node" in trainer_command("run", 3)


def test_alone_nothing_is_shared():
    team = Team()
    assert (team.size, team.leads, team.kind) == (1, True, "none")
    assert team.first(lambda: 3) == 3
    assert len(blocks(torch.nn.Sequential(torch.nn.ModuleList([torch.nn.Linear(1, 1)] * 3)))) == 3
    assert TrainingSettings().parallel == "auto"


@pytest.mark.parametrize(
    ("optimizer", "memory", "kind"),
    [("adamw", 60_000, "ddp"), ("adamw", 20_000, "fsdp"), ("adamw-8bit", 20_000, "ddp"), ("adafactor", 20_000, "ddp")],
)
def test_auto_spreads_what_does_not_fit_one_gpu(monkeypatch, optimizer, memory, kind):
    """1000 weights: 16 kB with AdamW in 32 bits, 10 kB in 8 bits, 8 kB without moments."""
    properties = type("Properties", (), {"total_memory": memory})
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    model, training = torch.nn.Linear(1000, 1, bias=False), TrainingSettings(optimizer=optimizer)
    assert fitting(model, training, torch.device("cuda")) == kind
    assert fitting(model, training, torch.device("cpu")) == "ddp"
