"""What pyproject.toml cannot say: a wheel carries a copy of weights/ inside the package."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithWeights(build_py):
    """Copies weights/ to large_models/shipped, where `large_models.files` looks."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:  # a checkout has them already
            goal = Path(self.build_lib) / "large_models" / "shipped"
            shutil.rmtree(goal, ignore_errors=True)
            shutil.copytree("weights", goal)


setup(cmdclass={"build_py": WithWeights})
