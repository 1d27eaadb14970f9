"""The commands train, resume, fork and demo without a screen."""

import json
import subprocess
import sys
import time

import pytest

from core.cli.main import main
from core.runs.control import request
from core.runs.info import RunInfo
from core.runs.registry import list_runs
from core.workspace import Workspace

TALES = "\n\n".join(f"The raven sat upon tower {number} and sang of iron roses." for number in range(60))
RECIPE = """
model: {layers: 1, hidden_size: 16, heads: 2, context: 16}
tokenizer: raw
data: {sources: [{name: files, path: tales.txt, documents: blank-line}]}
training: {steps: 12, batch_size: 4, eval_every: 6, eval_tokens: 256, save_every: 6, sample_every: 12, compile: "off"}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tales.txt").write_text(TALES)
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    return Workspace(tmp_path)


def test_train_prints_progress_and_ends_with_a_sample_and_next_commands(place, capsys):
    assert main(["train", "tiny.yaml", "--name", "first", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    info = list_runs(place)[0]
    assert (info.name, info.status, info.step) == ("first", "finished", 12)
    assert f"run {info.id}" in out
    assert "precision: fp32 (" in out or "precision: bf16 (" in out
    assert "held-out at step 6: loss" in out
    assert "bits per byte" in out
    assert "step  1/12" in out
    assert "tok/s" in out
    assert "finished: 12 steps" in out
    assert f"next: ogive chat {info.id}" in out


def test_json_is_one_object_with_the_choices(place, capsys):
    assert main(["train", "tiny.yaml", "--json", "--set", "training.steps=6"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], found["step"]) == ("finished", 6)
    assert found["choices"]["compile"]["why"]
    assert found["best"]["eval_loss"] > 0


def test_resume_and_fork(place, capsys):
    assert main(["train", "tiny.yaml", "--json"]) == 0
    capsys.readouterr()
    assert main(["resume", "latest"]) == 2
    told = capsys.readouterr().err
    assert "is finished (12 steps)" in told
    assert "training.steps=24" in told
    assert main(["resume", "latest", "--set", "training.steps=18"]) == 0
    out = capsys.readouterr().out
    assert "continuing from step-00000012" in out
    assert "finished: 18 steps" in out
    assert main(["resume", "latest", "--set", "model.layers=3"]) == 2
    parent = list_runs(place)[0]
    assert main(["fork", parent.id, "--step", "6", "--set", "training.steps=3", "--json"]) == 0
    child = RunInfo.read(json.loads(capsys.readouterr().out)["path"])
    assert child.parents == [f"{parent.id}/step-00000006"]
    assert child.name == "tiny-fork"
    assert main(["fork", parent.id, "--continue", "--set", "training.steps=20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tokens"] == 20 * 4 * 16


def test_what_a_person_can_mend_is_one_sentence(place, capsys):
    for words, part in (
        (["train", "absent.yaml"], "absent"),
        (["train", "tiny.yaml", "--set", "training.stepz=3"], "training.steps"),
        (["train", "tiny.yaml", "--set", "training.context=64"], "longer than model.context"),
        (["train", "tiny.yaml", "--set", "data.sources.0.path=nowhere.txt"], "nowhere.txt"),
        (["train", "tiny.yaml", "--device", "cuda:7"], "cuda"),
        (["resume", "nothing"], "nothing"),
    ):
        assert main(words) == 2, words
        told = capsys.readouterr().err.strip()
        assert told.startswith("ogive: ")
        assert part in told
        assert "\n" not in told
        assert "Traceback" not in told


def test_detached(place, capsys):
    assert (
        main(["train", "tiny.yaml", "--detach", "--set", "training.steps=100000", "--set", "training.eval_every=50000"])
        == 0
    )
    assert "trains on its own as process" in capsys.readouterr().out
    deadline = time.monotonic() + 90
    while (info := list_runs(place)[0]).step < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert info.live
    request(info.path, "stop")
    while RunInfo.read(info.path).state not in ("stopped", "lost") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert RunInfo.read(info.path).state == "stopped"


def test_demo_without_a_terminal(place, capsys):
    small = ["--set", "training.steps=4", "--set", "data.sources.0.documents=60", "--set", "model.layers=1"]
    assert main(["demo", *small]) == 0
    out = capsys.readouterr().out
    info = list_runs(place)[0]
    assert info.name == "demo"
    assert "sample at step 4" in out
    assert f"next: ogive chat {info.id}" in out
    # A finished demo is not continued, an interrupted one is.
    assert main(["demo", *small, "--json"]) == 0
    capsys.readouterr()
    assert len(list_runs(place)) == 2
    newest = list_runs(place)[0]
    header = json.loads((newest.path / "run.json").read_text())
    (newest.path / "run.json").write_text(json.dumps(header | {"status": "stopped"}))
    assert main(["demo", *small]) == 0
    assert "(continued)" in capsys.readouterr().out
    assert len(list_runs(place)) == 2


def test_making_and_listing_runs_needs_no_torch():
    code = (
        "import sys, core.training.job, core.cli.train, core.cli.resume, core.cli.fork, core.cli.demo;"
        "print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_processes_are_watched_as_one(place, capsys):
    words = ["train", "tiny.yaml", "--device", "cpu", "--processes", "2", "--set", "training.parallel=fsdp"]
    assert main(words) == 0
    out = capsys.readouterr().out
    info = list_runs(place)[0]
    assert (info.status, info.step) == ("finished", 12)
    assert (info.extra["processes"], info.extra["parallel"]) == (2, "fsdp")
    assert f"run {info.id}" in out
    assert "held-out at step 12: loss" in out
    assert f"next: ogive chat {info.id}" in out
    assert main(["train", "tiny.yaml", "--processes", "0"]) == 2
    assert "--processes 0 is not a number of processes" in capsys.readouterr().err


@pytest.mark.slow
def test_two_processes_stop_and_fail_with_a_sentence(place):
    ogive = [sys.executable, "-m", "tui.launch", "train", "tiny.yaml", "--device", "cpu"]
    process = subprocess.Popen([*ogive, "--processes", "2", "--set", "training.steps=100000"], stdout=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (list_runs(place) and list_runs(place)[0].step > 3) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.terminate()
    out, _ = process.communicate(timeout=60)
    info = list_runs(place)[0]
    assert info.status == "stopped"
    assert f"stopped at step {info.step} of 100000 (SIGTERM), saved." in out.decode()
    failed = subprocess.run(
        [*ogive, "--processes", "2", "--set", "training.batch_size=5"], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 2
    assert "A batch of 5 sequences cannot be shared evenly among 2 processes" in failed.stderr
    assert "Traceback" not in failed.stderr + failed.stdout
    direct = ["--standalone", "--nproc-per-node", "2", "-m", "tui.launch", "train", "tiny.yaml", "--device", "cpu"]
    run = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *direct], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("finished: 12 steps") == 1
    assert list_runs(place)[0].extra["processes"] == 2
