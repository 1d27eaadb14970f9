"""Fine-tuning: the loss and its gradient are those of each conversation alone; runs resume to the same bytes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from transformers import BloomConfig, BloomForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from core import adapters
from core.data.conversations import gather
from core.data.turns import Rules
from core.errors import OgiveError
from core.models.adapted import enclosed
from core.models.decoder import Decoder
from core.models.folder import save_model
from core.models.loading import load
from core.optim.base import build_optimizer
from core.runs.info import RunInfo
from core.settings.data import DataSettings
from core.settings.model import ModelSettings
from core.settings.run import RunSettings
from core.settings.training import TrainingSettings
from core.tokenization import byte
from core.training.job import create_run, execute, fork
from core.training.objectives.sft import Conversations
from core.training.step import Stepper
from core.workspace import Workspace

CONTEXT = 160
DEMO = {"sources": [{"name": "demo", "documents": 60, "part": "talk"}], "held_out": 0.2}
SHAPES: dict[str, dict[str, Any]] = {
    "rope": {},
    "recency": {"positions": {"name": "rope", "recency": 1.0}, "kv_heads": 1, "tied": False},
    "window": {"positions": "alibi", "window": 24, "kv_heads": 1},
    "learned": {"positions": "learned", "norm": "layernorm", "feedforward": "gelu", "bias": True, "qk_norm": True},
}
BASE = byte.build()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    rules = Rules(CONTEXT + 1)
    return gather(DataSettings.model_validate(DEMO), BASE, rules, Workspace(tmp_path_factory.mktemp("talks")))


def own(**changes: Any) -> Decoder:
    torch.manual_seed(0)
    shape = {"layers": 2, "hidden_size": 32, "heads": 2, "context": CONTEXT} | changes
    return Decoder(ModelSettings.model_validate(shape), BASE.vocab_size)


def foreign(kind: str) -> Any:
    torch.manual_seed(0)
    size = {"vocab_size": BASE.vocab_size, "bos_token_id": None, "eos_token_id": BASE.eos_id}
    if kind == "llama":
        shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
        return LlamaForCausalLM(LlamaConfig(**size, **shape, max_position_embeddings=CONTEXT))
    if kind == "gpt2":
        none = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
        return GPT2LMHeadModel(GPT2Config(**size, n_embd=32, n_layer=2, n_head=2, n_positions=CONTEXT, **none))
    return BloomForCausalLM(BloomConfig(**size, hidden_size=32, n_layer=2, n_head=2))


def objective(data: Any, steps: int = 10, **options: Any) -> Conversations:
    training = TrainingSettings.model_validate(
        {"objective": {"name": "sft", **options}, "batch_size": 4, "eval_tokens": None, "steps": steps}
    )
    return Conversations(data, training, CONTEXT)


def alone(model: Any, data: Any, number: int) -> tuple[torch.Tensor, int]:
    """The loss of one conversation as anybody would write it: logits, shifted labels, cross-entropy."""
    ids, learned = data.train.talk(number)
    tokens = torch.from_numpy(ids.astype(np.int64))[None]
    out = model(tokens)
    logits = out if isinstance(out, torch.Tensor) else out.logits
    labels = torch.where(torch.from_numpy(learned.astype(bool)), tokens[0], -100)[1:]
    return F.cross_entropy(logits[0, :-1], labels, reduction="sum"), int((labels != -100).sum())


@pytest.mark.parametrize(
    ("kind", "packing"), [*((kind, "on") for kind in (*SHAPES, "llama", "gpt2")), ("rope", "off"), ("gpt2", "off")]
)
def test_a_batch_has_the_loss_of_its_conversations(data, kind, packing):
    model = (own(**SHAPES[kind]) if kind in SHAPES else foreign(kind)).eval()
    sft = objective(data, packing=packing)
    sft.suit(model, {})
    batch = sft.batch(2, 4)
    members = [int(number) for row in sft._rows.order(2, 4) for number in sft._rows.members[row]]
    with torch.no_grad():
        singly = {number: alone(model, data, number) for number in members}
        assert batch.count == sum(count for _, count in singly.values())
        parts = [sft.loss(model, *tensors) for tensors in batch.split(2)]
        assert sum(int(count) for _, count in parts) == batch.count
        total = sum(loss.item() for loss, _ in parts)
        assert total == pytest.approx(sum(loss.item() for loss, _ in singly.values()), rel=1e-5)
        if packing == "on":  # And each by itself in its row has the loss it has alone.
            row = sft.batch(2, 1)
            ids, labels, places, talks = row.tensors
            for order, number in enumerate(sft._rows.members[sft._rows.order(2, 1)[0]]):
                only = labels.masked_fill(talks != order, -100)
                assert sft.loss(model, ids, only, places, talks)[0].item() == pytest.approx(
                    singly[int(number)][0].item(), rel=1e-5
                )


@pytest.mark.parametrize("kind", ["own", "llama"])
@pytest.mark.parametrize("packing", ["on", "off"])
def test_the_gradient_is_that_of_the_mean_over_learned_tokens(data, kind, packing):
    """In fp64 against transformers' own padded batch with labels, as its Trainer sums it."""
    torch.set_default_dtype(torch.float64)
    try:
        model = (own() if kind == "own" else foreign(kind)).double()
        reference = enclosed(own().double()) if kind == "own" else foreign(kind).double()
        sft = objective(data, packing=packing)
        sft.suit(model, {"packing": {"chosen": packing, "why": "test"}})
        batch = sft.batch(0, 4)
        stepper = Stepper(
            model,
            sft,
            build_optimizer(model, TrainingSettings()),
            device=torch.device("cpu"),
            precision="fp32",
            clip=0.0,
            micro=2,
        )
        loss = stepper.gradients(batch)
        rows = [int(number) for row in sft._rows.order(0, 4) for number in sft._rows.members[row]]
        padded = sft._rows.single(rows)
        ids, labels = torch.from_numpy(padded.ids), torch.from_numpy(padded.labels)
        mask = torch.from_numpy(padded.talks >= 0).long()
        logits = reference(input_ids=ids, attention_mask=mask).logits
        mean = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
        mean.backward()
        assert batch.count == int((labels != -100).sum())
        assert loss.item() == pytest.approx(mean.item(), rel=1e-7)
        wanted = {name.removeprefix("decoder."): weight.grad for name, weight in reference.named_parameters()}
        for name, weight in model.named_parameters():
            assert weight.grad is not None
            assert torch.allclose(weight.grad, wanted[name], atol=1e-8, rtol=1e-6), name
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_foreign_model_is_packed_only_when_it_is_proved_to_keep_conversations_apart(data):
    assert objective(data).suit(own(), {})["packing"]["chosen"] == "on"
    assert objective(data).suit(foreign("llama"), {})["packing"]["chosen"] == "on"
    sft = objective(data)
    bloom = sft.suit(foreign("bloom"), {})["packing"]
    assert bloom["chosen"] == "off"
    assert "mixes packed conversations" in bloom["why"]
    assert sft.batch(0, 4).rows == 4
    assert all(len(tensors) == 2 for tensors in sft.batch(0, 4).split(4))
    assert (
        objective(data).suit(foreign("llama"), {"packing": {"chosen": "off", "why": "before"}})["packing"]["why"]
        == "before"
    )


# Runs


def recipe(base: Any, **changes: Any) -> RunSettings:
    training: dict[str, Any] = {
        "steps": 8,
        "batch_size": 3,
        "lr": 2e-3,
        "context": CONTEXT,
        "schedule": {"name": "cosine", "warmup": 2},
        "eval_every": 4,
        "eval_tokens": 1000,
        "save_every": 4,
        "sample_every": 0,
        "device": "cpu",
        "precision": "fp32",
        "compile": "off",
    }
    changes = {"adapter": {}, "model": {}, **changes}
    return RunSettings.model_validate(
        {
            "name": "sft",
            "stage": "sft",
            "base": {"model": str(base)},
            "adapter": changes.pop("adapter"),
            "model": changes.pop("model"),
            "data": DEMO,
            "training": training | changes,
        }
    )


@pytest.fixture
def base(tmp_path):
    folder = tmp_path / "models" / "base"
    save_model(own(), BASE, folder)
    return folder


@pytest.fixture
def foreign_base(tmp_path):
    folder = tmp_path / "models" / "llama"
    foreign("llama").save_pretrained(folder)
    BASE.save(folder)
    return folder


class Crash(Exception):
    pass


def crash(kind, record):
    if kind == "metrics" and record["step"] >= 6:
        raise Crash


def bytes_of(run):
    folder = run / (run / "final").read_text().strip()
    return {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}


def metrics(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


WAYS = {
    "whole": {"model": {"dropout": 0.1}},
    "lora": {"adapter": {"preset": "all", "dropout": 0.1}, "optimizer": "muon"},
    "dora": {"adapter": {"preset": "attention_only", "dora": True}, "micro_batch_size": 1},
    "foreign": {"objective": {"name": "sft", "packing": "off"}, "micro_batch_size": 1},
    "foreign-lora": {"adapter": {"preset": "minimal"}},
}


@pytest.mark.parametrize("way", WAYS)
def test_broken_off_and_resumed_it_ends_in_the_same_bytes(way, base, foreign_base, workspace):
    settings = recipe(foreign_base if "foreign" in way else base, **WAYS[way])
    straight = create_run(settings, workspace)
    assert execute(straight) == "finished"
    broken = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(broken, listen=crash)
    assert execute(broken) == "finished"
    assert bytes_of(broken) == bytes_of(straight)
    info = RunInfo.read(straight)
    adapter = settings.adapter.wanted
    assert info.trainable > 0
    assert (info.trainable < info.parameters) == adapter
    assert ("adapter_model.safetensors" in bytes_of(straight)) == adapter
    changes = [record["weight_change"] for record in metrics(straight) if "weight_change" in record]
    assert changes
    assert all(change > 0 for change in changes)
    losses = [record["eval_loss"] for record in metrics(straight) if "eval_loss" in record]
    assert losses[-1] < losses[0]
    loaded = load(straight / (straight / "final").read_text().strip())
    assert loaded.tokenizer.has_chat_template
    if adapter:
        # The run keeps its base: the model may be deleted where it was.
        assert (straight / "base" / "config.json").is_file()
        assert adapters.change_norm(loaded.model) > 0


def test_a_fork_goes_on_with_the_adapter(base, workspace):
    settings = recipe(base, adapter={"preset": "all"})
    parent = create_run(settings, workspace)
    execute(parent)
    child = fork(RunInfo.read(parent), workspace, settings.model_copy(update={"name": "child"}), step=4, go_on=True)
    assert execute(child) == "finished"
    assert bytes_of(child) == bytes_of(parent)
    whole = recipe(base)
    with pytest.raises(OgiveError, match="is an adapter, and the settings want the other"):
        execute(fork(RunInfo.read(parent), workspace, whole))
    with pytest.raises(OgiveError, match="Merge it first"):
        create_run(recipe(parent / "step-00000008"), workspace)


def test_what_cannot_be_is_said_before_it_begins(base, workspace, tmp_path):
    with pytest.raises(OgiveError, match="There is no folder"):
        create_run(recipe(tmp_path / "nowhere"), workspace)
    with pytest.raises(OgiveError, match="longer than the base model's context of 160"):
        execute(create_run(recipe(base, context=400), workspace))
    narrow = recipe(base, adapter={"preset": "all"})
    narrow.base.precision = "4bit"
    with pytest.raises(OgiveError, match="not trained on CPU"):
        execute(create_run(narrow, workspace))
    assert len(list(workspace.checkpoints.glob("*sft*"))) == 2
    with pytest.raises(ValueError, match="trains by the objective sft, not language"):
        recipe(base, objective="language")
    with pytest.raises(ValueError, match="through an adapter"):
        RunSettings.model_validate({"stage": "sft", "base": {"precision": "8bit"}})
    with pytest.raises(ValueError, match="an adapter needs a trained model"):
        RunSettings.model_validate({"adapter": {"preset": "all"}})
