"""What KernelExplorer's reader changes: the kernel's cells and names, and a file of their own."""

import numpy as np
import pytest

from large_models.widgets.assets import PICTURES
from large_models.widgets.kernel_explorer import KERNELS, learned_kernels


def run(engine, body, arg=None, lang="en"):
    """Run the body of a function with both models at hand."""
    return engine.run(
        f"""async (arg) => {{
          globalThis.document = {{ documentElement: {{ lang: {lang!r} }} }};
          try {{
            const k = await import("/kernel_explorer/kernel_model.js");
            const p = await import("/kernel_explorer/photo_model.js");
            {body}
          }} finally {{
            delete globalThis.document;
          }}
        }}""",
        arg,
    )


# --- the kernel -----------------------------------------------------------------------------------


def test_every_kernel_is_in_the_menu_once(engine):
    kernels = KERNELS | learned_kernels()
    for lang, own in [("en", "your own"), ("zh-CN", "自定义")]:
        *groups, last = run(engine, "return k.menuOf(arg);", kernels, lang)
        assert last == ["own", own]
        listed = {group["label"]: dict(group["options"]) for group in groups}
        assert [name for options in listed.values() for name in options] == list(kernels)
        for label, K in [("3 × 3", 3), ("5 × 5", 5)]:
            assert {len(kernels[name]) for name in listed[label]} == {K}
        texts = [text for options in listed.values() for text in options.values()]
        assert not set(texts) & set(kernels) or lang == "en"
    without = run(engine, "return k.menuOf(arg);", KERNELS)
    assert [group["label"] for group in without[:-1]] == ["3 × 3", "5 × 5"]


def test_a_kernel_is_known_by_its_numbers(engine):
    kernels = KERNELS | learned_kernels()
    body = "return arg[1].map((kernel) => k.nameOf(arg[0], kernel));"
    assert run(engine, body, [kernels, list(kernels.values())]) == list(kernels)
    other = [[0, 0, 0], [0, 1.001, 0], [0, 0, 0]]
    assert run(engine, body, [kernels, [other, np.zeros((5, 5)).tolist()]]) == ["own", "own"]


def test_photo_editors_cut(engine):
    body = "return Object.fromEntries(Object.keys(arg).map((name) => [name, k.picked(arg, name)]));"
    picked = run(engine, body, KERNELS)
    assert {name: traits["kernel"] for name, traits in picked.items()} == KERNELS
    signed = {name for name, traits in picked.items() if not traits["clip"]}
    assert signed == {"sobel-x", "sobel-y", "outline"}


@pytest.mark.parametrize("name", [*KERNELS, "zeros"])
def test_cells_are_tinted_and_added_up(engine, name):
    kernel = np.array(KERNELS.get(name, np.zeros((3, 3))), dtype=float)
    shown = run(engine, "return k.kernelOf(arg);", kernel.tolist())
    assert shown["K"] == len(kernel)
    largest = np.abs(kernel).max()
    for tint, weight in zip(shown["tints"], kernel.ravel(), strict=True):
        assert tint["below"] == (weight < 0)
        share = 60 * abs(weight) / largest if largest else 0
        assert tint["share"] == pytest.approx(share, abs=0.51)
    meaning = {0: ": flat areas become 0", 1: ": brightness stays"}.get(round(kernel.sum(), 6), "")
    assert shown["note"] == f"weights add up to {kernel.sum():.3g}{meaning}"
    chinese = run(engine, "return k.kernelOf(arg).note;", kernel.tolist(), "zh-CN")
    assert chinese.startswith("权重之和 ") and ("：" in chinese) == bool(meaning)


def test_cells_change_one_at_a_time(engine):
    kernel = KERNELS["sobel-x"]
    body = """return {
      put: k.withWeight(arg, 5, 0.25), more: k.nudged(arg, 5, 0.1), flip: k.flipped(arg, 3),
      zero: k.flipped(arg, 1), far: k.nudged(k.withWeight(arg, 0, 999.5), 0, 1),
      third: k.nudged(k.withWeight(arg, 8, 1 / 3), 8, 1), still: arg,
    };"""
    made = run(engine, body, kernel)
    for name, where, weight in [
        ("put", (1, 2), 0.25),
        ("more", (1, 2), 2.1),
        ("flip", (1, 0), 2),
        ("zero", (0, 1), 0),
        ("far", (0, 0), 999.5),
        ("third", (2, 2), 1.333333),
        ("still", (0, 0), -1),
    ]:
        expected = np.array(kernel, dtype=float)
        expected[where] = weight
        np.testing.assert_array_equal(made[name], expected, err_msg=name)


def test_the_size_keeps_the_weights(engine):
    for kernel in (KERNELS["emboss"], KERNELS["gauss-5"]):
        small, large = run(engine, "return [3, 5].map((K) => k.resized(arg, K));", kernel)
        whole = np.pad(kernel, (5 - len(kernel)) // 2)
        np.testing.assert_array_equal(large, whole)
        np.testing.assert_array_equal(small, whole[1:4, 1:4])


def test_a_weight_in_a_narrow_cell(engine):
    texts = {
        0: "0", 1: "1", -2: "−2", 1 / 9: ".11", -0.25: "−.25", 0.5: ".5", 0.004: ".004",
        -0.0004: "−.0004", 1e-9: "0", 123.456: "123", -1000: "−1000", 2.5: "2.5", 0.999: "1",
    }  # fmt: skip
    shown = run(engine, "return arg.map(k.shortWeight);", list(texts))
    assert shown == list(texts.values())


def test_cells_are_named_by_row_and_column(engine):
    assert run(engine, "return k.buttonNames(7, 5);") == {
        "cell": "cell 2, 3",
        "less": "row 2, column 3: −1",
        "more": "row 2, column 3: +1",
        "flip": "row 2, column 3: change the sign",
    }
    assert run(engine, "return k.cellName(7, 5);", lang="zh-CN") == "第 2 行第 3 列"


# --- the photographs ------------------------------------------------------------------------------


def test_the_readers_file_is_in_the_menu_once_there_is_one(engine):
    for lang in ("en", "zh-CN"):
        without, together = run(engine, "return [false, true].map(p.photoMenu);", lang=lang)
        assert [name for name, _ in without] == list(PICTURES)
        assert together[:-1] == without and together[-1][0] == "own"
        assert together[-1][1] in ("your own file", "您自己的文件")
    credit = run(engine, "return ['china', 'own'].map((name) => p.creditOf({china: 'x'}, name));")
    assert credit == ["x", "Your file stays in this page: it is sent nowhere."]


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (60, 40, (40, 10, 0, 40)),
        (40, 61, (40, 0, 10.5, 40)),
        (3000, 2000, (2000, 500, 0, 256)),
        (1, 9, (1, 0, 4, 28)),
    ],
)
def test_the_largest_square_in_the_middle(engine, width, height, expected):
    cut = run(engine, "return p.cutOf(...arg);", [width, height])
    assert tuple(cut[key] for key in ("side", "left", "top", "size")) == expected


def test_brightness_of_colours(engine):
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (50, 4)).astype(np.uint8)
    gray = run(engine, "return p.grayOf(arg);", colors.ravel())
    exact = colors[:, :3] @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(gray, exact, atol=0.5001)
    assert (gray == np.round(gray)).all()
    known = run(engine, "return [...p.knownColors(784)];")
    known = np.reshape(known, (784, 4))
    assert (known[:, 3] == 255).all() and len(np.unique(known[:, 0])) == 64
