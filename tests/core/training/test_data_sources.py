"""Runs on mixtures and streams end in the same bytes when they are broken off; a packed copy outlives its sources."""

import json
import shutil

import pytest

from core.cancel import Cancel
from core.data import stream as streams
from core.data.adding import add
from core.data.conversations import gather, open_talks, talks_folder
from core.data.files import FilesSource
from core.data.snapshots import delete
from core.data.turns import Rules
from core.errors import OgiveError
from core.runs.info import RunInfo
from core.settings.data import DataSettings
from core.settings.run import RunSettings
from core.tokenization import byte
from core.training import checkpoint
from core.training.job import create_run, execute, fork


class Crash(Exception):
    pass


def crash_at(step):
    def listen(kind, record):
        if kind == "metrics" and record["step"] >= step:
            raise Crash

    return listen


@pytest.fixture
def on(recipe, text, tmp_path):
    """`on(streaming=True, weights=(1, 3), steps=20)`: the recipe on two sources that are this test's own."""
    folder = tmp_path / "sources"
    folder.mkdir()
    shutil.copy(text, folder / "tales.txt")
    talk = [
        {"messages": [{"role": "user", "content": f"Who rang {n}?"}, {"role": "assistant", "content": f"Bell {n}."}]}
        for n in range(80)
    ]
    (folder / "talk.jsonl").write_text("".join(json.dumps(each) + "\n" for each in talk))

    def make(weights=(None, None), streaming=False, exhausted="repeat", **changes) -> RunSettings:
        sources = [
            {"name": "files", "path": str(folder / "tales.txt"), "documents": "blank-line", "weight": weights[0]},
            {"name": "files", "path": str(folder / "talk.jsonl"), "weight": weights[1]},
        ]
        data = {"sources": sources, "streaming": streaming, "exhausted": exhausted}
        return RunSettings.model_validate(recipe(**changes).model_dump() | {"data": data})

    make.folder = folder
    return make


@pytest.mark.parametrize(
    ("streaming", "weights", "rule"),
    [(False, (1.0, 2.0), "drop"), (True, (None, None), "repeat"), (True, (1.0, 2.0), "repeat")],
)
def test_broken_off_and_resumed_it_ends_in_the_same_bytes(
    on, train, workspace, outcome, monkeypatch, streaming, weights, rule
):
    monkeypatch.setattr(streams, "BLOCK", 16 * 12)  # several blocks, and saves amid them
    settings = on(weights, streaming, rule, dropout=0.1)
    straight = train(settings)
    broken = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(broken, listen=crash_at(13))
    assert checkpoint.last_good(broken).step == 10
    read = []
    monkeypatch.setattr(streams.StreamOrder, "_fill", _counted(streams.StreamOrder._fill, read))
    assert execute(broken) == "finished"
    assert outcome(broken) == outcome(straight)
    if streaming:
        # The state was used: only the blocks from step 10 on were read, not those before it.
        assert len(read) <= 8 + 2
    place = json.loads((straight / checkpoint.folder_name(20) / "trainer.json").read_text())["data"]
    assert bool(place) == streaming
    losses = [json.loads(line) for line in (straight / "metrics.jsonl").read_text().splitlines()]
    assert all(("epoch" in record) != streaming for record in losses if "loss" in record)


def _counted(fill, read):
    def counted(self, carry):
        read.append(len(carry))
        return fill(self, carry)

    return counted


def test_a_stream_goes_on_in_a_fork(on, train, workspace, outcome, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 16 * 12)
    settings = on((1.0, 2.0), True)
    parent = train(settings)
    child = fork(RunInfo.read(parent), workspace, settings, step=10, go_on=True)
    assert execute(child) == "finished"
    assert outcome(child) == outcome(parent)


@pytest.mark.parametrize("weights", [(None, None), (1.0, 2.0)])
def test_a_run_goes_on_from_its_packed_copy_when_its_sources_are_gone(on, train, workspace, outcome, weights):
    settings = on(weights, exhausted="stop")
    straight = train(settings)
    run = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(run, listen=crash_at(12))
    shutil.rmtree(on.folder)
    assert execute(run) == "finished"
    assert outcome(run) == outcome(straight)
    told = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    assert [event["cause"] for event in told if event["kind"] == "alert"] == ["sources-gone"]


def test_without_its_packed_copy_too_it_says_what_is_gone(on, workspace):
    run = create_run(on(), workspace)
    with pytest.raises(Crash):
        execute(run, listen=crash_at(12))
    shutil.rmtree(on.folder)
    shutil.rmtree(workspace.data / "packed")
    with pytest.raises(OgiveError, match=r"There is no file or folder .*tales\.txt"):
        execute(run)


def test_a_run_reads_the_version_of_a_snapshot_that_it_began_with(recipe, text, workspace, train, outcome, tmp_path):
    settings = recipe()
    add(workspace, "tales", [FilesSource(str(text), documents="blank-line")])
    snapshot = {"sources": [{"name": "snapshot", "snapshot": "tales"}]}
    same = RunSettings.model_validate(settings.model_dump() | {"data": snapshot})
    straight = train(same)
    assert outcome(straight) == outcome(train(settings))  # a snapshot is read as its files were
    run = create_run(same, workspace)
    cancel = Cancel()
    execute(run, cancel, lambda kind, record: cancel.request("test") if record.get("step") == 7 else None)
    (tmp_path / "other.txt").write_text("Another text altogether. " * 200)
    assert add(workspace, "tales", [FilesSource(str(tmp_path / "other.txt"))]).version == 2
    with pytest.raises(OgiveError, match=f"The run {run.name} reads tales and is not finished"):
        delete(workspace, "tales@1")
    delete(workspace, "tales@1", force=True)
    assert execute(run) == "finished"  # from its packed copy
    assert outcome(run) == outcome(straight)


@pytest.mark.parametrize("layout", ["sharegpt", "alpaca", "transcript", "snapshot"])
def test_every_way_to_write_talk_reaches_fine_tuning(tmp_path, workspace, layout):
    asked = [(f"Who rings {number}?", f"The wind, {number} times.") for number in range(40)]
    rows = {
        "sharegpt": [
            {"conversations": [{"from": "human", "value": ask}, {"from": "gpt", "value": say}]} for ask, say in asked
        ],
        "alpaca": [{"instruction": ask, "input": "", "output": say} for ask, say in asked],
        "transcript": [{"chosen": f"\n\nHuman: {ask}\n\nAssistant: {say}"} for ask, say in asked],
    }
    path = tmp_path / "talk.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows.get(layout, rows["sharegpt"])))
    source = {"name": "files", "path": str(path)}
    if layout == "snapshot":
        add(workspace, "talk", [FilesSource(str(path))])
        source = {"name": "snapshot", "snapshot": "talk"}
        path.unlink()
    rules = Rules(200)
    data = gather(DataSettings.model_validate({"sources": [source]}), byte.build(), rules, workspace)
    assert len(data.train) + len(data.held_out) == 40
    ids, learned = data.train.talk(0)
    said = bytes(ids[learned.astype(bool)][:-1].astype("uint8")).decode()
    assert said.startswith("The wind, ")
    again = open_talks(talks_folder(workspace, data.key), byte.build(), rules)
    assert again is not None
    assert again.train.ids.tolist() == data.train.ids.tolist()
