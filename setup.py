"""Puts the shipped settings and the bundled model inside the package when a wheel is built; see pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithSettings(build_py):
    """A checkout (also an editable install) reads them where they lie; a wheel carries a copy in core/shipped/."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shipped = Path(self.build_lib) / "core" / "shipped"
            for folder in ("configs", "checkpoints/tale-chat"):
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(folder, shipped / folder, dirs_exist_ok=True, ignore=ignored)


setup(cmdclass={"build_py": BuildWithSettings})
