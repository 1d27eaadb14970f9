"""A full disk, a folder that cannot be written, damaged and missing files: one plain sentence, and the run goes on from
its previous good state when that is mended."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import OgiveError
from core.runs.info import RunInfo
from core.runs.reader import RunReader
from core.training import checkpoint
from core.training.job import create_run, execute
from core.workspace import Workspace


class Crash(Exception):
    pass


def crash_at(step):
    def listen(kind, record):
        if kind == "metrics" and "loss" in record and record["step"] >= step:
            raise Crash

    return listen


@contextmanager
def largest_file(size):
    """Inside, no file can grow beyond `size` bytes: what writes then meets a refusal, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def one_sentence(caught):
    said = str(caught.value)
    assert "\n" not in said
    assert "Traceback" not in said
    assert re.match(r"[A-Z/].*[.?]$", said), said
    return said


def step_losses(run):
    found = {}
    for line in (run / "metrics.jsonl").read_bytes().splitlines():
        if line.endswith(b"}"):
            record = json.loads(line)
            if "loss" in record:
                found[record["step"]] = record["loss"]
    return [found[step] for step in sorted(found)]


# Whatever is the first file too large: the header, the packed text, a log, the trainer's state, the weights.
@pytest.mark.parametrize("size", [0, 900, 2600, 5000, 16_000, 60_000, 100_000])
def test_a_disk_that_is_full_at_any_file(recipe, train, workspace, outcome, size):
    settings = recipe(optimizer="muon", dropout=0.1)
    straight = train(settings)
    shutil.rmtree(workspace.data)
    run = create_run(settings, workspace)
    with largest_file(size), pytest.raises(OgiveError) as caught:
        execute(run)
    assert "size limit" in one_sentence(caught)
    assert ".tmp" not in str(caught.value)
    assert not list(run.glob(".step-*"))
    assert not list((workspace.data / "packed").glob(".*"))
    assert not checkpoint.last_good(run).damaged
    RunReader(run).poll()
    assert execute(run) == "finished"
    assert outcome(run) == outcome(straight)
    assert step_losses(run) == step_losses(straight)


def test_no_room_for_a_new_run(recipe, workspace):
    with largest_file(50), pytest.raises(OgiveError) as caught:
        create_run(recipe(), workspace)
    assert "size limit" in one_sentence(caught)
    assert execute(create_run(recipe(steps=2), workspace)) == "finished"


@pytest.fixture
def locked():
    """A workspace that everyone may read, and a way to be someone who may not write there."""
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)

    @contextmanager
    def inside(folder):
        modes = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
        for path in modes:
            path.chmod(0o555 if path.is_dir() else 0o444)
        me = os.geteuid()
        if me == 0:  # root may write everywhere
            os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(me)
            for path, mode in modes.items():
                path.chmod(mode)

    yield Workspace(root), inside
    shutil.rmtree(root)


def test_a_folder_that_cannot_be_written(recipe, text, locked):
    workspace, inside = locked
    shutil.copy(text, workspace.root / "tales.txt")
    settings = recipe(steps=12, save_every=5)
    settings.data.sources[0].options["path"] = str(workspace.root / "tales.txt")
    run = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(run, listen=crash_at(7))
    for folder in (workspace.root, run):
        with inside(folder), pytest.raises(OgiveError) as caught:
            execute(run)
        assert "may not write" in one_sentence(caught)
    with inside(workspace.root), pytest.raises(OgiveError) as caught:
        create_run(settings, workspace)
    assert "may not write" in one_sentence(caught)
    shutil.rmtree(workspace.data)
    workspace.data.mkdir()
    new = create_run(settings, workspace)
    for path in (new, *new.iterdir()):
        path.chmod(0o777)
    with inside(workspace.data), pytest.raises(OgiveError) as caught:
        execute(new)
    assert str(workspace.data) in one_sentence(caught)
    assert execute(run) == "finished"


def test_a_torn_metrics_line(recipe, train, workspace, outcome):
    settings = recipe()
    straight = train(settings)
    run = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(run, listen=crash_at(14))
    with (run / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step":15,"loss":2.')
    reader = RunReader(run)
    reader.poll()
    assert execute(run) == "finished"
    while reader.poll().more:
        pass
    lines = (run / "metrics.jsonl").read_bytes().split(b"\n")
    assert lines[-1] == b""
    assert sum(not line.endswith(b"}") for line in lines[:-1]) == 1
    assert step_losses(run) == step_losses(straight)
    assert outcome(run) == outcome(straight)
    assert RunInfo.read(run).status == "finished"


def test_missing_data_is_named_and_nothing_is_lost(recipe, workspace, text, tmp_path):
    copy = tmp_path / "song.txt"
    shutil.copy(text, copy)
    settings = recipe()
    settings.data.sources[0].options["path"] = str(copy)
    run = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(run, listen=crash_at(14))
    copy.rename(tmp_path / "songs.txt")
    shutil.rmtree(workspace.data / "packed")  # With the packed copy it goes on without the source: test_data_sources.
    with pytest.raises(OgiveError) as caught:
        execute(run)
    assert str(copy) in one_sentence(caught)
    assert "songs.txt" in str(caught.value)
    info = RunInfo.read(run)
    assert info.status == "failed"
    assert info.error is not None
    assert str(copy) in info.error["message"]
    assert checkpoint.last_good(run).step == 10
    (tmp_path / "songs.txt").rename(copy)
    assert execute(run) == "finished"


@pytest.mark.parametrize("harm", ["tear", "alter", "lose"])
def test_damaged_packed_text_is_packed_again(recipe, train, workspace, outcome, harm):
    settings = recipe()
    straight = train(settings)
    run = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(run, listen=crash_at(14))
    [path] = (workspace.data / "packed").glob("*/train.bin")
    data = bytearray(path.read_bytes())
    data[50] ^= 1
    path.unlink()
    if harm != "lose":
        path.write_bytes(data[:-9] if harm == "tear" else data)
    assert execute(run) == "finished"
    assert outcome(run) == outcome(straight)


def test_a_damaged_tokenizer_comes_from_the_checkpoint(recipe, train, workspace, outcome):
    settings = recipe()
    straight = train(settings)
    run = create_run(settings, workspace)
    with pytest.raises(Crash):
        execute(run, listen=crash_at(14))
    path = run / "tokenizer" / "tokenizer.json"
    path.write_bytes(path.read_bytes()[:500])
    assert execute(run) == "finished"
    assert outcome(run) == outcome(straight)


def test_a_damaged_header_is_one_sentence(recipe, train):
    run = train(recipe(steps=3))
    header = (run / "run.json").read_bytes()
    (run / "run.json").write_bytes(header[:200])
    with pytest.raises(OgiveError) as caught:
        execute(run)
    assert "run.json" in one_sentence(caught)


def test_bad_data_makes_no_run(recipe, workspace, tmp_path):
    settings = recipe()
    for content in (None, "", '{"number": 3}\n'):
        path = tmp_path / "song.jsonl"
        if content is not None:
            path.write_text(content)
        settings.data.sources[0].options["path"] = str(path)
        with pytest.raises(OgiveError) as caught:
            create_run(settings, workspace)
        one_sentence(caught)
    assert not workspace.checkpoints.exists()


def test_a_run_may_be_resumed_from_another_folder(recipe, workspace, text, tmp_path, monkeypatch):
    monkeypatch.chdir(text.parent)
    settings = recipe(steps=4)
    settings.data.sources[0].options["path"] = text.name
    run = create_run(settings, workspace)
    monkeypatch.chdir(tmp_path)
    assert execute(run) == "finished"
    assert settings.data.sources[0].options["path"] == text.name


def test_altered_weights_are_not_used_unnoticed(recipe, train):
    from core.models.folder import load_decoder

    folder = train(recipe(steps=3)) / checkpoint.folder_name(3)
    load_decoder(folder)
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-7] ^= 2
    path.write_bytes(data)
    with pytest.raises(OgiveError, match=r"model\.safetensors is torn or altered"):
        load_decoder(folder)


def test_every_checkpoint_damaged_starts_again_and_says_so(recipe, train, outcome):
    run = train(recipe())
    before = outcome(run)
    for step in checkpoint.steps(run):
        path = run / checkpoint.folder_name(step) / "trainer.safetensors"
        path.write_bytes(path.read_bytes()[:-5])
    assert execute(run) == "finished"
    assert outcome(run) == before
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    told = [event["advice"] for event in events if event.get("cause") == "damaged-checkpoint"]
    assert told == ["The run goes on from the start."] * 2


BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_killed_at_random_moments_it_ends_in_the_same_bytes():
    """The short form; `tests/benchmarks/kill.py --kills 100` is the long one."""
    command = [sys.executable, BENCHMARKS / "kill.py", "--kills", "8", "--each", "8", "--steps", "36", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] == 8
    assert found["equal"] == found["runs"] >= 1
    assert found["killed_in"].get("saving", 0) >= 1


def test_training_starts_without_the_compiler_and_without_transformers(recipe, workspace):
    run = create_run(recipe(steps=2, precision="fp32"), workspace)
    code = (
        "import sys; from core.training.job import execute; execute(sys.argv[1]); "
        "print({'torch._dynamo', 'torch._inductor', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, run], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
