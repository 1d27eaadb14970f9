"""`ogive data` and `ogive tokenizer`, as a person runs them."""

import json

import pytest

from core.cli.main import main


@pytest.fixture
def ogive(tmp_path, capsys):
    def call(*words, status=0):
        assert main(["--workspace", str(tmp_path / "w"), *map(str, words)]) == status
        said = capsys.readouterr()
        return said.err if status else said.out

    return call


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.txt"
    path.write_text("".join(f"Verse {number}: the bell, the tower, the rain.\n" for number in range(200)))
    return path


def test_show_counts_both_sides(ogive, song):
    found = json.loads(ogive("data", "show", song, "--documents", "line", "--tokenizer", "bytes", "--json"))
    assert found["train"]["documents"] + found["held_out"]["documents"] == 200
    assert found["train"]["tokens"] == found["train"]["bytes"] + found["train"]["documents"]
    assert found["lengths"]["longest"] == len("Verse 100: the bell, the tower, the rain.")
    assert found["samples"][0]["text"].startswith("Verse 0")
    assert "held out" in ogive("data", "show", song)


def test_add_list_preview_and_use(ogive, song):
    said = ogive("data", "add", "song", song, "--documents", "line")
    assert said.startswith("read as text\n\n-- song.txt:1\nVerse 0")
    assert "added song@1" in said
    assert "200 documents" in said
    listed = json.loads(ogive("data", "list", "--json"))["data"]
    assert {"demo", "song"} <= {item["name"] for item in listed}
    assert [
        row["origin"] for row in json.loads(ogive("data", "preview", "song", "--count", 2, "--json"))[0]["rows"]
    ] == [
        "song.txt:1",
        "song.txt:2",
    ]
    assert "Verse 0" in ogive("data", "show", "song")


def test_conversations_are_shown_turn_by_turn(ogive, tmp_path):
    path = tmp_path / "talk.jsonl"
    talk = {"messages": [{"role": "user", "content": "Who rings?"}, {"role": "assistant", "content": "The wind."}]}
    path.write_text((json.dumps(talk) + "\n") * 30)
    out = ogive("data", "preview", path, "--count", 1)
    assert "user  Who rings?" in out
    assert "assistant  The wind." in out


def test_a_tokenizer_from_training_to_comparison(ogive, song):
    made = json.loads(ogive("tokenizer", "train", "bpe", song, "--vocab-size", 280, "--json"))
    assert made["vocab_size"] == 280
    found = json.loads(ogive("tokenizer", "report", made["folder"], song, "--json"))
    assert found["vocab_size"] == 280
    assert found["bytes_per_token"] > 1.5
    both = json.loads(ogive("tokenizer", "compare", "bytes", made["folder"], "--on", song, "--json"))
    assert both["reports"][0]["bytes_per_token"] == 1.0
    assert both["reports"][1] == {**found, "top": both["reports"][1]["top"]} | {
        key: both["reports"][1][key] for key in ("top", "longest", "unused_examples")
    }
    assert "lossless" in ogive("tokenizer", "compare", "bytes", "characters", "--on", song)
    assert "never used here" in ogive("tokenizer", "report", "bytes", song, "--limit", 5)


def test_kept_tokenizers_from_training_to_deletion(ogive, song, monkeypatch):
    said = ogive("tokenizer", "train", "bpe", song, "--name", "verse", "--vocab-size", 280)
    assert "verse@1: bpe tokenizer of 280 tokens" in said
    said = ogive("tokenizer", "train", song, "--name", "verse", "--vocab-size", 290, "--option", "normalizer=lowercase")
    assert "verse@2: bpe tokenizer of 290 tokens, child of verse@1" in said
    assert "not lossless: text is normalised (Lowercase)" in said
    listed = json.loads(ogive("tokenizer", "list", "--json"))
    assert {kept["reference"]: kept["parent"] for kept in listed["kept"]} == {"verse@1": None, "verse@2": "verse@1"}
    assert "verse@1" in ogive("tokenizer", "list")
    found = json.loads(ogive("tokenizer", "search", "verse@1", "␣the", "--json"))
    assert found["counted_in"] == str(song)
    assert (found["tokens"][0]["name"], found["tokens"][0]["bytes"], found["tokens"][0]["count"]) == (
        "␣the",
        "20 74 68 65",
        600,
    )
    assert "0 found" not in ogive("tokenizer", "search", "verse", "bell", "--on", song)
    assert "no token of bytes holds 'bell'" in ogive("tokenizer", "search", "bytes", "bell", "--on", song)
    both = ogive("tokenizer", "compare", "verse@1", "verse", "--on", song, "--text", "The Bell", "--top", 3)
    assert "most frequent" in both
    assert "T|he|␣|B|e|ll" in both
    assert "t|he|␣bell" in both
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = ogive("tokenizer", "compare", "verse@1", "verse", "--on", song, "--text", "The\x1b[31m Bell")
    assert "\x1b[" in coloured
    assert "\x1b[31m" not in coloured, "what is in the text reaches no terminal"
    assert "\\x1b" in coloured
    monkeypatch.delenv("FORCE_COLOR")
    assert "This removes verse@1" in ogive("tokenizer", "delete", "verse@1", status=2)
    assert "deleted verse@1" in ogive("tokenizer", "delete", "verse@1", "--yes")
    assert "verse@1" not in [k["reference"] for k in json.loads(ogive("tokenizer", "list", "--json"))["kept"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["data", "show", "dmeo"], "There is no data named 'dmeo', and no such path. Did you mean 'demo'?"),
        (["data", "show", "SONG", "--set", "held_out=0.9"], "held_out must be at most 0.5"),
        (["data", "show", "SONG", "--set", "held_ot=0.1"], "Did you mean"),
        (["tokenizer", "report", "bytess", "SONG"], "Did you mean 'bytes'?"),
        (["tokenizer", "train", "bytes", "SONG"], "is not a tokenizer that is trained"),
        (["tokenizer", "train", "bpe", "SONG", "--vocab-size", "10"], "vocab_size must be at least 264"),
        (["tokenizer", "train", "bpe", "SONG", "--name", "bpe"], "cannot be called that"),
        (["tokenizer", "train", "bpe", "SONG", "--option", "split_digit=true"], "Did you mean 'split_digits'?"),
        (["tokenizer", "search", "bytes", "0xz", "--on", "SONG"], "is not a row of bytes"),
        (["tokenizer", "delete", "nothing", "--yes"], "There is no tokenizer 'nothing'"),
    ],
)
def test_mistakes_are_one_sentence(ogive, song, words, said):
    out = ogive(*[song if word == "SONG" else word for word in words], status=2)
    assert said in out
    assert out.count("\n") == 1


TALK = [{"role": "user", "content": "Who rings?"}, {"role": "assistant", "content": "The wind."}]


@pytest.fixture
def rows(tmp_path):
    """`rows("a.jsonl", record, times=30)`: a file of JSON lines; a dict a record."""

    def write(name, record, times=30):
        path = tmp_path / name
        path.write_text("".join(json.dumps(record).replace("rings", f"rings {n}") + "\n" for n in range(times)))
        return path

    return write


def test_the_mapping_and_three_rows_are_shown_before_anything_is_added(ogive, rows, tmp_path):
    path = rows("pairs.jsonl", {"question": "Who rings?", "good": "The wind.", "bad": "Nobody."})
    said = ogive("data", "preview", path)
    assert said.startswith("read as prompt (prompts: prompt=question)\ncolumns: question, good, bad\n")
    assert said.count("-- pairs.jsonl:") == 3
    assert "--format text --map text=good" in said
    said = ogive("data", "add", "pairs", path, "--map", "chosen=good", "--map", "rejected=bad")
    before, _, after = said.partition("added pairs@1")
    assert "read as preference (preference: prompt=question, chosen=good, rejected=bad)" in before
    assert before.count("   chosen  The wind.") == before.count(" rejected  Nobody.") == 3
    assert "30 documents" in after
    assert "ogive train" not in after
    shown = ogive("data", "show", "pairs")
    assert "rejected  Nobody." in shown
    assert "there already: pairs@1" in ogive("data", "add", "pairs", path, "--map", "chosen=good,rejected=bad")


def test_added_data_is_copied_listed_shown_and_deleted(ogive, rows, song, tmp_path):
    talk = rows("talk.jsonl", {"messages": TALK})
    made = json.loads(ogive("data", "add", "both", song, talk, "--documents", "line", "--description", "Two", "--json"))
    assert (made["reference"], made["kinds"]) == ("both@1", {"text": 200, "conversation": 30})
    assert [one["kind"] for one in made["preview"]] == ["text", "conversation"]
    song.unlink()
    talk.unlink()
    shown = json.loads(ogive("data", "show", "both", "--json"))
    assert shown["kinds"] == {"text": 200, "conversation": 30}
    assert shown["train"]["documents"] + shown["held_out"]["documents"] == 230
    assert sum(count for _, count in shown["histogram"]) == 230
    assert {sample["origin"].partition(":")[0] for sample in shown["samples"]} == {"song.txt", "talk.jsonl"}
    listed = json.loads(ogive("data", "list", "--json"))
    assert [one["id"] for one in listed["snapshots"]] == [made["id"]]
    assert "both@1    conversation" in ogive("data", "list") or "both@1    text" in ogive("data", "list")
    assert {"name": "both", "description": "Two"}.items() <= listed["data"][0].items()
    song.write_text("A new text.")
    again = json.loads(ogive("data", "add", "both", song, "--json"))
    assert (again["reference"], again["parents"][0]["name"]) == ("both@2", "both@1")
    assert "A new text." in ogive("data", "preview", "both")
    assert "Verse 0" in ogive("data", "preview", "both@1")
    assert len(json.loads(ogive("data", "delete", "both@2", "--json"))["deleted"]) == 2
    assert "Verse 0" in ogive("data", "preview", "both")
    gone = json.loads(ogive("data", "delete", "both", "--json"))["deleted"]
    assert len(gone) == 2
    assert json.loads(ogive("data", "list", "--json"))["snapshots"] == []
    assert "There is no data named 'both'" in ogive("data", "show", "both", status=2)
    assert "cannot be deleted" in ogive("data", "delete", "demo", status=2)
    assert "There is no snapshot 'both'" in ogive("data", "delete", "both", status=2)


def test_csv_parquet_and_data_sets_are_added_and_trained_on(ogive, tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    (tmp_path / "set").mkdir()
    verses = pa.table({"verse": [f"Verse {n}, of the bell." for n in range(60)]})
    parquet.write_table(verses, tmp_path / "set/train.parquet")
    (tmp_path / "a.csv").write_text("n,verse\n" + "".join(f'{n},"Line {n}, of rain."\n' for n in range(60)))
    assert json.loads(ogive("data", "splits", tmp_path / "set", "--json")) == {"default": ["train"]}
    assert "read as text (text: text=verse)" in ogive("data", "preview", tmp_path / "set", "--split", "train")
    assert "120 documents" in ogive("data", "add", "verses", tmp_path / "a.csv", tmp_path / "set/train.parquet")
    streamed = ogive("data", "add", "streamed", tmp_path / "set", "--split", "train", "--streaming", "--json")
    assert json.loads(streamed)["sources"][0]["id"] == str(tmp_path / "set")
    linked = ogive("data", "add", "linked", tmp_path / "set", "--split", "train", "--link")
    assert "kept linked as a link" in linked
    small = ["model.layers=1", "model.hidden_size=32", "model.heads=2", "training.context=32", "training.steps=3",
             "training.batch_size=4", "training.device=cpu", "training.compile=off", "tokenizer=bytes",
             "training.sample_every=0", "training.schedule.warmup=1"]  # fmt: skip
    for data in ("verses", "linked"):
        said = ogive("train", "demo", "--set", f"data={data}", *[word for one in small for word in ("--set", one)])
        first, second = said.splitlines()[:2]
        assert "is read as text (text: text=verse)" in first
        assert second.startswith("  a.csv:2  Line 0, of rain." if data == "verses" else "  set/train:1  Verse 0")
        assert "finished: 3 steps" in said


@pytest.mark.parametrize(
    ("record", "words", "said"),
    [
        ({"a": "x", "b": "y"}, [], "Say which column is what, such as --map text=a"),
        ({"question": "x"}, ["--map", "prompt=qestion"], "Did you mean 'question'? Try --map prompt=question."),
        ({"text": "x"}, ["--format", "txt"], "There is no format 'txt'. Did you mean 'text'?"),
        ({"text": "x"}, ["--map", "x"], "'x' is no mapping of a column"),
    ],
)
def test_a_wrong_mapping_is_one_sentence_and_adds_nothing(ogive, rows, record, words, said):
    path = rows("x.jsonl", record)
    out = ogive("data", "add", "x", path, *words, status=2)
    assert said in out
    assert out.count("\n") == 1
    assert json.loads(ogive("data", "list", "--json"))["snapshots"] == []
