"""KernelExplorer's window against NumPy: the lens, the products and their sum, where it is."""

import numpy as np
import pytest

from large_models.widgets.assets import picture
from large_models.widgets.kernel_explorer import KernelExplorer
from tests.js.kernel_layers import (
    CASES,
    POOLED,
    SHOWN,
    numbers,
    output_of,
    place_of,
    run,
    window_of,
)


@pytest.mark.parametrize("settings", CASES)
@pytest.mark.parametrize("width", [150, 300])
def test_the_lens_shows_the_pixels_around_the_window(engine, settings, width):
    explorer = KernelExplorer(**settings)
    lens = run(engine, "return m.lensOf(layer, at, arg.width);", explorer, width=width)
    K, s = len(explorer.kernel), explorer.stride
    p, d = explorer.padding, explorer.dilation
    span = d * (K - 1) + 1
    n = lens["n"]
    assert n >= span and (n - span) % 2 == 0 and len(lens["cells"]) == n * n
    assert n == max(span, 9 - (9 - span) % 2 if width > 200 else 5)
    margin = (n - span) // 2
    assert (lens["from"], lens["span"]) == pytest.approx((margin / n, span / n))
    assert lens["spread"] == (d > 1)

    row, col = place_of(explorer)
    # Far around the picture nothing, then the padding, then the pixels.
    far = 40
    pixels = picture(explorer.photo).astype(float)
    around = np.pad(np.pad(pixels, p), far, constant_values=-1)
    kinds = np.pad(np.pad(np.full(pixels.shape, 2), p, constant_values=1), far)
    top, left = (n_ * s + far - margin for n_ in (row, col))
    values = around[top : top + n, left : left + n].ravel()
    kind = kinds[top : top + n, left : left + n].ravel()
    assert [["nothing", "padding", "pixel"][k] for k in kind] == [c["kind"] for c in lens["cells"]]
    steps = np.arange(n) - margin
    is_tap = (steps >= 0) & (steps < span) & (steps % d == 0)
    taps = np.outer(is_tap, is_tap).ravel()
    assert [cell["tap"] for cell in lens["cells"]] == taps.tolist()
    for cell, value, tap in zip(lens["cells"], values, taps, strict=True):
        told = cell["kind"] != "nothing" and (tap or width / n >= 23)
        assert cell["text"] == (f"{value:.0f}" if told else "")
        if cell["kind"] == "pixel":
            assert cell["background"] == f"rgb({value:.0f} {value:.0f} {value:.0f})"
            assert cell["ink"] == ("#ffffff" if value < 117.5 else "#000000")
        else:
            assert cell["background"] == ""
    assert numbers(lens["label"].partition(":")[2]) == window_of(explorer).ravel().tolist()


def test_the_lens_of_pooling_has_the_features_colours(engine):
    explorer = KernelExplorer(**POOLED)
    lens, colors = run(
        engine,
        """const {colorOf} = await import("/kit/colors.js");
        const {scale, max} = layer.colors.in;
        const [, , W] = layer.source.shape;
        return [m.lensOf(layer, at, 300), [0, 1, 2].map((c) => (
          colorOf(scale, layer.source.data[at.top * W + at.left + c], max).join(" ")))];""",
        explorer,
    )
    taps = [cell for cell in lens["cells"] if cell["tap"]]
    features = output_of(explorer)[0, 120:123, 100:103].ravel()
    np.testing.assert_allclose(numbers(" ".join(c["text"] for c in taps)), features, **SHOWN)
    assert [cell["background"] for cell in taps[:3]] == [f"rgb({color})" for color in colors]


@pytest.mark.parametrize("settings", CASES)
def test_the_products_and_their_sum(engine, settings):
    explorer = KernelExplorer(**settings)
    products = run(engine, "return m.productsOf(layer, at);", explorer)
    terms = (window_of(explorer) * explorer.kernel).ravel()
    total = output_of(explorer)[(0, *place_of(explorer))]
    texts = [cell["text"] for cell in products["cells"]]
    np.testing.assert_allclose(numbers(" ".join(texts)), terms, **SHOWN)
    assert products["K"] == len(explorer.kernel)
    assert products["label"] == f"Products, cell by cell: {', '.join(texts)}"
    full = 255 * np.abs(explorer.kernel).max()
    for cell, term in zip(products["cells"], terms, strict=True):
        assert cell["tint"]["share"] == pytest.approx(60 * abs(term) / full, abs=0.51)
        assert cell["tint"]["below"] == (term < 0) and not cell["winner"]
    assert products["sum"]["label"] == "sum"
    assert numbers(products["sum"]["value"])[0] == pytest.approx(total, rel=5e-4, abs=5e-3)
    cut = explorer.clip and not 0 <= total <= 255
    assert bool(products["sum"]["note"]) == cut
    row, col = place_of(explorer)
    assert products["where"] == f"the output at row {row + 1}, column {col + 1}"
    assert products["said"] == f"row {row + 1}, column {col + 1}: sum {products['sum']['value']}"


def test_what_is_cut_is_said_as_it_is_shown(engine):
    explorer = KernelExplorer(clip=True)
    output = output_of(explorer)[0]
    for extreme, shown in [(output.argmin(), 0), (output.argmax(), 255)]:
        explorer.row, explorer.col = (int(n) for n in np.unravel_index(extreme, output.shape))
        note = run(engine, "return m.productsOf(layer, at).sum.note;", explorer)
        assert note == f", shown as {shown}"


def test_the_largest_and_the_mean(engine):
    for pool, label, title in [
        ("max", "largest", "The largest of these"),
        ("average", "mean", "The mean of these"),
    ]:
        explorer = KernelExplorer(pool=pool, **POOLED)
        products = run(engine, "return m.productsOf(layer, at);", explorer)
        window = output_of(explorer)[0, 120:123, 100:103].ravel()
        value = window.max() if pool == "max" else window.mean()
        assert numbers(products["sum"]["value"])[0] == pytest.approx(value, rel=5e-4, abs=5e-3)
        assert (products["sum"]["label"], products["title"]) == (label, title)
        winners = [cell["winner"] for cell in products["cells"]]
        assert winners == [pool == "max" and i == window.argmax() for i in range(9)]


def test_chinese(engine):
    body = """return [m.picturesOf(layer).in.label, m.formulaOf(layer).label,
      m.lensOf(layer, at, 300).label, m.productsOf(layer, at).where,
      m.productsOf(layer, at).said];"""
    label, size, under, where, said = run(engine, body, KernelExplorer(row=0, col=1), lang="zh-CN")
    assert label == "输入 256 × 256. 用方向键移动窗口。"
    assert size == "输出的大小" and under.startswith("窗口下的值（按行）：")
    assert where == "即输出的第 1 行第 2 列"
    assert said.startswith("行 1, 列 2: 和 ")


# --- where it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [100, 480])
@pytest.mark.parametrize("settings", [*CASES[:5], POOLED])
def test_the_marks_lie_where_the_window_is(engine, settings, side):
    explorer = KernelExplorer(**settings)
    at, still, playing = run(
        engine,
        "return [at, ...[false, true].map((on) => m.marksOf(layer, at, arg.side, on))];",
        explorer,
        side=side,
    )
    pooling = explorer.tab == "pooling"
    p, s, d, K = (
        (0, explorer.pool_stride, 1, explorer.pool_window)
        if pooling
        else (explorer.padding, explorer.stride, explorer.dilation, len(explorer.kernel))
    )
    row, col = place_of(explorer)
    assert at == {"row": row, "col": col, "top": row * s - p, "left": col * s - p}
    size_in = output_of(explorer).shape[1] if pooling else len(picture(explorer.photo))
    span = d * (K - 1) + 1
    for which, first, length, size in [
        ("in", (at["left"], at["top"]), span, size_in),
        ("out", (col, row), 1, explorer.output_shape[0]),
    ]:
        x, y, width, height = still[which]["box"]
        unit = side / size
        assert width == height == pytest.approx(max(9, length * unit))
        middle = [(n + length / 2) * unit for n in first]
        assert [x + width / 2, y + height / 2] == pytest.approx(middle)
        assert still[which]["veil"] == [] == playing["in"]["veil"]
    # What is still to come: the rest of this row, and every row below.
    H, W = explorer.output_shape
    area = sum(width * height for _, _, width, height in playing["out"]["veil"])
    left_over = H * W - (row * W + col + 1)
    assert area == pytest.approx(left_over * side * side / (H * W))
    assert playing["out"]["box"] == still["out"]["box"]


def test_the_place_under_a_point_has_it_in_its_middle(engine):
    explorer = KernelExplorer(stride=4, dilation=3, padding=2)
    rng = np.random.default_rng(0)
    points = rng.uniform(size=(50, 2)).tolist()
    body = "return arg.points.map(([u, v]) => m.placeUnder(layer, arg.side, u, v));"
    for (u, v), place in zip(
        points, run(engine, body, explorer, points=points, side="in"), strict=True
    ):
        for share, n in [(v, place[0]), (u, place[1])]:
            middle = n * 4 - 2 + 3.5  # of a window of seven pixels
            assert abs(middle - share * 256) <= 2 or n == 0
    H, W = explorer.output_shape
    assert run(engine, body, explorer, points=points, side="out") == [
        [int(v * H), int(u * W)] for u, v in points
    ]


def test_steps_row_by_row_and_other_tabs(engine):
    explorer = KernelExplorer(row=0, col=255)
    body = """return {
      on: m.stepped(layer, at, 1), back: m.stepped(layer, at, -1), far: m.stepped(layer, at, 300),
      before: m.stepped(layer, {row: 0, col: 0}, -1),
      after: m.stepped(layer, {row: 255, col: 255}, 1),
      within: [[-3, 9], [300, -1]].map((place) => m.within(layer, place)),
      tabs: [m.placeInTab("pooling", [61, 9], 2), m.placeInTab("convolution", [30, 4], 2)],
    };"""
    assert run(engine, body, explorer) == {
        "on": [1, 0],
        "back": [0, 254],
        "far": [2, 43],
        "before": None,
        "after": None,
        "within": [[0, 9], [255, 0]],
        "tabs": [[30, 4], [60, 8]],
    }
