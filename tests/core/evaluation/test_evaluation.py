"""Loss against transformers' own, and the talk suite on a tiny model that was really taught."""

from __future__ import annotations

import json
import math

import pytest
import torch

from core.cancel import Cancel, Stopped
from core.cli.main import main
from core.data.demo import documents, questions
from core.data.documents import Document
from core.errors import OgiveError
from core.evaluation import perplexity, talk
from core.models.decoder import Decoder
from core.models.folder import save_model
from core.models.loading import LoadedModel, load
from core.settings.model import ModelSettings
from core.settings.tokenizer import TokenizerSettings
from core.tokenization.build import build


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    tokenizer = build(TokenizerSettings(name="bytes"), ())
    torch.manual_seed(0)
    decoder = Decoder(ModelSettings(layers=2, hidden_size=32, heads=2, context=96), tokenizer.vocab_size)
    folder = tmp_path_factory.mktemp("model")
    save_model(decoder, tokenizer, folder)
    return load(folder)


def test_the_loss_is_that_of_transformers_one_document_at_a_time(loaded: LoadedModel) -> None:
    from core.models.huggingface import DecoderForCausalLM

    read = [Document("The crow said nothing."), Document("A short one."), Document("x" * 300)]
    found = perplexity.evaluate(loaded, read)
    model = DecoderForCausalLM.from_pretrained(loaded.path)
    nats = tokens = 0.0
    for document in read:
        ids = [*loaded.tokenizer.encode(document.text or ""), loaded.tokenizer.eos_id][: loaded.context]
        row = torch.tensor([ids])
        with torch.no_grad():
            nats += float(model(input_ids=row, labels=row).loss) * (len(ids) - 1)
        tokens += len(ids) - 1
    assert found.tokens == tokens
    assert found.nats == pytest.approx(nats, rel=1e-5)
    assert found.bytes == 22 + 12 + round(300 * 96 / 301)
    shown = found.as_json()
    assert shown["perplexity"] == pytest.approx(math.exp(nats / tokens), rel=1e-3)
    assert shown["bits_per_byte"] == pytest.approx(nats / math.log(2) / found.bytes, rel=1e-3)


def test_no_text_is_said(loaded: LoadedModel) -> None:
    with pytest.raises(OgiveError, match="no text to measure"):
        perplexity.evaluate(loaded, [Document("")])


def test_the_talk_suite_asks_held_out_questions_and_counts_each_reply_once(loaded: LoadedModel) -> None:
    told: list[tuple[str, int, int]] = []
    found = talk.evaluate(loaded, limit=3, voices=8, told=lambda *each: told.append(each))
    assert (found.answered, found.unanswerable, found.replies) == (3, 3, 8)
    assert sum(found.voices.values()) == pytest.approx(1.0)
    assert len(found.wrong) == found.answered - found.right
    assert {question for question, _ in found.wrong} <= {question.text for question in questions()}
    assert told[0] == ("questions", 1, 6)
    assert told[-1] == ("voices", 2, 2)
    assert talk.evaluate(loaded, limit=3, voices=8) == found


def test_entropy_is_two_bits_for_an_even_mixture_and_nothing_for_one_voice() -> None:
    even = talk.Talk(1, 1, 1, 1, 0, {"gothic": 0.2, "merry": 0.2, "terse": 0.2, "courtly": 0.2, "none": 0.2}, 5, ())
    one = talk.Talk(1, 1, 1, 1, 0, {"gothic": 1.0, "merry": 0.0, "terse": 0.0, "courtly": 0.0, "none": 0.0}, 5, ())
    assert even.entropy == pytest.approx(2.0)
    assert one.entropy == 0.0


def test_it_stops_when_asked(loaded: LoadedModel) -> None:
    cancel = Cancel()
    cancel.request("by hand")
    with pytest.raises(Stopped):
        talk.evaluate(loaded, limit=3, voices=8, cancel=cancel)
    with pytest.raises(Stopped):
        perplexity.evaluate(loaded, documents(1, 10, "held-out"), cancel)


def test_the_command_shows_what_the_function_finds(
    loaded: LoadedModel, capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    text = tmp_path / "a.txt"
    text.write_text("The crow said nothing.")
    assert main(["evaluate", "loss", loaded.path, "--text", str(text), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["loss"] == perplexity.evaluate(loaded, [Document("The crow said nothing.")]).as_json()["loss"]
    assert main(["evaluate", "talk", loaded.path, "--limit", "2", "--voices", "8"]) == 0
    assert "accuracy" in capsys.readouterr().out
    assert main(["evaluate", "songs", loaded.path]) == 2
