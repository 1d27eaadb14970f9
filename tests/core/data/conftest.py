"""A workspace and a few files of text."""

from pathlib import Path

import pytest

from core.settings.data import DataSettings
from core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def lines(tmp_path) -> Path:
    """300 different lines, one of them ten times over."""
    path = tmp_path / "lines.txt"
    every = [f"Line {number} of the old song, with {number * number} bells.\n" for number in range(290)]
    path.write_text("".join(every[:150] + ["The refrain.\n"] * 10 + every[150:]))
    return path


def settings(path, *, unit="auto", column="", **fields) -> DataSettings:
    source = {"name": "files", "path": str(path), "documents": unit, "column": column}
    return DataSettings.model_validate({"sources": [source], **fields})


@pytest.fixture
def files_settings():
    return settings
