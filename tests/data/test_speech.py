"""Generated sounds: the resonator against scipy, pitch and formants where they were asked for."""

import numpy as np
import pytest
from scipy import signal

from large_models.data import speech


def test_the_resonator_is_a_filter_of_two_terms():
    x = np.random.default_rng(0).normal(size=(2, 600))
    frequency, width = 730.0, 60.0
    C = -np.exp(-2 * np.pi * width / speech.RATE)
    B = 2 * np.exp(-np.pi * width / speech.RATE) * np.cos(2 * np.pi * frequency / speech.RATE)
    expected = signal.lfilter([1 - B - C], [1, -B, -C], x)
    found = speech.resonate(x, np.full_like(x, frequency), width)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_resonators_peak_and_width_are_those_asked_for():
    impulse = np.zeros((1, 8192))
    impulse[0, 0] = 1
    y = speech.resonate(impulse, np.full_like(impulse, 1500.0), 90.0)[0]
    power = np.abs(np.fft.rfft(y)) ** 2
    hertz = np.fft.rfftfreq(len(y), 1 / speech.RATE)
    assert hertz[power.argmax()] == pytest.approx(1500, abs=5)
    strong = hertz[power > power.max() / 2]
    assert np.ptp(strong) == pytest.approx(90, abs=5)


def one(pitch, start, end, seconds=0.3, onset=0.05):
    return speech.synthesize([pitch], [start], [end], seconds=[seconds], onset=[onset])[0]


def test_pulses_come_as_often_as_the_pitch():
    man = speech.VOWELS["a"][0]
    wave = one(man[0], man[1:], man[1:])
    middle = wave[1700:2300].astype(float)  # around the sound's middle, where the pitch is as asked
    lags = signal.correlate(middle, middle)[len(middle) - 1 :]
    period = 40 + lags[40:120].argmax()
    assert speech.RATE / period == pytest.approx(0.98 * man[0], rel=0.04)


def test_the_sound_is_where_it_should_be():
    wave = one(136, *2 * [speech.VOWELS["i"][0][1:]], seconds=0.2, onset=0.1)
    assert np.abs(wave).max() == 1
    assert not wave[:1000].any()
    assert np.abs(wave[3400:]).max() < 0.01  # it has died away
    assert np.abs(wave[1500:2500]).max() > 0.5


def test_a_glide_backwards_has_the_same_ends():
    table = speech.VOWELS["u"][1], speech.VOWELS["i"][1]
    up, down = one(230, table[0][1:], table[1][1:]), one(230, table[1][1:], table[0][1:])

    def high(part):
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        return power[len(part) * 2000 // speech.RATE :].sum() / power.sum()

    begin, end = slice(600, 1100), slice(2900, 3400)
    assert high(up[end]) > 3 * high(up[begin])  # i has a second formant above 2 kHz, u has not
    assert high(down[begin]) > 3 * high(down[end])


def test_targets_are_the_groups_times_the_speakers():
    speakers = speech.Speakers(
        np.array([2, 0]), np.array([1.1, 1.0]), np.array([0.9, 1.0]), np.array([0.3, 0.3])
    )
    pitch, start, end = speech.targets([8, 0], speakers)  # a child's wah, a man's ee
    np.testing.assert_allclose(pitch, [1.1 * (274 + 256) / 2, 136])
    np.testing.assert_allclose(start, [[0.9 * f for f in (430, 1170, 3260)], [270, 2290, 3010]])
    np.testing.assert_allclose(end[0], [0.9 * f for f in (1030, 1370, 3170)])


def test_everyone_says_everything_and_the_same_at_every_run():
    speakers = speech.draw_speakers(4, seed=0)
    clips = speech.say(speakers, 2, seed=1)
    again = speech.say(speech.draw_speakers(4, seed=0), 2, seed=1)
    other = speech.say(speech.draw_speakers(4, seed=2), 2, seed=1)
    assert clips.waves.shape == (80, speech.LENGTH) and clips.waves.dtype == np.float32
    counts = np.zeros((4, 10), int)
    np.add.at(counts, (clips.speakers, clips.labels), 1)
    assert (counts == 2).all()
    np.testing.assert_array_equal(clips.waves, again.waves)
    assert not np.allclose(clips.waves, other.waves)
    assert speakers.group.tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize("decibels", [20.0, -5.0])
def test_noise_is_as_strong_as_it_says(decibels):
    time = np.arange(4000) / speech.RATE
    waves = np.float32([np.sin(2 * np.pi * 300 * time)])
    mixed = speech.add_noise(waves, decibels, seed=0)[0].astype(float)
    share = mixed @ waves[0] / (waves[0] @ waves[0])  # of the tone in the mixture
    rest = mixed - share * waves[0]
    ratio = 10 * np.log10(share**2 * np.mean(waves[0] ** 2) / np.mean(rest**2))
    assert ratio == pytest.approx(decibels, abs=0.3)
    assert np.abs(mixed).max() == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: speech.draw_speakers(0, 0), "at least 1 speaker, got 0"),
        (lambda: speech.say(speech.draw_speakers(1, 0), 0, 0), "at least 1, got 0"),
        (lambda: one(0, (1, 2, 3), (1, 2, 3)), "pitch: expected frequencies between 0 and 5000"),
        (lambda: one(100, (1, 2, 5000), (1, 2, 3)), "start: expected frequencies"),
        (lambda: one(100, (1, 2, 3), (1, 2, 3), onset=0.2), "lie in the clip, 0 to 0.4 s"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
