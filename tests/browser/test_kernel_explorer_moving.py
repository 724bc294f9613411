"""KernelExplorer's window is moved: by mouse, finger and keys, step by step and playing."""

import pytest

from large_models.widgets.kernel_explorer import KernelExplorer
from tests.browser.harness import delays, model, settle, show, told
from tests.browser.kernel_page import place, point


def test_the_window_follows_the_mouse_and_comes_back(page):
    show(page, KernelExplorer())
    held = place(page)
    page.mouse.move(*point(page, "in", 40, 200))
    assert place(page) == (40, 200)
    page.mouse.move(*point(page, "out", 30, 20))
    assert place(page) == (30, 20)
    page.mouse.move(5, 5)
    assert place(page) == held
    assert page.evaluate("() => Object.keys(saved)") == [], "looking is not changing"


def test_a_press_holds_the_window(page):
    show(page, KernelExplorer())
    page.mouse.click(*point(page, "in", 40, 200))
    page.mouse.move(5, 5)
    assert place(page) == (40, 200)
    told(page, row=40, col=200)
    page.mouse.move(*point(page, "out", 10, 10))
    page.mouse.down()
    page.mouse.move(*point(page, "out", 90, 60), steps=4)
    page.mouse.up()
    page.mouse.move(5, 5)
    assert place(page) == (90, 60)


def test_touch(browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    show(page, KernelExplorer(), width=390)
    page.touchscreen.tap(*point(page, "in", 60, 90))
    assert place(page)[0] == pytest.approx(60, abs=1)
    assert place(page)[1] == pytest.approx(90, abs=1)
    page.get_by_label("weight row 1, column 3").tap()
    page.get_by_role("button", name="row 1, column 3: +1").tap()
    page.get_by_role("button", name="row 1, column 3: change the sign").tap()
    settle(page)
    assert model(page, "kernel")[0] == [-1, 0, -2]
    context.close()


def test_keys_move_the_window(page):
    show(page, KernelExplorer(row=100, col=100))
    page.locator(".ke-in .ke-frame").focus()
    for key, expected in [
        ("ArrowRight", (100, 101)),
        ("ArrowUp", (99, 101)),
        ("Shift+ArrowLeft", (99, 91)),
        ("PageDown", (109, 91)),
        ("Home", (109, 0)),
        ("ArrowLeft", (109, 0)),
        ("End", (109, 255)),
        ("ArrowDown", (110, 255)),
    ]:
        page.keyboard.press(key)
        assert place(page) == expected, key
    page.wait_for_function("() => saved.row === 110 && saved.col === 255")
    # Keys may come so slowly that an earlier place is said first.
    said = f"row 111, column 256: sum {page.locator('.ke-sum b').inner_text()}"
    page.wait_for_function(
        "(said) => document.querySelector('[aria-live]').textContent === said", arg=said
    )


def test_steps_and_plays_row_by_row(page):
    show(page, KernelExplorer(row=0, col=254))
    for name, expected in [
        ("one step on", (0, 255)),
        ("one step on", (1, 0)),
        ("one step back", (0, 255)),
        ("to the start", (0, 0)),
        ("one step back", (0, 0)),
    ]:
        page.get_by_role("button", name=name).click()
        assert place(page) == expected, name
    page.get_by_text("fast").click()
    page.get_by_role("button", name="play").click()
    page.wait_for_function("() => / 9/.test(document.querySelector('.ke-equation').textContent)")
    page.get_by_role("button", name="pause").click()
    stopped = place(page)
    page.wait_for_timeout(150)
    assert place(page) == stopped


def test_playing_hides_what_is_still_to_come(page):
    show(page, KernelExplorer(row=100, col=100))
    alpha = """() => {
      const c = document.querySelector(".ke-out .ke-marks");
      const at = (v) => Math.round(c.width * v);
      const pen = c.getContext("2d");
      return [0.2, 0.8].map((v) => pen.getImageData(at(0.5), at(v), 1, 1).data[3]);
    }"""
    settle(page)
    assert page.evaluate(alpha) == [0, 0]
    page.get_by_role("button", name="play").click()
    settle(page)
    above, below = page.evaluate(alpha)
    assert above == 0 and below > 150


def test_reduced_motion_slows_to_a_step_a_second(page):
    page.emulate_media(reduced_motion="reduce")
    show(page, KernelExplorer(row=0, col=0))
    page.get_by_text("fast").click()
    asked = delays(page)
    page.get_by_role("button", name="play").click()
    assert place(page) == (0, 1)
    assert 1000 in asked() and min(asked()) >= 150, "the cursor's rest is the shortest wait"
