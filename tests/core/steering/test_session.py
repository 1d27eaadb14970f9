"""A session by its promises: undo brings the card back, picks after undo branch, nothing is lost, files tell it all."""

from __future__ import annotations

import json

import pytest

from core.cancel import Cancel, Stopped
from core.errors import OgiveError
from core.steering import catalog, journal
from core.steering.session import Session
from core.steering.statistics import statistics
from core.steering.view import Decision


def test_undo_brings_back_the_card_and_the_weights(steer, weights_of):
    session = steer.begin()
    first = steer.draw(session)
    root = weights_of(session)
    session.update(Decision.pick(2, first.id))
    learned = weights_of(session)
    assert learned != root
    assert session.view().prompt == "Question 1?"
    second = steer.draw(session)
    assert second.weights == 1
    assert session.undo().id == 0
    assert weights_of(session) == root
    assert session.group() == first
    assert steer.draw(session) == first  # it is shown again, not drawn again
    assert session.redo().id == 1
    assert (weights_of(session), session.group()) == (learned, second)
    session.undo()
    node = session.update(Decision.pick(2, first.id))
    assert (node.id, weights_of(session)) == (2, learned)  # the same pick again gives the same bits
    assert session.view().branch == "main-2"
    assert len(session.tree.nodes) == 3


def test_what_changes_no_weights_still_makes_a_card(steer, weights_of):
    session = steer.begin()
    first = steer.draw(session)
    root = weights_of(session)
    session.update(Decision.skip())
    assert (session.view().prompt, session.view().place) == ("Question 1?", "2/7")
    edited = steer.draw(session, prompt="Another?")
    assert edited.prompt == "Another?"
    hotter = steer.draw(session, hotter=True)
    assert hotter.prompt == "Another?"
    assert hotter.sampling["temperature"] == pytest.approx(1.35)
    assert [variant.tokens for variant in hotter.variants] != [variant.tokens for variant in edited.variants]
    assert weights_of(session) == root
    steps = [session.undo().id for _ in range(3)]
    assert steps == [2, 1, 0]
    assert session.group() == first
    session.checkout(3)
    session.update(Decision.none())
    assert session.view().prompt == "Question 2?"  # an edited prompt takes the place of the one it replaced


def test_retaste_asks_the_last_prompt_again_and_then_goes_on(steer):
    session = steer.begin()
    steer.pick(session, 1)
    before = session.tree.nodes[0].group
    *_, last = session.retaste()
    assert last.group is not None
    assert last.group.prompt == before.prompt
    assert last.group.weights == 2
    steer.draw(session, hotter=True)
    session.update(Decision.retaste())  # however often one tastes, the prompt that was next is next
    assert session.view().prompt == "Question 0?"
    steer.draw(session)
    session.update(Decision.none())
    assert session.view().prompt == "Question 1?"
    assert session.view().place == "2/7"


def test_sessions_may_share_a_model_one_after_another(steer, weights_of):
    one = steer.begin()
    steer.pick(one, 0)
    kept = weights_of(one)
    other = steer.begin()
    assert other.policy.drift() == 0
    steer.pick(other, 3)
    steer.draw(one)
    assert weights_of(one) == kept


def test_a_journal_for_people_that_cannot_be_written_stops_nothing(steer, monkeypatch):
    session = steer.begin()
    group = steer.draw(session)
    (session.folder / journal.STORY).unlink()
    (session.folder / journal.STORY).mkdir()
    node = session.update(Decision.pick(0, group.id))
    assert node.id == 1
    assert "journal.md" in session.view().trail
    (session.folder / journal.STORY).rmdir()
    again = steer.again(session)
    assert "### State 1: pick 1" in (again.folder / journal.STORY).read_text()


def test_a_pick_may_be_made_early(steer):
    session = steer.begin()
    cancel = Cancel()
    seen = []
    for stream in session.propose(cancel):
        seen.append(stream)
        if stream.tokens[0] == 2:
            cancel.request("picked early")
    group = seen[-1].group
    assert group is not None
    assert {variant.ended for variant in group.variants} == {"cancelled"}
    assert all(len(variant.tokens) == 2 for variant in group.variants)
    session.update(Decision.pick(0, group.id))
    again = steer.again(session)
    assert again.tree.nodes[0].group == group
    assert again.tree.node.id == 1


def test_a_stopped_drawing_leaves_no_trace(steer):
    session = steer.begin()
    stream = session.propose()
    next(stream)
    stream.close()
    assert session.group() is None
    whole = steer.draw(session)
    other = steer.begin()
    half = other.propose(Cancel())
    next(half)
    assert steer.draw(other).variants == whole.variants


def test_variants_that_are_alike_are_said_and_drawn_hotter(steer):
    session = steer.begin(sampling={"max_new_tokens": 6, "temperature": 0.0})
    group = steer.draw(session)
    assert group.alike == 1.0
    assert session.view().alike
    hotter = steer.draw(session, hotter=True)
    assert hotter.sampling["temperature"] == pytest.approx(0.945)
    assert hotter.alike < 1.0
    assert not session.view().alike
    assert steer.draw(session, hotter=True).sampling["temperature"] == pytest.approx(0.7 * 1.35**2, abs=1e-3)
    assert session.undo().group == hotter


def test_the_order_shown_is_blind_and_all_slots_are_used(steer):
    from core.steering.group import blind_order, derived

    firsts = [blind_order(derived(7, "card", number), 4)[0] for number in range(400)]
    assert all(70 < firsts.count(index) < 130 for index in range(4))


def test_preparing_ahead_changes_nothing(steer, weights_of):
    session = steer.begin()
    group = steer.draw(session)
    session.prepare()
    session.update(Decision.pick(1, group.id))
    found = weights_of(session)
    other = steer.begin()
    other.update(Decision.pick(1, steer.draw(other).id))
    assert weights_of(other) == found


def test_writing_the_reply_oneself_teaches_it(steer):
    session = steer.begin()
    group = steer.draw(session)
    lesson_before = session.policy.logp(group.prompt_ids, session.shaper.reply_ids("moon"))
    node = session.update(Decision.write("moon", group.id))
    assert session.policy.logp(group.prompt_ids, session.shaper.reply_ids("moon")) > lesson_before
    assert session.tree.picked(node) == "moon"
    assert node.report["margin"] > 0


def test_decisions_about_what_is_not_shown_are_refused(steer):
    session = steer.begin()
    with pytest.raises(OgiveError, match="no variants"):
        session.acknowledge(Decision.pick(0))
    group = steer.draw(session)
    with pytest.raises(OgiveError, match="not shown any more"):
        session.acknowledge(Decision.pick(0, "another group"))
    with pytest.raises(OgiveError, match="no variant 5"):
        session.acknowledge(Decision.pick(4, group.id))
    with pytest.raises(OgiveError, match="empty"):
        session.acknowledge(Decision.write("  "))
    with pytest.raises(OgiveError, match="at most 192"):
        session.acknowledge(Decision.write("long " * 60))
    with pytest.raises(OgiveError, match="192"):
        session.acknowledge(Decision.edit("long " * 60))
    with pytest.raises(OgiveError, match="Nothing was picked"):
        session.acknowledge(Decision.retaste())
    with pytest.raises(OgiveError, match="root"):
        session.undo()
    assert session.tree.pending is None
    assert len(list(journal.events(session.folder))) == 2  # the root and the group: what was refused is not written


def test_a_stopped_update_waits_and_can_be_taken_back(steer, weights_of):
    session = steer.begin()
    root = weights_of(session)
    pending = session.acknowledge(Decision.pick(0, steer.draw(session).id))
    cancel = Cancel()
    cancel.request("a test")
    with pytest.raises(Stopped):
        session.apply(pending, cancel)
    assert weights_of(session) == root
    assert session.view().pending == pending
    with pytest.raises(OgiveError, match="still waiting"):
        session.update(Decision.skip())
    session.withdraw()
    assert session.view().pending is None
    node = steer.pick(session, 1)
    assert node.id == 2  # the number of what was taken back is not used again
    again = steer.again(session)
    assert again.tree.node.id == 2
    assert again.view().branches == {"main": 2}


def test_an_acknowledged_pick_is_learned_at_the_next_opening(steer, weights_of):
    session = steer.begin()
    group = steer.draw(session)
    session.acknowledge(Decision.pick(3, group.id))
    again = steer.again(session)
    assert again.tree.node.id == 1
    assert again.tree.pending is None
    found = weights_of(again)
    again.undo()
    again.update(Decision.pick(3, group.id))
    assert weights_of(again) == found


def test_two_sessions_cannot_write_one_tree(steer, shared_policy):
    session = steer.begin()
    with pytest.raises(OgiveError, match="is open in process"):
        Session.open(steer.workspace, session.id, policy=shared_policy)
    with pytest.raises(OgiveError, match="is open in process"):
        catalog.delete(steer.workspace, session.id)
    assert catalog.summary(session.folder).open_by.startswith("process ")
    session.close()
    assert catalog.summary(session.folder).open_by == ""
    with pytest.raises(OgiveError, match="is closed"):
        session.update(Decision.skip())


def test_branches_bookmarks_and_search(steer):
    session = steer.begin()
    steer.pick(session, 0)
    session.branch("dark")
    steer.pick(session, 1)
    session.bookmark("here it turned")
    assert session.view().branches == {"main": 1, "dark": 2}
    session.checkout("main")
    assert (session.tree.here, session.view().branch) == (1, "main")
    steer.pick(session, 2)
    assert session.view().branch == "main"
    session.rename_branch("main", "light")
    with pytest.raises(OgiveError, match="already"):
        session.branch("dark")
    with pytest.raises(OgiveError, match="Did you mean 'light'"):
        session.checkout("ligth")
    assert session.checkout("here it turned").id == 2
    assert session.tree.search("turned") == [2]
    assert session.tree.search("question 1") == [1]
    again = steer.again(session, node="light")
    view = again.view()
    assert view.branches == {"light": 3, "dark": 2}
    assert view.bookmarks == {"here it turned": 2}
    assert [(row.node, row.column, row.rails, row.fork, row.on_path) for row in view.tree] == [
        (0, 0, (), False, True),
        (1, 0, (), False, True),
        (3, 1, (True,), True, True),
        (2, 0, (), False, False),
    ]
    assert again.start_over().id == 0
    assert len(again.tree.nodes) == 4


def test_control_prompt_and_comparison(steer, weights_of):
    session = steer.begin(control_prompt="Who are you?")
    at_root = session.control()
    steer.pick(session, 0)
    now = session.control()
    assert session.view().control.history == ((0, at_root), (1, now))
    session.undo()
    steer.pick(session, 3)
    before = weights_of(session)
    found = session.compare("main", "main-2", ["One?", "Two?"])
    assert weights_of(session) == before
    assert found.common == 0
    assert found.distance > 0
    assert [pair.prompt for pair in found.pairs] == ["One?", "Two?"]
    same = session.compare("main", "main", ["One?"])
    assert same.distance == 0
    assert same.pairs[0].same
    assert same.pairs[0].a.own == same.pairs[0].a.other
    session.checkout(0)
    back = session.compare("main-2", "main", ["One?", "Two?"])
    assert back.pairs[1].a.text == found.pairs[1].b.text
    assert back.pairs[1].a.other == pytest.approx(found.pairs[1].b.other)
    assert steer.again(session).tree.nodes[0].control == at_root


def test_exports_statistics_and_saving(steer, tmp_path):
    session = steer.begin(shaping={"system": "Be brief.", "prefix": "Q: "})
    steer.pick(session, 1)
    steer.pick(session, 1)
    group = steer.draw(session)
    session.update(Decision.none(group.id))
    found = statistics(journal.read(session.folder))
    assert found.kinds == {"pick": 2, "none": 1}
    assert found.slots == (0, 2, 0, 0)
    assert [point.picks for point in found.curve] == [0, 1, 2, 3]
    assert found.curve[0].drift == 0.0
    assert found.curve[-1].kl == session.tree.node.kl
    assert found.update is not None
    assert found.thought is not None
    rows = session.export_preferences(tmp_path / "picks.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "picks.jsonl").read_text().splitlines()]
    assert rows == len(lines) == 6
    assert lines[0]["prompt"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Q: Question 0?"},
    ]
    chosen = session.tree.nodes[0].group.slot(1).text
    assert lines[0]["chosen"] == [{"role": "assistant", "content": chosen}]
    assert {line["rejected"][0]["content"] for line in lines[:3]}.isdisjoint({chosen})
    told = session.export_story(tmp_path / "story.md").read_text()
    assert "2 picked, 1 none of these" in told
    assert told.count("Taken:") == 2
    adapter = session.save_adapter()
    assert (adapter / "adapter_model.safetensors").is_file()
    with pytest.raises(OgiveError, match="there already"):
        session.save_adapter(adapter)
    steer.pick(session, 0)  # one goes on after saving
    assert "adapter of state 3 saved" in (session.folder / "journal.md").read_text()


def test_merging_is_proved_and_steering_goes_on(steer, weights_of, tmp_path):
    from core.generation.decode import complete
    from core.models.loading import load
    from core.settings.sampling import SamplingSettings

    session = steer.begin()
    group = steer.draw(session)
    session.update(Decision.write("moon", group.id))
    kept = weights_of(session)
    report = session.merge(tmp_path / "whole")
    assert report.gap < 1e-3
    assert weights_of(session) == kept
    greedy = SamplingSettings(temperature=0.0, max_new_tokens=5)
    merged = complete(load(tmp_path / "whole"), list(group.prompt_ids), greedy, stop_ids=())[0].tokens
    steered = [piece.tokens[0] for piece in session.policy.draw(group.prompt_ids, greedy, 1, 0, None)]
    assert merged == steered
    steer.pick(session, 1)
    assert session.tree.here == 2
    with pytest.raises(OgiveError, match="there already"):
        session.merge(tmp_path / "whole")
    session.merge()
    session.merge()  # in the session's own folder it is made anew
    assert (session.folder / "merged-2" / "config.json").is_file()


def test_catalog_lists_clones_and_deletes(steer):
    session = steer.begin(name="night")
    steer.pick(session, 0)
    session.rename("Night watch")
    session.close()
    (found,) = catalog.sessions(steer.workspace)
    assert (found.name, found.picks, found.nodes, found.branches, found.here) == ("Night watch", 1, 2, 1, 1)
    assert found.drift == session.tree.node.drift
    assert found.model == "tiny"
    assert catalog.clone_settings(steer.workspace, "Night") == session.settings
    assert catalog.find(steer.workspace) == session.folder
    with pytest.raises(OgiveError, match="no session 'day'"):
        catalog.find(steer.workspace, "day")
    catalog.delete(steer.workspace, session.id)
    assert catalog.sessions(steer.workspace) == []


def test_a_changed_model_is_refused(steer, shared_policy):
    session = steer.begin()
    session.close()
    about = json.loads((session.folder / "session.json").read_text())
    about["model"]["files"]["config.json"] = "0" * 64
    (session.folder / "session.json").write_text(json.dumps(about))
    with pytest.raises(OgiveError, match=r"config\.json has changed"):
        Session.open(steer.workspace, session.id, policy=shared_policy)
    assert catalog.summary(session.folder).open_by == ""
