"""The loop by keys over a real session: pick, refuse, undo, branch, write, stop, leave, come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from core.workspace import Workspace
from tui.app import OgiveApp
from tui.overview import FirstReading
from tui.widgets.ask import Ask
from tui.widgets.confirm import Confirm
from tui.widgets.prompt import Prompt
from tui.widgets.reading import Reading
from tui.widgets.writing import Writing

Steer = Callable[..., Any]


async def test_one_key_on_the_home_screen_leads_into_steering(tale: Workspace, driver: Any, settings: Any) -> None:
    app = OgiveApp(tale, first_reading=FirstReading(tale))
    app.remember(steering={"values": settings(model="").model_dump(mode="json")})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s")
        at = driver(app, pilot)
        await at.until(lambda: app.current_mode == "steer" and app.screen.is_mounted)
        await at.chosen()
        assert len(at.texts) == 4
        assert all(len(text) == 12 for text in at.texts)
        assert "gloom · main · state 0" in at.title
    app.finish()


async def test_variants_are_blind_until_the_decision(steer: Steer) -> None:
    async with steer() as at:
        shown = at.app.export_screenshot()
        for telling in ("temperature", "temp&#160;", "min&#160;p", "seed", "draw&#160;"):
            assert telling not in shown
        group = at.session.group()
        assert [group.slot(slot).text for slot in range(4)] == at.texts
        await at.press("i")
        assert "nothing has been decided" in at.trail
        await at.decide("2", 1)
        await at.press("i")
        assert isinstance(at.app.screen, Reading)
        told = at.app.screen._content.plain
        assert "temperature" in told
        assert f"2 was draw {group.order[1] + 1}" in told


async def test_a_pick_is_journalled_learned_and_the_next_group_comes(steer: Steer) -> None:
    async with steer() as at:
        before, group = at.texts, at.session.group()
        await at.decide("3", 1)
        assert at.trail.startswith("pick 3 → journal → update ")
        assert "→ state 1" in at.trail
        assert "margin" in at.trail
        [line] = [one for one in (at.session.folder / "journal.jsonl").read_text().splitlines() if '"decide"' in one]
        decided = json.loads(line)
        assert decided["decision"] == {"kind": "pick", "slot": 2}
        assert at.session.tree.picked(at.session.tree.node) == group.slot(2).text == before[2]
        assert at.texts != before
        assert at.session.tree.node.drift > 0
        assert at.screen.variants.marked == 1


async def test_the_pick_shows_at_once_and_the_journal_comes_before_the_update(
    steer: Steer, gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with steer() as at:
        gate.hold_learning(at.session, monkeypatch)
        await at.press("2")
        assert [pane.tone for pane in at.screen.variants.shown] == ["passed", "picked", "passed", "passed"]
        await at.until(gate.reached.is_set)
        await at.until(lambda: at.trail == "pick 2 → journal → update …")
        assert at.kinds() == ["pick"]
        assert at.node == 0
        assert "updating" in at.title
        gate.open.set()
        await at.chosen(1)
        assert [pane.tone for pane in at.screen.variants.shown] == [""] * 4


async def test_keys_typed_meanwhile_are_refused_and_that_is_said(
    steer: Steer, gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with steer() as at:
        gate.hold_learning(at.session, monkeypatch)
        await at.press("1")
        await at.until(gate.reached.is_set)
        for key in ("3", "0", "s", "u", "r", "e", "w", "b", "a", "enter"):
            await at.press(key)
            assert "this key was not taken" in at.trail, key
        gate.open.set()
        await at.chosen(1)
        assert at.kinds() == ["pick"]


async def test_a_group_that_is_new_cannot_be_decided_about(steer: Steer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with steer() as at:
        monkeypatch.setattr("tui.screens.steer.deciding.SEEN", 1000.0)
        await at.press("1")
        assert "the group is new" in at.trail
        await at.press("0", "w")
        assert at.kinds() == []
        monkeypatch.setattr("tui.screens.steer.deciding.SEEN", 0.0)
        await at.decide("1", 1)


async def test_a_variant_that_is_not_finished_is_taken_only_when_asked_twice(
    steer: Steer, gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.hold_drawing(monkeypatch, after=5)
    async with steer(wait=False) as at:
        await at.until(lambda: at.screen.phase == "writing" and at.texts and len(at.texts[0]) == 5)
        await at.until(lambda: at.screen._seen_at is not None)
        assert "writing" in at.title
        await at.press("4")
        assert at.trail == "4 is not finished: 4 again takes it as it is"
        await at.press("0")
        assert "0 again" in at.trail
        await at.press("4")
        assert "4 again" in at.trail, "another key lay between"
        await at.press("4")
        assert at.screen.variants.pane(4).tone == "picked"
        gate.open.set()
        await at.chosen(1)
        assert at.kinds() == ["pick"]
        taken = at.session.tree.get(0).group.slot(3)
        assert taken.ended == "cancelled"
        assert len(taken.tokens) < 12


async def test_ctrl_c_stops_the_writing_and_what_is_there_can_be_picked(
    steer: Steer, gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.hold_drawing(monkeypatch, after=4)
    async with steer(wait=False) as at:
        await at.until(lambda: at.texts and len(at.texts[0]) == 4 and at.screen._seen_at is not None)
        await at.press("ctrl+c")
        assert at.trail.startswith("stopped")
        gate.open.set()
        await at.chosen(0)
        assert all(pane.ended == "cancelled" for pane in at.screen.variants.shown)
        await at.decide("2", 1)
        assert at.kinds() == ["pick"]


async def test_undo_brings_the_same_card_and_the_same_weights(steer: Steer) -> None:
    async with steer() as at:
        first = at.texts
        await at.decide("1", 1)
        second, drift = at.texts, at.session.tree.node.drift
        await at.press("u")
        await at.until(lambda: at.texts == first)
        await at.chosen(0)
        assert at.session.policy.drift() == 0.0
        await at.press("u")
        assert at.trail == "this is the root: there is nothing to undo"
        await at.press("U")
        await at.until(lambda: at.texts == second)
        assert at.session.policy.drift() == pytest.approx(drift)
        await at.press("U")
        assert at.trail == "there is nothing to redo"
        await at.press("u")
        await at.chosen(0)
        await at.decide("4", 2)
        assert "main-2" in at.title
        assert set(at.session.tree.nodes) == {0, 1, 2}, "nothing is deleted by a pick"


async def test_every_kind_of_decision_has_a_key(steer: Steer, prompts: list[str]) -> None:
    async with steer() as at:
        await at.decide("0", 1)
        assert at.screen.picture.view.prompt == prompts[1]
        await at.decide("s", 2)
        assert at.trail == "skip → state 2"
        before = at.texts
        await at.press("r")
        await at.until(lambda: at.texts != before)
        await at.chosen(3)
        assert at.screen.picture.view.prompt == prompts[2]
        await at.press("e")
        assert isinstance(at.app.screen, Writing)
        assert at.app.screen.query_one(Prompt).text == prompts[2]
        await at.press("x", "enter")
        await at.chosen(4)
        assert at.screen.picture.view.prompt == f"{prompts[2]}x"
        await at.press("w")
        at.app.screen.query_one(Prompt).put("She sold it.")
        await at.press("enter")
        await at.chosen(5)
        assert at.session.tree.picked(at.session.tree.node) == "She sold it."
        await at.press("a")
        await at.chosen(6)
        assert at.screen.picture.view.prompt == f"{prompts[2]}x", "the prompt that was learned from last"
        assert at.kinds() == ["none", "skip", "regenerate", "edit", "write", "retaste"]


async def test_near_identical_variants_are_said_and_drawn_hotter_by_one_key(steer: Steer) -> None:
    sampling = {"temperature": 0.0, "top_p": 1.0, "min_p": 0.0, "max_new_tokens": 8}
    async with steer(sampling=sampling, alike=0.9) as at:
        rule = at.screen.query_one("#said")
        assert rule.text == "nearly alike · h draws hotter"
        await at.press("h")
        await at.chosen(1)
        assert at.session.tree.node.decision.hotter


async def test_branch_and_bookmark_have_names(steer: Steer) -> None:
    async with steer() as at:
        await at.decide("1", 1)
        await at.press("b")
        assert isinstance(at.app.screen, Ask)
        await at.press(*"main", "enter")
        assert isinstance(at.app.screen, Ask), "there is a branch of that name"
        await at.press(*"-warm", "enter")
        await at.chosen(1)
        assert "main-warm" in at.title
        await at.press("m", *"good", "enter")
        await at.until(lambda: at.screen.picture.view.bookmarks == {"good": 1})
        await at.decide("2", 2)
        assert at.session.tree.branches[at.session.tree.branch].name == "main-warm"


async def test_zoom_copy_and_the_mark(steer: Steer, tale: Workspace) -> None:
    async with steer() as at:
        await at.press("tab", "right")
        assert at.screen.variants.marked == 3
        await at.press("z")
        shown = [pane.slot for pane in at.screen.variants.panes if pane.display]
        assert shown == [3]
        await at.press("left")
        assert [pane.slot for pane in at.screen.variants.panes if pane.display] == [2]
        await at.press("y")
        assert (tale.data / "last_copy.txt").read_text() == at.texts[1]
        await at.press("escape")
        assert sum(pane.display for pane in at.screen.variants.panes) == 4
        await at.press("shift+tab", "enter")
        await at.chosen(1)
        assert at.session.tree.node.decision.slot == 0


async def test_leaving_keeps_the_session_and_coming_back_finds_it(steer: Steer, tale: Workspace) -> None:
    async with steer() as at:
        await at.decide("1", 1)
        session, texts = at.session, at.texts
        await at.press("q")
        await at.until(lambda: at.app.current_mode == "home")
        at.app.open("steer")
        await at.until(lambda: at.app.current_mode == "steer")
        assert at.session is session
        assert at.texts == texts
        lines = at.app.finish()
    assert any(line.strip() == f"resume  ogive steer --resume {session.id}" for line in lines)
    assert at.app.bench.session is None
    from core.steering.catalog import sessions

    [one] = sessions(tale)
    assert (one.picks, one.here, one.open_by) == (1, 1, "")


async def test_a_failed_update_leaves_the_session_usable(steer: Steer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with steer() as at:
        learn = at.session.policy.learn

        def out_of_memory(*_: Any, **__: Any) -> None:
            raise MemoryError("12 GB were needed")

        monkeypatch.setattr(at.session.policy, "learn", out_of_memory)
        before = at.texts
        await at.press("1")
        await at.until(lambda: isinstance(at.app.screen, Confirm))
        assert "Memory ran out" in at.app.screen._question
        monkeypatch.setattr(at.session.policy, "learn", learn)
        await at.press("w")
        await at.chosen(0)
        assert at.texts == before
        assert [pane.tone for pane in at.screen.variants.shown] == [""] * 4
        await at.decide("2", 2)
        assert at.kinds() == ["pick", "pick"]


async def test_a_failed_update_can_be_tried_again(steer: Steer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with steer() as at:
        learn, failed = at.session.policy.learn, []

        def once(*args: Any, **options: Any) -> Any:
            if not failed:
                failed.append(True)
                raise MemoryError
            return learn(*args, **options)

        monkeypatch.setattr(at.session.policy, "learn", once)
        await at.press("1")
        await at.until(lambda: isinstance(at.app.screen, Confirm))
        await at.press("a")
        await at.chosen(1)
        assert at.session.tree.node.drift > 0


async def test_a_model_that_is_not_there_is_told_and_leads_on(steer: Steer) -> None:
    async with steer(wait=False, model="nowhere") as at:
        await at.until(lambda: at.screen.failure is not None)
        assert "nowhere" in at.screen.failure[0]
        await at.press("1", "u", "t", "c", "v", "z")
        assert "no session is open" in at.trail
        await at.press("S")
        await at.until(lambda: at.app.current_mode == "steer-setup")


async def test_the_control_prompt_is_answered_and_its_versions_listed(steer: Steer) -> None:
    async with steer(control_prompt="Who are you?") as at:
        await at.until(lambda: at.screen.picture.view.control.root)
        await at.decide("1", 1)
        await at.until(lambda: at.screen.picture.view.control.now)
        await at.press("v")
        told = at.app.screen._content.plain
        assert "root" in told
        assert "state 1" in told


async def test_the_prompt_is_shown_as_the_model_reads_it(steer: Steer, prompts: list[str]) -> None:
    async with steer() as at:
        await at.press("p")
        await at.until(lambda: isinstance(at.app.screen, Reading))
        assert f"<|user|>{prompts[0]}<|end|>" in at.app.screen._content.plain


async def test_a_run_that_trains_and_a_session_share_the_engine(steer: Steer) -> None:
    import threading

    steps, enough = [], threading.Event()

    def train(context: Any) -> int:
        while not enough.is_set():
            steps.append(len(steps))
            context.cancel.yield_point()
            enough.wait(0.002)
        return len(steps)

    async with steer(wait=False) as at:
        handle = at.app.engine.submit(train, name="training", long=True)
        await at.chosen(0)
        await at.decide("1", 1)
        count = len(steps)
        await at.until(lambda: len(steps) > count)
        assert handle.state == "running"
        await at.press("u")
        await at.chosen(0)
        enough.set()
        await at.until(lambda: handle.state == "done")
