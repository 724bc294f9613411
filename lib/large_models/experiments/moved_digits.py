"""Digits that move: what learners of three ages make of the same pictures, moved by a few pixels.

    python -m large_models.experiments.moved_digits  # weights/moved-digits/results.json

The digits are drawn 20 pixels high in the middle of 28 x 28, so that four pixels in every direction
are free, as LeCun et al. 1998 (section III.A) placed theirs.

The comparison gives a support-vector machine and a convolutional network the *same* pictures: the
digits in the middle, and none, one or five moved copies of each. One more network gets copies that
are moved anew in every batch: that is what only a learner in steps can do. All networks take as
many steps, whatever they get. Chapter: 1_background.
"""

import json
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from large_models.data.digits import load_digits
from large_models.experiments import outputs
from large_models.files import WEIGHTS, write_whole
from large_models.models.cnn import LeNet, num_parameters
from large_models.training.loop import fit

SIDE, INPUT = 20, 28
FREE = (INPUT - SIDE) // 2  # pixels around the digit
BATCH = 32
EPOCHS = 20
RATE = 5e-3
COPIES = (0, 1, 5)  # moved copies of each picture
ASIDE = (0, 2, 4)  # pixels by which the held-out pictures are moved
STEPS = 1000  # of each network in the comparison
SEEDS = 3

Predict = Callable[[NDArray], NDArray]


def centered(counts: NDArray) -> NDArray[np.float32]:
    """Ink counts (N, 8, 8) as pictures (N, 28, 28), paper 0 to ink 1, the digit in the middle.

    Raises:
        ValueError: for another shape.
    """
    counts = np.asarray(counts, dtype=np.float64)
    if counts.ndim != 3 or counts.shape[1:] != (8, 8):
        raise ValueError(f"counts: expected shape (N, 8, 8), got {counts.shape}")
    places = np.clip((np.arange(SIDE) + 0.5) * 8 / SIDE - 0.5, 0, 7)
    enlarge = np.array([np.interp(places, np.arange(8), row) for row in np.eye(8)])  # (8, 20)
    pictures = enlarge.T @ counts @ enlarge / 16  # (N, 20, 20)
    return np.pad(pictures, ((0, 0), (FREE, FREE), (FREE, FREE))).astype(np.float32)


def load() -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Pictures and labels to learn from, then those held out."""
    data = load_digits()
    return (
        centered(data.train_images),
        data.train_labels,
        centered(data.test_images),
        data.test_labels,
    )


def move(images: NDArray, down: int, right: int) -> NDArray:
    """Pictures (N, 28, 28) moved by whole pixels; at most the free margin, so that nothing is cut.

    Raises:
        ValueError: for a longer way.
    """
    if max(abs(down), abs(right)) > FREE:
        raise ValueError(f"expected at most {FREE} pixels, got {down} down and {right} right")
    return np.roll(images, (down, right), axis=(1, 2))


def accuracy_when_moved(
    predict: Predict, images: NDArray, labels: NDArray, steps: Sequence[int]
) -> list[float]:
    """For each number of pixels: the mean accuracy over moves up, down, left and right."""

    def mean(k: int) -> float:
        ways = {(k, 0), (-k, 0), (0, k), (0, -k)}
        return float(np.mean([(predict(move(images, *way)) == labels).mean() for way in ways]))

    return [mean(k) for k in steps]


def with_copies(
    images: NDArray, labels: NDArray, number: int, seed: int
) -> tuple[NDArray, NDArray]:
    """The pictures, and so many copies of each, moved by up to FREE pixels down and across."""
    rng = np.random.default_rng(seed)
    parts = [images]
    for _ in range(number):
        ways = rng.integers(-FREE, FREE + 1, (len(images), 2))
        copies = [np.roll(x, way, (0, 1)) for x, way in zip(images, ways, strict=True)]
        parts.append(np.stack(copies))
    return np.concatenate(parts), np.tile(labels, number + 1)


def train_lenet(
    images: NDArray, labels: NDArray, seed: int = 0, moved: int = 0, steps: int | None = None
) -> LeNet:
    """A LeNet of its own, in seconds; with `moved`, each batch is moved by up to so many pixels.

    Args:
        steps: how many; EPOCHS passes over the pictures, if None.
    """
    torch.manual_seed(seed)
    model = LeNet()
    pictures, truth = torch.from_numpy(images)[:, None], torch.from_numpy(labels.copy())
    steps = steps or EPOCHS * -(-len(images) // BATCH)

    def batches(generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        for rows in torch.randperm(len(images), generator=generator).split(BATCH):
            way = torch.randint(-moved, moved + 1, (2,), generator=generator).tolist()
            yield torch.roll(pictures[rows], way, (2, 3)), truth[rows]

    optimizer = torch.optim.Adam(model.parameters(), RATE)
    fit(
        model,
        batches,
        lambda net, batch: F.cross_entropy(net(batch[0]), batch[1]),
        optimizer,
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        scheduler=torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, cycle_momentum=False),
        progress_bar=False,
    )
    return model.eval()


def predict_with(model: LeNet) -> Predict:
    """The network's answers to pictures (N, 28, 28)."""

    @torch.no_grad()
    def predict(images: NDArray) -> NDArray:
        pictures = torch.from_numpy(np.ascontiguousarray(images))[:, None]
        return model(pictures).argmax(1).numpy()

    return predict


def rounded(model: LeNet, bits: int) -> LeNet:
    """The same network with each row of each matrix rounded to 2^bits - 1 equal steps around zero.

    Raises:
        ValueError: for fewer than 2 bits.
    """
    if bits < 2:
        raise ValueError(f"bits: expected at least 2, got {bits}")
    other = LeNet(model.config)
    weights = {}
    for name, weight in model.state_dict().items():
        if weight.ndim > 1:
            rows = weight.flatten(1)  # a kernel or a neuron each
            step = rows.abs().amax(1, keepdim=True).clamp(min=1e-12) / (2 ** (bits - 1) - 1)
            weight = (torch.round(rows / step) * step).reshape(weight.shape)
        weights[name] = weight
    other.load_state_dict(weights)
    return other.eval()


def compare(seed: int, copies: Sequence[int] = COPIES) -> list[dict]:
    """Both learners on the same pictures, one result for each learner and number of copies.

    A result: who, copies ("fresh" for those moved anew), seed, the accuracy for each of ASIDE, and
    how many numbers the learner keeps: support vectors and their factors, or parameters.
    """
    from sklearn.svm import SVC

    images, labels, test, truth = load()

    def result(who: str, number: int | str, predict: Predict, size: int) -> dict:
        found = accuracy_when_moved(predict, test, truth, ASIDE)
        accuracy = [round(share, 4) for share in found]
        return {"who": who, "copies": number, "seed": seed, "accuracy": accuracy, "size": size}

    rows = []
    for number in copies:
        more, their = with_copies(images, labels, number, seed)
        flat = more.reshape(len(more), -1)
        machine = SVC(C=10).fit(flat, their)
        size = machine.support_vectors_.size + machine.dual_coef_.size
        rows.append(
            result("SVM", number, lambda x, m=machine: m.predict(x.reshape(len(x), -1)), size)
        )
        model = train_lenet(more, their, seed, steps=STEPS)
        rows.append(result("CNN", number, predict_with(model), num_parameters(model)))
    model = train_lenet(images, labels, seed, FREE, STEPS)
    rows.append(result("CNN", "fresh", predict_with(model), num_parameters(model)))
    return rows


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds: expected at least 1, got {arguments.seeds}")
    output = outputs.folder(parser, arguments, "moved-digits", WEIGHTS / "moved-digits")
    torch.set_num_threads(1)
    rows: list[dict] = []
    for seed in range(arguments.seeds):
        rows += compare(seed)
        summary = {
            "command": f"python -m large_models.experiments.moved_digits --seeds {arguments.seeds}",
            "torch": torch.__version__.split("+")[0],
            "aside": list(ASIDE),
        }
        lines = ",\n".join(json.dumps(row) for row in rows)
        head = json.dumps(summary | {"results": []}, indent=2)
        output.mkdir(parents=True, exist_ok=True)
        write_whole(
            output / "results.json",
            head.replace('"results": []', f'"results": [\n{lines}\n]') + "\n",
        )
        print(f"seed {seed} done", flush=True)


if __name__ == "__main__":
    main()
