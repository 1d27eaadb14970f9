"""The trainer's side: ids, header, records, the lock, requests and their answers, full disks."""

import json
import os
import subprocess
import sys
import time
from datetime import datetime

import pytest

from core.errors import OgiveError
from core.files import append_line, read_json
from core.runs import control, registry
from core.runs.info import RunInfo
from core.runs.writer import RunWriter, new_id, slug


def events(writer, kind):
    lines = (writer.path / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["kind"] == kind]


def test_ids_say_when_and_what_and_are_never_reused(workspace):
    now = datetime(2026, 11, 20, 9, 31)
    first = new_id(workspace.checkpoints, "Tale demo!", now)
    assert first == "1120-0931-tale-demo"
    assert new_id(workspace.checkpoints, "Tale demo!", now) == "1120-0931-tale-demo-2"
    (workspace.checkpoints / first).rmdir()
    assert new_id(workspace.checkpoints, "tale-demo", now) == "1120-0931-tale-demo-3"


@pytest.mark.parametrize(("name", "expected"), [("../x", "x"), ("", "run"), ("é è", "run"), ("A" * 90, "a" * 40)])
def test_slugs_are_safe_folder_names(name, expected):
    assert slug(name) == expected


def test_a_new_run_has_its_provenance(make):
    writer = make(inputs={"data": {"sha256": "ab"}}, parents=["x"], command=["ogive", "train"])
    header = read_json(writer.path / "run.json")
    assert header["steps"] == 100
    assert header["inputs"] == {"data": {"sha256": "ab"}}
    assert header["command"] == ["ogive", "train"]
    assert header["versions"]["python"].startswith("3.")
    assert header["pid"] == os.getpid()
    assert RunInfo.read(writer.path).state == "starting"


def test_records_are_lines_and_never_nan(make):
    writer = make()
    writer.metrics({"step": 1, "loss": float("nan")})
    writer.sample({"step": 1, "text": "a\nb"})
    record = json.loads((writer.path / "metrics.jsonl").read_text())
    assert record["loss"] is None
    assert record["time"] == pytest.approx(time.time(), abs=5)
    assert json.loads((writer.path / "samples.jsonl").read_text())["text"] == "a\nb"


def test_heartbeat_reaches_the_reader_without_touching_the_header(make):
    writer = make()
    writer.update(status="training")
    before = (writer.path / "run.json").stat().st_mtime_ns
    writer.heartbeat(step=7, tokens=70, last_loss=1.5)
    writer.heartbeat(step=8)
    assert (writer.path / "run.json").stat().st_mtime_ns == before
    info = RunInfo.read(writer.path)
    assert (info.step, info.tokens, info.last_loss) == (7, 70, 1.5)
    writer.update(status="finished")
    info = RunInfo.read(writer.path)
    assert (info.step, info.state, info.ended_at is not None) == (8, "finished", True)


def test_a_torn_progress_file_does_no_harm(make):
    writer = make()
    (writer.path / "progress.json").write_text('{"heartbeat": 9e99, "st')
    assert RunInfo.read(writer.path).step == 0


def test_one_writer_at_a_time(make):
    writer = make()
    with pytest.raises(OgiveError, match="already being trained"):
        RunWriter.open(writer.path)
    writer.close()
    with RunWriter.open(writer.path) as again:
        assert again.header["status"] == "starting"


def test_requests_are_received_once_and_answered(make):
    writer = make()
    writer.update(status="training")
    assert writer.requests() == []
    identity = control.request(writer.path, "sample", prompt="x")
    (asked,) = writer.requests()
    assert (asked.id, asked.kind, asked.args) == (identity, "sample", {"prompt": "x"})
    assert writer.requests() == []
    assert events(writer, "received")[0]["request"] == identity
    assert control.wait_for_answer(writer.path, identity, 0) is None
    writer.answer(asked, "done", text="y")
    answer = control.wait_for_answer(writer.path, identity, 0)
    assert answer is not None
    assert (answer["outcome"], answer["to"], answer["text"]) == ("done", "sample", "y")


def test_torn_and_foreign_requests_are_passed_over(make):
    writer = make()
    with (writer.path / "control.jsonl").open("w") as file:
        file.write('[]\n{"id":1}\n{"id":"a","kind":"explode"}\n{"id":"b","kind":"save"}\n{"id":"c","ki')
    assert [asked.id for asked in writer.requests()] == ["b"]
    append_line(writer.path / "control.jsonl", {"id": "d", "kind": "stop"})
    assert [asked.id for asked in writer.requests()] == ["d"]


def test_requests_nobody_heard_are_missed_when_the_run_is_resumed(make):
    writer = make()
    writer.update(status="training")
    identity = control.request(writer.path, "stop")
    writer.close()
    with RunWriter.open(writer.path) as again:
        assert again.requests() == []
    answer = control.wait_for_answer(writer.path, identity, 0)
    assert answer is not None
    assert answer["outcome"] == "missed"


def test_requests_made_before_a_run_begins_are_kept(make):
    writer = make()
    identity = control.request(writer.path, "pause")
    writer.close()
    with RunWriter.open(writer.path) as again:
        assert [asked.id for asked in again.requests()] == [identity]


def test_requests_to_the_dead_or_of_no_kind_are_refused(make):
    writer = make()
    with pytest.raises(OgiveError, match="Did you mean 'pause'"):
        control.request(writer.path, "pauze")
    writer.update(status="finished")
    with pytest.raises(OgiveError, match="finished"):
        control.request(writer.path, "stop")


FULL = """
import resource, signal, sys
from core.errors import OgiveError
from core.runs.writer import RunWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
writer = RunWriter.open(sys.argv[1])
try:
    for step in range(1000):
        writer.metrics({"step": step, "loss": 1.0, "time": 0})
except OgiveError as error:
    print("told:", error)
try:
    writer.update(status="failed", error={"message": "x" * 9000, "hint": ""})
except OgiveError as error:
    print("told:", error)
"""


def test_a_full_disk_leaves_whole_lines_and_the_old_header(make):
    writer = make()
    writer.close()
    done = subprocess.run([sys.executable, "-c", FULL, str(writer.path)], capture_output=True, text=True, check=True)
    assert done.stdout.count("told: Cannot write") == 2
    lines = (writer.path / "metrics.jsonl").read_text().split("\n")
    assert lines.pop() == ""
    assert [json.loads(line)["step"] for line in lines] == list(range(len(lines)))
    assert RunInfo.read(writer.path).status == "starting"


def test_a_folder_that_cannot_be_made_is_one_sentence(workspace):
    workspace.checkpoints.write_text("in the way")
    with pytest.raises(OgiveError, match="Cannot make a run in"):
        RunWriter.create(workspace, "x", {})


def test_light_imports():
    code = (
        "import sys; from core.runs import writer, reader, control, registry, loggers, alerts;"
        "assert not {'torch', 'transformers', 'numpy', 'textual'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


DIE = """
import os, signal, sys
from core.runs.writer import RunWriter
writer = RunWriter.open(sys.argv[1])
writer.update(status="training")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_trainer_is_lost(make):
    writer = make()
    writer.close()
    subprocess.run([sys.executable, "-c", DIE, str(writer.path)], check=False)
    info = RunInfo.read(writer.path)
    assert (info.status, info.state, info.live) == ("training", "lost", False)
    info.host, info.heartbeat = "elsewhere", time.time()
    assert info.state == "training"
    info.heartbeat -= 1000
    assert info.state == "lost"


def test_a_pid_used_again_is_not_the_trainer(make):
    writer = make()
    writer.update(status="training", pid=os.getppid(), pid_started=1.0)
    assert RunInfo.read(writer.path).state == "lost"


def test_registry_finds_what_a_person_means(workspace, make):
    a, b, c = make("tale-demo"), make("tale-chat"), make("race")
    for age, writer in enumerate((c, b, a)):
        writer.update(started_at=1000.0 - age)
    assert [info.name for info in registry.list_runs(workspace)] == ["race", "tale-chat", "tale-demo"]
    assert registry.resolve(workspace).name == "race"
    assert registry.resolve(workspace, a.path.name).path == a.path
    assert registry.resolve(workspace, "tale-d").name == "tale-demo"
    assert registry.resolve(workspace, str(b.path)).name == "tale-chat"
    with pytest.raises(OgiveError, match="fits 2 runs"):
        registry.resolve(workspace, "tale")
    with pytest.raises(OgiveError, match="Did you mean 'race'"):
        registry.resolve(workspace, "rase")


def test_a_damaged_run_is_listed_not_fatal(workspace, make):
    writer = make()
    (writer.path / "run.json").write_text("{")
    (info,) = registry.list_runs(workspace)
    assert (info.state, "not whole JSON" in (info.error or {})["message"]) == ("damaged", True)


def test_delete_refuses_the_living_and_what_is_elsewhere(workspace, make, tmp_path):
    writer = make()
    writer.update(status="training")
    with pytest.raises(OgiveError, match="Stop it first"):
        registry.delete(workspace, RunInfo.read(writer.path))
    writer.update(status="finished")
    writer.close()
    away = tmp_path / "away"
    writer.path.rename(away)
    with pytest.raises(OgiveError, match="not in this workspace"):
        registry.delete(workspace, RunInfo.read(away))
    away.rename(writer.path)
    registry.delete(workspace, RunInfo.read(writer.path))
    assert registry.list_runs(workspace) == []
    assert not list(workspace.checkpoints.glob("*tale*"))


def test_children_are_those_that_name_it(workspace, make):
    first = make("a")
    forked = make("b", parents=[f"{first.path.name}@400"])
    make("c", parents=[f"{first.path.name}-2"])
    found = registry.children(workspace, RunInfo.read(first.path))
    assert [info.id for info in found] == [forked.path.name]


def test_compare_shows_where_settings_differ(make):
    a, b = make("a", steps=10), make("b", steps=20)
    rows = dict(registry.compare([RunInfo.read(a.path), RunInfo.read(b.path)]))
    assert rows["training.steps"] == [10, 20]
    assert rows["state"] == ["starting", "starting"]
