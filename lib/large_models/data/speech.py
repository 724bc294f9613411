"""Sounds that a voice could make, generated: a buzz, shaped by the resonances of the mouth.

    y[n] = A x[n] + B y[n-1] + C y[n-2],
    C = -exp(-2 pi w / rate),  B = 2 exp(-pi w / rate) cos(2 pi f / rate),  A = 1 - B - C

is a resonator at f Hz that is w Hz wide. The source is a train of pulses, as many a second as the
voice's pitch, made dull by a resonator at 0 Hz; three more, the *formants*, make the vowel.

Pitch and formants are measured ones: the averages of men, women and children for ten English vowels
(Peterson and Barney 1952, table II). Everything else is made up, and simple: a speaker is one of
the three groups, scaled; a sound holds one vowel or glides between two. So these are not words:
"you" is an i that was preceded by a u, and no consonant is ever heard.

Source of the resonator: Klatt 1980. Chapter: 1_2_areas.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

RATE = 10_000  # samples a second
LENGTH = 4000  # samples of a clip, 0.4 s
GROUPS = ("man", "woman", "child")
# (pitch, first, second, third formant) in Hz of each group
VOWELS = {
    "i": ((136, 270, 2290, 3010), (235, 310, 2790, 3310), (272, 370, 3200, 3730)),  # heed
    "a": ((124, 730, 1090, 2440), (212, 850, 1220, 2810), (256, 1030, 1370, 3170)),  # hod
    "u": ((141, 300, 870, 2240), (231, 370, 950, 2670), (274, 430, 1170, 3260)),  # who'd
    "r": ((133, 490, 1350, 1690), (218, 500, 1640, 1960), (261, 560, 1820, 2160)),  # heard
}
SOUNDS = {
    "ee": ("i", "i"),
    "ah": ("a", "a"),
    "oo": ("u", "u"),
    "er": ("r", "r"),
    "you": ("u", "i"),
    "we": ("i", "u"),
    "yah": ("i", "a"),
    "eye": ("a", "i"),
    "wah": ("u", "a"),
    "ow": ("a", "u"),
}
WIDTHS = (60.0, 90.0, 150.0)  # of the formants, Hz
SOURCE_WIDTH = 100.0  # of the source's resonator at 0 Hz
GLIDE = (0.25, 0.75)  # where in the sound a glide begins and ends
FALL = (1.08, 0.88)  # of the pitch, from the beginning to the end
FADE = 0.02  # seconds in which a sound swells and dies away


class Speakers(NamedTuple):
    """N voices."""

    group: NDArray[np.int64]  # (N,) into GROUPS
    pitch: NDArray[np.float64]  # (N,) times the group's
    tract: NDArray[np.float64]  # (N,) formants times the group's: more than 1 for a shorter tract
    seconds: NDArray[np.float64]  # (N,) how long the voice holds a sound


class Clips(NamedTuple):
    """N sounds with what they are."""

    waves: NDArray[np.float32]  # (N, LENGTH), the loudest sample of each is 1
    labels: NDArray[np.int64]  # (N,) into SOUNDS
    speakers: NDArray[np.int64]  # (N,) who speaks


def draw_speakers(number: int, seed: int) -> Speakers:
    """Voices at random, a third of each group.

    Raises:
        ValueError: for less than 1.
    """
    if number < 1:
        raise ValueError(f"number: expected at least 1 speaker, got {number}")
    rng = np.random.default_rng(seed)
    return Speakers(
        group=np.arange(number) % len(GROUPS),
        pitch=np.exp(rng.normal(0, 0.12, number)),
        tract=np.exp(rng.normal(0, 0.05, number)),
        seconds=rng.uniform(0.2, 0.34, number),
    )


def say(speakers: Speakers, repeats: int, seed: int) -> Clips:
    """Every speaker says every sound, `repeats` times, never twice alike.

    Each time the formants are off by about 3 %, the pitch by 5 %, the sound is up to 10 % longer
    or shorter, and begins somewhere in the clip.

    Raises:
        ValueError: for less than 1 repeat.
    """
    if repeats < 1:
        raise ValueError(f"repeats: expected at least 1, got {repeats}")
    rng = np.random.default_rng(seed)
    number, kinds = len(speakers.group), len(SOUNDS)
    who = np.repeat(np.arange(number), kinds * repeats)
    labels = np.tile(np.repeat(np.arange(kinds), repeats), number)
    N = len(who)
    seconds = speakers.seconds[who] * rng.uniform(0.9, 1.1, N)
    pitch, start, end = targets(labels, Speakers._make(part[who] for part in speakers))
    off = np.exp(rng.normal(0, 0.03, (N, 3)))
    waves = synthesize(
        pitch * np.exp(rng.normal(0, 0.05, N)),
        start * off,
        end * off,
        seconds=seconds,
        onset=rng.uniform(0, 1, N) * (LENGTH / RATE - seconds),
    )
    return Clips(waves, labels, who)


def targets(
    labels: ArrayLike, speakers: Speakers
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What speakers aim at, one speaker per label.

    Returns:
        pitch (N,), formants at the start (N, 3) and at the end (N, 3), in Hz.
    """
    ends = np.array([[VOWELS[vowel] for vowel in pair] for pair in SOUNDS.values()], float)
    values = ends[np.asarray(labels), :, speakers.group]  # (N, 2, 4)
    formants = values[..., 1:] * speakers.tract[:, None, None]
    return values[..., 0].mean(axis=1) * speakers.pitch, formants[:, 0], formants[:, 1]


def synthesize(
    pitch: ArrayLike, start: ArrayLike, end: ArrayLike, *, seconds: ArrayLike, onset: ArrayLike
) -> NDArray[np.float32]:
    """N sounds, by pitch and formants.

    Args:
        pitch: (N,) Hz, in the middle of the sound; it falls.
        start, end: (N, 3) formants in Hz; between the two they glide.
        seconds: (N,) how long the sound is.
        onset: (N,) when it begins, seconds.

    Returns:
        (N, LENGTH), the loudest sample of each is 1.

    Raises:
        ValueError: if a frequency does not lie between 0 and half the rate, or a sound does not
            fit into the clip.
    """
    pitch, seconds, onset = (np.asarray(value, float) for value in (pitch, seconds, onset))
    start, end = np.asarray(start, float), np.asarray(end, float)
    for name, value in (("pitch", pitch), ("start", start), ("end", end)):
        if not ((value > 0) & (value < RATE / 2)).all():
            raise ValueError(f"{name}: expected frequencies between 0 and {RATE // 2} Hz")
    if not ((onset >= 0) & (seconds > 0) & (onset + seconds <= LENGTH / RATE + 1e-9)).all():
        raise ValueError(f"expected every sound to lie in the clip, 0 to {LENGTH / RATE} s")

    first = np.round(onset * RATE)
    # How far each sample is in its sound: 0 at its beginning, 1 at its end. (N, T)
    place = (np.arange(LENGTH) - first[:, None]) / (seconds[:, None] * RATE)
    inside = (place >= 0) & (place < 1)
    place = np.clip(place, 0, 1)
    swell = np.minimum(place, 1 - place) * seconds[:, None] / FADE
    source = _pulses(pitch[:, None] * (FALL[0] + (FALL[1] - FALL[0]) * place), inside)
    source *= inside * np.minimum(swell, 1)
    along = np.clip((place - GLIDE[0]) / (GLIDE[1] - GLIDE[0]), 0, 1)
    along = along * along * (3 - 2 * along)  # slow, fast, slow
    wave = resonate(source, np.zeros_like(source), SOURCE_WIDTH)
    wave = np.diff(wave, prepend=0.0)  # the lips let changes of the stream out
    for formant, width in enumerate(WIDTHS):
        low, high = start[:, formant, None], end[:, formant, None]
        wave = resonate(wave, low + (high - low) * along, width)
    return (wave / np.abs(wave).max(axis=1, keepdims=True)).astype(np.float32)


def resonate(x: NDArray, frequency: NDArray, width: float) -> NDArray[np.float64]:
    """Klatt's resonator, whose frequency may change with every sample.

    Args:
        x: (N, T).
        frequency: (N, T) Hz.
        width: Hz.

    Returns:
        (N, T).
    """
    C = -np.exp(-2 * np.pi * width / RATE)
    B = 2 * np.exp(-np.pi * width / RATE) * np.cos(2 * np.pi * frequency.T / RATE)  # (T, N)
    Ax = (1 - B - C) * x.T
    y = np.zeros_like(Ax)
    before = twice = np.zeros(len(x))
    for n in range(len(y)):
        y[n] = Ax[n] + B[n] * before + C * twice
        before, twice = y[n], before
    return y.T


def _pulses(pitch: NDArray, inside: NDArray) -> NDArray[np.float64]:
    """A pulse whenever a turn is complete, shared between the two samples around that moment."""
    turns = np.cumsum(pitch * inside / RATE, axis=1)  # (N, T)
    whole = np.floor(turns)
    new = np.diff(whole, axis=1, prepend=0.0) > 0
    late = np.where(new, (turns - whole) * RATE / pitch, 0)  # samples since then, 0 to 1
    pulses = np.where(new, 1 - late, 0)
    pulses[:, :-1] += late[:, 1:]
    return pulses


def add_noise(waves: NDArray, decibels: ArrayLike, seed: int) -> NDArray[np.float32]:
    """White noise on top.

    Args:
        waves: (N, T).
        decibels: () or (N,) how far the sound's mean power lies above the noise's.

    Returns:
        (N, T), the loudest sample of each is 1.
    """
    noise = np.random.default_rng(seed).standard_normal(waves.shape, dtype=np.float32)
    power = np.mean(np.square(waves), axis=1) / 10 ** (np.asarray(decibels) / 10)
    mixed = waves + np.sqrt(power)[:, None] * noise
    return (mixed / np.abs(mixed).max(axis=1, keepdims=True)).astype(np.float32)
