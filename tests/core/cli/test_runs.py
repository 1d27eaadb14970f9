"""`ogive runs`, `ogive status`, `ogive monitor`."""

import json
import threading
import time

import pytest

from core.cli.main import main
from core.runs.writer import RunWriter
from core.workspace import Workspace


@pytest.fixture
def ogive(tmp_path, capsys):
    def call(*words, open_app=None):
        status = main(["--workspace", str(tmp_path), *words], open_app)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return call


@pytest.fixture
def writer(tmp_path):
    with RunWriter.create(Workspace(tmp_path), "tale", {"training": {"steps": 900, "lr": 1.0}}) as made:
        made.update(status="training", step=412, last_loss=1.42, eta_s=72, best={"step": 400, "eval_bpb": 1.45})
        yield made


def test_list_show_and_json(ogive, writer):
    assert "412/900" in ogive("runs", "list")[1]
    (found,) = json.loads(ogive("runs", "list", "--json")[1])
    assert (found["state"], found["step"], found["path"]) == ("training", 412, str(writer.path))
    assert "step 412/900" in ogive("runs", "show")[1]


def test_status(ogive, writer):
    line = ogive("status")[1]
    assert line.split("  ")[1:5] == ["training", "step 412/900 (46 %)", "loss 1.42", "best 1.45 bpb"]
    assert ogive("status", "tale", "--tmux")[1] == "● tale 412/900 1.42 1m12s\n"
    assert json.loads(ogive("status", "--json")[1])[0]["eta_s"] == 72


def test_nothing_there(ogive):
    assert "no runs" in ogive("runs", "list")[1]
    assert ogive("status", "--tmux") == (0, "no runs\n", "")
    assert ogive("runs", "show")[0] == 2


def test_compare(ogive, writer, tmp_path):
    with RunWriter.create(Workspace(tmp_path), "other", {"training": {"steps": 900, "lr": 2.0}}) as other:
        found = json.loads(ogive("runs", "compare", "tale", "other", "--json")[1])
        assert found["training.lr"] == {writer.path.name: 1.0, other.path.name: 2.0}
        assert "training.steps" not in found
        assert "training.lr" in ogive("runs", "compare", "tale", "other")[1]


def test_stop_waits_for_the_answer(ogive, writer):
    def trainer():
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for asked in writer.requests():
                writer.answer(asked, "done")
                return
            time.sleep(0.02)

    thread = threading.Thread(target=trainer)
    thread.start()
    assert ogive("runs", "stop", "tale")[1] == f"{writer.path.name}: stopped\n"
    thread.join()
    assert "has not answered" in ogive("runs", "stop", "tale", "--wait", "0")[1]


def test_delete_asks_and_refuses_the_living(ogive, writer):
    assert "needs a yes" in ogive("runs", "delete", "tale")[2]
    assert "Stop it first" in ogive("runs", "delete", "tale", "--yes")[2]
    writer.update(status="stopped")
    assert ogive("runs", "delete", "tale", "--yes")[0] == 0
    assert not writer.path.exists()


def test_monitor_opens_the_screen(ogive, writer):
    opened = []
    ogive("monitor", "tale", open_app=lambda screen, **arguments: opened.append((screen, arguments["run"])) or 0)
    assert opened == [("monitor", writer.path)]
    assert "needs the app" in ogive("monitor")[2]
