"""`ogive pipeline`, `ogive merge`, `--check`, and chatting with an adapter, as a person types them."""

from __future__ import annotations

import json

import pytest

from core.cli.main import main

SMALL = [
    "training.steps=2",
    "training.save_every=2",
    "training.eval_every=2",
    "training.sample_every=0",
    "training.eval_tokens=500",
    "training.batch_size=4",
    "training.compile=off",
    "training.precision=fp32",
    "training.device=cpu",
    "training.context=128",
    "data.sources.0.documents=60",
]


@pytest.fixture(scope="module")
def chained(tmp_path_factory):
    root = tmp_path_factory.mktemp("typed")
    shape = ["model.layers=1", "model.hidden_size=32", "model.heads=2", "model.context=128", "tokenizer=bytes"]
    stages = [
        {"name": "base", "recipe": "demo", "set": [*SMALL, *shape]},
        {"name": "talk", "recipe": "tale-talk", "set": [*SMALL, "adapter.preset=all"]},
    ]
    path = root / "pair.yaml"
    path.write_text(json.dumps({"stages": stages}))
    return root, path


@pytest.fixture
def ogive(chained, capsys):
    def run(*words):
        status = main(["--workspace", str(chained[0]), *map(str, words)])
        out, err = capsys.readouterr()
        return status, out, err

    return run


def test_a_pipeline_in_words_and_json(ogive, chained):
    _, path = chained
    status, out, _ = ogive("pipeline", path, "--status")
    assert status == 0
    assert out.count("waiting") == 2
    status, out, err = ogive("pipeline", path)
    assert (status, err) == (0, "")
    assert "[base] train begins" in out
    assert "of them learned" in out
    assert "[talk] done: " in out
    status, out, _ = ogive("pipeline", path)
    assert out.count("done before") == 2
    status, out, _ = ogive("pipeline", path, "--json")
    stages = json.loads(out)["stages"]
    assert [stage["status"] for stage in stages] == ["done", "done"]
    run = stages[1]["output"]["run"]

    # The adapter can be talked to, looked at and merged.
    status, out, _ = ogive(
        "generate", run, "--prompt", "Who keeps the mill?", "--chat", "--max-new-tokens", "4", "--json"
    )
    assert status == 0
    assert json.loads(out)["samples"][0]["tokens"] <= 4
    status, out, _ = ogive("runs", "show", run)
    assert "of them trained" in out
    status, out, _ = ogive("model", "list")
    assert run in out
    merged = chained[0] / "checkpoints" / "merged"
    status, out, _ = ogive("merge", run, "--out", merged, "--prompt", "Hello")
    assert status == 0
    assert "largest logit gap" in out
    status, out, err = ogive("merge", run, "--out", merged)
    assert status == 2
    assert "is there already" in err
    status, out, _ = ogive("generate", "merged", "--prompt", "A tale", "--max-new-tokens", "2", "--json")
    assert status == 0


def test_a_check_shows_what_is_learned_and_trains_nothing(ogive, chained):
    before = sorted((chained[0] / "checkpoints").glob("*")) if (chained[0] / "checkpoints").exists() else []
    given = ("--set", "data.sources.0.documents=60", "--set", "training.context=128")
    status, out, err = ogive("train", "tale-talk", "--check", "--sample", "3", *given)
    assert (status, err) == (0, "")
    assert "«<|end|>»" in out
    assert "«<|user|>»" not in out
    assert "this one teaches to stop (<|end|> or <|eos|>): yes; of all 100.0% do" in out
    status, out, _ = ogive("data", "check", "tale-talk", "--json", *given)
    found = json.loads(out)
    assert found["ok"]
    assert found["learned"] == sum(part["tokens"] for part in found["stretches"] if part["learned"])
    assert 0 < found["learned"] < found["tokens"]
    status, out, _ = ogive("data", "check", "demo", "--set", "data.sources.0.documents=60", "--set", "tokenizer=bytes")
    assert status == 0
    assert "«<|eos|>»" in out
    cut = ("--set", "training.objective.truncate=cut", "--set", "training.context=48")
    status, _, err = ogive("data", "check", "tale-talk", "--set", "data.sources.0.documents=60", *cut)
    assert status == 2
    assert "stop" in err
    status, _, err = ogive("data", "check", "tale-talk", "--sample", "9999", *given)
    assert status == 2
    assert "no sample 9999" in err
    assert before == (sorted((chained[0] / "checkpoints").glob("*")) if before else [])
