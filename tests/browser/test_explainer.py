"""Explainer on a bare page: what it shows against torch, every control, and the place it takes."""

import json
import re

import numpy as np
import pytest
import torch

from large_models.data import digits, tokenizer
from large_models.experiments import explanation as explaining
from large_models.models import explanation as explain
from large_models.models.bert import BertForMaskedLM
from large_models.models.cnn import LeNet
from large_models.widgets import Explainer
from large_models.widgets.assets import WEIGHTS
from tests.browser.harness import serious, settle, show

IMAGES = digits.load_digits().test_images


@pytest.fixture(scope="module")
def lenet():
    return LeNet.from_pretrained(WEIGHTS / "lenet-digits")


@pytest.fixture(scope="module")
def reader():
    """The classifier with weights of float16, as the page has them."""
    model = explaining.classifier(WEIGHTS / "bert-docs")
    half = BertForMaskedLM.from_pretrained(WEIGHTS / "bert-docs/checkpoints/024000")
    model.bert.load_state_dict(half.bert.state_dict())
    return model


def finish(page):
    """Wait until no method is at work."""
    settle(page)
    page.wait_for_function(
        """() => {
          const side = document.querySelector(".xp-sides > :not(.xp-away)");
          const shown = (what) => [...side.querySelectorAll(what)];
          const loaded = shown("tfoot td").every((cell) => cell.textContent);
          const bars = side.querySelector(".xp-answer input:checked") ? shown(".xp-gap i") : [];
          const texts = shown(".xp-worth, td, .xp-note").map((node) => node.textContent);
          return loaded && !texts.some((text) => text.endsWith("…"))
            && !bars.some((bar) => bar.style.blockSize === "0px");
        }""",
        timeout=60_000,
    )
    settle(page)


def tile(page, name):
    return page.locator(".xp-tile", has_text=name)


def percents(text):
    return [float(n) / 100 for n in re.findall(r"([\d.]+)%", text)]


def pixels(page, name):
    """What a tile shows: (28, 28, 4)."""
    data = (
        tile(page, name)
        .locator(".xp-map canvas")
        .evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]")
    )
    return np.reshape(data, (28, 28, 4))


METHODS = {
    "saliency": "saliency",
    "gradient × input": "gradient x input",
    "integrated gradients": "integrated gradients",
    "occlusion": "occlusion",
}


def check_digit(page, lenet, index, target, steps=8, window=5, erased=40):
    """Worth, scale and gap of every method are torch's."""
    finish(page)
    x = torch.from_numpy(digits.to_input(IMAGES[[index]]))
    maps = {
        "saliency": explain.saliency(lenet, x, target),
        "gradient x input": explain.gradient_times_input(lenet, x, target),
        "integrated gradients": explain.integrated_gradients(lenet, x, target, steps),
        "occlusion": explain.occlusion(lenet, x, target, window, min(2, window)),
    }
    for title, name in METHODS.items():
        map_ = maps[name][0, 0].numpy()
        marks = tile(page, title).locator(".lw-legend-marks").inner_text().split()
        assert float(marks[-1].strip("+")) == pytest.approx(np.abs(map_).max(), rel=0.02)
        before, after = percents(tile(page, title).locator(".xp-worth").inner_text())
        curve = explaining.deletion_curves(lenet, x, map_[None], [0, erased])[0]
        if target == int(lenet(x).argmax()):  # the curve is of the answer
            # Equal pixels may change places where the last digit differs.
            assert [before, after] == pytest.approx(curve, abs=0.02), title
        if name == "integrated gradients":
            # Red where it speaks for the target, blue where against.
            shown = pixels(page, title)
            strong = np.abs(map_) > 0.2 * np.abs(map_).max()
            redder = shown[..., 0].astype(int) > shown[..., 2]
            np.testing.assert_array_equal(redder[strong], (map_ > 0)[strong])
            with torch.no_grad():
                span = float((lenet(x) - lenet(torch.zeros_like(x)))[0, target])
            text = page.locator(".xp-gap-text").inner_text().replace("−", "-")
            shown_span = float(re.search(r"sum to (-?[\d.]+)", text)[1])
            assert shown_span == pytest.approx(span, abs=0.06)
            gap = abs(map_.sum() - span)
            shown_gap = re.search(r"off by (<?)([\d.]+)", text)
            if shown_gap[1]:
                assert gap < 0.006
            else:
                assert float(shown_gap[2]) == pytest.approx(gap, abs=0.06)


def test_a_digit_under_every_method(page, lenet):
    widget = Explainer()
    show(page, widget)
    check_digit(page, lenet, widget.digit_index, 3)
    shares = percents(" ".join(page.locator(".xp-digit .lw-bar-value").all_inner_texts()))
    np.testing.assert_allclose(shares, widget.probabilities, atol=1.1e-3)
    assert page.asked == [""]  # nothing was fetched


def test_another_digit_another_output_and_every_slider(page, lenet):
    show(page, Explainer(erased=10))
    page.locator(".xp-example").nth(9).click()
    index = page.evaluate("() => saved.digit_index")
    check_digit(page, lenet, index, 9, erased=10)
    page.get_by_label("steps of integrated gradients").press("ArrowRight")
    page.get_by_label("window of occlusion").press("ArrowLeft")
    page.get_by_label("erase the strongest").press("ArrowRight")
    check_digit(page, lenet, index, 9, steps=16, window=4, erased=11)
    assert page.evaluate("() => [saved.steps, saved.window, saved.erased]") == [16, 4, 11]
    page.locator(".xp-digit .xp-answer").nth(4).click()
    assert page.evaluate("() => saved.target") == 4
    check_digit(page, lenet, index, 4, steps=16, window=4, erased=11)


def test_the_gap_falls_with_the_steps(page):
    show(page, Explainer())
    finish(page)
    heights = page.locator(".xp-gap i").evaluate_all(
        "(n) => n.map((i) => parseFloat(i.style.blockSize))"
    )
    assert heights[0] == 100 > heights[1] > heights[2] > heights[3] and max(heights[3:]) < 20


def test_python_sets_and_the_page_follows(page, lenet):
    show(page, Explainer())
    page.evaluate(
        "(counts) => { model.set('counts', counts); model.set('digit_index', 5); }",
        IMAGES[5].tolist(),
    )
    answer = int(lenet(torch.from_numpy(digits.to_input(IMAGES[[5]]))).argmax())
    check_digit(page, lenet, 5, answer)
    page.evaluate("() => { model.set('steps', 1); model.set('erased', 100); }")
    check_digit(page, lenet, 5, answer, steps=1, erased=100)


def test_a_drawing_and_no_drawing(page):
    show(page, Explainer())
    box = page.locator(".lw-paper").bounding_box()
    page.get_by_role("button", name="clear").click()
    settle(page)
    assert page.locator(".xp-blind").inner_text() == "No ink, nothing to explain."
    assert page.locator(".xp-answer:visible input:checked").count() == 0
    page.mouse.move(box["x"] + 20, box["y"] + 25)
    page.mouse.down()
    for dx, dy in ((0.85, 0.15), (0.4, 0.9)):
        page.mouse.move(box["x"] + dx * box["width"], box["y"] + dy * box["height"], steps=6)
    page.mouse.up()
    finish(page)
    counts = np.array(page.evaluate("() => saved.counts"))
    assert counts.sum() > 100 and page.evaluate("() => saved.digit_index") is None
    widget = Explainer(counts=counts)
    shares = percents(" ".join(page.locator(".xp-digit .lw-bar-value").all_inner_texts()))
    np.testing.assert_allclose(shares, widget.probabilities, atol=1.1e-3)


def test_pointing_at_a_map_takes_its_pixels_off_the_paper(page):
    show(page, Explainer(erased=100))
    finish(page)
    ink = """() => {
      const copy = new OffscreenCanvas(320, 320).getContext("2d", {willReadFrequently: true});
      copy.drawImage(document.querySelector(".lw-paper"), 0, 0);
      const {data} = copy.getImageData(0, 0, 320, 320);
      return data.reduce((sum, v, i) => sum + (i % 4 === 3 ? v : 0), 0);
    }"""
    whole = page.evaluate(ink)
    tile(page, "occlusion").hover()
    settle(page)
    assert page.evaluate(ink) < 0.9 * whole
    page.mouse.move(2, 2)
    settle(page)
    assert page.evaluate(ink) == whole


def test_random_weights_know_nothing(page):
    show(page, Explainer())
    finish(page)
    before = pixels(page, "gradient × input")
    page.get_by_label("random weights").check()
    finish(page)
    assert page.evaluate("() => saved.untrained") is True
    shares = percents(" ".join(page.locator(".xp-digit .lw-bar-value").all_inner_texts()))
    assert max(shares) < 0.6 and sum(shares) == pytest.approx(1, abs=0.01)
    assert (before != pixels(page, "gradient × input")).any()


# --- sentences ------------------------------------------------------------------------------------


def cells(page):
    """The table: token -> its four numbers, in order."""
    rows = page.locator(".xp-table tbody tr").all_inner_texts()
    return [row.replace("−", "-").split() for row in rows]


def check_sentence(page, reader, widget, label=None):
    finish(page)
    tokens = tokenizer.load(WEIGHTS / "bert-docs")
    mask = tokens.token_to_id("[MASK]")
    ids = torch.tensor(tokens.encode(widget.text).ids)
    p = reader(ids[None]).softmax(-1)[0]
    target = int(p.argmax()) if label is None else reader.labels.index(label)
    found = cells(page)
    assert [row[0] for row in found] == tokens.encode(widget.text).tokens[1:-1]
    shown = np.array([[float(v.strip("+%")) for v in row[1:]] for row in found]).T
    each = explaining.of_sentence(reader, ids, target, mask)
    np.testing.assert_allclose(shown[0] / 100, each["hide each"], atol=6e-4)
    np.testing.assert_allclose(shown[1] / 100, each["attention rollout"], atol=6e-4)
    np.testing.assert_allclose(shown[2], each["gradient x input"], atol=0.006)
    np.testing.assert_allclose(shown[3], each["integrated gradients"], atol=0.006)
    foot = percents(" ".join(page.locator(".xp-table tfoot td").all_inner_texts()))
    names = ("hide each", "attention rollout", "gradient x input", "integrated gradients")
    for name, left in zip(names, foot, strict=True):
        expected = explaining.hide_in_order(reader, ids, target, mask, each[name], [widget.gone])
        assert left == pytest.approx(float(expected[0]), abs=2e-3), name


def test_a_sentence_under_every_method(page, reader):
    widget = Explainer()
    show(page, widget)
    assert page.asked == [""]
    page.get_by_text("a sentence", exact=True).click()
    check_sentence(page, reader, widget)
    assert set(page.asked[1:]) == {f"{name}.js" for name in widget._assets}
    assert page.evaluate("() => saved.mode") == "sentence"
    page.get_by_label("hide the strongest").press("ArrowLeft")
    widget.gone = 1
    check_sentence(page, reader, widget)
    page.get_by_role("radio", name="scipy").check()
    assert page.evaluate("() => saved.label") == "scipy"
    check_sentence(page, reader, widget, "scipy")


def test_the_reader_hides_tokens(page, reader):
    widget = Explainer(mode="sentence")
    show(page, widget)
    finish(page)
    for word in ("node", "graph"):
        page.locator(".xp-token", has_text=word).click()
    settle(page)
    tokens = tokenizer.load(WEIGHTS / "bert-docs")
    ids = torch.tensor(tokens.encode(widget.text).ids)
    places = page.evaluate("() => saved.hidden")
    ids[places] = tokens.token_to_id("[MASK]")
    expected = reader(ids[None]).softmax(-1)[0]
    shares = percents(" ".join(page.locator(".xp-sentence .lw-bar-value").all_inner_texts()))
    np.testing.assert_allclose(shares, expected, atol=1e-3)
    pressed = page.locator(".xp-token[aria-pressed=true]")
    assert pressed.all_inner_texts() == ["node", "graph"]
    pressed.first.click()
    assert page.evaluate("() => saved.hidden") == places[1:]


def test_a_sentence_of_ones_own_and_one_that_is_too_long(page, reader):
    show(page, Explainer(mode="sentence"))
    finish(page)
    box = page.get_by_label("A sentence about")
    box.fill("Draw a filled circle on the axes.")
    check_sentence(page, reader, Explainer(text="Draw a filled circle on the axes."))
    box.fill("one " * 70)
    settle(page)
    assert "has 72 tokens; the model reads 64 at most" in page.locator(".xp-wrong").inner_text()
    assert box.get_attribute("aria-invalid") == "true"
    box.fill("")
    finish(page)
    assert page.locator(".xp-wrong").inner_text() == "" and cells(page) == []


def test_text_is_text(page):
    show(page, Explainer(mode="sentence", text="<img src=x onerror=alert(1)> & <b>axes</b>"))
    finish(page)
    assert page.locator(".lw img, .lw .xp-table b").count() == 0


def test_without_the_files_it_says_so_and_tries_again(page):
    show(page, Explainer(), with_assets=False)
    page.evaluate("() => { globalThis.lwAssetBase = 'http://lw.test/nowhere'; }")
    page.get_by_text("a sentence", exact=True).click()
    message = page.locator(".lw-message")
    page.wait_for_function("() => document.querySelector('.lw-message.lw-failed')")
    assert "could not be loaded" in message.inner_text()
    page.problems.clear()  # the browser complains of the missing files
    page.evaluate("() => { globalThis.lwAssetBase = 'http://lw.test/assets'; }")
    page.get_by_role("button", name="Try again").click()
    finish(page)
    assert len(cells(page)) > 5 and message.inner_text() == ""


# --- the page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    show(page, Explainer(), width=min(width - 32, 760))

    def end():
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        return page.evaluate(
            "() => document.getElementById('after').getBoundingClientRect().top + scrollY"
        )

    top = end()
    finish(page)
    assert end() == top
    page.get_by_label("random weights").check()
    assert end() == top
    page.get_by_role("button", name="clear").click()
    assert end() == top
    page.get_by_text("a sentence", exact=True).click()
    assert end() == top
    finish(page)
    assert end() == top
    box = page.get_by_label("A sentence about")
    for text in ("Draw. " * 25, "one " * 70, ""):
        box.fill(text)
        assert end() == top


@pytest.mark.parametrize(
    ("theme", "lang", "width", "mode"),
    [
        ("light", "en", 760, "digit"),
        ("dark", "zh-CN", 358, "sentence"),
        ("dark", "en", 760, "sentence"),
    ],
)
def test_axe_finds_nothing_serious(page, theme, lang, width, mode):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, Explainer(mode=mode), lang=lang, theme=theme, width=width)
    finish(page)
    assert serious(page) == []


def test_chinese(page):
    widget = Explainer()
    root = show(page, widget, lang="zh-CN")
    finish(page)
    labels = page.locator(".xp-digit [aria-label]").evaluate_all("(a) => a.map((e) => e.ariaLabel)")
    text = root.inner_text() + json.dumps(labels, ensure_ascii=False)
    page.get_by_text("一句话", exact=True).click()
    finish(page)
    page.locator(".xp-input").fill("axes")
    finish(page)
    text += root.inner_text()
    known = set(" ".join(widget._labels).replace("-", " ").split()) | {"Python", "axes", "Shift"}
    assert set(re.findall(r"[A-Za-z]{2,}", text)) <= known


def test_ends_cleanly_while_it_works(page):
    show(page, Explainer(mode="sentence"))
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
    page.wait_for_timeout(300)
