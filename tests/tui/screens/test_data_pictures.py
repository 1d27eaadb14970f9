"""Pictures of the data and tokenizer screens (`pytest --snapshot-update` renews them)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.data.adding import add
from core.data.corpus import Corpus
from core.data.reading import data_settings, open_source
from core.data.tokenizers import train_kept
from core.settings.tokenizer import TokenizerSettings
from core.workspace import Workspace
from tui.app import OgiveApp

STAMP = "2025-11-20T09:31:00+00:00"
SMALL, WIDE = (80, 24), (120, 40)
Before = Callable[[Pilot[Any]], Awaitable[None]]


@pytest.fixture
def stocked(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Snapshots and tokenizers whose dates and places are the same on every machine."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "texts"
    folder.mkdir()
    talk = [
        {
            "messages": [
                {"role": "user", "content": f"Who keeps mill {number}?"},
                {"role": "assistant", "content": "Anwen keeps it. " * (1 + number % 7)},
            ]
        }
        for number in range(120)
    ]
    (folder / "talk.jsonl").write_text("".join(json.dumps(one) + "\n" for one in talk))
    (folder / "asked.csv").write_text(
        "id,frage,antwort\n" + "".join(f"{n},What is {n}?,It is {n}.\n" for n in range(9))
    )
    (folder / "tale.txt").write_text("Once there was a crow who kept his silver under the third stone.\n" * 40)
    (workspace.configs / "data").mkdir(parents=True)
    small = "description: The built-in corpus, a little of it\nsources:\n  - {name: demo, documents: 60}\n"
    (workspace.configs / "data" / "demo.yaml").write_text(small)
    for name in ("tale.txt", "talk.jsonl"):
        source: Any = open_source(str(folder / name), workspace)
        made = add(workspace, name.partition(".")[0], [source], description=f"~/texts/{name}")
        _stamp(made.folder / "manifest.json")
    corpus = Corpus(data_settings("demo", workspace), workspace=workspace)
    for options in ({"vocab_size": 500}, {"vocab_size": 400, "normalizer": "lowercase", "split_digits": True}):
        settings = TokenizerSettings.model_validate({"name": "bpe", **options})
        _stamp(train_kept(workspace, settings, corpus, "small", trained_on="demo").folder / "about.json")
    return workspace


def _stamp(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"created_at": STAMP}))


def opened(workspace: Workspace, screen: str) -> OgiveApp:
    app = OgiveApp(workspace, screen=screen)
    app.remembered["data_folder"] = str(workspace.root.parent / "texts")
    return app


def pressing(*presses: str) -> Before:
    """Press keys, each when what the one before began has come to its end."""

    async def run(pilot: Pilot[Any]) -> None:
        await _calm(pilot)
        for press in presses:
            await pilot.press(press)
            await _calm(pilot)

    return run


async def _calm(pilot: Pilot[Any]) -> None:
    for _ in range(600):
        await pilot.pause()
        working = getattr(pilot.app.screen, "working", None)
        if working is None or not working():
            await pilot.pause()
            return
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_sources(snap_compare, stocked: Workspace, size: tuple[int, int]) -> None:
    before = pressing("down", "space", "c")
    assert snap_compare(opened(stocked, "data"), terminal_size=size, run_before=before)


def test_documents(snap_compare, stocked: Workspace) -> None:
    before = pressing("down", "enter", "n")
    assert snap_compare(opened(stocked, "data"), terminal_size=SMALL, run_before=before)


def test_files(snap_compare, stocked: Workspace) -> None:
    assert snap_compare(opened(stocked, "data"), terminal_size=SMALL, run_before=pressing("a", "down"))


def test_columns_that_are_not_known(snap_compare, stocked: Workspace) -> None:
    before = pressing("a", "enter", "down", "right")
    assert snap_compare(opened(stocked, "data"), terminal_size=SMALL, run_before=before)


@pytest.mark.parametrize("size", [SMALL, WIDE])
def test_mixture(snap_compare, stocked: Workspace, size: tuple[int, int]) -> None:
    before = pressing("space", "space", "m", "down", "enter", "3", "enter")
    assert snap_compare(opened(stocked, "data"), terminal_size=size, run_before=before)


def test_tokenizer_report(snap_compare, stocked: Workspace) -> None:
    assert snap_compare(opened(stocked, "tokenizers"), terminal_size=SMALL, run_before=pressing("enter"))


def test_tokenizers_compared(snap_compare, stocked: Workspace) -> None:
    before = pressing("space", "down", "c")
    assert snap_compare(opened(stocked, "tokenizers"), terminal_size=WIDE, run_before=before)


def test_tokens_searched(snap_compare, stocked: Workspace) -> None:
    before = pressing("slash", "t", "h", "e")
    assert snap_compare(opened(stocked, "tokenizers"), terminal_size=SMALL, run_before=before)


def test_a_new_tokenizer(snap_compare, stocked: Workspace) -> None:
    assert snap_compare(opened(stocked, "tokenizers"), terminal_size=SMALL, run_before=pressing("n", "down"))
