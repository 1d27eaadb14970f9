"""The token files: exact content, cached by content, whole or absent."""

import json
import random

import numpy as np
import pytest

from core.cancel import Cancel, Stopped
from core.data import packed
from core.data.corpus import Corpus
from core.data.packed import pack
from core.data.prepare import prepare
from core.errors import OgiveError
from core.settings.tokenizer import TokenizerSettings
from core.tokenization import bpe, byte
from core.tokenization.tokenizer import load


def documents(stream, tokenizer):
    starts = [0, *stream.ends[:-1].tolist()]
    return [stream.tokens[start:end] for start, end in zip(starts, stream.ends.tolist(), strict=True)]


@pytest.mark.parametrize("kind", ["bytes", "bpe"])
def test_documents_come_back_each_with_its_end(lines, files_settings, workspace, kind, monkeypatch):
    monkeypatch.setattr(packed, "_BATCH_DOCUMENTS", 7)
    tokenizer = byte.build() if kind == "bytes" else bpe.train([lines.read_text()], vocab_size=300)
    settings = files_settings(lines, unit="line")
    data = pack(settings, tokenizer, workspace)
    for part, stream in (("train", data.train), ("held-out", data.held_out)):
        wanted = [document.plain() for side, document in Corpus(settings).tagged() if side == part]
        found = documents(stream, tokenizer)
        assert all(ids[-1] == tokenizer.eos_id for ids in found)
        assert [tokenizer.decode(ids.tolist()) for ids in found] == wanted
        assert stream.bytes == stream.characters == sum(map(len, wanted))
        assert (stream.tokens == tokenizer.eos_id).sum() == stream.documents == len(wanted)
    assert data.held_out_order(16).bytes == data.held_out.bytes
    assert data.held_out_order(16).tokens == len(data.held_out.tokens)
    assert data.train.tokens.dtype == np.uint16
    assert data.inputs == [{"path": str(lines), "bytes": lines.stat().st_size, "sha256": data.inputs[0]["sha256"]}]


def test_conversations_are_rendered_and_cannot_forge_turns(tmp_path, files_settings, workspace):
    path = tmp_path / "talk.jsonl"
    talks = [[{"role": "user", "content": f"Who are you{'?' * n}<|end|>"}] for n in range(30)]
    path.write_text("".join(json.dumps({"messages": talk}) + "\n" for talk in talks))
    tokenizer = byte.build()
    data = pack(files_settings(path), tokenizer, workspace)
    found = [ids.tolist() for part in (data.train, data.held_out) for ids in documents(part, tokenizer)]
    wanted = [[*tokenizer.render(talk), tokenizer.eos_id] for talk in talks]
    assert sorted(found) == sorted(wanted)
    assert data.held_out_order(8).bytes == data.held_out.bytes


def test_long_documents_have_one_end(tmp_path, files_settings, workspace):
    path = tmp_path / "long.txt"
    text = "tower and lamp,  rain\n" * 250_000
    path.write_text(text)
    tokenizer = byte.build()
    data = pack(files_settings(path, held_out=0.01), tokenizer, workspace)
    assert data.train.documents == 1
    ids = np.concatenate([data.train.tokens[:-1], data.held_out.tokens[:-1]])
    assert ids.astype(np.uint8).tobytes().decode() == text


def test_pieces_give_the_ids_of_the_whole(tmp_path, files_settings, workspace, monkeypatch):
    text = "The tower's lamp,  and the rain\n\n it fell 1412 times.\n" * 400
    path = tmp_path / "text.txt"
    path.write_text(text)
    tokenizer = bpe.train([text[:500]], vocab_size=320)
    monkeypatch.setattr("core.data.text.CHUNK", 500)
    monkeypatch.setattr("core.data.text.PIECE", 900)
    data = pack(files_settings(path, held_out=0.001), tokenizer, workspace)
    cut = int(len(text) * 0.999)
    assert data.train.tokens.tolist() == [*tokenizer.encode(text[:cut]), tokenizer.eos_id]


def test_long_texts_in_segments_have_the_ids_of_the_whole(monkeypatch):
    from core.data import encoding

    monkeypatch.setattr(encoding, "SEGMENT", 40)
    words = ["the tower's", "lamp,", " ", "\n\n", "\t", "1412", "☃☃", "x" * 150, "don't", "  two", "\u3000", "\r\n"]
    draw = random.Random(3)
    texts = [" ".join(draw.choices(words, k=200)) for _ in range(20)] + ["", "a", "x" * 1000, " " * 500, "\n" * 300]
    tokenizer = bpe.train(texts, vocab_size=400)
    assert encoding.encode_texts(texts, tokenizer) == tokenizer.encode_batch(texts)
    cut = [encoding.segments(text) for text in texts]
    assert ["".join(parts) for parts in cut] == texts
    assert max(map(len, cut)) > 20
    assert [len(parts) for parts in cut[-3:]] == [1, 1, 1]


def test_a_large_vocabulary_takes_four_bytes(lines, files_settings, workspace, monkeypatch):
    tokenizer = byte.build()
    tokenizer.__dict__["vocab_size"] = 70_000
    data = pack(files_settings(lines), tokenizer, workspace)
    assert data.train.tokens.dtype == np.uint32
    assert tokenizer.decode(data.train.tokens.tolist()) == lines.read_text()[: int(len(lines.read_text()) * 0.95)]


def test_the_same_content_is_packed_once(lines, files_settings, workspace, tmp_path):
    first = pack(files_settings(lines), byte.build(), workspace)
    stamp = (first.folder / "train.bin").stat().st_mtime_ns
    copy = tmp_path / "copy.txt"
    copy.write_bytes(lines.read_bytes())
    again = pack(files_settings(copy), byte.build(), workspace)
    assert (again.folder, (again.folder / "train.bin").stat().st_mtime_ns) == (first.folder, stamp)
    other = pack(files_settings(lines), bpe.train([lines.read_text()]), workspace)
    split = pack(files_settings(lines, held_out=0.2), byte.build(), workspace)
    copy.write_text(lines.read_text() + "!")
    changed = pack(files_settings(copy), byte.build(), workspace)
    assert len({first.folder, other.folder, split.folder, changed.folder}) == 4


@pytest.mark.parametrize("harm", ["flip", "cut", "drop", "meta"])
def test_a_damaged_cache_is_made_again(lines, files_settings, workspace, harm):
    data = pack(files_settings(lines), byte.build(), workspace)
    wanted = data.train.tokens.tolist()
    path = data.folder / ("meta.json" if harm == "meta" else "train.bin")
    raw = bytearray(path.read_bytes())
    if harm == "flip":
        raw[101] ^= 4
    if harm in ("cut", "meta"):
        raw = raw[:-7]
    path.unlink()
    if harm != "drop":
        path.write_bytes(raw)
    assert pack(files_settings(lines), byte.build(), workspace).train.tokens.tolist() == wanted
    assert [path.name for path in data.folder.parent.iterdir()] == [data.folder.name]


def test_a_stop_or_a_failure_leaves_nothing(lines, files_settings, workspace, tmp_path):
    cancel = Cancel()
    with pytest.raises(Stopped):
        pack(files_settings(lines, unit="line"), byte.build(), workspace, cancel, lambda *_: cancel.request("enough"))
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "a"}\n' * 40 + "{")
    with pytest.raises(OgiveError, match="not JSON"):
        pack(files_settings(bad), byte.build(), workspace)
    assert not list((workspace.data / "packed").glob("*")) + list((workspace.data / "packed").glob(".*"))


def test_what_a_killed_packer_left_is_cleared(lines, files_settings, workspace):
    left = workspace.data / "packed" / ".0123456789abcdef.999999999.1.building"
    left.mkdir(parents=True)
    (left / "train.bin").write_bytes(b"half")
    data = pack(files_settings(lines), byte.build(), workspace)
    assert [path.name for path in data.folder.parent.iterdir()] == [data.folder.name]


def test_a_folder_that_cannot_be_written_is_one_sentence(lines, files_settings, workspace):
    workspace.data.parent.mkdir()
    workspace.data.write_text("a file where the folder should be")
    with pytest.raises(OgiveError, match="Cannot write") as caught:
        pack(files_settings(lines), byte.build(), workspace)
    assert "\n" not in str(caught.value)


def test_prepare_trains_the_tokenizer_once(lines, files_settings, workspace):
    wanted = TokenizerSettings.model_validate({"name": "bpe", "vocab_size": 300})
    settings = files_settings(lines, unit="line")
    data = prepare(settings, wanted, workspace)
    assert data.tokenizer.fingerprint == bpe.train(Corpus(settings).texts(), vocab_size=300).fingerprint
    [kept] = (workspace.data / "tokenizers").iterdir()
    assert load(kept).fingerprint == data.tokenizer.fingerprint
    again = prepare(settings, wanted, workspace)
    assert (again.folder, again.tokenizer.fingerprint) == (data.folder, data.tokenizer.fingerprint)
    (kept / "tokenizer.json").write_text("{")
    assert prepare(settings, wanted, workspace).folder == data.folder
    assert prepare(settings, data.tokenizer, workspace).folder == data.folder


def test_batches_are_of_the_training_text(lines, files_settings, workspace):
    data = prepare(files_settings(lines), TokenizerSettings.model_validate("bytes"), workspace)
    inputs, _ = data.order(32, seed=5).batch(17, 3)
    text = lines.read_text()
    assert all(data.tokenizer.decode(row.tolist()) in text for row in inputs)
