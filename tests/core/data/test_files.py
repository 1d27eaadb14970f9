"""What files become documents, and one plain sentence for each thing that can be wrong with them."""

import json

import pytest

from core.data.documents import Source
from core.data.files import FilesSource
from core.errors import OgiveError


def texts(path, **options):
    return [document.plain() for document in FilesSource(str(path), **options).documents()]


def test_it_is_a_source(lines):
    assert isinstance(FilesSource(str(lines)), Source)


def test_text_is_taken_as_it_is(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffOne\r\n\r\n\ttwo ☃\n\n".encode())
    assert texts(path) == ["One\r\n\r\n\ttwo ☃\n\n"]
    assert texts(path, documents="line") == ["One", "\ttwo ☃"]
    assert texts(path, documents="blank-line") == ["One", "\ttwo ☃"]


def test_paragraphs_know_their_lines(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("\n\none\nstill one\n\n\ntwo")
    found = list(FilesSource(str(path), documents="blank-line").documents())
    assert [(document.text, document.origin) for document in found] == [("one\nstill one", "a.md:3"), ("two", "a.md:7")]


def test_folders_and_globs(tmp_path):
    (tmp_path / "b" / ".hidden").mkdir(parents=True)
    for name in ("z.txt", "a.md", "b/c.txt", "b/.hidden/d.txt", "b/image.png"):
        (tmp_path / name).write_text(name)
    assert texts(tmp_path) == ["a.md", "b/c.txt", "z.txt"]
    assert texts(tmp_path / "*.txt") == ["z.txt"]
    assert texts(f"{tmp_path}/**/c*") == ["b/c.txt"]


def test_jsonl_text_and_messages(tmp_path):
    path = tmp_path / "talk.jsonl"
    talk = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    path.write_text(f"{json.dumps({'text': 'plain', 'n': 1})}\n\n{json.dumps({'messages': talk})}\n")
    found = list(FilesSource(str(path)).documents())
    assert (found[0].text, found[0].origin) == ("plain", "talk.jsonl:1")
    assert (found[1].messages, found[1].origin) == (talk, "talk.jsonl:3")
    assert found[1].plain() == "hi\n\nho"


def test_a_long_file_comes_in_pieces_cut_before_a_space(tmp_path):
    path = tmp_path / "long.txt"
    text = "tower and ☃ lamp,  rain\n" * 250_000
    path.write_text(text)
    pieces = list(FilesSource(str(path)).documents())
    assert len(pieces) == 6
    assert "".join(piece.plain() for piece in pieces) == text
    assert [piece.continues for piece in pieces] == [True] * 5 + [False]
    assert all(piece.plain()[0] == " " != piece.plain()[1] for piece in pieces[1:])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            '{"text": "a"}\n{"body": "b", "id": 3}',
            r"line 2: expected the column 'text' \(text\), found 'body', 'id'\. Try --map text=body",
        ),
        ('{"text": "a"}\n{"textt": "b"}', r"found 'textt'\. Did you mean 'textt'\? Try --map text=textt"),
        ('{"text": 3}', r"line 1: expected columns of a known format \(.*\), found 'text' \(int\)"),
        ('{"text": "a"}\n{"text": ', r"line 2, is not JSON"),
        ("[1]", r"line 1, is a list, not an object"),
        (
            '{"messages": [{"role": "user", "content": "x"}, {"who": "x"}]}',
            r"line 1: expected the texts 'role' and 'content' .* in turn 2 of 'messages', found 'who'",
        ),
        ('{"messages": [{"role": "users", "content": "x"}]}', r"role 'users'\. Did you mean 'user'\?"),
    ],
)
def test_wrong_records_are_named(tmp_path, content, said):
    path = tmp_path / "x.jsonl"
    path.write_text(content)
    with pytest.raises(OgiveError, match=said) as caught:
        texts(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_column_by_name(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"body": "b"}\n')
    assert texts(path, column="body") == ["b"]


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"ok\n" * 600_000 + "Glück".encode("latin1"))
    with pytest.raises(OgiveError, match=r"latin\.txt, line 600001, is not UTF-8 text: it has the byte 0xfc"):
        texts(path)
    path.write_bytes("☃".encode()[:2])
    with pytest.raises(OgiveError, match="line 1, is not UTF-8"):
        texts(path)


def test_paths_that_lead_nowhere(tmp_path):
    (tmp_path / "tales.txt").write_text("x")
    with pytest.raises(OgiveError, match=r"no file or folder .*Did you mean 'tales\.txt'\?"):
        texts(tmp_path / "talse.txt")
    with pytest.raises(OgiveError, match="No text was found"):
        texts(tmp_path / "*.md")
    with pytest.raises(OgiveError, match="has no path"):
        texts("")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(OgiveError, match=r"is \.pdf, which is not read"):
        texts(tmp_path / "a.pdf")


def test_the_fingerprint_is_of_the_content(tmp_path):
    a, b = tmp_path / "a.txt", tmp_path / "b.txt"
    a.write_text("same")
    b.write_text("same")
    assert FilesSource(str(a)).fingerprint() == FilesSource(str(b)).fingerprint()
    assert FilesSource(str(a)).inputs()[0]["sha256"] == FilesSource(str(b)).inputs()[0]["sha256"]
    assert FilesSource(str(a), documents="line").fingerprint() != FilesSource(str(b)).fingerprint()
    b.write_text("Same")
    assert FilesSource(str(a)).fingerprint() != FilesSource(str(b)).fingerprint()
