"""A run that is interrupted ends in the same bytes as one that is not."""

import importlib.util
import json
import os
import signal
import time

import pytest

from core.cancel import Cancel
from core.errors import OgiveError
from core.runs.info import RunInfo
from core.training import checkpoint
from core.training.job import create_run, execute, fork, start_detached

EIGHT = importlib.util.find_spec("bitsandbytes") is not None


class Crash(Exception):
    pass


def crash_at(step):
    def listen(kind, record):
        if kind == "metrics" and record["step"] >= step:
            raise Crash

    return listen


def losses(run):
    found = {}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        record = json.loads(line)
        if "loss" in record:
            found[record["step"]] = record["loss"]
    return [found[step] for step in sorted(found)]


EASY: dict = {}
HARD = {"dropout": 0.2, "micro_batch_size": 4, "schedule": "wsd", "tied": False}


@pytest.mark.parametrize(
    ("optimizer", "changes"),
    [
        ("adamw", EASY),
        ("adamw", HARD),
        ("muon", HARD),
        ("lion", HARD),
        ("adafactor", HARD),
        ({"name": "sophia", "every": 4}, HARD),
        pytest.param("adamw-8bit", HARD, marks=pytest.mark.skipif(not EIGHT, reason="extra gpu")),
    ],
)
def test_twenty_steps_equal_ten_and_ten(recipe, train, workspace, outcome, optimizer, changes):
    settings = recipe(optimizer=optimizer, **changes)
    straight = train(settings)
    broken = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(broken, listen=crash_at(13))
    assert RunInfo.read(broken).status == "failed"
    assert checkpoint.last_good(broken).step == 10
    assert execute(broken) == "finished"
    assert outcome(broken) == outcome(straight)
    assert losses(broken) == losses(straight)
    assert len(losses(straight)) == 20


def test_asked_to_stop_anywhere_and_resumed(recipe, train, workspace, outcome):
    settings = recipe(dropout=0.1)
    straight = train(settings)
    run = create_run(settings, workspace)
    stops = 0
    while True:
        cancel, reached = Cancel(), RunInfo.read(run).step

        def listen(kind, record, cancel=cancel, first=reached):
            if kind == "metrics" and "loss" in record and record["step"] >= first + 4:
                cancel.request("test")

        if execute(run, cancel, listen) == "finished":
            break
        stops += 1
        info = RunInfo.read(run)
        assert info.status == "stopped"
        assert checkpoint.pointed(run, "latest") == run / checkpoint.folder_name(info.step)
    assert stops >= 2
    assert outcome(run) == outcome(straight)


def test_killed_process_resumes_to_the_same_bytes(recipe, train, workspace, outcome):
    settings = recipe(steps=120, save_every=20, eval_every=60, dropout=0.1, optimizer="muon", micro_batch_size=4)
    straight = train(settings)
    run = create_run(settings, workspace)
    for kill_after in (3,):
        pid = start_detached(run)
        deadline = time.monotonic() + 90
        while len(checkpoint.steps(run)) < kill_after and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.03)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert RunInfo.read(run).state == "lost"
    assert execute(run) == "finished"
    assert outcome(run) == outcome(straight)


def test_terminated_process_saves_first(recipe, workspace):
    settings = recipe(steps=100_000, save_every=50_000, eval_every=50_000)
    run = create_run(settings, workspace)
    pid = start_detached(run)
    deadline = time.monotonic() + 90
    while RunInfo.read(run).step < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(pid, signal.SIGTERM)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    info = RunInfo.read(run)
    assert info.status == "stopped"
    assert info.step >= 5
    assert checkpoint.last_good(run).step == info.step
    assert "SIGTERM" in (run / "events.jsonl").read_text()


def test_two_trainers_on_one_run_are_refused(recipe, workspace):
    run = create_run(recipe(), workspace)

    def listen(kind, record):
        if kind == "metrics":
            with pytest.raises(OgiveError, match="already being trained"):
                execute(run)
            raise Crash

    with pytest.raises(Crash):
        execute(run, listen=listen)


@pytest.mark.parametrize("damage", ["tear", "flip", "lose", "manifest"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_used(recipe, train, workspace, outcome, damage):
    settings = recipe()
    straight = train(settings)
    run = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(run, listen=lambda kind, record: crash_at(20)(kind, record) if record.get("step") == 20 else None)
    execute(run)
    # Both runs are finished; now the second loses its last checkpoint and goes on from the one before.
    folder = run / checkpoint.folder_name(20)
    target = folder / "model.safetensors"
    if damage == "tear":
        target.write_bytes(target.read_bytes()[:-100])
    elif damage == "flip":
        data = bytearray(target.read_bytes())
        data[-1] ^= 1
        target.write_bytes(data)
    elif damage == "lose":
        target.unlink()
    else:
        (folder / "manifest.json").write_text('{"format": 1, "fi')
    assert execute(run) == "finished"
    assert outcome(run) == outcome(straight)
    alerts = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    told = [event for event in alerts if event.get("cause") == "damaged-checkpoint"]
    assert len(told) == 1
    assert "step-00000020" in told[0]["message"]
    assert "step 10" in told[0]["advice"]


def test_a_fork_begins_with_the_weights_or_goes_on_with_everything(recipe, train, workspace, outcome):
    settings = recipe(dropout=0.1)
    parent = train(settings)
    info = RunInfo.read(parent)
    on = fork(info, workspace, settings, step=10, go_on=True)
    assert RunInfo.read(on).parents == [f"{info.id}/step-00000010"]
    assert execute(on) == "finished"
    assert outcome(on) == outcome(parent)
    new = fork(info, workspace, recipe(steps=5, lr=1e-5, save_every=5), name="new")
    assert execute(new) == "finished"
    assert losses(new)[0] < 0.9 * losses(parent)[0]
    with pytest.raises(OgiveError, match=r"no checkpoint of step 15.*10, 20"):
        fork(info, workspace, settings, step=15)
    with pytest.raises(OgiveError, match="differs from the settings in layers"):
        execute(fork(info, workspace, recipe(layers=3)))


def test_changed_data_is_refused_on_resume(recipe, workspace, tmp_path):
    text = tmp_path / "changing.txt"
    text.write_text("one two three four five six seven. " * 40)
    settings = recipe()
    settings.data.sources[0].options["path"] = str(text)
    run = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(run, listen=crash_at(12))
    text.write_text("other words altogether. " * 60)
    with pytest.raises(OgiveError, match="has changed since it began"):
        execute(run)
