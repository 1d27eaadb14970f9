"""The loop: what is recorded when, roll-backs, requests, checkpoints kept and pointed to."""

import json
import math
import threading
import time

import pytest
import torch

from core.cancel import Cancel
from core.errors import OgiveError
from core.runs.control import answers, request
from core.runs.info import RunInfo
from core.runs.writer import RunWriter
from core.training import checkpoint
from core.training.assemble import assemble
from core.training.job import change_settings, create_run, execute
from core.training.records import Records


def read(run, name):
    return [json.loads(line) for line in (run / name).read_text().splitlines()]


def events(run, kind):
    return [event for event in read(run, "events.jsonl") if event["kind"] == kind]


def test_what_a_run_leaves(recipe, train):
    run = train(recipe(steps=25, eval_every=10, save_every=10, sample_every=25, sample_prompts=["the raven", ""]))
    metrics = read(run, "metrics.jsonl")
    steps = [record for record in metrics if "loss" in record]
    assert [record["step"] for record in steps] == list(range(1, 26))
    for record in steps:
        assert record["tokens"] == record["step"] * 8 * 16
        assert record.keys() >= {"time", "loss", "lr", "grad_norm", "tokens_per_s", "step_ms", "epoch"}
        assert record["tokens_per_s"] > 0
    assert steps[0]["lr"] == pytest.approx(3e-3 / 3)
    measured = [record for record in metrics if "eval_loss" in record]
    assert [record["step"] for record in measured] == [10, 20, 25]
    last = measured[-1]
    assert last["eval_ppl"] == pytest.approx(math.exp(last["eval_loss"]))
    assert last["eval_loss"] < measured[0]["eval_loss"] < math.log(262)
    samples = read(run, "samples.jsonl")
    assert [(sample["step"], sample["prompt"]) for sample in samples] == [(25, "the raven"), (25, "")]
    assert all(sample["text"] for sample in samples)
    info = RunInfo.read(run)
    assert (info.status, info.step, info.steps, info.tokens) == ("finished", 25, 25, 25 * 128)
    assert info.best is not None
    assert info.best["eval_loss"] == min(record["eval_loss"] for record in measured)
    assert info.parameters
    assert info.choices["precision"]["why"]
    assert [event["step"] for event in events(run, "checkpoint")] == [10, 20, 25]
    assert checkpoint.pointed(run, "final") == checkpoint.pointed(run, "latest") == run / "step-00000025"
    assert checkpoint.pointed(run, "best") == run / checkpoint.folder_name(info.best["step"])
    names = {path.name for path in (run / "step-00000025").iterdir()}
    assert names >= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "trainer.safetensors",
        "trainer.json",
        "manifest.json",
    }
    assert not [path for path in run.rglob("*") if path.suffix in (".pt", ".bin", ".pkl")]


def test_bits_per_byte_of_a_byte_model(recipe, train):
    """With one token per byte, bits per byte are the loss in bits, but for the document ends that hold no byte."""
    run = train(recipe(steps=2, eval_tokens=None))
    last = [record for record in read(run, "metrics.jsonl") if "eval_loss" in record][-1]
    ratio = last["eval_bpb"] / (last["eval_loss"] / math.log(2))
    assert 1.0 < ratio < 1.03


def test_evaluation_measures_the_same_text_every_time(recipe, workspace):
    run = create_run(recipe(lr=1e-30, weight_decay=0.0, steps=20), workspace)
    execute(run)
    found = {record["eval_loss"] for record in read(run, "metrics.jsonl") if "eval_loss" in record}
    assert len(found) == 1


def test_old_checkpoints_are_pruned_but_not_those_pointed_to(recipe, train):
    run = train(recipe(steps=40, save_every=4, eval_every=4, keep=2))
    best = checkpoint.pointed(run, "best")
    assert best is not None
    kept = checkpoint.steps(run)
    assert set(kept) == {32, 36, 40} | {int(best.name[5:])}
    assert not list(run.glob(".step-*"))


class Poison:
    """Makes the gradient of chosen steps not finite, as a bad batch would."""

    def __init__(self, loop, bad):
        loop.weights.model.norm.weight.register_hook(
            lambda gradient: gradient * math.nan if bad(loop.state) else gradient
        )


def looped(run, bad):
    with RunWriter.open(run) as writer:
        loop = assemble(Records(writer), Cancel())
        Poison(loop, bad)
        return loop.run()


def test_skipped_steps_are_counted_and_told(recipe, workspace):
    run = create_run(recipe(nonfinite_limit=3), workspace)
    assert looped(run, lambda state: state.step in (4, 5, 12)) == "finished"
    skipped = [record for record in read(run, "metrics.jsonl") if record.get("skipped")]
    assert [record["step"] for record in skipped] == [5, 6, 13]
    assert all(record["loss"] is None and record["grad_norm"] is None for record in skipped)
    alerts = events(run, "alert")
    assert [(alert["cause"], alert["in_a_row"], alert["skipped"]) for alert in alerts] == [
        ("nonfinite", 1, 1),
        ("nonfinite", 2, 2),
        ("nonfinite", 1, 3),
    ]
    assert "learning rate" in alerts[0]["advice"]


def test_several_in_a_row_roll_back_past_the_data_at_half_the_rate(recipe, workspace):
    run = create_run(recipe(nonfinite_limit=3, steps=30), workspace)
    rows = range(14 * 8, 40 * 8)
    once = []

    def bad(state):
        # What breaks is the text between two places, at the full rate.
        if state.position in rows and state.lr_scale == 1.0:
            once.append(state.position)
            return True
        return False

    assert looped(run, bad) == "finished"
    assert len(once) == 3
    told = [alert for alert in events(run, "alert") if alert["cause"] == "rolled-back"]
    assert len(told) == 1
    assert (told[0]["step"], told[0]["from_step"], told[0]["lr_scale"]) == (10, 17, 0.5)
    assert "step 10" in told[0]["message"]
    state = json.loads((run / "step-00000030" / "trainer.json").read_text())["state"]
    assert state["position"] == (30 + 7) * 8
    assert (state["skipped"], state["rollbacks"], state["lr_scale"]) == (3, 0, 0.5)


def test_before_the_first_checkpoint_it_goes_back_to_the_start(recipe, workspace):
    run = create_run(recipe(nonfinite_limit=2), workspace)
    assert looped(run, lambda state: state.step in (4, 5) and state.lr_scale == 1.0) == "finished"
    told = [alert for alert in events(run, "alert") if alert["cause"] == "rolled-back"]
    assert "back to the start" in told[0]["message"]
    assert (told[0]["step"], told[0]["from_step"]) == (0, 6)
    again = [record for record in read(run, "metrics.jsonl") if record.get("step") == 1]
    assert len(again) == 2
    assert again[1]["lr"] == again[0]["lr"] / 2


def test_a_hopeless_run_ends_with_advice(recipe, workspace):
    run = create_run(recipe(nonfinite_limit=2), workspace)
    with pytest.raises(OgiveError, match=r"after 3 roll-backs.*Lower training\.lr"):
        looped(run, lambda state: state.step >= 4)
    assert len([alert for alert in events(run, "alert") if alert["cause"] == "rolled-back"]) == 3


def test_running_out_of_memory_is_told_kept_and_goes_on(recipe, workspace):
    run = create_run(recipe(dropout=0.1), workspace)
    with RunWriter.open(run) as writer:
        loop = assemble(Records(writer), Cancel())
        objective, real = loop.stepper.objective, loop.stepper.objective.loss

        def scarce(model, ids, labels):
            if len(ids) > 4 and loop.state.step >= 5:
                raise torch.OutOfMemoryError("injected")
            return real(model, ids, labels)

        objective.loss = scarce
        assert loop.run() == "finished"
    info = RunInfo.read(run)
    assert info.step == 20
    assert info.choices["micro_batch_size"]["chosen"] == 4
    assert len([alert for alert in events(run, "alert") if alert["cause"] == "out-of-memory"]) == 1
    assert json.loads((run / "step-00000020" / "trainer.json").read_text())["state"]["micro"] == 4
    assert [record["step"] for record in read(run, "metrics.jsonl") if "loss" in record] == list(range(1, 21))


def test_requests_are_heard_and_answered(recipe, workspace):
    run = create_run(recipe(steps=100_000, eval_every=50_000, save_every=50_000), workspace)
    ids = {}

    def ask():
        def wait(kind):
            ids[kind] = request(run, kind)
            deadline = time.monotonic() + 30
            while ids[kind] not in answers(run) and time.monotonic() < deadline:
                time.sleep(0.01)

        while RunInfo.read(run).status != "training":
            time.sleep(0.01)
        wait("save")
        wait("evaluate")
        wait("pause")
        ids["paused at"] = RunInfo.read(run).step
        assert RunInfo.read(run).status == "paused"
        wait("sample")
        time.sleep(0.1)
        ids["still at"] = RunInfo.read(run).step
        wait("resume")
        wait("stop")

    thread = threading.Thread(target=ask)
    thread.start()
    assert execute(run) == "stopped"
    thread.join()
    told = answers(run)
    for kind in ("save", "evaluate", "pause", "sample", "resume", "stop"):
        assert told[ids[kind]]["outcome"] == "done", kind
    assert ids["paused at"] == ids["still at"]
    assert (run / told[ids["save"]]["folder"]).name in [checkpoint.folder_name(step) for step in checkpoint.steps(run)]
    assert told[ids["evaluate"]]["eval_loss"] > 0
    assert read(run, "samples.jsonl")
    info = RunInfo.read(run)
    assert checkpoint.last_good(run).step == info.step
    assert [event["kind"] for event in read(run, "events.jsonl") if event["kind"] in ("paused", "resumed")] == [
        "paused",
        "resumed",
    ]


class Kept:
    """A logger that keeps what it is told."""

    def __init__(self):
        self.values, self.texts, self.closed = [], [], False

    def log(self, step, values):
        self.values.append((step, dict(values)))

    def text(self, step, name, text):
        self.texts.append((step, text))

    def close(self):
        self.closed = True


def test_loggers_hear_every_step_evaluation_and_sample(recipe, workspace):
    run = create_run(recipe(sample_every=10, sample_prompts=["the "]), workspace)
    logger = Kept()
    with RunWriter.open(run) as writer:
        records = Records(writer)
        loop = assemble(records, Cancel())
        records.loggers = [logger]
        loop.run()
        records.close()
    assert [step for step, values in logger.values if "loss" in values] == list(range(1, 21))
    assert [step for step, values in logger.values if "eval_loss" in values] == [10, 20]
    assert [step for step, _ in logger.texts] == [10, 20]
    assert logger.texts[0][1].startswith("the ")
    assert logger.closed


def test_a_stop_right_after_a_damaged_checkpoint_writes_it_anew(recipe, train):
    run = train(recipe())
    weights = run / "step-00000020" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    cancel = Cancel()

    def stop(kind, record):
        if record.get("step") == 20 and kind == "metrics":
            cancel.request("test")

    assert execute(run, cancel, stop) in ("stopped", "finished")
    assert checkpoint.last_good(run).step == 20
    assert weights.read_bytes() == whole


def test_short_jobs_are_let_through_at_every_step(recipe, workspace):
    calls = []
    run = create_run(recipe(), workspace)
    execute(run, Cancel(lambda: calls.append(torch.is_grad_enabled())))
    assert len(calls) >= 20
    assert all(calls)


def test_a_full_disk_while_saving_is_one_sentence_and_loses_nothing(recipe, workspace, monkeypatch):
    run = create_run(recipe(), workspace)
    real = checkpoint._sync

    def full(path):
        if "00000020" in str(path):
            raise OSError(28, "No space left on device")
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "_sync", full)
        with pytest.raises(OgiveError, match=r"Cannot save the checkpoint .*the disk is full"):
            execute(run)
    info = RunInfo.read(run)
    assert info.status == "failed"
    assert info.error is not None
    assert "disk is full" in info.error["message"]
    assert checkpoint.last_good(run).step == 10
    assert not list(run.glob(".step-*"))
    assert execute(run) == "finished"


def test_settings_of_a_run_that_has_begun(recipe, train):
    run = train(recipe())
    info = RunInfo.read(run)
    longer = recipe(steps=30)
    change_settings(info, longer)
    assert execute(run) == "finished"
    assert RunInfo.read(run).step == 30
    assert events(run, "settings-changed")[0]["changes"] == {"training.steps": 30}
    with pytest.raises(OgiveError, match=r"cannot change model, training\.optimizer.*fork"):
        change_settings(RunInfo.read(run), recipe(steps=30, optimizer="muon", layers=3))


def test_a_defect_is_logged_and_marked(recipe, workspace):
    run = create_run(recipe(), workspace)

    def listen(kind, record):
        if kind == "metrics":
            raise ZeroDivisionError("mistake")

    with pytest.raises(ZeroDivisionError):
        execute(run, listen=listen)
    info = RunInfo.read(run)
    assert info.status == "failed"
    assert info.error is not None
    assert "defect" in info.error["message"]
    assert "ZeroDivisionError: mistake" in (run / "log.txt").read_text()
    assert execute(run) == "finished"


def test_stopped_before_the_first_step(recipe, workspace):
    run = create_run(recipe(), workspace)
    cancel = Cancel()
    cancel.request("test")
    assert execute(run, cancel) == "stopped"
    assert RunInfo.read(run).status == "stopped"
    assert execute(run) == "finished"


def test_samples_go_on_with_prompts_and_reply_to_questions(recipe, workspace):
    changes = {"steps": 2, "sample_every": 2, "sample_prompts": ["The"], "sample_questions": ["Who?"]}
    run = create_run(recipe(**changes), workspace)
    assert execute(run) == "finished"
    records = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
    assert [(record["prompt"], record["reply"]) for record in records] == [("The", False), ("Who?", True)]
    assert all("<|" not in record["text"] for record in records)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": {"name": "sophia", "every": 3}},
        {"optimizer": "lion", "lr": None},
        {"optimizer": "adafactor", "lr": 0.1, "schedule": {"name": "polynomial", "warmup": 2}},
        {"schedule": {"name": "linear", "warmup": 0}},
        {"schedule": {"name": "constant", "warmup": 5}},
    ],
    ids=["sophia", "lion", "adafactor", "linear", "constant"],
)
def test_it_learns_by_every_brick(recipe, train, changes):
    run = train(recipe(steps=40, eval_every=40, **changes))
    losses = [record["loss"] for record in read(run, "metrics.jsonl") if "loss" in record]
    assert losses[-1] < losses[0] - 0.2


def test_gradient_checkpointing_leaves_the_losses_as_they_are(recipe, train):
    plain, frugal = (train(recipe(dropout=0.1, gradient_checkpointing=wanted)) for wanted in (False, True))
    found = [[record.get("loss") for record in read(run, "metrics.jsonl")] for run in (plain, frugal)]
    assert found[0] == pytest.approx(found[1], rel=1e-5)
