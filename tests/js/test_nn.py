"""nn.js against NumPy (large_models.formulas) and torch on random cases of every
option.

Tolerance 1e-5, relative and absolute: JavaScript sums in double
precision and stores float32, whose rounding is below 1e-6 of the values met here.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from large_models.formulas import cnn, pooling, training

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}

# In JavaScript: tensors travel as {data, shape}; an Error becomes its message.
RUN = """async (calls) => {
  const nn = await import("/engine/nn.js");
  const tensor = (v) => (v && v.data ? nn.tensor(v.data, v.shape) : v);
  return calls.map(({name, args}) => {
    try {
      const {data, shape} = nn[name](...args.map(tensor));
      return {data: [...data].map(String), shape};
    } catch (error) {
      return {error: error.message};
    }
  });
}"""
CAMEL = {
    "kernel_size": "kernelSize",
    "ceil_mode": "ceilMode",
    "count_include_pad": "countIncludePad",
}
CALLS = {
    "conv2d": "conv2d",
    "max_pool2d": "maxPool2d",
    "avg_pool2d": "avgPool2d",
    "relu": "relu",
    "linear": "linear",
    "softmax": "softmax",
}


@pytest.fixture(scope="module")
def run(engine):
    """Call functions of nn.js: [(name, arrays, options), ...] -> [array or error message, ...]."""

    def call(cases):
        sent = []
        for name, arrays, options in cases:
            args = [
                a if a is None else {"data": a.ravel().tolist(), "shape": a.shape} for a in arrays
            ]
            if options is not None:
                args.append({CAMEL.get(key, key): value for key, value in options.items()})
            sent.append({"name": CALLS.get(name, name), "args": args})
        return [
            answer.get("error")
            or np.array(answer["data"], dtype=np.float32).reshape(answer["shape"])
            for answer in engine.run(RUN, sent)
        ]

    return call


def pair_or_int(rng, low, high):
    values = rng.integers(low, high + 1, 2).tolist()
    return values if rng.random() < 0.5 else values[0]


def both(value):
    return value if isinstance(value, list) else [value, value]


def image(rng, channels):
    """A random image, batched or not, of 7 to 13 rows and columns."""
    shape = [channels, *rng.integers(7, 14, 2)]
    if rng.random() < 0.5:
        shape.insert(0, rng.integers(1, 4))
    return rng.normal(size=shape).astype(np.float32)


def conv_case(rng):
    groups = int(rng.integers(1, 4))
    per_group = int(rng.integers(1, 4))
    K, L = rng.integers(1, 4, 2)
    weight = rng.normal(size=(groups * int(rng.integers(1, 4)), per_group, K, L)).astype(np.float32)
    bias = rng.normal(size=len(weight)).astype(np.float32) if rng.random() < 0.5 else None
    options = {
        "groups": groups,
        "dilation": pair_or_int(rng, 1, 2),
        "stride": pair_or_int(rng, 1, 3),
    }
    options["padding"] = [pair_or_int(rng, 0, 3), "valid", "same"][rng.integers(3)]
    if options["padding"] == "same":
        options["stride"] = 1
    return "conv2d", [image(rng, groups * per_group), weight, bias], options


def pool_case(rng, name):
    kernel = pair_or_int(rng, 1, 4)
    paddings = [int(rng.integers(0, k // 2 + 1)) for k in both(kernel)]
    options = {"kernel_size": kernel, "padding": paddings, "ceil_mode": bool(rng.random() < 0.5)}
    if rng.random() < 0.7:
        options["stride"] = pair_or_int(rng, 1, 4)
    if name == "max_pool2d":
        options["dilation"] = pair_or_int(rng, 1, 2)
    else:
        options["count_include_pad"] = bool(rng.random() < 0.5)
    return name, [image(rng, int(rng.integers(1, 4)))], options


def small_case(rng, name):
    x = (10 * rng.normal(size=rng.integers(1, 6, rng.integers(1, 4)))).astype(np.float32)
    if name != "linear":
        return name, [x], None
    weight = rng.normal(size=(int(rng.integers(1, 6)), x.shape[-1])).astype(np.float32)
    bias = rng.normal(size=len(weight)).astype(np.float32) if rng.random() < 0.5 else None
    return name, [x, weight, bias], None


def cases(count=150):
    rng = np.random.default_rng(20)
    makers = [
        conv_case,
        lambda rng: pool_case(rng, "max_pool2d"),
        lambda rng: pool_case(rng, "avg_pool2d"),
    ]
    made = [make(rng) for make in makers for _ in range(count)]
    return made + [
        small_case(rng, name) for name in ("relu", "linear", "softmax") for _ in range(20)
    ]


def by_torch(name, arrays, options):
    arrays = [a if a is None else torch.from_numpy(a) for a in arrays]
    if name == "softmax":
        options = {"dim": -1}
    return getattr(F, name)(*arrays, **(options or {})).numpy()


def by_numpy(name, arrays, options):
    room = next(module for module in (cnn, pooling, training) if hasattr(module, name))
    return getattr(room, name)(*arrays, **(options or {}))


@pytest.fixture(scope="module")
def answered(run):
    """Every random case with JavaScript's answer."""
    made = cases()
    return list(zip(made, run(made), strict=True))


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("oracle", [by_torch, by_numpy])
def test_random_cases(answered, oracle):
    for case, answer in answered:
        name, arrays, options = case
        what = f"{name} {[None if a is None else a.shape for a in arrays]} {options}"
        assert not isinstance(answer, str), f"{what}: {answer}"
        np.testing.assert_allclose(answer, oracle(*case), **TOLERANCE, err_msg=what)


def test_values_that_are_not_numbers_or_are_huge(run):
    x = np.array([[[np.nan, 1.0, np.inf, -np.inf]]], dtype=np.float32)
    made = [
        ("max_pool2d", [x], {"kernel_size": [1, 2], "stride": 1}),
        ("relu", [x], None),
        ("softmax", [np.array([1000.0, 999.0, -1000.0], dtype=np.float32)], None),
    ]
    for case, answer in zip(made, run(made), strict=True):
        np.testing.assert_allclose(answer, by_torch(*case), **TOLERANCE)


IMAGE = np.zeros((2, 5, 5), dtype=np.float32)
WEIGHT = np.zeros((4, 2, 3, 3), dtype=np.float32)


@pytest.mark.parametrize(
    ("name", "arrays", "options", "message"),
    [
        ("conv2d", [IMAGE[0], WEIGHT, None], {}, "x must be (B, C, H, W) or (C, H, W), got (5, 5)"),
        (
            "conv2d",
            [IMAGE, WEIGHT[0], None],
            {},
            "weight must be (O, C / groups, K, L), got (2, 3, 3)",
        ),
        ("conv2d", [IMAGE, WEIGHT, None], {"groups": 3}, "must both divide by groups=3"),
        ("conv2d", [IMAGE, WEIGHT, None], {"groups": 2}, "needs 4 input channels, x has 2"),
        ("conv2d", [IMAGE, WEIGHT, IMAGE[0, 0]], {}, "bias must be (4), got (5)"),
        ("conv2d", [IMAGE, WEIGHT, None], {"dilation": 3}, "a window of 7 does not fit into 5"),
        (
            "conv2d",
            [IMAGE, WEIGHT, None],
            {"stride": 0},
            "stride must be a whole number of at least 1",
        ),
        (
            "conv2d",
            [IMAGE, WEIGHT, None],
            {"stride": 2, "padding": "same"},
            '"same" needs stride 1',
        ),
        (
            "conv2d",
            [IMAGE, WEIGHT, None],
            {"padding": [1, 2, 3]},
            "padding must be an int or a pair",
        ),
        ("conv2d", [IMAGE, WEIGHT, None], {"strides": 1}, 'no option "strides"'),
        ("max_pool2d", [IMAGE], {"kernel_size": 2, "padding": 2}, "at most half of kernelSize"),
        ("max_pool2d", [IMAGE], {"kernel_size": 6}, "a window of 6 does not fit into 5"),
        ("avg_pool2d", [IMAGE], {}, "kernelSize must be a whole number"),
        ("linear", [IMAGE, WEIGHT[0, 0], None], None, "weight must be (O, 5)"),
    ],
)
def test_bad_input_is_told_in_a_sentence(run, name, arrays, options, message):
    (answer,) = run([(name, arrays, options)])
    assert isinstance(answer, str), "no error"
    assert message in answer


def test_a_tensor_needs_as_many_values_as_its_shape_says(engine):
    message = engine.run(
        """async () => {
          const nn = await import("/engine/nn.js");
          try { nn.tensor([1, 2, 3], [2, 2]); } catch (error) { return error.message; }
        }"""
    )
    assert message == "tensor: shape (2, 2) needs 4 values, got 3"
