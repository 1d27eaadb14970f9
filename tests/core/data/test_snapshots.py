"""Snapshots: the same content is the same snapshot, what was read is told, and nothing half-made is ever seen."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.cancel import Cancel, Stopped
from core.data import adding, snapshots
from core.data.adding import add
from core.data.corpus import Corpus
from core.data.documents import Gone
from core.data.files import FilesSource
from core.data.packed import pack
from core.data.reading import open_source, preferences
from core.data.snapshot_source import SnapshotSource
from core.data.snapshots import delete, find, list_snapshots, verify
from core.data.typed import plain
from core.errors import OgiveError
from core.files import sha256
from core.settings.data import DataSettings
from core.tokenization import byte
from core.workspace import Workspace


def line_source(lines, **options):
    return FilesSource(str(lines), documents="line", **options)


def test_the_manifest_tells_what_was_read_and_what_it_is(lines, workspace):
    made = add(workspace, "song", [line_source(lines)], description="An old song")
    about = json.loads((made.folder / "manifest.json").read_text())
    assert made.fresh
    assert (about["name"], about["version"], about["kind"], about["kinds"]) == ("song", 1, "text", {"text": 300})
    assert about["documents"] == about["rows"] == 300
    text = lines.read_text().replace("\n", "")
    assert about["characters"] == about["bytes"] == len(text)
    assert about["lengths"]["shortest"] == len("The refrain.")
    assert sum(count for _, count in about["histogram"]) == 300
    (file,) = about["files"]
    assert (file["path"], file["bytes"], file["sha256"]) == (str(lines), lines.stat().st_size, sha256(lines))
    assert file["mtime"].startswith("20")
    assert about["sources"][0]["path"] == str(lines)
    assert about["created_at"]
    assert about["parents"] == []
    (shard,) = about["shards"]
    assert sha256(made.folder / shard["name"]) == shard["sha256"]
    assert find(workspace, "song").to_dict()["reference"] == "song@1"


def test_the_same_content_is_the_same_snapshot_from_any_format(lines, workspace, tmp_path):
    made = add(workspace, "song", [line_source(lines)])
    assert not add(workspace, "song", [line_source(lines)]).fresh
    as_records = tmp_path / "song.jsonl"
    rows = [json.dumps({"n": n, "text": line}) for n, line in enumerate(lines.read_text().splitlines())]
    as_records.write_text("\n".join(rows))
    again = add(workspace, "song", [FilesSource(str(as_records))])
    assert (again.fresh, again.folder, again.id) == (False, made.folder, made.id)
    assert add(workspace, "other", [FilesSource(str(as_records))]).id == made.id
    as_records.write_text("\n".join(rows[:-1]))
    changed = add(workspace, "song", [FilesSource(str(as_records))])
    assert (changed.fresh, changed.version, changed.reference) == (True, 2, "song@2")
    assert changed.parents == [{"name": "song@1", "id": made.id, "as": "the version before"}]
    assert changed.mapping == {"format": "text", "kind": "text", "columns": {"text": "text"}}
    assert [one.reference for one in list_snapshots(workspace)] == ["other@1", "song@1", "song@2"]
    assert find(workspace, "song").version == 2
    assert find(workspace, "song@1").id == made.id


def test_a_snapshot_reads_as_its_files_do(lines, files_settings, workspace):
    add(workspace, "song", [line_source(lines)])
    wanted = DataSettings.model_validate({"sources": [{"name": "snapshot", "snapshot": "song"}]})
    files = files_settings(lines, unit="line")
    assert list(Corpus(files).tagged()) == list(Corpus(wanted, workspace=workspace).tagged())
    data, same = (pack(settings, byte.build(), workspace) for settings in (wanted, files))
    assert data.train.tokens.tolist() == same.train.tokens.tolist()
    source = SnapshotSource("song", workspace)
    assert [plain(row) for row in source.shard(0, skip=298)] == [plain(row) for row in source.rows()][298:]


def test_long_texts_odd_texts_and_shards_come_back_exactly(tmp_path, workspace, monkeypatch):
    monkeypatch.setattr("core.data.text.PIECE", 50_000)
    monkeypatch.setattr(adding, "SHARD", 40_000)
    monkeypatch.setattr("core.data.text.CHUNK", 20_000)
    (tmp_path / "long.txt").write_text("tower and ☃ lamp,  rain\n" * 9000)
    (tmp_path / "odd.jsonl").write_text(
        '{"text": "half \\ud800 of a pair"}\n{"text": ""}\n{"text": "\\u2028 \\u0000"}\n'
    )
    source = FilesSource(str(tmp_path))
    made = add(workspace, "odd", [source])
    assert len(made.shards) > 3
    assert made.documents == 4
    assert made.rows > 4
    again = SnapshotSource("odd", workspace)
    assert list(again.rows()) == list(source.rows())
    assert again.shards == len(made.shards)
    assert [row for number in range(again.shards) for row in again.shard(number)] == list(source.rows())


def test_snapshots_of_snapshots_know_their_parents(lines, workspace, tmp_path):
    first = add(workspace, "song", [line_source(lines)])
    (tmp_path / "more.txt").write_text("More.")
    both = add(workspace, "both", [SnapshotSource("song", workspace), FilesSource(str(tmp_path / "more.txt"))])
    assert both.parents == [{"name": "song@1", "id": first.id, "as": "a source"}]
    assert both.documents == 301


def test_kinds_that_do_not_go_together_are_refused(tmp_path, workspace):
    pair = {"prompt": "Who?", "chosen": "I.", "rejected": "You."}
    (tmp_path / "a.jsonl").write_text(json.dumps(pair))
    (tmp_path / "b.txt").write_text("Text.")
    with pytest.raises(OgiveError, match=r"b\.txt.* is a text, and the rows before it are preferences"):
        add(workspace, "mixed", [FilesSource(str(tmp_path / "a.jsonl")), FilesSource(str(tmp_path / "b.txt"))])
    assert list_snapshots(workspace) == []
    kept = add(workspace, "pairs", [FilesSource(str(tmp_path / "a.jsonl"))])
    assert kept.kind == "preference"
    found = next(preferences(open_source("pairs", workspace)))
    assert (found.chosen[0]["content"], found.origin) == ("I.", "a.jsonl:1")


def test_what_goes_wrong_leaves_nothing(lines, workspace, tmp_path, monkeypatch):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "a"}\n' * 500 + '{"text": ')
    with pytest.raises(OgiveError, match="line 501, is not JSON"):
        add(workspace, "bad", [FilesSource(str(bad))])
    cancel = Cancel()
    cancel.request("test")
    with pytest.raises(Stopped):
        add(workspace, "song", [line_source(lines)], cancel=cancel)
    changing = tmp_path / "changing.txt"
    changing.write_text("one\ntwo\n" * 200)

    def change(doing, done, total):
        changing.write_text("another")

    with pytest.raises(OgiveError, match="changed while they were read"):
        add(workspace, "changing", [line_source(changing)], progress=change)
    with pytest.raises(OgiveError, match="'a/b' cannot be a name"):
        add(workspace, "a/b", [line_source(lines)])
    assert list(snapshots.home(workspace).iterdir()) == []


SLOW = """
import sys, time
from pathlib import Path
from core.data.adding import add
from core.data.files import FilesSource
from core.workspace import Workspace
def tell(doing, done, total):
    Path(sys.argv[3]).touch()
    time.sleep(0.02)
add(Workspace(Path(sys.argv[1])), "song", [FilesSource(sys.argv[2], documents="line")], progress=tell)
"""


def test_a_killed_add_leaves_nothing_that_is_seen_and_the_next_one_sweeps_up(tmp_path, workspace):
    text = tmp_path / "long.txt"
    text.write_text("".join(f"Line {number}\n" for number in range(100_000)))
    sign = tmp_path / "begun"
    process = subprocess.Popen([sys.executable, "-c", SLOW, workspace.root, text, sign], cwd=Path(__file__).parents[3])
    deadline = time.monotonic() + 60
    while not sign.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert sign.exists()
    assert list_snapshots(workspace) == []
    assert len(list(snapshots.home(workspace).iterdir())) == 1  # what it had begun, out of sight
    assert add(workspace, "song", [line_source(text)]).documents == 100_000
    assert [path.name for path in snapshots.home(workspace).iterdir()] == ["song"]


@pytest.mark.parametrize("harm", ["flip", "cut", "lose"])
def test_a_damaged_snapshot_is_named_before_it_is_read(lines, workspace, harm):
    made = add(workspace, "song", [line_source(lines)])
    shard = made.folder / made.shards[0]["name"]
    raw = bytearray(shard.read_bytes())
    raw[200] ^= 1
    if harm == "cut":
        raw = raw[:-10]
    shard.write_bytes(raw)
    if harm == "lose":
        shard.unlink()
    said = "has lost rows-00000" if harm == "lose" else "is damaged: rows-00000"
    with pytest.raises(OgiveError, match=rf"The snapshot song@1 {said}"):
        verify(find(workspace, "song"))
    wanted = DataSettings.model_validate({"sources": [{"name": "snapshot", "snapshot": "song"}]})
    with pytest.raises(OgiveError, match=rf"The snapshot song@1 {said}"):
        pack(wanted, byte.build(), workspace)


def test_a_torn_manifest_is_listed_as_damaged(lines, workspace):
    made = add(workspace, "song", [line_source(lines)])
    (made.folder / "manifest.json").write_text('{"format": 1, "na')
    (listed,) = list_snapshots(workspace)
    assert "is not whole JSON" in listed.damage
    with pytest.raises(OgiveError, match="The snapshot song is damaged"):
        find(workspace, "song")
    again = add(workspace, "song", [line_source(lines)])
    assert (again.reference, again.fresh) == ("song@2", True)
    assert delete(workspace, "song@1") == [made.folder]
    assert [one.reference for one in list_snapshots(workspace)] == ["song@2"]


def test_names_that_lead_nowhere(lines, workspace):
    with pytest.raises(Gone, match=r"There is no snapshot 'song'\. `ogive data add"):
        find(workspace, "song")
    add(workspace, "song", [line_source(lines)])
    with pytest.raises(Gone, match=r"There is no snapshot 'sonng'\. Did you mean 'song'\?"):
        SnapshotSource("sonng", workspace)
    with pytest.raises(Gone, match="There is no snapshot 'song@7'"):
        delete(workspace, "song@7")
    with pytest.raises(OgiveError, match="names no snapshot"):
        SnapshotSource("", workspace)
    assert delete(workspace, "song")
    assert list_snapshots(Workspace(workspace.root)) == []
