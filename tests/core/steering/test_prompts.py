"""Prompts in their order and by their column; shaping, with and without a template; previews; memory before loading."""

from __future__ import annotations

import json

import pytest

from core.errors import OgiveError
from core.settings.load import load_subject
from core.settings.steering import PromptSettings, ShapingSettings
from core.steering import prompts
from core.steering.estimate import adapter_parameters, estimate, shape_of
from core.steering.preview import preview
from core.steering.shaping import Shaper
from core.tokenization.byte import build
from core.tokenization.tokenizer import Names, Tokenizer


def settings(**source) -> PromptSettings:
    return PromptSettings.model_validate({"source": source, "seed": 3})


def test_each_prompt_once_then_again_in_another_order(workspace):
    path = workspace.root / "asked.txt"
    path.write_text("".join(f"prompt {number}\n" for number in range(23)))
    found = prompts.load(settings(name="file", path=str(path)), workspace)
    first = [found.at(place) for place in range(23)]
    again = [found.at(place) for place in range(23, 46)]
    assert sorted(first) == sorted(again) == sorted(f"prompt {number}" for number in range(23))
    assert first != again
    assert first != sorted(first, key=lambda text: int(text.split()[1]))
    assert (found.told(0), found.told(12), found.told(23)) == ("1/23", "13/23", "1/23 again, 2")
    found.save(workspace.root)
    path.unlink()
    kept = prompts.kept(workspace.root, settings(name="file", path=str(path)))
    assert [kept.at(place) for place in (0, 7, 31)] == [found.at(place) for place in (0, 7, 31)]
    assert kept.found == found.found


@pytest.mark.parametrize(
    ("rows", "column", "expected"),
    [
        ([{"id": 1, "question": "Why?"}, {"id": 2, "question": "How?"}], "", ["Why?", "How?"]),
        ([{"prompt": "One", "other": "x"}], "", ["One"]),
        ([{"text": "a text", "words": "Read this"}], "words", ["Read this"]),
        (
            [
                {
                    "messages": [
                        {"role": "user", "content": "First"},
                        {"role": "assistant", "content": "Yes."},
                        {"role": "user", "content": "Second"},
                        {"role": "assistant", "content": "No."},
                    ]
                }
            ],
            "",
            ["First"],
        ),
    ],
)
def test_columns_are_found_and_turns_give_their_first(workspace, rows, column, expected):
    path = workspace.root / "asked.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = prompts.load(settings(name="file", path=str(path), column=column), workspace)
    assert sorted(found.found.texts) == sorted(expected)


def test_a_data_set_in_the_hubs_form(workspace):
    folder = workspace.root / "set"
    folder.mkdir()
    rows = [
        {"chat": [{"role": "user", "content": f"Ask {n}"}, {"role": "assistant", "content": "x"}]} for n in range(9)
    ]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for streaming in (False, True):
        source = {"name": "hub", "path": str(folder), "split": "train", "most": 5, "streaming": streaming}
        found = prompts.load(settings(**source, column="chat"), workspace)
        assert found.found.texts == tuple(f"Ask {n}" for n in range(5))


def test_prompt_sources_that_cannot_be(workspace):
    with pytest.raises(OgiveError, match=r"prompts\.source\.path is empty"):
        prompts.load(settings(name="file"), workspace)
    with pytest.raises(OgiveError):
        prompts.load(settings(name="file", path=str(workspace.root / "none.txt")), workspace)
    with pytest.raises(OgiveError):
        prompts.load(settings(name="snapshot", snapshot="nothing"), workspace)
    (workspace.root / "empty.txt").write_text("\n \n")
    with pytest.raises(OgiveError):
        prompts.load(settings(name="file", path=str(workspace.root / "empty.txt")), workspace)


def test_demo_prompts_are_many_and_typed_ones_keep_their_order(workspace):
    demo = prompts.load(settings(name="demo"), workspace)
    assert len(demo) > 1000
    assert len(set(demo.found.texts)) == len(demo)
    typed = prompts.load(PromptSettings.model_validate({"source": "typed", "typed": ["b", "a"]}), workspace)
    assert [typed.at(place) for place in range(3)] == ["b", "a", "b"]
    none = prompts.load(PromptSettings(source="typed"), workspace)  # ty: ignore[invalid-argument-type]
    assert none.at(0) is None
    assert none.told(0) == ""


def bare() -> Tokenizer:
    """A tokenizer whose model was never told of turns."""
    given = build([])
    return Tokenizer(given.backend, "bytes", Names(end=None, roles={}), None)


def test_shaping_by_template():
    given = {"prefix": "Q: ", "suffix": "!", "system": "Be brief.", "think_tag": "<think>"}
    shaper = Shaper(build([]), ShapingSettings.model_validate(given))
    assert shaper.shown("Why <|end|>?") == (
        "<|system|>Be brief.<|end|><|user|>Q: Why <|end|>?!<|end|><|assistant|><think>"
    )
    tokenizer = shaper.tokenizer
    assert shaper.ids("<|end|>").count(tokenizer.end_id) == 2  # what is typed never ends a turn
    assert shaper.reply_ids("No.") == [*b"No.", tokenizer.end_id]
    assert shaper.stop == ()


def test_shaping_without_a_template_keeps_the_system_text():
    shaper = Shaper(bare(), ShapingSettings(system="Be brief."))
    assert shaper.shown("Why?") == "Be brief.\n\nUser: Why?\nAssistant:"
    assert shaper.stop == ("\nUser:", "\nAssistant:")
    assert shaper.end_id == shaper.tokenizer.eos_id


def test_raw_shaping_takes_special_tokens_at_their_word():
    shaper = Shaper(build([]), ShapingSettings(raw=True, prefix="<|user|>", system="not used"))
    assert shaper.ids("ab")[1:] == [*b"ab"]
    assert shaper.ids("ab")[0] in shaper.tokenizer.special_ids
    assert Shaper(build([]), ShapingSettings(raw=True)).ids("") == [shaper.tokenizer.eos_id]
    assert shaper.end_id == shaper.tokenizer.eos_id


def test_a_reply_ends_where_it_begins_anothers_turn(steer, shared_policy):
    """Without a template the text decides: tokens that begin another's turn are cut off, and the row ends."""
    from core.steering.drawing import Reply

    reply = Reply(shared_policy.tokenizer, frozenset(), ("\nUser:",))
    for token in b"Yes.\nUser: more":
        reply.push(token, "")
    variant = reply.variant(0)
    assert (variant.text, bytes(variant.tokens), variant.ended) == ("Yes.", b"Yes.", "turn")


def test_preview_reads_the_tokenizer_alone(workspace, steer):
    found = preview(workspace, steer.settings(prompts={"source": "demo", "seed": 1}))
    assert len(found.prompts) == 3
    assert found.total > 1000
    assert found.shaped == f"<|user|>{found.prompts[0]}<|end|><|assistant|>"
    assert found.tokens == len(found.prompts[0]) + 3
    lost = preview(workspace, steer.settings(model="./nowhere"))
    assert lost.prompts[0] == "Question 0?"
    assert "nowhere" in lost.problem


def test_the_estimate_counts_what_a_policy_has(workspace, steer, shared_policy):
    from core.adapters import adapter_state

    found = estimate(workspace, steer.settings())
    assert found.fits
    assert found.exact
    assert found.largest == "libraries"
    weights = adapter_state(shared_policy.model)
    assert found.trained == sum(tensor.numel() for tensor in weights.values())
    assert found.parameters * 4 == pytest.approx(found.memory.terms["weights"], rel=0.01)
    wider = estimate(workspace, steer.settings(adapter={"rank": 64}, group_size=8))
    assert wider.trained == 16 * found.trained
    assert wider.memory.terms["cache"] == 2 * found.memory.terms["cache"]


def test_foreign_sizes(workspace, steer):
    config = {
        "model_type": "llama",
        "hidden_size": 576,
        "num_hidden_layers": 80,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "intermediate_size": 1536,
        "vocab_size": 65536,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": True,
    }
    shape, vocab = shape_of(config, "x")
    # q: 576 to 576, k and v: 576 to 192, o; gate, up, down between 576 and 1536; rank 4 beside each
    sides = 2 * (576 + 576) + 2 * (576 + 192) + 3 * (576 + 1536)
    assert adapter_parameters(shape, steer.settings(), fused=False) == 80 * 4 * sides
    assert vocab == 65536
    with pytest.raises(OgiveError, match="does not tell"):
        shape_of({"model_type": "odd"}, "x")


@pytest.mark.parametrize("name", ["default", "baguettotron"])
def test_shipped_settings(workspace, name):
    found = load_subject("steering", name, workspace)
    assert found.name == name
    changed = load_subject("steering", name, workspace, ["update=dpo", "group_size=2", "adapter.rank=8"])
    assert (changed.update.name, changed.group_size, changed.adapter.rank, changed.adapter.dropout) == (
        "dpo",
        2,
        8,
        0.0,
    )
    with pytest.raises(OgiveError, match="group_size"):
        load_subject("steering", name, workspace, ["group_size=9"])
