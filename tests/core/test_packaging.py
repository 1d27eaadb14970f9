"""What a wheel carries: the shipped settings are found and valid away from the checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LOOK = """
from core.settings.load import load_subject
from core.settings.names import list_settings
from core.workspace import SHIPPED, Workspace
import core
print(SHIPPED)
for item in list_settings(Workspace.find(".")):
    load_subject(item.subject, item.name, Workspace.find("."))
    print(item.subject, item.name, item.shipped)
"""


def test_settings_are_found_without_the_checkout(tmp_path):
    source, built, elsewhere = tmp_path / "source", tmp_path / "built", tmp_path / "elsewhere"
    source.mkdir()
    elsewhere.mkdir()
    for name in (
        "core",
        "tui",
        "configs",
        "checkpoints/tale-chat",
        "pyproject.toml",
        "setup.py",
        "MANIFEST.in",
        "LICENSE",
        "README.md",
    ):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).is_file():
            shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "setup.py", "-q", "build", "--build-lib", str(built)]
    done = subprocess.run(build, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    environment = {**os.environ, "PYTHONPATH": str(built)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOOK], cwd=elsewhere, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == str(built / "core" / "shipped" / "configs")
    assert "training demo True" in lines
    assert len(lines) - 1 == len(list((ROOT / "configs").rglob("*.yaml")))
    assert (built / "core" / "shipped" / "checkpoints" / "tale-chat" / "model.safetensors").is_file()
    assert (built / "tui" / "app.tcss").is_file()
    assert (built / "tui" / "screens" / "monitor" / "monitor.tcss").is_file()
