"""Membership inference: was this digit among the 400 that a network has learned from?

    python -m large_models.experiments.membership      # weights/privacy-digits, about 3 minutes

    phi     = log p / (1 - p), p the probability of the label that was said
    loss    "member" if the loss log(1 + e^-phi) is at most a threshold, one for everybody
    LiRA    "member" if log N(phi; in) - log N(phi; out) is large: both normal distributions come
            from shadow networks that the attacker trains, with this digit and without it

Sources: Yeom et al. (2018) for the loss; Carlini et al., "Membership inference attacks from first
principles" (2022) for LiRA, here with 48 networks of each kind, of which each is attacked with the
other 47 for shadows. The ways of training are `training.privacy`'s. Chapter: 5_2_1_privacy.
"""

import json
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from large_models.experiments import outputs
from large_models.experiments.train_lenet import data_hash
from large_models.files import WEIGHTS, write_whole
from large_models.formulas import privacy
from large_models.tensors import load_tensors, save_tensors
from large_models.training import many, metrics
from large_models.training import privacy as private

SEEDS = 48  # networks of each kind
LONG_SEEDS = 10  # of the controls that train thirty times as long; no LiRA for these
FALSE = [round(10 ** (k / 20 - 3), 5) for k in range(61)]  # shares of false alarms, 0.001 to 1
BINS = 28
RANGE = {"loss": (-2.0, 5.0), "lira": (-10.0, 10.0)}  # of the histograms: -log10 of the loss; ratio
ATTACKS, WHOSE = ("loss", "lira"), ("all", "odd")

Array = NDArray[np.float64]


class Shadows(NamedTuple):
    """What the networks of one way think of everybody."""

    phi: Array  # (M, N) confidence of network m in person n's label
    inside: NDArray[np.bool_]  # (M, N) whether it has learned from the person
    odd: NDArray[np.bool_]  # (N,) whose label is wrong


def train(way: str, number: int, everybody: private.People) -> tuple[Array, list[float]]:
    """So many networks of one way, each with its own draw of members.

    Returns:
        (M, N): their confidence in everybody's label; and their accuracies on held-out digits.
    """
    seeds = range(number)
    stack = many.fit(way, [private.draw(seed, everybody)[0] for seed in seeds], seeds)
    models = [many.single(stack, m) for m in range(number)]
    x, labels = private.held_out()
    answers = [metrics.predict(model, x).argmax(dim=1) for model in models]
    phi = np.stack([private.confidences(model, everybody) for model in models])
    return phi, [metrics.accuracy(answer, labels) for answer in answers]


def shadows(way: str, folder: Path = WEIGHTS / "privacy-digits") -> Shadows:
    """The shipped networks of one way.

    Raises:
        ValueError: if there is no such way.
    """
    tensors, odd = _shipped(folder)
    if way not in tensors:
        raise ValueError(f"shadows: expected one of {', '.join(tensors)}, got {way!r}")
    phi = tensors[way].double().numpy()
    inside = np.stack([private.drawn(seed, phi.shape[1]) for seed in range(len(phi))])
    return Shadows(phi, inside, odd)


@cache
def _shipped(folder: Path) -> tuple[dict[str, torch.Tensor], NDArray[np.bool_]]:
    return load_tensors(folder / "shadows.safetensors")[0], private.people().odd


def lira(data: Shadows, online: bool = True) -> Array:
    """LiRA's scores for every network, each with all the others for shadows: (M, N).

    0, which speaks for neither side, for a person of whom there are too few networks to compare.
    """
    found = []
    for m in range(len(data.phi)):
        others = np.arange(len(data.phi)) != m
        found.append(
            privacy.likelihood_ratio(data.phi[m], data.phi[others], data.inside[others], online)
        )
    return np.nan_to_num(np.stack(found), nan=0.0)


def scores(data: Shadows, attack: str) -> Array:
    """What an attack thinks of everybody, large for members: (M, N).

    "loss": the confidence, which says the same as the loss; "lira": the log of the ratio.
    """
    return data.phi if attack == "loss" else lira(data)


def found_at(given: Array, inside: NDArray[np.bool_], false: float) -> tuple[float, Array]:
    """The share of members found by one threshold for all networks.

    Args:
        given: (M, N) scores, large for members.
        inside: (M, N).
        false: the share of all others that may be called members, at most.

    Returns:
        the threshold, and the share of each network's members who reach it, (M,).
    """
    others = np.sort(given[~inside])[::-1]
    allowed = int(np.floor(false * len(others) + 1e-9))
    # the smallest score that lets no more than `allowed` of the others through
    wall = others[allowed] if allowed < len(others) else -np.inf
    reached = given > wall
    passing = given[reached]
    threshold = float(passing.min()) if passing.size else float(np.inf)
    return threshold, (reached & inside).sum(axis=1) / inside.sum(axis=1)


def measure(data: Shadows, attack: str) -> dict[str, dict[str, Any]]:
    """What an attack finds, of everybody and of those who stand out: curves and their spread."""
    given, result = scores(data, attack), {}
    for whose in WHOSE:
        who = np.ones_like(data.odd) if whose == "all" else data.odd
        score, inside = given[:, who], data.inside[:, who]
        at = [found_at(score, inside, false) for false in FALSE]
        areas = [
            privacy.auc(-row[side], -row[~side]) for row, side in zip(score, inside, strict=True)
        ]
        one = at[FALSE.index(0.01)][1]
        edges = np.linspace(*RANGE[attack], BINS + 1)
        shown = np.clip(_shown(score, attack), edges[0] + 1e-9, edges[-1] - 1e-9)
        result[whose] = {
            "auc": _mean_and_spread(areas),
            "found_at_1": _mean_and_spread(one),
            "found": [round(float(shares.mean()), 4) for _, shares in at],
            "cut": [round(float(_shown(threshold, attack)), 3) for threshold, _ in at],
            "members": np.histogram(shown[inside], edges)[0].tolist(),
            "others": np.histogram(shown[~inside], edges)[0].tolist(),
        }
    return result


def _shown(score: Any, attack: str) -> Any:
    """A score as the histograms have it."""
    if attack == "lira":
        return score
    loss = np.logaddexp(0, -np.asarray(score))
    return -np.log10(np.maximum(loss, 1e-30))


def _mean_and_spread(values: Any) -> list[float]:
    return [round(float(np.mean(values)), 4), round(float(np.std(values)), 4)]


def as_text(summary: dict) -> str:
    """JSON with what one attack finds, of everybody or of the odd, on a line."""
    places: list[str] = []

    def line(found: dict) -> str:
        places.append(json.dumps(found))
        return f"<{len(places) - 1}>"

    short = summary | {
        "attacks": {
            way: {attack: {w: line(found) for w, found in of.items()} for attack, of in by.items()}
            for way, by in summary["attacks"].items()
        },
        "accuracy": {way: line(values) for way, values in summary["accuracy"].items()},
    }
    text = json.dumps(short, indent=1)
    for number, found in enumerate(places):
        text = text.replace(f'"<{number}>"', found, 1)
    return text + "\n"


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--long-seeds", type=int, default=LONG_SEEDS)
    arguments = parser.parse_args()
    for name in ("seeds", "long_seeds"):
        if getattr(arguments, name) < 4:
            flag = name.replace("_", "-")
            parser.error(f"--{flag}: expected at least 4, got {getattr(arguments, name)}")
    arguments.output = outputs.folder(
        parser, arguments, "privacy-digits", WEIGHTS / "privacy-digits"
    )
    torch.set_num_threads(1)
    everybody, kept, accuracy, seconds = private.people(), {}, {}, {}
    for way in private.ways():
        long = way in (private.CLIPPED_LONG, private.UNCLIPPED_LONG)
        number = arguments.long_seeds if long else arguments.seeds
        part = arguments.output / "parts" / f"{way.replace(' ', '-').replace(',', '')}.safetensors"
        if (
            part.exists() and len(load_tensors(part)[0]["phi"]) == number
        ):  # resumes where it stopped
            tensors, texts = load_tensors(part)
            accuracy[way], seconds[way] = json.loads(texts["accuracy"]), float(texts["seconds"])
        else:
            start = time.process_time()
            phi, right = train(way, number, everybody)
            tensors = {"phi": torch.from_numpy(phi)}
            accuracy[way] = [round(value, 4) for value in right]
            seconds[way] = round(time.process_time() - start, 1)
            texts = {"accuracy": json.dumps(accuracy[way]), "seconds": str(seconds[way])}
            save_tensors(part, tensors, **texts)
        kept[way] = tensors["phi"].half()
        print(f"{way}: accuracy {np.mean(accuracy[way]):.3f}, {seconds[way]} s", flush=True)
    save_tensors(arguments.output / "shadows.safetensors", kept, of="phi = log p / (1 - p)")
    attacks: dict[str, dict] = {}
    for way in kept:
        data = shadows(way, arguments.output)
        for attack in ATTACKS if len(data.phi) >= SEEDS // 2 else ATTACKS[:1]:
            attacks.setdefault(way, {})[attack] = measure(data, attack)
            for whose, found in attacks[way][attack].items():
                print(way, attack, whose, "auc", *found["auc"], "at 1 %", *found["found_at_1"])
    flags = f"--seeds {arguments.seeds} --long-seeds {arguments.long_seeds}"
    promised = [noise for noise in private.NOISES if noise]
    summary = {
        "command": f"python -m large_models.experiments.membership {flags}",
        "members": private.MEMBERS,
        "others": len(everybody) - private.MEMBERS,
        "delta": private.DELTA,
        "rate": private.RATE,
        "steps": private.STEPS,
        "limit": private.LIMIT,
        "learning_rate": private.LEARNING_RATE,
        "epsilon": {f"noise {s:g}": round(private.epsilon(s), 3) for s in promised},
        "epsilon_exact": {
            f"noise {s:g}": round(private.epsilon(s, exact=True), 3) for s in promised
        },
        "data_sha256": data_hash(),
        "torch": torch.__version__.split("+")[0],
        "cpu_seconds": round(sum(seconds.values())),
        "false": FALSE,
        "range": {name: list(ends) for name, ends in RANGE.items()},
        "accuracy": accuracy,
        "attacks": attacks,
    }
    write_whole(arguments.output / "metrics.json", as_text(summary))


if __name__ == "__main__":
    main()
