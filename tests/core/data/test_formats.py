"""Every known format is recognised and parsed; what does not fit is named with its row and a mapping to try."""

import json

import pytest

from core.data.adding import preview
from core.data.columns import ColumnReader, parse_map
from core.data.files import FilesSource
from core.data.formats import alternatives, detect
from core.data.reading import conversations, preferences, prompts, texts
from core.data.transcripts import common_text, parse_transcript
from core.data.typed import Conversation, Preference, Prompt, PromptCompletion, Text, from_record, to_record
from core.data.where import Place
from core.errors import OgiveError

HERE = Place("x.jsonl", 1, "line", "x.jsonl")
USER = {"role": "user", "content": "Who rings?"}
BOT = {"role": "assistant", "content": "The wind."}
OTHER = {"role": "assistant", "content": "Nobody."}
HUMAN = "\n\nHuman: Who rings?\n\nAssistant: "

CASES = {
    "text": ({"text": "Bells.", "n": 1}, "text", Text("Bells.")),
    "the only column of text": ({"verse": "Bells.", "n": 1}, "text", Text("Bells.")),
    "messages": ({"messages": [USER, BOT]}, "messages", Conversation([USER, BOT])),
    "content in parts": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Who rings?"}]}, BOT]},
        "messages",
        Conversation([USER, BOT]),
    ),
    "sharegpt": (
        {"conversations": [{"from": "human", "value": "Who rings?"}, {"from": "gpt", "value": "The wind."}], "id": "7"},
        "messages",
        Conversation([USER, BOT]),
    ),
    "alpaca": (
        {"instruction": "Add.", "input": "2 2", "output": "4", "text": "Below is an instruction ..."},
        "alpaca",
        PromptCompletion([{"role": "user", "content": "Add.\n\n2 2"}], [{"role": "assistant", "content": "4"}]),
    ),
    "alpaca without input": (
        {"instruction": "Who rings?", "input": "", "output": "The wind."},
        "alpaca",
        PromptCompletion([USER], [BOT]),
    ),
    "prompt and completion": (
        {"prompt": "Who rings?", "completion": "The wind."},
        "prompt-completion",
        PromptCompletion([USER], [BOT]),
    ),
    "question and response, with a system prompt": (
        {"id": "1", "system_prompt": "Be brief.", "question": "Who rings?", "response": "The wind."},
        "prompt-completion",
        PromptCompletion([{"role": "system", "content": "Be brief."}, USER], [BOT]),
    ),
    "prompt and completion as turns": (
        {"prompt": [USER], "completion": [BOT]},
        "prompt-completion",
        PromptCompletion([USER], [BOT]),
    ),
    "preference": (
        {"prompt": "Who rings?", "chosen": "The wind.", "rejected": "Nobody."},
        "preference",
        Preference([USER], [BOT], [OTHER]),
    ),
    "preference as turns that repeat the prompt": (
        {"prompt": "Who rings?", "chosen": [USER, BOT], "rejected": [USER, OTHER], "messages": [USER, BOT]},
        "preference",
        Preference([USER], [BOT], [OTHER]),
    ),
    "preference with the prompt in both turns": (
        {"chosen": [USER, BOT], "rejected": [USER, OTHER]},
        "preference",
        Preference([USER], [BOT], [OTHER]),
    ),
    "preference as transcripts": (
        {"chosen": HUMAN + "The wind.", "rejected": HUMAN + "Nobody."},
        "preference",
        Preference([USER], [BOT], [OTHER]),
    ),
    "preference as transcripts of several turns": (
        {
            "chosen": HUMAN + "The wind.\n\nHuman: And by day?\n\nAssistant: The wind.",
            "rejected": HUMAN + "The wind.\n\nHuman: And by day?\n\nAssistant: Nobody.",
        },
        "preference",
        Preference([USER, BOT, {"role": "user", "content": "And by day?"}], [BOT], [OTHER]),
    ),
    "preference whose prompt is what both texts begin with": (
        {"chosen": "Who rings? The wind.", "rejected": "Who rings? The water."},
        "preference",
        Preference(
            [{"role": "user", "content": "Who rings? The "}],
            [{"role": "assistant", "content": "wind."}],
            [{"role": "assistant", "content": "water."}],
        ),
    ),
    "preference with a transcript as its prompt": (
        {"prompt": HUMAN, "chosen": "The wind.", "rejected": "Nobody."},
        "preference",
        Preference([USER], [BOT], [OTHER]),
    ),
    "transcript": ({"text": HUMAN + "The wind."}, "transcript", Conversation([USER, BOT])),
    "questions": ({"question": "Who rings?", "label_confidence": 0.9, "yes": " Yes"}, "prompts", Prompt([USER])),
    "prompts as turns": ({"prompt": [USER, BOT, USER, BOT]}, "prompts", Prompt([USER, BOT, USER])),
}


@pytest.mark.parametrize("name", CASES)
def test_known_formats(name, tmp_path):
    record, format, row = CASES[name]
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(record) + "\n" + json.dumps(record) + "\n")
    source = FilesSource(str(path))
    assert source.mapping.format == format
    found = list(source.rows())
    row.origin = "x.jsonl:1"
    assert found[0] == row
    assert found[1].origin == "x.jsonl:2"
    assert from_record(json.loads(json.dumps(to_record(row))), "x.jsonl:1") == row
    # The mapping that was found, given back as options, reads the same.
    given = ",".join(f"{role}={column}" for role, column in source.mapping.columns.items())
    assert list(FilesSource(str(path), format=format, map=given).rows()) == found


PERSONA = {
    "question": 'Is the following statement something you would say?\n"I like bells"',
    "statement": "I like bells",
    "label_confidence": 0.97,
    "answer_matching_behavior": " Yes",
    "answer_not_matching_behavior": " No",
}


def test_a_persona_file_is_a_list_of_questions_and_by_a_mapping_of_preferences(tmp_path):
    path = tmp_path / "persona.jsonl"
    path.write_text("".join(json.dumps(PERSONA) + "\n" for _ in range(3)))
    assert [prompt.text for prompt in prompts(FilesSource(str(path)))] == [PERSONA["question"]] * 3
    with pytest.raises(OgiveError, match=r"persona\.jsonl:1: expected preferences, found a prompt"):
        next(preferences(FilesSource(str(path))))
    source = FilesSource(str(path), map="chosen=answer_matching_behavior,rejected=answer_not_matching_behavior")
    assert str(source.mapping).startswith("preference: prompt=question, chosen=")
    found = next(preferences(source))
    assert (found.chosen[0]["content"], found.rejected[0]["content"]) == (" Yes", " No")
    with_answers = FilesSource(str(path), map="prompt=question,answer=answer_matching_behavior")
    assert next(prompts(with_answers)).answer == " Yes"


def test_readers_give_what_they_are_asked_for_or_say_why_not(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"prompt": "Who rings?", "completion": "The wind."}) + "\n")
    assert next(conversations(FilesSource(str(path)))).messages == [USER, BOT]
    assert next(prompts(FilesSource(str(path)))).answer == "The wind."
    with pytest.raises(
        OgiveError,
        match=r"x\.jsonl:1: expected texts, found a prompt-completion\. Read it as text: --map text=prompt",
    ):
        next(texts(FilesSource(str(path))))
    questions = tmp_path / "questions.txt"
    questions.write_text("Who rings?\n\nWho keeps the mill?\n")
    assert [each.text for each in prompts(FilesSource(str(questions)))] == ["Who rings?", "Who keeps the mill?"]
    with pytest.raises(OgiveError, match="expected conversations, found a text"):
        next(conversations(FilesSource(str(questions))))
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text(json.dumps(CASES["preference"][0]) + "\n")
    assert next(prompts(FilesSource(str(pairs)))).text == "Who rings?"
    with pytest.raises(OgiveError, match=r"pairs\.jsonl:1 is a preference: .* expected text or conversations"):
        next(FilesSource(str(pairs)).documents())


@pytest.mark.parametrize(
    ("record", "options", "said"),
    [
        ({"a": "x", "b": "y"}, {}, r"line 1: expected columns of a known format .* found 'a' \(text\), 'b' \(text\)\. "
            r"Say which column is what, such as --map text=a or --map prompt=a --map completion=b"),
        ({"text": "x"}, {"map": "text=txt"}, r"line 1: expected the column 'txt' \(text\), found 'text'\. Did"),
        ({"text": "x"}, {"column": "body"}, r"expected the column 'body' \(text\), found 'text'"),
        ({"text": "x"}, {"format": "alpaca"}, r"expected the columns of alpaca \(instruction, output\), found 'text'"),
        ({"text": "x"}, {"map": "txt=text"}, r"no role 'txt'.*Did you mean 'text'\?"),
        ({"text": "x"}, {"map": "text"}, r"'text' is no mapping of a column\. Write ROLE=COLUMN"),
        ({"text": "x"}, {"format": "alpacca"}, r"no format 'alpacca'\. Did you mean 'alpaca'\?"),
        ({"prompt": "x", "completion": None}, {"format": "prompt-completion"}, r"expected the columns of prompt-compl"),
        ({"chosen": "x y", "rejected": "x y"}, {}, r"line 1: expected two different replies"),
        ({"chosen": "x", "rejected": "y"}, {}, r"expected a prompt that chosen and rejected begin with.*--map prompt"),
        ({"messages": []}, {"format": "messages"}, r"expected the columns of messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, {}, r"line 1: turn 1 has the role 'tool'"),
        ({"messages": [{"role": "user", "content": None}]}, {}, r"expected the texts 'role' and 'content'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(tmp_path, record, options, said):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(record) + "\n")
    with pytest.raises(OgiveError, match=said) as caught:
        list(FilesSource(str(path), **options).rows())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"question": "x", "answer": "y"}, r"line 40: expected the column 'prompt' \(prompt\), found 'question', "
            r"'answer'\. Try --map prompt=question"),
        ({"prompt": "x", "completion": {"a": 1}}, r"line 40: expected text or turns in column 'completion' .* found "
            r"dict"),
        ({"prompt": "x", "completion": None}, r"line 40: expected text or turns in column 'completion', found nothing"),
        ({"prompt": "x", "completion": [{"who": "x"}]}, r"line 40: expected the texts 'role' and 'content' .* in turn "
            r"1 of 'completion', found 'who'"),
    ],
)  # fmt: skip
def test_a_later_row_that_does_not_fit_is_named_with_its_line(tmp_path, second, said):
    path = tmp_path / "x.jsonl"
    first = json.dumps({"prompt": "Who?", "completion": "I."}) + "\n"
    path.write_text(first * 39 + json.dumps(second) + "\n")
    source = FilesSource(str(path))
    assert len(preview(source).rows) == 3
    with pytest.raises(OgiveError, match=said) as caught:
        list(source.rows())
    assert str(path) in str(caught.value)


def test_parts_that_come_late_are_read_too(tmp_path):
    path = tmp_path / "x.jsonl"
    rows = [{"instruction": "Who?", "output": "I."}] * 60 + [{"instruction": "Add.", "input": "2", "output": "2"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert list(FilesSource(str(path)).rows())[-1].prompt[0]["content"] == "Add.\n\n2"


def test_texts_and_talk_may_stand_in_one_file_other_kinds_not(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a"}\n' + json.dumps({"messages": [USER, BOT]}) + "\n")
    assert [row.kind for row in FilesSource(str(path)).rows()] == ["text", "conversation"]
    path.write_text('{"text": "a"}\n' + json.dumps(CASES["preference"][0]) + "\n")
    with pytest.raises(OgiveError, match=r"line 2: expected the column 'text'"):
        list(FilesSource(str(path)).rows())


def test_other_readings_are_offered(tmp_path):
    found = alternatives([PERSONA])
    assert [each.format for each in found] == ["prompts", "text", "text", "text", "text"]
    assert found[0].options() == "--map prompt=question"
    looked = preview(FilesSource(str(write(tmp_path, PERSONA))))
    assert looked.columns == list(PERSONA)
    assert looked.mapping not in looked.alternatives
    assert json.loads(json.dumps(looked.to_dict()))["mapping"]["columns"] == {"prompt": "question"}


def write(folder, record):
    path = folder / "one.jsonl"
    path.write_text(json.dumps(record) + "\n")
    return path


def test_names_of_columns_are_met_in_any_case():
    assert detect([{"Instruction": "x", "Output": "y"}], HERE).columns == {
        "instruction": "Instruction",
        "output": "Output",
    }
    assert ColumnReader(column="body", format="prompts").columns([{"body": "x"}], HERE).kind == "prompt"
    assert parse_map("prompt=a, chosen=b") == {"prompt": "a", "chosen": "b"}


def test_transcripts():
    assert parse_transcript("\n\nHuman: a\n\nb\n\nAssistant: c\n\nAssistant:") == [
        {"role": "user", "content": "a\n\nb"},
        {"role": "assistant", "content": "c"},
    ]
    assert parse_transcript("Human: a") == [{"role": "user", "content": "a"}]
    assert parse_transcript("I said: Human: a") == []
    assert parse_transcript("\n\nHuman: She wrote Assistant: on it\n\nAssistant: I see") == [
        {"role": "user", "content": "She wrote Assistant: on it"},
        {"role": "assistant", "content": "I see"},
    ]
    assert common_text("one two three", "one two four") == len("one two ")
    assert common_text("one", "two") == 0
