"""What PrivacyDial shows (privacy_dial/model.js), against the widget's Python and NumPy."""

import itertools
import re

import numpy as np
import pytest

from large_models.formulas import privacy
from large_models.widgets import PrivacyDial
from large_models.widgets.privacy_dial import ATTACKS, WAYS, WHOSE
from tests.js.traits import language, traits

ASK = """async ({traits, widths}) => {
  const {dialModel} = await import("/privacy_dial/model.js");
  const model = dialModel((key) => traits[key]);
  return {...model.view(), bars: widths.map(model.histogram), roc: model.roc()};
}"""
WIDTHS = (470, 326)


def ask(engine, widget):
    return engine.run(ASK, {"traits": traits(widget), "widths": list(WIDTHS)})


def share(text):
    """A share as the page writes it; of '<0.1%' and '>99.9%' the middle of what they stand for."""
    middles = {"<0.1%": 0.00025, ">99.9%": 0.99975}
    return middles[text] if text in middles else float(text.rstrip("%")) / 100


def test_the_page_computes_what_python_does(engine):
    shares = np.linspace(0, 1, 21)
    for epsilon, delta in ((0.0, 0.0), (1.1, 1e-4), (6.0, 1e-4), (70.0, 1e-4)):
        got = engine.run(
            """async ([shares, epsilon, delta]) => {
              const p = await import("/engine/privacy.js");
              return shares.map((share) => p.mostFound(share, epsilon, delta));
            }""",
            [shares.tolist(), epsilon, delta],
        )
        np.testing.assert_allclose(got, privacy.most_found(shares, epsilon, delta), atol=1e-12)
    widget = PrivacyDial()
    nearest = "async ([all, one]) => (await import('/engine/privacy.js')).nearest(all, one)"
    for false in (0.001, 0.0011, 0.0123, 0.3, 0.97, 1.0):
        widget.false_alarms = false
        assert engine.run(nearest, [widget._false, false]) == widget._step


@pytest.mark.parametrize("way", WAYS)
def test_numbers_are_pythons(engine, way):
    for attack, whose, false in itertools.product(ATTACKS, WHOSE, (0.001, 0.0123, 0.3, 1.0)):
        widget = PrivacyDial(way=way, attack=attack, whose=whose, false_alarms=false)
        view = ask(engine, widget)
        values, summary = view["values"], widget._summaries[way]
        wrong = widget._false[widget._step]
        assert view["false_alarms"] == wrong and view["way"] == way
        assert share(values["found"]) == pytest.approx(widget.found, abs=6e-4)
        assert share(values["wrong"]) == pytest.approx(wrong, abs=6e-4)
        areas = widget._attacks[way][attack][whose]["auc"]
        for key, pair in (("area", areas), ("accuracy", summary["accuracy"])):
            assert [float(v) for v in values[key].split(" ± ")] == pytest.approx(pair, abs=6e-4)
        if summary["epsilon"] is None:
            assert (values["most"], values["epsilon"]) == ("no promise", "∞")
        else:
            assert share(values["most"]) == pytest.approx(widget.most_found, abs=6e-4)
            assert float(values["epsilon"]) == pytest.approx(summary["epsilon"], rel=6e-3)
        assert f"{values['found']} of members found at {values['wrong']} false" in view["said"]


@pytest.mark.parametrize("index", range(len(WIDTHS)))
@pytest.mark.parametrize(("attack", "whose"), itertools.product(ATTACKS, WHOSE))
def test_histograms_are_shares_of_each_side(engine, attack, whose, index):
    widget = PrivacyDial(way="stopped early", attack=attack, whose=whose, false_alarms=0.1)
    width, picture = WIDTHS[index], ask(engine, widget)["bars"][index]
    found = widget._attacks["stopped early"][attack][whose]
    sides = {side: np.array(found[side]) / sum(found[side]) for side in ("members", "others")}
    most = max(part.max() for part in sides.values())
    middle = 93  # of the heights 18 to 168
    assert picture["axis"] == [[10, middle], [width - 10, middle]]
    low, high = widget._range[attack]
    x = lambda value: 10 + (width - 20) * (value - low) / (high - low)  # noqa: E731
    for side, parts in sides.items():
        bars = [bar for bar in picture["bars"] if bar["side"] == side]
        heights = [bar["height"] for bar in bars]
        np.testing.assert_allclose(heights, (middle - 18) * parts / most, atol=1e-9)
        ends = [bar["y"] + (bar["height"] if side == "members" else 0) for bar in bars]
        np.testing.assert_allclose(ends, middle, atol=1e-9)
        edges = x(np.linspace(low, high, len(parts) + 1))
        np.testing.assert_allclose([bar["x"] for bar in bars], edges[:-1] + 0.5)
        np.testing.assert_allclose([bar["width"] for bar in bars], np.diff(edges) - 1)
    cut = x(np.clip(found["cut"][widget._step], low, high))
    assert picture["cut"] == [[pytest.approx(cut), 4], [pytest.approx(cut), 168]]
    *ticks, words = picture["texts"]
    assert words["text"] == "called members →"
    assert words["anchor"] == ("end" if cut > width / 2 else "start")
    for tick in ticks:
        if attack == "lira":
            value = float(tick["text"].replace("−", "-"))
        else:  # a loss that falls to the right: its logarithm
            power = re.fullmatch(r"10⁻(.)", tick["text"])
            value = "⁰¹²³⁴⁵".index(power[1]) if power else -np.log10(float(tick["text"]))
        assert tick["at"] == [pytest.approx(x(value)), 184]
    every = 5 if attack == "lira" else 2 if width < 420 else 1
    assert len(ticks) == (high - low) // every + 1
    assert [ticks[0]["anchor"], ticks[-1]["anchor"]] == ["start", "end"]


@pytest.mark.parametrize("way", ["overfitted", "noise 1", "noise 8"])
def test_the_roc_is_drawn_on_two_log_axes(engine, way):
    widget = PrivacyDial(way=way, attack="lira", false_alarms=0.3)
    roc = ask(engine, widget)["roc"]
    false = np.array(widget._false)

    def at(wrong, found):
        along = lambda s: 1 + np.log10(np.maximum(s, 0.001)) / 3  # noqa: E731
        return np.stack([42 + 178 * along(wrong), 196 - 188 * along(found)], -1)

    found = np.array(widget._attacks[way]["lira"]["all"]["found"])
    np.testing.assert_allclose(roc["curve"], at(false, found), atol=1e-9)
    np.testing.assert_allclose(roc["now"], roc["curve"][widget._step])
    np.testing.assert_allclose(roc["axis"], [[42, 8], [42, 196], [220, 196]])
    np.testing.assert_allclose(roc["chance"], [[42, 196], [220, 8]])
    epsilon = widget._summaries[way]["epsilon"]
    if epsilon is None:
        assert roc["ruledOut"] is None
    else:
        edge = at(false, privacy.most_found(false, epsilon, widget._delta))
        np.testing.assert_allclose(roc["ruledOut"], [[42, 8], *edge], atol=1e-9)
    *ticks, name = roc["texts"]
    assert name["text"] == "false alarms"
    for side, (axis, place) in itertools.product((0, 1), enumerate([0.001, 0.01, 0.1, 1])):
        tick = ticks[2 * axis + side]
        assert share(tick["text"]) == pytest.approx(place)
        expected = at(place, place)[1 - side]
        assert tick["at"][1 - side] == pytest.approx(expected + (0 if side else 4))


def test_ways_in_words_and_chinese(engine):
    texts = "async (ways) => ways.map((await import('/privacy_dial/model.js')).wayText)"
    assert engine.run(texts, list(WAYS)) == [
        *["as usual, until it overfits", "as usual, stopped early", "100 plain steps, not clipped"],
        "100 steps, gradients clipped",
        *(f"clipped, noise σ = {noise}" for noise in ("0.5", "1", "2", "4", "8")),
    ]
    with language(engine, "zh-CN"):
        view = ask(engine, PrivacyDial(attack="lira"))
        chinese = engine.run(texts, list(WAYS))
    assert view["values"]["most"] == "没有承诺" and view["axis"] == "似然比的对数"
    assert chinese[0] == "照常训练，直到过拟合" and chinese[-1] == "裁剪，噪声 σ = 8"
    assert view["said"].startswith("照常训练，直到过拟合：误报 1.0% 时找出成员 ")
