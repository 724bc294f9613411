"""Explainer on a bare page: a digit, every control, and what pointing at a map does."""

import numpy as np
import pytest
import torch

from large_models.data import digits
from large_models.models.cnn import LeNet
from large_models.widgets import Explainer
from large_models.widgets.assets import WEIGHTS
from tests.browser.explained import different, finish, shares, tile
from tests.browser.harness import settle, show

IMAGES = digits.load_digits().test_images
# How much ink the paper shows.
INK = """() => {
  const copy = new OffscreenCanvas(320, 320).getContext("2d", {willReadFrequently: true});
  copy.drawImage(document.querySelector(".lw-paper"), 0, 0);
  const {data} = copy.getImageData(0, 0, 320, 320);
  return data.reduce((sum, v, i) => sum + (i % 4 === 3 ? v : 0), 0);
}"""


def test_a_digit_under_every_method(page):
    widget = Explainer()
    show(page, widget)
    finish(page)
    assert page.asked == [""]  # nothing was fetched
    assert different(page, "digit") == []
    np.testing.assert_allclose(shares(page, "digit"), widget.probabilities, atol=1.1e-3)
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    assert different(page, "digit") == []


def test_another_digit_another_output_and_every_slider(page):
    show(page, Explainer(erased=10))
    page.locator(".xp-example").nth(9).click()
    index = page.evaluate("() => saved.digit_index")
    np.testing.assert_array_equal(page.evaluate("() => saved.counts"), IMAGES[index])
    assert different(page, "digit") == []
    page.get_by_label("steps of integrated gradients").press("ArrowRight")
    page.get_by_label("window of occlusion").press("ArrowLeft")
    page.get_by_label("erase the strongest").press("ArrowRight")
    assert different(page, "digit") == []
    assert page.evaluate("() => [saved.steps, saved.window, saved.erased]") == [16, 4, 11]
    page.locator(".xp-digit .xp-answer").nth(4).click()
    assert page.evaluate("() => saved.target") == 4
    assert different(page, "digit") == []
    page.wait_for_function("() => document.querySelector('[aria-live=polite]').textContent")
    said = page.locator("[aria-live=polite]").inner_text()
    assert said.startswith("explaining the 4: ")


def test_python_sets_and_the_page_follows(page):
    show(page, Explainer())
    page.evaluate(
        "(counts) => { model.set('counts', counts); model.set('digit_index', 5); }",
        IMAGES[5].tolist(),
    )
    lenet = LeNet.from_pretrained(WEIGHTS / "lenet-digits")
    with torch.no_grad():
        p = lenet(torch.from_numpy(digits.to_input(IMAGES[[5]]))).softmax(-1)[0]
    assert different(page, "digit") == []
    np.testing.assert_allclose(shares(page, "digit"), p, atol=1.1e-3)
    page.evaluate("() => { model.set('steps', 1); model.set('erased', 100); }")
    assert different(page, "digit") == []


def test_a_drawing_and_no_drawing(page):
    show(page, Explainer())
    box = page.locator(".lw-paper").bounding_box()
    page.get_by_role("button", name="clear").click()
    settle(page)
    assert page.locator(".xp-blind").inner_text() == "No ink, nothing to explain."
    assert page.locator(".xp-answer:visible input:checked").count() == 0
    assert different(page, "digit") == []
    page.mouse.move(box["x"] + 20, box["y"] + 25)
    page.mouse.down()
    for dx, dy in ((0.85, 0.15), (0.4, 0.9)):
        page.mouse.move(box["x"] + dx * box["width"], box["y"] + dy * box["height"], steps=6)
    page.mouse.up()
    assert different(page, "digit") == []
    counts = np.array(page.evaluate("() => saved.counts"))
    assert counts.sum() > 100 and page.evaluate("() => saved.digit_index") is None
    widget = Explainer(counts=counts)
    np.testing.assert_allclose(shares(page, "digit"), widget.probabilities, atol=1.1e-3)


def test_pointing_at_a_map_takes_its_pixels_off_the_paper(page):
    page.set_viewport_size({"width": 1280, "height": 1200})  # nothing scrolls
    show(page, Explainer(erased=100))
    finish(page)
    whole = page.evaluate(INK)
    tile(page, "occlusion").hover()
    settle(page)
    without = page.evaluate(INK)
    assert without < 0.9 * whole
    page.mouse.move(2, 2)
    settle(page)
    assert page.evaluate(INK) == whole
    # A map that goes while it is looked at comes back to where the reader looks.
    tile(page, "occlusion").hover()
    slider = page.get_by_label("window of occlusion")
    slider.press("End")
    assert different(page, "digit") == []
    assert page.evaluate(INK) != pytest.approx(whole, rel=0.02)
    slider.press("Home")
    page.get_by_label("steps of integrated gradients").press("End")
    assert different(page, "digit") == []
    assert page.locator(".lw").get_attribute("data-state") == "ready"
    assert page.evaluate(INK) < 0.95 * whole


def test_random_weights_know_nothing(page):
    show(page, Explainer())
    finish(page)
    page.get_by_label("random weights").check()
    assert different(page, "digit") == []
    assert page.evaluate("() => saved.untrained") is True
    found = shares(page, "digit")
    assert max(found) < 0.6 and sum(found) == pytest.approx(1, abs=0.01)
