"""What `auto` chooses, that it says why, and that the trial changes nothing."""

import pytest
import torch

from core.cancel import Cancel
from core.errors import OgiveError
from core.runs.info import RunInfo
from core.runs.writer import RunWriter
from core.training import precision
from core.training.assemble import assemble
from core.training.job import create_run, execute
from core.training.precision import choose
from core.training.records import Records


@pytest.fixture
def ready(recipe, workspace):
    """A loop about to train, with dropout, so that a trial would draw random numbers."""
    run = create_run(recipe(dropout=0.2), workspace)
    with RunWriter.open(run) as writer:
        loop = assemble(Records(writer), Cancel())
        loop.weights.model.train()
        yield loop


def fetch(loop):
    return lambda: loop.stepper.objective.batch(0, 8)


def auto(loop, **changes):
    return loop.training.model_copy(update={"precision": "auto", "compile": "auto", **changes})


def test_few_steps_are_not_worth_compiling(ready):
    chosen = choose(ready.stepper, auto(ready), fetch(ready), 20, {})
    assert chosen["compile"]["chosen"] == "off"
    assert "only 20 steps" in chosen["compile"]["why"]


def test_compile_time_is_weighed_against_the_steps_to_come(ready):
    chosen = choose(ready.stepper, auto(ready), fetch(ready), 200, {})["compile"]
    assert chosen["chosen"] == "off"
    assert chosen["plain_ms"] > 0
    assert "200 steps of" in chosen["why"]


def test_a_trial_changes_no_weight_no_gradient_and_no_random_number(ready):
    before = {name: tensor.clone() for name, tensor in ready.weights.model.state_dict().items()}
    state = torch.get_rng_state()
    choose(ready.stepper, auto(ready), fetch(ready), 200, {})
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], tensor) for name, tensor in ready.weights.model.state_dict().items())
    assert all(parameter.grad is None for parameter in ready.weights.model.parameters())


def test_earlier_choices_stand_for_auto_and_give_way_to_settings(ready):
    earlier = {
        "precision": {"chosen": "bf16", "why": "measured once"},
        "compile": {"chosen": "off", "why": "measured once"},
    }
    chosen = choose(ready.stepper, auto(ready), fetch(ready), 10_000, earlier)
    assert chosen == earlier
    assert ready.stepper.precision == "bf16"
    chosen = choose(ready.stepper, auto(ready, precision="fp32"), fetch(ready), 10_000, earlier)
    assert chosen["precision"] == {"chosen": "fp32", "why": "asked for in the settings"}
    assert ready.stepper.precision == "fp32"


def test_bf16_is_tried_only_where_the_processor_has_it(ready, monkeypatch):
    monkeypatch.setattr(precision, "bf16_pays", lambda device: False)
    chosen = choose(ready.stepper, auto(ready), fetch(ready), 200, {})["precision"]
    assert chosen["chosen"] == "fp32"
    assert "no bfloat16" in chosen["why"]
    monkeypatch.setattr(precision, "bf16_pays", lambda device: True)
    chosen = choose(ready.stepper, auto(ready), fetch(ready), 200, {})["precision"]
    assert chosen["chosen"] in ("fp32", "bf16")
    assert {"fp32_ms", "bf16_ms"} <= chosen.keys()
    assert ready.stepper.precision == chosen["chosen"]


def test_a_machine_that_cannot_compile(ready, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("no C++ compiler was found\nlong trace")

    monkeypatch.setattr(torch, "compile", lambda function, **options: fail)
    with pytest.raises(OgiveError, match=r"torch\.compile does not work here: no C\+\+ compiler.*compile=off"):
        choose(ready.stepper, auto(ready, compile="on"), fetch(ready), 200, {})
    chosen = choose(ready.stepper, auto(ready), fetch(ready), 100_000_000, {})["compile"]
    assert chosen["chosen"] == "off"
    assert "does not work here" in chosen["why"]
    assert torch.isfinite(ready.stepper.step(fetch(ready)(), 1.0)).all()


def test_choices_are_in_the_header_and_used_again(recipe, workspace):
    run = create_run(recipe(compile="auto", precision="auto"), workspace)
    cancel = Cancel()

    def stop(kind, record):
        if kind == "metrics":
            cancel.request("test")

    assert execute(run, cancel, stop) == "stopped"
    first = RunInfo.read(run)
    assert first.choices["precision"]["why"]
    assert first.choices["compile"]["chosen"] == "off"
    assert execute(run) == "finished"
    assert RunInfo.read(run).choices == first.choices


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
def test_compiled_steps_equal_plain_ones(recipe, workspace, monkeypatch, backend):
    """Traced by torch.compile, the losses are those of the plain run."""
    monkeypatch.setattr(precision, "BACKEND", backend)
    torch.compiler.reset()
    plain, compiled = (create_run(recipe(steps=10, compile=choice), workspace) for choice in ("off", "on"))
    records = {}
    for run in (plain, compiled):
        kept = records[run] = []

        def listen(kind, record, kept=kept):
            if kind == "metrics" and "loss" in record:
                kept.append(record["loss"])

        assert execute(run, listen=listen) == "finished"
    assert RunInfo.read(compiled).choices["compile"]["chosen"] == "on"
    assert records[plain] == pytest.approx(records[compiled], rel=1e-4)
