"""What Compressor shows (compressor/model.js), against the widget's Python and NumPy."""

import json

import numpy as np
import pytest

from large_models.data import digits
from large_models.formulas import cnn, training
from large_models.widgets.compressor import LAYERS, Compressor
from large_models.widgets.conv_live import weights

pytestmark = pytest.mark.heavy

SETTINGS = [
    {},
    {"bits": 3},
    {"bits": 3, "per": "row"},
    {"bits": 2, "per": "row", "layer": "hidden"},
    {"sparsity": 75},
    {"clip": 20},
    {"bits": 4, "per": "row", "sparsity": 65, "clip": 60},
    {"bits": 5, "layer": "conv2", "sparsity": 40},
    {"bits": 2},
    {},  # what was kept of the digits before must not stay
]
LABELS = digits.load_digits().test_labels
GOAL = 0.98
SETUP = """async ({lang, ...data}) => {
  if (lang) globalThis.document = {documentElement: {lang}};
  const {compressorModel} = await import("/compressor/model.js");
  window.model = compressorModel({...data, shapes: JSON.parse(data.shapes)});
  window.numbers = data.weights;
}"""
VIEW = """(settings) => {
  const fresh = model.choose(settings);
  const first = model.choose(settings);
  while (!model.finished()) model.readOne();
  return {fresh: [fresh, first], ...model.weights(), progress: model.progress(),
    tried: model.tried(), said: model.said()};
}"""


def data():
    widget = Compressor()
    return {
        "weights": np.frombuffer(widget._weights, np.float32),
        "shapes": widget._shapes,
        "digits": np.frombuffer(widget._digits, np.uint8),
        "labels": np.frombuffer(widget._labels, np.uint8),
    }


def settings_of(widget):
    return {key: getattr(widget, key) for key in ("bits", "per", "sparsity", "clip", "layer")}


def close_calls(widget):
    """How many digits are so near a tie that the order of a sum could decide."""
    w, x = widget.compressed, digits.to_input(digits.load_digits().test_images)
    for name in ("conv1", "conv2"):
        x = cnn.max_pool2d(cnn.relu(cnn.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"])), 2)
    x = cnn.relu(training.linear(x.reshape(len(x), -1), w["hidden.weight"], w["hidden.bias"]))
    best = np.sort(training.linear(x, w["output.weight"], w["output.bias"]), axis=1)[:, -2:]
    return int((np.diff(best, axis=1) < 1e-4).sum())


@pytest.fixture(scope="module")
def shown(engine):
    """Of each setting: the widget, and what the page shows once it has read all digits."""
    engine.run(SETUP, data())
    widgets = [Compressor(**setting) for setting in SETTINGS]
    return [(widget, engine.run(VIEW, settings_of(widget))) for widget in widgets]


def test_only_what_is_new_is_read_anew(shown):
    assert [view["fresh"] for _, view in shown] == [[True, False]] * len(SETTINGS)


def test_size_and_zeros_are_pythons(shown):
    plain = Compressor().kilobytes
    for widget, view in shown:
        size, zeros = view["facts"]["size"], view["facts"]["zeros"]
        share = f"{100 * widget.kilobytes / plain:.0f}% of {plain:.1f} KB"
        assert size == {"value": f"{widget.kilobytes:.1f} KB", "more": share}
        percent = f"{100 * widget.zeros:.1f}%" if widget.zeros else "0%"
        assert zeros == {"value": percent, "more": "of all weights"}


def test_what_is_read_wrong_is_pythons(shown):
    counts = digits.load_digits().test_images
    exact = 0
    for widget, view in shown:
        wrong = np.flatnonzero(widget.answers != LABELS)
        progress, near = view["progress"], close_calls(widget)
        right = int(progress["right"]["more"].split()[0])
        assert near <= 3 and abs(right - (449 - len(wrong))) <= near
        assert progress["right"]["more"] == f"{right} of 449 digits"
        assert progress["right"]["value"] == f"{100 * right / 449:.1f}%"
        assert (progress["done"], progress["finished"]) == (449, True)
        if near:
            continue
        exact += 1
        more = ", the first 18 shown" if len(wrong) > 18 else ""
        assert progress["title"] == f"Read wrong: {len(wrong)}{more}"
        answers = [f"{LABELS[i]} → {widget.answers[i]}" for i in wrong[:18]]
        assert [each["text"] for each in progress["wrong"]] == answers
        for i, each in zip(wrong, progress["wrong"], strict=False):
            a, b = (f"{'an' if n == 8 else 'a'} {n}" for n in (LABELS[i], widget.answers[i]))
            assert each["label"] == f"{a}, read as {b}"
            np.testing.assert_array_equal(each["values"], 16 - counts[i].ravel())
            assert each["max"] == 16
    assert exact >= 4


def test_the_histogram_counts_all_chosen_weights(shown):
    for widget, view in shown:
        chosen = LAYERS if widget.layer == "all" else (widget.layer,)
        before, after = (
            [np.float64(w[f"{layer}.weight"].ravel()) for layer in chosen]
            for w in (weights(), widget.compressed)
        )
        end = max(np.abs(each).max() for each in before)
        total = sum(each.size for each in before)
        for name, values in (("before", before), ("after", after)):
            place = np.floor((np.concatenate(values) / end + 1) / 2 * 61).clip(0, 60)
            height = np.log1p(np.bincount(place.astype(int), minlength=61)) / np.log1p(total)
            np.testing.assert_allclose(view["histogram"][name], height, atol=1e-12, err_msg=name)
        texts = {0: "0", 10: "10", 100: "100", 1000: "1k", 10_000: "10k"}
        rows = {texts[n]: np.log1p(n) / np.log1p(total) for n in texts if n <= total}
        found = {row["text"]: row["at"] for row in view["histogram"]["rows"]}
        assert found == pytest.approx(rows)
        least, zero, most = view["histogram"]["columns"]
        assert zero == "0" and least == f"−{most}"
        assert float(most) == pytest.approx(end, abs=0.05)
        distinct = ", ".join(str(len(np.unique(each))) for each in after)
        by = ", layer by layer" if len(after) > 1 else ""
        assert view["histogram"]["note"] == f"Different values{by}: {distinct}"


def tiles(w):
    """Kernels (O, I, K, K) side by side, a column for each O, a blank line between them."""
    O, I, K, _ = w.shape
    out = np.full((I, K + 1, O, K + 1), np.nan, np.float32)
    out[:, :K, :, :K] = w.transpose(1, 2, 0, 3)
    return out.reshape(I * (K + 1), O * (K + 1))[:-1, :-1]


def test_pictures_are_the_weights_and_zeros_are_blank(shown):
    for widget, view in shown:
        assert [picture["layer"] for picture in view["pictures"]] == list(LAYERS)
        for picture in view["pictures"]:
            w = widget.compressed[f"{picture['layer']}.weight"]
            w = np.where(w == 0, np.float32(np.nan), w)
            expected = w if w.ndim == 2 else tiles(w)
            assert picture["size"] == list(expected.shape)
            np.testing.assert_array_equal(picture["values"], expected.ravel())
            largest = np.abs(weights()[f"{picture['layer']}.weight"]).max()
            assert picture["max"] == largest


def test_what_has_been_tried_is_kept(shown):
    points = {}
    for widget, view in shown:
        now = json.dumps(settings_of(widget))
        right = int(view["progress"]["right"]["more"].split()[0]) / 449
        points[now] = [np.log(widget.kilobytes / 2) / np.log(50), right, widget.kilobytes]
        tried = view["tried"]
        places = [[point["x"], point["y"]] for point in tried["points"]]
        np.testing.assert_allclose(places, [point[:2] for point in points.values()], atol=1e-9)
        marked = [point["now"] for point in tried["points"]]
        assert marked == [key == now for key in points]
        least = min(point[2] for point in points.values() if point[1] >= GOAL)
        assert tried["note"] == f"Your smallest above 98%: {least:.1f} KB"
        about = f"size against accuracy of {len(points)} settings. {tried['note']}"
        assert tried["label"] == about and tried["goal"] == GOAL
        assert [row["text"] for row in tried["rows"]] == ["0%", "50%", "100%"]
        assert [row["at"] for row in tried["rows"]] == [0, 0.5, 1]
        columns = [np.log(float(column["text"]) / 2) / np.log(50) for column in tried["columns"]]
        assert [column["at"] for column in tried["columns"]] == pytest.approx(columns)
        size = f"{widget.kilobytes:.3g} kilobytes, {view['progress']['right']['value']} read right"
        assert view["said"] == size
    assert shown[2][0].kilobytes < 7 and "6.9 KB" in shown[2][1]["tried"]["note"]
    assert len(points) == len(SETTINGS) - 1  # the first one came again


def test_while_it_reads_it_says_how_far_it_is(engine, shown):
    found = engine.run(
        """(settings) => {
          model.choose(settings);
          const before = model.tried().points.length;
          for (let n = 0; n < 100; n++) model.readOne();
          const at100 = model.progress(true);
          model.choose({...settings, bits: 7});  // left before it was read to the end
          model.readOne();
          return [at100, model.progress(), before, model.tried().points.length];
        }""",
        settings_of(Compressor(bits=2, per="row")),
    )
    at100, first, before, after = found
    widget = Compressor(bits=2, per="row")
    wrong = np.flatnonzero(widget.answers[:100] != LABELS[:100])
    assert len(wrong) > 0
    assert (at100["done"], at100["finished"]) == (100, False)
    assert at100["right"]["more"] == "first 100 of 449"
    assert close_calls(widget) == 0  # or the next line would ask too much
    assert at100["right"]["value"] == f"{100 - len(wrong):.1f}%"
    counts = digits.load_digits().test_images
    for i, each in zip(wrong, at100["wrong"], strict=False):  # light ink: where it is, it is light
        np.testing.assert_array_equal(each["values"], counts[i].ravel())
    assert first["done"] == 1 and first["title"] == "Read wrong: none yet"
    assert before == after == len(SETTINGS) - 1


def test_texts_in_both_languages(engine):
    script = """async (lang) => {
      if (lang) globalThis.document = {documentElement: {lang}};
      try {
        const m = await import("/compressor/model.js");
        return [[32, 4].map(m.told.bits), [0, 40].map(m.told.sparsity), [100, 35].map(m.told.clip),
          m.layerNames().hidden, model.captions()[1]];
      } finally {
        delete globalThis.document;
      }
    }"""
    engine.run(SETUP, data())
    assert engine.run(script, None) == [
        ["32, as trained", "4 bits"],
        ["none", "40%"],
        ["off", "35% of the largest"],
        "hidden",
        {"layer": "conv2", "caption": "conv 2, 16 × 8 × 5 × 5", "label": "weights of conv 2"},
    ]
    assert engine.run(script, "zh-CN") == [
        ["32，训练时的", "4 位"],
        ["无", "40%"],
        ["关", "最大值的 35%"],
        "隐藏层",
        {"layer": "conv2", "caption": "卷积2, 16 × 8 × 5 × 5", "label": "卷积2的权重"},
    ]


def test_the_chinese_view_says_the_same(engine):
    engine.run(SETUP, data() | {"lang": "zh"})
    try:
        view = engine.run(VIEW, settings_of(Compressor(bits=3)))
    finally:
        engine.run("() => { delete globalThis.document; }")
    widget = Compressor(bits=3)
    right = round(449 * widget.accuracy)
    assert view["facts"]["zeros"]["more"] == "占全部权重"
    assert view["progress"]["right"]["more"] == f"449 个数字中的 {right} 个"
    assert view["histogram"]["note"].startswith("不同的取值（逐层）：7、6、7、6")
    assert view["tried"]["note"] == "还没有 98% 以上的"
    assert view["said"] == f"{widget.kilobytes:.3g} KB，读对 {100 * widget.accuracy:.1f}%"
