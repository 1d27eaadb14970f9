"""Which tokens of a conversation are learned, under our own template and under foreign ones; and what is left out."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import AddedToken

from core.data.documents import Document
from core.data.turns import Rules, Talk, talks
from core.errors import OgiveError
from core.tokenization import byte
from core.tokenization.specials import CHAT_TEMPLATE, EOS, PLAIN_TEMPLATE
from core.tokenization.tokenizer import Names, Tokenizer

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Qwen3's habit: what was thought in earlier replies is taken out once more follows.
FORGETFUL = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and not loop.last %}{{ m.content.split('/')[-1] }}{% else %}{{ m.content }}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# A generation prompt that the finished conversation does not contain.
FALSE = "{% for m in messages %}[{{ m.content }}]{% endfor %}{% if add_generation_prompt %}<think>now: {% endif %}"
ENDLESS = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def tokenizer(template: str = CHAT_TEMPLATE) -> Tokenizer:
    own = byte.build()
    if template == CHAT_TEMPLATE:
        return own
    own.backend.add_special_tokens([AddedToken(word, special=True) for word in ("<|im_start|>", "<|im_end|>")])
    return Tokenizer(own.backend, "pretrained", Names(eos=EOS, end="<|im_end|>", roles={}), template)


def said(*contents: str, system: str = "") -> Document:
    """User and assistant in turns."""
    messages: list[Any] = [{"role": "system", "content": system}] if system else []
    messages += [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(contents)]
    return Document(messages=messages, origin="test:1")


def learned(talk: Talk | None, by: Tokenizer) -> list[str]:
    """The learned stretches as text, special tokens included."""
    assert talk is not None
    assert len(talk.ids) == len(talk.learned)
    found, before = [], False
    for number, marked in zip(talk.ids, talk.learned, strict=True):
        if marked:
            found.append(("" if not before else found.pop()) + by.decode([number], skip_special=False))
        before = marked
    return found


def one(document: Document, by: Tokenizer, **rules: Any) -> Talk | None:
    return talks([document], by, Rules(**({"longest": 500} | rules)))[0]


TALK = said("Who?", "Nell.", "And now?", "Asleep.", system="Be terse.")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (CHAT_TEMPLATE, ["Nell.<|end|>", "Asleep.<|end|>"]),
        (CHATML, ["Nell.<|im_end|>", "Asleep.<|im_end|>"]),
        (PLAIN_TEMPLATE, [" Nell.<|eos|>", " Asleep.<|eos|>"]),
        (ENDLESS, ["Nell.\n", "Asleep.\n<|eos|>"]),
    ],
)
def test_replies_and_their_ends_are_learned_and_nothing_else(template, expected):
    by = tokenizer(template)
    talk = one(TALK, by)
    assert learned(talk, by) == expected
    assert talk.turns == 2
    assert talk.lost == 0
    assert talk.ends(by.stop_ids)


def test_our_own_template_gives_what_the_proof_gives():
    own = tokenizer()
    # The same template, but not recognised as ours: it goes the way of the foreign ones.
    proved = Tokenizer(own.backend, own.kind, own.names, CHAT_TEMPLATE + "{#- other -#}")
    documents = [
        TALK,
        said("a", "b"),
        said("", ""),
        said("x", "<|end|> is no end <|user|>", "y", "z"),
        said("only asked"),
    ]
    rules = Rules(200)
    assert talks(documents, own, rules) == talks(documents, proved, rules)
    assert talks(documents, own, rules)[-1] is None


def test_what_a_message_says_never_ends_a_turn():
    by = tokenizer()
    talk = one(said("hi", "so <|end|> it goes"), by)
    assert talk.ids.count(by.end_id) == 2
    assert learned(talk, by) == ["so <|end|> it goes<|end|>"]


def test_which_turns_are_learned():
    by = tokenizer()
    assert learned(one(TALK, by, learn="last"), by) == ["Asleep.<|end|>"]
    assert all(one(TALK, by, learn="everything").learned)
    trailing = said("Who?", "Nell.", "thanks")
    assert learned(one(trailing, by), by) == ["Nell.<|end|>"]
    assert "thanks" not in by.decode(one(trailing, by).ids)


def test_a_template_that_rewrites_earlier_replies_loses_them_and_says_so():
    by = tokenizer(FORGETFUL)
    talk = one(said("q", "thought/a", "r", "thought/b"), by)
    assert learned(talk, by) == ["thought/b<|im_end|>"]
    assert (talk.turns, talk.lost) == (1, 1)


def test_a_template_that_cannot_be_proved_is_refused():
    with pytest.raises(OgiveError, match="test:1: the chat template writes what stands before message 3"):
        one(TALK, tokenizer(FALSE))


def test_truncation():
    by = tokenizer()
    document = said("one?", "first.", "two?", "second.", "three?", "third.", system="S")
    whole = one(document, by)
    two = len(one(said("one?", "first.", "two?", "second.", system="S"), by).ids)
    assert not whole.shortened
    short = one(document, by, longest=two)
    assert learned(short, by) == ["first.<|end|>", "second.<|end|>"]
    assert short.shortened
    assert len(short.ids) == two
    oldest = one(document, by, longest=two + 3, truncate="oldest")
    assert learned(oldest, by) == ["second.<|end|>", "third.<|end|>"]
    assert by.decode(oldest.ids).startswith("S")
    cut = one(document, by, longest=two - 3, truncate="cut")
    assert len(cut.ids) == two - 3
    assert learned(cut, by) == ["first.<|end|>", "secon"]
    assert not cut.ends(by.stop_ids)
    assert one(document, by, longest=two, truncate="drop") is None
    assert one(document, by, longest=5) is None
    assert one(document, by, longest=5, truncate="oldest") is None
    assert one(document, by, longest=3, truncate="cut") is None
    assert one(document, by, longest=len(whole.ids), truncate="drop").ids == whole.ids
