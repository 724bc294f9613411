"""The spectrogram against scipy.signal, and against its formula."""

import numpy as np
import pytest
from scipy import signal

from large_models.formulas import spectrogram as ours


@pytest.mark.parametrize(("size", "hop"), [(128, 80), (64, 64), (31, 7)])
@pytest.mark.parametrize("shape", [(500,), (2, 3, 400)])
def test_as_scipys(size, hop, shape):
    x = np.random.default_rng(0).normal(size=shape)
    window = signal.get_window("hann", size)
    np.testing.assert_allclose(ours.hann(size), window, atol=1e-12)
    _, _, theirs = signal.spectrogram(
        x, window=window, noverlap=size - hop, detrend=False, scaling="spectrum", mode="complex"
    )
    found = np.swapaxes(ours.stft(x, size, hop), -1, -2)
    np.testing.assert_allclose(found, theirs * window.sum(), atol=1e-9)


def test_by_the_formula():
    N, hop = 16, 5
    x = np.random.default_rng(1).normal(size=43)
    found = ours.stft(x, N, hop)
    assert found.shape == (6, 9)
    for m in range(6):
        for k in range(9):
            terms = [
                ours.hann(N)[n] * x[m * hop + n] * np.exp(-2j * np.pi * k * n / N) for n in range(N)
            ]
            assert found[m, k] == pytest.approx(sum(terms), abs=1e-12)


def test_a_tone_stands_in_its_row_whatever_its_loudness():
    time = np.arange(4000) / 10_000
    tone = np.sin(2 * np.pi * 10_000 * 20 / 128 * time)
    picture = ours.spectrogram(tone, 128, 80)
    assert picture.shape == (65, 49)
    assert picture.max() == 1
    assert (picture.argmax(axis=0) == 20).all()
    np.testing.assert_allclose(ours.spectrogram(1000 * tone, 128, 80), picture, atol=1e-6)


def test_depth_and_silence():
    x = np.concatenate([np.ones(64), 0.1 * np.ones(64), np.zeros(64)])  # 20 dB down, then nothing
    loud, quiet, silent = ours.spectrogram(x, 64, 64, depth=40)[0]
    assert (loud, quiet, silent) == pytest.approx((1, 0.5, 0))
    assert not ours.spectrogram(np.zeros(200), 64, 64).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ours.stft(np.zeros(10), 16, 4), "at least 16 samples, got shape \\(10,\\)"),
        (lambda: ours.stft(np.zeros(10), 4, 0), "at least 1, got 4 and 0"),
        (lambda: ours.stft(["a"], 1, 1), "real numbers"),
        (lambda: ours.spectrogram(np.zeros(10), 4, 4, depth=0), "more than 0 dB, got 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
