"""A whole steering session by keys in the real program: pick, undo, branch, compare, quit, resume, export."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.models.decoder import Decoder
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.tokenization import byte

QUICK = """
name: quick
sampling: {temperature: 1.0, top_p: 1.0, min_p: 0.0, max_new_tokens: 24}
adapter: {rank: 2, alpha: 4}
prompts:
  source: typed
  typed: ["Who keeps the mill?", "Who keeps the ferry?", "What is the river called?"]
  shuffle: false
"""
LONG = 90.0


def babel(folder: Path, limit: bytes | None = None) -> None:
    """A model of random weights; with `limit` it writes these bytes only, and never ends by itself."""
    tokenizer = byte.build()
    shape = {"layers": 2, "hidden_size": 32, "heads": 2, "context": 512, "norm": "layernorm", "bias": True}
    torch.manual_seed(0)
    decoder = Decoder(ModelSettings.model_validate(shape), tokenizer.vocab_size)
    with torch.no_grad():
        decoder.embedding.weight *= 3
        decoder.norm.weight[0], decoder.norm.bias[0] = 0.0, 1.0
        decoder.embedding.weight[:, 0] = 0.0
        if limit is None:
            decoder.embedding.weight[list(tokenizer.stop_ids), 0] = -1000.0
        else:
            decoder.embedding.weight[:, 0] = -1000.0
            decoder.embedding.weight[sorted(set(limit)), 0] = 0.0
    save_model(decoder, tokenizer, folder)


@pytest.fixture(autouse=True)
def quick(workspace: Path) -> None:
    """A recipe with which a tiny model is steered in moments."""
    (workspace / "configs" / "steering").mkdir(parents=True)
    (workspace / "configs" / "steering" / "quick.yaml").write_text(QUICK)


@pytest.fixture
def tale(workspace: Path) -> Path:
    babel(workspace / "checkpoints" / "tale", b"etaoin shrdlu")
    return workspace


@pytest.fixture(params=["pty 80x24", "tmux 120x40"])
def ogive(request: pytest.FixtureRequest) -> Callable[..., object]:
    """Start the program in one of the two kinds of terminal."""
    kind, _, size = request.param.partition(" ")
    cols, _, rows = size.partition("x")
    start = request.getfixturevalue("terminal" if kind == "pty" else "tmux")
    return lambda *args: start(*args, cols=int(cols), rows=int(rows))


def events(workspace: Path) -> list[dict]:
    [path] = (workspace / "journal").glob("*/journal.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def decisions(workspace: Path) -> list[str]:
    return [event["decision"]["kind"] for event in events(workspace) if event["kind"] == "decide"]


def choosing(state: int) -> Callable[[str], object]:
    """The screen stands at a state with a whole group, long enough to have been read."""

    def fits(text: str) -> bool:
        return f"state {state}   choose" in text.splitlines()[0]

    return fits


def at(terminal, state: int) -> None:
    terminal.wait_for(choosing(state), LONG)
    time.sleep(0.6)  # a group is not decided about before it can have been read


def test_a_whole_session_by_keys(ogive, tale: Path) -> None:
    screen = ogive("steer", "tale", "--config", "quick")
    at(screen, 0)
    screen.send("2")
    at(screen, 1)
    assert "pick 2 → journal → update" in screen.text
    assert "→ state 1" in screen.text
    first = screen.text
    screen.send("0")
    at(screen, 2)
    screen.send("u")
    at(screen, 1)
    assert screen.text.splitlines()[2:12] == first.splitlines()[2:12], "the card as it was"
    screen.send("b")
    screen.wait_for("Name the branch")
    screen.send("warm\r")
    screen.wait_for("branch warm", LONG)
    at(screen, 1)
    screen.send("3")
    at(screen, 3)
    assert "warm · state 3" in screen.text
    screen.send("t")
    screen.wait_for("4 states · 2 branches")
    screen.send("\x1b")
    screen.wait_for(choosing(3))
    screen.send("c")
    screen.wait_for("Compare state 3 with which one?")
    screen.send("root\r")
    screen.wait_for("here,", LONG)
    assert "apart" in screen.text.splitlines()[0]
    screen.send("\x1b")
    screen.wait_for(choosing(3))
    screen.send("w")
    screen.wait_for("The reply you want")
    screen.send("Anwen keeps it.\r")
    at(screen, 4)
    screen.send("s")
    at(screen, 5)
    shown = screen.text.splitlines()[2:12]
    screen.send("q")
    screen.wait_for("OGIVE", LONG)
    screen.send("q")
    screen.wait_gone(60)
    assert "ogive steer --resume" in screen.text
    assert decisions(tale) == ["pick", "none", "pick", "write", "skip"]

    again = ogive("steer", "--resume", "latest")
    at(again, 5)
    assert again.text.splitlines()[2:12] == shown, "the group that was left"
    again.send("J")
    again.wait_for("open here", LONG)
    again.send("t")
    again.wait_for("Write the story to")
    again.send("\r")
    again.wait_for("the story is in", LONG)
    again.send("p")
    again.wait_for("Write the preferences to")
    again.send("\r")
    again.wait_for("preferences are in", LONG)
    [folder] = (tale / "journal").iterdir()
    assert "Anwen keeps it." in (folder / "story.md").read_text()
    rows = [json.loads(line) for line in (folder / "preferences.jsonl").read_text().splitlines()]
    assert {row["chosen"][0]["content"] for row in rows} >= {"Anwen keeps it."}
    again.send("\x11")
    again.wait_gone(60)


def test_a_lost_terminal_loses_no_pick(terminal, tale: Path) -> None:
    ogive = terminal("steer", "tale", "--config", "quick")
    at(ogive, 0)
    ogive.send("1")
    at(ogive, 1)
    ogive.send("4")
    end = time.monotonic() + LONG
    while decisions(tale) != ["pick", "pick"]:
        assert time.monotonic() < end
        time.sleep(0.01)
    os.kill(ogive.process.pid, signal.SIGHUP)
    ogive.wait(60)
    again = terminal("steer", "--resume", "latest")
    at(again, 2)
    again.send("u")
    at(again, 1)
    again.send("\x11")
    assert again.wait(60) == 0
    assert again.restored


def test_whatever_bytes_a_model_writes_the_screen_stands(terminal, workspace: Path) -> None:
    babel(workspace / "checkpoints" / "babel")
    ogive = terminal("steer", "babel", "--config", "quick", "--set", "sampling.max_new_tokens=120")
    at(ogive, 0)
    lines = ogive.lines
    assert lines[0].startswith(" STEER quick")
    assert lines[-1].startswith(" 1-4 pick")
    assert set(lines[1]) == {"─"}
    assert [line[1] for line in lines if line[1:2].isdigit() and line[2:3] == "…"] == list("1234")
    for key in ("\t", "z", "\t", "z", "G", "y"):
        ogive.send(key)
    ogive.wait_for("copied")
    ogive.send("1")
    at(ogive, 1)
    ogive.send("q")
    ogive.wait_for("OGIVE")


def test_a_small_terminal_and_a_resize(terminal, tale: Path) -> None:
    ogive = terminal("--ascii", "steer", "tale", "--config", "quick", cols=60, rows=18)
    at(ogive, 0)
    assert ogive.text.isascii()
    ogive.resize(100, 30)
    ogive.wait_for(lambda text: ">1 --" in text and "2 --" in text)
    ogive.resize(60, 18)
    ogive.wait_for(lambda text: ">1~" in text and "2 --" not in text)
    ogive.send("1")
    at(ogive, 1)
