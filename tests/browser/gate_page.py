"""What the browser's tests of GateExplorer share: how its page is read and set."""

import numpy as np

from large_models.data.sequences import CHARACTERS
from tests.browser.harness import settle

# The page and NumPy sum in another order; the state goes round 100 times.
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def bars(page):
    """The answers on show: numbers by name, to the last digit."""
    settle(page)
    rows = page.locator(".ge-bars > li:not([hidden])").evaluate_all(
        "(rows) => rows.map((row) => ["
        "row.querySelector('.ge-bar-label').textContent, row.querySelector('data').value])"
    )
    return {label: float(value) for label, value in rows}


def shown_chars(page):
    """Wait for the character networks, then the eight likeliest characters and their chances."""
    page.wait_for_function(
        "() => !document.querySelector('.lw').classList.contains('ge-empty')", timeout=20_000
    )
    names = {"␣": " ", "⏎": "\n"}
    return {names.get(label, label): chance for label, chance in bars(page).items()}


def most_likely(chances):
    order = np.argsort(-chances, kind="stable")[:8]
    return {CHARACTERS[k]: float(chances[k]) for k in order}


def colors(page, name):
    """A map's pixels, (units, steps, 3)."""
    settle(page)
    pixels, width = page.locator(f".ge-panel-{name} canvas").evaluate(
        "(c) => [[...c.getContext('2d').getImageData(0, 0, c.width, c.height).data], c.width]"
    )
    return np.array(pixels).reshape(-1, width, 4)[..., :3]


def hold(page, gate, value):
    page.get_by_role("radiogroup", name=gate).get_by_text(value, exact=True).click()
    settle(page)
