"""engine/speech.js against the Python that it repeats.

The sound agrees to 1e-6 (both compute in double precision and store float32), the picture to 1e-4:
a decibel of what is far under the loudest spot hangs on the last digits of the sound.
"""

import base64

import numpy as np
import pytest

from large_models.widgets import speech_lab as lab

SETUP = """async (text) => {
  Object.assign(window, await import("/engine/speech.js"));
  const {unpack} = await import("/engine/packed.js");
  window.weights = unpack(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
  window.noise = speechNoise();
}"""
RUN = """([hertz, seconds, decibels]) => {
  const clean = speechSynthesize(hertz, seconds);
  const samples = speechMix(clean, noise, decibels);
  const picture = speechPicture(samples);
  return {clean: [...clean], samples: [...samples], picture: [...picture.data],
    shape: picture.shape, chances: [...speechForward(weights, picture)]};
}"""


@pytest.fixture(scope="module")
def engine(engine):
    engine.run(SETUP, base64.b64encode(lab.packed()).decode())
    return engine


@pytest.mark.heavy
@pytest.mark.parametrize("speaker", range(lab.SPEAKERS))
@pytest.mark.parametrize("decibels", [40, 10, -10])
def test_sound_picture_and_answer_are_pythons(engine, speaker, decibels):
    """Every speaker in every noise; all sounds between the speakers, each in every noise."""
    voice = lab.targets()[speaker]
    for sound in lab.SOUNDS[speaker % 5 :: 5]:
        hertz = voice["hertz"][lab.SOUNDS.index(sound)]
        made = engine.run(RUN, [hertz, voice["seconds"], decibels])
        widget = lab.SpeechLab(sound=sound, speaker=speaker, noise=decibels)
        np.testing.assert_allclose(made["clean"], lab.wave(sound, speaker), atol=1e-6)
        np.testing.assert_allclose(made["samples"], widget.samples, atol=1e-6)
        assert made["shape"] == [1, 65, 49]
        picture = np.reshape(made["picture"], (65, 49))
        np.testing.assert_allclose(picture, widget.picture, atol=1e-4)
        np.testing.assert_allclose(made["chances"], widget.probabilities, atol=1e-4)


def test_noise_is_the_same_number_for_number(engine):
    np.testing.assert_allclose(engine.run("[...noise]"), lab.noise(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [2, 16, 128])
def test_the_fast_transform_is_numpys(engine, size):
    frame = np.random.default_rng(size).normal(size=size)
    found = engine.run("(x) => [...speechPower(Float64Array.from(x))]", frame.tolist())
    np.testing.assert_allclose(found, np.abs(np.fft.rfft(frame)) ** 2, atol=1e-9)
