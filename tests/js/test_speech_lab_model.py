"""What SpeechLab shows and plays (speech_lab/model.js), against the widget's Python."""

import numpy as np
import pytest

from large_models.data import speech
from large_models.widgets import speech_lab as lab

SETUP = """async ({bytes, ...given}) => {
  Object.assign(window, await import("/speech_lab/model.js"));
  const {unpack} = await import("/engine/packed.js");
  window.model = speechModel({...given, weights: unpack(bytes)});
}"""
SETTINGS = [
    {},
    {"sound": "er"},
    {"sound": "er", "noise": 40},
    {"sound": "er", "speaker": 4},
    {"sound": "ow", "speaker": 5, "noise": 0},
    {"sound": "wah", "speaker": 2, "noise": -10},
    {"sound": "ee", "speaker": 0, "noise": 7},
]


@pytest.fixture
def hear(engine):
    voices = lab.targets()
    given = {"sounds": list(lab.SOUNDS), "voices": voices, "bytes": lab.packed()}
    engine.run(SETUP, given)

    def call(widget):
        traits = {key: getattr(widget, key) for key in ("sound", "speaker", "noise")}
        return engine.run("(traits) => model.hear(traits)", traits)

    return call


@pytest.mark.heavy
def test_everything_is_pythons(hear):
    """One model for all settings: what it keeps of a sound must not stay for the next one."""
    seen = set()
    for setting in SETTINGS:
        widget = lab.SpeechLab(**setting)
        view = hear(widget)
        samples = widget.samples
        np.testing.assert_allclose(view["samples"], 0.4 * samples, atol=1e-6)
        assert view["rate"] == speech.RATE

        wave = np.array(view["wave"])
        assert wave.shape == (490, 2) and np.abs(wave).max() == pytest.approx(1, abs=1e-6)
        step = len(samples) / 490
        for column in range(490):
            part = samples[int(column * step) : int(np.ceil((column + 1) * step))]
            assert wave[column] == pytest.approx([part.min(), part.max()], abs=1e-6)

        assert view["picture"]["size"] == [65, 49]
        picture = view["picture"]["values"].reshape(65, 49)
        np.testing.assert_allclose(picture[::-1], widget.picture, atol=1e-4)

        p = widget.probabilities
        assert [row["name"] for row in view["rows"]] == list(lab.SOUNDS)
        np.testing.assert_allclose([row["share"] for row in view["rows"]], p, atol=1e-4)
        heard = lab.SOUNDS[p.argmax()]
        assert [row["best"] for row in view["rows"]] == [name == heard for name in lab.SOUNDS]
        truth = [row["truth"] for row in view["rows"]]
        assert truth == [name == widget.sound for name in lab.SOUNDS]
        right = heard == widget.sound
        rest = ": right." if right else f". It was “{widget.sound}”."
        assert view["verdict"] == f"It hears “{heard}”{rest}" and view["right"] == right
        assert view["said"].startswith(f"{view['verdict']} ") and view["said"].endswith("%")
        seen.add(right)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("lang", "levels", "speakers", "verdict"),
    [
        (
            "en",
            ["30 dB below the sound", "as loud as the sound", "10 dB above the sound"],
            ["a man", "a woman", "a child"],
            "It hears “ow”: right.",
        ),
        (
            "zh-CN",
            ["比声音低 30 dB", "与声音一样响", "比声音高 10 dB"],
            ["男声", "女声", "童声"],
            "它听成“ow”：正确。",
        ),
    ],
)
def test_texts_in_both_languages(engine, hear, lang, levels, speakers, verdict):
    engine.run("(lang) => { globalThis.document = {documentElement: {lang}}; }", lang)
    try:
        assert engine.run("() => [30, 0, -10].map(told)") == levels
        names = engine.run("(voices) => speakerNames(voices)", lab.targets())
        assert hear(lab.SpeechLab(sound="ow", noise=40))["verdict"] == verdict
    finally:
        engine.run("() => { delete globalThis.document; }")
    for n, voice in enumerate(lab.targets()):
        pitch = np.floor(np.mean([row[0] for row in voice["hertz"]]) + 0.5)
        assert names[n] == f"{speakers[n % 3]}, {pitch:.0f} Hz"
