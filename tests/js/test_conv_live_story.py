"""How ConvLive says that a number came about: text, pictures, marks and lines against NumPy."""

import numpy as np
import pytest

from large_models.widgets.conv_live import weights
from tests.js.live import Live, assert_picture, floats, words

W = weights()


@pytest.fixture
def live(engine):
    return lambda **settings: Live(engine, **settings)


def text_of(story):
    return "".join(text for _, text in story["text"])


def assert_marked(story, *expected):
    """The marks: (picture, channel, side of the picture, row, column, size)."""
    found = [(m["picture"], m["channel"], m["source"]) for m in story["marks"]]
    assert found == [(name, channel, size > 1) for name, channel, _, _, _, size in expected]
    for mark, (_, _, side, row, column, size) in zip(story["marks"], expected, strict=True):
        place = [mark[k] * side / 100 for k in ("left", "top", "width", "height")]
        np.testing.assert_allclose(place, [column, row, size, size], atol=1e-9)


def assert_lines(story, shares, ends):
    """Between the right ends, as thick and as dark as their share; the thinnest are left out."""
    sizes = np.abs(shares) / np.abs(shares).max()
    kept = np.flatnonzero(sizes >= 0.02)
    assert [(tuple(e["from"]), tuple(e["to"])) for e in story["lines"]] == [ends(n) for n in kept]
    found = np.array([[e["share"], e["width"], e["alpha"]] for e in story["lines"]])
    expected = np.stack([shares, 0.75 + 2.25 * sizes, 0.25 + 0.75 * sizes], -1)[kept]
    np.testing.assert_allclose(found, expected, atol=2e-4)


def assert_sum(story, total, bias):
    """The sentence names the sum, the bias, and what they give."""
    assert [q for q, _ in story["text"]][:5] == ["in", None, "learned", None, "out"]
    numbers = floats(text_of(story).split(" add up to ")[1])
    assert numbers[:3] == pytest.approx([total, bias, total + bias], abs=0.06)
    assert ("ReLU makes it 0" in text_of(story)) == (total + bias < 0)


def ink(pixels):
    return 1 - pixels  # dark text


@pytest.mark.parametrize(("channel", "row", "column"), [(6, 3, 5), (0, 23, 0), (2, 0, 23)])
@pytest.mark.parametrize("off", [[], [2]])
def test_a_value_of_the_first_layer(live, channel, row, column, off):
    model = live(off=off)
    layers = model.layers()
    item = {"layer": "conv1", "channel": channel, "row": row, "column": column}
    story = model.story(item)
    title = f"Layer 1, channel {channel + 1}, row {row + 1}, column {column + 1}"
    assert story["title"] == title
    assert story["said"] == f"{title}. {text_of(story)}"
    pixels = layers["input"][0, row : row + 5, column : column + 5]
    kernel, bias = W["conv1.weight"][channel, 0], W["conv1.bias"][channel]
    products = pixels * kernel
    first, second, third = story["three"]
    assert_picture(first, ink(pixels), "gray", 1)
    assert_picture(second, kernel, "diverging", np.abs(W["conv1.weight"]).max())
    assert_picture(third, products, "diverging", np.abs(products).max())
    assert_marked(story, ("input", 0, 28, row, column, 5), ("conv1", channel, 24, row, column, 1))
    assert (story["shares"], story["strip"]) == ([], None)
    if channel in off:
        assert text_of(story) == "This channel is switched off: all its values are 0."
        assert story["lines"] == []
    else:
        assert_sum(story, products.sum(), bias)
        assert products.sum() + bias == pytest.approx(
            layers["conv1"][channel, row, column], abs=1e-4
        )
        assert_lines(
            story, np.array([products.sum() + bias]), lambda _: (("input", 0), ("left1", channel))
        )


@pytest.mark.parametrize(("channel", "row", "column"), [(5, 3, 5), (15, 7, 0), (0, 0, 7)])
def test_a_value_of_the_second_layer(live, channel, row, column):
    model = live()
    layers = model.layers()
    story = model.story({"layer": "conv2", "channel": channel, "row": row, "column": column})
    assert story["title"] == f"Layer 2, map {channel + 1}, row {row + 1}, column {column + 1}"
    windows = layers["pool1"][:, row : row + 5, column : column + 5]
    kernels, bias = W["conv2.weight"][channel], W["conv2.bias"][channel]
    shares = (windows * kernels).sum((1, 2))
    assert_sum(story, shares.sum(), bias)
    assert shares.sum() + bias == pytest.approx(layers["conv2"][channel, row, column], abs=1e-3)
    assert len(story["shares"]) == 8 and story["three"] == [] and story["strip"] is None
    for part, window, kernel, share in zip(story["shares"], windows, kernels, shares, strict=True):
        assert_picture(part["above"], window, "magnitude", layers["pool1"].max())
        assert_picture(part["below"], kernel, "diverging", np.abs(W["conv2.weight"]).max())
        assert floats(part["text"]) == [pytest.approx(share, abs=0.06)]
    assert_marked(
        story,
        *[("pool1", c, 12, row, column, 5) for c in range(8)],
        ("conv2", channel, 8, row, column, 1),
    )
    assert_lines(story, shares, lambda c: (("right1", c), ("left2", channel)))


@pytest.mark.parametrize(
    ("layer", "channel", "row", "column"), [("pool1", 2, 5, 7), ("pool2", 9, 3, 0)]
)
def test_a_pooled_value(live, layer, channel, row, column):
    model = live()
    layers, below = model.layers(), layer.replace("pool", "conv")
    story = model.story({"layer": layer, "channel": channel, "row": row, "column": column})
    where = f"row {row + 1}, column {column + 1}"
    assert story["title"] == f"Pooling {layer[-1]}, channel {channel + 1}, {where}"
    four = layers[below][channel, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    assert [q for q, _ in story["text"]] == [None, "in", None, "out"]
    assert floats(story["text"][1][1]) == pytest.approx(four.ravel(), abs=0.06)
    assert floats(story["text"][3][1]) == [pytest.approx(max(four.max(), 0), abs=0.06)]
    (picture,) = story["three"]
    assert_picture(picture, four, "diverging", np.abs(layers[below]).max())
    side = layers[below].shape[-1]
    assert_marked(
        story,
        (below, channel, side, 2 * row, 2 * column, 2),
        (layer, channel, side // 2, row, column, 1),
    )
    assert story["lines"] == []


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("unit", [0, 40, 63])
def test_a_hidden_number(live, wide, unit):
    model = live()
    model.ask("m.look.wide = arg;", wide)
    layers = model.layers()
    story = model.story({"layer": "hidden", "channel": unit})
    assert story["title"] == f"Hidden layer, number {unit + 1}"
    products = layers["pool2"] * W["hidden.weight"][unit].reshape(16, 4, 4)
    shares, bias = products.sum((1, 2)), W["hidden.bias"][unit]
    assert_sum(story, shares.sum(), bias)
    assert max(shares.sum() + bias, 0) == pytest.approx(layers["hidden"][unit], abs=1e-3)
    assert len(story["shares"]) == 16
    for part, values, share in zip(story["shares"], products, shares, strict=True):
        assert_picture(part["above"], values, "diverging", np.abs(products).max())
        assert part["below"] is None and floats(part["text"]) == [pytest.approx(share, abs=0.06)]
    (mark,) = story["marks"]
    rows, columns = (64, 1) if wide else (2, 32)
    place = [
        mark["left"] * columns,
        mark["top"] * rows,
        mark["width"] * columns,
        mark["height"] * rows,
    ]
    np.testing.assert_allclose(place, [100 * (unit % columns), 100 * (unit // columns), 100, 100])
    assert mark["picture"] == "units"
    assert_lines(story, shares, lambda c: (("right2", c), ("units", unit)))


@pytest.mark.parametrize("digit", [None, 0, 8])
def test_what_speaks_for_a_digit(live, digit):
    """Without a digit it is the answer's; each of the 64 has its place and its sign."""
    model = live()
    layers = model.layers()
    story = model.story({"layer": "output", "channel": digit})
    digit = 4 if digit is None else digit
    assert (
        story["title"] == f"What speaks for a{'n' if digit == 8 else ''} {digit}, and what against"
    )
    products = layers["hidden"] * W["output.weight"][digit]
    assert_picture(story["strip"], products[None], "diverging", np.abs(products).max(), atol=1e-4)
    said = floats(text_of(story).split("score ")[1])
    assert said[0] == pytest.approx(layers["scores"][digit], abs=0.06)
    assert said[0] == pytest.approx(products.sum() + W["output.bias"][digit], abs=0.06)
    low, zero, high = floats(" ".join(story["ends"]).replace("+", ""))
    assert (-low, zero, high) == pytest.approx((high, 0, np.abs(products).max()), abs=0.06)
    assert "against" in story["ends"][0] and "for" in story["ends"][2]
    assert_lines(story, products, lambda u: (("right3", u), ("digits", digit)))


def test_without_ink_there_is_nothing_to_tell(live):
    story = live(counts=np.zeros((8, 8))).story({"layer": "output", "channel": None})
    assert story["title"] == "No ink yet"
    assert (story["three"], story["shares"], story["strip"], story["lines"]) == ([], [], None, [])


def test_what_is_looked_at(live):
    """The pointer's item, else the one that was pressed, where its channel is largest."""
    model = live()
    values = model.layers()["conv2"][3]
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert model.ask("return m.story().title;").startswith("What speaks for a 4")
    model.ask("m.pin({layer: 'conv2', channel: 3});")
    title = f"Layer 2, map 4, row {row + 1}, column {column + 1}"
    assert model.ask("return m.story().title;") == title
    assert model.story({"layer": "hidden", "channel": 7})["title"] == "Hidden layer, number 8"
    assert model.story(None)["title"] == title
    model.ask("m.hover({layer: 'hidden', channel: 7}); m.pin({layer: 'conv2', channel: 3});")
    assert model.ask("return m.story().title;") == title, "a press ends what was hovered"


def test_shift_and_an_arrow_step_through_a_map(live):
    model = live()
    step = "const item = m.stepInMap(arg[0], arg[1], arg[2]); m.pin(item); return item;"
    values = model.layers()["conv2"][3]
    row, column = map(int, np.unravel_index(values.argmax(), values.shape))
    places = []
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        item = model.ask(step, ["conv2", 3, key])
        places.append((item["row"], item["column"]))
    right, down = min(7, column + 1), min(7, row + 1)
    assert places == [(row, right), (down, right), (down, right - 1), (down - 1, right - 1)]
    for _ in range(9):
        item = model.ask(step, ["conv2", 3, "ArrowUp"])
    assert (item["row"], item["column"]) == (0, right - 1)
    # A place in one map is none in another.
    other = model.ask("return m.stepInMap('conv1', 0, 'ArrowUp');")
    first = model.layers()["conv1"][0]
    assert other["column"] == np.unravel_index(first.argmax(), first.shape)[1]


def test_in_chinese_no_english_is_left(live):
    model = live(off=[1])
    items = [
        *({"layer": name, "channel": 1} for name in ("conv1", "conv2", "pool1", "pool2")),
        {"layer": "conv1", "channel": 2}, {"layer": "hidden", "channel": 1},
        {"layer": "output", "channel": 8},
    ]  # fmt: skip
    found = words([model.story(item, "zh-CN") for item in items])
    assert found <= {"ReLU", "softmax"}
    assert "pixels" in words(model.story({"layer": "conv1", "channel": 2}))
