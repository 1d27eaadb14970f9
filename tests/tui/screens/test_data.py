"""The data screen by its keys: browse, read, count, add with the file picker, mend a mapping, mix, send, delete."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.data import snapshots
from core.data.adding import add
from core.data.reading import open_source
from core.settings.load import load_subject
from core.workspace import Workspace
from tui.app import OgiveApp
from tui.screens.data.adding import AddingScreen, default_name
from tui.screens.data.documents import DocumentsScreen
from tui.screens.data.files import FilesScreen
from tui.screens.data.folders import complete, look, short
from tui.screens.data.mixture import MixtureScreen
from tui.screens.data.screen import DataScreen
from tui.screens.setup import SetupScreen
from tui.screens.tokenizers.screen import TokenizersScreen
from tui.widgets.ask import Ask
from tui.widgets.confirm import Confirm
from tui.widgets.form import Form
from tui.widgets.lines import KeyLine, TrailLine
from tui.widgets.picker import Picker
from tui.widgets.reader import Reader
from tui.widgets.rows import Rows

DEMO = "description: A small corpus\nsources:\n  - {name: demo, documents: 40}\n"


def trail(app: Any) -> str:
    found = app.screen.query(TrailLine)
    return found.first(TrailLine).text if found else ""


async def until(pilot: Pilot[Any], fits: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for something that a thread brings about."""
    end = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < end, f"waited in vain; {pilot.app.screen}; trail: {trail(pilot.app)}"
        await pilot.pause(0.02)


def keys_shown(app: Any) -> str:
    return app.screen.query_one(KeyLine).render().plain


def rows(app: Any) -> Rows:
    return app.screen.query_one("#all", Rows)


def view(app: Any) -> str:
    return app.screen.query_one("#view", Reader).text


def form(app: Any) -> Form:
    return app.screen.query_one(Form)


def values(app: Any) -> dict[str, str]:
    return {line.path: line.value for line in form(app).lines if line.path}


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder of files as people have them."""
    folder = tmp_path / "texts"
    (folder / "more").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / "more" / "one.md").write_text("# One\n\nA line.\n")
    talk = [
        {"messages": [{"role": "user", "content": f"Who keeps mill {n}?"}, {"role": "assistant", "content": "Anwen."}]}
        for n in range(30)
    ]
    (folder / "talk.jsonl").write_text("".join(json.dumps(one) + "\n" for one in talk))
    with (folder / "asked.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["id", "frage", "antwort"], *([n, f"What is {n}?", f"It is {n}."] for n in range(20))]
        )
    (folder / "tale.txt").write_text("Once [/] there was\x1b[31m a crow.\n" * 50)
    (folder / "picture.png").write_bytes(b"\x89PNG")
    return folder


@pytest.fixture
def stocked(workspace: Workspace, texts: Path) -> Workspace:
    """A small corpus in place of the shipped one, and two snapshots."""
    (workspace.configs / "data").mkdir(parents=True)
    (workspace.configs / "data" / "demo.yaml").write_text(DEMO)
    for name in ("talk.jsonl", "tale.txt"):
        add(workspace, name.partition(".")[0], [open_source(str(texts / name), workspace)])  # ty: ignore
    return workspace


def opened(workspace: Workspace, texts: Path, screen: str = "data") -> OgiveApp:
    app = OgiveApp(workspace, screen=screen)
    app.remembered["data_folder"] = str(texts)
    return app


async def test_browse_and_read(stocked: Workspace, texts: Path) -> None:
    app = opened(stocked, texts, "home")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and len(rows(app).rows) == 3)
        assert [row.key for row in rows(app).rows] == ["tale@1", "talk@1", "demo"]
        await pilot.press("down")
        await until(pilot, lambda: "messages: messages=messages" in view(app))
        assert "30 documents" in view(app)
        assert "shortest" in view(app)
        await pilot.press("slash", *"shipped")
        assert not rows(app).rows, "the one in the workspace is no longer shipped"
        await pilot.press("escape")
        rows(app).mark("talk@1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DocumentsScreen) and len(rows(app).rows) == 30)
        assert "Who keeps mill 0?" in view(app)
        await pilot.press("n", "n", "p")
        assert "Who keeps mill 1?" in view(app)
        assert "talk.jsonl:2" in trail(app)
        assert "m more" not in keys_shown(app)
        await pilot.press("escape")
        assert isinstance(app.screen, DataScreen)
        rows(app).mark("tale@1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DocumentsScreen) and view(app))
        assert "Once [/] there was[31m a crow." in view(app), "text is text"
        await pilot.press("q", "q")
        await until(pilot, lambda: app.current_mode == "home")


async def test_count_by_every_kept_tokenizer(stocked: Workspace, texts: Path) -> None:
    from core.data.corpus import Corpus
    from core.data.reading import data_settings
    from core.data.tokenizers import train_kept
    from core.settings.tokenizer import TokenizerSettings

    settings = TokenizerSettings.model_validate({"name": "bpe", "vocab_size": 300})
    train_kept(stocked, settings, Corpus(data_settings("talk", stocked), workspace=stocked), "small")
    app = opened(stocked, texts)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        await pilot.press("end")
        assert "documents, lengths and tokens" in view(app)
        await pilot.press("c")
        await until(pilot, lambda: "small@1" in view(app))
        assert "bytes" in view(app)
        assert "█" in view(app)
        marked = rows(app).marked
        assert marked is not None
        assert marked.cells[3].plain == "50", "40 to learn from, 10 held out"
        await until(pilot, lambda: "demo is counted" in trail(app))


async def test_add_a_file_and_find_it_marked(stocked: Workspace, texts: Path) -> None:
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, FilesScreen) and len(rows(app).rows) == 6)
        assert [row.key for row in rows(app).rows] == [
            "..",
            "more",
            "asked.csv",
            "tale.txt",
            "talk.jsonl",
            "picture.png",
        ]
        await pilot.press("end", "enter")
        assert "not of a kind" in trail(app)
        rows(app).mark("talk.jsonl")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AddingScreen) and "Who keeps mill 2?" in view(app))
        assert "talk.jsonl:3 · conversation" in view(app)
        assert values(app)["role.messages"] == "messages"
        form(app).mark("name")
        await pilot.press("enter", "ctrl+u", *"mill talk", "enter", "a")
        assert "letters, digits" in trail(app)
        assert isinstance(app.screen, AddingScreen)
        await pilot.press("enter", "ctrl+u", *"mill", "enter", "a")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and len(rows(app).rows) == 4)
        await until(pilot, lambda: rows(app).marked is not None and rows(app).marked.key == "mill@1")
        assert "added mill@1" in trail(app)
    assert snapshots.find(stocked, "mill").documents == 30
    assert load_subject("data", "mill", stocked).model_dump()["sources"][0]["snapshot"] == "mill"


async def test_unknown_columns_are_mapped_by_hand(stocked: Workspace, texts: Path) -> None:
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, FilesScreen) and len(rows(app).rows) == 6)
        rows(app).mark("asked.csv")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AddingScreen) and "Choose a format above" in view(app))
        assert "a add" not in keys_shown(app)
        await pilot.press("a")
        assert isinstance(app.screen, AddingScreen)
        form(app).mark("format")
        for _ in range(8):
            if values(app)["format"] == "prompt-completion":
                break
            before = values(app)["format"]
            await pilot.press("right")
            await until(pilot, lambda before=before: values(app)["format"] != before)
        await until(pilot, lambda: "role.completion" in values(app))
        for role, column in (("prompt", "frage"), ("completion", "antwort")):
            form(app).mark(f"role.{role}")
            for _ in range(5):
                await pilot.press("right")
                await pilot.pause()
                if values(app)[f"role.{role}"] == column:
                    break
                await until(pilot, lambda: not app.screen.working())
            await until(pilot, lambda: not app.screen.working())
        await until(pilot, lambda: "It is 1." in view(app))
        assert values(app)["role.prompt"] == "frage"
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
    found = snapshots.find(stocked, "asked")
    assert found.mapping is not None
    assert found.mapping["columns"] == {"prompt": "frage", "completion": "antwort"}


async def test_nothing_is_added_before_a_is_pressed(stocked: Workspace, texts: Path) -> None:
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, FilesScreen) and len(rows(app).rows) == 6)
        await pilot.press("space")
        await until(pilot, lambda: isinstance(app.screen, AddingScreen) and "A line." in view(app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
    assert len(snapshots.list_snapshots(stocked)) == 2


async def test_a_path_can_be_typed_and_completed(stocked: Workspace, texts: Path) -> None:
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, FilesScreen) and len(rows(app).rows) == 6)
        await pilot.press("slash", *"mo", "tab", "enter")
        await until(pilot, lambda: [row.key for row in rows(app).rows] == ["..", "one.md"])
        await pilot.press("left")
        await until(pilot, lambda: len(rows(app).rows) == 6)
        assert rows(app).marked is not None
        assert rows(app).marked.key == "more", "the mark is on the folder one came from"
        await pilot.press("full_stop")
        await until(pilot, lambda: len(rows(app).rows) == 7)
        await pilot.press("slash", *"nowhere", "enter")
        assert "There is nothing at" in trail(app)
        await pilot.press("escape")
        assert rows(app).has_focus
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"no/", "enter")
        assert isinstance(app.screen, Ask), "an id has two parts"
        await pilot.press("escape")


async def test_a_hub_id_without_network_is_told_and_stays(stocked: Workspace, texts: Path, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, FilesScreen) and len(rows(app).rows) == 6)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"nobody/nothing", "enter")
        await until(pilot, lambda: isinstance(app.screen, AddingScreen) and "✗" in view(app))
        assert {"subset", "split", "streaming"} <= set(values(app))
        assert "a add" not in keys_shown(app)


async def test_a_mixture_is_weighed_kept_and_sent_to_setup(stocked: Workspace, texts: Path) -> None:
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        await pilot.press("space", "space", "m")
        await until(pilot, lambda: isinstance(app.screen, MixtureScreen))
        assert "by size" in view(app)
        form(app).mark("weight.talk@1")
        await pilot.press("enter", *"-1")
        assert "more than 0" in form(app).problem
        await pilot.press("ctrl+u", "3", "enter")
        assert "75.0%" in view(app)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MixtureScreen) and "weight.demo" in values(app))
        assert "60.0%" in view(app)
        await pilot.press("x")
        assert "weight.demo" not in values(app)
        form(app).mark("held_out")
        await pilot.press("enter", "ctrl+u", *"0.9", "enter")
        assert "at most 0.5" in form(app).problem
        await pilot.press("s")
        assert isinstance(app.screen, MixtureScreen)
        await pilot.press("enter", "ctrl+u", *"0.1", "enter")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("ctrl+u", *"blend", "enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and len(rows(app).rows) == 4)
        kept = load_subject("data", "blend", stocked).model_dump()
        assert [(one["snapshot"], one["weight"]) for one in kept["sources"]] == [("tale@1", None), ("talk@1", 3.0)]
        await until(pilot, lambda: rows(app).marked is not None and rows(app).marked.key == "blend")
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, MixtureScreen))
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        data = app.screen.draft.settings.data
        assert [source["snapshot"] for source in data.sources] == ["tale@1", "talk@1"]
        await until(pilot, lambda: "data: snapshot tale@1" in trail(app))


async def test_use_sends_one_source_to_setup(stocked: Workspace, texts: Path) -> None:
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        assert app.screen.draft.settings.data.sources[0]["snapshot"] == "tale@1"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TokenizersScreen))
        assert app.screen.data == "tale@1"


async def test_delete_asks_with_the_safe_answer_first(stocked: Workspace, texts: Path) -> None:
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        for answer, left in (("enter", 2), ("d", 1)):
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            await pilot.press(answer)
            await until(pilot, lambda left=left: len(snapshots.list_snapshots(stocked)) == left)
        await until(pilot, lambda: len(rows(app).rows) == 2)
        await until(pilot, lambda: "tale@1 is deleted" in trail(app))
    assert (texts / "tale.txt").exists()


async def test_ctrl_c_stops_what_is_being_done(stocked: Workspace, texts: Path) -> None:
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 3)
        ended: list[str] = []

        def wait(context: Any) -> None:
            context.show(("Reading", 1200, None))
            context.cancel.wait(60)
            context.cancel.check("Counting")

        app.screen.give("count", wait, lambda _: ended.append("done"), doing="counting")
        await until(pilot, lambda: "1.2 k" in trail(app))
        await pilot.press("ctrl+c")
        assert trail(app) == "stopped: counting"
        await until(pilot, lambda: app.engine.submit(lambda _: 1, name="next").wait(5))
        await pilot.pause()
        assert isinstance(app.screen, DataScreen), "no panel for what was meant"
        assert not ended


async def test_damage_is_shown_in_place(stocked: Workspace, texts: Path) -> None:
    (stocked.data / "snapshots" / "tale" / "manifest.json").write_text("{")
    (stocked.configs / "data" / "bad.yaml").write_text("sources: [{name: filez}]\n")
    app = opened(stocked, texts)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(rows(app).rows) == 4)
        rows(app).mark("tale@1")
        await until(pilot, lambda: "✗" in view(app))
        assert "enter read" not in keys_shown(app)
        rows(app).mark("bad")
        await until(pilot, lambda: "filez" in view(app))
        await pilot.press("u", "c", "enter", "m")
        assert isinstance(app.screen, DataScreen)


def test_default_names() -> None:
    named = {"~/texts/My tales.jsonl": "My-tales", "org/Data_Set": "Data_Set", "/x/*.md": "x", "/": "data"}
    assert {place: default_name(place) for place in named} == named


def test_a_folder_is_listed_and_paths_completed(texts: Path) -> None:
    assert [item.name for item in look(texts, hidden=True).items][:3] == ["..", ".hidden", "more"]
    assert complete(f"{texts}/ta") == f"{texts}/tal"
    assert complete(f"{texts}/tale") == f"{texts}/tale.txt"
    assert complete(f"{texts}/m") == f"{texts}/more/"
    assert complete(f"{texts}/zzz") == f"{texts}/zzz"


def test_home_is_written_short(monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/mira")
    assert [short(path) for path in ("/home/mira/x", "/home/mira", "/home/miranda/x")] == [
        "~/x",
        "~",
        "/home/miranda/x",
    ]
