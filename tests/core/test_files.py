"""Atomic writes, whole lines, and what a full disk or a read-only folder leaves behind."""

import json
import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import OgiveError
from core.files import LineFile, append_line, read_json, sha256, to_json, write_atomic, write_json


def test_write_atomic_replaces_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "a.txt"
    write_atomic(path, "one")
    write_atomic(path, b"two")
    assert path.read_text() == "two"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_write_into_a_missing_folder_is_told(tmp_path):
    with pytest.raises(OgiveError, match="does not exist"):
        write_atomic(tmp_path / "absent" / "a.txt", "one")


def test_json_round_trip_and_torn_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": [1, 2.5, None, "é"]})
    assert read_json(path) == {"a": [1, 2.5, None, "é"]}
    path.write_text('{"a": [1,')
    with pytest.raises(OgiveError, match="not whole JSON"):
        read_json(path)


def test_numbers_that_are_not_finite_become_null():
    assert json.loads(to_json({"a": math.nan, "b": [math.inf, 1.0]})) == {"a": None, "b": [None, 1.0]}


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a").startswith("ba7816bf8f01cfea")


@given(st.lists(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False))))
def test_any_object_is_one_line(tmp_path_factory, objects):
    path = tmp_path_factory.mktemp("lines") / "x.jsonl"
    for item in objects:
        append_line(path, item)
    lines = path.read_bytes().split(b"\n")[:-1] if objects else []
    assert len(lines) == len(objects)
    assert [json.loads(line) for line in lines] == [json.loads(to_json(item)) for item in objects]


def test_a_torn_line_is_closed_before_the_next(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"a":1}\n{"a":')
    append_line(path, {"a": 3})
    assert path.read_text() == '{"a":1}\n{"a":\n{"a":3}\n'


FULL = """
import json, resource, signal, sys
from core.errors import OgiveError
from core.files import LineFile, write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
file = LineFile(sys.argv[1] + "/x.jsonl")
try:
    while True:
        file.append({"text": "x" * 300})
except OgiveError as error:
    print(error)
write_atomic(sys.argv[1] + "/a.txt", "old")
try:
    write_atomic(sys.argv[1] + "/a.txt", "y" * 2000)
except OgiveError as error:
    print(error)
"""


def test_out_of_space_leaves_whole_lines_and_the_old_file(tmp_path):
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.count("size limit") == 2
    lines = (tmp_path / "x.jsonl").read_text().split("\n")
    assert lines.pop() == ""
    assert [len(json.loads(line)["text"]) for line in lines] == [300, 300, 300]
    assert (tmp_path / "a.txt").read_text() == "old"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.txt", "x.jsonl"]


def test_line_file_keeps_appending(tmp_path):
    with LineFile(tmp_path / "x.jsonl") as file:
        file.append({"a": 1})
        file.append({"a": 2})
        file.sync()
    assert (tmp_path / "x.jsonl").read_text() == '{"a":1}\n{"a":2}\n'
