"""What each widget owes the page that it stands on, whatever it shows: as it starts."""

import pytest

from lib import widgets
from tests.browser.harness import kept_height, show


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
