"""Train the small CNN that hears the generated sounds of `data.speech`.

    python -m large_models.experiments.train_speech  # weights/speech-vowels, about a minute
    # the same, and the spread of three seeds
    python -m large_models.experiments.train_speech --seeds 3

Every epoch the same clips get other noise, from 40 decibels under the sound to 10 above it. The
speakers of the held-out part are none of those that training hears. Chapter: 1_2_areas.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from large_models.data import speech
from large_models.experiments import outputs
from large_models.files import WEIGHTS, write_whole
from large_models.formulas.spectrogram import spectrogram
from large_models.models.cnn import num_parameters
from large_models.models.speech import SpeechCNN
from large_models.training import metrics
from large_models.training.classifier import fit_classifier
from large_models.training.loop import Batches

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

FRAME, HOP = 128, 80  # samples: 12.8 ms and 8 ms
SPEAKERS, SPEAKERS_SEED = 120, 0
HELD_OUT, HELD_OUT_SEED = 30, 1000
EPOCHS = 50
BATCH = 64
LEARNING_RATE = 5e-3  # the peak of a one-cycle schedule
WEIGHT_DECAY = 1e-2
NOISE = (-10.0, 40.0)  # decibels of the sound over the noise
LEVELS = (40, 20, 10, 5, 0, -5, -10)  # at which the held-out part is judged


def training_part() -> speech.Clips:
    """What the shipped model learns from: 120 speakers, each sound twice."""
    return speech.say(speech.draw_speakers(SPEAKERS, SPEAKERS_SEED), 2, SPEAKERS_SEED + 1)


def held_out() -> speech.Clips:
    """30 other speakers, each sound twice."""
    return speech.say(speech.draw_speakers(HELD_OUT, HELD_OUT_SEED), 2, HELD_OUT_SEED + 1)


def heard(waves: NDArray, decibels: ArrayLike, seed: int) -> Tensor:
    """Spectrograms of clips in noise.

    Args:
        waves: (N, T).
        decibels: () or (N,), see `speech.add_noise`.

    Returns:
        (N, 1, K, M), 0 to 1.
    """
    noisy = speech.add_noise(waves, decibels, seed)
    return torch.from_numpy(spectrogram(noisy, FRAME, HOP))[:, None]


def batches(clips: speech.Clips, size: int = BATCH) -> Batches:
    """One epoch's batches for `fit`: all clips in a random order, in new noise."""
    labels = torch.from_numpy(clips.labels)

    def epoch(generator: torch.Generator) -> Iterable[tuple[Tensor, Tensor]]:
        seed = int(torch.randint(2**31, (), generator=generator))
        level = np.random.default_rng(seed).uniform(*NOISE, len(labels))
        x = heard(clips.waves, level, seed + 1)
        for rows in torch.randperm(len(labels), generator=generator).split(size):
            yield x[rows], labels[rows]

    return epoch


def train(seed: int, clips: speech.Clips, epochs: int = EPOCHS) -> SpeechCNN:
    """A SpeechCNN trained on clips, all randomness from `seed`."""
    torch.manual_seed(seed)
    model = SpeechCNN()
    steps = epochs * -(-len(clips.labels) // BATCH)
    fit_classifier(
        model,
        batches(clips),
        rate=LEARNING_RATE,
        weight_decay=WEIGHT_DECAY,
        steps=steps,
        seed=seed,
    )
    return model


def halves(x: Tensor) -> NDArray[np.float32]:
    """What the baseline looks at: the mean spectrum of a clip's first half and of its second.

    Args:
        x: (N, 1, K, M).

    Returns:
        (N, 2 K).
    """
    middle = x.shape[3] // 2
    parts = x[:, 0, :, :middle].mean(dim=2), x[:, 0, :, middle:].mean(dim=2)
    return torch.cat(parts, dim=1).numpy()


def baseline(clips: speech.Clips, rounds: int = 4) -> "LogisticRegression":
    """A logistic regression on `halves`, trained on the same clips in the same range of noise.

    Args:
        rounds: how often the clips are taken, each time in other noise.
    """
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    N = len(clips.labels)
    x = [halves(heard(clips.waves, rng.uniform(*NOISE, N), k)) for k in range(rounds)]
    model = LogisticRegression(C=10, max_iter=1000)
    return model.fit(np.concatenate(x), np.tile(clips.labels, rounds))


Predict = Callable[[Tensor], NDArray | Tensor]  # spectrograms (N, 1, K, M) to labels (N,)


def by_noise(
    predict: Mapping[str, Predict], clips: speech.Clips, levels: Sequence[int] = LEVELS
) -> dict[str, dict[int, float]]:
    """Each one's accuracy at each level of noise.

    Args:
        predict: who is judged, by name.
        levels: decibels of the sound over the noise.
    """
    found: dict[str, dict[int, float]] = {name: {} for name in predict}
    for level in levels:
        x = heard(clips.waves, level, 7)
        for name, each in predict.items():
            found[name][level] = metrics.accuracy(each(x), clips.labels)
    return found


def by_model(model: SpeechCNN) -> Predict:
    """The model as one who is judged by `by_noise`."""
    return lambda x: metrics.predict(model, x).argmax(dim=1)


def by_regression(model: "LogisticRegression") -> Predict:
    """The baseline as one who is judged by `by_noise`."""
    return lambda x: np.asarray(model.predict(halves(x)))


def data_hash(clips: speech.Clips) -> str:
    """sha256 of the clips, their samples rounded to a thousandth, and their labels."""
    digest = hashlib.sha256(np.round(1000 * clips.waves).astype("<i2").tobytes())
    digest.update(clips.labels.astype("<i8").tobytes())
    return digest.hexdigest()


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="0 is shipped; more give the spread")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args()
    for name in ("seeds", "epochs"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name}: expected at least 1, got {getattr(arguments, name)}")
    torch.set_num_threads(1)
    output = outputs.folder(parser, arguments, "speech-vowels", WEIGHTS / "speech-vowels")

    clips, test = training_part(), held_out()
    results, seconds, shipped = [], [], None
    for seed in range(arguments.seeds):
        start = time.process_time()
        model = train(seed, clips, arguments.epochs)
        seconds.append(round(time.process_time() - start, 1))
        results.append(by_noise({"cnn": by_model(model)}, test)["cnn"])
        print(f"seed {seed}: {results[-1]}, {seconds[-1]} s", flush=True)
        if seed == 0:
            model.save_pretrained(output)
            shipped = model
    judged = {"regression": by_regression(baseline(clips))}
    assert shipped is not None  # the first seed always runs
    summary = {
        "command": f"python -m large_models.experiments.train_speech --seeds {arguments.seeds}",
        "config": asdict(shipped.config),
        "parameters": num_parameters(shipped),
        "epochs": arguments.epochs,
        "data_sha256": data_hash(clips),
        "torch": torch.__version__.split("+")[0],
        "threads": 1,
        "processor_seconds": seconds,
        "clips": {"train": len(clips.labels), "test": len(test.labels)},
        "shipped_seed": 0,
        "accuracy_by_seed": results,
        "mean": {k: round(float(np.mean([r[k] for r in results])), 4) for k in LEVELS},
        "standard_deviation": {k: round(float(np.std([r[k] for r in results])), 4) for k in LEVELS},
        "logistic_regression": by_noise(judged, test)["regression"],
    }
    write_whole(output / "metrics.json", json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary["mean"]), json.dumps(summary["logistic_regression"]))


if __name__ == "__main__":
    main()
