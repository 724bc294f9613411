"""A picture of a sound: which frequencies it holds, moment by moment.

    X[m, k] = sum over n of w[n] x[m hop + n] exp(-2 pi i k n / N),  n = 0 .. N - 1

The sound is cut into frames of N samples, `hop` apart. A window w, which is small at both ends,
keeps the cut from being heard; the Fourier transform says how much of each frequency is in the
frame. Row k stands for k * rate / N Hz. Squared sizes in decibels make the picture: the
spectrogram. Long frames tell close frequencies apart, short ones close moments; never both.

Checked against scipy.signal. Chapter: 1_2_areas.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from large_models.formulas.numbers import read_numbers


def hann(size: int) -> NDArray[np.float64]:
    """The window sin(pi n / N) squared, as `scipy.signal.get_window("hann", N)`: (N,)."""
    return np.sin(np.pi * np.arange(size) / size) ** 2


def stft(x: ArrayLike, size: int, hop: int) -> NDArray[np.complex128]:
    """The short-time Fourier transform.

    Args:
        x: (..., T) samples; those after the last whole frame are left out.
        size: samples in a frame, N.
        hop: samples from one frame to the next.

    Returns:
        (..., M, N // 2 + 1): M frames, frequencies from zero to half the rate.

    Raises:
        ValueError: if a size is less than 1, or not one frame fits into x.
    """
    x = read_numbers("stft: x", x)
    if size < 1 or hop < 1:
        raise ValueError(f"stft: expected size and hop of at least 1, got {size} and {hop}")
    if x.ndim < 1 or x.shape[-1] < size:
        raise ValueError(f"stft: expected at least {size} samples, got shape {x.shape}")
    frames = sliding_window_view(x, size, axis=-1)[..., ::hop, :]  # (..., M, N)
    return np.fft.rfft(frames * hann(size))


def spectrogram(x: ArrayLike, size: int, hop: int, depth: float = 60.0) -> NDArray[np.float32]:
    """Loudness by frequency and time, from 0 to 1.

    1 is the loudest spot of the sound, 0 what lies `depth` decibels under it, or lower: so it does
    not matter how loud the whole is.

    Args:
        x: (..., T), see `stft`.
        depth: decibels from black to white.

    Returns:
        (..., N // 2 + 1, M): low frequencies first, time from left to right. All 0 for silence.

    Raises:
        ValueError: as `stft`; if depth is not more than 0.
    """
    if not depth > 0:
        raise ValueError(f"spectrogram: expected a depth of more than 0 dB, got {depth}")
    power = np.swapaxes(np.abs(stft(x, size, hop)) ** 2, -1, -2)  # (..., K, M)
    loudest = power.max(axis=(-1, -2), keepdims=True)
    share = power / np.where(loudest > 0, loudest, 1)
    loud = 1 + np.log10(np.maximum(share, 10 ** (-depth / 10))) * 10 / depth
    return np.asarray(loud, dtype=np.float32)
