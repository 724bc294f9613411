"""Training the CNN that hears: a short run learns, the shipped one does what its card says."""

import json

import numpy as np
import pytest
import torch

from large_models.data import speech
from large_models.experiments import train_speech
from large_models.models.speech import SpeechCNN
from large_models.widgets.assets import WEIGHTS

SHIPPED = WEIGHTS / "speech-vowels"


@pytest.fixture(scope="module")
def few():
    return speech.say(speech.draw_speakers(6, seed=50), 1, seed=51)


def test_a_short_run_learns_and_repeats_itself(few):
    model = train_speech.train(0, few, epochs=15)
    again = train_speech.train(0, few, epochs=15)
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    judged = {"trained": train_speech.by_model(model), "new": train_speech.by_model(SpeechCNN())}
    right = train_speech.by_noise(judged, few, [40])
    assert right["trained"][40] > right["new"][40] + 0.15


def test_every_epoch_has_every_clip_in_other_noise(few):
    epoch = train_speech.batches(few, size=32)
    generator = torch.Generator().manual_seed(0)
    first, second = list(epoch(generator)), list(epoch(generator))
    labels = torch.cat([labels for _, labels in first])
    assert sorted(labels.tolist()) == sorted(few.labels.tolist())
    assert [len(x) for x, _ in first] == [32, 28]
    assert first[0][0].shape[1:] == (1, 65, 49)
    assert not torch.equal(first[0][0].mean(), second[0][0].mean())


def test_halves_are_mean_spectra():
    x = torch.rand(2, 1, 5, 7)
    found = train_speech.halves(x)
    np.testing.assert_allclose(found[:, :5], x[:, 0, :, :3].mean(dim=2), atol=1e-6)
    np.testing.assert_allclose(found[:, 5:], x[:, 0, :, 3:].mean(dim=2), atol=1e-6)


def test_no_held_out_speaker_was_heard_in_training():
    heard = speech.draw_speakers(train_speech.SPEAKERS, train_speech.SPEAKERS_SEED)
    other = speech.draw_speakers(train_speech.HELD_OUT, train_speech.HELD_OUT_SEED)
    assert not set(heard.tract.tolist()) & set(other.tract.tolist())


def test_the_shipped_model_does_what_its_files_say():
    metrics = json.loads((SHIPPED / "metrics.json").read_text("utf-8"))
    test = train_speech.held_out()
    assert len(test.labels) == metrics["clips"]["test"]
    model = {"shipped": train_speech.by_model(SpeechCNN.from_pretrained(SHIPPED))}
    for level, right in train_speech.by_noise(model, test, [40, 10, -5])["shipped"].items():
        # Another CPU may turn a clip or two that stand on the edge.
        assert right == pytest.approx(metrics["accuracy_by_seed"][0][str(level)], abs=0.01)
    card = (SHIPPED / "README.md").read_text("utf-8")
    assert metrics["data_sha256"] in card and f"{metrics['parameters']:,}" in card
    for level, mean in metrics["mean"].items():
        shipped = metrics["accuracy_by_seed"][0][level]
        assert f"| {level} dB | {shipped:.3f} | {mean:.3f} ±" in card
