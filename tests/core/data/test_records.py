"""Real files of each format, whole, odd and hostile."""

import csv
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from core.data import records, text
from core.data.adding import preview
from core.data.files import FilesSource
from core.data.records import read_records
from core.errors import OgiveError

ODD = ['He said "no"', "two\nlines", "comma, semicolon; tab\t", "snow ☃", "", " spaces "]


def read(path, skip=0):
    return [record for _, record in read_records(path, skip)]


def write_csv(path, rows, **options):
    with path.open("w", newline="", encoding=options.pop("encoding", "utf-8")) as file:
        csv.writer(file, **options).writerows(rows)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.csv", {}),
        ("a.csv", {"delimiter": ";"}),
        ("a.tsv", {"delimiter": "\t"}),
        ("a.csv", {"encoding": "utf-8-sig"}),
    ],
)
def test_csv_as_it_is_written(tmp_path, name, options):
    path = tmp_path / name
    write_csv(path, [["n", "text"], *[[str(number), value] for number, value in enumerate(ODD)]], **options)
    found = list(read_records(path))
    assert [record for _, record in found] == [{"n": str(number), "text": value} for number, value in enumerate(ODD)]
    assert [place.number for place, _ in found] == [2, 3, 5, 6, 7, 8]
    assert read(path, skip=4) == [record for _, record in found[4:]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n1,2,3\n", r"line 3: expected 2 cells \('a', 'b'\), found 3"),
        ('a,b\n1,"2\n3,4\n', r"line 2, is not CSV: unexpected end of data"),
        ("a,a\n1,2\n", r"line 1: expected the names of the columns, found two columns named 'a'"),
        ("a,,c\n1,2,3\n", r"found a column without a name"),
        ('a,b\n1,"2"x\n', r"line 2, is not CSV"),
    ],
)
def test_csv_that_is_none(tmp_path, content, said):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(OgiveError, match=said):
        read(path)


@pytest.mark.parametrize("chunk", [3, 64, 1 << 20])
def test_json_lists_are_read_as_they_come(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(text, "CHUNK", chunk)
    path = tmp_path / "a.json"
    wanted = [{"text": value, "n": number, "deep": {"a": [1, {}]}} for number, value in enumerate(ODD)]
    for written in (json.dumps(wanted), json.dumps(wanted, indent=2, ensure_ascii=False)):
        path.write_text(written)
        assert read(path) == wanted
        assert read(path, skip=4) == wanted[4:]
    path.write_text("\n".join(map(json.dumps, wanted)))
    assert read(path) == wanted
    path.write_text("[]")
    assert read(path) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"a": 1}, {"b": ', r"record 2, is not JSON"),
        ('[{"a": 1}, {"b": 2}', r"record 3, is not JSON: the file ends too early"),
        ('[{"a": 1} {"b": 2', r"record 2, is not JSON"),
        ('["a"]', r"record 1, is a str, not an object"),
        ("<html>", r"record 1, is not JSON"),
        ("[" * 100_000, r"record 1, is not JSON: it is nested too deeply"),
    ],
)
def test_json_that_is_none(tmp_path, content, said):
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(OgiveError, match=said):
        read(path)


def test_parquet_with_text_talk_and_several_row_groups(tmp_path):
    path = tmp_path / "a.parquet"
    talk = [[{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": "☃"}] for n in range(1000)]
    parquet.write_table(pa.table({"messages": talk, "n": list(range(1000))}), path, row_group_size=300)
    found = list(FilesSource(str(path)).rows())
    assert [row.messages for row in found] == talk
    assert found[700].origin == "a.parquet:701"
    assert [record["n"] for record in read(path, skip=650)] == list(range(650, 1000))
    parquet.write_table(pa.table({"text": ["a", None, "c"]}), path)
    with pytest.raises(OgiveError, match=r"a\.parquet, row 2: expected text in column 'text', found nothing"):
        list(FilesSource(str(path)).rows())


@pytest.mark.parametrize("harm", ["empty", "short", "middle", "other"])
def test_a_damaged_parquet_file_is_named(tmp_path, harm):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": [f"line {n} " * 50 for n in range(5000)]}), path)
    raw = bytearray(path.read_bytes())
    if harm == "middle":
        raw[len(raw) // 3 : len(raw) // 3 + 2000] = b"\xff" * 2000
    harmed = {"empty": b"", "short": raw[:-9], "middle": raw, "other": b"not parquet at all"}[harm]
    path.write_bytes(harmed)
    with pytest.raises(OgiveError, match=r"a\.parquet is (not a whole Parquet file|damaged)") as caught:
        list(FilesSource(str(path)).rows())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.txt", "a.md"])
def test_hostile_bytes_are_named_with_their_line(tmp_path, name):
    path = tmp_path / name
    for bad, said in ((b"a\0b", r"has a zero byte"), (b"a\xff\xfeb", r"is not UTF-8 text: it has the byte 0xff")):
        path.write_bytes(b'{"text": "fine"}\n' + b'{"text": "' + bad + b'"}\n')
        with pytest.raises(OgiveError, match=rf"{name}, line 2, {said}"):
            list(FilesSource(str(path)).rows())
    path.write_bytes("text".encode("utf-16-le") * 3)
    with pytest.raises(OgiveError, match=r"line 1, has a zero byte.*iconv -f utf-16"):
        list(FilesSource(str(path)).rows())


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.txt"])
def test_an_empty_file_has_no_rows(tmp_path, name):
    (tmp_path / name).write_text("")
    assert list(FilesSource(str(tmp_path / name)).rows()) == []
    with pytest.raises(OgiveError, match="holds no rows"):
        preview(FilesSource(str(tmp_path / name)))


def test_a_torn_last_line_is_named(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n' * 50 + '{"text": "b')
    with pytest.raises(OgiveError, match=r"a\.jsonl, line 51, is not JSON: Unterminated string"):
        list(FilesSource(str(path)).rows())


def test_json_that_only_python_can_hold(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "half \\ud800 of a pair, and \\u0000"}\n' + '{"text": ' + "[" * 60_000 + "\n")
    rows = FilesSource(str(path)).rows()
    with pytest.raises(OgiveError, match=r"line 2, is not JSON: it is nested too deeply"):
        list(rows)
    path.write_text('{"text": "half \\ud800 of a pair, and \\u0000"}\n')
    assert next(FilesSource(str(path)).rows()).text == "half \ud800 of a pair, and \0"


def test_a_huge_line_is_read_and_an_endless_one_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "' + "word " * 600_000 + '"}\n{"text": "next"}\n')
    assert [len(row.text) for row in FilesSource(str(path)).rows()] == [3_000_000, 4]
    monkeypatch.setattr(text, "LONGEST", 1 << 20)
    monkeypatch.setattr(records, "LONGEST", 1 << 20)
    with pytest.raises(OgiveError, match=r"line 1, has more than 1 million characters"):
        list(FilesSource(str(path)).rows())
    other = tmp_path / "a.json"
    other.write_text('[{"text": "' + "word " * 600_000)
    with pytest.raises(OgiveError, match=r"record 1, is not JSON"):
        list(FilesSource(str(other)).rows())


def test_a_folder_of_every_kind_is_read_in_order(tmp_path):
    (tmp_path / "a.md").write_text("# One")
    write_csv(tmp_path / "b.csv", [["text"], ["Two"]])
    (tmp_path / "c.jsonl").write_text('{"text": "Three"}\n')
    (tmp_path / "d.json").write_text('[{"content": "Four"}]')
    parquet.write_table(pa.table({"body": ["Five"]}), tmp_path / "e.parquet")
    (tmp_path / "f.png").write_bytes(b"\x89PNG")
    assert [row.text for row in FilesSource(str(tmp_path)).rows()] == ["# One", "Two", "Three", "Four", "Five"]
    source = FilesSource(str(tmp_path))
    assert source.shards == 5
    assert [row.text for number in range(5) for row in source.shard(number)] == [row.text for row in source.rows()]
    assert source.fingerprint() == FilesSource(str(tmp_path / "[a-e].*")).fingerprint()
