"""`ogive steer --headless` and `ogive journal`, as a script sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from core.cli.main import main
from core.models.decoder import Decoder
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.tokenization.byte import build


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("steer")
    torch.manual_seed(0)
    tokenizer = build([])
    shape = {"layers": 2, "hidden_size": 32, "heads": 2, "context": 192}
    decoder = Decoder(ModelSettings.model_validate(shape), tokenizer.vocab_size)
    with torch.no_grad():
        for weight in decoder.parameters():
            if weight.dim() == 2:
                weight.normal_(std=0.15)
    save_model(decoder, tokenizer, root / "checkpoints" / "tiny")
    return root


SHORT = ("--set", "sampling.max_new_tokens=5", "--set", "adapter.rank=2", "--set", "device=cpu")


def ogive(home: Path, capsys, *words: str) -> tuple[int, str, str]:
    status = main(["--workspace", str(home), *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_chooser_steers_and_the_journal_tells(home, capsys, tmp_path):
    script = tmp_path / "script.txt"
    script.write_text("2\nnone\n# a note\nskip\nwrite the moon\nhotter\nedit Who then?\n1\nretaste\n1\n")
    status, out, _ = ogive(
        home, capsys, "steer", "tiny", "--headless", "--chooser", f"script:{script}", "--picks", "20",
        "--name", "first", "--json", *SHORT,
    )  # fmt: skip
    assert status == 0
    told = json.loads(out)
    assert told["decisions"] == {
        "pick": 3, "none": 1, "skip": 1, "write": 1, "regenerate": 1, "edit": 1, "retaste": 1,
    }  # fmt: skip
    assert told["state"] == 9
    assert told["steps"][6]["prompt"] == "Who then?"
    assert told["steps"][0]["control"]
    assert told["states"] == 6  # the root and one for each decision that taught
    assert told["state_bytes"] / told["states"] <= 4 * told["adapter_parameters"] + 4096

    status, out, _ = ogive(home, capsys, "journal", "list", "--json")
    (row,) = json.loads(out)
    assert (row["name"], row["picks"], row["here"]) == ("first", 5, 9)
    status, out, _ = ogive(home, capsys, "journal", "show", "first", "--json")
    shown = json.loads(out)
    assert [node["decision"]["kind"] for node in shown["nodes"][1:4]] == ["pick", "none", "skip"]
    assert shown["path"] == list(range(10))
    status, out, _ = ogive(home, capsys, "journal", "show", "first", "--tree")
    assert len(out.splitlines()) == 10
    assert out.splitlines()[-1].startswith("@ 9  pick 1 [main]")
    status, out, _ = ogive(home, capsys, "journal", "show")
    assert out.startswith("# first")
    status, out, _ = ogive(home, capsys, "journal", "stats", "--json")
    assert json.loads(out)["slots"] == [2, 1, 0, 0]
    status, out, _ = ogive(home, capsys, "journal", "stats")
    assert "picks by slot  1: 2, 2: 1, 3: 0, 4: 0" in out

    for what, name in (("story", "story.md"), ("journal", "journal.md"), ("preferences", "picks.jsonl")):
        status, out, _ = ogive(
            home, capsys, "journal", "export", "first", "--what", what, "--out", str(tmp_path / name), "--at", "4"
        )
        assert status == 0
        assert (tmp_path / name).stat().st_size > 0
    rows = [json.loads(line) for line in (tmp_path / "picks.jsonl").read_text().splitlines()]
    assert {row["state"] for row in rows} == {1, 4}
    assert rows[-1]["chosen"][0]["content"] == "the moon"
    from core.data.reading import open_source, preferences
    from core.workspace import Workspace

    read = list(preferences(open_source(str(tmp_path / "picks.jsonl"), Workspace(home))))
    assert len(read) == len(rows)  # the alignment objectives read it
    assert read[-1].chosen[-1]["content"] == "the moon"

    out_folder = tmp_path / "adapter"
    status, out, _ = ogive(
        home, capsys, "journal", "export", "first", "--what", "adapter", "--out", str(out_folder), "--at", "1", "--json"
    )
    assert json.loads(out)["state"] == 1
    assert (out_folder / "adapter_model.safetensors").is_file()
    status, out, _ = ogive(home, capsys, "journal", "show", "first", "--json")
    assert json.loads(out)["here"] == 9  # it stands where it stood

    status, out, _ = ogive(
        home, capsys, "steer", "--resume", "first", "--at", "2", "--headless", "--chooser", "longest", "--picks", "1"
    )
    assert status == 0
    assert "pick " in out
    assert "ogive steer --resume" in out
    status, out, _ = ogive(home, capsys, "journal", "compare", "first", "main", "main-2", "--prompt", "Who?", "--json")
    compared = json.loads(out)
    assert (compared["a"], compared["b"], compared["common"]) == (9, 10, 2)
    assert compared["distance"] > 0
    assert [pair["prompt"] for pair in compared["pairs"]] == ["Who?"]
    status, out, _ = ogive(home, capsys, "journal", "delete", "first", "--yes", "--json")
    assert len(json.loads(out)["deleted"]) == 1
    assert ogive(home, capsys, "journal", "list")[1].startswith("no sessions")


def test_what_cannot_be_is_told(home, capsys):  # the journal of the test before is deleted
    for words, said in (
        (("steer", "tiny"), "needs a terminal"),
        (("steer", "tiny", "--headless"), "--headless needs --chooser"),
        (("steer", "tiny", "--headless", "--chooser", "voice:gothick"), "Did you mean 'gothic'?"),
        (("steer", "tiny", "--headless", "--chooser", "regex:("), "not a regular expression"),
        (("steer", "tiny", "--headless", "--chooser", "script:nowhere.txt"), "nowhere.txt"),
        (("steer", "tiny", "--headless", "--chooser", "longest", "--picks", "0"), "at least 1"),
        (("steer", "tinny", "--headless", "--chooser", "longest"), "Did you mean 'tiny'?"),
        (("steer", "tiny", "--headless", "--chooser", "longest", "--set", "groupsize=3"), "group_size"),
        (("journal", "show"), "no sessions"),
    ):
        status, out, err = ogive(home, capsys, *words)
        assert (status, out) == (2, "")
        assert said in err
    assert not list((home / "journal").iterdir())


def test_preview_and_estimate(home, capsys):
    status, out, _ = ogive(home, capsys, "steer", "tiny", "--preview", "--set", "shaping.think_tag=<think>")
    assert status == 0
    assert out.rstrip().endswith("<|assistant|><think>")
    status, out, _ = ogive(home, capsys, "steer", "tiny", "--estimate", "--json", "--set", "device=cpu")
    told = json.loads(out)
    assert told["fits"] is (status == 0)
    assert told["needed"] >= sum(told["memory"].values())
