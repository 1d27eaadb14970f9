"""Our merging equals the library's trainer: the same vocabulary and ids, the same merges in the same order."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from core.tokenization import bpe
from core.tokenization.specials import SPECIALS


def library(texts, vocab_size, min_frequency):
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        special_tokens=[AddedToken(name, special=True, normalized=False) for name in SPECIALS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return json.loads(backend.to_str())


@pytest.mark.parametrize("min_frequency", [1, 2, 5])
@given(
    words=st.lists(st.text("ab c", min_size=1, max_size=9), min_size=1, max_size=30),
    others=st.lists(
        st.sampled_from(["it's", "Ünï", "日本 日本", "a\n\nb", "\t", "1 12", "--", "the tower"]), max_size=6
    ),
    size=st.integers(264, 320),
)
def test_the_same_as_the_library(words, others, size, min_frequency):
    texts = [" ".join(words), *others, "".join(words)]
    ours = json.loads(bpe.train(texts, size, min_frequency).backend.to_str())
    assert ours == library(texts, size, min_frequency)


def test_the_same_on_a_corpus():
    from core.data.demo import documents

    texts = [document.plain() for document in documents(1, 600)]
    ours = json.loads(bpe.train(texts, 1500).backend.to_str())
    assert ours == library(texts, 1500, 2)
