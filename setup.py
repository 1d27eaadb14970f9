"""Puts the shipped settings (configs/) inside the package when a wheel is built; all else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithSettings(build_py):
    """A checkout (also an editable install) reads configs/ where it lies; a wheel carries a copy in core/shipped/."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "core" / "shipped" / "configs"
            shutil.copytree("configs", target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))


setup(cmdclass={"build_py": BuildWithSettings})
