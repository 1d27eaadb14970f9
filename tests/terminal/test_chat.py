"""The chat of the real program in a pty and in tmux: talk, stop a reply, switch models, copy, leave."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch

from core.models.decoder import Decoder
from core.models.folder import save_model
from core.settings.model import ModelSettings
from core.tokenization import byte


@pytest.fixture
def models(workspace: Path) -> Path:
    """Two models of random weights: whatever bytes they draw, escapes and NUL among them, the screen must stand."""
    tokenizer = byte.build()
    shape = {"layers": 2, "hidden_size": 64, "heads": 4, "context": 4096, "norm": "layernorm", "bias": True}
    settings = ModelSettings.model_validate(shape)
    for seed, name in enumerate(("babel", "bedlam")):
        torch.manual_seed(seed)
        decoder = Decoder(settings, tokenizer.vocab_size)
        with torch.no_grad():  # never ends a reply by itself: one number of the stream is always 1 and forbids it
            decoder.norm.weight[0] = 0.0
            decoder.norm.bias[0] = 1.0
            decoder.embedding.weight[:, 0] = 0.0
            decoder.embedding.weight[list(tokenizer.stop_ids), 0] = -1000.0
        save_model(decoder, tokenizer, workspace / "checkpoints" / name)
    return workspace


def messages(workspace: Path) -> list[dict]:
    [path] = (workspace / "data" / "conversations").glob("*.json")
    return json.loads(path.read_text())["messages"]


def test_talk_stop_switch_and_leave(terminal, models: Path) -> None:
    ogive = terminal("chat", "babel", "--max-tokens", "3000", "--seed", "1")
    ogive.wait_for("sees 4096 tokens", 60)
    ogive.send("who are you?\r")
    ogive.wait_for("talking")
    time.sleep(0.5)
    ogive.send("\x03")
    ogive.wait_for("stopped by you")
    ogive.send("/mod")
    ogive.wait_for("/model [NAME]")
    ogive.send("el bedlam\r")
    ogive.wait_for(lambda text: "CHAT bedlam" in text.splitlines()[0], 30)
    ogive.send("/max 5\r")
    ogive.wait_for("max 5")
    ogive.send("and you?\r")
    ogive.wait_for("cut at the longest reply")
    said = messages(models)
    assert [message["role"] for message in said] == ["user", "assistant"] * 2
    assert said[1]["ended"] == "cancelled"
    assert [said[1]["model"], said[3]["model"]] == ["babel", "bedlam"]
    ogive.send("/quit\r")
    assert ogive.wait() == 0
    assert ogive.restored


def test_keys_reach_the_screen_while_a_reply_streams(terminal, models: Path) -> None:
    ogive = terminal("chat", "babel", "--max-tokens", "4000")
    ogive.wait_for("sees 4096 tokens", 60)
    ogive.send("speak\r")
    ogive.wait_for("talking")
    slowest = 0.0
    for letter in "abcdefgh":
        time.sleep(0.1)
        before = time.monotonic()
        ogive.send(letter)
        ogive.wait_for(lambda text, letter=letter: any(letter in line for line in text.splitlines()[-2:-1]), 5)
        slowest = max(slowest, time.monotonic() - before)
    assert slowest < 1.0  # generous: the machine that tests may be busy; tests/benchmarks/ measures
    ogive.send("\x03")
    ogive.wait_for("stopped by you")


def test_copying_in_tmux_fills_its_buffer(tmux, models: Path) -> None:
    ogive = tmux("chat", "babel", "--max-tokens", "20", "--seed", "3")
    ogive.wait_for("sees 4096 tokens", 60)
    ogive.type("speak")
    ogive.keys("Enter")
    ogive.wait_for("cut at the longest reply")
    ogive.keys("Tab")
    ogive.wait_for("i or tab to type")
    ogive.type("y")
    ogive.wait_for("tmux buffer")
    reply = messages(models)[1]["content"]
    assert (models / "data" / "last_copy.txt").read_text() == reply
    assert ogive._run("show-buffer").split() == reply.split()
