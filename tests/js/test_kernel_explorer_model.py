"""KernelExplorer's model.js against NumPy: pictures, scales, the size of the output."""

import numpy as np
import pytest

from large_models.formulas.pooling import avg_pool2d, max_pool2d
from large_models.widgets.assets import picture
from large_models.widgets.kernel_explorer import KERNELS, KernelExplorer
from tests.js.kernel_layers import CASES, POOLED, SETTINGS, numbers, output_of, run


def test_the_settings_are_the_traits(engine):
    assert tuple(run(engine, "return m.SETTINGS;")) == SETTINGS


@pytest.mark.parametrize("settings", CASES)
def test_the_output_is_numpys(engine, settings):
    explorer = KernelExplorer(**settings)
    shown = run(engine, "return m.picturesOf(layer);", explorer)
    output = output_of(explorer)[0]
    assert shown["out"]["shape"] == list(output.shape) == list(explorer.output_shape)
    np.testing.assert_allclose(shown["out"]["values"], output.ravel(), rtol=1e-5, atol=2e-4)
    np.testing.assert_array_equal(shown["in"]["values"], picture(explorer.photo).ravel())
    assert (shown["in"]["colors"]["scale"], shown["in"]["colors"]["max"]) == ("gray", 255)
    for side, name in [("in", "Input"), ("out", "Output")]:
        H, W = shown[side]["shape"]
        assert (shown[side]["title"], shown[side]["size"]) == (name, f"{H} × {W}")
        assert shown[side]["label"] == f"{name} {H} × {W}. The arrow keys move the window."
        assert shown[side]["blocks"] == (W <= 128)


@pytest.mark.parametrize(("pool", "by_numpy"), [("max", max_pool2d), ("average", avg_pool2d)])
def test_the_pooled_output_is_numpys(engine, pool, by_numpy):
    explorer = KernelExplorer(pool=pool, **POOLED)
    shown = run(engine, "return m.picturesOf(layer);", explorer)
    features = output_of(explorer)
    pooled = by_numpy(features, 3, 2)
    assert shown["out"]["shape"] == list(pooled.shape[1:]) == list(explorer.output_shape)
    np.testing.assert_allclose(shown["in"]["values"], features.ravel(), rtol=1e-5, atol=2e-4)
    np.testing.assert_allclose(shown["out"]["values"], pooled.ravel(), rtol=1e-5, atol=2e-4)
    assert (shown["in"]["title"], shown["out"]["title"]) == ("Features", "Pooled")
    assert shown["in"]["colors"] == shown["out"]["colors"], "one scale for both"


def test_signed_values_have_a_scale_that_one_in_a_hundred_leaves(engine):
    explorer = KernelExplorer()
    output = output_of(explorer)[0]
    colors = run(engine, "return layer.colors.out;", explorer)
    assert colors["scale"] == "diverging"
    sizes = np.abs(output).ravel()
    # 1024 bins up to the largest size; the end is the last bin that must be within.
    counts, edges = np.histogram(sizes, bins=1024, range=(0, sizes.max()))
    beyond = np.cumsum(counts[::-1])[::-1]
    end = edges[1:][beyond > sizes.size / 100][-1]
    # The page puts a value on a bin's edge elsewhere: a bin more or less.
    assert colors["max"] == pytest.approx(end, abs=2.1 * sizes.max() / 1024)
    assert 0.002 < np.mean(sizes > colors["max"]) < 0.012
    assert [numbers(label) for label in colors["labels"]] == [
        [pytest.approx(-colors["max"], abs=0.5)],
        [0],
        [pytest.approx(colors["max"], abs=0.5)],
    ]
    assert colors["labels"][0].startswith("≤ ") and colors["labels"][2].startswith("≥ ")
    doubled = KernelExplorer(kernel=2 * np.array(KERNELS["sobel-x"]))
    twice = run(engine, "return layer.colors.out.max;", doubled)
    assert twice == pytest.approx(2 * colors["max"], rel=1e-6), "the legend moves with the kernel"


def test_scales_of_few_values(engine):
    scales = run(
        engine,
        "return arg.all.map(([values, clip]) => m.scaleFor(Float32Array.from(values), clip));",
        all=[[[0, 1, 2], False], [[-2, 0, 1], False], [[0, 0], False], [[-3, 0, 255.2, 999], True]],
    )
    assert scales[0] == {"scale": "gray", "max": 2, "labels": ["0", "2"]}
    assert scales[1] == {"scale": "diverging", "max": 2, "labels": ["−2", "0", "2"]}
    assert scales[2] == {"scale": "diverging", "max": 0, "labels": ["", "0", ""]}
    assert scales[3] == {"scale": "gray", "max": 255, "labels": ["≤ 0", "50.0% cut off", "≥ 255"]}


def test_a_photo_editor_cuts_and_says_how_much(engine):
    explorer = KernelExplorer(clip=True)
    colors = run(engine, "return layer.colors.out;", explorer)
    output = output_of(explorer)
    cut = np.mean((output < -0.5) | (output > 255.5))
    assert (colors["scale"], colors["max"]) == ("gray", 255)
    assert colors["labels"] == ["≤ 0", f"{100 * cut:.1f}% cut off", "≥ 255"]
    chinese = run(engine, "return layer.colors.out.labels[1];", explorer, lang="zh-CN")
    assert chinese == f"截去 {100 * cut:.1f}%"


@pytest.mark.parametrize("settings", [*CASES, POOLED])
def test_the_formula_gives_the_size(engine, settings):
    explorer = KernelExplorer(**settings)
    formula = run(engine, "return m.formulaOf(layer);", explorer)
    assert formula["result"] == str(explorer.output_shape[0])
    said = "".join(p[0] if isinstance(p, list) else p for p in formula["numbers"])
    sum_ = said.replace("−", "-").replace("·", "*").replace("⌊", "int(").replace("⌋", ")")
    assert eval(sum_.replace("\u00a0", "")) == explorer.output_shape[0]
    colored = {tuple(p)[1] for p in formula["words"] if isinstance(p, list)}
    assert colored == ({"in"} if explorer.tab == "pooling" else {"in", "learned"})
    assert len(formula["words"]) == len(formula["numbers"])
