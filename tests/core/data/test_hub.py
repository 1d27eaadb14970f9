"""Data sets by the `datasets` library: local folders as it reads them, one sentence for each thing that is wrong."""

import json
import time

import pyarrow as pa
import pytest
from pyarrow import parquet

from core.data import hub
from core.data.corpus import Corpus, settled
from core.data.documents import Gone
from core.data.hub import HuggingFaceSource, configs, splits
from core.data.packed import pack
from core.data.reading import data_settings, open_source
from core.data.typed import plain
from core.errors import OgiveError
from core.settings.data import DataSettings
from core.tokenization import byte


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    from datasets import config

    before = config.HF_DATASETS_CACHE
    config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("cache")
    yield
    config.HF_DATASETS_CACHE = before


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    """A data set of two splits, in two Parquet files and one of JSON lines."""
    folder = tmp_path_factory.mktemp("songs")
    (folder / "data").mkdir()
    for part in range(2):
        table = pa.table({"id": list(range(100)), "verse": [f"Verse {part}-{n}: the bell." for n in range(100)]})
        parquet.write_table(table, folder / "data" / f"train-0000{part}-of-00002.parquet", row_group_size=40)
    parquet.write_table(pa.table({"id": [1], "verse": ["The last."]}), folder / "data" / "test-00000-of-00001.parquet")
    return str(folder)


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("talk")
    turns = [{"from": "human", "value": "Who?"}, {"from": "gpt", "value": "I."}]
    (folder / "train.jsonl").write_text("".join(json.dumps({"conversations": turns}) + "\n" for _ in range(5)))
    return str(folder)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_folder_by_split_column_and_streaming(songs, streaming):
    source = HuggingFaceSource(songs, split="train", streaming=streaming)
    rows = list(source.rows())
    assert [plain(row) for row in rows] == [f"Verse {part}-{n}: the bell." for part in range(2) for n in range(100)]
    assert rows[149].origin.endswith("/train:150")
    assert str(source.mapping) == "text: text=verse"
    assert [plain(row) for row in HuggingFaceSource(songs, split="test", streaming=streaming).rows()] == ["The last."]
    assert [plain(row) for row in source.shard(0, skip=150)] == [plain(row) for row in rows[150:]]
    assert list(source.rows()) == rows
    assert source.inputs()
    assert all(len(entry["sha256"]) == 64 for entry in source.inputs())
    other = HuggingFaceSource(songs, split="test", streaming=streaming)
    assert source.fingerprint() == HuggingFaceSource(songs, split="train", streaming=streaming).fingerprint()
    assert source.fingerprint() != other.fingerprint()
    named = HuggingFaceSource(songs, split="train", column="verse", streaming=streaming)
    assert [plain(row) for row in named.rows()] == [plain(row) for row in rows]
    with pytest.raises(OgiveError, match=r"/train, row 1: expected the column 'text' \(text\), found 'id', 'verse'"):
        list(HuggingFaceSource(songs, split="train", map="text=text", streaming=streaming).rows())


def test_a_stream_goes_on_from_a_mark(songs):
    source = HuggingFaceSource(songs, split="train", streaming=True)
    every = [plain(row) for row in source.rows()]
    for taken in (0, 1, 39, 41, 100, 137, 200):
        rows = source.shard(0)
        assert [plain(next(rows)) for _ in range(taken)] == every[:taken]
        mark = json.loads(json.dumps(source.mark()))
        again = HuggingFaceSource(songs, split="train", streaming=True)
        if taken:
            assert [plain(row) for row in again.shard(0, taken, mark=mark)] == every[taken:]
        assert [plain(row) for row in again.shard(0)] == every


def test_slices_and_the_split_that_is_meant(songs, talk):
    assert len(list(HuggingFaceSource(songs, split="train[:7]").rows())) == 7
    assert HuggingFaceSource(songs).split == "train"
    assert [row.kind for row in HuggingFaceSource(talk).rows()] == ["conversation"] * 5
    assert (configs(songs), splits(songs)) == (["default"], ["train", "test"])


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"split": "tset"}, r"has no split 'tset'\. Did you mean 'test'\?"),
        ({"split": "train", "subset": "english"}, r"has no subset 'english'\. Choose one of: default"),
    ],
)
def test_what_is_not_there_is_named(songs, streaming, options, said):
    with pytest.raises(OgiveError, match=said) as caught:
        list(HuggingFaceSource(songs, streaming=streaming, **options).rows())
    assert "\n" not in str(caught.value)


def test_torn_files_and_empty_folders_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(OgiveError, match=r"There is no data in .*empty"):
        list(HuggingFaceSource(str(tmp_path / "empty")).rows())
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "train.jsonl").write_text('{"text": "a"}\n{"text": "b')
    for streaming in (False, True):
        with pytest.raises(OgiveError, match=r"torn cannot be read: ") as caught:
            list(HuggingFaceSource(str(tmp_path / "torn"), streaming=streaming).rows())
        assert "\n" not in str(caught.value)


def test_without_a_network_it_says_so_at_once(monkeypatch):
    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", _no_network)
    began = time.monotonic()
    nothing = HuggingFaceSource("nobody/nothing", split="train")
    for read in (lambda: list(nothing.rows()), lambda: splits("nobody/nothing")):
        with pytest.raises(Gone, match=r"The network cannot be reached, and 'nobody/nothing' is neither a folder here"):
            read()
    assert time.monotonic() - began < 10
    with pytest.raises(OgiveError, match="has no id"):
        HuggingFaceSource()


def _no_network(self, *args, **kwargs):
    raise ConnectionError("no route")


def test_a_data_set_that_the_hub_does_not_know(monkeypatch):
    from huggingface_hub.errors import RepositoryNotFoundError

    class Response:
        status_code = 404
        headers, request = {}, None

    def unknown(self, *args, **kwargs):
        error = RepositoryNotFoundError.__new__(RepositoryNotFoundError)
        error.response = Response()
        raise error

    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", unknown)
    with pytest.raises(Gone, match="There is no data set 'nobody/nothing' on the Hugging Face Hub that you may read"):
        splits("nobody/nothing")
    monkeypatch.undo()
    with pytest.raises(Gone, match="is neither a folder here nor a Hugging Face id"):
        splits("not an id at all!")


def test_a_run_keeps_the_commit_it_began_with(songs, monkeypatch, workspace):
    class Info:
        sha = "c0ffee"

    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", lambda self, *a, **k: Info())
    assert HuggingFaceSource("some/songs", split="train").settled() == {
        "id": "some/songs",
        "subset": "",
        "split": "train",
        "revision": "c0ffee",
    }
    assert HuggingFaceSource("some/songs", split="train", revision="abc").settled()["revision"] == "abc"
    streamed = HuggingFaceSource("some/songs", split="train", streaming=True, revision="abc")
    assert streamed.inputs() == [{"path": "hf://datasets/some/songs@abc", "bytes": 0, "sha256": ""}]
    settings = DataSettings.model_validate({"sources": [{"name": "huggingface", "id": songs}]})
    kept = settled(settings, workspace).sources[0]
    assert (kept["id"], kept["split"], kept["revision"]) == (songs, "train", "")
    assert not hub.local("some/songs")


def test_it_is_packed_like_any_text(songs, workspace):
    settings = data_settings(songs, workspace, split="train")
    data = pack(settings, byte.build(), workspace)
    assert data.train.documents + data.held_out.documents == 200
    assert data_settings("some/songs", workspace, subset="en").sources[0]["subset"] == "en"
    assert isinstance(open_source(songs, workspace, split="test"), HuggingFaceSource)
    assert len(list(Corpus(settings).rows())) == 200
