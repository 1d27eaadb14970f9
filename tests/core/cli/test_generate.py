"""`ogive generate` and `ogive chat` without a terminal, on a tiny model of the workspace."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import torch

from core.cli.main import main
from core.generation import conversation as conversations
from core.models.decoder import Decoder
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.tokenization import byte
from core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    torch.manual_seed(0)
    tokenizer = byte.build()
    settings = ModelSettings.model_validate({"layers": 2, "hidden_size": 32, "heads": 2, "context": 128})
    folder = tmp_path / "checkpoints" / "tiny"
    save_model(Decoder(settings, tokenizer.vocab_size), tokenizer, folder)
    return Workspace(tmp_path)


def run(workspace: Workspace, *words: str) -> int:
    return main([*words, "--workspace", str(workspace.root)])


def test_one_sample_begins_with_the_prompt(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "generate", "tiny", "--prompt", "The crow", "--max-tokens", "10", "--seed", "1") == 0
    first = capsys.readouterr().out
    assert first.startswith("The crow")
    assert run(workspace, "generate", "tiny", "--prompt", "The crow", "--max-tokens", "10", "--seed", "1") == 0
    assert capsys.readouterr().out == first
    assert run(workspace, "generate", "--prompt", "The crow", "--max-tokens", "10", "--seed", "1") == 0
    assert capsys.readouterr().out == first, "without a name it is the workspace's newest model"


def test_json_tells_all_of_it(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("generate", "tiny", "-p", "The crow", "-n", "3", "--temp", "0.9", "--max-tokens", "12", "--json")
    assert run(workspace, *words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["model"] == "tiny"
    assert told["prompt_tokens"] == 8
    assert told["sampling"]["temperature"] == 0.9
    assert [sample["tokens"] <= 12 for sample in told["samples"]] == [True] * 3
    assert len({sample["text"] for sample in told["samples"]}) == 3
    assert run(workspace, *words, "--seed", str(told["sampling"]["seed"])) == 0
    assert json.loads(capsys.readouterr().out)["samples"] == told["samples"], "its seed draws it again"


def test_an_empty_prompt_and_a_prompt_from_stdin(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(workspace, "generate", "tiny", "--prompt", "", "--max-tokens", "5", "--json") == 0
    assert json.loads(capsys.readouterr().out)["prompt_tokens"] == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("read me"))
    assert run(workspace, "generate", "tiny", "--prompt", "-", "--chat", "--max-tokens", "5", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["prompt"], told["prompt_tokens"]) == ("read me", len("read me") + 3)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("generate", "tinny", "--prompt", "x"), "tiny"),
        (("generate", "tiny", "--prompt", "x", "--temp", "9"), "at most 5"),
        (("generate", "tiny", "--prompt", "x", "--top-k", "many"), "top_k"),
        (("generate", "tiny", "--prompt", "x", "--num-samples", "0"), "1 to 256"),
        (("generate", "tiny", "--prompt", "x" * 500), "at most 128"),
        (("generate", "tiny", "--prompt", "x", "--device", "gpu"), "gpu"),
        (("generate", "tiny", "--prompt", "x", "--sampling", "lovely"), "lively"),
    ],
)
def test_bad_input_is_one_sentence(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], complaint: str
) -> None:
    assert run(workspace, *words) == 2
    told = capsys.readouterr().err
    assert told.startswith("ogive: ")
    assert told.count("\n") == 1
    assert complaint in told


def test_chat_over_lines_answers_and_obeys_commands(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "/temp 0\n/max 8\n/system Be brief.\nhello\n/again\n/params\n/save\n/model tiny\nand now?\n/quit\nnever\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert run(workspace, "chat", "tiny", "--json") == 0
    told = capsys.readouterr()
    replies = [json.loads(line) for line in told.out.splitlines()]
    assert len(replies) == 3
    assert replies[0]["reply"] == replies[1]["reply"], "greedy"
    assert all(reply["tokens"] <= 8 and reply["context"] == 128 for reply in replies)
    assert "temperature 0\n" in told.err
    found, _ = conversations.kept(workspace)
    kept = conversations.find(workspace, found[0].id)
    assert kept.system == "Be brief."
    assert [message.role for message in kept.messages] == ["user", "assistant"]


def test_chat_over_lines_says_what_it_cannot_do_and_goes_on(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("/temp 77\n/tmep 1\n/list\n/max 4\nhello\n"))
    assert run(workspace, "chat", "tiny") == 2
    told = capsys.readouterr()
    assert "at most 5" in told.err
    assert "/temp?" in told.err
    assert told.out.endswith("\n")


def test_a_long_talk_drops_its_oldest_turns(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("/max 10\n" + "tell me more of it\n" * 8))
    assert run(workspace, "chat", "tiny", "--json") == 0
    replies = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert replies[0]["dropped_messages"] == 0
    assert replies[-1]["dropped_messages"] > 0
    assert all(reply["context_used"] <= 128 for reply in replies)
