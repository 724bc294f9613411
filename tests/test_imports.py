"""What runs where torch does not: formulas, data and widgets come without it, and without plots."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "matplotlib", "sklearn", "scipy")


@pytest.mark.parametrize(
    "modules",
    [
        ("lib.formulas.cnn", "lib.formulas.rnn", "lib.formulas.attention", "lib.formulas.training"),
        ("lib.formulas.transformer", "lib.formulas.bert", "lib.formulas.ngram", "lib.data.masking"),
        ("lib.checks.cnn", "lib.checks.rnn", "lib.checks.attention", "lib.checks.transformer"),
        ("lib.data.digits", "lib.data.photographs", "lib.data.docstrings", "lib.data.sequences"),
        ("lib.widgets",),
    ],
)
def test_importing_stays_light(modules):
    program = f"import sys, {', '.join(modules)}; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [name for name in HEAVY if name in done.stdout.split()] == []
