"""What a training step needs besides the layers: a linear layer, a loss, two ways to step.

    linear         y = x W^T + b
    softmax        p_k = exp(z_k) / sum over j of exp(z_j)
    cross-entropy  loss = mean over examples of -log p_target, in nats; gradient (p - onehot) / B
    SGD            g = grad + decay * w;  v = momentum * v + g;  w = w - lr * v
    Adam           m, v = running means of g and g^2, corrected for starting at zero;
                   w = w - lr * m / (sqrt(v) + eps)

Arguments, defaults and results are those of torch.nn.functional and torch.optim.

Sources: Robbins and Monro, "A stochastic approximation method" (1951) for stochastic descent;
Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.
Chapter: 3_1_cnn.
"""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from large_models.formulas.numbers import floats, read_numbers

Arrays = Mapping[str, np.ndarray] | Sequence[np.ndarray]


@floats("x", "weight", "bias")
def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """y = x W^T + b.

    Args:
        x: (..., I).
        weight: (O, I).
        bias: (O,).

    Returns:
        (..., O).

    Raises:
        ValueError: if shapes do not fit each other.
    """
    x, weight = _read_linear("linear", x, weight)
    y = x @ weight.T
    if bias is None:
        return y
    bias = read_numbers("linear: bias", bias)
    if bias.shape != weight.shape[:1]:
        raise ValueError(
            f"linear: bias must be {weight.shape[:1]} for weight {weight.shape}, got {bias.shape}"
        )
    return y + bias


@floats("grad_output", "x", "weight")
def linear_backward(
    grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients with respect to x (..., I), weight (O, I) and bias (O,), given y's (..., O).

    Raises:
        ValueError: if shapes do not fit each other.
    """
    x, weight = _read_linear("linear_backward", x, weight)
    O, I = weight.shape
    grad = read_numbers("linear_backward: grad_output", grad_output)
    if grad.shape != (*x.shape[:-1], O):
        raise ValueError(
            f"linear_backward: grad_output must have the output's shape {(*x.shape[:-1], O)}, "
            f"got {grad.shape}"
        )
    rows = grad.reshape(-1, O)
    return grad @ weight, rows.T @ x.reshape(-1, I), rows.sum(axis=0)


@floats("logits")
def softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Probabilities: exp of the logits, of any shape, divided by their sum along `axis`.

    The largest logit is subtracted first. That changes nothing but keeps exp from overflowing.

    Raises:
        ValueError: if the axis is not there or empty.
    """
    return np.exp(log_softmax(logits, axis))


@floats("logits")
def log_softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Logarithms of the probabilities, in nats, in the logits' shape: z - log(sum of exp(z)).

    Raises:
        ValueError: if the axis is not there or empty.
    """
    logits = read_numbers("softmax: logits", logits)
    if not -logits.ndim <= axis < logits.ndim or not logits.shape[axis]:
        raise ValueError(f"softmax: no values along axis {axis} of logits {logits.shape}")
    with np.errstate(invalid="ignore"):  # inf - inf is NaN, as in torch
        shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


@floats("logits")
def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    """Mean over the examples of -log(probability of the right class), in nats.

    Args:
        logits: (B, K).
        targets: the right classes (B,), whole numbers 0 to K - 1.

    Raises:
        ValueError: if there is no example, shapes do not fit, or a target is not a class.
    """
    logits, targets = _read_targets("cross_entropy", logits, targets)
    return float(-log_softmax(logits)[np.arange(len(targets)), targets].mean())


@floats("logits")
def cross_entropy_backward(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Gradient with respect to the logits (B, K): (probabilities - onehot of the targets) / B.

    Raises:
        ValueError: as in `cross_entropy`.
    """
    logits, targets = _read_targets("cross_entropy_backward", logits, targets)
    grad = softmax(logits)
    grad[np.arange(len(targets)), targets] -= 1
    return grad / len(targets)


class SGD:
    """Stochastic gradient descent with momentum, as torch.optim.SGD.

    Args:
        params: arrays by name or in a list; `step` changes them in place.
        lr: length of a step.
        momentum: how much of the last step's direction is kept.
        weight_decay: strength of the pull towards zero, added to the gradient.

    Raises:
        ValueError: if an array is not of floats, or a setting is negative.
    """

    def __init__(
        self, params: Arrays, lr: float = 1e-3, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        _check_settings("SGD", lr=lr, momentum=momentum, weight_decay=weight_decay)
        self.params = _read_params("SGD", params)
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.velocity = {name: np.zeros_like(param) for name, param in self.params.items()}

    def step(self, grads: Arrays) -> None:
        """Take one step against the gradients, given as the parameters were.

        Raises:
            ValueError: if names or shapes are not the parameters'.
        """
        for name, param, grad in _match("SGD", self.params, grads):
            velocity = self.velocity[name]
            velocity *= self.momentum
            velocity += grad + self.weight_decay * param
            param -= self.lr * velocity


class Adam:
    """Steps scaled by running means of the gradient and of its square, as torch.optim.Adam.

    Args:
        params: arrays by name or in a list; `step` changes them in place.
        lr: length of a step.
        betas: how much of the two means is kept at each step.
        eps: keeps the division finite.
        weight_decay: strength of the pull towards zero, added to the gradient.

    Raises:
        ValueError: if an array is not of floats, a setting is negative, or a beta is 1 or more.
    """

    def __init__(
        self,
        params: Arrays,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        beta1, beta2 = betas
        _check_settings("Adam", lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)
        if max(betas) >= 1:
            raise ValueError(f"Adam: betas must be less than 1, got {betas}")
        self.params = _read_params("Adam", params)
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.steps = 0
        self.mean = {name: np.zeros_like(param) for name, param in self.params.items()}
        self.mean_square = {name: np.zeros_like(param) for name, param in self.params.items()}

    def step(self, grads: Arrays) -> None:
        """Take one step against the gradients, given as the parameters were.

        Raises:
            ValueError: if names or shapes are not the parameters'.
        """
        matched = _match("Adam", self.params, grads)
        self.steps += 1
        beta1, beta2 = self.betas
        for name, param, grad in matched:
            grad = grad + self.weight_decay * param
            mean, mean_square = self.mean[name], self.mean_square[name]
            mean += (1 - beta1) * (grad - mean)
            mean_square += (1 - beta2) * (grad**2 - mean_square)
            unbiased = mean / (1 - beta1**self.steps)
            unbiased_square = mean_square / (1 - beta2**self.steps)
            param -= self.lr * unbiased / (np.sqrt(unbiased_square) + self.eps)


def _read_linear(name: str, x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, weight = read_numbers(f"{name}: x", x), read_numbers(f"{name}: weight", weight)
    if x.ndim < 1 or weight.ndim != 2 or x.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"{name}: x must be (..., I) and weight (O, I), got {x.shape} and {weight.shape}"
        )
    return x, weight


def _read_targets(
    name: str, logits: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    logits, targets = read_numbers(f"{name}: logits", logits), np.asarray(targets)
    if logits.ndim != 2 or targets.shape != logits.shape[:1] or not logits.size:
        raise ValueError(
            f"{name}: logits must be (B, K) and targets (B,), not empty, "
            f"got {logits.shape} and {targets.shape}"
        )
    K = logits.shape[1]
    if targets.dtype.kind not in "iu" or targets.min() < 0 or targets.max() >= K:
        raise ValueError(f"{name}: targets must be whole numbers from 0 to {K - 1}, got {targets}")
    return logits, targets


def _check_settings(name: str, **settings: float) -> None:
    for setting, value in settings.items():
        if not value >= 0:  # NaN too
            raise ValueError(f"{name}: {setting} must be at least 0, got {value!r}")


def _named(arrays: Arrays) -> dict[Hashable, np.ndarray]:
    return dict(arrays.items() if isinstance(arrays, Mapping) else enumerate(arrays))


def _read_params(name: str, params: Arrays) -> dict[Hashable, np.ndarray]:
    named = _named(params)
    for key, param in named.items():
        if not isinstance(param, np.ndarray) or param.dtype.kind != "f":
            kind = param.dtype if isinstance(param, np.ndarray) else type(param).__name__
            raise ValueError(f"{name}: parameter {key!r} must be an array of floats, got {kind}")
    return named


def _match(
    name: str, params: dict[Hashable, np.ndarray], grads: Arrays
) -> list[tuple[Hashable, np.ndarray, np.ndarray]]:
    """Each parameter with its gradient, all checked before the first is changed."""
    named = _named(grads)
    if named.keys() != params.keys():
        raise ValueError(f"{name}: parameters are {list(params)}, gradients {list(named)}")
    for key, param in params.items():
        if np.shape(named[key]) != param.shape:
            raise ValueError(
                f"{name}: the gradient of parameter {key!r} must have its shape {param.shape}, "
                f"got {np.shape(named[key])}"
            )
    return [(key, param, np.asarray(named[key])) for key, param in params.items()]
