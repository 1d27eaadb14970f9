"""The data screen in the real program: a file is found, looked into, added, read, counted, mixed and deleted."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

LONG = 90.0


@pytest.fixture(params=["pty 80x24", "tmux 120x40"])
def ogive(request: pytest.FixtureRequest):
    """Start the program in one of the two kinds of terminal."""
    kind, _, size = request.param.partition(" ")
    cols, _, rows = size.partition("x")
    start = request.getfixturevalue("terminal" if kind == "pty" else "tmux")
    return lambda *args: start(*args, cols=int(cols), rows=int(rows))


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    asked = "".join(f"{number},What is {number}?,It is {number}.\n" for number in range(40))
    (folder / "asked.csv").write_text(f"id,prompt,completion\n{asked}")
    (folder / "tale.txt").write_text("Once there was a crow.\n" * 100)
    return folder


def test_from_a_file_to_a_mixture(ogive, workspace: Path, texts: Path) -> None:
    app = ogive()
    app.wait_for("d data", LONG)
    app.send("d")
    app.wait_for("DATA", LONG)
    app.wait_for("1 source", LONG)

    # Found by typing its path, and looked into before anything is written.
    app.send("a")
    app.wait_for("ADD DATA", LONG)
    app.send("/")
    app.wait_for("complete")
    app.send("\x15")
    app.wait_for("a path; tab completes")
    app.send(f"{texts}/as\t")
    app.wait_for("/in/asked.csv")
    app.send("\r")
    app.wait_for(lambda text: "asked.csv:4" in text and "What is 2?" in text and "prompt-completion" in text, LONG)
    assert not (workspace / "data" / "snapshots").exists()
    app.send("a")
    app.wait_for("added asked@1", LONG)
    manifest = json.loads((workspace / "data" / "snapshots" / "asked" / "manifest.json").read_text())
    assert manifest["documents"] == 40
    assert manifest["mapping"]["columns"] == {"prompt": "prompt", "completion": "completion"}

    # Read and counted.
    app.send("\r")
    app.wait_for("asked.csv:2: prompt-completion", LONG)
    app.send("n")
    app.wait_for("asked.csv:3", LONG)
    app.send("q")
    app.wait_for("holds")
    app.send("c")
    app.wait_for(lambda text: "asked@1 is counted" in text and "B each" in text, LONG)

    # A second file from the list of the folder, then both in a mixture that is kept.
    app.send("a")
    app.wait_for("tale.txt", LONG)
    app.send("G")
    app.wait_for("▸ tale.txt")
    app.send("\r")
    app.wait_for("Once there was a crow.", LONG)
    app.send("a")
    app.wait_for("added tale@1", LONG)
    app.wait_for(lambda text: any("▸" in line and "tale@1" in line for line in text.splitlines()))
    app.send("m")
    app.wait_for("MIXTURE", LONG)
    app.send("a")
    app.wait_for("Put which source in?")
    app.send("asked\r")
    app.wait_for("2 sources")
    app.send("\r")
    app.wait_for("accept and move")
    app.send("3\r")
    app.wait_for("75.0%")
    app.send("w")
    app.wait_for("Keep the mixture as:")
    app.send("\x15")
    app.wait_for(lambda text: "tale-and-asked" not in text)
    app.send("blend\r")
    app.wait_for("kept as blend@1", LONG)
    assert "weight: 3" in (workspace / "configs" / "data" / "blend.yaml").read_text()

    # Deleted when that is said, and the terminal left as it was.
    app.send("x")
    app.wait_for("Delete blend?")
    app.send("d")
    app.wait_for("blend is deleted", LONG)
    assert not (workspace / "configs" / "data" / "blend.yaml").exists()
    app.send("q")
    app.wait_for("n new run", LONG)
    time.sleep(0.2)
    app.send("q")
    app.wait_gone()


def test_tokenizers_are_measured_and_searched(terminal, workspace: Path) -> None:
    (workspace / "configs" / "data").mkdir(parents=True)
    small = "description: A little\nsources:\n  - {name: demo, documents: 40}\n"
    (workspace / "configs" / "data" / "demo.yaml").write_text(small)
    app = terminal()
    app.wait_for("d data", LONG)
    app.send("d")
    app.wait_for("yours", LONG)
    app.send("t")
    app.wait_for("TOKENIZERS", LONG)
    app.wait_for("characters", LONG)
    app.send("G")
    app.wait_for("characters: One token")
    app.send("\r")
    app.wait_for("most frequent", LONG)
    app.send("\x1b")
    app.wait_for("bytes ", LONG)
    app.send("/")
    app.wait_for("tokens of characters", LONG)
    app.send("0x65")
    app.wait_for("1 found", LONG)
    app.send("\x1b")
    time.sleep(0.3)
    app.send("\x11")
    app.wait_gone()
