"""A tiny recipe on a small text, and the bytes that a run ends with."""

import random
from pathlib import Path

import pytest

from core.settings.run import RunSettings
from core.training import checkpoint
from core.training.job import create_run, execute
from core.workspace import Workspace

WORDS = ("the", "raven", "sat", "upon", "a", "grey", "tower", "and", "sang", "of", "iron", "roses", "while", "rain")


@pytest.fixture(scope="session")
def text(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("text") / "tales.txt"
    draw = random.Random(5)
    path.write_text("\n\n".join(" ".join(draw.choices(WORDS, k=30)) + "." for _ in range(60)))
    return path


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def recipe(text):
    """`recipe(steps=20, dropout=0.1, optimizer="muon", ...)`: keys of model, or of training."""

    def make(**changes) -> RunSettings:
        model = {"layers": 2, "hidden_size": 32, "heads": 2, "context": 16}
        training = {
            "steps": 20,
            "batch_size": 8,
            "lr": 3e-3,
            "schedule": {"name": "cosine", "warmup": 2},
            "eval_every": 10,
            "eval_tokens": 512,
            "save_every": 10,
            "sample_every": 0,
            "device": "cpu",
            "compile": "off",
            "precision": "fp32",  # auto measures, and may choose otherwise the next time
        }
        for key, value in changes.items():
            (model if key in type(RunSettings().model).model_fields and key != "context" else training)[key] = value
        return RunSettings.model_validate(
            {
                "name": "tiny",
                "model": model,
                "tokenizer": "bytes",
                "data": {"sources": [{"name": "files", "path": str(text), "documents": "blank-line"}]},
                "training": training,
            }
        )

    return make


@pytest.fixture
def train(workspace):
    """Make and train a run; its folder."""

    def run(settings, **arguments) -> Path:
        folder = create_run(settings, workspace)
        execute(folder, **arguments)
        return folder

    return run


def outcome(run: Path) -> dict[str, bytes]:
    """Every byte of the final model and of the trainer's tensors."""
    folder = checkpoint.pointed(run, "final")
    assert folder is not None
    return {name: (folder / name).read_bytes() for name in ("model.safetensors", "trainer.safetensors")}


@pytest.fixture(name="outcome")
def _outcome():
    return outcome
