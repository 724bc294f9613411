"""What LabelCurves shows (label_curves/model.js), against the widget's Python and matplotlib."""

import itertools
import re

import numpy as np
import pytest
from matplotlib import colormaps

from large_models.widgets import LabelCurves
from large_models.widgets.label_curves import COUNTS, TASKS, WITH, WITHOUT
from tests.js.traits import language, traits

ASK = """async ({traits, width}) => {
  const {curvesModel} = await import("/label_curves/model.js");
  const model = curvesModel((key) => traits[key]);
  return {...model.view(), plot: model.plot(width), ways: model.ways, counts: model.counts};
}"""
WAYS = (*WITH, *WITHOUT)
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 8, 238


def ask(engine, widget, width=760):
    return engine.run(ASK, {"traits": traits(widget), "width": width})


def places(width):
    x = lambda i: LEFT + 8 + (width - LEFT - RIGHT - 16) * np.asarray(i) / 5  # noqa: E731
    y = lambda share: BOTTOM - (BOTTOM - TOP) * np.asarray(share) / 0.8  # noqa: E731
    return x, y


@pytest.mark.parametrize(("task", "count"), itertools.product(TASKS, COUNTS))
def test_rows_and_table_are_pythons(engine, task, count):
    for way in WITH:
        widget = LabelCurves(task=task, count=count, way=way)
        view = ask(engine, widget)
        assert [given["way"] for given in view["ways"]] == list(WAYS)
        shown = way if count else WITHOUT[1]
        curves = widget._tasks[task]["curves"]
        for row in view["rows"]:
            assert row["there"] == (row["way"] in widget.accuracy)
            assert row["chosen"] == (row["way"] == shown) and row["fixed"] == (count == 0)
            if not row["there"]:
                continue
            mean = widget.accuracy[row["way"]]
            spread = curves[row["way"]][str(count)]["spread"]
            assert row["share"] == pytest.approx(mean / 0.8) and 0 < row["share"] < 1
            numbers = [float(number) for number in row["text"].split(" ± ")]
            assert numbers == pytest.approx([mean, spread] if spread else [mean], abs=6e-4)
            assert f"{row['way']} {mean:.2f}" in view["said"]
        table, confusion = view["table"], widget.confusion
        shares = confusion / confusion.sum(axis=1, keepdims=True)
        cells = [[cell["text"] for cell in row["cells"]] for row in table["rows"]]
        np.testing.assert_allclose(np.array(cells, float), 100 * shares, atol=0.5 + 1e-9)
        labels = widget._tasks[task]["names"]
        assert table["labels"] == labels == [row["label"] for row in table["rows"]]
        # The colours are matplotlib's, within 3 of 255 levels (few anchors stand for its table).
        drawn = [
            [int(number) for number in re.findall(r"\d+", cell["background"])]
            for row in table["rows"]
            for cell in row["cells"]
        ]
        want = colormaps["cividis"](shares.ravel(), bytes=True)[:, :3].astype(int)
        np.testing.assert_allclose(drawn, want, atol=3)
        told = "all labels" if count == "all" else f"{count} labels per class"
        assert table["caption"].startswith(f"{shown}, {told}: ") and view["said"].startswith(told)


@pytest.mark.parametrize("width", [760, 358])
@pytest.mark.parametrize(
    ("task", "count"), [("packages", 10), ("sections", 0), ("packages", "all")]
)
def test_curves_lie_where_the_numbers_are(engine, task, count, width):
    widget = LabelCurves(task=task, count=count)
    view = ask(engine, widget, width)
    plot, (x, y) = view["plot"], places(width)
    assert view["counts"] == [str(each) for each in COUNTS]
    assert len(plot["curves"]) == len(WAYS)
    for curve, way in zip(plot["curves"], WAYS, strict=True):
        found = widget._tasks[task]["curves"][way]
        at = [i for i, each in enumerate(COUNTS) if str(each) in found]
        means, spreads = np.array(
            [[found[str(COUNTS[i])][key] for i in at] for key in ("mean", "spread")]
        )
        assert len(at) == (1 if way in WITHOUT else 5)
        np.testing.assert_allclose(curve["points"], np.stack([x(at), y(means)], 1))
        ends = np.stack([y(means - spreads), y(means + spreads)], 1)
        np.testing.assert_allclose(np.array(curve["spreads"])[:, :, 1], ends)
        np.testing.assert_allclose(np.array(curve["spreads"])[:, :, 0], np.stack([x(at)] * 2, 1))
        assert curve["bold"] == (way == ("fine-tuned" if count else WITHOUT[1]))
    chance = y(1 / len(widget._tasks[task]["names"]))
    np.testing.assert_allclose(plot["chance"], [[LEFT, chance], [width - RIGHT, chance]])
    now = x(COUNTS.index(count))
    np.testing.assert_allclose(plot["now"], [[now, TOP], [now, BOTTOM]])
    ticks = {text["text"]: text["at"] for text in plot["texts"] if text["anchor"] == "end"}
    for line, (text, share) in zip(
        plot["grid"], {"0": 0, "0.2": 0.2, "0.4": 0.4, "0.6": 0.6, "0.8": 0.8}.items(), strict=True
    ):
        np.testing.assert_allclose(line, [[LEFT, y(share)], [width - RIGHT, y(share)]], atol=1e-9)
        assert text == "0" or ticks[text] == pytest.approx([LEFT - 6, y(share) + 4])
    below = [text for text in plot["texts"] if text["at"][1] == 254]
    assert [text["text"] for text in below] == [str(each) for each in COUNTS]
    np.testing.assert_allclose([text["at"][0] for text in below], x(np.arange(6)))


def test_chinese(engine):
    with language(engine, "zh-CN"):
        view = ask(engine, LabelCurves(count="all"))
        few = ask(engine, LabelCurves(count=10))
    assert view["table"]["caption"] == "微调，全部标注：行是真实标签，列是回答，百分比"
    assert view["said"].startswith("全部标注: 词袋 0.") and few["said"].startswith("每类 10 个标注")
    assert view["plot"]["texts"][-1]["text"] == "全部"
    assert [way["name"] for way in view["ways"]][-1] == "零样本，校准后"
