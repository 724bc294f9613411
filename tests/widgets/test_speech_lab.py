"""SpeechLab's Python side: the network as torch has it, the noise as it is said."""

import numpy as np
import pytest
import torch

from large_models.data import speech
from large_models.experiments import train_speech
from large_models.models.speech import SpeechCNN
from large_models.widgets import SpeechLab
from large_models.widgets import speech_lab as lab
from large_models.widgets.assets import WEIGHTS


def test_the_network_is_torchs_but_for_half_precision():
    model = SpeechCNN.from_pretrained(WEIGHTS / "speech-vowels")
    for sound, noise in (("you", 40), ("er", 5), ("ow", -10)):
        widget = SpeechLab(sound=sound, noise=noise)
        x = torch.from_numpy(widget.picture)[None, None]
        expected = model(x).softmax(dim=1)[0].detach().numpy()
        np.testing.assert_allclose(widget.probabilities, expected, atol=0.01)


def test_it_looks_at_sounds_as_in_training():
    assert (lab.FRAME, lab.HOP) == (train_speech.FRAME, train_speech.HOP)
    assert lab.SPEAKERS_SEED == train_speech.HELD_OUT_SEED
    assert len(speech.draw_speakers(train_speech.HELD_OUT, lab.SPEAKERS_SEED).group) == 30
    speakers = speech.draw_speakers(train_speech.HELD_OUT, train_speech.HELD_OUT_SEED)
    voices = lab.targets()
    assert [v["group"] for v in voices] == [speech.GROUPS[g] for g in speakers.group[:6]]
    assert [v["seconds"] for v in voices] == np.round(speakers.seconds[:6], 3).tolist()


@pytest.mark.heavy
def test_in_quiet_every_speaker_is_heard_and_noise_has_an_effect_on_each():
    """The first task: from the left end to the right the network is less sure of what was said."""
    for truth, sound in enumerate(lab.SOUNDS):
        for speaker in range(lab.SPEAKERS):
            widget = SpeechLab(sound=sound, speaker=speaker, noise=40)
            before = widget.probabilities
            assert before.argmax() == truth, (sound, speaker)
            widget.noise = -10
            assert widget.probabilities[truth] < before[truth] - 0.05, (sound, speaker)


def test_noise_is_white_and_as_strong_as_it_says():
    hiss = lab.noise()
    assert np.mean(hiss**2) == pytest.approx(1)
    assert abs(hiss.mean()) < 0.05
    power = np.abs(np.fft.rfft(hiss)) ** 2 / len(hiss)
    np.testing.assert_allclose([part.mean() for part in np.array_split(power, 4)], 1, atol=0.2)
    clean, mixed = lab.wave("ah", 2).astype(float), lab.noisy("ah", 2, 0)
    share = mixed @ clean / (clean @ clean)
    rest = mixed - share * clean
    assert np.mean((share * clean) ** 2) == pytest.approx(np.mean(rest**2), rel=0.1)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("sound", "aye", "expected one of 'ee', 'ah', .*, got 'aye'"),
        ("speaker", 6, "expected an integer from 0 to 5, got 6"),
        ("noise", 41, "expected an integer from -10 to 40, got 41"),
        ("noise", 2.5, "expected an integer, got 2.5"),
    ],
)
def test_bad_values_are_told(key, value, message):
    with pytest.raises(ValueError, match=f"SpeechLab.{key}: {message}"):
        setattr(SpeechLab(), key, value)


def test_state_is_small():
    widget = SpeechLab()
    assert len(widget._weights) < 13_000 and len(str(widget._voices)) < 4000
