"""The watcher's side: torn lines, resumed runs, long runs, a writer in another process."""

import json
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import OgiveError
from core.runs import reader as reading
from core.runs.history import History
from core.runs.reader import Follower, RunReader


def drain(reader):
    found = []
    while True:
        changes = reader.poll(max_seconds=1.0)
        found.append(changes)
        if not changes.more and reader.exact:
            return found


def steps(changes):
    return [record["step"] for change in changes for record in change.metrics]


def test_reads_what_was_written_and_then_only_what_is_new(make):
    writer = make()
    writer.metrics({"step": 1, "loss": 2.0})
    writer.sample({"step": 1, "text": "a"})
    reader = RunReader(writer.path)
    first = reader.poll()
    assert steps([first]) == [1]
    assert [sample["text"] for sample in first.samples] == ["a"]
    assert [event["kind"] for event in first.events] == ["created"]
    assert not reader.poll()
    writer.metrics({"step": 2, "loss": 1.0})
    writer.update(status="training", step=2)
    second = reader.poll()
    assert (steps([second]), second.header_changed, reader.header.step) == ([2], True, 2)


def test_no_run_is_one_sentence(tmp_path):
    with pytest.raises(OgiveError, match="not a run"):
        RunReader(tmp_path)


@given(
    cuts=st.lists(st.integers(1, 40), min_size=1, max_size=60),
    records=st.lists(st.dictionaries(st.sampled_from("abc"), st.text(max_size=8), min_size=1), max_size=12),
)
def test_any_way_a_file_grows_gives_whole_lines_once(tmp_path_factory, cuts, records):
    path = tmp_path_factory.mktemp("grow") / "x.jsonl"
    data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    follower, found, start = Follower(path), [], 0
    for cut in [*cuts, len(data)]:
        with path.open("ab") as file:
            file.write(data[start : start + cut])
        start += cut
        found += follower.read(16)
    while lines := follower.read(16):
        found += lines
    assert [json.loads(line) for line in found] == records


@given(torn=st.integers(0, 30))
def test_a_line_torn_by_a_kill_is_passed_over(tmp_path_factory, torn):
    from core.files import LineFile

    folder = tmp_path_factory.mktemp("torn")
    path = folder / "metrics.jsonl"
    whole = b'{"step":1,"loss":1.0,"time":1}\n'
    path.write_bytes(whole + whole[:torn])
    with LineFile(path) as file:
        file.append({"step": 2, "loss": 0.5})
    (folder / "run.json").write_text('{"status": "finished"}')
    reader = RunReader(folder)
    found = steps([reader.poll()])
    assert found[0] == 1
    assert found[-1] == 2
    assert len(found) + reader.damaged == 2 + (torn > 0)


def test_a_resumed_run_takes_back_its_steps(make):
    writer = make()
    for step in range(1, 8):
        writer.metrics({"step": step, "loss": 9.0})
    writer.metrics({"step": 6, "eval_loss": 5.0})
    for step in range(5, 7):
        writer.metrics({"step": step, "loss": 1.0})
    reader = RunReader(writer.path)
    changes = reader.poll()
    assert changes.rewound
    assert [(point.x, point.mean) for point in reader.history.points("loss")] == [
        (1, 9.0),
        (2, 9.0),
        (3, 9.0),
        (4, 9.0),
        (5, 1.0),
        (6, 1.0),
    ]
    assert reader.history.evaluation_points() == []


def test_a_skipped_step_is_marked_not_plotted(make):
    writer = make()
    writer.metrics({"step": 1, "loss": 1.0})
    writer.metrics({"step": 2, "loss": float("nan"), "skipped": True})
    writer.metrics({"step": 3, "loss": 2.0})
    reader = RunReader(writer.path)
    reader.poll()
    assert [point.mean for point in reader.history.points("loss")] == [1.0, None, 2.0]
    assert (list(reader.history.marks), reader.history.skipped) == ([2], 1)


@settings(max_examples=30)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400), st.integers(4, 20), st.integers(1, 30))
def test_buckets_keep_count_mean_and_extremes(losses, limit, recent):
    history = History(buckets=limit, recent=recent)
    for step, loss in enumerate(losses):
        history.add({"step": step, "loss": loss})
    assert len(history.buckets) <= 2 * limit
    assert sum(bucket.count for bucket in history.buckets) == len(losses)
    statistics = [bucket.values["loss"] for bucket in history.buckets]
    assert min(item.low for item in statistics) == min(losses)
    assert max(item.high for item in statistics) == max(losses)
    assert sum(item.total for item in statistics) == pytest.approx(sum(losses), abs=1e-3)
    places = [point.x for point in history.points("loss")]
    assert places == sorted(places)


def write_long(path, count, start=1):
    lines = []
    for step in range(start, start + count):
        loss = 99.0 if step == count // 3 else 2.0 + (step % 7) / 10
        lines.append(f'{{"step":{step},"tokens":{step * 10},"time":{step},"loss":{loss},"lr":0.001}}')
        if step % 100 == 0:
            lines.append(f'{{"step":{step},"time":{step},"eval_loss":1.5}}')
    with path.open("a") as file:
        file.write("\n".join(lines) + "\n")


def test_a_long_run_opens_by_its_end_and_becomes_exact(make, monkeypatch):
    monkeypatch.setattr(reading, "WHOLE", 100_000)
    monkeypatch.setattr(reading, "TAIL", 20_000)
    monkeypatch.setattr(reading, "GLIMPSES", 50)
    writer = make()
    write_long(writer.path / "metrics.jsonl", 20_000)
    reader = RunReader(writer.path)
    first = reader.poll(max_lines=100_000, max_seconds=0)
    assert not reader.exact
    assert first.metrics[-1]["step"] > 19_000
    assert len(reader.history.evaluations) == 200
    rough = reader.history.points("loss")
    assert rough[0].x < 500
    assert [point.x for point in rough] == sorted(point.x for point in rough)
    drain(reader)
    exact = reader.history.points("loss")
    assert max(point.high for point in exact) == 99.0
    assert sum(bucket.count for bucket in reader.history.buckets) == 20_000
    write_long(writer.path / "metrics.jsonl", 5, 20_001)
    assert steps([reader.poll()]) == list(range(20_001, 20_006))
    assert len(reader.history.evaluations) == 200


MILLION = """
import sys, time
from core.runs.reader import RunReader
start = time.process_time()
reader = RunReader(sys.argv[1])
changes = reader.poll()
while changes.more:
    changes = reader.poll()
seconds = time.process_time() - start
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, int(peak) / 1024, reader.history.last_step)
"""


def test_a_million_lines_open_in_a_second_and_little_memory(make):
    writer = make()
    path = writer.path / "metrics.jsonl"
    with path.open("w") as file:
        for block in range(100):
            file.write(
                "".join(
                    f'{{"step":{step},"tokens":{step * 8192},"time":1795221839.4,"loss":1.2345,"lr":0.001,'
                    f'"grad_norm":0.41,"tokens_per_s":1210000.5,"step_ms":7.1,"epoch":0.1}}\n'
                    for step in range(block * 10_000, (block + 1) * 10_000)
                )
            )
    done = subprocess.run([sys.executable, "-c", MILLION, str(writer.path)], capture_output=True, text=True, check=True)
    seconds, megabytes, last = map(float, done.stdout.split())
    assert last == 999_999
    assert seconds < 1.0
    assert megabytes < 100


WRITE = """
import sys, time
from core.runs.writer import RunWriter
with RunWriter.open(sys.argv[1]) as writer:
    writer.update(status="training")
    for step in range(1, 2001):
        writer.metrics({"step": step, "loss": 1.0 / step, "text": "x" * (step % 300)})
        writer.heartbeat(step=step)
        for asked in writer.requests():
            writer.answer(asked, "done")
    writer.update(status="finished")
"""


def test_a_writer_in_another_process(make):
    from core.runs import control

    writer = make()
    writer.close()
    reader = RunReader(writer.path)
    identity = control.request(writer.path, "sample")
    process = subprocess.Popen([sys.executable, "-c", WRITE, str(writer.path)])
    found, kinds, deadline = [], [], time.monotonic() + 60
    while (reader.header.status != "finished" or len(found) < 2000) and time.monotonic() < deadline:
        changes = reader.poll()
        found += steps([changes])
        kinds += [event["kind"] for event in changes.events if event.get("request") == identity]
        time.sleep(0.01)
    assert process.wait(10) == 0
    assert found == list(range(1, 2001))
    assert kinds == ["received", "answer"]
    assert (reader.damaged, reader.state) == (0, "finished")


def test_two_readers_see_the_same(make):
    writer = make()
    write_long(writer.path / "metrics.jsonl", 500)
    one, two = RunReader(writer.path), RunReader(writer.path)
    drain(one)
    for _ in range(60):
        two.poll(max_lines=10)
    drain(two)
    assert one.history.points("loss") == two.history.points("loss")


def test_log_tail(make):
    writer = make()
    reader = RunReader(writer.path)
    assert reader.log_tail() == []
    (writer.path / "log.txt").write_bytes(b"\xff one\n" + b"x\n" * 50_000)
    lines = reader.log_tail(1000)
    assert set(lines) == {"x"}
    assert 400 < len(lines) <= 500
