"""What the tests of widgets on a bare page share."""

import pytest


@pytest.fixture
def page(browser):
    """A page that fails its test if the page complained; `asked` lists what it fetched."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(120_000)  # machines are shared
    page.problems, page.asked = [], []
    page.on("pageerror", lambda error: page.problems.append(str(error)))

    def heard(message):
        # Reading a canvas back is what the tests do, not the widget.
        if message.type in ("error", "warning") and "willReadFrequently" not in message.text:
            page.problems.append(message.text)

    page.on("console", heard)
    page.on("request", lambda request: page.asked.append(request.url.rsplit("/", 1)[-1]))
    yield page
    context.close()
    assert page.problems == []
