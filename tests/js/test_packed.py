"""packed.js against lib/large_models/widgets/packed.py: the same float32
numbers."""

import base64

import numpy as np
import pytest
from safetensors.numpy import save

from large_models.widgets import packed

RUN = """async (text) => {
  const {unpack} = await import("/engine/packed.js");
  // As a slice of a larger buffer: the bytes need not be aligned.
  const raw = Uint8Array.from("-" + atob(text), (c) => c.charCodeAt(0)).subarray(1);
  try {
    return Object.entries(unpack(raw)).map(([name, {data, shape}]) => (
      {name, shape, type: data.constructor.name, data: [...data].map(String)}));
  } catch (error) { return error.message; }
}"""


@pytest.fixture(scope="module")
def unpack(engine):
    return lambda data: engine.run(RUN, base64.b64encode(data).decode())


def test_the_same_numbers_as_python(unpack):
    rng = np.random.default_rng(1)
    given = {
        "matrix": rng.normal(size=(5, 70)) * [[1e-6], [1e-3], [1], [1e3], [1e6]],
        "kernels": rng.normal(size=(4, 2, 3, 3)),
        "vector": rng.normal(size=9),
        "scalar": np.array(0.1),
        "zeros": np.zeros((3, 2)),
        "none": np.zeros((0, 4)),
        "layer.scale": np.ones(3),
    }
    data = packed.pack(given)
    expected = packed.unpack(data)
    got = unpack(data)
    assert {entry["name"] for entry in got} == set(expected)
    for entry in got:
        array = np.array(entry["data"], dtype=np.float64).astype(np.float32)
        assert entry["type"] == "Float32Array"
        np.testing.assert_array_equal(array.reshape(entry["shape"]), expected[entry["name"]])


def test_every_number_of_float16(unpack):
    given = np.arange(2**16, dtype=np.uint16).view(np.float16)
    [entry] = unpack(save({"w": given}))
    expected = packed.unpack(save({"w": given}))["w"]
    got = np.array([value.replace("Infinity", "inf") for value in entry["data"]], dtype=np.float32)
    assert expected.dtype == np.float32
    np.testing.assert_array_equal(got, given.astype(np.float32))
    np.testing.assert_array_equal(expected, given.astype(np.float32))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no", "unpack: expected packed weights"),
        (b"no safetensors file at all", "unpack: expected packed weights"),
        (packed.pack({"w": np.ones((2, 2))})[:-3], "“w” of shape (2, 2) is incomplete"),
        (save({"w": np.ones((2, 2), np.int8)}), "unpack: expected “w.scale”"),
        (
            save({"w": np.ones((2, 33), np.int8), "w.scale": np.ones(2, np.float32)}),
            "unpack: expected “w.scale” of shape (2, 2)",
        ),
        (save({"w": np.ones(2, np.float64)}), "“w” to be I8, F16 or F32, got F64"),
    ],
)
def test_bytes_that_are_not_packed_weights(unpack, data, message):
    assert message in unpack(data)
