"""The recipe being edited: values as typed, complaints beside their fields, and the command that says the same."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.settings.load import load_run
from core.settings.run import RunSettings
from core.settings.store import save_version
from core.workspace import Workspace
from tui.draft import Draft, read, write
from tui.estimate import Speed, estimate, measured, vocabulary


@pytest.fixture
def draft() -> Draft:
    return Draft(RunSettings(name="tale"))


def test_a_value_given_as_text_reaches_the_settings(draft: Draft) -> None:
    assert draft.put("training.lr", "3e-3") == ""
    assert draft.put("model.tied", "false") == ""
    assert draft.put("training.sample_prompts", '"Once", "The crow said"') == ""
    assert draft.put("model.ffn_size", "640") == ""
    assert draft.put("model.ffn_size", "") == ""
    assert draft.settings.training.lr == 3e-3
    assert draft.settings.model.tied is False
    assert draft.settings.training.sample_prompts == ["Once", "The crow said"]
    assert draft.settings.model.ffn_size is None
    assert draft.changes == 3


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("training.steps", "many", "must be a whole number, at least 1, not 'many'"),
        ("training.steps", "0", "must be at least 1, not 0"),
        ("training.lr", "fast", "must be a number"),
        ("model.tied", "perhaps", "must be true or false"),
        ("name", "two words", "may hold only letters"),
        ("training.precision", "fp7", "must be one of auto, fp32, bf16"),
        ("model.positions.theta", "0.5", "must be at least 1"),
        ("data.sources", "demo, dmo", "must be some of"),
        ("data.sources", "", "at least one entry"),
        ("model.heads", "7", "hidden_size 256 is not a multiple of heads 7"),
        ("training.context", "512", "longer than model.context"),
        ("training.micro_batch_size", "5", "not a multiple of micro_batch_size"),
    ],
)
def test_a_complaint_stands_at_its_field(draft: Draft, path: str, text: str, told: str) -> None:
    tried = draft.try_out(path, text)
    assert draft.valid, "trying out must change nothing"
    assert told in tried
    assert draft.put(path, text) == tried
    assert list(draft.problems) == [path]
    assert draft.text(draft.field(path)) == text
    draft.reset(path)
    assert draft.valid
    assert draft.changes == 0


def test_two_fields_that_must_agree_may_disagree_for_a_while(draft: Draft) -> None:
    assert "not a multiple" in draft.put("model.hidden_size", "260")
    assert draft.put("training.lr", "0.002") == ""
    assert not draft.valid
    draft.put("model.heads", "10")
    assert draft.valid
    assert (draft.settings.model.hidden_size, draft.settings.model.heads) == (260, 10)
    assert draft.settings.training.lr == 0.002


def test_a_brick_brings_its_own_options(draft: Draft) -> None:
    paths = {info.path for info in draft.fields}
    assert "training.optimizer.momentum" not in paths
    draft.put("model.heads", "7")
    draft.put("training.optimizer", "muon")
    paths = {info.path for info in draft.fields}
    assert "training.optimizer.momentum" in paths, "also while another field is wrong"
    draft.put("training.optimizer.momentum", "0.9")
    draft.put("training.optimizer", "adamw")
    assert "training.optimizer.momentum" not in {info.path for info in draft.fields}
    draft.put("model.heads", "8")
    assert draft.settings.training.optimizer.name == "adamw"


def test_sources_can_be_added_and_their_options_set(draft: Draft) -> None:
    draft.put("data.sources", "demo, files")
    draft.put("data.sources.1.path", "tales.txt")
    draft.put("data.sources.0.seed", "7")
    assert draft.valid
    assert [source.name for source in draft.settings.data.sources] == ["demo", "files"]
    assert draft.settings.data.sources[1]["path"] == "tales.txt"
    assert draft.settings.data.sources[0]["seed"] == 7


def test_remembered_values_that_no_longer_fit_are_left(workspace: Workspace) -> None:
    draft = Draft.begin(workspace, tree={"model": {"layers": "many"}})
    assert draft.valid
    assert draft.changes == 0


CHANGES = {
    "training.steps": st.integers(1, 9999).map(str),
    "training.lr": st.floats(1e-6, 1.0).map(repr),
    "training.optimizer": st.sampled_from(["muon", "adamw"]),
    "training.schedule": st.sampled_from(["wsd", "cosine"]),
    "training.schedule.warmup": st.integers(0, 500).map(str),
    "training.micro_batch_size": st.sampled_from(["", "8", "16"]),
    "training.sample_prompts": st.sampled_from(['"Once"', '"a, b", "c=d"', ""]),
    "model.norm": st.sampled_from(["layernorm", "rmsnorm"]),
    "model.norm.eps": st.sampled_from(["1e-4", "0.001"]),
    "model.tied": st.sampled_from(["true", "false"]),
    "tokenizer": st.sampled_from(["bytes", "bpe"]),
    "data.sources": st.sampled_from(["demo", "demo, files", "files"]),
    "data.sources.0.seed": st.integers(0, 99).map(str),
    "training.loggers": st.sampled_from(["", "tensorboard"]),
    "description": st.sampled_from(["", "a small one"]),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_command_makes_the_same_run(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("w"))
    save_version(RunSettings(name="fable"), workspace)
    draft = Draft.begin(workspace, "fable")
    for path in data.draw(st.lists(st.sampled_from(list(CHANGES)), max_size=6)):
        if any(info.path == path for info in draft.fields):
            draft.put(path, data.draw(CHANGES[path]))
    if not draft.valid:
        return
    words = shlex.split(draft.command())
    assert words[:3] == ["ogive", "train", "fable"]
    overrides = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    made = load_run(words[2], workspace, overrides)
    assert made.model_dump() == draft.settings.model_dump()


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_survive_being_written(number: float) -> None:
    kind = "integer" if isinstance(number, int) else "number"
    info = Draft(RunSettings()).field("training.steps")
    made = read(type(info)(**{**info.__dict__, "kind": kind}), write(number))
    assert made == number


def test_estimate_adds_up() -> None:
    found = estimate(RunSettings())
    assert found.count.parameters == sum(part.parameters for part in found.count.parts)
    assert found.memory.total == sum(found.memory.terms.values()) - found.memory.spared
    assert found.tokens_per_step == 32 * 256
    assert found.seconds is not None
    assert found.seconds[0] < found.seconds[1]
    assert "guess" in found.basis


def test_time_follows_the_measured_speed() -> None:
    found = estimate(RunSettings(), Speed("cpu", 1e12, 4))
    assert found.seconds == (found.total_flops / 1e12,) * 2
    assert "4 past runs" in found.basis


def test_time_on_an_unmeasured_gpu_is_not_guessed() -> None:
    found = estimate(RunSettings(), cuda=True)
    assert found.seconds is None
    assert "GPU" in found.basis


def test_speed_is_read_from_past_runs(workspace: Workspace, add_run) -> None:
    recipe = RunSettings()
    folder: Path = add_run("1120-0931-tale", settings=recipe.model_dump(mode="json"))
    add_run("1120-0932-elsewhere", host="another-host")
    lines = [f'{{"step":{i},"tokens_per_s":{1000 + i}}}' for i in range(9)]
    (folder / "metrics.jsonl").write_text("\n".join(["torn", *lines, '{"step":9,"tok']))
    (speed,) = measured(workspace)
    per_token = estimate(recipe).count.training_flops
    assert speed.device == "cpu"
    assert speed.rate == pytest.approx(1004 * per_token, rel=1e-3)


def test_vocabulary_says_when_it_is_a_guess() -> None:
    made = RunSettings.model_validate({"tokenizer": {"name": "bpe", "vocab_size": 512}})
    assert vocabulary(made.tokenizer) == (512, True)
    assert vocabulary(RunSettings.model_validate({"tokenizer": "bytes"}).tokenizer) == (262, True)
    assert vocabulary(RunSettings.model_validate({"tokenizer": "characters"}).tokenizer)[1] is False
