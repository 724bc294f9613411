"""What runs where torch does not: formulas, data and widgets come without it, and without plots."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "matplotlib", "sklearn", "scipy")


@pytest.mark.parametrize(
    "modules",
    [
        (
            "large_models.formulas.cnn",
            "large_models.formulas.rnn",
            "large_models.formulas.attention",
            "large_models.formulas.training",
        ),
        (
            "large_models.formulas.transformer",
            "large_models.formulas.bert",
            "large_models.formulas.ngram",
            "large_models.data.masking",
        ),
        (
            "large_models.checks.cnn",
            "large_models.checks.rnn",
            "large_models.checks.attention",
            "large_models.checks.transformer",
        ),
        (
            "large_models.data.digits",
            "large_models.data.photographs",
            "large_models.data.docstrings",
            "large_models.data.sequences",
        ),
        ("large_models.widgets",),
    ],
)
def test_importing_stays_light(modules):
    program = f"import sys, {', '.join(modules)}; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [name for name in HEAVY if name in done.stdout.split()] == []
