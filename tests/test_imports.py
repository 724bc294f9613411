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
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [name for name in HEAVY if name in done.stdout.split()] == []


MISSING = ("torch", "tokenizers", "lzma", "safetensors")
BLOCK = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {MISSING!r}:
            raise ImportError(f"{{name}} is not here")
sys.meta_path.insert(0, Missing())
for name in [name for name in sys.modules if name.split(".")[0] in {MISSING!r}]:
    del sys.modules[name]
"""
EVERYTHING = """
import importlib, pkgutil
for room in ("formulas", "data", "checks", "plots", "widgets"):
    package = importlib.import_module("large_models." + room)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
from large_models import widgets
built = [getattr(widgets, name)() for name in widgets.__all__ if name != "BookWidget"]
assert len(built) >= 15 and all(repr(widget) for widget in built)
gpt = widgets.GenerationView(prompt="Returns the number of", text=" elements")
assert gpt.token_ids and abs(gpt.probabilities.sum() - 1) < 1e-4
bert = widgets.BertLive(text="Returns the [MASK] of the array.", masked=None)
assert bert._first[0]["answers"]
"""
FORMULAS = """
import numpy as np
from large_models.files import weights
from large_models.formulas import (attention, bert, budget, cnn, compression, explanation, games,
    growth, ngram, pooling, privacy, rnn, scaling, self_play, spectrogram, training, transformer)
from large_models.data.training_runs import GPT3
r = np.random.default_rng(0).normal
x, w = r(size=(1, 2, 6, 6)), r(size=(3, 2, 3, 3))
y = cnn.conv2d(x, w, padding=1)
assert np.allclose(y, cnn.conv2d_loops(x, w, padding=1))
assert [g.shape for g in cnn.conv2d_backward(y, x, w, padding=1)] == [x.shape, w.shape, (3,)]
assert pooling.max_pool2d(x, 2).shape == pooling.avg_pool2d(x, 2).shape == (1, 2, 3, 3)
q = r(size=(1, 5, 4))
assert np.allclose(attention.scaled_dot_product_attention(q, q, q),
                   attention.attention_streaming(q, q, q, block_size=2))
model = bert.read(weights("bert-docs"))
states, maps = bert.hidden_states(model, np.array([[2, 100, 4, 3]]))
assert np.isfinite(bert.masked_logits(model, states[-1, 0])).all()
assert budget.days(GPT3.plan) > 1 and budget.memory(GPT3.plan)
assert compression.compress(w, 4, share=0.5).shape == w.shape
assert explanation.rollout(np.full((2, 1, 3, 3), 1 / 3)).shape[-2:] == (3, 3)
assert games.worth(games.EMPTY) == 0 and len(self_play.learn(30, keep=(0,))[30]) == 765
growth.fit_growth([2000, 2001, 2002, 2003], [1, 2, 4, 9])
tokens = np.random.default_rng(0).integers(0, 5, 300)
assert (ngram.KneserNey(tokens, 2, 6).probabilities(tokens[:3]) > 0).all()
assert privacy.clip_rows(r(size=(4, 3)), 1.0).shape == (4, 3)
assert 0 <= privacy.auc(r(size=9), r(size=9)) <= 1
assert spectrogram.spectrogram(r(size=400), 64, 32).ndim == 2
scaling.fit([1, 2, 4, 8, 16, 32], [9, 3, 8, 4, 7, 5], [4, 3.9, 3.5, 3.4, 3.2, 3.1])
assert training.cross_entropy(r(size=(3, 4)), np.array([0, 1, 2])) > 0
assert transformer.sinusoidal_positions(5, 4).shape == (5, 4)
weight = rnn.Weights(r(size=(12, 2)), r(size=(12, 3)), r(size=12), r(size=12))
assert rnn.lstm(r(size=(1, 5, 2)), weight)[0].shape == (1, 5, 3)
"""


@pytest.mark.parametrize("program", [EVERYTHING, FORMULAS], ids=["everything", "formulas"])
def test_what_is_optional_may_be_missing(program):
    command = [sys.executable, "-c", BLOCK + program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
