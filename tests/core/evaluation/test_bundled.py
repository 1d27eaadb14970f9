"""The bundled model is what its measured.json says: it answers, abstains, and speaks in four voices."""

from __future__ import annotations

import json

import pytest

from core.data.demo import documents
from core.data.demo_voices import VOICES
from core.evaluation import perplexity, talk
from core.models.catalog import resolve_model
from core.models.loading import LoadedModel, load
from core.runs.registry import list_runs
from core.workspace import SHIPPED, Workspace

FOLDER = SHIPPED.parent / "checkpoints" / "tale-chat"


@pytest.fixture(scope="module")
def bundled() -> LoadedModel:
    return load(FOLDER)


def test_a_workspace_without_models_talks_to_it(tmp_path) -> None:
    entry = resolve_model(Workspace(tmp_path), None)
    assert (entry.name, entry.source, entry.parameters) == ("tale-chat", "bundled", 3_672_576)
    assert list_runs(Workspace(SHIPPED.parent)) == [] or all(
        run.id != "tale-chat" for run in list_runs(Workspace(SHIPPED.parent))
    )


def test_it_answers_abstains_and_speaks_in_four_voices(bundled: LoadedModel) -> None:
    found = talk.evaluate(bundled, limit=60, voices=160)
    assert found.accuracy >= 0.9
    assert found.abstained / found.unanswerable >= 0.9
    assert all(0.15 <= found.voices[voice] <= 0.35 for voice in VOICES)


def test_the_measured_loss_is_measured_again(bundled: LoadedModel) -> None:
    kept = json.loads((FOLDER / "measured.json").read_text())
    found = perplexity.evaluate(bundled, documents(1, kept["loss"]["documents"], "held-out", "all")).as_json()
    assert found["loss"] == pytest.approx(kept["loss"]["loss"], abs=2e-4)
    assert kept["talk"]["accuracy"] >= 0.9


def test_it_is_small_and_tells_where_it_comes_from() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size <= 16_000_000
    talked, told = (json.loads((FOLDER / name).read_text()) for name in ("run.json", "run-tales.json"))
    assert (talked["stage"], told["stage"]) == ("sft", "pretrain")
    assert told["settings"]["training"]["steps"] == told["step"] == 3000
