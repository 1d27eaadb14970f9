"""What of a conversation the model sees, and how it is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import OgiveError
from core.generation import conversation as conversations
from core.generation.conversation import Conversation
from core.tokenization import byte
from core.workspace import Workspace

TOKENIZER = byte.build()


class NoTemplate:
    """A base model's tokenizer."""

    has_chat_template = False

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def render(self, messages: Sequence[Any], add_generation_prompt: bool = False) -> list[int]:
        raise AssertionError("there is no template to render")


def talk(turns: int, system: str = "") -> Conversation:
    made = Conversation.new("tale", system)
    for number in range(turns):
        made.say(f"question {number}")
        made.reply(f"answer {number}", seed=number)
    made.say("and now?")
    return made


def test_all_of_it_is_rendered_while_it_fits() -> None:
    made = talk(2, "Be brief.")
    prompt = made.prompt(TOKENIZER, 1000, 100)
    messages = [
        {"role": "system", "content": "Be brief."},
        *({"role": message.role, "content": message.content} for message in made.messages),
    ]
    assert prompt.ids == TOKENIZER.render(messages, add_generation_prompt=True)
    assert (prompt.dropped, prompt.stop) == (0, ())


@pytest.mark.parametrize("context", [60, 100, 200, 333])
def test_the_oldest_turns_fall_out_in_pairs_and_no_more_than_must(context: int) -> None:
    made = talk(30, "Be brief.")
    prompt = made.prompt(TOKENIZER, context, 20)
    assert len(prompt.ids) + 20 <= context
    assert prompt.dropped > 0
    assert made.messages[prompt.dropped].role == "user"
    text = TOKENIZER.decode(prompt.ids)
    assert "Be brief." in text
    assert text.endswith("and now?")
    assert len(made.messages) == 61, "nothing is lost from the conversation itself"
    one_more = Conversation("x", system="Be brief.", messages=made.messages[prompt.dropped - 2 :])
    assert len(one_more.prompt(TOKENIZER, None, 20).ids) + 20 > context


def test_a_long_reserve_takes_half_the_context_at_most() -> None:
    made = talk(30)
    assert len(made.prompt(TOKENIZER, 100, 10_000).ids) in range(20, 51)


def test_a_last_turn_that_cannot_fit_is_named() -> None:
    made = Conversation.new()
    made.say("x" * 200)
    with pytest.raises(OgiveError, match="at most 100"):
        made.prompt(TOKENIZER, 100, 10)


def test_a_model_without_a_template_gets_plain_text_with_the_system_text() -> None:
    prompt = talk(1, "You are a crow.").prompt(NoTemplate(), 1000, 100)
    assert bytes(prompt.ids).decode() == (
        "You are a crow.\n\nUser: question 0\nAssistant: answer 0\nUser: and now?\nAssistant:"
    )
    assert "\nUser:" in prompt.stop


def test_taking_back() -> None:
    made = talk(1)
    assert made.take_back_reply() is None, "the last turn is the person's"
    made.reply("so")
    again = made.take_back_reply()
    assert again is not None
    assert again.content == "so"
    made.reply("so be it")
    assert made.take_back_turn() == "and now?"
    assert [message.content for message in made.messages] == ["question 0", "answer 0"]
    assert made.take_back_turn() == "question 0"
    assert made.take_back_turn() is None


def test_saved_and_read_again_it_is_the_same(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    made = talk(3, "Be brief.")
    made.sampling = {"temperature": 0.5}
    made.messages[0].content = "line one\nline two \x1b[31m [/b] ⟡\x00"
    path = made.save(workspace)
    assert path.parent == tmp_path / "data" / "conversations"
    assert conversations.load(path) == made
    assert conversations.find(workspace, made.id) == made
    assert json.loads(path.read_text())["messages"][1]["seed"] == 0


def test_several_are_kept_listed_newest_first_and_deleted(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert conversations.kept(workspace) == ([], [])
    made = [talk(number) for number in range(3)]
    for number, one in enumerate(made):
        one.updated_at = f"2026-01-0{number + 1}T00:00:00Z"
        one.save(workspace)
    assert len({one.id for one in made}) == 3
    found, problems = conversations.kept(workspace)
    assert [one.id for one in found] == [one.id for one in reversed(made)]
    assert [one.turns for one in found] == [3, 2, 1]
    assert problems == []
    conversations.delete(workspace, made[0].id)
    assert len(conversations.kept(workspace)[0]) == 2
    with pytest.raises(OgiveError, match="delete"):
        conversations.delete(workspace, made[0].id)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"messages": [{"role": 3}]}', '{"messages": "no"}', '{"messages": [1]}']
)
def test_a_damaged_file_is_named_and_does_not_hide_the_others(tmp_path: Path, content: str) -> None:
    workspace = Workspace(tmp_path)
    talk(1).save(workspace)
    torn = conversations.folder(workspace) / "torn.json"
    torn.write_text(content)
    with pytest.raises(OgiveError, match=r"torn\.json"):
        conversations.load(torn)
    found, problems = conversations.kept(workspace)
    assert len(found) == 1
    assert "torn.json" in problems[0]


def test_the_title_is_the_first_words_said() -> None:
    made = Conversation.new()
    assert made.title == "nothing said yet"
    made.say("Tell me\nof the miller " + "and his mill " * 10)
    assert made.title.startswith("Tell me of the miller")
    assert len(made.title) <= conversations.TITLE_LENGTH
