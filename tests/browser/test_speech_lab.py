"""SpeechLab on a bare page: what it shows and plays is what Python says."""

import re

import numpy as np
import pytest

from large_models.data import speech
from large_models.widgets import SpeechLab
from large_models.widgets.speech_lab import SOUNDS
from tests.browser.harness import new_page, serious, settle, show

# Instead of the machine's loudspeaker: what was played, and whether it was stopped.
EAR = """() => {
  window.heard = [];
  globalThis.AudioContext = class {
    constructor() { this.destination = {}; window.contexts = (window.contexts ?? 0) + 1; }
    resume() {}
    close() { window.ended = true; }
    createBuffer(channels, length, rate) {
      const data = new Float32Array(length);
      return {rate, data, getChannelData: () => data};
    }
    createBufferSource() {
      const source = {connect() {}, start() { heard.push(source); }};
      source.stop = () => { source.stopped = true; };
      return source;
    }
  };
}"""
PLAYED = """(n) => ({rate: heard[n].buffer.rate, data: [...heard[n].buffer.data],
  stopped: heard[n].stopped ?? false})"""


def chances(page):
    settle(page)
    texts = page.locator(".sl-bar .lw-bar-value").all_text_contents()
    return [float(text.strip("<>%")) / 100 for text in texts]


def check(page, widget):
    assert chances(page) == pytest.approx(widget.probabilities.tolist(), abs=0.0016)
    heard = SOUNDS[int(widget.probabilities.argmax())]
    words = page.locator(".sl-verdict").inner_text()
    assert words.startswith(f"It hears “{heard}”")
    assert words.endswith("right.") == (heard == widget.sound)


def test_sounds_speakers_and_noise(page):
    widget = SpeechLab()
    show(page, widget)
    check(page, widget)
    for sound in ("er", "wah"):
        page.get_by_role("radio", name=sound, exact=True).check(force=True)
        widget.sound = sound
        check(page, widget)
    page.get_by_label("Speaker").select_option("2")
    widget.speaker = 2
    check(page, widget)
    slider = page.get_by_label("Noise", exact=True)
    for key, noise in (("End", -10), ("ArrowLeft", -9), ("Home", 40)):
        slider.press(key)
        widget.noise = noise
        check(page, widget)
        assert page.evaluate("() => saved.noise") == noise
    assert page.evaluate("() => [saved.sound, saved.speaker]") == ["wah", 2]


def test_the_first_task_shows_on_a_phone(page):
    """The slider, the verdict and all bars are in sight together."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, SpeechLab(), width=358)
    settle(page)
    slider = page.get_by_label("Noise", exact=True).bounding_box()
    bars = page.locator(".sl-bars").bounding_box()
    top = page.locator(".lw-try").bounding_box()["y"]
    assert slider["y"] < bars["y"] and bars["y"] + bars["height"] - top < 844 - 64


def test_python_can_set_everything(page):
    show(page, SpeechLab())
    page.evaluate(
        "() => { model.set('sound', 'ow'); model.set('speaker', 5); model.set('noise', 0); }"
    )
    check(page, SpeechLab(sound="ow", speaker=5, noise=0))
    assert page.locator(".sl-top .lw-slider-value").inner_text() == "as loud as the sound"


DRAWN = """async () => {
  const {speechModel, COLUMNS} = await import("/speech_lab/model.js");
  const {unpack} = await import("/engine/packed.js");
  const {pixelsOf} = await import("/kit/colors.js");
  const get = (key) => window.model.get(key);
  const model = speechModel({sounds: get("_sounds"), voices: get("_voices"),
    weights: unpack(new Uint8Array(get("_weights").buffer))});
  const view = model.hear({sound: get("sound"), speaker: get("speaker"), noise: get("noise")});
  const canvas = document.querySelector(".sl-picture");
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const pixels = pixelsOf(view.picture.values, {scale: "magnitude"});
  const bars = [...document.querySelectorAll(".sl-bar")];
  const lines = document.querySelector(".sl-line").getAttribute("d").slice(1).split("M")
    .map((part) => part.split(/[ V]/).map(Number)); // x, from y, to y
  return {
    size: [canvas.height, canvas.width], wanted: view.picture.size,
    picture: String([...new Uint32Array(data.buffer)]) === String([...pixels]),
    bars: bars.map((bar, k) => Math.abs(
      bar.querySelector(".lw-bar-fill").getBoundingClientRect().width
      / bar.querySelector(".lw-bar-track").getBoundingClientRect().width - view.rows[k].share)),
    marks: bars.every((bar, k) => bar.classList.contains("sl-best") === view.rows[k].best
      && bar.classList.contains("sl-truth") === view.rows[k].truth),
    wave: lines.length === COLUMNS && lines.every(([x, from, to], i) => x === i + 0.5
      && Math.abs(from - 30 * (1 - view.wave[i][1])) < 0.051
      && Math.abs(to - 30 * (1 - view.wave[i][0]) - 0.5) < 0.051),
  };
}"""


def test_what_is_drawn_is_what_the_model_says(page):
    show(page, SpeechLab(sound="we", noise=20))
    for change in ({}, {"noise": -5, "speaker": 3}):
        page.evaluate("(how) => Object.entries(how).forEach(([k, v]) => model.set(k, v))", change)
        settle(page)
        drawn = page.evaluate(DRAWN)
        assert drawn["size"] == drawn["wanted"] == [65, 49]
        assert drawn["picture"] and drawn["wave"] and drawn["marks"]
        assert len(drawn["bars"]) == 10 and max(drawn["bars"]) < 2e-3


@new_page
def test_play_follows_what_has_just_been_set(page):
    """Before the next frame is drawn, and before the first one."""
    page.add_init_script(f"({EAR})()")
    show(page, SpeechLab())
    script = """() => {
      model.set("sound", "ow");
      document.querySelector(".sl-play").click();
    }"""
    page.evaluate(script)
    played = page.evaluate(PLAYED, 0)["data"]
    np.testing.assert_allclose(played, 0.4 * SpeechLab(sound="ow").samples, atol=1e-6)


@new_page
def test_it_plays_what_is_shown_only_when_pressed(page):
    page.add_init_script(f"({EAR})()")
    widget = SpeechLab(sound="eye", noise=5)
    show(page, widget)
    settle(page)
    assert page.evaluate("() => [heard.length, window.contexts ?? 0]") == [0, 0]
    button = page.get_by_role("button", name="Play")
    button.click()
    played = page.evaluate(PLAYED, 0)
    assert played["rate"] == speech.RATE
    np.testing.assert_allclose(played["data"], 0.4 * widget.samples, atol=1e-6)
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate(PLAYED, 0)["stopped"]
    page.get_by_label("Noise", exact=True).press("Home")
    settle(page)
    button.click()
    widget.noise = 40
    np.testing.assert_allclose(page.evaluate(PLAYED, 1)["data"], 0.4 * widget.samples, atol=1e-6)
    page.evaluate("() => heard[1].onended()")
    assert button.is_visible()
    page.evaluate("() => end()")
    assert page.evaluate("() => [contexts, ended]") == [1, True]


@new_page
def test_a_sound_ends_with_the_widget(page):
    page.add_init_script(f"({EAR})()")
    show(page, SpeechLab())
    page.get_by_role("button", name="Play").click()
    page.evaluate("() => end()")
    assert page.evaluate(PLAYED, 0)["stopped"]
    assert page.evaluate("() => model.listening()") == 0


def test_the_browsers_own_audio_takes_it(page):
    """No loudspeaker is needed for this: the button comes back once the clip is over, or stays."""
    show(page, SpeechLab())
    settle(page)
    page.locator(".sl-play").click()
    settle(page)
    assert page.locator(".lw").get_attribute("data-state") == "ready"


@new_page
def test_a_browser_without_sound_says_so(page):
    page.add_init_script("delete window.AudioContext; delete window.webkitAudioContext;")
    show(page, SpeechLab())
    page.get_by_role("button", name="Play").click()
    assert page.get_by_text("This browser cannot play sound.").is_visible()


@pytest.mark.parametrize("width", [760, 358])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, SpeechLab(), width=width)

    def end():
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width + 32
        return page.evaluate("() => document.getElementById('after').getBoundingClientRect().top")

    top = end()
    slider = page.get_by_label("Noise", exact=True)
    for key in ("End", "PageDown", "Home"):
        slider.press(key)
        assert end() == top, key
    for speaker in range(3):
        page.evaluate("(n) => model.set('speaker', n)", speaker)
        for noise in (0, -10):
            page.evaluate("(n) => model.set('noise', n)", noise)
            assert end() == top


@pytest.mark.parametrize(("theme", "lang", "width"), [("light", "en", 760), ("dark", "zh-CN", 358)])
def test_axe_finds_nothing_serious_and_chinese_is_whole(page, theme, lang, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, SpeechLab(noise=0), lang=lang, theme=theme, width=width)
    settle(page)
    assert serious(page) == []
    if lang == "zh-CN":
        words = set(re.findall(r"[A-Za-z]{2,}", page.locator(".lw").inner_text()))
        assert words - set(SOUNDS) <= {"dB", "Hz", "kHz"}


def test_what_is_heard_is_said(page):
    show(page, SpeechLab(noise=40))
    page.get_by_role("radio", name="ow", exact=True).check(force=True)
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    assert page.locator("[aria-live]").inner_text().startswith("It hears “ow”: right.")
