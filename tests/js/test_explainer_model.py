"""What the Explainer shows of a digit, without a browser: its model against torch."""

import numpy as np
import pytest
import torch

from large_models.data import digits
from large_models.models import explanation as explain
from large_models.models.cnn import LeNet
from large_models.widgets.assets import WEIGHTS
from large_models.widgets.conv_live import examples
from large_models.widgets.explainer import STEPS
from tests.js.explained import Explained, lots
from tests.js.live import assert_picture, floats, words

pytestmark = pytest.mark.heavy

IMAGES, LABELS = digits.load_digits().test_images, digits.load_digits().test_labels
BLANK = np.zeros((8, 8)).tolist()
RUN = "digit.answer(); const news = end(digit.work()) + end(digit.weighBlind());"
METHODS = ["saliency", "times", "integrated", "occlusion"]


@pytest.fixture(scope="module")
def lenet():
    return LeNet.from_pretrained(WEIGHTS / "lenet-digits")


@pytest.fixture
def explained(engine):
    return lambda **settings: Explained(engine, **settings)


def picture_of(index):
    return torch.from_numpy(digits.to_input(IMAGES[[index]]))


@torch.no_grad()
def left(lenet, x, places, target):
    """The target's probability without some pixels."""
    without = x.clone().view(-1)
    without[list(places)] = 0
    return float(lenet(without.view(1, 1, 28, 28)).softmax(-1)[0, target])


@pytest.mark.parametrize(
    ("index", "target", "steps", "window", "erased"),
    [(3, None, 8, 5, 40), (7, None, 1, 1, 0), (12, 4, 16, 11, 200), (0, 9, 2, 4, 11)],
)
def test_maps_and_what_they_are_worth(explained, lenet, index, target, steps, window, erased):
    model = explained(digit_index=index, target=target, steps=steps, window=window, erased=erased)
    x = picture_of(index)
    target = int(lenet(x).argmax()) if target is None else target
    expected = [
        explain.saliency(lenet, x, target),
        explain.gradient_times_input(lenet, x, target),
        explain.integrated_gradients(lenet, x, target, steps),
        explain.occlusion(lenet, x, target, window, min(2, window)),
    ]
    tiles = model.ask(f"{RUN} return digit.tiles();")
    before = left(lenet, x, [], target)
    for tile, map_, name in zip(tiles, expected, METHODS, strict=True):
        map_ = map_[0, 0].numpy()
        scale = "magnitude" if name == "saliency" else "diverging"
        most = np.abs(map_).max()
        assert_picture(tile["picture"], map_, scale, most, atol=1e-4)
        assert (tile["scale"], tile["waits"]) == (scale, False)
        assert tile["max"] == tile["picture"]["max"]
        # The strongest of the numbers that are shown: equal ones may differ in the last digit.
        order = np.argsort(-tile["picture"]["values"], kind="stable")[:erased]
        worth = left(lenet, x, order, target)
        assert floats(tile["worth"]) == pytest.approx([100 * before, 100 * worth], abs=0.11), name
    names = ["saliency", "gradient × input", "integrated gradients", "occlusion"]
    assert [tile["name"] for tile in tiles] == names
    assert model.ask(f"{RUN} return news;") == len(STEPS) + 2  # occlusion, and the blind orders
    rows = model.ask("return digit.rows();")
    with torch.no_grad():
        p = lenet(x).softmax(-1)[0].numpy()
    np.testing.assert_allclose([row["share"] for row in rows], p, atol=1e-5)
    assert [row["chosen"] for row in rows] == [digit == target for digit in range(10)]
    assert [row["best"] for row in rows] == [digit == p.argmax() for digit in range(10)]
    said = model.ask("return digit.said();")
    assert said.startswith(f"explaining the {target}: ")


@pytest.mark.parametrize("steps", [1, 8])
def test_completeness(explained, lenet, steps):
    """The bars are the gaps in percent of the worst; the text is the chosen one's."""
    x, target = picture_of(3), 3
    with torch.no_grad():
        span = float((lenet(x) - lenet(torch.zeros_like(x)))[0, target])
    maps = [explain.integrated_gradients(lenet, x, target, n) for n in STEPS]
    gaps = np.array([abs(float(map_.sum()) - span) for map_ in maps])
    view = explained(digit_index=3, target=3, steps=steps).ask(
        f"{RUN} return digit.completeness();"
    )
    assert [bar["steps"] for bar in view["bars"]] == list(STEPS)
    assert [bar["now"] for bar in view["bars"]] == [n == steps for n in STEPS]
    heights = np.maximum(2, 100 * gaps / gaps.max())
    np.testing.assert_allclose([bar["height"] for bar in view["bars"]], heights, atol=0.1)
    assert heights[0] == 100 > heights[1] > heights[2] and heights[4:].max() < 20
    gap = gaps[STEPS.index(steps)]
    assert view["text"].startswith("its parts should sum to ")
    said = floats(view["text"])
    assert said == pytest.approx([span, gap if gap >= 0.005 else 0.01], abs=0.06)


def test_what_is_not_there_yet_waits(explained):
    model = explained()
    tiles = model.ask("digit.answer(); return digit.tiles();")
    assert [tile["waits"] for tile in tiles] == [False, False, True, True]
    assert [tile["worth"] for tile in tiles[2:]] == ["…", "…"]
    assert [tile["picture"] for tile in tiles[2:]] == [None, None]  # the one before stays
    view = model.ask("return digit.completeness();")
    assert [bar["height"] for bar in view["bars"]] == [0] * 7 and view["text"] == ""
    assert model.ask("return digit.blindText();") is None
    # One piece after another: what is news is there when it is said.
    order = model.ask(
        """const order = [];
        for (const news of digit.work()) {
          if (news) order.push(digit.tiles().map(({waits}) => !waits)
            .concat(digit.completeness().bars.filter(({height}) => height).length));
        }
        return order;"""
    )
    assert order[0] == [True, True, True, False, 1] and order[1] == [True] * 4 + [1]
    assert [row[4] for row in order[2:]] == [2, 3, 4, 5, 6, 7]
    # A setting makes its own map again and leaves the others.
    waits = "return digit.tiles().map(({waits}) => waits);"
    model.ask("traits.window = 3; digit.forget('occlusion');")
    assert model.ask(waits) == [False, False, False, True]
    assert model.ask("return end(digit.work());") == 1
    model.ask("traits.steps = 64; digit.forget('integrated');")
    assert model.ask(waits) == [False, False, True, False]
    assert model.ask("return end(digit.work());") == 1


def test_a_map_takes_its_pixels_off_the_paper_once_it_is_there(explained):
    model = explained(erased=60)
    image = digits.to_input(IMAGES[[model.widget.digit_index]])[0, 0].ravel()

    def paper():
        return model.ask("return digit.paper();")

    model.ask("digit.answer(); digit.point('occlusion');")
    np.testing.assert_allclose(paper()["values"], image, atol=1e-6)  # not there yet
    map_ = model.ask("end(digit.work()); return digit.tiles()[3].picture.values;")
    expected = image.copy()
    expected[np.argsort(-map_, kind="stable")[:60]] = 0
    np.testing.assert_allclose(paper()["values"], expected, atol=1e-6)
    model.ask("digit.forget('occlusion');")  # its window is another one now
    np.testing.assert_allclose(paper()["values"], image, atol=1e-6)
    model.ask("digit.point(null); end(digit.work());")
    np.testing.assert_allclose(paper()["values"], image, atol=1e-6)
    # A new drawing is shown as it is drawn, whatever was pointed at.
    ink = np.zeros((128, 128), np.float32)
    ink[20:110, 55:70] = 1
    changes = model.ask("digit.point('saliency'); return digit.write(arg);", ink.ravel())
    counts = digits.count_ink(digits.normalize_drawing(ink))
    np.testing.assert_array_equal(changes["counts"], counts)
    assert changes["digit_index"] is None
    assert (
        model.ask("Object.assign(traits, arg); digit.answer(); return digit.paper();", changes)
        is None
    )


def test_orders_that_know_nothing(explained, lenet):
    model = explained(digit_index=9, erased=30)
    x = picture_of(9)
    target = int(lenet(x).argmax())
    ink = x.numpy().ravel()
    before = left(lenet, x, [], target)
    darkest = left(lenet, x, np.argsort(-ink, kind="stable")[:30], target)
    drawn = lots(np.flatnonzero(ink > 0).tolist(), 5)
    random = np.mean([left(lenet, x, lot[:30], target) for lot in drawn])
    text = model.ask(f"{RUN} return digit.blindText();")
    assert text[0] == "Without looking at the network: "
    assert [part[0] for part in text[1:]] == ["most ink first ", "ink at random "]
    found = floats(text[1][1] + text[2][1])
    assert found == pytest.approx([100 * v for v in (before, darkest, before, random)], abs=0.11)


def test_random_weights_know_nothing(explained, lenet):
    model = explained(untrained=True, target=3)
    trained = sorted(lenet.state_dict().items())
    weights = model.ask(
        """const {untrainedLike} = await import("/explainer/digit_model.js");
        return untrainedLike(arg);""",
        {k: {"data": v.numpy().ravel(), "shape": list(v.shape)} for k, v in trained},
    )
    blind = LeNet()
    state = {k: torch.from_numpy(w["data"].reshape(w["shape"]).copy()) for k, w in weights.items()}
    for name, learned in trained:
        assert state[name].shape == learned.shape
        assert not torch.allclose(state[name], learned, atol=1e-3)
        if learned.numel() > 1000:
            assert float(state[name].std()) == pytest.approx(float(learned.std()), rel=0.1)
    blind.load_state_dict(state)
    x = picture_of(model.widget.digit_index)
    tiles, rows = model.ask(f"{RUN} return [digit.tiles(), digit.rows()];")
    expected = explain.gradient_times_input(blind, x, 3)[0, 0].numpy()
    assert_picture(tiles[1]["picture"], expected, "diverging", np.abs(expected).max(), atol=1e-4)
    shares = [row["share"] for row in rows]
    assert max(shares) < 0.6 and sum(shares) == pytest.approx(1, abs=1e-5)


def test_without_ink_there_is_nothing_to_explain(explained):
    model = explained()
    model.ask(RUN)
    view = model.ask(
        f"""traits.counts = arg; traits.target = 5;
        {RUN}
        return {{news, tiles: digit.tiles(), rows: digit.rows(), paper: digit.paper(),
          blind: digit.blindText(), gaps: digit.completeness(), said: digit.said()}};""",
        BLANK,
    )
    assert view["news"] == 0 and view["paper"] is None and view["said"] == ""
    assert view["blind"] == ["No ink, nothing to explain."] and view["gaps"]["text"] == ""
    assert all(bar["height"] == 0 for bar in view["gaps"]["bars"])
    for tile, name in zip(view["tiles"], METHODS, strict=True):
        scale = "magnitude" if name == "saliency" else "diverging"
        assert_picture(tile["picture"], np.zeros((28, 28)), scale, 1)
        assert tile["worth"] == "" and tile["waits"]
    empty = {"share": None, "text": "", "best": False, "chosen": False}
    assert view["rows"] == [empty] * 10


@pytest.mark.parametrize("light", [False, True])
def test_the_held_out_digits(explained, light):
    model = explained()
    found = model.ask("digit.look.lightInk = arg; return digit.examples();", light)
    for example, index, answer in zip(found, *examples(), strict=True):
        values = IMAGES[index] if light else 16 - IMAGES[index]
        assert_picture(example["picture"], values, "gray", 16)
        assert example["shown"] == (index == model.widget.digit_index)
        written, read = (f"a{'n' if d == 8 else ''} {d}" for d in (LABELS[index], answer))
        wrong = answer != LABELS[index]
        name = f"{written} that the network reads as {read}" if wrong else written
        assert example["name"] == name
    changes = model.ask("return digit.pickExample(2);")
    assert changes["digit_index"] == examples()[0][2]
    np.testing.assert_array_equal(changes["counts"], IMAGES[examples()[0][2]])


def test_in_chinese_no_english_is_left(explained):
    model = explained()
    ask = f"""{RUN}
      const {{told}} = await import("/explainer/digit_model.js");
      return [digit.tiles(), digit.rows(), digit.blindText(), digit.completeness(), digit.said(),
        digit.examples(), told.steps(8), told.window(5), told.erased(40)];"""
    assert words(model.ask(ask, lang="zh-CN")) == set()
    english = model.ask(ask)
    assert english[-3:] == ["8", "5 × 5", "40 pixels"]
    assert {"saliency", "occlusion", "pixels", "sum"} <= words(english)
