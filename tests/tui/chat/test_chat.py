"""The chat, driven by keys over a real model: talk, stop, again, edit, commands, models, kept conversations."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.generation import conversation as conversations
from core.generation.commands import COMMANDS
from core.workspace import Workspace
from tui.widgets.confirm import Confirm
from tui.widgets.picker import Picker
from tui.widgets.prompt import Completions

Talk = Callable[..., Any]
Turns = tuple[tuple[str, str], ...]


async def test_a_conversation_of_several_turns_streams_and_is_kept(talk: Talk, tale: Workspace, turns: Turns) -> None:
    async with talk() as chat:
        for said, _ in turns[:2]:
            await chat.ask(said)
        both = [item for said, reply in turns[:2] for item in (("you", said), ("model", reply))]
        assert chat.shown == both
        assert "tokens" in chat.trail
        [kept], _ = conversations.kept(tale)
        saved = conversations.find(tale, kept.id)
        assert [message.content for message in saved.messages] == [text for _, text in both]
        assert saved.messages[1].facts["ended"] == "stop"
        assert saved.messages[1].facts["model"] == "tale-chat"


async def test_the_context_shown_is_what_the_model_reads(talk: Talk, turns: Turns) -> None:
    async with talk() as chat:
        assert "context 0/768" in chat.title
        await chat.ask(turns[0][0])
        said, reply = (len(text.encode()) for text in turns[0])
        assert f"context {said + 3 + reply + 1}/768" in chat.title


async def test_old_turns_fall_out_and_it_is_said(
    talk: Talk, workspace: Workspace, save_scripted: Callable[..., None]
) -> None:
    save_scripted(workspace.checkpoints / "short", [("a", "b")], context=64)
    async with talk(workspace=workspace, model="short") as chat:
        await chat.send("/max 8")
        for _ in range(4):
            await chat.ask("tell me more")
        assert "oldest out" in chat.title
        assert len(chat.chat.conversation.messages) == 8
        await chat.ask("x" * 100)
        assert chat.shown[-1][0] == "bad"
        assert "fewer words" in chat.shown[-1][1]


async def test_any_text_shows_literally(talk: Talk, turns: Turns) -> None:
    async with talk() as chat:
        for said, _ in turns:
            await chat.ask(said)
        assert chat.shown[-2] == ("you", "Tell me of [bold]markup[/] [31m")
        assert chat.shown[-1] == ("model", "[/foo] x [@click=app.quit]here[/] list[int] [2J 漢字 e\u0301 مرحبا ok")
        assert chat.chat.conversation.messages[-1].content == turns[2][1], "what is kept is what was said"
        await chat.send("/system [/red] [@click=app.quit]x[/]")
        assert "[@click=app.quit]" in chat.trail


async def test_ctrl_c_stops_the_reply_and_keeps_what_came(talk: Talk, turns: Turns, gate: Any) -> None:
    async with talk() as chat:
        gate.hold(chat.chat.talker.loaded.model, after=12)
        await chat.send(turns[0][0])
        await chat.until(lambda: len(chat.shown) == 2 and len(chat.shown[1][1]) >= 10)
        assert "talking" in chat.title
        assert chat.chat.transcript.streaming
        await chat.pilot.press("ctrl+c")
        assert chat.trail == "stopping"
        gate.open.set()
        await chat.idle()
        assert turns[0][1].startswith(chat.shown[1][1])
        assert len(chat.shown[1][1]) < len(turns[0][1])
        assert "stopped by you" in chat.trail
        assert chat.chat.conversation.messages[-1].facts["ended"] == "cancelled"
        await chat.pilot.press("ctrl+c")
        assert "ctrl+q leaves" in chat.trail


async def test_while_a_reply_comes_nothing_else_is_begun_and_nothing_typed_is_lost(
    talk: Talk, turns: Turns, gate: Any
) -> None:
    async with talk() as chat:
        gate.hold(chat.chat.talker.loaded.model, after=3)
        await chat.send(turns[0][0])
        await chat.send("hurry")
        assert "still coming" in chat.trail
        assert chat.chat.prompt.text == "hurry"
        for command in ("/again", "/edit", "/new", "/reset"):
            await chat.send(command)
            assert "still coming" in chat.trail, command
        await chat.send("/temp 0.5")
        assert chat.chat.sampling.temperature == 0.5, "settings may change for the next reply"
        gate.open.set()
        await chat.idle()
        assert len(chat.chat.conversation.messages) == 2


async def test_again_draws_another_reply_to_the_same_turn(talk: Talk, turns: Turns) -> None:
    async with talk() as chat:
        await chat.send("/again")
        assert "nothing has been said" in chat.trail
        await chat.send("/seed 7")
        await chat.ask(turns[0][0])
        await chat.pilot.press("escape", "r")
        await chat.idle()
        assert chat.shown == [("you", turns[0][0]), ("model", turns[0][1])]
        assert chat.chat.conversation.messages[1].facts["seed"] == 8, "with a fixed seed each draw takes the next"
        await chat.ask(turns[1][0])
        assert chat.chat.conversation.messages[3].facts["seed"] == 7


async def test_edit_takes_the_last_turn_back_into_the_text_field(talk: Talk, turns: Turns) -> None:
    async with talk() as chat:
        for said, _ in turns[:2]:
            await chat.ask(said)
        await chat.pilot.press("escape", "e")
        await chat.idle()
        assert chat.chat.prompt.text == turns[1][0]
        assert chat.chat.prompt.has_focus
        assert len(chat.shown) == 2
        await chat.pilot.press("enter")
        await chat.idle()
        assert chat.shown[-1] == ("model", turns[1][1])


async def test_settings_are_shown_changed_and_defended(talk: Talk) -> None:
    async with talk(size=(120, 40)) as chat:
        for command in COMMANDS.values():
            if not command.field:
                continue
            good = {"temp": "0.5", "topp": "0.5", "minp": "0.1", "rep": "1.5"}.get(command.name, "7")
            before = getattr(chat.chat.sampling, command.field)
            await chat.send(f"/{command.name}")
            assert command.field.replace("_", " ") in chat.trail
            assert "at least" in chat.trail or "more than" in chat.trail
            await chat.send(f"/{command.name} soup")
            assert "soup" in chat.trail
            assert "It is a" in chat.trail
            assert getattr(chat.chat.sampling, command.field) == before
            await chat.send(f"/{command.name} {good}")
            assert getattr(chat.chat.sampling, command.field) == float(good)
        assert "temp 0.5 · top-k 7 · top-p 0.5 · min-p 0.1 · rep 1.5 · max 7 · seed 7" in chat.title


async def test_completion_by_keys(talk: Talk) -> None:
    async with talk() as chat:
        offered = chat.chat.query_one(Completions)
        await chat.pilot.press("slash", "t", "o")
        assert (offered.display, offered.offered) == (True, ["topk", "topp"])
        await chat.pilot.press("down", "tab")
        assert chat.chat.prompt.text == "/topp "
        assert not offered.display
        await chat.pilot.press("0", "full_stop", "5", "enter")
        assert chat.chat.sampling.top_p == 0.5
        await chat.pilot.press("slash", "t", "e", "enter")
        assert chat.trail.startswith("temperature 0.8"), "enter does what is marked"
        await chat.pilot.press("slash", "t", "escape")
        assert not offered.display
        assert chat.chat.prompt.has_focus, "escape closed the list only"
        chat.chat.prompt.put("/tmep 1")
        await chat.pilot.press("enter")
        assert "/temp" in chat.trail


async def test_help_and_params_are_read_in_the_chat_but_no_part_of_it(talk: Talk) -> None:
    async with talk() as chat:
        await chat.send("/help")
        await chat.send("/params")
        assert all(one.written in chat.shown[0][1] for one in COMMANDS.values())
        assert "temperature 0.8" in chat.shown[1][1]
        assert chat.chat.conversation.messages == []


async def test_system_text_reaches_the_model(
    talk: Talk, workspace: Workspace, save_scripted: Callable[..., None]
) -> None:
    save_scripted(workspace.checkpoints / "crow", [("hello", "Caw.")], context=256, system="You are a crow.")
    async with talk(workspace=workspace, model="crow") as chat:
        await chat.send("/system You are a crow.")
        await chat.ask("hello")
        assert chat.shown[-1] == ("model", "Caw.")
        await chat.send("/system off")
        assert chat.chat.conversation.system == ""


async def test_bare_keys_are_text_while_typing(talk: Talk, turns: Turns) -> None:
    async with talk() as chat:
        await chat.ask(turns[0][0])
        await chat.pilot.press("y", "r", "e", "n", "x", "question_mark", "q")
        assert chat.chat.prompt.text == "yrenx?q"
        assert len(chat.chat.conversation.messages) == 2
        await chat.pilot.press("escape")
        assert chat.chat.transcript.has_focus
        assert ("i", "type") in chat.chat.key_entries()
        await chat.pilot.press("i")
        assert chat.chat.prompt.has_focus
        await chat.pilot.press("tab")
        assert chat.chat.transcript.has_focus
        await chat.pilot.press("slash")
        assert chat.chat.prompt.text == "/"


async def test_lines_of_a_turn_and_what_was_sent_before(talk: Talk, turns: Turns) -> None:
    async with talk() as chat:
        await chat.pilot.press("a", "backslash", "enter", "b")
        assert chat.chat.prompt.text == "a\nb"
        assert chat.chat.prompt.size.height == 2
        await chat.pilot.press("enter")
        await chat.idle()
        assert chat.shown[0] == ("you", "a\nb")
        await chat.pilot.press("up")
        assert chat.chat.prompt.text == "a\nb"
        await chat.pilot.press("down", "down")
        assert chat.chat.prompt.text == ""


async def test_a_turn_said_while_the_model_loads_is_answered_then(
    tale: Workspace, opened: Callable[..., Any], driver: Any, turns: Turns, gate: Any
) -> None:
    app = opened(tale)
    app.engine.submit(lambda _: gate.open.wait(20), name="something long")
    async with app.run_test() as pilot:
        chat = driver(app, pilot)
        await pilot.pause()
        assert "loading" in chat.title
        await chat.send(turns[0][0])
        assert chat.shown == [("you", turns[0][0])]
        await pilot.press("ctrl+c")
        assert "without a reply" in chat.trail
        await chat.send("/again")
        gate.open.set()
        await chat.idle()
        assert chat.shown[-1] == ("model", turns[0][1])


async def test_switching_models_keeps_the_conversation(talk: Talk, turns: Turns) -> None:
    async with talk() as chat:
        await chat.ask(turns[0][0])
        await chat.send("/model gloom")
        await chat.idle()
        assert "gloom" in chat.title
        assert chat.shown[:2] == [("you", turns[0][0]), ("model", turns[0][1])]
        await chat.pilot.press("escape", "m")
        await chat.until(lambda: isinstance(chat.app.screen, Picker))
        await chat.pilot.press("t", "a", "l", "e", "enter")
        await chat.pilot.pause()
        await chat.idle()
        assert chat.chat.talker.name == "tale-chat"
        await chat.ask(turns[1][0])
        assert chat.shown[-1] == ("model", turns[1][1])


async def test_a_model_that_is_not_there_is_said_and_the_old_one_stays(talk: Talk, turns: Turns) -> None:
    async with talk() as chat:
        await chat.send("/model tail-chat")
        await chat.idle()
        assert chat.shown[-1][0] == "bad"
        assert "tale-chat" in chat.shown[-1][1]
        assert chat.chat.talker.name == "tale-chat"
        await chat.ask(turns[0][0])
        assert chat.shown[-1] == ("model", turns[0][1])


async def test_a_workspace_without_models(talk: Talk, tmp_path: Path, nothing_bundled: None) -> None:
    async with talk(workspace=Workspace(tmp_path / "empty"), model=None) as chat:
        assert "no model" in chat.title
        assert "ogive demo" in chat.shown[-1][1]
        await chat.send("hello")
        assert "no model is loaded" in chat.trail
        assert chat.chat.prompt.text == "hello"


async def test_conversations_are_kept_switched_and_deleted(talk: Talk, tale: Workspace, turns: Turns) -> None:
    async with talk() as chat:
        await chat.send("/temp 0.5")
        await chat.ask(turns[0][0])
        first = chat.chat.conversation.id
        await chat.send("/new")
        await chat.idle()
        assert chat.shown == []
        await chat.send("/temp 0.9")
        await chat.ask("something else")
        second = chat.chat.conversation.id
        assert {one.id for one in conversations.kept(tale)[0]} == {first, second}
        await chat.pilot.press("escape", "l")
        assert chat.chat.kept_rows.has_focus
        await chat.pilot.press("down", "enter")
        await chat.idle()
        assert chat.chat.conversation.id == first
        assert chat.chat.sampling.temperature == 0.5
        assert chat.shown == [("you", turns[0][0]), ("model", turns[0][1])]
        await chat.ask(turns[1][0])
        assert chat.shown[-1] == ("model", turns[1][1]), "it goes on where it was"
        await chat.pilot.press("escape", "x")
        await chat.until(lambda: isinstance(chat.app.screen, Confirm))
        await chat.pilot.press("enter")
        await chat.idle()
        assert len(conversations.kept(tale)[0]) == 2, "the safe answer is the first"
        await chat.pilot.press("x")
        await chat.until(lambda: isinstance(chat.app.screen, Confirm))
        await chat.pilot.press("d")
        await chat.until(lambda: len(conversations.kept(tale)[0]) == 1)
        await chat.idle()
        assert chat.shown == []


async def test_reset_forgets_but_loses_nothing(talk: Talk, tale: Workspace, turns: Turns) -> None:
    async with talk(system="Be brief.") as chat:
        await chat.ask(turns[0][0])
        await chat.send("/reset")
        await chat.idle()
        assert chat.chat.conversation.messages == []
        assert chat.chat.conversation.system == "Be brief."
        assert len(conversations.kept(tale)[0]) == 1


async def test_saving_to_a_file_of_ones_own(talk: Talk, turns: Turns, tmp_path: Path) -> None:
    async with talk() as chat:
        await chat.send("/save")
        assert "Nothing" in chat.trail
        await chat.ask(turns[0][0])
        await chat.send(f"/save {tmp_path / 'mine.json'}")
        await chat.until(lambda: "saved" in chat.trail)
        assert json.loads((tmp_path / "mine.json").read_text())["messages"][0]["content"] == turns[0][0]
        await chat.send(f"/save {tmp_path / 'no' / 'such' / 'mine.json'}")
        await chat.until(lambda: "Cannot write" in chat.trail)


async def test_a_folder_that_cannot_be_written_is_said_and_the_chat_goes_on(
    talk: Talk, tale: Workspace, turns: Turns
) -> None:
    tale.data.write_text("a file where the folder should be")
    async with talk() as chat:
        await chat.ask(turns[0][0])
        assert chat.shown[-1] == ("model", turns[0][1])
        await chat.send("/save")
        await chat.until(lambda: "Cannot write" in chat.trail)


async def test_copying_the_last_reply(talk: Talk, tale: Workspace, turns: Turns) -> None:
    async with talk() as chat:
        await chat.ask(turns[0][0])
        await chat.pilot.press("escape", "y")
        assert (tale.data / "last_copy.txt").read_text() == turns[0][1]
        assert "last_copy.txt" in chat.trail
        await chat.pilot.press("Y")
        assert turns[0][0] in (tale.data / "last_copy.txt").read_text()


async def test_scrolling_up_stops_following_and_new_text_is_marked(talk: Talk, turns: Turns) -> None:
    async with talk() as chat:
        transcript = chat.chat.transcript
        for number in range(20):
            transcript.add("you", "you", f"line {number}")
        chat.chat._draw()
        await chat.pilot.pause()
        assert transcript.following
        await chat.pilot.press("escape", "pageup")
        assert not transcript.following
        where = transcript.scroll_offset.y
        transcript.extend(" and more")
        await chat.pilot.pause()
        assert transcript.scroll_offset.y == where
        from tui.widgets.rule import TrailRule

        assert "new text below" in chat.chat.query_one(TrailRule).render().plain
        await chat.pilot.press("G")
        assert transcript.following
        assert "new text below" not in chat.chat.query_one(TrailRule).render().plain


async def test_leaving(talk: Talk) -> None:
    async with talk() as chat:
        await chat.send("/quit")
        await chat.pilot.pause()
        assert chat.app._exit


async def test_a_very_small_terminal(talk: Talk, turns: Turns) -> None:
    async with talk(size=(40, 10)) as chat:
        await chat.ask(turns[0][0])
        await chat.pilot.resize_terminal(20, 6)
        await chat.pilot.pause()
        await chat.pilot.resize_terminal(150, 50)
        await chat.pilot.pause()
        assert chat.shown[-1] == ("model", turns[0][1])


def test_the_screen_imports_nothing_heavy() -> None:
    code = (
        "import sys, tui.screens.chat.screen; "
        "print([name for name in ('torch', 'transformers', 'numpy', 'tokenizers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
