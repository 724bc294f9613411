"""KernelExplorer's Python side: what it accepts, what it carries, what it says of its output."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import save_file

from large_models.formulas.cnn import conv2d
from large_models.formulas.pooling import max_pool2d
from large_models.widgets.assets import picture
from large_models.widgets.kernel_explorer import KERNELS, KernelExplorer, learned_kernels


def test_carries_one_picture_exactly_and_little_else():
    explorer = KernelExplorer(photo="flower")
    image = np.asarray(Image.open(io.BytesIO(explorer._image)))
    np.testing.assert_array_equal(image, picture("flower"))
    assert explorer._image_name == "flower"
    state = {k: v for k, v in explorer.get_state().items() if k not in ("_esm", "_css")}
    assert len(str(state)) < 150_000
    sent = (4 * len(v) / 3 if isinstance(v, bytes) else len(str(v)) for v in state.values())
    assert sum(sent) < 100_000, "bytes travel as base64"


def test_a_kernel_by_name_or_by_numbers():
    explorer = KernelExplorer(kernel="sobel-y")
    assert explorer.kernel == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
    explorer.kernel = np.eye(5) / 5
    assert explorer.kernel[4] == [0, 0, 0, 0, 0.2]
    explorer.kernel = ((0, 1, 0), (1, -4, 1), (0, 1, 0))
    assert explorer.kernel == [[0, 1, 0], [1, -4, 1], [0, 1, 0]]


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        ("nonsense", "expected a kernel's numbers or one of identity, blur"),
        (3, "expected 3x3 or 5x5 numbers, got 3"),
        ([1, 2, 3], "expected 3x3 or 5x5 numbers, got"),
        ([[1, 2], [3, 4]], r"expected 3x3 or 5x5 numbers, got rows of \[2, 2\]"),
        ([[1, 2, 3], [1, 2], [1, 2, 3]], r"got rows of \[3, 2, 3\]"),
        ([[0, 0, 0], [0, 0, float("nan")], [0, 0, 0]], "got nan in row 1, column 2"),
        ([[float("inf"), 0, 0], [0, 0, 0], [0, 0, 0]], "got inf in row 0, column 0"),
        ([[1001, 0, 0], [0, 0, 0], [0, 0, 0]], "expected numbers from -1000 to 1000, got 1001"),
        ([["1", 0, 0], [0, 0, 0], [0, 0, 0]], "got '1' in row 0, column 0"),
        ([[True, 0, 0], [0, 0, 0], [0, 0, 0]], "got True in row 0, column 0"),
    ],
)
def test_what_is_no_kernel_is_refused(kernel, message):
    with pytest.raises(ValueError, match=f"KernelExplorer.kernel: .*{message}"):
        KernelExplorer(kernel=kernel)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("photo", "moon"), ("stride", 0), ("stride", 5), ("padding", -1), ("padding", 7)],
        *[("dilation", 0), ("dilation", 4), ("tab", "x"), ("pool", "min"), ("clip", "yes")],
        *[("pool_window", 1), ("pool_stride", 0), ("row", -1), ("col", 0.5)],
    ],
)
def test_what_is_no_setting_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"KernelExplorer\.{name}: expected .* got {value!r}"):
        KernelExplorer(**{name: value})


def test_changing_one_explorer_leaves_the_others_alone():
    first, second = KernelExplorer(), KernelExplorer()
    first.kernel[0][0] = 99
    assert second.kernel == KernelExplorer().kernel == KERNELS["sobel-x"]
    assert KERNELS["sobel-x"][0][0] == -1


@pytest.mark.heavy
@given(
    photo=st.sampled_from(["china", "digit"]),
    K=st.sampled_from([3, 5]),
    stride=st.integers(1, 4),
    padding=st.integers(0, 6),
    dilation=st.integers(1, 3),
    window=st.integers(2, 4),
    pool_stride=st.integers(1, 4),
)
def test_says_the_shape_that_numpy_finds(photo, K, stride, padding, dilation, window, pool_stride):
    """Every combination that can be set has an output: the page never meets an empty one."""
    explorer = KernelExplorer(
        photo=photo,
        kernel=np.ones((K, K)),
        stride=stride,
        padding=padding,
        dilation=dilation,
        pool_window=window,
        pool_stride=pool_stride,
    )
    image = np.zeros((1, *picture(photo).shape))
    output = conv2d(image, np.ones((1, 1, K, K)), None, stride, padding, dilation)
    assert explorer.output_shape == output.shape[1:]
    explorer.tab = "pooling"
    assert explorer.output_shape == max_pool2d(output, window, pool_stride).shape[1:]


def test_the_shape_cannot_be_set():
    with pytest.raises(AttributeError):
        KernelExplorer().output_shape = (1, 1)


def test_learned_kernels_come_from_a_checkpoint(tmp_path):
    weight = np.random.default_rng(0).normal(size=(2, 1, 5, 5)).astype(np.float32)
    save_file({"conv1.weight": weight}, tmp_path / "model.safetensors")
    kernels = learned_kernels(tmp_path / "model.safetensors")
    assert list(kernels) == ["lenet-1", "lenet-2"]
    np.testing.assert_allclose(kernels["lenet-2"], weight[1, 0], atol=5.1e-4)
    assert learned_kernels(tmp_path / "nothing.safetensors") == {}
