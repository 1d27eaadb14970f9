"""The shipped recipes for character-level Shakespeare keep to what they are compared by."""

from __future__ import annotations

import pytest

from core.models.counting import count
from core.settings.load import load_run
from core.workspace import Workspace

VOCABULARY = 72  # 65 characters and the special tokens


@pytest.mark.parametrize("name", ["shakespeare", "shakespeare-long"])
def test_sizes_and_split(name, tmp_path):
    recipe = load_run(name, Workspace(tmp_path), ["data.sources.0.path=some.txt"])
    assert count(recipe.model, VOCABULARY).parameters <= 800_000
    assert recipe.model.context == 64
    assert recipe.data.sources[0]["path"] == "some.txt"
    assert (recipe.data.held_out, recipe.data.split_by) == (0.1, "position")
    assert recipe.training.eval_tokens is None
