"""Small tokenizers of every kind, made once."""

import pytest
from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from core.tokenization import bpe, byte, characters
from core.tokenization.tokenizer import Names, Tokenizer

TEXTS = [
    "The lamp went out, and the lord of the tower said nothing; he'd seen 1412 winters and it's been enough.\n",
    "\n\nAnd the rain  fell upon the tower, and the tower stood.   So it was. They'll say we've lied.\t\n",
    "Glück, café, naïve: ☃ snow and 🦇 bats. The tower, the tower, the tower!",
] * 3

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim "
    "+ '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


@pytest.fixture(scope="session")
def own() -> dict[str, Tokenizer]:
    return {
        "bpe": bpe.train(TEXTS, vocab_size=340),
        "bytes": byte.build(),
        "characters": characters.train(TEXTS),
        "marked": bpe.train(
            TEXTS, vocab_size=340, split_digits=True, special_tokens=["<|scene|>", "the lord"], special_pattern=r"w\w+t"
        ),
    }


@pytest.fixture
def foreign_byte_level() -> Tokenizer:
    """Like the tokenizers of today's chat models: byte-level, ChatML, pad and eos of its own."""
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    names = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=[AddedToken(name, special=True, normalized=False) for name in names],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(TEXTS, trainer)
    return Tokenizer(backend, "pretrained", Names(None, "<|im_end|>", "<|im_end|>", roles={}), CHATML)


@pytest.fixture(scope="session")
def foreign_sentencepiece() -> Tokenizer:
    """Like Llama 2's: a mark for the space, bytes as a way out, a token before every text."""
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *"Theowr"]
    model = models.BPE(vocab={name: number for number, name in enumerate(names)}, merges=[])
    model.byte_fallback, model.unk_token = True, "<unk>"
    backend = Backend(model)
    backend.add_special_tokens(["<unk>", "<s>", "</s>"])
    backend.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first")
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return Tokenizer(backend, "pretrained", Names(None, "</s>", "</s>", "<unk>", "<s>", {}), None)
