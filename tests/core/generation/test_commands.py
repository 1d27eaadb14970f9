"""Slash commands: the table, completion, and settings that say their range."""

from __future__ import annotations

import pytest

from core.errors import OgiveError
from core.generation import commands
from core.settings.sampling import SamplingSettings


def test_every_sampling_setting_has_its_command() -> None:
    assert {one.field for one in commands.COMMANDS.values() if one.field} == set(SamplingSettings.model_fields)
    asked = {"temp", "topk", "topp", "minp", "rep", "max", "seed", "system", "model", "models", "reset", "save"}
    assert asked | {"params", "help", "quit"} <= set(commands.COMMANDS)


def test_parsing() -> None:
    command, argument = commands.parse("  /TEMP   0.9 ")
    assert (command.field, argument) == ("temperature", "0.9")
    assert commands.parse("/system You are a crow. Speak.")[1] == "You are a crow. Speak."
    with pytest.raises(OgiveError, match="/temp"):
        commands.parse("/tmep 1")


def test_completion_is_by_the_beginning_and_ends_with_the_argument() -> None:
    assert [one.name for one in commands.completions("/to")] == ["topk", "topp"]
    assert len(commands.completions("/")) == len(commands.COMMANDS)
    for text in ("", "hello", "/temp 0", "/to\nx", "/xyz"):
        assert commands.completions(text) == []


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("temp", "0.9", 0.9), ("temp", "0,9", 0.9), ("topk", "40", 40), ("seed", "7", 7), ("seed", "off", None)],
)
def test_changing_a_setting(name: str, text: str, value: float | None) -> None:
    field = commands.COMMANDS[name].field
    before = SamplingSettings(seed=3)
    after = commands.change(before, field, text)
    assert getattr(after, field) == value
    assert before.seed == 3, "the old settings stay as they were"


@pytest.mark.parametrize("name", [one.name for one in commands.COMMANDS.values() if one.field])
@pytest.mark.parametrize("text", ["soup", "-1", "1e99", "nan"])
def test_a_bad_value_says_the_range(name: str, text: str) -> None:
    field = commands.COMMANDS[name].field
    if text == "1e99" and field == "seed":
        text = "1.5"
    with pytest.raises(OgiveError) as told:
        commands.change(SamplingSettings(), field, text)
    assert text in told.value.message
    assert "at least" in told.value.hint or "more than" in told.value.hint


def test_showing_says_the_value_and_its_unit() -> None:
    assert commands.show(SamplingSettings(), "temperature") == "temperature 0.8"
    assert commands.show(SamplingSettings(), "max_new_tokens") == "max new tokens 200"
    assert "fresh" in commands.show(SamplingSettings(), "seed")


def test_saved_settings_are_taken_as_far_as_they_are_possible() -> None:
    found = commands.known({"temperature": 0.3, "top_k": -4, "gone": 1})
    assert found == SamplingSettings(temperature=0.3)
