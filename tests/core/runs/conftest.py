import pytest

from core.runs.writer import RunWriter
from core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def make(workspace):
    """Makes a run of the given name; closed at the end of the test."""
    made = []

    def create(name="tale", steps=100, **fields):
        writer = RunWriter.create(workspace, name, {"training": {"steps": steps}}, **fields)
        made.append(writer)
        return writer

    yield create
    for writer in made:
        writer.close()
