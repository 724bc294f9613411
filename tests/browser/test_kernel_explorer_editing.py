"""KernelExplorer's kernel is changed: cells, buttons, menus; from Python too."""

import numpy as np
import pytest

from large_models.widgets.kernel_explorer import KERNELS, KernelExplorer
from tests.browser.harness import model, saved, set_from_python, settle, show
from tests.browser.kernel_page import numbers, place, reading


def test_a_cell_takes_numbers_as_people_write_them(page):
    show(page, KernelExplorer())
    cell = page.get_by_label("weight row 1, column 1")
    for text, weight in [
        ("3", 3),
        ("-0.5", -0.5),
        ("−2", -2),
        ("0,25", 0.25),
        (".5", 0.5),
        ("1/8", 0.125),
    ]:
        cell.fill(text)
        settle(page)
        assert saved(page, "kernel")[0][0] == weight, text
        _, products, total = reading(page)
        assert total == pytest.approx(sum(products), abs=0.5)
    assert page.get_by_role("combobox", name="Kernel").input_value() == "own"


def test_keys_change_a_cell(page):
    show(page, KernelExplorer())
    cell = page.get_by_label("weight row 2, column 3")
    cell.focus()
    for key, weight in [
        ("ArrowUp", 3),
        ("ArrowDown", 2),
        ("Shift+ArrowDown", 1.9),
        ("Shift+ArrowUp", 2),
    ]:
        page.keyboard.press(key)
        settle(page)
        assert model(page, "kernel")[1][2] == weight, key
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == (
        "weight row 3, column 1"
    )


def test_no_number_is_said_at_the_cell_and_changes_nothing(page):
    show(page, KernelExplorer())
    cell = page.get_by_label("weight row 2, column 1")
    before = reading(page)
    for text in ["", "abc", "NaN", "1e5", "--1", "1/0", "1001", "<b>1</b>"]:
        cell.fill(text)
        assert cell.get_attribute("aria-invalid") == "true", text
        message = page.locator(f"#{cell.get_attribute('aria-describedby')}")
        assert message.inner_text() == (
            f"row 2, column 1: “{text}” is not a number from −1000 to 1000; −2 still counts."
        )
        assert model(page, "kernel") == KERNELS["sobel-x"]
        assert reading(page) == before
        cell.press("Escape")
        assert cell.input_value() == "−2" and message.inner_text() == ""
    cell.fill("x")
    page.get_by_label("weight row 3, column 3").focus()
    assert cell.input_value() == "x" and message.inner_text() != "", "it stays until mended"
    cell.fill("4")
    settle(page)
    assert model(page, "kernel")[1][0] == 4 and message.inner_text() == ""


def test_every_kernel_can_be_picked(page):
    show(page, KernelExplorer())
    picker = page.get_by_role("combobox", name="Kernel")
    for name, kernel in KERNELS.items():
        picker.select_option(name)
        settle(page)
        np.testing.assert_allclose(model(page, "kernel"), kernel)
        assert picker.input_value() == name
        assert page.locator(".ke-kernel input").count() == len(kernel) ** 2
    assert page.locator("select option[value=sharpen]").count() == 1


def test_the_size_keeps_the_weights(page):
    show(page, KernelExplorer())
    page.get_by_text("5 × 5").last.click()
    settle(page)
    np.testing.assert_array_equal(model(page, "kernel"), np.pad(KERNELS["sobel-x"], 1))
    page.get_by_text("3 × 3").last.click()
    settle(page)
    assert model(page, "kernel") == KERNELS["sobel-x"]


def test_steppers_stop_at_their_ends(page):
    show(page, KernelExplorer(photo="digit"))
    for name, last in [("stride", 4), ("padding", 6), ("dilation", 3)]:
        for _ in range(7):
            page.get_by_role("button", name=f"more {name}").click(force=True)
        assert saved(page, name) == last
    page.get_by_label("Layer").get_by_text("Pooling").click()
    for name, last in [("window", 4), ("stride", 4)]:
        for _ in range(4):
            page.get_by_role("button", name=f"more {name}").click(force=True)
        assert saved(page, f"pool_{name}") == last
    explorer = KernelExplorer(
        photo="digit", stride=4, padding=6, dilation=3, tab="pooling", pool_window=4, pool_stride=4
    )
    H, W = explorer.output_shape
    settle(page)
    assert f"{H} × {W}" in page.locator(".ke-out .ke-title").inner_text()


def test_python_can_set_everything(page):
    show(page, KernelExplorer())
    set_from_python(page, kernel=KERNELS["sobel-y"], stride=2, padding=0, row=10, col=20)
    assert place(page) == (10, 20)
    assert page.get_by_role("combobox", name="Kernel").input_value() == "sobel-y"
    assert page.get_by_label("weight row 1, column 2").input_value() == "−2"
    set_from_python(page, tab="pooling", pool="average", pool_window=4)
    assert page.get_by_role("radio", name="mean").is_checked()
    assert "mean" in page.locator(".ke-sum").inner_text()
    set_from_python(page, row=5000)
    assert place(page)[0] == numbers(page.locator(".ke-out .ke-title").inner_text())[0] - 1
