"""What ConvLive shows, without a browser: every picture and text of its model against NumPy."""

import numpy as np
import pytest

from large_models.data import digits
from large_models.widgets.conv_live import OPENING, examples, weights
from tests.js.live import Live, assert_picture, floats, words

IMAGES, LABELS = digits.load_digits().test_images, digits.load_digits().test_labels
TRAINED = weights()["conv1.weight"][:, 0]
RNG = np.random.default_rng(3)
EDITED = (RNG.normal(size=(8, 5, 5)) / 3).round(3)
BLANK = np.zeros((8, 8)).tolist()


@pytest.fixture
def live(engine):
    return lambda **settings: Live(engine, **settings)


def drawing(points):
    """128 x 128 values of ink along some points, as the paper gives them."""
    ink = np.zeros((128, 128), np.float32)
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        for k in np.linspace(0, 1, 200):
            x, y = x0 + k * (x1 - x0), y0 + k * (y1 - y0)
            ink[round(y) - 5 : round(y) + 5, round(x) - 5 : round(x) + 5] = 1
    return ink


SEVEN = drawing([(32, 26), (96, 26), (58, 109)])


@pytest.mark.parametrize(
    "settings",
    [{}, {"off": [2, 5]}, {"digit_index": 7, "kernels": EDITED, "off": [0]}, {"digit_index": 400}],
)
def test_every_map_shows_the_layers_numbers_on_one_scale(live, settings):
    model = live(**settings)
    expected, view = model.layers(), model.ask("return m.layers();")
    for name in ("conv1", "pool1", "conv2", "pool2"):
        scale = "diverging" if name.startswith("conv") else "magnitude"
        largest = np.abs(expected[name]).max()
        assert len(view["pictures"][name]) == len(expected[name])
        for picture, values in zip(view["pictures"][name], expected[name], strict=True):
            assert_picture(picture, values, scale, largest)
        legend = view["scales"][name]
        assert (legend["scale"], legend["max"]) == (scale, pytest.approx(largest, abs=2e-5))
        low, high = floats(" ".join(legend["labels"]))
        assert high == pytest.approx(largest, abs=0.06 if largest < 9.95 else 0.51)
        assert low == (-high if scale == "diverging" else 0)
    kernels = np.array(model.traits()["kernels"])
    for picture, kernel in zip(view["pictures"]["kernel1"], kernels, strict=True):
        assert_picture(picture, kernel, "diverging", np.abs(kernels).max())
    for channel, tile in enumerate(view["first"]):
        assert tile["off"] == (channel in settings.get("off", []))
        assert tile["open"] == (channel == 0)
        if tile["off"]:
            assert tile["name"] == f"channel {channel + 1}, switched off"
        else:
            most = max(0, expected["conv1"][channel].max())
            assert floats(tile["name"])[:2] == [channel + 1, pytest.approx(most, abs=0.006)]
    for channel, tile in enumerate(view["second"]):
        most = max(0, expected["conv2"][channel].max())
        assert floats(tile["name"]) == [channel + 1, pytest.approx(most, abs=0.06)]


@pytest.mark.parametrize("wide", [True, False])
def test_the_hidden_layer_is_a_column_or_two_rows(live, wide):
    model = live()
    hidden = model.layers()["hidden"]
    view = model.ask(
        "m.look.wide = arg; m.pin({layer: 'hidden', channel: 40}); return m.hidden();", wide
    )
    assert_picture(
        view["picture"], hidden.reshape((64, 1) if wide else (2, 32)), "magnitude", hidden.max()
    )
    assert floats(view["range"].replace("–", " "))[1] == pytest.approx(hidden.max(), abs=0.6)
    assert view["now"] == 41 and floats(view["told"]) == [41, pytest.approx(hidden[40], abs=0.06)]
    # A point in the middle of each number, from the left and the top, is that number's.
    shape = np.array([1, 64] if wide else [32, 2])
    middles = [((u % shape[0], u // shape[0]) + np.float64(0.5)) / shape for u in range(64)]
    units = model.ask("return arg.map(([u, v]) => m.unitAt(u, v));", [m.tolist() for m in middles])
    assert units == list(range(64))
    steps = model.ask("return [-1, 1, 30, -50, -Infinity, Infinity].map((n) => m.unitAfter(n));")
    assert steps == [39, 41, 63, 0, 0, 63]


@pytest.mark.parametrize("light", [False, True])
def test_ink_has_the_colour_of_the_text(live, light):
    model = live(digit_index=9)
    view = model.ask("m.look.lightInk = arg; return m.seen();", light)
    image = digits.to_input(IMAGES[[9]])[0, 0]
    assert_picture(view["counts"], IMAGES[9] if light else 16 - IMAGES[9], "gray", 16)
    assert_picture(view["input"], image if light else 1 - image, "gray", 1)
    assert view["bitmap"] is None and view["asData"]  # a held-out digit has no drawing
    np.testing.assert_allclose(view["paper"]["values"], image.ravel(), atol=1e-6)
    given = model.ask("return m.examples();")
    for example, index in zip(given, examples()[0], strict=True):
        values = IMAGES[index] if light else 16 - IMAGES[index]
        assert_picture(example["picture"], values, "gray", 16)


@pytest.mark.parametrize("normalize", [True, False])
def test_a_drawing_goes_the_road_that_python_knows(live, normalize):
    model = live(normalize=normalize)
    changes = model.ask("return m.write(arg);", SEVEN.ravel())
    road = digits.normalize_drawing if normalize else digits.shrink_drawing
    bitmap = road(SEVEN)
    np.testing.assert_array_equal(changes["counts"], digits.count_ink(bitmap))
    assert changes["digit_index"] is None and changes["_truth"] is None
    model.set(**changes)
    view = model.ask("m.look.lightInk = true; return m.seen();")
    assert_picture(view["bitmap"], bitmap, "gray", 1)
    assert view["paper"] is None
    assert view["road"] == ("cut out" if normalize else "shrunk")
    # The other road reads the same drawing once more; what is no drawing it leaves alone.
    model.set(normalize=not normalize)
    other = digits.shrink_drawing if normalize else digits.normalize_drawing
    again = model.ask("return m.readAgain(arg);", SEVEN.ravel())
    np.testing.assert_array_equal(again["counts"], digits.count_ink(other(SEVEN)))
    assert model.ask("m.showGiven(); return m.readAgain(arg);", SEVEN.ravel()) is None


def test_strokes_that_were_there_count_unless_other_counts_do(live):
    counts = digits.count_ink(digits.normalize_drawing(SEVEN)).tolist()
    ask = "return [m.begin(arg), m.seen().paper === null];"
    assert live(counts=BLANK).ask(ask, SEVEN.ravel()) == [{"counts": counts}, True]
    assert live(counts=counts).ask(ask, SEVEN.ravel()) == [{}, True]
    assert live(counts=IMAGES[3]).ask(ask, SEVEN.ravel()) == [None, False]


def test_the_answer_right_wrong_unsure_and_none(live):
    model = live()
    p, view = model.layers()["probabilities"], model.ask("return m.answer();")
    np.testing.assert_allclose([row["share"] for row in view["rows"]], p, atol=1e-5)
    assert [row["best"] for row in view["rows"]] == [digit == 4 for digit in range(10)]
    assert [row["text"] for row in view["rows"]][4] == ">99.9%"
    assert (view["winner"], view["remark"], view["wrong"]) == ("4", "right", False)
    assert view["said"] == "a 4, >99.9% right"

    changes = model.ask("return m.pickExample(arg);", len(examples()[0]) - 1)
    index, answer = examples()[0][-1], examples()[1][-1]
    assert changes["digit_index"] == index and changes["_truth"] == LABELS[index]
    np.testing.assert_array_equal(changes["counts"], IMAGES[index])
    model.set(**changes)
    view = model.ask("return m.answer();")
    assert (view["winner"], view["wrong"]) == (str(answer), True)
    assert view["remark"] == f"wrong: it is a{'n' if LABELS[index] == 8 else ''} {LABELS[index]}"
    shown = [example["shown"] for example in model.ask("return m.examples();")]
    assert shown == [False] * (len(shown) - 1) + [True]

    model.set(digit_index=None, _truth=None)
    p, view = model.layers()["probabilities"], model.ask("return m.answer();")
    first, second = np.argsort(-p)[:2]
    assert p[first] < 0.95, "an unsure answer names the second digit"
    assert view["remark"].startswith(f"or a{'n' if second == 8 else ''} {second}: ")
    assert floats(view["remark"])[1] == pytest.approx(100 * p[second], abs=0.06)

    model.set(counts=BLANK)
    view = model.ask("return m.answer();")
    assert all(row == {"share": None, "text": "", "best": False} for row in view["rows"])
    assert (view["winner"], view["said"]) == ("?", "no ink, no answer")


def test_one_channel_decides_the_first_task(live):
    """Switched off one at a time, from what the widget opens on."""
    model = live()
    changed = []
    for channel in range(8):
        model.set(off=[channel])
        winner = model.ask("return m.answer().winner;")
        assert winner == str(model.layers()["probabilities"].argmax())
        changed += [channel] if winner != "4" else []
    assert changed == [6]
    model.set(off=list(range(8)))
    shares = model.ask("return m.answer().rows.map(({share}) => share);")
    np.testing.assert_allclose(shares, model.layers()["probabilities"], atol=1e-5)


def test_an_empty_page_keeps_the_scales(live):
    model = live()
    before = model.ask("return [m.layers().scales, m.hidden().range];")
    model.set(counts=BLANK)
    assert model.ask("return [m.layers().scales, m.hidden().range];") == before
    fresh = live(counts=BLANK)
    ends = fresh.ask("return m.layers().scales;")
    assert [scale["max"] for scale in ends.values()] == [2, 2, 8, 8]
    assert fresh.ask("return m.seen().paper;") is None


def test_the_held_out_digits_by_their_names(live):
    found = live().ask("return m.examples();")
    for example, index, answer in zip(found, *examples(), strict=True):
        label = LABELS[index]
        assert example["wrong"] == (answer != label)
        assert example["shown"] == (index == OPENING)
        if answer == label:
            assert (example["name"], example["note"]) == (f"a {label}", "")
        else:
            assert example["name"] == f"a {label} that the trained network reads as a {answer}"
            assert example["note"] == f"{label} → {answer}"


def test_the_editor_and_what_it_changes(live):
    model = live(channel=3, off=[5])
    view = model.ask("return m.editor();")
    assert (view["title"], view["on"]) == ("Kernel of channel 4", True)
    np.testing.assert_allclose([c["value"] for c in view["cells"]], TRAINED[3].ravel(), atol=1e-7)
    colors = model.ask(
        """const {paint} = await import("/kit/colors.js");
        const most = Math.max(...traits.kernels.flat(2).map(Math.abs));
        return arg.map((v) => paint("diverging", v, most));""",
        TRAINED[3].ravel().tolist(),
    )
    assert [{k: c[k] for k in ("background", "ink")} for c in view["cells"]] == colors
    assert (view["canReset"], view["canRestore"]) == (False, True)  # a channel is off
    assert model.ask("return m.switchChannel(1, false);") == {"off": [1, 5]}
    assert model.ask("return m.switchChannel(5, true);") == {"off": []}
    changed = TRAINED.astype(float)
    changed[3, 1, 2] = -2.5
    changes = model.ask("return m.setWeight(7, -2.5);")
    np.testing.assert_allclose(changes["kernels"], changed, atol=1e-7)
    model.set(off=[], **changes)
    view = model.ask("return m.editor();")
    assert view["canReset"] and view["canRestore"] and view["cells"][7]["value"] == -2.5
    model.set(channel=0)
    view = model.ask("return m.editor();")
    assert (view["canReset"], view["canRestore"]) == (False, True)  # this one, not the other
    np.testing.assert_allclose(model.ask("return m.resetKernel().kernels;"), changed, atol=1e-7)
    model.set(**model.ask("return m.restore();"))
    np.testing.assert_allclose(model.traits()["kernels"], TRAINED, atol=1e-7)
    assert not model.ask("return m.editor().canRestore;")
    assert not live(channel=5, off=[5]).ask("return m.editor().on;")


def test_arrow_keys_go_through_the_groups(live):
    model = live()
    ask = """const keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
      m.look.wide = arg;
      const from5 = (group) => keys.map((key) => m.neighbour(group, 5, key));
      return ["first", "second", "bars"].map(from5);"""
    assert model.ask(ask, True) == [[4, 6, 4, 6], [4, 6, 3, 7], [4, 6, 4, 6]]
    assert model.ask(ask, False) == [[4, 6, 3, 7], [4, 6, 1, 9], [4, 6, 4, 6]]


@pytest.mark.parametrize("counts", [IMAGES[examples()[0][-1]], BLANK])
def test_in_chinese_no_english_is_left(live, counts):
    model = live(counts=counts, off=[1])
    view = model.ask(
        """return [m.seen(), m.layers(), m.hidden(), m.answer(), m.examples(), m.editor()];""",
        lang="zh-CN",
    )
    assert words(view) == set()
    assert "draw" in words(live(counts=BLANK).ask("return m.answer();"))
