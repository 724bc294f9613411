"""Pick a sound and a speaker, add noise, listen, and see what a small CNN makes of it.

The page makes the sound, its spectrogram and the network's answer itself (engine/speech.js). What
travels: the weights in half precision, and what six held-out speakers aim at. Chapter: 1_2_areas.
"""

from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models.data import speech
from large_models.files import WEIGHTS
from large_models.formulas import cnn, training
from large_models.formulas.spectrogram import spectrogram
from large_models.tensors import load_arrays, to_bytes
from large_models.widgets.base import BookWidget, Checked, one_of, whole
from large_models.widgets.packed import unpack

SPEAKERS = 6  # of the held-out part: its first ones, two of each group
SPEAKERS_SEED = 1000  # the held-out part's, in large_models.experiments.train_speech
FRAME, HOP, DEPTH = 128, 80, 60.0  # as in training
SOUNDS = tuple(speech.SOUNDS)


@cache
def packed() -> bytes:
    """The shipped network in half precision, as the page gets it: a safetensors file."""
    weights = load_arrays(WEIGHTS / "speech-vowels" / "model.safetensors")
    return to_bytes({name: weights[name].astype(np.float16) for name in sorted(weights)})


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """The weights as the page has them."""
    return unpack(packed())


@cache
def targets() -> list[dict[str, Any]]:
    """Of each speaker: the group, how many seconds a sound lasts, and for each sound the pitch and
    six formants, three at the start and three at the end, in whole Hz."""
    voices = speech.draw_speakers(30, SPEAKERS_SEED)
    found = []
    for n in range(SPEAKERS):
        one = speech.Speakers(*(np.repeat(part[n], len(SOUNDS)) for part in voices))
        pitch, start, end = speech.targets(np.arange(len(SOUNDS)), one)
        hertz = np.round(np.concatenate([pitch[:, None], start, end], axis=1)).astype(int)
        found.append(
            {
                "group": speech.GROUPS[voices.group[n]],
                "seconds": round(float(voices.seconds[n]), 3),
                "hertz": hertz.tolist(),
            }
        )
    return found


def wave(sound: str, speaker: int) -> NDArray[np.float32]:
    """A sound as a speaker says it, in the middle of the clip: (LENGTH,)."""
    voice = targets()[speaker]
    pitch, *formants = voice["hertz"][SOUNDS.index(sound)]
    return speech.synthesize(
        [pitch],
        [formants[:3]],
        [formants[3:]],
        seconds=[voice["seconds"]],
        onset=[(speech.LENGTH / speech.RATE - voice["seconds"]) / 2],
    )[0]


@cache
def noise() -> NDArray[np.float64]:
    """The noise that the page adds: (LENGTH,), mean square 1.

    Each sample is the sum of four numbers from 0 to 1, less 2: nearly a normal distribution, and
    the same in Python and in the page. The numbers are mulberry32's, all at once.
    """
    state = np.uint32(0x6D2B79F5) * np.arange(1, 4 * speech.LENGTH + 1, dtype=np.uint32)
    mixed = (state ^ state >> 15) * (state | 1)
    mixed ^= mixed + (mixed ^ mixed >> 7) * (mixed | 61)
    values = (mixed ^ mixed >> 14).reshape(-1, 4).astype(np.float64) / 2**32
    sums = values.sum(axis=1) - 2
    return sums / np.sqrt(np.mean(sums**2))


def noisy(sound: str, speaker: int, decibels: float) -> NDArray[np.float64]:
    """The sound in noise, the loudest sample 1: (LENGTH,)."""
    clean = wave(sound, speaker).astype(np.float64)
    mixed = clean + np.sqrt(np.mean(clean**2) / 10 ** (decibels / 10)) * noise()
    return mixed / np.abs(mixed).max()


def forward(picture: NDArray) -> NDArray[np.float32]:
    """The network in NumPy: a spectrogram (K, M) to ten probabilities."""
    w = weights()
    x = cnn.relu(cnn.conv2d(picture[None, None], w["conv1.weight"], w["conv1.bias"], stride=2))
    x = cnn.relu(cnn.conv2d(x, w["conv2.weight"], w["conv2.bias"], stride=2))
    mean = x.mean(axis=3).reshape(1, -1)
    return training.softmax(training.linear(mean, w["output.weight"], w["output.bias"]))[0]


class SpeechLab(BookWidget):
    """Ten generated sounds, six speakers, as much noise as you like.

    Args:
        sound: "ee", "ah", "oo", "er", "you", "we", "yah", "eye", "wah" or "ow".
        speaker: 0 to 5: a man, a woman, a child, and again. The network has heard none of them.
        noise: how many decibels the sound lies above the noise, -10 to 40.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("sound", "speaker", "noise")

    sound = Checked(one_of(SOUNDS), "you").tag(sync=True)
    speaker = Checked(whole(0, SPEAKERS - 1), 1).tag(sync=True)
    noise = Checked(whole(-10, 40), 30).tag(sync=True)

    _sounds = traitlets.List(list(SOUNDS)).tag(sync=True)
    _voices = traitlets.List().tag(sync=True)
    _weights = traitlets.Bytes().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._voices = targets()
        self._weights = packed()

    @property
    def samples(self) -> NDArray[np.float64]:
        """(4000,): what the reader hears, 10,000 samples a second."""
        return noisy(self.sound, self.speaker, self.noise)

    @property
    def picture(self) -> NDArray[np.float32]:
        """(65, 49): the spectrogram, 0 to 1, low frequencies first."""
        return spectrogram(self.samples, FRAME, HOP, DEPTH)

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """(10,): the network's answer."""
        return forward(self.picture)
