"""What the tests of the front end share."""

import pytest

from tests.browser.harness import serve


@pytest.fixture(scope="module")
def page(browser):
    """A page that can import the widgets' modules, such as "/engine/nn.js"."""
    page = browser.new_page()
    serve(page)
    yield page
    page.close()
