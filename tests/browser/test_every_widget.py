"""What each widget owes the page that it stands on, whatever it shows: as it starts."""

import pytest

from large_models import widgets
from tests.browser.harness import kept_height, settle, show


@pytest.mark.parametrize("width", [760, 358])
@pytest.mark.parametrize("name", widgets.__all__)
def test_the_place_that_is_kept_is_its_own(page, name, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, getattr(widgets, name)(), width=width)
    height = page.locator(".lw").bounding_box()["height"]
    assert kept_height(page) == pytest.approx(height, abs=40)


@pytest.mark.parametrize("name", widgets.__all__)
def test_ends_cleanly(page, name):
    show(page, getattr(widgets, name)())
    assert page.evaluate("() => model.listening()") > 0
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0


@pytest.mark.parametrize("name", widgets.__all__)
def test_may_be_drawn_before_it_is_in_the_page(page, name):
    """As JupyterLab does it: until then there is no style to read, and no size."""
    show(page, getattr(widgets, name)(), attached=False)
    assert page.locator(".lw").get_attribute("data-state") == "ready"
    assert page.locator(".lw-error").count() == 0


def test_may_end_before_it_is_in_the_page(page):
    show(page, widgets.Timeline(), attached=None)
    page.evaluate("() => end()")
    page.evaluate("() => document.body.append(host)")
    settle(page)
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
