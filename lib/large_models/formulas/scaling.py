r"""Scaling laws: how the loss falls with the size of a model and the amount of text.

    L(N, D) = E + A / N^alpha + B / D^beta

N parameters, D tokens, L in nats per token. E is what no model of this kind gets rid of, the second
term what a small model lacks, the third what little text leaves unlearned. Five numbers, fitted to
runs: the logarithms of both sides are compared, and Huber's loss keeps a run that went astray from
pulling as hard as its square would.

Training costs about C = 6 N D operations: each parameter is multiplied and added once for a token
on the way forward, and twice on the way back. With that, the law has a best N and D for a C.

Sources: Kaplan et al. 2020 (laws, 6 N D); Hoffmann et al. 2022 (this law, its fit, the best split).
Chapter: 5_1_trends.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

DELTA = 1e-2  # of Huber's loss: residuals of the logarithm beyond it count by their size only


class Law(NamedTuple):
    """The five numbers of L(N, D)."""

    E: float
    A: float
    alpha: float
    B: float
    beta: float


def loss(law: Law, N: ArrayLike, D: ArrayLike) -> Array:
    """L(N, D) in nats per token; N and D broadcast."""
    E, A, alpha, B, beta = law
    return E + A / np.asarray(N, float) ** alpha + B / np.asarray(D, float) ** beta


def fit(N: ArrayLike, D: ArrayLike, losses: ArrayLike, delta: float = DELTA) -> Law:
    """The law that fits runs best.

    Args:
        N, D, losses: (R,), of R runs.
        delta: of Huber's loss.

    Raises:
        ValueError: for fewer than 5 runs, shapes that differ, numbers that are not positive, or
            runs that all have one N or one D: then nothing tells a term from E.
    """
    N, D, losses = (np.asarray(x, float) for x in (N, D, losses))
    if not N.shape == D.shape == losses.shape or N.ndim != 1 or len(N) < 5:
        raise ValueError(
            "expected N, D and losses of one shape (R,), R at least 5, "
            f"got {N.shape}, {D.shape} and {losses.shape}"
        )
    for name, x in (("N", N), ("D", D), ("losses", losses)):
        if not np.all((x > 0) & np.isfinite(x)):
            raise ValueError(f"{name}: expected positive numbers, got {x[~(x > 0)][:1]}")
        if name != "losses" and len(np.unique(x)) < 2:
            raise ValueError(f"{name}: expected different values, got {x[0]:g} in all runs")
    # Terms at the middle of the runs instead of at N = D = 1, far away: E, A' and B' are then of
    # one size, and so nearly independent.
    middle_N, middle_D = np.exp(np.log(N).mean()), np.exp(np.log(D).mean())

    def unfold(x: Array) -> Law:
        e, a, alpha, b, beta = x
        return Law(np.exp(e), np.exp(a) * middle_N**alpha, alpha, np.exp(b) * middle_D**beta, beta)

    def residuals(x: Array) -> Array:
        return np.log(loss(unfold(x), N, D)) - np.log(losses)

    from scipy.optimize import least_squares  # here, so that formulas come without scipy

    best = None
    for share in (0.2, 0.5, 0.8):  # of the lowest loss that is taken for E, to start from
        e, rest = share * losses.min(), losses.mean() - share * losses.min()
        start = [np.log(e), np.log(rest / 2), 0.4, np.log(rest / 2), 0.4]
        limits = ([-9, -9, 0.01, -9, 0.01], [5, 9, 3, 9, 3])
        found = least_squares(residuals, start, bounds=limits, loss="huber", f_scale=delta)
        if best is None or found.cost < best.cost:
            best = found
    return Law(*map(float, unfold(best.x)))


def bootstrap(
    N: ArrayLike, D: ArrayLike, losses: ArrayLike, count: int = 200, seed: int = 0
) -> list[Law]:
    """Laws fitted to as many runs, drawn with replacement: how much the fit hangs on single runs.

    N, D and losses are (runs,). A draw that has one N or one D only is drawn again.

    Raises:
        ValueError: as `fit`.
    """
    N, D, losses = (np.asarray(x, float) for x in (N, D, losses))
    fit(N, D, losses)
    rng, laws = np.random.default_rng(seed), []
    while len(laws) < count:
        rows = rng.integers(0, len(N), len(N))
        if min(len(np.unique(N[rows])), len(np.unique(D[rows]))) > 1:
            laws.append(fit(N[rows], D[rows], losses[rows]))
    return laws


def best_split(law: Law, flops: ArrayLike) -> tuple[Array, Array]:
    """The N and D, in the shape of `flops`, with 6 N D = flops at which the law's loss is least.

    There the two terms fall equally fast: alpha A / N^alpha = beta B / D^beta.
    """
    _, A, alpha, B, beta = law
    pairs = np.asarray(flops, float) / 6  # N D
    N = (alpha * A / (beta * B) * pairs**beta) ** (1 / (alpha + beta))
    return N, pairs / N


def training_flops(layers: int, features: int, length: int, vocab_size: int) -> int:
    """Operations of the matrix products of training, a token: forward, and twice that backward.

    In each block 12 C^2 numbers meet the token (4 C^2 in attention, 8 C^2 after it), its query
    meets `length` keys and its weights as many values (the masked ones too), and at the end it is
    scored against the vocabulary. A number met is a multiplication and an addition.

    Args:
        layers, features: of a GPT whose feed-forward network is 4 times as wide.
        length: of its texts, in tokens.
    """
    blocks = layers * (12 * features**2 + 2 * length * features)
    return 3 * 2 * (blocks + vocab_size * features)
