import pytest

from core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def recipe(tmp_path):
    """Writes a recipe into the workspace and returns its file."""

    def write(text, name="mine", subject="training"):
        path = tmp_path / "configs" / subject / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write
