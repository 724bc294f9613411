"""What a model gives away about its examples, and what keeps it from doing so.

    clipping       c_i = g_i * min(1, C / |g_i|), each example's gradient by itself
    noise          s = sum of c_i + N(0, (sigma C)^2): one example moves the sum by at most C
    attack         "was in the training set" if the loss is at most a threshold
    LiRA           ... if log N(phi; in) - log N(phi; out) is large, with phi = log p / (1 - p)
    bound          (epsilon, delta) privacy: TPR <= e^epsilon * FPR + delta, for every attack
    federation     w = sum of n_k w_k / sum of n_k, over clients k with n_k examples

Sources: Abadi et al., "Deep learning with differential privacy" (2016), algorithm 1; Yeom et al.,
"Privacy risk in machine learning" (2018), the attack by a threshold on the loss; Carlini et al.,
"Membership inference attacks from first principles" (2022), the likelihood ratio; Kairouz et al.,
"The composition theorem for differential privacy" (2015), the region of errors; McMahan et al.,
"Communication-efficient learning of deep networks from decentralized data" (2017), algorithm 1.
Chapter: 5_2_1_privacy.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from large_models.formulas.numbers import floats, read_numbers


@floats("gradients")
def clip_rows(gradients: np.ndarray, limit: float) -> np.ndarray:
    """Each row shortened to the norm `limit` if it is longer.

    Args:
        gradients: (B, P), a row for each example.
        limit: C, above 0.

    Returns:
        (B, P).

    Raises:
        ValueError: for another shape, or a limit that is not above 0.
    """
    gradients = read_numbers("clip_rows: gradients", gradients)
    if gradients.ndim != 2:
        raise ValueError(f"clip_rows: gradients must be (B, P), got {gradients.shape}")
    if not limit > 0:
        raise ValueError(f"clip_rows: limit must be above 0, got {limit!r}")
    norms = np.sqrt((gradients**2).sum(axis=1, keepdims=True))  # (B, 1)
    return gradients * np.minimum(1.0, limit / np.maximum(norms, limit))


@floats("gradients")
def noisy_sum(
    gradients: np.ndarray, limit: float, noise: float, rng: np.random.Generator
) -> np.ndarray:
    """The Gaussian mechanism: the sum of the clipped rows, plus noise.

    Args:
        gradients: (B, P); with no row at all there is still noise.
        limit: C, above 0: what one row can add.
        noise: sigma, the noise's standard deviation in units of C.
        rng: draws the noise.

    Returns:
        (P,).

    Raises:
        ValueError: as `clip_rows`, and for a negative noise.
    """
    if not noise >= 0:
        raise ValueError(f"noisy_sum: noise must be at least 0, got {noise!r}")
    total = clip_rows(gradients, limit).sum(axis=0)
    return total + noise * limit * rng.normal(size=total.shape)


def rates(members: np.ndarray, others: np.ndarray, threshold: float) -> tuple[float, float]:
    """What an attack finds that says "member" where the loss is at most `threshold`.

    Args:
        members, others: losses (N,) and (M,).

    Returns:
        the true positive rate (share of members found) and the false positive rate (share of the
        others that are called members).

    Raises:
        ValueError: if one of the two is empty or not of one axis.
    """
    members, others = _read_losses("rates", members, others)
    return float((members <= threshold).mean()), float((others <= threshold).mean())


def roc(members: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates at every threshold that makes a difference.

    Args:
        members, others: losses (N,) and (M,).

    Returns:
        two arrays (K,), from (0, 0), nobody called a member, to (1, 1), everybody.

    Raises:
        ValueError: as `rates`.
    """
    members, others = _read_losses("roc", members, others)
    thresholds = np.unique(np.concatenate([members, others]))
    found = np.searchsorted(np.sort(members), thresholds, side="right") / len(members)
    false = np.searchsorted(np.sort(others), thresholds, side="right") / len(others)
    return np.concatenate([[0.0], false]), np.concatenate([[0.0], found])


def auc(members: np.ndarray, others: np.ndarray) -> float:
    """Area under the ROC: how often a member's loss is below another's, ties counting half.

    Args:
        members, others: losses, (N,) and (M,).

    Raises:
        ValueError: as `rates`.
    """
    false, found = roc(members, others)
    return float((np.diff(false) * (found[1:] + found[:-1]) / 2).sum())


def found_at(members: np.ndarray, others: np.ndarray, false: float) -> float:
    """The largest true positive rate whose false positive rate is at most `false`.

    Args:
        members, others: losses, (N,) and (M,).

    Raises:
        ValueError: as `rates`, and if `false` is not a share.
    """
    if not 0 <= false <= 1:
        raise ValueError(f"found_at: false must be from 0 to 1, got {false!r}")
    falses, founds = roc(members, others)
    return float(founds[falses <= false].max())


def likelihood_ratio(
    target: np.ndarray, shadows: np.ndarray, inside: np.ndarray, online: bool = True
) -> np.ndarray:
    """LiRA: how much more likely each one's confidence is for a member than for another.

    For each person a normal distribution is fitted to the confidences of the shadow networks that
    have learned from that person, and one to those of the others. The means are each person's own;
    the two standard deviations are everybody's, since few networks cannot tell each person's.

    Args:
        target: (N,) confidences phi = log p / (1 - p) of the attacked network in each one's label.
        shadows: (M, N) the same of M shadow networks.
        inside: (M, N) True where the network has learned from the person.
        online: if not, only the networks that have not learned from the person are used, and the
            score is how far above theirs the confidence is, in standard deviations.

    Returns:
        (N,), the larger the more a member; log of the ratio if online. NaN for a person of whom
        there are no two networks on a side that is needed.

    Raises:
        ValueError: if the shapes do not fit.
    """
    target = read_numbers("likelihood_ratio: target", target)
    shadows = read_numbers("likelihood_ratio: shadows", shadows)
    inside = np.asarray(inside, dtype=bool)
    if shadows.ndim != 2 or inside.shape != shadows.shape or target.shape != shadows.shape[1:]:
        raise ValueError(
            "likelihood_ratio: expected target (N,), shadows (M, N) and inside (M, N), "
            f"got {target.shape}, {shadows.shape} and {inside.shape}"
        )
    mean, deviation = _fit(shadows, ~inside)
    z_out = (target - mean) / deviation
    if not online:
        return z_out
    log_out = -(z_out**2) / 2 - np.log(deviation)
    mean, deviation = _fit(shadows, inside)
    return -(((target - mean) / deviation) ** 2) / 2 - np.log(deviation) - log_out


def _fit(shadows: np.ndarray, side: np.ndarray) -> tuple[np.ndarray, float]:
    """Each person's mean on a side (N,), and the standard deviation around the means."""
    number = side.sum(axis=0)
    enough = number >= 2
    mean = np.where(enough, (shadows * side).sum(axis=0) / np.maximum(number, 1), np.nan)
    away = np.where(side & enough, shadows - mean, 0.0)
    free = (number - 1)[enough].sum()
    return mean, float(np.sqrt((away**2).sum() / free)) if free else np.nan


def most_found(false: np.ndarray, epsilon: float, delta: float) -> np.ndarray:
    """No attack on an (epsilon, delta)-private training finds a larger share of members.

    The smaller of e^epsilon * false + delta and 1 - e^-epsilon * (1 - delta - false): the second is
    the first for the attack that says the opposite.

    Args:
        false: false positive rates, any shape.
        epsilon: at least 0; may be infinite.
        delta: 0 to 1.

    Raises:
        ValueError: if epsilon or delta is out of range.
    """
    if not epsilon >= 0 or not 0 <= delta <= 1:
        raise ValueError(
            "most_found: expected epsilon of at least 0 and delta from 0 to 1, "
            f"got {epsilon!r} and {delta!r}"
        )
    false = read_numbers("most_found: false", false)
    if np.isinf(epsilon):
        return np.ones_like(false)
    first = np.exp(epsilon) * false + delta
    second = 1 - np.exp(-epsilon) * (1 - delta - false)
    return np.clip(np.minimum(first, second), 0.0, 1.0)


def federated_average(
    models: Sequence[Mapping[str, np.ndarray]], counts: Sequence[float]
) -> dict[str, np.ndarray]:
    """One model of many: each number is the clients' mean, weighted by how much each learned from.

    Args:
        models: one per client, arrays by name.
        counts: how many examples each client has, not negative, not all zero.

    Returns:
        arrays by name.

    Raises:
        ValueError: if names, shapes or numbers do not fit.
    """
    weights = read_numbers("federated_average: counts", counts)
    if not models or weights.shape != (len(models),):
        raise ValueError(
            f"federated_average: expected a count for each of the models, at least one, "
            f"got {len(models)} models and counts {weights.shape}"
        )
    if (weights < 0).any() or not weights.sum() > 0:
        raise ValueError(f"federated_average: counts must be positive, got {weights}")
    shares = weights / weights.sum()
    first = {name: np.shape(array) for name, array in models[0].items()}
    for k, model in enumerate(models):
        if {name: np.shape(array) for name, array in model.items()} != first:
            raise ValueError(f"federated_average: model {k} differs from the first in its arrays")
    return {
        name: np.asarray(sum(s * np.asarray(m[name]) for s, m in zip(shares, models, strict=True)))
        for name in first
    }


def _read_losses(
    name: str, members: np.ndarray, others: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    pair = read_numbers(f"{name}: members", members), read_numbers(f"{name}: others", others)
    for losses in pair:
        if losses.ndim != 1 or not losses.size or np.isnan(losses).any():
            raise ValueError(
                f"{name}: expected losses of members (N,) and others (M,), none NaN, "
                f"got {pair[0].shape} and {pair[1].shape}"
            )
    return pair
